#!/usr/bin/env bash
# `make bench`: the figures of the README, measured on the stack. Arguments go to the benchmarks; with BENCH=NAME
# another of them runs: backlog, capacity, growth, idle, memory, servers, star or strategies.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
step deploy/provision.sh bench
step deploy/venv.sh dev stack bench
exec deploy/with-stack.sh "$VENV/bin/python" -m "benchmarks${BENCH:+.$BENCH}" "$@"
