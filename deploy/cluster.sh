#!/usr/bin/env bash
# Servers that are several, on one machine: a Redis Cluster and two Memcached. Loopback only, no systemd.
#
#   deploy/cluster.sh up      start what is not running, write $DATA_DIR/cluster.env
#   deploy/cluster.sh down    stop what `up` started
#   deploy/cluster.sh status  one line each; exit code 0 when all of them answer
#
# $DATA_DIR/cluster.env holds the addresses; what it does not name is as $DATA_DIR/stack.env says.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=deploy/stack/lib.sh
. "$ROOT/deploy/stack/lib.sh"
# shellcheck source=deploy/stack/redis-cluster.sh
. "$ROOT/deploy/stack/redis-cluster.sh"

STACK=$DATA_DIR/cluster
CLUSTER_ENV=$DATA_DIR/cluster.env
# The first of two.
MEMCACHED_CLUSTER_PORT=${MEMCACHED_CLUSTER_PORT:-11311}

memcached_nodes() {
    seq -f 'memcached-%.0f' "$MEMCACHED_CLUSTER_PORT" $((MEMCACHED_CLUSTER_PORT + 1))
}

memcached_nodes_start() {
    local node port
    for node in $(memcached_nodes); do
        port=${node#memcached-}
        PORT_OF[$node]=$port ACCOUNT[$node]=memcache TITLE[$node]="Memcached $port"
        if get_pid "$node" >/dev/null; then
            continue
        fi
        ! is_open "$port" || die "Port $port is taken; choose two free ones with MEMCACHED_CLUSTER_PORT."
        make_folder "$node"
        launch "$node" memcached -l 127.0.0.1 -p "$port" -U 0 -m 128 -c 1024 -u "$(server_account "$node")" \
            -P "$STACK/$node/daemon.pid"
    done
}

nodes() {
    redis_cluster_nodes
    memcached_nodes
}

up() {
    local node
    "$ROOT/deploy/provision.sh" build redis memcached
    redis_cluster_start
    memcached_nodes_start
    redis_cluster_settle
    for node in $(nodes); do
        say "$node: pid $(get_pid "$node")"
    done
    (
        umask 077
        {
            echo "# Written by deploy/cluster.sh. Holds passwords."
            echo "REDIS_URL=$(redis_cluster_url)"
            echo "MEMCACHED_URL=$(memcached_nodes | sed 's/memcached-/127.0.0.1:/' | paste -sd,)"
        } >"$CLUSTER_ENV.new"
        mv -f "$CLUSTER_ENV.new" "$CLUSTER_ENV"
    )
    say "Addresses are in $CLUSTER_ENV"
}

down() {
    local node pid
    for node in $(nodes); do
        if pid=$(get_pid "$node"); then
            stop_pid "$node" "$pid" "$STACK/$node/"
            say "$node stopped"
        fi
        rm -f "$(get_pid_file "$node")"
    done
    rm -f "$CLUSTER_ENV"
}

status() {
    local node pid all=0
    for node in $(nodes); do
        if pid=$(get_pid "$node"); then
            say "$node: pid $pid"
        else
            say "$node: not running"
            all=1
        fi
    done
    if redis_cluster_is_ready; then
        say "Redis Cluster: every slot is served, every master has a replica"
    else
        say "Redis Cluster: not whole"
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
    *) die "Usage: deploy/cluster.sh up | down | status" ;;
esac
