"""
Limits how long statements wait, on every new connection.
"""

from django.apps import AppConfig

from utils.database import waiting


class DatabaseConfig(AppConfig):
    name = "utils.database"

    def ready(self) -> None:
        waiting.connect()
