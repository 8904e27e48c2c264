"""
The comments app.
"""

from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"

    def ready(self) -> None:
        from comments import listeners  # noqa: F401
