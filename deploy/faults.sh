#!/usr/bin/env bash
# `make faults`: breaks parts of the project and of its servers under load. Arguments go to pytest.
# FAULTS=cluster: on two hosts and several servers of each kind. Everything runs on ports and in a folder of its own.
# Writes docs/reports/faults/ (or faults-cluster/) after a whole run.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

# Servers that are there for being hurt, and nobody else's.
unset DATABASE_URL REDIS_URL MEMCACHED_URL BROKER_URL HBASE_URL
export DATA_DIR=$DATA_DIR/faults PROFILE=stack HBASE=off STORE=mysql FAULTS=${FAULTS:-stack}
export MARIADB_PORT=18306 REDIS_PORT=18379 MEMCACHED_PORT=18211 RABBITMQ_PORT=18672
export GALERA_PORT=18406 REDIS_CLUSTER_PORT=17100 MEMCACHED_CLUSTER_PORT=18311 RABBITMQ_CLUSTER_PORT=18680
report=docs/reports/faults
[ "$FAULTS" = stack ] || report=$report-cluster

# A few scenarios say less than the last whole run.
if [ "$#" = 0 ]; then
    export FAULTS_REPORT=${FAULTS_REPORT:-$report}
else
    unset FAULTS_REPORT
fi
case $FAULTS in
    stack) exec deploy/with-stack.sh "$VENV/bin/python" -m pytest -c faults/pytest.ini --rootdir . -q "$@" faults ;;
    cluster)
        deploy/provision.sh nginx faketime
        deploy/cluster.sh status >/dev/null || trap 'deploy/cluster.sh down' EXIT
        step deploy/cluster.sh up
        step deploy/venv.sh dev stack
        step "$VENV/bin/python" -m pytest -c faults/pytest.ini --rootdir . -q "$@" faults
        ;;
    *) die "FAULTS is stack or cluster, not $FAULTS." ;;
esac
