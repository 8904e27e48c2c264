#!/usr/bin/env bash
# `make screenshots`: a demo of its own on a free port, and pictures of it in docs/screenshots.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
step deploy/venv.sh dev

DATA_DIR=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$DATA_DIR"' EXIT
export DATA_DIR PROFILE=embedded RATE_LIMITS=off LOG_LEVEL=WARNING PORT=${SCREENSHOTS_PORT:-8391}
export DJANGO_SUPERUSER_PASSWORD=demo-password
require_free_port screenshots

python=$VENV/bin/python
step "$python" manage.py migrate --verbosity 0
step "$python" manage.py demo
step "$python" manage.py createsuperuser --noinput --username moderator --email moderator@demo.invalid
"$VENV/bin/gunicorn" -c deploy/gunicorn.conf.py twitter.wsgi:application &
server=$!
for _ in $(seq 100); do
    is_open "$PORT" && break
    sleep 0.2
done

# The pictures belong to the checkout and are for everybody.
umask 022
mkdir -p docs/screenshots
step "$python" -m testing.screenshots "http://127.0.0.1:$PORT" docs/screenshots
ls -l docs/screenshots
