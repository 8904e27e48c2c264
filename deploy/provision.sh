#!/usr/bin/env bash
# Installs Debian packages, only those that are missing, and lets none of them start a service.
#
#   deploy/provision.sh [python] [build] [mariadb] [mariadb-client] [redis] [memcached] [rabbitmq] [hbase] [nginx] [test]
#                       [bench] [python-run] [java]     of finished images: to run, not to build
#
# Without arguments: the first line, without `mariadb-client`, `nginx`, `test` and `bench`.
# Shared by stack.sh, the Vagrantfile, the Dockerfile and .ci/run.
set -euo pipefail
# What packages install is for everybody, whatever the caller keeps to itself.
umask 022

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
GUARD=/usr/sbin/policy-rc.d
GUARD_MARK='# Temporary, by deploy/provision.sh.'

get_packages() {
    case $1 in
        python) echo python3 python3-venv ca-certificates make ;;
        # What an image needs in which everything is built already.
        python-run) echo python3 ca-certificates libmariadb3 ;;
        # mysqlclient has no wheel for Linux.
        build) echo build-essential pkg-config python3-dev default-libmysqlclient-dev ;;
        mariadb) echo mariadb-server mariadb-client ;;
        mariadb-client) echo mariadb-client ;;
        # Galera comes with mariadb-server. A new node gets its data by mariadb-backup, over socat.
        galera) echo mariadb-server mariadb-client mariadb-backup socat haproxy ;;
        redis) echo redis-server ;;
        memcached) echo memcached ;;
        rabbitmq) echo rabbitmq-server ;;
        hbase) echo default-jdk-headless maven ;;
        java) echo default-jre-headless ;;
        # In front of the two web hosts of cluster-run.
        nginx) echo nginx-light ;;
        # A host whose clock is wrong.
        faketime) echo libfaketime ;;
        # The load generator.
        bench) echo wrk ;;
        test) sed -e 's/#.*//' "$HERE/apt-test.txt" ;;
        *)
            echo "provision.sh: unknown group $1" >&2
            return 2
            ;;
    esac
}

is_installed() {
    [ "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null)" = 'install ok installed' ]
}

# While this file says 101, packages install without starting their service.
# https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
guard_services() {
    if [ -e "$GUARD" ] && ! grep -qxF "$GUARD_MARK" "$GUARD"; then
        mv "$GUARD" "$GUARD.before-provision"
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$GUARD_MARK" >"$GUARD"
    chmod 755 "$GUARD"
}

release_services() {
    rm -f "$GUARD"
    if [ -e "$GUARD.before-provision" ]; then
        mv "$GUARD.before-provision" "$GUARD"
    fi
}

# With systemd a fresh package would start its service at the next boot and take our port.
disable_services() {
    [ -d /run/systemd/system ] || return 0
    local package unit
    for package in "$@"; do
        case $package in
            mariadb-server) unit=mariadb ;;
            redis-server | memcached | rabbitmq-server | haproxy) unit=$package ;;
            *) continue ;;
        esac
        systemctl disable --quiet "$unit" 2>/dev/null || true
    done
}

main() {
    [ "$#" -gt 0 ] || set -- python build mariadb redis memcached rabbitmq hbase
    local group package wanted missing=()
    for group in "$@"; do
        wanted=$(get_packages "$group")
        for package in $wanted; do
            is_installed "$package" || missing+=("$package")
        done
    done
    [ "${#missing[@]}" -gt 0 ] || return 0

    if ! command -v apt-get >/dev/null; then
        echo "These packages are missing and this is no Debian: ${missing[*]}" >&2
        return 1
    fi
    if [ "$(id -u)" != 0 ]; then
        echo "These packages are missing: ${missing[*]}. Install them with: sudo deploy/provision.sh $*" >&2
        return 1
    fi

    echo "Installing ${missing[*]}"
    local log
    log=$(mktemp)
    # One at a time: two of these would take each other's guard away.
    exec 9>/run/lock/deploy-provision.lock
    flock 9
    trap release_services EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    guard_services
    # A failed update is no reason to stop: the lists may be there already.
    if ! { DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update || true; } >"$log" 2>&1 ||
        ! DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
            install "${missing[@]}" >>"$log" 2>&1 9>&-; then
        tail -n 20 "$log" >&2
        echo "apt-get could not install them; its whole output is in $log" >&2
        return 1
    fi
    rm -f "$log"
    disable_services "${missing[@]}"
}

main "$@"
