# shellcheck shell=bash
# RabbitMQ: carries tasks. The outbox sends again what a broker loses.

rabbitmq_ports() {
    local port=${PORT_OF[rabbitmq]}
    # Two stacks side by side need two of each; ports end at 65535.
    if [ "$port" -le 44000 ]; then
        DIST_PORT=$((port + 20000)) EPMD_PORT=$((port + 21000))
    else
        DIST_PORT=$((port - 20000)) EPMD_PORT=$((port - 21000))
    fi
}

# Users and virtual hosts as RabbitMQ reads them at every start; because of this file it never makes guest.
# The second virtual host keeps tests out of the queues of a running copy.
# https://www.rabbitmq.com/docs/definitions
rabbitmq_definitions() {
    RABBITMQ_PASSWORD=$(secret RABBITMQ_PASSWORD) python3 - <<'PYTHON'
import base64, hashlib, json, os
salt = os.urandom(4)
digest = hashlib.sha256(salt + os.environ["RABBITMQ_PASSWORD"].encode()).digest()
hosts = ["twitter", "test_twitter"]
print(json.dumps({
    "users": [{
        "name": "twitter", "tags": [], "limits": {},
        "password_hash": base64.b64encode(salt + digest).decode(),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
    }],
    "vhosts": [{"name": host} for host in hosts],
    "permissions": [
        {"user": "twitter", "vhost": host, "configure": ".*", "write": ".*", "read": ".*"} for host in hosts
    ],
}))
PYTHON
}

rabbitmq_stop_epmd() {
    # Without the port: it runs on the one it was started with, whatever RABBITMQ_PORT says today.
    local pid mark="epmd -address 127.0.0.1 -port"
    if pid=$(pid_in "$STACK/rabbitmq/epmd.pid" "$mark"); then
        stop_pid "Erlang's name server" "$pid" "$mark"
    fi
    rm -f "$STACK/rabbitmq/epmd.pid"
}

# Erlang's name server. Started here, for this stack alone, because the one that RabbitMQ would start by itself
# listens everywhere and stays behind.
rabbitmq_start_epmd() {
    local pid_file=$STACK/rabbitmq/epmd.pid i
    pid_in "$pid_file" "-port $EPMD_PORT" >/dev/null && return
    # One may be left from before RABBITMQ_PORT was changed.
    rabbitmq_stop_epmd
    (exec 9>&- && as_account rabbitmq setsid epmd -address 127.0.0.1 -port "$EPMD_PORT") \
        </dev/null >>"$STACK/rabbitmq/epmd.log" 2>&1 &
    echo "$!" >"$pid_file"
    for ((i = 0; i < 50; i++)); do
        is_open "$EPMD_PORT" && return
        sleep 0.1
    done
    die "Erlang's name server did not start; see $STACK/rabbitmq/epmd.log"
}

rabbitmq_start() {
    local folder=$STACK/rabbitmq port
    case $folder in *[[:space:]]*) die "RabbitMQ cannot live in a folder with a space in its name: $folder" ;; esac
    make_folder rabbitmq
    rabbitmq_ports
    for port in "$DIST_PORT" "$EPMD_PORT"; do
        if is_open "$port" && ! pid_in "$folder/epmd.pid" "-port $port" >/dev/null; then
            die "RabbitMQ also needs port $port, which is taken; choose another RABBITMQ_PORT."
        fi
    done
    rabbitmq_configure rabbitmq </dev/null
    rabbitmq_start_epmd
    # Erlang names the data after the node, hence a node for each port.
    rabbitmq_launch rabbitmq "twitter-${PORT_OF[rabbitmq]}@localhost"
}

# Write the configuration of a node: rabbitmq_configure NAME, and further lines by standard input.
rabbitmq_configure() {
    local folder=$STACK/$1
    {
        cat <<CONFIG
listeners.tcp.local = 127.0.0.1:${PORT_OF[$1]}
load_definitions = $folder/definitions.json
log.console = true
log.console.level = info
log.file = false
log.connection.level = warning
CONFIG
        cat
    } | write_private "$1" rabbitmq.conf
    rabbitmq_definitions | write_private "$1" definitions.json
    echo '[].' | write_private "$1" enabled_plugins
}

# Launch a node: rabbitmq_launch NAME NODE [ERLANG_ARGUMENT]...
rabbitmq_launch() {
    local name=$1 node=$2 folder=$STACK/$1
    shift 2
    # Erlang keeps its cookie in HOME.
    # RUNNING_UNDER_SYSTEMD makes the start script become the server instead of watching over it,
    # and the last argument means nothing to it but makes its command line ours.
    launch "$name" env HOME="$folder" \
        RABBITMQ_NODENAME="$node" \
        RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" \
        RABBITMQ_ADVANCED_CONFIG_FILE="$folder/advanced.config" \
        RABBITMQ_CONF_ENV_FILE="$folder/rabbitmq-env.conf" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$folder/enabled_plugins" \
        RABBITMQ_MNESIA_BASE="$folder/data" \
        RABBITMQ_LOG_BASE="$folder/logs" \
        RABBITMQ_LOGS=- \
        RABBITMQ_DIST_PORT="$DIST_PORT" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} $*" \
        ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$EPMD_PORT" \
        RUNNING_UNDER_SYSTEMD=true \
        /usr/lib/rabbitmq/bin/rabbitmq-server -stack_folder "$folder/"
}

rabbitmq_settle() { :; }

# A broker of the system: only its administrator can make us an account, and guest is nobody's.
rabbitmq_adopt() {
    local port=${PORT_OF[rabbitmq]} host
    probe "$(rabbitmq_url)" && return
    probe "amqp://127.0.0.1:$port" || cannot_use rabbitmq "does not speak AMQP"
    if [ "$(id -u)" = 0 ] && command -v rabbitmqctl >/dev/null &&
        rabbitmqctl -q status 2>/dev/null | grep -qE "port: $port, protocol: amqp(,|$)"; then
        # The password goes by standard input; an account that exists already keeps its own.
        secret RABBITMQ_PASSWORD | rabbitmqctl -q add_user twitter >/dev/null 2>&1 || true
        for host in twitter test_twitter; do
            rabbitmqctl -q add_vhost "$host" >/dev/null 2>&1 || true
            rabbitmqctl -q set_permissions -p "$host" twitter '.*' '.*' '.*' >/dev/null 2>&1 || true
        done
    fi
    probe "$(rabbitmq_url)" || cannot_use rabbitmq "does not let us in"
}

rabbitmq_url() {
    printf 'amqp://twitter:%s@127.0.0.1:%s/twitter' "$(secret RABBITMQ_PASSWORD)" "${PORT_OF[rabbitmq]}"
}
