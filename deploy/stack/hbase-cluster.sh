# shellcheck shell=bash
# HBase of two region servers and two Thrift servers. deploy/hbase/cluster.sh does the work, in stack/hbase/cluster.

# The first of the two Thrift servers; deploy/hbase/cluster.sh places the other ports at a distance from it.
HBASE_CLUSTER_THRIFT_PORT=${HBASE_CLUSTER_THRIFT_PORT:-9190}

hbase_cluster_script() {
    # The lock of this script must not live on in the servers.
    HBASE_CLUSTER_THRIFT_PORT=$HBASE_CLUSTER_THRIFT_PORT HBASE_HEAP=${HBASE_HEAP:-256m} \
        "$ROOT/deploy/hbase/cluster.sh" "$@" 9>&-
}

hbase_cluster_nodes() {
    printf 'hbase-%s\n' zookeeper master regionserver-1 regionserver-2 thrift-1 thrift-2
}

hbase_cluster_start() {
    hbase_cluster_script start >/dev/null || die "The cluster of HBase did not start; the lines above say why."
}

# Its start returns when everything is ready.
hbase_cluster_settle() { :; }

# In order: regions are flushed and closed.
hbase_cluster_stop() {
    hbase_cluster_script stop >/dev/null
}

hbase_cluster_is_ready() {
    hbase_cluster_script status >/dev/null
}

hbase_cluster_env() {
    echo "HBASE_URL=hbase://127.0.0.1:$HBASE_CLUSTER_THRIFT_PORT,127.0.0.1:$((HBASE_CLUSTER_THRIFT_PORT + 1))"
}
