# shellcheck shell=bash
# Galera: three MariaDB that hold the same, and HAProxy, which sends everybody to one of them. Why: docs/adr/0018-what-mariadb-must-do.md.

# HAProxy's on 127.0.0.1 and MariaDB's on 127.0.0.2, .3 and .4; the next five are for the nodes among each other.
GALERA_PORT=${GALERA_PORT:-3406}
GALERA_NODES=(galera-2 galera-3 galera-4)

galera_address() {
    echo "127.0.0.${1#galera-}"
}

# The clients' way first; of the nodes, the one that is stopped last is started first.
galera_cluster_nodes() {
    printf '%s\n' haproxy galera-4 galera-3 galera-2
}

galera_define() {
    local node
    for node in "${GALERA_NODES[@]}" haproxy; do
        # shellcheck disable=SC2004,SC2034 # associative, and read in lib.sh
        PORT_OF[$node]=$GALERA_PORT ACCOUNT[$node]=mysql TITLE[$node]="MariaDB ${node/galera-/127.0.0.}"
    done
    # shellcheck disable=SC2034,SC2154 # the key is a word
    TITLE[haproxy]=HAProxy
}

galera_options() {
    local address group=$((GALERA_PORT + 1)) peers
    address=$(galera_address "$1")
    peers=$(for node in "${GALERA_NODES[@]}"; do echo "$(galera_address "$node"):$group"; done | paste -sd,)
    cat <<CONFIG
bind-address = $address
skip-log-bin
binlog_format = row
innodb_autoinc_lock_mode = 2
innodb_buffer_pool_size = 128M
innodb_log_file_size = 64M
performance_schema = off
wsrep_on = on
wsrep_provider = /usr/lib/galera/libgalera_smm.so
wsrep_cluster_name = twitter
wsrep_cluster_address = gcomm://$peers
wsrep_node_name = $1
wsrep_node_address = $address:$group
wsrep_slave_threads = 2
# A new node gets its data while the one that gives them goes on serving.
wsrep_sst_method = mariabackup
wsrep_sst_auth = sst:$(secret SST_PASSWORD)
wsrep_sst_receive_address = $address:$((GALERA_PORT + 1 + ${1#galera-}))
# A node that says nothing for three seconds is out: sooner than HAProxy sends its clients to another one.
wsrep_provider_options = "gmcast.listen_addr=tcp://$address:$group;ist.recv_addr=$address:$((GALERA_PORT + 2));gcache.size=128M;evs.suspect_timeout=PT3S;evs.inactive_timeout=PT8S"
[sst]
sst-log-archive = 0
# Without this, a node that gets its data would listen on every address of the machine.
sockopt = ",bind=$address"
CONFIG
}

# The position up to which a node has everything, as UUID:NUMBER. Of one that was killed InnoDB knows it.
galera_position() {
    local folder=$STACK/$1 as_root=()
    [ "$(server_account "$1")" != root ] || as_root=(--user=root)
    rm -f "$folder/recovery.err"
    (as_account "$1" mariadbd --defaults-file="$folder/my.cnf" "${as_root[@]}" --wsrep-recover \
        --log-error="$folder/recovery.err") >/dev/null 2>&1 9>&- || true
    sed -n 's/.*WSREP: Recovered position: *//p' "$folder/recovery.err" | tail -n 1
}

# Start the first node of a cluster of which none runs: the one that has most. All others follow it.
galera_bootstrap() {
    local node position best='' most=-2
    for node in "${GALERA_NODES[@]}"; do
        [ -d "$STACK/$node/data/mysql" ] || continue
        position=$(galera_position "$node")
        position=${position##*:}
        if [ "${position:--1}" -gt "$most" ]; then
            best=$node most=${position:--1}
        fi
    done
    if [ -n "$best" ]; then
        # Its own file may say that another one was stopped last, or none at all.
        sed -i 's/^safe_to_bootstrap: .*/safe_to_bootstrap: 1/' "$STACK/$best/data/grastate.dat"
    else
        best=${GALERA_NODES[0]}
        mariadb_make_data "$best"
    fi
    mariadb_launch "$best" --wsrep-new-cluster
    mariadb_wait_for "$best" 60 galera_is_synced
}

galera_join() {
    local position
    if [ -d "$STACK/$1/data/mysql" ]; then
        # With its position it asks for what it lacks, and not for everything.
        position=$(galera_position "$1")
    fi
    mkdir -p "$STACK/$1/data"
    [ "$(id -u)" != 0 ] || chown "$(server_account "$1"):" "$STACK/$1/data"
    mariadb_launch "$1" ${position:+--wsrep-start-position="$position"}
}

# Whether a node takes part in the cluster and has what the others have.
galera_is_synced() {
    mariadb_admin_of "$1" -N --execute="SHOW STATUS LIKE 'wsrep_local_state_comment'" 2>/dev/null | grep -q 'Synced$'
}

galera_sql() {
    mariadb_sql own
    echo "CREATE USER IF NOT EXISTS 'sst'@'localhost' IDENTIFIED BY '$(secret SST_PASSWORD)';"
    echo "GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR, REPLICA MONITOR ON *.* TO 'sst'@'localhost';"
    echo "CREATE USER IF NOT EXISTS 'haproxy'@'127.0.0.1' IDENTIFIED BY '$(secret HAPROXY_PASSWORD)';"
}

galera_cluster_start() {
    local node running=0
    for node in "${GALERA_NODES[@]}"; do
        if get_pid "$node" >/dev/null; then
            running=1
        else
            ! is_open "$GALERA_PORT" "$(galera_address "$node")" ||
                die "Port $GALERA_PORT is taken; choose six free ones in a row with GALERA_PORT."
            galera_options "$node" | mariadb_prepare "$node"
        fi
    done
    if [ "$running" = 0 ]; then
        galera_bootstrap
    fi
}

# On one that is in the cluster; what joins it copies from it.
galera_set_up() {
    local node
    for node in "${GALERA_NODES[@]}"; do
        if galera_is_synced "$node"; then
            galera_sql | mariadb_admin_of "$node" || die "Galera runs, but its database could not be made."
            return
        fi
    done
    for node in "${GALERA_NODES[@]}"; do
        if get_pid "$node" >/dev/null; then
            # It has lost the majority. The others are dead, as this machine knows, so it has what was confirmed.
            mariadb_admin_of "$node" --execute="SET GLOBAL wsrep_provider_options = 'pc.bootstrap=yes'"
            mariadb_wait_for "$node" 60 galera_is_synced
            galera_set_up
            return
        fi
    done
}

galera_cluster_settle() {
    local node deadline
    galera_set_up
    # One after the other: two that join at once on a busy machine may exclude each other.
    for node in "${GALERA_NODES[@]}"; do
        get_pid "$node" >/dev/null || galera_join "$node"
        mariadb_wait_for "$node" 60 galera_is_synced
    done
    haproxy_start
    deadline=$((SECONDS + 30))
    until galera_cluster_is_ready; do
        [ "$SECONDS" -lt "$deadline" ] || die "HAProxy finds no node; see $STACK/haproxy/log"
        sleep 0.1
    done
}

galera_cluster_is_ready() {
    local node
    for node in "${GALERA_NODES[@]}"; do
        galera_is_synced "$node" || return
    done
    mariadb_login_at "$GALERA_PORT"
}

galera_cluster_env() {
    echo "DATABASE_URL=mysql://twitter:$(secret MARIADB_PASSWORD)@127.0.0.1:$GALERA_PORT/twitter"
}

galera_define

# HAProxy asks each node for its state: whether it accepts connections says nothing of whether it belongs to the cluster.
# One that gives its data to a new node goes on serving; the new one is not ready before it has what the others have.
haproxy_check() {
    cat <<'CHECK'
#!/bin/sh
# HAProxy gives its own address and port, then those of the server. As few processes as possible: on a busy machine a
# check that is late counts as failed.
[ "$(mariadb --defaults-file="${0%/*}/check.cnf" --host="$3" --port="$4" -N --execute="
    SELECT COUNT(*) FROM information_schema.global_status
    WHERE (variable_name, variable_value) IN (('WSREP_READY', 'ON'), ('WSREP_CLUSTER_STATUS', 'Primary'))")" = 2 ]
CHECK
}

haproxy_config() {
    local node
    cat <<CONFIG
global
    maxconn 1000
    external-check
    insecure-fork-wanted
defaults
    mode tcp
    timeout connect 1s
    # MariaDB and the project close what is idle.
    timeout client 9h
    timeout server 9h
    timeout check 1500ms
listen mariadb
    bind 127.0.0.1:$GALERA_PORT
    option external-check
    external-check path /usr/bin:/bin
    external-check command $STACK/haproxy/check
    # One writer, for locks are local to a node. Whichever it is stays it, also when another one comes back.
    stick-table type integer size 1 nopurge
    stick on dst_port
    # A node that is frozen fails its third check after six seconds, when the cluster has excluded it. Then its sessions end.
    default-server check inter 1s fall 3 rise 2 on-marked-down shutdown-sessions
CONFIG
    for node in "${GALERA_NODES[@]}"; do
        echo "    server $node $(galera_address "$node"):$GALERA_PORT source 127.0.0.1$([ "$node" = "${GALERA_NODES[0]}" ] || echo ' backup')"
    done
}

haproxy_start() {
    if get_pid haproxy >/dev/null; then
        return
    fi
    ! is_open "$GALERA_PORT" || die "Port $GALERA_PORT is taken; choose six free ones in a row with GALERA_PORT."
    make_folder haproxy
    printf '[client]\nuser = haproxy\npassword = %s\nconnect_timeout = 1\n' "$(secret HAPROXY_PASSWORD)" |
        write_private haproxy check.cnf
    haproxy_check | write_private haproxy check
    chmod u+x "$STACK/haproxy/check"
    haproxy_config | write_private haproxy haproxy.cfg
    launch haproxy haproxy -db -f "$STACK/haproxy/haproxy.cfg"
}
