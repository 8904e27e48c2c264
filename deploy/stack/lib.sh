# shellcheck shell=bash
# What the servers have in common: accounts, processes, passwords, probes.
#
# A server is a folder $STACK/NAME with `pid`, `port`, `log` and its data, and a file NAME.sh beside this one with
#   NAME_start    write the configuration and launch
#   NAME_settle   once it answers: make what the project needs in it
#   NAME_adopt    the same for a server that somebody else runs, or say why it cannot be used
#   NAME_url      its address as the project wants it
#   NAME_stop     if TERM to its pid is not enough

# The slowest to start comes first.
# shellcheck disable=SC2034 # for stack.sh
SERVERS=(rabbitmq mariadb redis memcached)
declare -A TITLE=([mariadb]=MariaDB [redis]=Redis [memcached]=Memcached [rabbitmq]=RabbitMQ [hbase]=HBase)
declare -A URL_KNOB=([mariadb]=DATABASE_URL [redis]=REDIS_URL [memcached]=MEMCACHED_URL [rabbitmq]=BROKER_URL
    [hbase]=HBASE_URL)
declare -A PORT_KNOB=([mariadb]=MARIADB_PORT [redis]=REDIS_PORT [memcached]=MEMCACHED_PORT [rabbitmq]=RABBITMQ_PORT
    [hbase]=HBASE_THRIFT_PORT)
declare -A PORT_OF=([mariadb]=${MARIADB_PORT:-3306} [redis]=${REDIS_PORT:-6379}
    [memcached]=${MEMCACHED_PORT:-11211} [rabbitmq]=${RABBITMQ_PORT:-5672} [hbase]=${HBASE_THRIFT_PORT:-9090})
# Which account the Debian package made for its server.
declare -A ACCOUNT=([mariadb]=mysql [redis]=redis [memcached]=memcache [rabbitmq]=rabbitmq)

STACK=$DATA_DIR/stack

# The account a server runs as. Its package's own, if that one can reach the data;
# DATA_DIR may well lie below a folder that only we may enter, and then we are the only choice.
server_account() {
    local account=${ACCOUNT[$1]}
    if [ "$(id -u)" != 0 ]; then
        id -un
    elif id "$account" >/dev/null 2>&1 &&
        setpriv --reuid="$account" --regid="$(id -g "$account")" --init-groups test -x "$STACK" 2>/dev/null; then
        echo "$account"
    else
        echo root
    fi
}

# Run a command as a server's account, from its folder.
as_account() {
    local name=$1 account
    shift
    account=$(server_account "$name")
    cd "$STACK/$name" || return
    if [ "$(id -u)" = 0 ] && [ "$account" != root ]; then
        exec setpriv --reuid="$account" --regid="$(id -g "$account")" --init-groups "$@"
    fi
    exec "$@"
}

# Make the folder of all servers.
make_stack() {
    mkdir -p "$STACK"
    if [ "$(id -u)" = 0 ]; then
        # The servers have accounts of their own. They pass through to their own folders, and look at nothing on the way.
        chmod go+x "$DATA_DIR" "$STACK"
    fi
}

# Wait until no other script starts or stops servers of this DATA_DIR, and let none begin before this one ends.
lock_stack() {
    exec 9>"$STACK/lock"
    flock 9
}

# Make a server's folder, private to its account.
make_folder() {
    local folder=$STACK/$1
    mkdir -p "$folder"
    if [ "$(id -u)" = 0 ]; then
        # The account may have changed since the last start.
        chown -R "$(server_account "$1"):" "$folder"
    fi
    chmod 700 "$folder"
}

# Write a configuration file that may hold a password: standard input to $STACK/NAME/FILE.
write_private() {
    local file=$STACK/$1/$2
    (umask 077 && cat >"$file")
    if [ "$(id -u)" = 0 ]; then
        chown "$(server_account "$1"):" "$file"
    fi
}

# Start a server apart from this terminal and remember its pid: launch NAME COMMAND...
launch() {
    local name=$1 pid_file=$STACK/$1/pid log=$STACK/$1/log
    shift
    if [ -s "$log" ]; then
        mv -f "$log" "$log.1"
    fi
    # The lock of this script must not live on in the server.
    (exec 9>&- && as_account "$name" setsid "$@") </dev/null >>"$log" 2>&1 &
    echo "$!" >"$pid_file"
}

# Whether a process is alive and its command line has a mark.
# The command line of a process that is gone but not yet collected is empty.
has_mark() {
    local command_line
    command_line=$(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") || return 1
    [[ $command_line == *"$2"* ]]
}

# The pid in a pid file, if it is alive and its command line has the mark: a number alone may be anybody's by now.
pid_in() {
    local pid
    [ -f "$1" ] || return 1
    read -r pid <"$1" || return 1
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    has_mark "$pid" "$2" || return 1
    echo "$pid"
}

get_pid_file() {
    case $1 in
        hbase) echo "$STACK/hbase/hbase.pid" ;;
        # Of the cluster; deploy/hbase/ has a place of its own for them.
        hbase-*) echo "$DATA_DIR/stack/hbase/cluster/${1#hbase-}.pid" ;;
        *) echo "$STACK/$1/pid" ;;
    esac
}

get_pid() {
    local file
    file=$(get_pid_file "$1")
    pid_in "$file" "${file%/*}/"
}

# Any Java will do.
has_java() {
    command -v javac >/dev/null && command -v mvn >/dev/null
}

# TERM, wait, and only then KILL: stop_pid TITLE PID MARK.
stop_pid() {
    local title=$1 pid=$2 mark=$3 deadline=$((SECONDS + 60))
    kill -TERM "$pid" 2>/dev/null || return 0
    while [ "$SECONDS" -lt "$deadline" ]; do
        has_mark "$pid" "$mark" || return 0
        sleep 0.1
    done
    say "$title did not stop within a minute and was killed."
    kill -KILL "$pid" 2>/dev/null || true
}

probe() {
    PROBE_URL=$1 python3 "$ROOT/deploy/stack/probe.py"
}

# Whether a server of ours is up and lets us in.
answers() {
    case $1 in
        mariadb) mariadb_admin --execute='SELECT 1' >/dev/null 2>&1 ;;
        redis) probe "$(redis_url)" ;;
        memcached) probe "memcached://127.0.0.1:${PORT_OF[memcached]}" ;;
        rabbitmq) probe "$(rabbitmq_url)" ;;
        hbase) hbase_script status >/dev/null ;;
    esac
}

wait_for() {
    local name=$1 pid deadline=$((SECONDS + 60))
    pid=$(cat "$(get_pid_file "$name")")
    while [ "$SECONDS" -lt "$deadline" ]; do
        if answers "$name"; then
            return 0
        fi
        # Not get_pid: a start script has not become the server yet.
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 15 "$STACK/$name/log" >&2 || true
    die "${TITLE[$name]} did not start; the lines above are from $STACK/$name/log"
}

# Somebody else's server that we cannot use: say what to do about it.
cannot_use() {
    die "${TITLE[$1]} on port ${PORT_OF[$1]} is not ours and $2. Set ${URL_KNOB[$1]}, or choose a free port with ${PORT_KNOB[$1]}."
}
