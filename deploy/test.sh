#!/usr/bin/env bash
# `make test` and `make test-stack`: the tests of one profile. Arguments go to pytest.
# With STORE=hbase the stack's tests run on HBase, as in a project that begins there; tests that need one run too.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

browser=
if [ ! -x /usr/bin/chromium ] || [ ! -x /usr/bin/chromedriver ]; then
    say "Without the tests in a browser: Chromium is not installed (apt-get install -y chromium chromium-driver)."
    browser=" and not browser"
elif AXE=$(deploy/axe.sh) && [ -n "$AXE" ]; then
    export AXE
else
    say "Without the tests of accessibility: axe-core is not installed (apt-get install -y npm)."
fi

processes=()
# All of them at once: a file's tests stay in one process, which has databases, keys and tables of its own.
[ "$#" != 0 ] || processes=(-n 2 --dist loadfile)

if [ "${PROFILE:-embedded}" = stack ]; then
    if [ "${STORE-}" = hbase ]; then
        without=(-m "not browser and not cluster") # neither store has to do with them
    else
        without=(-m "not hbase and not cluster$browser")
        # It would be started for nothing.
        export HBASE=off
    fi
    exec deploy/with-stack.sh "$VENV/bin/python" -m pytest -q "${without[@]}" "${processes[@]}" "$@"
fi
export PROFILE=embedded
step deploy/venv.sh dev
coverage=()
if [ "$#" = 0 ]; then
    # All of the tests are held to the share in pyproject.toml; some of them never could be.
    export COVERAGE_FILE=$DATA_DIR/coverage
    coverage=(--cov --cov-report= --cov-fail-under=0)
fi
status=0
step "$VENV/bin/python" -m pytest -q ${browser:+-m "not browser"} "${processes[@]}" "${coverage[@]}" "$@" || status=$?
# Too small a share has an exit status of its own, 2. As a 1 it would be one more failed test, and a second run of those
# (.ci/steps.sh) would hide it.
if [ "${#coverage[@]}" != 0 ] && [ "$status" -le 1 ]; then
    step "$VENV/bin/python" -m coverage report
fi
exit "$status"
