#!/bin/bash
# An HBase cluster on one host, to try the settings of a real one: ZooKeeper, master, two region servers and two Thrift,
# each a process of its own, on the loopback. The local disk stands in for HDFS.
#
#   cluster.sh start              returns when both region servers serve and a table can be made
#   cluster.sh stop               in order: regions flushed and closed
#   cluster.sh status             each process, and the region servers that the master knows
#   cluster.sh kill-server N      kill -9 region server 1 or 2; the other one takes its regions within seconds
#   cluster.sh start-server N     bring it back
#   cluster.sh kill-gateway N     kill -9 Thrift 1 or 2
#   cluster.sh start-gateway N    bring it back
#   cluster.sh create-table NAME FAMILY[,FAMILY] [HEX_SPLIT_KEY]...
#
# Environment: DATA_DIR, HBASE_HEAP (of each process) and HBASE_CLUSTER_THRIFT_PORT (9190, of the first Thrift, the
# second has the next one); the other ports lie at a distance from that one. Jars are those of `hbase.sh fetch`.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

THRIFT_PORT=${HBASE_CLUSTER_THRIFT_PORT:-9190}
ZK_PORT=$((THRIFT_PORT + 13091)) MASTER_PORT=$((THRIFT_PORT + 13070))
# Region server 1 and 2 listen on the two ports behind this one.
REGIONSERVER_PORT=$((THRIFT_PORT + 13071))
CLUSTER=$HOME_DIR/cluster
DATA=$CLUSTER/data CONF=$CLUSTER/conf
READY_WITHIN_S=120
SESSION_MS=6000 # a killed region server is missed after this

pid_file() { echo "$CLUSTER/$1.pid"; }
log_file() { echo "$CLUSTER/$1.log"; }

configure() {
  mkdir -p "$CONF" "$DATA"
  render "$HERE/conf/cluster.xml.in" "$CONF/hbase-site.xml" "ROOT_DIR=file://$DATA/hbase" "TMP_DIR=$DATA/tmp" \
    "ZK_QUORUM=127.0.0.1" "ZK_PORT=$ZK_PORT" "SESSION_MS=$SESSION_MS"
  render "$HERE/conf/one-host.xml.in" "$CONF/local.xml" "MASTER_PORT=$MASTER_PORT" "THRIFT_PORT=$THRIFT_PORT"
  render "$HERE/conf/zoo.cfg.in" "$CONF/zoo.cfg" "DATA=$DATA" "ZK_PORT=$ZK_PORT"
  cp "$HERE/conf/log4j.properties" "$CONF/"
}

# launch ROLE CLASS ARGUMENT...
launch() {
  local role=$1
  shift
  running "$(pid_file "$role")" || spawn "$(pid_file "$role")" "$(log_file "$role")" \
    "${JAVA[@]}" "$(mark "$(pid_file "$role")")" "$@"
}

launch_server() {
  launch "regionserver-$1" org.apache.hadoop.hbase.regionserver.HRegionServer \
    -D "hbase.regionserver.port=$((REGIONSERVER_PORT + $1))" start
}

gateway_port() { echo $((THRIFT_PORT + $1 - 1)); }

launch_gateway() {
  launch "thrift-$1" org.apache.hadoop.hbase.thrift.ThriftServer --port "$(gateway_port "$1")" start
}

tool() { "${JAVA[@]}" HBaseTool "$@" 2>>"$(log_file tool)"; }

await_port() {
  local _
  for _ in $(seq 300); do
    ! listening "$2" || return 0
    running "$(pid_file "$1")" || break
    sleep .1
  done
  tail -5 "$(log_file "$1")" >&2
  fail "$1 does not come up, see $(log_file "$1")"
}

start() {
  fetch
  need java
  if ! running "$(pid_file zookeeper)"; then
    need_free HBASE_CLUSTER_THRIFT_PORT "$ZK_PORT"
    need_free HBASE_CLUSTER_THRIFT_PORT "$(gateway_port 1)"
    need_free HBASE_CLUSTER_THRIFT_PORT "$(gateway_port 2)"
  fi
  configure
  launch zookeeper org.apache.zookeeper.server.quorum.QuorumPeerMain "$CONF/zoo.cfg"
  await_port zookeeper "$ZK_PORT"
  launch master org.apache.hadoop.hbase.master.HMaster start
  launch_server 1
  launch_server 2
  tool await-ready 2 "$READY_WITHIN_S" || fail "not ready within $READY_WITHIN_S s, see $CLUSTER/*.log"
  launch_gateway 1
  launch_gateway 2
  await_port thrift-1 "$(gateway_port 1)"
  await_port thrift-2 "$(gateway_port 2)"
  say "ready on 127.0.0.1:$(gateway_port 1) and 127.0.0.1:$(gateway_port 2)"
}

stop() {
  local role
  for role in thrift-1 thrift-2; do end "$(pid_file "$role")" TERM 10; done
  if running "$(pid_file master)"; then
    # The master tells the region servers, waits until they have closed their regions, and ends itself.
    timeout 20 "${JAVA[@]}" HBaseTool shutdown 2>>"$(log_file tool)" || true
    local _
    for _ in $(seq 200); do running "$(pid_file master)" || break; sleep .1; done
  fi
  for role in master regionserver-1 regionserver-2 zookeeper; do end "$(pid_file "$role")" TERM 10; done
  say stopped
}

status() {
  local role code=0
  for role in zookeeper master regionserver-1 regionserver-2 thrift-1 thrift-2; do
    if running "$(pid_file "$role")"; then echo "$role up, pid $(cat "$(pid_file "$role")")"; else
      echo "$role down"
      code=1
    fi
  done
  if running "$(pid_file master)"; then
    echo "region servers:"
    tool servers
  fi
  return $code
}

number() { [[ ${1:-} =~ ^[12]$ ]] || fail "number 1 or 2?"; }

java_command "$CONF"
case ${1:-} in
start) lock cluster; start ;;
stop) lock cluster; stop ;;
status) status ;;
kill-server) number "${2:-}"; lock cluster; end "$(pid_file "regionserver-$2")" KILL 10; say "killed $2" ;;
start-server)
  number "${2:-}"
  lock cluster
  launch_server "$2"
  tool await-ready 2 "$READY_WITHIN_S"
  say "started $2"
  ;;
kill-gateway) number "${2:-}"; lock cluster; end "$(pid_file "thrift-$2")" KILL 10; say "killed $2" ;;
start-gateway)
  number "${2:-}"
  lock cluster
  launch_gateway "$2"
  await_port "thrift-$2" "$(gateway_port "$2")"
  say "started $2"
  ;;
create-table)
  [ $# -ge 3 ] || fail "create-table NAME FAMILY[,FAMILY] [HEX_SPLIT_KEY]..."
  tool "$@" || fail "the table could not be made, see $(log_file tool)"
  ;;
*) sed -n '2,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
