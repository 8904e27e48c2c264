"""
Logs, errors, traces.
"""

from twitter.settings.environment import HOST_NAME, choice, env

# line   for people
# json   for machines: one object a line
LOG_FORMAT = choice("LOG_FORMAT", "line", "json")

# Errors to Sentry and traces to an OpenTelemetry collector (requirements/telemetry.txt); unset, neither is imported.
SENTRY_DSN = env.str("SENTRY_DSN", "")
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "")

# Where the lines of several hosts come together, each says whose it is.
LINE_PREFIX = f"{HOST_NAME} ".replace("%", "%%") if "HOST_NAME" in env else ""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "utils.observability.middleware.RequestIdFilter"}},
    "formatters": {
        "line": {
            "()": "utils.observability.logs.LineFormatter",
            "format": f"{LINE_PREFIX}%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
        },
        "json": {"()": "utils.observability.logs.JsonFormatter", "host": HOST_NAME},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
