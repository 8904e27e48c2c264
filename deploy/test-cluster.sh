#!/usr/bin/env bash
# `make test-cluster`: the tests marked `stack`, on the servers of cluster-up. Arguments go to pytest.
#
# In one process: a cluster has one database only. The cluster is stopped afterwards if it did not run before.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

export HBASE=off
if ! deploy/cluster.sh status >/dev/null; then
    trap 'deploy/cluster.sh down' EXIT
fi
step deploy/cluster.sh up
# Its addresses, whatever the environment says of one server each.
unset DATABASE_URL REDIS_URL MEMCACHED_URL BROKER_URL
load_env_file "$DATA_DIR/cluster.env"
unset HBASE_URL
step deploy/with-stack.sh "$VENV/bin/python" -m pytest -q -m "stack and not hbase and not browser and not one_server" "$@"
