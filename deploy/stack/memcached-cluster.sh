# shellcheck shell=bash
# Two Memcached, which know nothing of each other.

# The first of two.
MEMCACHED_CLUSTER_PORT=${MEMCACHED_CLUSTER_PORT:-11311}

memcached_cluster_nodes() {
    seq -f 'memcached-%.0f' "$MEMCACHED_CLUSTER_PORT" $((MEMCACHED_CLUSTER_PORT + 1))
}

memcached_cluster_start() {
    local node port
    for node in $(memcached_cluster_nodes); do
        port=${node#memcached-}
        # shellcheck disable=SC2004,SC2034 # associative, and read in lib.sh
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

memcached_cluster_settle() {
    local deadline=$((SECONDS + 30))
    until memcached_cluster_is_ready; do
        [ "$SECONDS" -lt "$deadline" ] || die "Memcached did not start; see $STACK/memcached-*/log"
        sleep 0.1
    done
}

memcached_cluster_is_ready() {
    local node
    for node in $(memcached_cluster_nodes); do
        probe "memcached://127.0.0.1:${node#memcached-}" || return
    done
}

memcached_cluster_env() {
    echo "MEMCACHED_URL=$(memcached_cluster_nodes | sed 's/memcached-/127.0.0.1:/' | paste -sd,)"
}
