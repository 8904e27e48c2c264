"""
Tells the outbox, once all apps are loaded, which tasks an event wakes.
"""

from django.apps import AppConfig


class TwitterConfig(AppConfig):
    name = "twitter"

    def ready(self):
        # The one import in a function that the house allows: models and tasks exist only now.
        from twitter import subscriptions

        subscriptions.register()
