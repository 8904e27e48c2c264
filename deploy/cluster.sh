#!/usr/bin/env bash
# Servers that are several, on one machine: three MariaDB (Galera), a Redis Cluster, two Memcached, three RabbitMQ, an HBase of two region servers.
# Loopback only, no systemd.
#
#   deploy/cluster.sh up [PART...]      install what is missing, start what is not running, write $DATA_DIR/cluster.env
#   deploy/cluster.sh down [PART...]    stop what `up` started
#   deploy/cluster.sh status [PART...]  one line each; exit code 0 when all of them answer
#   deploy/cluster.sh kill NODE...      end nodes as a crash does; `up` starts them again
#   deploy/cluster.sh rabbitmqctl ...   RabbitMQ's own command, on a node that runs
#
# A part is a file stack/PART-cluster.sh: galera, redis, memcached, rabbitmq, hbase. Without one, all of them
# are meant, HBase unless HBASE=off.
# $DATA_DIR/cluster.env holds the addresses; what it does not name is as $DATA_DIR/stack.env says.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=deploy/stack/lib.sh
. "$ROOT/deploy/stack/lib.sh"
# shellcheck source=deploy/stack/rabbitmq.sh
. "$ROOT/deploy/stack/rabbitmq.sh"
# shellcheck source=deploy/stack/mariadb.sh
. "$ROOT/deploy/stack/mariadb.sh"

# Each has a file here with
#   PART_cluster_nodes     the names of its nodes, one a line
#   PART_cluster_start     launch those that do not run
#   PART_cluster_settle    return once they work together, or say why they do not
#   PART_cluster_is_ready  whether they do
#   PART_cluster_env       their addresses as the project wants them, KEY=value
#   PART_cluster_stop      if TERM to each is not enough
#   PART_cluster_stopped   what is to be done when all of them have ended, if anything
# The slowest to start comes first.
PARTS=(galera rabbitmq hbase redis memcached)
for part in "${PARTS[@]}"; do
    # shellcheck source=/dev/null
    . "$ROOT/deploy/stack/$part-cluster.sh"
done
unset part

STACK=$DATA_DIR/cluster
CLUSTER_ENV=$DATA_DIR/cluster.env

up() {
    local part node groups=(build)
    for part in "$@"; do
        [ "$part" = hbase ] && has_java || groups+=("$part")
    done
    "$ROOT/deploy/provision.sh" "${groups[@]}"
    for part in "$@"; do
        "${part}_cluster_start"
    done
    for part in "$@"; do
        "${part}_cluster_settle"
        for node in $("${part}_cluster_nodes"); do
            say "$node: pid $(get_pid "$node")"
        done
    done
    write_cluster_env
    say "Addresses are in $CLUSTER_ENV"
}

# The addresses of the parts that run.
write_cluster_env() {
    local part
    (
        umask 077
        {
            echo "# Written by deploy/cluster.sh. Holds passwords."
            for part in "${PARTS[@]}"; do
                ! is_running "$part" || "${part}_cluster_env"
            done
        } >"$CLUSTER_ENV.new"
        mv -f "$CLUSTER_ENV.new" "$CLUSTER_ENV"
    )
    if ! grep -q = "$CLUSTER_ENV"; then
        rm -f "$CLUSTER_ENV"
    fi
}

# Whether a node of the part runs: is_running PART.
is_running() {
    local node
    for node in $("${1}_cluster_nodes"); do
        ! get_pid "$node" >/dev/null || return 0
    done
    return 1
}

down() {
    local part node pid
    for part in "$@"; do
        if declare -F "${part}_cluster_stop" >/dev/null; then
            "${part}_cluster_stop"
            say "$part stopped"
            continue
        fi
        for node in $("${part}_cluster_nodes"); do
            if pid=$(get_pid "$node"); then
                stop_pid "$node" "$pid" "$STACK/$node/"
                say "$node stopped"
            fi
            rm -f "$(get_pid_file "$node")"
        done
        if declare -F "${part}_cluster_stopped" >/dev/null; then
            "${part}_cluster_stopped"
        fi
    done
    write_cluster_env
}

status() {
    local part node pid all=0
    for part in "$@"; do
        for node in $("${part}_cluster_nodes"); do
            if pid=$(get_pid "$node"); then
                say "$node: pid $pid"
            else
                say "$node: not running"
                all=1
            fi
        done
        if "${part}_cluster_is_ready"; then
            say "$part: whole"
        else
            say "$part: not whole"
            all=1
        fi
    done
    return "$all"
}

kill_nodes() {
    local node pid
    for node in "$@"; do
        pid=$(get_pid "$node") || die "$node does not run."
        kill -KILL "$pid"
        say "$node killed"
    done
}

usage() {
    die "Usage: deploy/cluster.sh up | down | status [PART...], kill NODE..., or rabbitmqctl ...; the parts are ${PARTS[*]}"
}

verb=${1-}
[ "$#" = 0 ] || shift
case $verb in
    up | down | status)
        if [ "$#" = 0 ]; then
            for part in "${PARTS[@]}"; do
                # One that is there already belongs to the cluster all the same.
                if [ "$part" != hbase ] || [ "${HBASE-on}" != off ] || is_running hbase; then
                    set -- "$@" "$part"
                fi
            done
        fi
        for part in "$@"; do
            [[ " ${PARTS[*]} " == *" $part "* ]] || usage
        done
        ;;
    kill | rabbitmqctl) ;;
    *) usage ;;
esac
make_stack
case $verb in
    up | down)
        lock_stack
        "$verb" "$@"
        ;;
    status) status "$@" ;;
    kill) kill_nodes "$@" ;;
    rabbitmqctl) rabbitmq_cluster_ctl "$@" ;;
esac
