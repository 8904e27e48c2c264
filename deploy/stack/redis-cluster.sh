# shellcheck shell=bash
# Redis Cluster: three masters, three replicas. Caches, so nothing of them is kept on disk but who is who.

# The bus of each node is 10,000 ports higher.
REDIS_CLUSTER_PORT=${REDIS_CLUSTER_PORT:-7000}
REDIS_NODES=6

redis_cluster_nodes() {
    seq -f 'redis-%.0f' "$REDIS_CLUSTER_PORT" $((REDIS_CLUSTER_PORT + REDIS_NODES - 1))
}

redis_cluster_start() {
    local node port
    for node in $(redis_cluster_nodes); do
        port=${node#redis-}
        # shellcheck disable=SC2004,SC2034 # associative, and read in lib.sh
        PORT_OF[$node]=$port ACCOUNT[$node]=redis TITLE[$node]="Redis $port"
        if get_pid "$node" >/dev/null; then
            continue
        fi
        ! is_open "$port" || die "Port $port is taken; choose six free ones with REDIS_CLUSTER_PORT."
        make_folder "$node"
        # Two seconds until a master counts as lost. A process checks a master's history once a second (ADR 14), and that must be less.
        write_private "$node" redis.conf <<CONFIG
bind 127.0.0.1
port $port
requirepass $(secret REDIS_PASSWORD)
masterauth $(secret REDIS_PASSWORD)
dir $STACK/$node
daemonize no
set-proc-title no
save ""
appendonly no
maxmemory 128mb
maxmemory-policy allkeys-lru
cluster-enabled yes
cluster-config-file nodes.conf
cluster-node-timeout 2000
cluster-require-full-coverage no
cluster-allow-reads-when-down no
repl-diskless-sync-delay 0
CONFIG
        launch "$node" redis-server "$STACK/$node/redis.conf"
    done
}

redis_cluster_cli() {
    REDISCLI_AUTH=$(secret REDIS_PASSWORD) redis-cli -h 127.0.0.1 -p "$REDIS_CLUSTER_PORT" "$@"
}

redis_cluster_is_ready() {
    redis_cluster_cli cluster info 2>/dev/null | grep -q '^cluster_state:ok' &&
        [ "$(redis_cluster_cli cluster nodes | grep -c 'slave .*connected$')" = $((REDIS_NODES / 2)) ]
}

redis_cluster_settle() {
    local node addresses deadline=$((SECONDS + 30))
    for node in $(redis_cluster_nodes); do
        until probe "redis://:$(secret REDIS_PASSWORD)@127.0.0.1:${node#redis-}"; do
            [ "$SECONDS" -lt "$deadline" ] || die "${TITLE[$node]} did not start; see $STACK/$node/log"
            sleep 0.1
        done
    done
    # A node that knows of no other was started for the first time.
    if redis_cluster_cli cluster info | grep -q '^cluster_known_nodes:1[^0-9]'; then
        mapfile -t addresses < <(redis_cluster_nodes | sed 's/redis-/127.0.0.1:/')
        redis_cluster_cli --cluster create --cluster-yes --cluster-replicas 1 "${addresses[@]}" \
            >"$STACK/redis-cluster.log" ||
            die "The cluster of Redis could not be made; see $STACK/redis-cluster.log"
    fi
    until redis_cluster_is_ready; do
        [ "$SECONDS" -lt "$deadline" ] || die "The cluster of Redis is not whole; ask it with: redis-cli -p $REDIS_CLUSTER_PORT cluster nodes"
        sleep 0.1
    done
}

redis_cluster_env() {
    printf 'REDIS_URL=redis+cluster://:%s@%s\n' "$(secret REDIS_PASSWORD)" \
        "$(redis_cluster_nodes | sed 's/redis-/127.0.0.1:/' | paste -sd,)"
}
