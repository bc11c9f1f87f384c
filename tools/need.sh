#!/bin/sh
# Prints the path of a tool that is new enough, or says on stderr what to install. Used by the Makefile.
#   tools/need.sh python   → /usr/bin/python3     (3.11 or newer, with venv; PYTHON=/path names one)
#   tools/need.sh node     → /usr/bin/node        (20.19 or newer, and npm)
set -eu

python_is_good() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

need_python() {
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if command -v "$name" >/dev/null && python_is_good "$name"; then
            command -v "$name"
            return
        fi
    done
    echo "Python 3.11 or newer, with venv, is needed; ${PYTHON:-python3} is not: $(${PYTHON:-python3} --version 2>&1 || true)." >&2
    echo "  Debian, Ubuntu:  sudo apt-get install python3 python3-venv" >&2
    echo "  elsewhere:       make PYTHON=/path/to/python3.12 …" >&2
    exit 1
}

need_node() {
    if command -v node >/dev/null && command -v npm >/dev/null; then
        if node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
            command -v node
            return
        fi
    fi
    echo "Node.js 20.19 or newer, with npm, is needed; found: $(node --version 2>&1 || true)." >&2
    echo "  https://nodejs.org/en/download, or the package of your system (nodejs, npm)." >&2
    exit 1
}

case "${1:-}" in
    python) need_python ;;
    node) need_node ;;
    *) echo "usage: tools/need.sh python|node" >&2; exit 2 ;;
esac
