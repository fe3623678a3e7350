#!/usr/bin/env bash
# Rebuilds and restarts the server whenever a source changed; the front end is rebuilt beside it.
# Ends with Ctrl-C, and so does everything it started.
set -euo pipefail

cd "$(dirname "$0")/.."

data=${DATA:-.data}
listen=${LISTEN:-127.0.0.1:8080}
stamp=$(mktemp)
server=
front=

# shellcheck disable=SC2329  # called by the trap
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$front" ] || kill "$front" 2>/dev/null || true
    rm -f "$stamp"
}
trap stop EXIT
trap 'exit 130' INT TERM

(cd crates/web/frontend && exec node build.mjs --watch) &
front=$!

changed() {
    [ -n "$(find Cargo.toml Cargo.lock crates -newer "$stamp" -type f -not -path '*/node_modules/*' -not -path '*/frontend/*' -print -quit)" ]
}

while true; do
    touch "$stamp"
    if cargo build --bin vizsla; then
        if [ -n "$server" ]; then
            kill "$server" 2>/dev/null || true
            wait "$server" 2>/dev/null || true
        fi
        target/debug/vizsla serve --data "$data" --listen "$listen" &
        server=$!
    fi
    until changed; do sleep 1; done
done
