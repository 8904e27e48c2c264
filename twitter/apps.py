"""
What happens when all apps are loaded: DATA_DIR is created, handlers subscribe to events, and checks are registered.
"""

from django.apps import AppConfig
from django.conf import settings
from django.core.cache import close_caches
from django.core.signals import request_finished

from twitter.data_dir import make_data_dir


class TwitterConfig(AppConfig):
    name = "twitter"

    def ready(self) -> None:
        make_data_dir(settings.DATA_DIR, settings.STATIC_ROOT)
        # All our caches keep their connections; asking each whether it would close them costs 3 % of a read.
        request_finished.disconnect(close_caches)
        # Imported here, because models and tasks can only be imported once all apps are loaded.
        from twitter import checks, subscriptions, telemetry  # noqa: F401

        checks.register_all()
        subscriptions.register()
        # Switched off they cost nothing, not even the import.
        if settings.SENTRY_DSN:
            from twitter import error_reports

            error_reports.start()
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            from twitter import tracing

            tracing.start()
