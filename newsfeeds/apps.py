"""
The newsfeeds app.
"""

from django.apps import AppConfig


class NewsfeedsConfig(AppConfig):
    name = "newsfeeds"
