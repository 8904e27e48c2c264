"""
What is done once all apps are loaded: DATA_DIR is made, the outbox hears which tasks an event wakes, Django what to
check at a start.
"""

from django.apps import AppConfig
from django.conf import settings

from twitter.data_dir import make_data_dir


class TwitterConfig(AppConfig):
    name = "twitter"

    def ready(self):
        make_data_dir(settings.DATA_DIR, settings.STATIC_ROOT)
        # The house allows imports in a function here alone: models and tasks exist only now.
        from twitter import checks, subscriptions, telemetry  # noqa: F401

        checks.register_all()
        subscriptions.register()
        # Off, they cost nothing: not even the import.
        if settings.SENTRY_DSN:
            from twitter import error_reports

            error_reports.start()
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            from twitter import tracing

            tracing.start()
