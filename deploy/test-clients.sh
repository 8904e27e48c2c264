#!/usr/bin/env bash
# `make test-clients`: clients that generators make from the schema. Arguments go to pytest.
# Gets the generators from PyPI, npm and Maven's repository, each by its own client, into DATA_DIR/clients, once.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
step deploy/venv.sh dev

CLIENT_TOOLS=$DATA_DIR/clients
export CLIENT_TOOLS PROFILE=embedded
KOTLIN_GENERATOR=org.openapitools:openapi-generator-cli:7.14.0:jar

# once NAME INPUT COMMAND...: run the command in an empty folder NAME, unless it was run with the same input before.
once() {
    local folder=$CLIENT_TOOLS/$1 input
    input=$(cksum <<<"$2")
    shift 2
    [ "$(cat "$folder/installed" 2>/dev/null)" = "$input" ] && return
    say "Getting the generator for ${folder##*/}"
    rm -rf "$folder"
    mkdir -p "$folder"
    "$@" "$folder"
    printf '%s' "$input" >"$folder/installed"
}

get_python() {
    if command -v uv >/dev/null && uv venv --quiet --allow-existing --python "$VENV/bin/python" "$1" 2>/dev/null &&
        step uv pip install --quiet --require-hashes --python "$1/bin/python" -r requirements/lock/clients.txt 2>/dev/null; then
        return
    fi
    step "$VENV/bin/python" -m venv "$1"
    step "$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
        -r requirements/lock/clients.txt
}

get_typescript() {
    cp testing/clients/package.json testing/clients/package-lock.json "$1"
    step npm --prefix "$1" ci --silent --no-audit --no-fund --ignore-scripts
}

get_kotlin() {
    # Maven resets the terminal's colours even where it is told to be quiet.
    step mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
        -Dartifact="$KOTLIN_GENERATOR" -DoutputDirectory="$1" -Dmdep.stripVersion=true 2>&1 |
        sed 's/\x1b\[[0-9;]*m//g' >&2
}

without=()
leave_out() {
    say "Without the $1 client: $2."
    without+=(--deselect "testing/tests/test_clients.py::$3")
}

once python "$(cat requirements/lock/clients.txt)" get_python
if command -v node >/dev/null && command -v npm >/dev/null; then
    once typescript "$(cat testing/clients/package-lock.json)" get_typescript
else
    leave_out TypeScript "node and npm are not installed" TypeScriptTests
fi
if command -v java >/dev/null && command -v mvn >/dev/null; then
    once kotlin "$KOTLIN_GENERATOR" get_kotlin
else
    leave_out Kotlin "java and mvn are not installed" KotlinTests
fi

exec "$VENV/bin/python" -m pytest -q testing/tests/test_clients.py "${without[@]}" "$@"
