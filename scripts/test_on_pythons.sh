#!/bin/sh
# Run the tests with the other Pythons that kws promises to run on, all tests or those named:
#
#     [PYTHONS="3.12 3.13"] sh scripts/test_on_pythons.sh [ARGUMENT OF PYTEST ...]
#
# Each has an environment of its own, .venv-VERSION.  The interpreter is the one on the PATH or of
# pyenv, else one that uv fetches; where there is none, one line says so and the version is left out.
set -eu
cd "$(dirname "$0")/.."

# Prints the path of a Python of version $1, if there is one or one can be fetched.
find_python() {
    # A shim of pyenv is on the PATH, but does not run, when its version is not the chosen one.
    for candidate in "python$1" "$(pyenv root)/versions/$(pyenv latest "$1")/bin/python"; do
        "$candidate" -c 'import sys; print(sys.executable)' && return
    done
    if ! command -v uv >&2; then
        [ -x .venv-uv/bin/uv ] ||
            { python3 -m venv .venv-uv && .venv-uv/bin/pip install --quiet uv; } >&2 || return 1
        PATH="$PWD/.venv-uv/bin:$PATH"
    fi
    uv python install "$1" >&2 && uv python find "$1"
}

failed=""
for version in ${PYTHONS:-3.12 3.13}; do
    if python=$(find_python "$version" 2>/dev/null); then
        echo "Python $version: $python"
        venv=".venv-$version"
        { make PYTHON="$python" VENV="$venv" "$venv/.test" test-packages &&
            "$venv/bin/python" -m pytest "$@"; } || failed="$failed $version"
    else
        echo "Python $version: left out, not on the PATH, not in pyenv, and uv cannot fetch it"
    fi
done
[ -z "$failed" ] || { echo "the tests fail with Python$failed" >&2; exit 1; }
