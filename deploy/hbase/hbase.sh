#!/bin/bash
# A real HBase for development and tests: master, region server, ZooKeeper and Thrift 1 in one JVM, on the loopback.
#
#   hbase.sh fetch     jars and classes; at once when they are there
#   hbase.sh start     returns when every table answers and a new one can be made; at once when it runs
#   hbase.sh run       the same in the foreground, for a container: ends with the server, or stops it on TERM
#   hbase.sh stop      in order: regions flushed and closed
#   hbase.sh kill      kill -9; loses nothing that was acknowledged
#   hbase.sh status    "ready" (0), "starting" (1) or "down" (1)
#   hbase.sh create-table NAME FAMILY[,FAMILY] [HEX_SPLIT_KEY]...    a table with regions from its birth
#
# Environment: DATA_DIR (default var of the checkout), HBASE_THRIFT_PORT (9090), HBASE_ZK_PORT, HBASE_MASTER_PORT,
# HBASE_REGIONSERVER_PORT (by default at a distance from the Thrift port, so that a second copy changes one variable),
# HBASE_THRIFT_HOST (127.0.0.1; in a container 0.0.0.0, because its loopback is nobody else's),
# HBASE_HEAP (512m), HBASE_THRIFT_THREADS (128, one for each connection), HBASE_THRIFT_IDLE_MS (60000).
# Needs Java 17 or later and, for fetch, a JDK and Maven (Debian: default-jdk-headless maven).
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

THRIFT_PORT=${HBASE_THRIFT_PORT:-9090}
ZK_PORT=${HBASE_ZK_PORT:-$((THRIFT_PORT + 13091))}
MASTER_PORT=${HBASE_MASTER_PORT:-$((THRIFT_PORT + 13070))}
REGIONSERVER_PORT=${HBASE_REGIONSERVER_PORT:-$((THRIFT_PORT + 13072))}
DATA=$HOME_DIR/data CONF=$HOME_DIR/conf PID=$HOME_DIR/hbase.pid LOG=$HOME_DIR/hbase.log READY=$HOME_DIR/ready
READY_WITHIN_S=130 # a little more than the launcher gives itself

configure() {
  mkdir -p "$CONF" "$DATA"
  render "$HERE/conf/standalone.xml.in" "$CONF/hbase-site.xml" "DATA=$DATA" "ZK_PORT=$ZK_PORT" \
    "MASTER_PORT=$MASTER_PORT" "REGIONSERVER_PORT=$REGIONSERVER_PORT" "THRIFT_PORT=$THRIFT_PORT" "THRIFT_HOST=${HBASE_THRIFT_HOST:-127.0.0.1}" \
    "THRIFT_THREADS=${HBASE_THRIFT_THREADS:-128}" "THRIFT_IDLE_MS=${HBASE_THRIFT_IDLE_MS:-60000}"
  cp "$HERE/conf/log4j.properties" "$CONF/"
}

ready() { [ -f "$READY" ] && listening "$THRIFT_PORT"; }

await() {
  local _
  for _ in $(seq $((READY_WITHIN_S * 10))); do
    ! ready || { say "ready on 127.0.0.1:$THRIFT_PORT"; return; }
    running "$PID" || { tail -5 "$LOG" >&2; rm -f "$PID"; fail "died while starting, see $LOG"; }
    sleep .1
  done
  end "$PID" KILL 5
  fail "not ready within $READY_WITHIN_S s, killed; see $LOG"
}

start() {
  if running "$PID"; then await; return; fi
  fetch
  need java
  need_free HBASE_THRIFT_PORT "$THRIFT_PORT"
  need_free HBASE_ZK_PORT "$ZK_PORT"
  need_free HBASE_MASTER_PORT "$MASTER_PORT"
  need_free HBASE_REGIONSERVER_PORT "$REGIONSERVER_PORT"
  configure
  # Nothing but live sessions is in there, and those of a killed process would be waited for.
  rm -rf "$DATA/zookeeper" "$DATA/tmp" "$READY"
  java_command "$CONF"
  spawn "$PID" "$LOG" "${JAVA[@]}" "$(mark "$PID")" "-Dready.file=$READY" HBaseLauncher
  await
}

# finish SIGNAL SECONDS WORD
finish() {
  local word=$3
  running "$PID" || word="not running"
  end "$PID" "$1" "$2"
  rm -f "$READY"
  say "$word"
}

run() {
  trap 'finish TERM 20 stopped; exit 0' TERM INT
  start
  # In the background, so that a signal does not have to wait for the end of it.
  while running "$PID"; do sleep 1 & wait $!; done
  fail "the server has ended, see $LOG"
}

case ${1:-} in
fetch) lock hbase; fetch ;;
start) lock hbase; start ;;
run) run ;;
stop) lock hbase; finish TERM 20 stopped ;;
kill) lock hbase; finish KILL 10 killed ;;
status)
  running "$PID" || { echo down; exit 1; }
  ready || { echo starting; exit 1; }
  echo "ready on 127.0.0.1:$THRIFT_PORT, pid $(cat "$PID")"
  ;;
create-table)
  running "$PID" || fail "not running"
  [ $# -ge 3 ] || fail "create-table NAME FAMILY[,FAMILY] [HEX_SPLIT_KEY]..."
  java_command "$CONF"
  "${JAVA[@]}" HBaseTool "$@" 2>>"$LOG" || fail "the table could not be made, see $LOG"
  ;;
*) sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
