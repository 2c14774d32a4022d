#!/usr/bin/env bash
# The one test command: what CI runs.
set -euo pipefail
# shellcheck source=scripts/_environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh"

# Seconds that pytest may take, for the fast tests and for the slow ones. Linters and types need another minute: ten
# minutes together, or 25 with --all.
fast_seconds=540
slow_seconds=840

# The fast tests are bound by the processor, so several files run at once; the slow ones, which measure and wait, do not.
at_once=(-n auto --maxprocesses 4 --dist loadfile)

usage() {
    cat <<'TEXT'
Usage: scripts/run_tests.sh [--all] [arguments of pytest]

Lint, format, types and tests with their coverage floors; stops at the first step that fails.
The first run installs what it needs into the project's folder.

  --all                  the slow tests too
  arguments of pytest    only pytest, with these (paths are relative to the project's folder), without floors:
                         scripts/run_tests.sh tests/unit/test_sse.py -k bom
TEXT
}

step() {
    local code=0
    printf '\n== %s\n' "$*"
    "$@" || code=$?
    if [ "$code" -ne 0 ]; then
        say "FAILED (exit code $code): $*"
        exit "$code"
    fi
}

main() {
    local argument all=false
    local chosen=(-m "not slow") given=()
    for argument in "$@"; do
        case "$argument" in
        -h | --help)
            usage
            exit
            ;;
        --all)
            all=true
            chosen=()
            ;;
        *) given+=("$argument") ;;
        esac
    done
    prepare_environment --group dev
    cd "$project"
    # Bash 3.2 takes an empty array for an unset variable, hence ${...+...}.
    set -- ${chosen[@]+"${chosen[@]}"} ${given[@]+"${given[@]}"}
    if [ "${#given[@]}" -gt 0 ]; then
        step pytest "$@"
        return
    fi
    export COVERAGE_FILE="$project/.coverage" # processes that the tests start elsewhere write here too
    step ruff check
    step ruff format --check
    step mypy
    step coverage erase
    step coverage run -m pytest --session-timeout "$fast_seconds" "${at_once[@]}" -m "not slow"
    if "$all"; then
        step coverage run -m pytest --session-timeout "$slow_seconds" -m slow
    fi
    step coverage combine --quiet
    step coverage report --include 'translators/*' --fail-under=95
    step coverage report --fail-under=90
    printf '\nAll steps passed.\n'
}

main "$@"
