#!/usr/bin/env bash
# `make check`: every rule that can be run without running the project. Goes on after a failure, to show all of them.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
step deploy/venv.sh dev

# A folder of its own: looking must leave nothing behind.
DATA_DIR=$(mktemp -d)
trap 'rm -rf "$DATA_DIR"' EXIT
export DATA_DIR PROFILE=embedded

failed=()
rule() {
    local title=$1
    shift
    say "== $title"
    step "$@" || failed+=("$title")
}

python=$VENV/bin/python
rule "style" "$VENV/bin/ruff" check
rule "format" "$VENV/bin/ruff" format --check
rule "floors" "$VENV/bin/lint-imports"
rule "types" "$VENV/bin/mypy"
rule "migrations" "$python" manage.py makemigrations --check --dry-run
rule "rolling upgrade" env LOG_LEVEL=WARNING "$python" manage.py lintmigrations --settings testing.migration_lint
# As it is deployed: behind TLS, under a name.
rule "deployment" env SECURE=on ALLOWED_HOSTS=twitter.example "$python" manage.py check --deploy --fail-level WARNING
rule "schema" "$python" manage.py spectacular --validate --fail-on-warn --file /dev/null
rule "manifests" deploy/manifests.sh
if command -v shellcheck >/dev/null; then
    rule "scripts" shellcheck -x .ci/run .ci/steps.sh deploy/*.sh deploy/stack/*.sh
fi
if command -v promtool >/dev/null; then
    rule "alerts" promtool check rules deploy/monitoring/alerts.yml
    rule "scraping" promtool check config --syntax-only deploy/monitoring/prometheus.yml
fi

[ "${#failed[@]}" = 0 ] || die "Not in order: ${failed[*]}"
say "All in order."
