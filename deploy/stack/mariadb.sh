# shellcheck shell=bash
# MariaDB: the truth. Everything else can be rebuilt from it.

# What every MariaDB of ours has: mariadb_config NAME.
mariadb_config() {
    cat <<CONFIG
[mariadbd]
datadir = $STACK/$1/data
socket = $STACK/$1/socket
# A folder of its own, because a starting server deletes the temporary tables there, even if another server uses them.
tmpdir = $STACK/$1
port = ${PORT_OF[$1]}
bind-address = 127.0.0.1
skip-name-resolve
# This collation tells emoji apart; the default finds all of them equal.
character-set-server = utf8mb4
collation-server = utf8mb4_unicode_520_ci
# A commit that was answered is on the disk.
innodb_flush_log_at_trx_commit = 1
max_allowed_packet = 64M
CONFIG
}

# What the project needs: its database, and an account that may make test databases beside it.
mariadb_sql() {
    local password host
    password=$(secret MARIADB_PASSWORD)
    echo "CREATE DATABASE IF NOT EXISTS twitter CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;"
    for host in localhost 127.0.0.1; do
        echo "CREATE USER IF NOT EXISTS 'twitter'@'$host' IDENTIFIED BY '$password';"
        if [ "$1" = own ]; then
            # Somebody else's server may have an account of this name; its password is not ours to change.
            echo "ALTER USER 'twitter'@'$host' IDENTIFIED BY '$password';"
        fi
        echo "GRANT ALL ON twitter.* TO 'twitter'@'$host';"
        echo "GRANT ALL ON \`test\\_%\`.* TO 'twitter'@'$host';"
    done
}

# Make the folder of a server and its configuration: mariadb_prepare NAME, and its own options on standard input.
mariadb_prepare() {
    local folder=$STACK/$1
    # A unix socket's path has 107 characters at most.
    [ "${#folder}" -le 95 ] || die "DATA_DIR is too long for MariaDB's socket; choose a shorter path."
    make_folder "$1"
    { mariadb_config "$1" && cat; } | write_private "$1" my.cnf
}

# Make the data of a new server: mariadb_make_data NAME.
mariadb_make_data() {
    local as_root=() folder=$STACK/$1
    [ "$(server_account "$1")" != root ] || as_root=(--user=root)
    [ ! -d "$folder/data/mysql" ] || return 0
    # Made beside and moved, so that an interrupted start leaves no half database.
    rm -rf "$folder/data" "$folder/data.new"
    (as_account "$1" mariadb-install-db --defaults-file="$folder/my.cnf" --datadir="$folder/data.new" \
        --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" \
        --skip-test-db "${as_root[@]}") >"$folder/log" 2>&1 9>&- ||
        die "MariaDB's data could not be made; see $folder/log"
    mv "$folder/data.new" "$folder/data"
}

# mariadb_launch NAME [ARGUMENT...]
mariadb_launch() {
    local name=$1 as_root=()
    shift
    [ "$(server_account "$name")" != root ] || as_root=(--user=root)
    launch "$name" mariadbd --defaults-file="$STACK/$name/my.cnf" "${as_root[@]}" "$@"
}

mariadb_start() {
    mariadb_prepare mariadb <<CONFIG
skip-log-bin
innodb_buffer_pool_size = 512M
innodb_log_file_size = 256M
CONFIG
    mariadb_make_data mariadb
    mariadb_launch mariadb
}

# The administrator of a server of ours is who runs this script, by its socket and without a password.
mariadb_admin_of() {
    local name=$1
    shift
    mariadb --no-defaults --socket="$STACK/$name/socket" --user="$(id -un)" "$@"
}

# shellcheck disable=SC2120 # lib.sh gives it arguments
mariadb_admin() {
    mariadb_admin_of mariadb "$@"
}

mariadb_lets_us_in() {
    mariadb_admin_of "$1" --execute='SELECT 1' >/dev/null 2>&1
}

# Wait until a server of ours lets its administrator in, or until TEST NAME succeeds: mariadb_wait_for NAME SECONDS [TEST].
mariadb_wait_for() {
    local is_ready=${3:-mariadb_lets_us_in} deadline=$((SECONDS + $2))
    until "$is_ready" "$1"; do
        if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$(cat "$(get_pid_file "$1")")" 2>/dev/null; then
            tail -n 15 "$STACK/$1/log" >&2 || true
            die "${TITLE[$1]} is not ready; the lines above are from $STACK/$1/log"
        fi
        sleep 0.1
    done
}

mariadb_settle() {
    # shellcheck disable=SC2119 # this one means none
    mariadb_sql own | mariadb_admin ||
        die "MariaDB runs, but its database could not be made."
}

# Whether our own account gets in.
mariadb_login() {
    mariadb_login_at "${PORT_OF[mariadb]}"
}

mariadb_login_at() {
    MYSQL_PWD=$(secret MARIADB_PASSWORD) mariadb --no-defaults --host=127.0.0.1 --port="$1" \
        --user=twitter --connect-timeout=3 twitter --execute='SELECT 1' >/dev/null 2>&1
}

mariadb_adopt() {
    local port=${PORT_OF[mariadb]} way
    mariadb_login && return
    # An administrator's ways in: the system's socket, or ~/.my.cnf over TCP. The socket may belong to another server.
    for way in --protocol=socket "--host=127.0.0.1 --port=$port"; do
        # shellcheck disable=SC2086 # two options in one word
        if [ "$(mariadb $way --connect-timeout=3 -N -e 'SELECT @@port' 2>/dev/null </dev/null)" = "$port" ]; then
            mariadb_sql foreign | mariadb $way >/dev/null 2>&1 || true
            break
        fi
    done
    mariadb_login || cannot_use mariadb "does not let us in"
}

mariadb_url() {
    printf 'mysql://twitter:%s@127.0.0.1:%s/twitter' "$(secret MARIADB_PASSWORD)" "${PORT_OF[mariadb]}"
}
