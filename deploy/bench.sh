#!/usr/bin/env bash
# `make bench`: the figures of the README, measured on the stack. Arguments go to the benchmarks.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec deploy/with-stack.sh .venv/bin/python -m benchmarks "$@"
