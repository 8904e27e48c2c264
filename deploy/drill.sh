#!/usr/bin/env bash
# `make drill`: people act, the database is dumped, lost and restored, and everything must be as it was (faults/drill.py).
#
#   deploy/drill.sh           on one server of each kind; with STORE=hbase feeds are in HBase
#   deploy/drill.sh cluster   on what cluster-up starts; HBASE=off leaves HBase out
#
# The servers are on ports and in a folder of their own, and nobody else's.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

unset DATABASE_URL DATABASE_REPLICA_URLS REDIS_URL MEMCACHED_URL BROKER_URL HBASE_URL
export DATA_DIR=$DATA_DIR/drill PROFILE=stack STORE=${STORE:-mysql}
mkdir -p "$DATA_DIR"

case ${1-} in
    '')
        export MARIADB_PORT=18316 REDIS_PORT=18389 MEMCACHED_PORT=18221 RABBITMQ_PORT=18682 HBASE_THRIFT_PORT=18090
        # It would be started for nothing.
        [ "$STORE" = hbase ] || export HBASE=off
        ;;
    cluster)
        export GALERA_PORT=18446 REDIS_CLUSTER_PORT=18720 MEMCACHED_CLUSTER_PORT=18251 RABBITMQ_CLUSTER_PORT=18710
        export HBASE_CLUSTER_THRIFT_PORT=18190
        trap 'deploy/cluster.sh down' EXIT
        step deploy/cluster.sh up
        load_env_file "$DATA_DIR/cluster.env"
        # What the cluster has not is not used.
        export HBASE=off
        ;;
    *) die "Usage: deploy/drill.sh [cluster]" ;;
esac
step deploy/with-stack.sh "$VENV/bin/python" -m faults.drill
