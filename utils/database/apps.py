"""
How long statements wait, once connections can be watched.
"""

from django.apps import AppConfig

from utils.database import waiting


class DatabaseConfig(AppConfig):
    name = "utils.database"

    def ready(self) -> None:
        waiting.connect()
