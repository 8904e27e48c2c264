"""
The stores app.
"""

from django.apps import AppConfig


class StoresConfig(AppConfig):
    name = "stores"

    def ready(self) -> None:
        from stores import listeners  # noqa: F401
