#!/usr/bin/env bash
# A primary MariaDB and a replica, on one machine. Loopback only, no systemd.
#
#   deploy/replication.sh up      start what is not running, write $DATA_DIR/replication.env
#   deploy/replication.sh down    stop what `up` started
#   deploy/replication.sh status  one line each; exit code 0 when the replica follows
#
# $DATA_DIR/replication.env holds DATABASE_URL and DATABASE_REPLICA_URLS; what it does not name is as stack.env says.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=deploy/stack/lib.sh
. "$ROOT/deploy/stack/lib.sh"
# shellcheck source=deploy/stack/mariadb.sh
. "$ROOT/deploy/stack/mariadb.sh"

STACK=$DATA_DIR/replication
REPLICATION_ENV=$DATA_DIR/replication.env
# The primary's; the replica has the next one.
MARIADB_REPLICATION_PORT=${MARIADB_REPLICATION_PORT:-3316}
NODES=(primary replica)

for number in 0 1; do
    # shellcheck disable=SC2034 # read in lib.sh
    PORT_OF[${NODES[number]}]=$((MARIADB_REPLICATION_PORT + number)) ACCOUNT[${NODES[number]}]=mysql
    TITLE[${NODES[number]}]="MariaDB, ${NODES[number]}"
done

# A position by GTID says what a server has executed, whichever server's log it came from.
node_options() {
    cat <<CONFIG
server_id = ${PORT_OF[$1]}
log_bin = binlog
log_slave_updates = on
binlog_format = row
# Of a commit that was answered, the replica can be told after a crash.
sync_binlog = 1
gtid_strict_mode = on
innodb_buffer_pool_size = 128M
innodb_log_file_size = 64M
performance_schema = off
CONFIG
    if [ "$1" = replica ]; then
        echo "read_only = on"
    fi
}

start_node() {
    if get_pid "$1" >/dev/null; then
        return
    fi
    ! is_open "${PORT_OF[$1]}" || die "Port ${PORT_OF[$1]} is taken; choose two free ones with MARIADB_REPLICATION_PORT."
    node_options "$1" | mariadb_prepare "$1"
    mariadb_make_data "$1"
    mariadb_launch "$1"
    mariadb_wait_for "$1" 60
}

# On the primary: the project's database and account, and an account for the replica.
set_up_primary() {
    {
        mariadb_sql own
        echo "CREATE USER IF NOT EXISTS 'replication'@'127.0.0.1' IDENTIFIED BY '$(secret REPLICATION_PASSWORD)';"
        echo "GRANT REPLICATION SLAVE ON *.* TO 'replication'@'127.0.0.1';"
    } | mariadb_admin_of primary
}

set_up_replica() {
    local deadline=$((SECONDS + 30))
    if ! follows; then
        mariadb_admin_of replica <<SQL
STOP SLAVE;
CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${PORT_OF[primary]}, MASTER_USER = 'replication',
    MASTER_PASSWORD = '$(secret REPLICATION_PASSWORD)', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1,
    MASTER_HEARTBEAT_PERIOD = 1;
START SLAVE;
SQL
    fi
    until follows; do
        [ "$SECONDS" -lt "$deadline" ] || die "The replica does not follow; see: SHOW SLAVE STATUS, and $STACK/replica/log"
        sleep 0.1
    done
}

follows() {
    mariadb_admin_of replica --vertical --execute='SHOW SLAVE STATUS' 2>/dev/null |
        grep -cE '^ *Slave_(IO|SQL)_Running: Yes$' | grep -qx 2
}

url_of() {
    printf 'mysql://twitter:%s@127.0.0.1:%s/twitter' "$(secret MARIADB_PASSWORD)" "${PORT_OF[$1]}"
}

up() {
    local node other
    "$ROOT/deploy/provision.sh" build mariadb
    # Both at once: their data take longest.
    start_node primary &
    other=$!
    start_node replica
    wait "$other"
    set_up_primary
    set_up_replica
    for node in "${NODES[@]}"; do
        say "${TITLE[$node]}: 127.0.0.1:${PORT_OF[$node]}, pid $(get_pid "$node")"
    done
    (
        umask 077
        {
            echo "# Written by deploy/replication.sh. Holds passwords."
            echo "DATABASE_URL=$(url_of primary)"
            echo "DATABASE_REPLICA_URLS=$(url_of replica)"
        } >"$REPLICATION_ENV.new"
        mv -f "$REPLICATION_ENV.new" "$REPLICATION_ENV"
    )
    say "Addresses are in $REPLICATION_ENV"
}

down() {
    local node pid
    for node in replica primary; do
        if pid=$(get_pid "$node"); then
            stop_pid "${TITLE[$node]}" "$pid" "$STACK/$node/"
            say "${TITLE[$node]} stopped"
        fi
        rm -f "$(get_pid_file "$node")"
    done
    rm -f "$REPLICATION_ENV"
}

status() {
    local node pid all=0
    for node in "${NODES[@]}"; do
        if pid=$(get_pid "$node"); then
            say "${TITLE[$node]}: 127.0.0.1:${PORT_OF[$node]}, pid $pid"
        else
            say "${TITLE[$node]}: not running"
            all=1
        fi
    done
    if follows; then
        say "The replica follows"
    else
        say "The replica does not follow"
        all=1
    fi
    return "$all"
}

make_stack
case ${1-} in
    up | down)
        lock_stack
        "$1"
        ;;
    status) status ;;
    *) die "Usage: deploy/replication.sh up | down | status" ;;
esac
