#!/usr/bin/env bash
# Prepares this checkout for development; running it again does no harm.
set -euo pipefail
# shellcheck source=scripts/_environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/_environment.sh"

main() {
    case "${1:-}" in
    '') ;;
    -h | --help)
        echo "Usage: scripts/setup_dev.sh   (installs every tool into .venv, and the pre-commit hook)"
        exit
        ;;
    *) fail "scripts/setup_dev.sh takes no arguments, but was given '$1'" ;;
    esac
    prepare_environment --all-groups
    cd "$project"
    if [ -e .git ]; then
        pre-commit install || say "The pre-commit hook is not installed: see above. Everything else is ready."
    else
        say "This folder is not a git checkout: no pre-commit hook is installed."
    fi
    cat <<'TEXT'

Ready. What next:
  scripts/run_tests.sh                       lint, types and tests: what CI runs
  scripts/run_tests.sh tests/unit            a part of the tests
  scripts/run_local.sh                       the proxy on http://127.0.0.1:11434
  scripts/run_web.sh                         the same, and every exchange in the browser
  .venv/bin/python -m tests.upstream         a test server to run it against without a key (CONTRIBUTING.md)
TEXT
}

main "$@"
