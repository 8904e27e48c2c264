#!/usr/bin/env bash
# `make test` and `make test-stack`: the tests of one profile. Arguments go to pytest.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

browser=
if [ ! -x /usr/bin/chromium ] || [ ! -x /usr/bin/chromedriver ]; then
    say "Without the tests in a browser: Chromium is not installed (apt-get install -y chromium chromium-driver)."
    browser=" and not browser"
fi

if [ "${PROFILE:-embedded}" = stack ]; then
    without=(-m "not hbase$browser")
    if [ "${STORE-}" = hbase ]; then
        without=(${browser:+-m "not browser"})
    fi
    exec deploy/with-stack.sh "$VENV/bin/python" -m pytest -q "${without[@]}" "$@"
fi
export PROFILE=embedded
step deploy/venv.sh dev
exec "$VENV/bin/python" -m pytest -q -m "not stack$browser" "$@"
