"""
Templates that all apps share; utils has no tables.
"""

from django.apps import AppConfig


class UtilsConfig(AppConfig):
    name = "utils"
