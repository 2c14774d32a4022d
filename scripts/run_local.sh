#!/usr/bin/env bash
# Starts the proxy on this machine: an Ollama server whose models live behind an OpenAI-style API.
set -euo pipefail
# shellcheck source=scripts/_environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh"
# shellcheck source=scripts/_proxy.sh
source "$(dirname "${BASH_SOURCE[0]}")/_proxy.sh"

usage() {
    cat <<'TEXT'
Usage: scripts/run_local.sh [arguments of mitmdump]

Runs `mitmdump -s addon/proxy.py` on http://127.0.0.1:11434, where Ollama's clients look; Ctrl-C ends it.
The first run installs what it needs into the project's folder. To see what is asked and answered: scripts/run_web.sh

TEXT
    say_settings
}

case "${1:-}" in
-h | --help) usage ;;
*) run_proxy mitmdump "$@" ;;
esac
