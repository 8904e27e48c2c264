#!/usr/bin/env bash
# `make attacks`: plays the attacks of attacks/ against a running server. Arguments go to pytest.
# Starts the real servers that are not up and stops those again. Writes docs/reports/attacks.md after a whole run.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
step deploy/venv.sh dev stack

# The tools have an environment of their own, made once.
ATTACK_TOOLS=$DATA_DIR/attacks
export ATTACK_TOOLS PROFILE=stack HBASE=off
wanted=$(cksum <requirements/lock/attacks.txt)
if [ "$(cat "$ATTACK_TOOLS/installed" 2>/dev/null)" != "$wanted" ]; then
    say "Getting what make attacks needs"
    rm -rf "$ATTACK_TOOLS"
    step "$VENV/bin/python" -m venv "$ATTACK_TOOLS"
    step "$ATTACK_TOOLS/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r requirements/lock/attacks.txt
    printf '%s' "$wanted" >"$ATTACK_TOOLS/installed"
fi

# A few checks say less than the last whole run.
if [ "$#" = 0 ]; then
    export ATTACKS_REPORT=${ATTACKS_REPORT:-docs/reports/attacks.md}
else
    unset ATTACKS_REPORT
fi
# By hand only: it asks PyPI about each package.
audit=(-m "not audit")
[ "${AUDIT-off}" != on ] || audit=()
# The folder comes last: what pytest takes for its own configuration stands in it.
exec deploy/with-stack.sh "$VENV/bin/python" -m pytest -c attacks/pytest.ini --rootdir . -q "${audit[@]}" "$@" attacks
