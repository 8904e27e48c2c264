#!/usr/bin/env bash
# Rehearses a rolling upgrade from an older revision to what is checked out: old code on the new schema, both side by
# side, and back (faults/upgrade.py). Needs git; the servers are on ports and in a folder of their own.
#
#   deploy/rolling-upgrade.sh REVISION     a commit, tag or branch: what runs today in production
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

[ "$#" = 1 ] || die "Usage: deploy/rolling-upgrade.sh REVISION"
revision=$(git rev-parse --verify --quiet "$1^{commit}") || die "There is no revision $1."

unset DATABASE_URL DATABASE_REPLICA_URLS REDIS_URL MEMCACHED_URL BROKER_URL HBASE_URL
export DATA_DIR=$DATA_DIR/upgrade PROFILE=stack HBASE=off STORE=mysql
export MARIADB_PORT=18326 REDIS_PORT=18399 MEMCACHED_PORT=18241 RABBITMQ_PORT=18695
mkdir -p "$DATA_DIR"

# Kept for the next time, with its virtual environment.
old=$DATA_DIR/$revision
[ -e "$old" ] || git worktree add --detach "$old" "$revision"
step deploy/with-stack.sh "$VENV/bin/python" -m faults.upgrade "$old"
