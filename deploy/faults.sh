#!/usr/bin/env bash
# `make faults`: breaks parts of the project and of its servers under load. Arguments go to pytest.
# Everything runs on ports and in a folder of its own. Writes docs/reports/faults/ after a whole run.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

# Servers that are there for being hurt, and nobody else's.
unset DATABASE_URL REDIS_URL MEMCACHED_URL BROKER_URL HBASE_URL
export DATA_DIR=$DATA_DIR/faults PROFILE=stack HBASE=off STORE=mysql
export MARIADB_PORT=18306 REDIS_PORT=18379 MEMCACHED_PORT=18211 RABBITMQ_PORT=18672

# A few scenarios say less than the last whole run.
if [ "$#" = 0 ]; then
    export FAULTS_REPORT=${FAULTS_REPORT:-docs/reports/faults}
else
    unset FAULTS_REPORT
fi
exec deploy/with-stack.sh "$VENV/bin/python" -m pytest -c faults/pytest.ini --rootdir . -q "$@" faults
