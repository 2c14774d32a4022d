#!/usr/bin/env bash
# Starts the proxy on this machine: an Ollama server whose models live behind an OpenAI-style API.
set -euo pipefail
# shellcheck source=scripts/_environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh"

usage() {
    cat <<'TEXT'
Usage: scripts/run_local.sh [arguments of mitmdump]

Runs `mitmdump -s addon/proxy.py` on http://127.0.0.1:11434, where Ollama's clients look; Ctrl-C ends it.
The first run installs what it needs into the project's folder.

  OPENAI_API_KEY, OPENAI_BASE_URL   the OpenAI-style server; in the environment or in .env
  PROXY_PORT                        another port than 11434; in the environment or in .env
  --mode SPEC                       other listeners instead, such as --mode regular@127.0.0.1:8080
  --set OPTION=VALUE                an option; --options lists all
TEXT
}

# The value that a .env file gives a variable: its last, without quotes and comment. A missing file gives none.
value_in_file() {
    [ -f "$2" ] || return 0
    LC_ALL=C sed -n -E "s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*[\"']?([^\"'#[:space:]]*).*/\\2/p" \
        "$2" | tail -n 1
}

# As addon/environment.py reads it: the environment, then .env here, then .env in the project.
proxy_port() {
    local port="${PROXY_PORT:-}"
    [ -n "$port" ] || port="$(value_in_file PROXY_PORT .env)"
    [ -n "$port" ] || port="$(value_in_file PROXY_PORT "$project/.env")"
    printf '%s' "${port:-11434}"
}

check_port() {
    case "$1" in
    *[!0-9]* | 0* | ??????*) ;;
    *) [ "$1" -gt 65535 ] || return 0 ;;
    esac
    fail "PROXY_PORT is '$1': give a port from 1 to 65535"
}

main() {
    local argument port mode=own
    case "${1:-}" in
    -h | --help)
        usage
        exit
        ;;
    esac
    for argument in "$@"; do
        case "$argument" in
        --mode | --mode=* | -m* | mode=* | --set=mode=*) mode=theirs ;;
        esac
    done
    if [ "$mode" = own ]; then
        port="$(proxy_port)"
        check_port "$port"
        set -- --mode "regular@127.0.0.1:$port" "$@"
    fi
    # Inexact: whoever develops keeps the tools that a run does not need.
    prepare_environment --no-dev --inexact
    exec mitmdump -s "$project/addon/proxy.py" "$@"
}

main "$@"
