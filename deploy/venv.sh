#!/usr/bin/env bash
# Makes the virtual environment .venv, or brings it up to date; does nothing, fast, when nothing changed.
#
#   deploy/venv.sh [dev] [stack]     requirements/lock/run.txt, and requirements/lock/NAME.txt for each name
#
# Installs the locked versions and nothing whose hash differs; `make lock` renews the locks from requirements*.txt.
set -euo pipefail

# shellcheck source=deploy/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

MINIMUM='import sys; sys.exit(sys.version_info < (3, 11))'

# Prints the first Python that is new enough. A name on PATH may be a shim for nothing, so each is tried.
find_python() {
    local candidate needs='import venv, ensurepip; '
    if command -v uv >/dev/null; then
        needs=''
    fi
    # The system's goes first. Distributions build theirs with profile-guided optimization, pyenv by default does not,
    # which makes each request a fifth dearer.
    for candidate in ${PYTHON:+"$PYTHON"} /usr/bin/python3 python3 python3.11 python3.12 python3.13 python3.14; do
        if "$candidate" -c "$needs$MINIMUM" 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer with its venv module is needed; on Debian: sudo deploy/provision.sh python"
}

make_venv() {
    local python
    python=$(find_python)
    rm -rf "$VENV"
    if command -v uv >/dev/null && uv venv --quiet --python "$python" "$VENV" 2>/dev/null; then
        return
    fi
    "$python" -m venv "$VENV"
}

install() {
    local arguments=() file
    for file in "$@"; do
        arguments+=(-r "$file")
    done
    # Whatever keeps uv from its work (an index or a certificate it cannot use), pip may still do it.
    if command -v uv >/dev/null &&
        step uv pip install --quiet --compile-bytecode --require-hashes --python "$VENV/bin/python" "${arguments[@]}" 2>"$VENV/uv.log"; then
        return
    fi
    # A virtual environment made by uv has no pip.
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || "$VENV/bin/python" -m ensurepip >/dev/null
    step "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes "${arguments[@]}"
}

checksum() {
    cksum <"$1"
}

cd "$ROOT"
files=(requirements/lock/run.txt)
for name in "$@"; do
    files+=("requirements/lock/$name.txt")
done

# Two first starts at once shall not write into one folder.
if command -v flock >/dev/null; then
    exec 8<requirements/lock/run.txt
    flock 8
fi

if ! "$VENV/bin/python" -c "$MINIMUM" 2>/dev/null; then
    say "Making ${VENV##*/}; the first time takes a minute."
    make_venv
fi

changed=()
for file in "${files[@]}"; do
    stamp=$VENV/installed-$(basename "$file" .txt)
    [ "$(cat "$stamp" 2>/dev/null)" = "$(checksum "$file")" ] || changed+=("$file")
done
[ "${#changed[@]}" -gt 0 ] || exit 0

say "Installing ${changed[*]}"
# All of them together: one must not undo what another asks for.
install "${files[@]}"
for file in "${changed[@]}"; do
    checksum "$file" >"$VENV/installed-$(basename "$file" .txt)"
done
