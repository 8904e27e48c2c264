# shellcheck shell=bash
# Sourced by every script here: where things are, what the environment says, how to speak.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# Whatever is written from here on is for nobody else on this machine.
umask 077

# What people may set, in the environment, on the make line or in .env.
KNOBS=(PROFILE HOST PORT DATA_DIR HOST_NAME RATE_LIMITS STORE HBASE SECURE ALLOW_PUBLIC_HOST ALLOWED_HOSTS WEB_WORKERS WEB_THREADS
    DEMO METRICS_TOKEN SENTRY_DSN OTEL_EXPORTER_OTLP_ENDPOINT
    DATABASE_URL DATABASE_REPLICA_URLS REDIS_URL MEMCACHED_URL BROKER_URL HBASE_URL
    MARIADB_PORT REDIS_PORT MEMCACHED_PORT RABBITMQ_PORT HBASE_THRIFT_PORT
    MARIADB_REPLICATION_PORT GALERA_PORT REDIS_CLUSTER_PORT MEMCACHED_CLUSTER_PORT RABBITMQ_CLUSTER_PORT HBASE_CLUSTER_THRIFT_PORT
    BROKER_QUEUE_REPLICAS HBASE_REGIONS
    CASES SEED AUDIT FAULTS)

say() {
    printf '%s\n' "$*"
}

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Take KEY=value lines from a file for what the environment does not set; nothing in it is evaluated.
load_env_file() {
    local line name value
    while IFS= read -r line || [ -n "$line" ]; do
        [[ $line =~ ^[[:space:]]*([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]] || continue
        name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
        if [[ $value =~ ^\"(.*)\"[[:space:]]*$ || $value =~ ^\'(.*)\'[[:space:]]*$ ]]; then
            value=${BASH_REMATCH[1]}
        else
            value=${value%%[[:space:]]#*}
            value=${value%"${value##*[![:space:]]}"}
        fi
        if [ -n "$value" ] && [ -z "${!name-}" ]; then
            export "$name=$value"
        fi
    done <"$1"
}

# Whether a knob says yes: is_on VALUE. The words are those that the settings take.
is_on() {
    case ${1,,} in true | on | ok | y | yes | 1) return 0 ;; *) return 1 ;; esac
}

# Make the demo people where DEMO asks for them: demo_people DEFAULT. With SECURE=on that ends the start.
demo_people() {
    local wanted=${DEMO:-$1}
    ! is_on "$wanted" || step "$VENV/bin/python" manage.py demo
}

# Whether something accepts connections: is_open PORT [HOST].
is_open() {
    local host=${2:-127.0.0.1}
    case $host in 0.0.0.0 | '[::]') host=127.0.0.1 ;; esac
    host=${host#[} host=${host%]}
    (exec 3<>"/dev/tcp/$host/$1") 2>/dev/null
}

# The address to open in a browser: a server that listens everywhere is reached on loopback.
address() {
    local host=${HOST:-127.0.0.1}
    case $host in 0.0.0.0 | '[::]') host=127.0.0.1 ;; esac
    printf 'http://%s:%s/api/' "$host" "${PORT:-8000}"
}

require_free_port() {
    if is_open "${PORT:-8000}" "${HOST:-127.0.0.1}"; then
        die "Port ${PORT:-8000} is taken; choose another, for example: make ${1:-run} PORT=8123"
    fi
}

# Run a command to its end as a child that a TERM to this script also ends.
# (bash alone would die at once and leave the child behind, or wait for it and only then obey.)
step() {
    local child status=0 stopped=0 restore=()
    # A background child of a script ignores Ctrl-C unless told otherwise.
    if env '--default-signal=INT,QUIT' true 2>/dev/null; then
        restore=(env '--default-signal=INT,QUIT')
    fi
    "${restore[@]}" "$@" <&0 &
    child=$!
    trap 'stopped=143; kill -TERM "$child" 2>/dev/null' TERM
    # The terminal sends Ctrl-C to the child as well: here it only has to be remembered.
    trap 'stopped=130' INT
    while :; do
        status=0
        wait "$child" || status=$?
        kill -0 "$child" 2>/dev/null || break
    done
    trap - INT TERM
    if [ "$stopped" != 0 ]; then
        exit "$stopped"
    fi
    return "$status"
}

# A password that is generated once and stays.
secret() {
    local file=$DATA_DIR/stack/secrets value
    value=$(sed -n "s/^$1=//p" "$file" 2>/dev/null || true)
    if [ -z "$value" ]; then
        mkdir -p "$DATA_DIR/stack"
        # Letters and digits only: it stands in addresses, in SQL and in configuration files.
        value=$(head -c 48 /dev/urandom | base64 | tr -dc 'A-Za-z0-9')
        value=${value:0:40}
        (umask 077 && printf '%s=%s\n' "$1" "$value" >>"$file")
    fi
    printf '%s' "$value"
}

if [ -f "$ROOT/.env" ]; then
    load_env_file "$ROOT/.env"
fi

# A knob set to nothing is a knob not set.
for knob in "${KNOBS[@]}"; do
    [ -n "${!knob-}" ] || unset "$knob"
done
unset knob

# Absolute from here on, so that every child means the same folder.
DATA_DIR=${DATA_DIR:-var}
case $DATA_DIR in
    /*) ;;
    *) DATA_DIR=$ROOT/$DATA_DIR ;;
esac
# The folders above it are nothing of ours, and others may have to pass through.
if ! { (umask 022 && mkdir -p "${DATA_DIR%/*}/") && mkdir -p "$DATA_DIR"; }; then
    die "DATA_DIR $DATA_DIR cannot be made."
fi
DATA_DIR=$(cd "$DATA_DIR" && pwd -P)
export DATA_DIR
# The database holds hashes and sessions. One of an older version is closed here, and so is our own folder; about any
# other that is open Django warns (twitter/checks.py), for it may be somebody's home.
# Passing through stays, which servers with accounts of their own need.
chmod go-rw "$DATA_DIR"/db.sqlite3* 2>/dev/null || true
if [ "$DATA_DIR" = "$ROOT/var" ]; then
    chmod go-rw "$DATA_DIR"
fi

# One more, made with another Python, stands beside .venv: .ci/run tests newer ones so.
VENV=$ROOT/${VENV_NAME:-.venv}
export VENV
