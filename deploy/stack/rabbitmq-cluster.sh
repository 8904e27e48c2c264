# shellcheck shell=bash
# RabbitMQ of three nodes: each quorum queue has a member on each of them, and two are enough.

# The first of three. Erlang's own port of each is 20,000 higher, and that of their name server 21,000 above the first.
RABBITMQ_CLUSTER_PORT=${RABBITMQ_CLUSTER_PORT:-5680}
RABBITMQ_NODES=3

rabbitmq_cluster_nodes() {
    seq -f 'rabbitmq-%.0f' "$RABBITMQ_CLUSTER_PORT" $((RABBITMQ_CLUSTER_PORT + RABBITMQ_NODES - 1))
}

for node in $(rabbitmq_cluster_nodes); do
    # shellcheck disable=SC2004,SC2034 # associative, and read in lib.sh
    PORT_OF[$node]=${node#rabbitmq-} ACCOUNT[$node]=rabbitmq TITLE[$node]="RabbitMQ ${node#rabbitmq-}"
done
unset node

# What Erlang calls a node: rabbitmq_cluster_name NODE.
rabbitmq_cluster_name() {
    printf 'twitter-%s@localhost' "${1#rabbitmq-}"
}

# The ports of a node, and of the name server that all of them share: rabbitmq_cluster_ports NODE.
rabbitmq_cluster_ports() {
    # shellcheck disable=SC2154 # associative
    PORT_OF[rabbitmq]=$RABBITMQ_CLUSTER_PORT
    rabbitmq_ports
    DIST_PORT=$((DIST_PORT + ${1#rabbitmq-} - RABBITMQ_CLUSTER_PORT))
}

rabbitmq_cluster_start() {
    local node
    make_folder rabbitmq
    for node in $(rabbitmq_cluster_nodes); do
        get_pid "$node" >/dev/null || rabbitmq_cluster_start_node "$node"
    done
}

rabbitmq_cluster_start_node() {
    local node=$1 port is_new=
    rabbitmq_cluster_ports "$node"
    for port in "${PORT_OF[$node]}" "$DIST_PORT"; do
        ! is_open "$port" || die "Port $port is taken; choose others with RABBITMQ_CLUSTER_PORT."
    done
    [ -d "$STACK/$node/data" ] || is_new=1
    make_folder "$node"
    # Who knows it is one of them.
    secret RABBITMQ_COOKIE | write_private "$node" .erlang.cookie
    {
        # A node that was frozen or cut off starts again by itself. It loses nothing: messages are kept by the majority of
        # a queue's members, and everything else is the same on all nodes.
        echo "cluster_partition_handling = autoheal"
        # Leaders of queues on all nodes, not where somebody happens to declare them.
        echo "queue_leader_locator = balanced"
        # What a node may hold of its log in memory, for it has little.
        echo "raft.wal_max_size_bytes = 32000000"
        echo "cluster_formation.peer_discovery_backend = classic_config"
        rabbitmq_cluster_nodes | while read -r port; do
            echo "cluster_formation.classic_config.nodes.${port#rabbitmq-} = $(rabbitmq_cluster_name "$port")"
        done
    } | rabbitmq_configure "$node"
    rabbitmq_start_epmd
    # A node that is frozen or cut off is missed after ten seconds, not sixty.
    rabbitmq_launch "$node" "$(rabbitmq_cluster_name "$node")" -kernel net_ticktime 10
    # The first makes the cluster that the others join. Later they wait for each other.
    if [ -n "$is_new" ] && [ "$node" = "rabbitmq-$RABBITMQ_CLUSTER_PORT" ]; then
        rabbitmq_cluster_wait "$node"
    fi
}

rabbitmq_cluster_wait() {
    local deadline=$((SECONDS + 90))
    until rabbitmq_cluster_answers "$1"; do
        if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$(cat "$(get_pid_file "$1")")" 2>/dev/null; then
            die "${TITLE[$1]} did not start; see $STACK/$1/log"
        fi
        sleep 0.1
    done
}

rabbitmq_cluster_answers() {
    probe "amqp://twitter:$(secret RABBITMQ_PASSWORD)@127.0.0.1:${1#rabbitmq-}/twitter"
}

# rabbitmqctl on the first node that runs: rabbitmq_cluster_ctl ARGUMENT...
rabbitmq_cluster_ctl() {
    local node
    for node in $(rabbitmq_cluster_nodes); do
        if get_pid "$node" >/dev/null; then
            rabbitmq_cluster_ports "$node"
            (as_account "$node" env HOME="$STACK/$node" \
                ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$EPMD_PORT" \
                RABBITMQ_CONF_ENV_FILE="$STACK/$node/rabbitmq-env.conf" \
                /usr/lib/rabbitmq/bin/rabbitmqctl --quiet --node "$(rabbitmq_cluster_name "$node")" "$@")
            return
        fi
    done
    die "No node of RabbitMQ runs."
}

rabbitmq_cluster_settle() {
    local node
    for node in $(rabbitmq_cluster_nodes); do
        rabbitmq_cluster_wait "$node"
    done
    rabbitmq_cluster_ctl await_online_nodes "$RABBITMQ_NODES" --timeout 60 >/dev/null ||
        die "The nodes of RabbitMQ do not see each other; see $STACK/rabbitmq-*/log"
}

rabbitmq_cluster_is_ready() {
    local node
    for node in $(rabbitmq_cluster_nodes); do
        rabbitmq_cluster_answers "$node" || return
    done
}

rabbitmq_cluster_stopped() {
    rabbitmq_stop_epmd
}

rabbitmq_cluster_env() {
    local password
    password=$(secret RABBITMQ_PASSWORD)
    echo "BROKER_URL=$(rabbitmq_cluster_nodes |
        sed "s|rabbitmq-\(.*\)|amqp://twitter:$password@127.0.0.1:\1/twitter|" | paste -sd';')"
    echo "BROKER_QUEUE_REPLICAS=$RABBITMQ_NODES"
}
