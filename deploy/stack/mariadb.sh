# shellcheck shell=bash
# MariaDB: the truth. Everything else can be rebuilt from it.

mariadb_config() {
    cat <<CONFIG
[mariadbd]
datadir = $STACK/mariadb/data
socket = $STACK/mariadb/socket
port = ${PORT_OF[mariadb]}
bind-address = 127.0.0.1
skip-name-resolve
skip-log-bin
# This collation tells emoji apart; the default finds all of them equal.
character-set-server = utf8mb4
collation-server = utf8mb4_unicode_520_ci
# A commit that was answered is on the disk.
innodb_flush_log_at_trx_commit = 1
innodb_buffer_pool_size = 512M
innodb_log_file_size = 256M
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

mariadb_start() {
    local as_root=() folder=$STACK/mariadb
    # A unix socket's path has 107 characters at most.
    [ "${#folder}" -le 95 ] || die "DATA_DIR is too long for MariaDB's socket; choose a shorter path."
    make_folder mariadb
    mariadb_config | write_private mariadb my.cnf
    if [ "$(server_account mariadb)" = root ]; then
        as_root=(--user=root)
    fi
    if [ ! -d "$folder/data/mysql" ]; then
        # Made beside and moved, so that an interrupted start leaves no half database.
        rm -rf "$folder/data" "$folder/data.new"
        (as_account mariadb mariadb-install-db --defaults-file="$folder/my.cnf" --datadir="$folder/data.new" \
            --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" \
            --skip-test-db "${as_root[@]}") >"$folder/log" 2>&1 9>&- ||
            die "MariaDB's data could not be made; see $folder/log"
        mv "$folder/data.new" "$folder/data"
    fi
    launch mariadb mariadbd --defaults-file="$folder/my.cnf" "${as_root[@]}"
}

# The administrator of our own server is who runs this script, by its socket and without a password.
# shellcheck disable=SC2120 # lib.sh gives it arguments
mariadb_admin() {
    mariadb --no-defaults --socket="$STACK/mariadb/socket" --user="$(id -un)" "$@"
}

mariadb_settle() {
    # shellcheck disable=SC2119 # this one means none
    mariadb_sql own | mariadb_admin ||
        die "MariaDB runs, but its database could not be made."
}

# Whether our own account gets in.
mariadb_login() {
    MYSQL_PWD=$(secret MARIADB_PASSWORD) mariadb --no-defaults --host=127.0.0.1 --port="${PORT_OF[mariadb]}" \
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
