# shellcheck shell=bash
# The steps of .ci/run: what each is called, how long it took and whether it failed. Needs deploy/common.sh.

timings=()
failed=()

# Run one step, show how long it took, and go on after a failure: one run shall tell all. Returns the step's exit status.
#
#   timed TITLE COMMAND [ARGUMENT...]
timed() {
    local title=$1 started=$SECONDS outcome=ok status=0
    shift
    say "::: $title"
    step "$@" || status=$?
    if [ "$status" != 0 ]; then
        outcome=failed
        failed+=("$title")
    fi
    timings+=("$(printf '%5d s  %-6s  %s' "$((SECONDS - started))" "$outcome" "$title")")
    return "$status"
}

# Tests, and once more those that failed, as CPython's own runs do: the real servers share a small machine with the tests,
# and one answer in thousands comes too late. What passes only then is shown; what fails twice has failed.
#
# Only pytest's exit status 1 says that all tests ran and some failed. After any other, one of a signal for example, some
# never ran: then those that failed are not the whole story, and the step has failed. make hides the status; hence scripts.
#
#   tested TITLE SCRIPT [PYTEST_ARGUMENT...]
tested() {
    local title=$1 status=0
    shift
    # Failures of another step are none of this one's.
    rm -f .pytest_cache/v/cache/lastfailed
    timed "$title" "$@" || status=$?
    [ "$status" = 1 ] || return "$status"
    timed "$title: what failed, once more" "$@" --last-failed --last-failed-no-failures none -p no:randomly -n 0 || return
    # The first run is mended.
    unset "failed[-1]"
}
