"""
An app, so that Django finds the templates and static files that all pages share.
"""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "utils.pages"
