# shellcheck shell=bash
# HBase: where feeds and friendships may live instead of MariaDB. deploy/hbase/ does the work.

hbase_script() {
    # The lock of this script must not live on in the server.
    HBASE_THRIFT_PORT=${PORT_OF[hbase]} "$ROOT/deploy/hbase/hbase.sh" "$@" 9>&-
}

hbase_start() {
    hbase_script start >/dev/null || die "HBase did not start; the lines above say why. Without it: make stack-up HBASE=off"
}

hbase_stop() {
    hbase_script stop >/dev/null
}

hbase_settle() { :; }

hbase_adopt() {
    # Whatever listens there, Thrift has no greeting to know it by.
    cannot_use hbase "may be anything"
}

hbase_url() {
    printf 'hbase://127.0.0.1:%s' "${PORT_OF[hbase]}"
}
