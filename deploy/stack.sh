#!/usr/bin/env bash
# The real servers, for development and tests: MariaDB, Redis, Memcached, RabbitMQ, and HBase unless HBASE=off.
# Loopback only, no systemd.
#
#   deploy/stack.sh up               install what is missing, start what is not running, write $DATA_DIR/stack.env
#   deploy/stack.sh down [SERVER...] stop what `up` started, and nothing else
#   deploy/stack.sh status           one line each; exit code 0 when all of them answer
#   deploy/stack.sh running          the names of the servers that `up` started
#
# A server whose address is set (DATABASE_URL, REDIS_URL, MEMCACHED_URL, BROKER_URL, HBASE_URL) is used as it is.
# So is one that listens on the port already, if it lets us in.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# shellcheck source=deploy/stack/lib.sh
. "$ROOT/deploy/stack/lib.sh"
# shellcheck source=deploy/stack/mariadb.sh
. "$ROOT/deploy/stack/mariadb.sh"
# shellcheck source=deploy/stack/redis.sh
. "$ROOT/deploy/stack/redis.sh"
# shellcheck source=deploy/stack/memcached.sh
. "$ROOT/deploy/stack/memcached.sh"
# shellcheck source=deploy/stack/rabbitmq.sh
. "$ROOT/deploy/stack/rabbitmq.sh"
# shellcheck source=deploy/stack/hbase.sh
. "$ROOT/deploy/stack/hbase.sh"

STACK_ENV=$DATA_DIR/stack.env

# With HBASE=off no HBase is started; one that is there already belongs to the stack all the same.
if [ "${HBASE-on}" != off ] || [ -n "${HBASE_URL-}" ] || get_pid hbase >/dev/null; then
    SERVERS+=(hbase)
fi

given_url() {
    local knob=${URL_KNOB[$1]}
    printf '%s' "${!knob-}"
}

# Where a server comes from: given, own (running already), foreign (somebody else's), or new (to be started).
get_origin() {
    local name=$1 port=${PORT_OF[$1]} started_on
    if [ -n "$(given_url "$name")" ]; then
        echo given
    elif get_pid "$name" >/dev/null; then
        # HBase may have been started by its own script, which keeps no such file.
        started_on=$(cat "$STACK/$name/port" 2>/dev/null || echo "$port")
        [ "$started_on" = "$port" ] ||
            die "${TITLE[$name]} already runs on port $started_on; stop it first with: make stack-down"
        echo own
    elif is_open "$port"; then
        echo foreign
    else
        echo new
    fi
}

up() {
    local name groups=(build)
    declare -A origin
    for name in "${SERVERS[@]}"; do
        origin[$name]=$(get_origin "$name")
        case ${origin[$name]} in
            new) [ "$name" = hbase ] && has_java || groups+=("$name") ;;
            foreign) [ "$name" != mariadb ] || groups+=(mariadb-client) ;;
        esac
    done
    command -v python3 >/dev/null || groups+=(python)
    "$ROOT/deploy/provision.sh" "${groups[@]}"

    for name in "${SERVERS[@]}"; do
        if [ "${origin[$name]}" = new ]; then
            "${name}_start"
            echo "${PORT_OF[$name]}" >"$STACK/$name/port"
        fi
    done
    for name in "${SERVERS[@]}"; do
        case ${origin[$name]} in
            given) say "${TITLE[$name]}: as ${URL_KNOB[$name]} says" ;;
            foreign)
                "${name}_adopt"
                say "${TITLE[$name]}: the one that listens on port ${PORT_OF[$name]} already"
                ;;
            own | new)
                wait_for "$name"
                "${name}_settle"
                say "${TITLE[$name]}: 127.0.0.1:${PORT_OF[$name]}, pid $(get_pid "$name")"
                ;;
        esac
    done
    write_stack_env
    say "Addresses are in $STACK_ENV"
}

write_stack_env() {
    local name url
    (
        umask 077
        {
            echo "# Written by deploy/stack.sh. Holds passwords."
            for name in "${SERVERS[@]}"; do
                url=$(given_url "$name")
                echo "${URL_KNOB[$name]}=${url:-$("${name}_url")}"
            done
        } >"$STACK_ENV.new"
        mv -f "$STACK_ENV.new" "$STACK_ENV"
    )
}

down() {
    local name pid stopped=0
    [ "$#" -gt 0 ] || set -- "${SERVERS[@]}"
    for name in "$@"; do
        [ -n "${TITLE[$name]-}" ] || die "No server is called $name; there are ${SERVERS[*]}."
        if pid=$(get_pid "$name"); then
            if declare -F "${name}_stop" >/dev/null; then
                "${name}_stop"
            else
                stop_pid "${TITLE[$name]}" "$pid" "$STACK/$name/"
            fi
            say "${TITLE[$name]} stopped"
            stopped=1
        fi
        rm -f "$(get_pid_file "$name")" "$STACK/$name/port"
        if [ "$name" = rabbitmq ]; then
            rabbitmq_stop_epmd
        fi
    done
    [ "$stopped" = 1 ] || say "Nothing of ours was running."
    # Addresses of servers that are gone would only mislead.
    if [ -z "$(running)" ]; then
        rm -f "$STACK_ENV"
    fi
}

running() {
    local name
    for name in "${SERVERS[@]}"; do
        if get_pid "$name" >/dev/null; then
            echo "$name"
        fi
    done
}

status() {
    local name pid url all=0
    for name in "${SERVERS[@]}"; do
        if [ -n "$(given_url "$name")" ]; then
            say "${TITLE[$name]}: as ${URL_KNOB[$name]} says"
        elif pid=$(get_pid "$name"); then
            PORT_OF[$name]=$(cat "$STACK/$name/port" 2>/dev/null || echo "${PORT_OF[$name]}")
            if answers "$name"; then
                say "${TITLE[$name]}: 127.0.0.1:${PORT_OF[$name]}, pid $pid"
            else
                say "${TITLE[$name]}: pid $pid does not answer; see $STACK/$name/log"
                all=1
            fi
        elif [ -f "$STACK_ENV" ] && is_open "${PORT_OF[$name]}"; then
            say "${TITLE[$name]}: 127.0.0.1:${PORT_OF[$name]}, not started by us"
        else
            say "${TITLE[$name]}: not running"
            all=1
        fi
    done
    return "$all"
}

make_stack
case ${1-} in
    up | down)
        lock_stack
        "$@"
        ;;
    status | running) "$1" ;;
    *) die "Usage: deploy/stack.sh up | down [SERVER...] | status | running" ;;
esac
