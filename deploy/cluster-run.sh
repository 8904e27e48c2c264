#!/usr/bin/env bash
# `make cluster-run`: two hosts with web, workers, relay and beat each, on the servers of cluster-up, and nginx before
# them, in the foreground. What cluster-up does not have is as stack-up has it.
#
# A host is a supervisor (stack-run.sh) with a folder, ports and a name of its own. They share no file but photos, which
# are in one folder here as they would be in one bucket (S3_BUCKET) on real hosts.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

HOSTS=(1 2)
CLUSTER_DIR=$DATA_DIR
children=()

[ -f "$DATA_DIR/cluster.env" ] || die "There is no $DATA_DIR/cluster.env; run this first: make cluster-up"
[ -f "$DATA_DIR/stack.env" ] || die "There is no $DATA_DIR/stack.env; run this first: make stack-up"

host_port() {
    echo $((${PORT:-8000} + $1))
}

for number in 0 "${HOSTS[@]}"; do
    ! is_open "$(host_port "$number")" || die "Port $(host_port "$number") is taken; choose three free ones with PORT."
done

# The cluster's addresses, whatever else says of one server each.
mapfile -t knobs < <(sed -n 's/^\([A-Z_]*\)=.*/\1/p' "$DATA_DIR/cluster.env")
unset "${knobs[@]}"
load_env_file "$DATA_DIR/cluster.env"
load_env_file "$DATA_DIR/stack.env"
mapfile -t knobs < <(sed -n 's/^\([A-Z_]*\)=.*/\1/p' "$DATA_DIR/cluster.env" "$DATA_DIR/stack.env" | sort -u)
SECRET_KEY=${SECRET_KEY:-$(cat "$DATA_DIR/secret_key" 2>/dev/null || secret SECRET_KEY)}
export SECRET_KEY TRUSTED_PROXIES=${TRUSTED_PROXIES:-127.0.0.1} PROFILE=stack

# The broker's addresses with another one first on each host: rotated NUMBER.
rotated() {
    tr ';' '\n' <<<"$BROKER_URL" | awk -v n="$1" '{ url[NR] = $0 }
        END { for (i = 0; i < NR; i++) printf "%s%s", (i ? ";" : ""), url[(i + n - 1) % NR + 1] }'
}

# Start a host and return once it answers: start_host NUMBER.
start_host() {
    local number=$1 folder=$CLUSTER_DIR/hosts/$1 port
    port=$(host_port "$number")
    mkdir -p "$folder" "$CLUSTER_DIR/media"
    [ -e "$folder/media" ] || ln -s "$CLUSTER_DIR/media" "$folder/media"
    (
        # For manage.py on this host: DATA_DIR=… PROFILE=stack manage.py …
        umask 077
        echo "# Written by deploy/cluster-run.sh. Holds passwords."
        BROKER_URL=$(rotated "$number")
        for knob in "${knobs[@]}" SECRET_KEY; do
            echo "$knob=${!knob}"
        done
    ) >"$folder/stack.env"
    env "BROKER_URL=$(rotated "$number")" "DATA_DIR=$folder" "HOST_NAME=host-$number" HOST=127.0.0.1 "PORT=$port" \
        setpriv --pdeathsig TERM deploy/stack-run.sh &
    children+=("$!")
    until is_open "$port"; do
        kill -0 "$!" 2>/dev/null || die "host-$number did not start; see $folder/log"
        sleep 0.2
    done
}

start_nginx() {
    local folder=$CLUSTER_DIR/hosts/nginx
    mkdir -p "$folder"
    sed -e "s|@FIRST_PORT@|$(host_port 1)|" -e "s|@SECOND_PORT@|$(host_port 2)|" \
        -e "s|@LISTEN@|${HOST:-127.0.0.1}:${PORT:-8000}|" deploy/cluster-nginx.conf.in >"$folder/nginx.conf"
    setpriv --pdeathsig TERM /usr/sbin/nginx -p "$folder" -c "$folder/nginx.conf" -e stderr &
    children+=("$!")
}

# shellcheck disable=SC2317 # called by traps
stop() {
    trap - EXIT INT TERM
    kill -TERM "${children[@]}" 2>/dev/null || true
    wait
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step deploy/provision.sh nginx
step deploy/venv.sh stack
if grep -q '^HBASE_URL=' "$CLUSTER_DIR/cluster.env"; then
    # Split from birth, which Thrift cannot do; a table that is there is left as it is.
    "$VENV/bin/python" manage.py create_hbase_tables --arguments | while read -r -a arguments; do
        DATA_DIR=$CLUSTER_DIR deploy/hbase/cluster.sh create-table "${arguments[@]}" </dev/null >/dev/null
    done
fi
for number in "${HOSTS[@]}"; do
    start_host "$number"
done
start_nginx
say "Open $(address) in a moment. Ctrl-C stops it; logs are in $CLUSTER_DIR/hosts/*/log"
wait -n
die "A part has ended; the others are stopped."
