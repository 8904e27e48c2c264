"""
The tweets app.
"""

from django.apps import AppConfig


class TweetsConfig(AppConfig):
    name = "tweets"

    def ready(self) -> None:
        from tweets import listeners  # noqa: F401
