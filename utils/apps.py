"""
Templates that all apps share, and how bodies are read; utils has no tables.
"""

from django.apps import AppConfig

from utils import waiting
from utils.bodies import environ


class UtilsConfig(AppConfig):
    name = "utils"

    def ready(self):
        waiting.connect()
        environ.connect()
