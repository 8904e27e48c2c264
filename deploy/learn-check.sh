#!/usr/bin/env bash
# `make learn-check`: the solutions of docs/learn do what they say. Arguments are names of solutions, such as 01-a.
# With PROFILE=stack those are run that say something of the stack, and with STORE=hbase as well of HBase.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
step deploy/venv.sh dev

check=("$VENV/bin/python" -m testing.learn.solutions "$@")
if [ "${PROFILE:-embedded}" = stack ]; then
    exec deploy/with-stack.sh "${check[@]}"
fi
exec "${check[@]}"
