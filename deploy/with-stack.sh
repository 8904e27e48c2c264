#!/usr/bin/env bash
# Runs a command in the stack profile; starts the servers that are not up and afterwards stops those again.
#
#   deploy/with-stack.sh COMMAND [ARGUMENT...]
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

before=$(deploy/stack.sh running)

stop_what_we_started() {
    local server started=()
    for server in $(deploy/stack.sh running); do
        grep -qx "$server" <<<"$before" || started+=("$server")
    done
    if [ "${#started[@]}" -gt 0 ]; then
        deploy/stack.sh down "${started[@]}"
    fi
}
trap stop_what_we_started EXIT

step deploy/stack.sh up
# After the servers: their packages bring what mysqlclient is built with.
step deploy/venv.sh dev stack
export PROFILE=stack
step "$@"
