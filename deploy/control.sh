#!/usr/bin/env bash
# Speaks to the supervisor of a running `make stack-run`.
#
#   deploy/control.sh status | restart twitter:fanout | stop twitter:relay | signal HUP twitter:web
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

[ -S "$DATA_DIR/supervisor.sock" ] || die "Nothing is supervised in $DATA_DIR; start it with: make stack-run"
SUPERVISOR_PASSWORD=$(secret SUPERVISOR_PASSWORD)
export SUPERVISOR_PASSWORD
exec "$VENV/bin/supervisorctl" -c deploy/supervisord.conf "$@"
