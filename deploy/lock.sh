#!/usr/bin/env bash
# `make lock`: requirements/lock, the exact versions and hashes of what the requirements allow. Asks the package index.
# Pins that are still allowed stay as they are; with ARGS=--upgrade everything is as new as may be.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
step deploy/venv.sh dev

# lock NAME REQUIREMENTS [ARGUMENT...]
lock() {
    say "requirements/lock/$1.txt"
    # For every platform and every Python from the oldest on; UV_CUSTOM_COMPILE_COMMAND: what the file says of itself.
    step env UV_CUSTOM_COMPILE_COMMAND="make lock" "$VENV/bin/uv" pip compile --quiet --universal \
        --python-version 3.11 --generate-hashes --annotation-style line --output-file "requirements/lock/$1.txt" \
        "$2" "${@:3}"
}

mkdir -p requirements/lock
lock run requirements.txt "$@"
# One version of a package, whatever is installed together: what comes first here has the first word.
constraints=(--constraints requirements/lock/run.txt)
for name in stack telemetry lab dev bench; do
    lock "$name" "requirements/$name.txt" "${constraints[@]}" "$@"
    constraints+=(--constraints "requirements/lock/$name.txt")
done
# In environments of their own.
lock clients requirements/clients.txt "$@"
lock attacks requirements/attacks.txt "$@"
