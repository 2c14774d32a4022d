# shellcheck shell=bash
# Sourced by the scripts beside it: finds a Python and uv, and prepares the locked environment.
#
#   prepare_environment [arguments of uv sync]    afterwards the environment's programs come first on PATH
#
# Needs nothing but Python 3.12, 3.13 or 3.14 with pip, and installs nothing outside the project's folder. Bash 3.2.

# Lower case: upper-case names may be the user's, and exported.
project="$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
environment="${UV_PROJECT_ENVIRONMENT:-$project/.venv}"
case "$environment" in
/* | [A-Za-z]:*) ;;
*) environment="$project/$environment" ;; # uv too takes it relative to the project
esac
uv_folder="$project/.uv-tool"
uv=''
no_python="No Python 3.12, 3.13 or 3.14 was found: install one (https://www.python.org/downloads/, your package manager \
or pyenv), then run this again."

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

# Runs a command as Python. Prints the interpreter behind it (neither a pyenv shim nor a virtual environment, which may
# lack pip), or nothing when it does not run or is not of a version that pyproject.toml admits.
interpreter() {
    local code='import sys; (3, 12) <= sys.version_info[:2] < (3, 15) and print(sys._base_executable or sys.executable)'
    local found
    found="$("$@" -c "$code" 2>/dev/null)" || return 0
    printf '%s' "${found%$'\r'}"
}

# The first suitable interpreter, that of .python-version before others. pyenv's shims refuse versions that are installed
# but not chosen, so its folder is searched too. Prints nothing when there is none.
suitable_python() {
    local wish='' version candidate found=''
    read -r wish <"$project/.python-version" || true
    for version in "$wish" 3.13 3.12 3.14; do
        for candidate in "python$version" "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/$version"*/bin/python; do
            found="$(interpreter "$candidate")"
            [ -z "$found" ] || break 2
        done
    done
    [ -n "$found" ] || found="$(interpreter python3)"
    [ -n "$found" ] || found="$(interpreter python)"
    [ -n "$found" ] || found="$(interpreter py -3)"
    printf '%s' "$found"
}

# Says in UV_PYTHON which Python to use, unless the caller has: that of the environment as it is, else what is found.
choose_python() {
    [ -z "${UV_PYTHON:-}" ] || return 0
    local found
    found="$(interpreter "$(programs_folder)/python")"
    [ -n "$found" ] || found="$(suitable_python)"
    [ -z "$found" ] || export UV_PYTHON="$found"
}

works() {
    "$@" --version >/dev/null 2>&1
}

# Sets uv to the program, which is installed into the project's folder when there is none.
find_uv() {
    local python
    for uv in uv "$uv_folder/bin/uv"; do
        if works "$uv"; then
            return
        fi
    done
    python="$(interpreter "${UV_PYTHON:-python3}")"
    [ -n "$python" ] || python="$(suitable_python)"
    [ -n "$python" ] || fail "$no_python"
    uv="$("$python" -c 'import uv; print(uv.find_uv_bin())' 2>/dev/null || true)"
    uv="${uv%$'\r'}"
    if ! works "$uv"; then
        install_uv "$python"
        uv="$uv_folder/bin/uv"
    fi
}

# `--target` is what pip allows on systems that manage their Python themselves (PEP 668); it needs no venv module.
install_uv() {
    say "uv, which installs what the project needs, is not there: pip puts it into $uv_folder ..."
    mkdir -p "$uv_folder"
    printf '*\n' >"$uv_folder/.gitignore"
    if ! works "$1" -m pip; then
        fail "$1 has no pip, which installs uv: install pip for it (or uv: https://docs.astral.sh/uv/), then run this again."
    fi
    PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 "$1" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
        --upgrade --target "$uv_folder" uv || fail "pip could not install uv: see above; is the package index within reach?"
    works "$uv_folder/bin/uv" || fail "pip installed uv, but $uv_folder/bin/uv does not run: install uv (https://docs.astral.sh/uv/)."
}

programs_folder() {
    if [ -d "$environment/Scripts" ]; then # Windows
        printf '%s' "$environment/Scripts"
    else
        printf '%s' "$environment/bin"
    fi
}

prepare_environment() {
    unset VIRTUAL_ENV PYTHONHOME # somebody else's environment
    choose_python
    find_uv
    # Says nothing when there is nothing to do, and shows uv's progress when there is.
    if ! "$uv" sync --project "$project" --locked --check --quiet "$@" >/dev/null 2>&1; then
        say "Installing what uv.lock lists into $environment ..."
        "$uv" sync --project "$project" --locked "$@" ||
            fail "uv could not prepare $environment: see above (it needs Python 3.12, 3.13 or 3.14)."
    fi
    VIRTUAL_ENV="$environment"
    PATH="$(programs_folder):$PATH"
    case "$uv" in
    */*) PATH="$PATH:$(dirname "$uv")" ;; # tests and pre-commit hooks may want it
    esac
    export VIRTUAL_ENV PATH
}
