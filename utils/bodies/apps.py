"""
How bodies are read, once requests can be watched.
"""

from django.apps import AppConfig

from utils.bodies import environ


class BodiesConfig(AppConfig):
    name = "utils.bodies"

    def ready(self) -> None:
        environ.connect()
