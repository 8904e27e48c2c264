"""
Connects the preparation of request environments when Django starts.
"""

from django.apps import AppConfig

from utils.bodies import environ


class BodiesConfig(AppConfig):
    name = "utils.bodies"

    def ready(self) -> None:
        environ.connect()
