"""
The accounts app.
"""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self):
        from accounts import listeners  # noqa: F401
