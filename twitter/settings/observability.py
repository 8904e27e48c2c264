"""
Logs, errors, traces.
"""

from twitter.settings.environment import choice, env

# line   for people
# json   for machines: one object a line
LOG_FORMAT = choice("LOG_FORMAT", "line", "json")

# Errors to Sentry and traces to an OpenTelemetry collector (requirements/telemetry.txt); unset, neither is imported.
SENTRY_DSN = env.str("SENTRY_DSN", "")
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "utils.observability.middleware.RequestIdFilter"}},
    "formatters": {
        "line": {
            "()": "utils.observability.logs.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        },
        "json": {"()": "utils.observability.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
