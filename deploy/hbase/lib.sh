# Shared by hbase.sh and cluster.sh: where things are, the jars, starting and stopping a process by its pid.
# shellcheck shell=bash

# Whatever is written from here on is for nobody else on this machine.
umask 077

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CHECKOUT=$(cd "$HERE/../.." && pwd)
DATA_DIR=${DATA_DIR:-var}
[[ $DATA_DIR = /* ]] || DATA_DIR=$CHECKOUT/$DATA_DIR
HOME_DIR=$DATA_DIR/stack/hbase
# Jars and classes; another folder lets a second server (a test's own, say) share them.
DIST_DIR=${HBASE_DIST_DIR:-$HOME_DIR}
STAMP=$DIST_DIR/fetched
HEAP=${HBASE_HEAP:-512m}

say() { echo "${0##*/}: $*"; }
fail() { say "$@" >&2; exit 1; }

# Paths end up in XML, in a file:// address and in a class path.
[[ $HOME_DIR =~ ^[A-Za-z0-9/._+@-]+$ ]] ||
  fail "DATA_DIR may only hold letters, digits and / . _ + @ - (is: $DATA_DIR)"

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null ||
      fail "$program is missing; on Debian: apt-get install --no-install-recommends default-jdk-headless maven"
  done
  local major
  major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p;T;q')
  [ "${major:-0}" -ge 17 ] || fail "Java 17 or later is needed, found ${major:-none} (default-jdk-headless of Debian 12)"
}

checksum() { cat "$HERE/pom.xml" "$HERE"/src/*.java | sha256sum | cut -d' ' -f1; }
fetched() { [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(checksum)" ]; }

fetch() {
  fetched && return
  need java javac mvn
  say "fetching the jars (82 MB, once)"
  mkdir -p "$DIST_DIR"
  (flock 8 && { fetched || gather; }) 8>"$DIST_DIR/fetch.lock"
}

# Jars and classes appear whole or not at all: they are gathered aside and moved in place.
gather() {
  local new=$DIST_DIR/new
  rm -rf "$new"
  mkdir -p "$new/classes"
  # Maven resets the terminal's colours even where it is told to be quiet.
  mvn --quiet --batch-mode --file "$HERE/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$new/lib" 2>&1 | sed 's/\x1b\[[0-9;]*m//g' >&2
  # sun.misc.Signal is not in the symbol file that javac goes by; there is no public way to catch TERM.
  javac -nowarn -XDignore.symbol.file -cp "$new/lib/*" -d "$new/classes" "$HERE"/src/*.java
  rm -rf "$STAMP" "${DIST_DIR:?}/lib" "${DIST_DIR:?}/classes"
  mv "$new/lib" "$new/classes" "$DIST_DIR/"
  rmdir "$new"
  checksum >"$STAMP"
}

# render TEMPLATE TARGET NAME=VALUE...: the template with each @NAME@ replaced.
render() {
  local template=$1 target=$2 pair expressions=()
  shift 2
  for pair in "$@"; do expressions+=(-e "s|@${pair%%=*}@|${pair#*=}|g"); done
  sed "${expressions[@]}" "$template" >"$target"
  ! grep -n '@[A-Z_]*@' "$target" >&2 || fail "$template has names that nothing fills in"
}

# java_command CONF_DIR: sets the array JAVA; what HBase needs opened on Java 17 is HBase's own list.
java_command() {
  JAVA=(java -XX:+UseSerialGC -Xms64m "-Xmx$HEAP" -XX:MaxDirectMemorySize=256m -XX:+ExitOnOutOfMemoryError
    -Djava.net.preferIPv4Stack=true -Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true
    --add-modules jdk.unsupported)
  local module
  for module in java.io java.nio sun.nio.ch java.lang jdk.internal.ref java.lang.reflect java.util java.util.concurrent; do
    JAVA+=(--add-opens "java.base/$module=ALL-UNNAMED")
  done
  for module in java.base/jdk.internal.misc java.base/sun.net.dns java.base/sun.net.util java.security.jgss/sun.security.krb5; do
    JAVA+=(--add-exports "$module=ALL-UNNAMED")
  done
  JAVA+=(-cp "$1:$DIST_DIR/classes:$DIST_DIR/lib/*")
}

# A pid file alone proves nothing: the number may belong to somebody else by now. Ours carry this mark.
mark() { echo "-Dprocess=$1"; }
running() {
  local pid
  [ -f "$1" ] && pid=$(cat "$1") && [[ $pid =~ ^[0-9]+$ ]] && [ -r "/proc/$pid/cmdline" ] &&
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- "$(mark "$1")"
}

# spawn PID_FILE LOG COMMAND...: in a session of its own, so that Ctrl-C at the caller's terminal does not reach it.
spawn() {
  local pid_file=$1 log=$2
  shift 2
  # One old log is kept; a server that warns every second must not fill the disk.
  [ ! -f "$log" ] || [ "$(stat -c %s "$log")" -lt 10000000 ] || mv "$log" "$log.1"
  # The process writes its own pid, so there is no moment at which it runs without a pid file. 9 is the caller's lock.
  # shellcheck disable=SC2016
  setsid nohup bash -c 'echo $$ >"$0" && exec "$@"' "$pid_file" "$@" </dev/null >>"$log" 2>&1 9>&- &
  local _
  for _ in $(seq 50); do running "$pid_file" && return; sleep .1; done
  tail -5 "$log" >&2
  fail "did not start, see $log"
}

# end PID_FILE SIGNAL SECONDS: KILL after that time; a process that is gone already is a success.
end() {
  local pid_file=$1 signal=$2 seconds=$3 pid _
  if running "$pid_file"; then
    pid=$(cat "$pid_file")
    kill "-$signal" "$pid" 2>/dev/null || true
    # A process that was paused never sees TERM.
    [ "$signal" = KILL ] || kill -CONT "$pid" 2>/dev/null || true
    for _ in $(seq $((seconds * 10))); do running "$pid_file" || break; sleep .1; done
    if running "$pid_file"; then
      say "not ended after $seconds s, killing $pid"
      kill -KILL "$pid" 2>/dev/null || true
      for _ in $(seq 50); do running "$pid_file" || break; sleep .1; done
    fi
  fi
  rm -f "$pid_file"
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# need_free VARIABLE PORT: before a start, so that the message names the variable to change.
need_free() {
  local _
  # A process that was killed just now may hold on to its ports for a moment.
  for _ in $(seq 30); do listening "$2" || return 0; sleep .1; done
  fail "port $2 is taken by another process; set $1"
}

# Two starts, or a start and a stop, at the same time would trip over each other.
lock() {
  mkdir -p "$HOME_DIR"
  exec 9>"$HOME_DIR/$1.lock"
  flock --timeout 180 9 || fail "another $1 command is still running"
}
