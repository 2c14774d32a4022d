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
  PROXY_LISTEN, PROXY_ALLOW         another address than 127.0.0.1, and whose clients are answered there
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

# setting NAME VALUE DEFAULT: as addon/environment.py reads it, the environment (VALUE), .env here, .env in the project.
setting() {
    local value="$2"
    [ -n "$value" ] || value="$(value_in_file "$1" .env)"
    [ -n "$value" ] || value="$(value_in_file "$1" "$project/.env")"
    printf '%s' "${value:-$3}"
}

# HOST:PORT of the listener: PROXY_LISTEN, with PROXY_PORT where it names no port. mitmproxy wants IPv6 without brackets.
address() {
    local listen port="$1"
    listen="$(setting PROXY_LISTEN "${PROXY_LISTEN:-}" 127.0.0.1)"
    case "$listen" in
    \[*\]:*) listen="${listen#[}" && printf '%s' "${listen%%]*}:${listen##*]:}" ;;
    \[*\]) listen="${listen#[}" && printf '%s' "${listen%]}:$port" ;;
    *:*:*) printf '%s' "$listen:$port" ;;
    *:*) printf '%s' "$listen" ;;
    *) printf '%s' "$listen:$port" ;;
    esac
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
        port="$(setting PROXY_PORT "${PROXY_PORT:-}" 11434)"
        check_port "$port"
        set -- --mode "regular@$(address "$port")" "$@"
    fi
    # Inexact: whoever develops keeps the tools that a run does not need.
    prepare_environment --no-dev --inexact
    # Without its "Loading script", which would stand before the log in LOG_FORMAT=json; LOG_LEVEL says what follows.
    exec mitmdump -s "$project/addon/proxy.py" --set termlog_verbosity=alert "$@"
}

main "$@"
