"""
Templates that all apps share; utils has no tables.
"""

from django.apps import AppConfig

from utils import waiting


class UtilsConfig(AppConfig):
    name = "utils"

    def ready(self):
        waiting.connect()
