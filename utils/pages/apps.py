"""
The app that holds the templates and static files of all pages.
"""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "utils.pages"
