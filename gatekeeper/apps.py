"""
The gatekeeper app.
"""

from django.apps import AppConfig


class GatekeeperConfig(AppConfig):
    name = "gatekeeper"

    def ready(self) -> None:
        from gatekeeper import listeners  # noqa: F401
