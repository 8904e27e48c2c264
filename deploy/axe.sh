#!/usr/bin/env bash
# Gets axe-core, the judge of the pages' accessibility, from npm into DATA_DIR/axe, once, and prints where it is.
# Prints nothing where npm is missing or does not get it.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

folder=$DATA_DIR/axe
if ! cmp -s "$ROOT/testing/axe/package-lock.json" "$folder/installed.json"; then
    command -v npm >/dev/null || exit 0
    mkdir -p "$folder"
    cp "$ROOT"/testing/axe/package*.json "$folder"
    npm --prefix "$folder" ci --silent --no-audit --no-fund --ignore-scripts >&2 || exit 0
    cp "$folder/package-lock.json" "$folder/installed.json"
fi
echo "$folder/node_modules/axe-core/axe.min.js"
