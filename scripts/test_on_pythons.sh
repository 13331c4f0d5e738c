#!/bin/sh
# Run the tests on every Python that kws promises, each in an environment of its own below .venvs/:
# those that are installed (python3.12, or a version of pyenv), else those that uv can fetch.
set -eu
cd "$(dirname "$0")/.."

find_python() {
    command -v "$HOME/.pyenv/versions/$1".*/bin/python 2>/dev/null | tail -1 && return
    command -v "python$1" >/dev/null && "python$1" -c '' 2>/dev/null && command -v "python$1" && return
    command -v uv >/dev/null && uv python install --quiet "$1" 2>/dev/null && uv python find "$1" && return
    return 1
}

for version in 3.11 3.12 3.13; do
    if ! python=$(find_python "$version"); then
        echo "no Python $version here, and uv cannot fetch one: not tested" >&2
        continue
    fi
    echo "--- Python $version: $python"
    make --no-print-directory check VENV=".venvs/$version" PYTHON="$python"
done
