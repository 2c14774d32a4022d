# shellcheck shell=bash
# Sourced by run_local.sh and run_web.sh, after _environment.sh: starts one of mitmproxy's programs with the addon.
#
#   run_proxy PROGRAM [arguments]       in the script's place; listens on the Ollama port unless the arguments name a mode
#   names_option OPTION [arguments]     whether the arguments set an option with --set

# What --help says of both.
say_settings() {
    cat <<'TEXT'
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
    # shellcheck disable=SC2154 # _environment.sh sets it
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

names_option() {
    local argument option="$1"
    shift
    for argument in "$@"; do
        case "$argument" in
        "$option="* | "--set=$option="*) return 0 ;;
        esac
    done
    return 1
}

names_mode() {
    local argument
    for argument in "$@"; do
        case "$argument" in
        --mode | --mode=* | -m*) return 0 ;;
        esac
    done
    names_option mode "$@"
}

run_proxy() {
    local port program="$1"
    shift
    if ! names_mode "$@"; then
        port="$(setting PROXY_PORT "${PROXY_PORT:-}" 11434)"
        check_port "$port"
        set -- --mode "regular@$(address "$port")" "$@"
    fi
    # Inexact: whoever develops keeps the tools that a run does not need.
    prepare_environment --no-dev --inexact
    # Without its "Loading script", which would stand before the log in LOG_FORMAT=json; LOG_LEVEL says what follows.
    # Unbuffered: a log that goes through a pipe is seen at once, and mitmweb's address with it.
    PYTHONUNBUFFERED=1 exec "$program" -s "$project/addon/proxy.py" --set termlog_verbosity=alert "$@"
}
