#!/usr/bin/env bash
# `make stack-run`: web, workers, relay and beat on the real servers, under a supervisor in the foreground.
# With DEMO=on there are demo people to try it with.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
export PROFILE=stack

# The settings read this file too; here it only has to be there.
[ -f "$DATA_DIR/stack.env" ] || die "There is no $DATA_DIR/stack.env; run this first: make stack-up"
require_free_port stack-run
# The supervisor binds a temporary name beside it, and a unix socket's path has 107 characters at most.
[ "${#DATA_DIR}" -le 75 ] || die "DATA_DIR is too long for the supervisor's socket; choose a shorter path."

extras=(stack)
if [ -n "${SENTRY_DSN-}${OTEL_EXPORTER_OTLP_ENDPOINT-}" ]; then
    extras+=(telemetry)
fi
step deploy/venv.sh "${extras[@]}"
# stack.env outlives a reboot, the servers do not.
step "$VENV/bin/python" manage.py migrate --verbosity 0 ||
    die "The database could not be migrated. If it was not reached: make stack-up"
# Not fatal: without HBase everything works but what is kept in it alone.
step "$VENV/bin/python" manage.py create_hbase_tables --verbosity 0 ||
    say "Going on without HBase. Once it is there: manage.py create_hbase_tables"
demo_people off

mkdir -p "$DATA_DIR/log"
# All processes count into files here, and /metrics adds them up; those of the last run have had their day.
export PROMETHEUS_MULTIPROC_DIR=$DATA_DIR/metrics
rm -rf "$PROMETHEUS_MULTIPROC_DIR"
mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
SUPERVISOR_PASSWORD=$(secret SUPERVISOR_PASSWORD)
export SUPERVISOR_PASSWORD
say "Open $(address) in a moment. Ctrl-C stops it; logs are in $DATA_DIR/log"
# -u names who we are already: without it the supervisor warns a root that it is one.
exec "$VENV/bin/supervisord" -u "$(id -u)" -c deploy/supervisord.conf
