#!/usr/bin/env bash
# Starts the proxy with mitmweb: what clients ask, and what the OpenAI-style server is asked, in the browser.
set -euo pipefail
# shellcheck source=scripts/_environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh"
# shellcheck source=scripts/_proxy.sh
source "$(dirname "${BASH_SOURCE[0]}")/_proxy.sh"

usage() {
    cat <<'TEXT'
Usage: scripts/run_web.sh [arguments of mitmweb]

Runs `mitmweb -s addon/proxy.py`: the server of scripts/run_local.sh on http://127.0.0.1:11434, and a page on
http://127.0.0.1:8081 that shows each exchange with both of its sides: the client's, in Ollama's protocol, and each
call of the OpenAI-style server. The page opens in the browser; its address, with a token that lets in, is printed
too. Ctrl-C ends it. Everything that is shown is kept in memory until then.

  --web-port PORT                   another port than 8081 for the page
  --no-web-open-browser             only print its address
  --set web_password=PASSWORD       instead of the token; better its argon2 hash, in single quotes, of which this
                                    makes one: uv run python -c 'import argon2; print(argon2.PasswordHasher().hash(input()))'
  --rfile FILE                      show too what `mitmdump -w FILE` has kept
TEXT
    say_settings
}

main() {
    local column columns=()
    case "${1:-}" in
    -h | --help)
        usage
        return
        ;;
    esac
    if ! names_option web_columns "$@"; then
        # As mitmweb has them, but in the place of TLS and icons the comment, which tells of an exchange in one line.
        for column in path method status size time comment; do
            columns+=(--set "web_columns=$column")
        done
        set -- "${columns[@]}" "$@"
    fi
    # A config.yaml in ~/.mitmproxy may name another host. --web-host counts more than that, and more than --set; of
    # several the last counts.
    names_option web_host "$@" || set -- --web-host 127.0.0.1 "$@"
    run_proxy mitmweb "$@"
}

main "$@"
