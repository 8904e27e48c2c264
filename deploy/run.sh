#!/usr/bin/env bash
# `make run`: the embedded profile in the foreground; with the demo data unless DEMO=off, or SECURE=on, says otherwise.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

if [ "${PROFILE:-embedded}" = stack ]; then
    exec deploy/stack-run.sh
fi
export PROFILE=embedded

require_free_port run
extras=()
if [ -n "${SENTRY_DSN-}${OTEL_EXPORTER_OTLP_ENDPOINT-}" ]; then
    extras=(telemetry)
fi
step deploy/venv.sh "${extras[@]}"
step "$VENV/bin/python" manage.py migrate --verbosity 0
demo=on
if is_on "${SECURE-}"; then
    demo=off
fi
demo_people "$demo"
# One terminal holds everything here; the lines of each task would drown the address.
export LOG_LEVEL=${LOG_LEVEL:-WARNING}
exec "$VENV/bin/gunicorn" -c deploy/gunicorn.conf.py twitter.wsgi:application
