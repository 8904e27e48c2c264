# shellcheck shell=bash
# Memcached: users and tweets as JSON.

memcached_start() {
    local account
    make_folder memcached
    account=$(server_account memcached)
    # No UDP. The pid file is only written by a daemon; here it marks the process as ours.
    launch memcached memcached -l 127.0.0.1 -p "${PORT_OF[memcached]}" -U 0 -m 256 -c 1024 -u "$account" \
        -P "$STACK/memcached/daemon.pid"
}

memcached_settle() { :; }

memcached_adopt() {
    answers memcached || cannot_use memcached "does not answer"
}

memcached_url() {
    printf '127.0.0.1:%s' "${PORT_OF[memcached]}"
}
