#!/usr/bin/env bash
# `make shards`: the tests with each statement recorded, and docs/reports/shards.md from it. Arguments go to pytest, such
# as the folders of apps; without any it takes as long as `make test`. With PROFILE=stack the statements are MariaDB's.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
step deploy/venv.sh dev

SHARDS_DIR=$(mktemp -d)
trap 'rm -rf "$SHARDS_DIR"' EXIT
export SHARDS_DIR

# Everything in one run, or what was asked for. A test that fails has executed its statements all the same.
arguments=("$@")
[ "$#" != 0 ] || arguments=(-n 2 --dist loadfile)
deploy/test.sh -p testing.shards.recorder "${arguments[@]}" || say "Some tests have failed; their statements count."
"$VENV/bin/python" -m testing.shards "$SHARDS_DIR"
