# shellcheck shell=bash
# Redis: lists of ids, sessions' cache, rate counters. A cache, so nothing of it is kept on disk.

redis_start() {
    make_folder redis
    write_private redis redis.conf <<CONFIG
bind 127.0.0.1
port ${PORT_OF[redis]}
requirepass $(secret REDIS_PASSWORD)
dir $STACK/redis
daemonize no
# Its command line shall go on naming this file: that is how we know it is ours.
set-proc-title no
save ""
appendonly no
maxmemory 256mb
maxmemory-policy allkeys-lru
CONFIG
    launch redis redis-server "$STACK/redis/redis.conf"
}

redis_settle() { :; }

redis_adopt() {
    # It may want our password (an earlier start of ours) or none at all.
    probe "$(redis_url)" && return
    probe "redis://127.0.0.1:${PORT_OF[redis]}" || cannot_use redis "wants a password"
    REDIS_IS_OPEN=yes
}

redis_url() {
    if [ "${REDIS_IS_OPEN-}" = yes ]; then
        printf 'redis://127.0.0.1:%s/0' "${PORT_OF[redis]}"
    else
        printf 'redis://:%s@127.0.0.1:%s/0' "$(secret REDIS_PASSWORD)" "${PORT_OF[redis]}"
    fi
}
