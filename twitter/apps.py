"""
What is done once all apps are loaded: the outbox hears which tasks an event wakes, Django what to check at a start.
"""

from django.apps import AppConfig


class TwitterConfig(AppConfig):
    name = "twitter"

    def ready(self):
        # The one import in a function that the house allows: models and tasks exist only now.
        from twitter import checks, subscriptions, telemetry  # noqa: F401

        checks.register_all()
        subscriptions.register()
