#!/usr/bin/env bash
# `make lab`: plays one trace with every feed strategy and writes docs/lab. Arguments go to manage.py lab.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
step deploy/venv.sh lab
if [ "${PROFILE:-embedded}" = stack ]; then
    export HBASE=off
    exec deploy/with-stack.sh "$VENV/bin/python" manage.py lab "$@"
fi
export PROFILE=embedded
exec "$VENV/bin/python" manage.py lab "$@"
