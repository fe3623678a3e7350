#!/usr/bin/env bash
# What is linked, under which licence, from where and by whom (deny.toml); and known vulnerabilities,
# whenever their database can be had.
set -euo pipefail

cd "$(dirname "$0")/.."
PATH="$PWD/.tools/bin:$PATH"

cargo-deny check --hide-inclusion-graph bans licenses sources

if timeout 60 cargo-deny fetch db >/dev/null 2>&1; then
    cargo-deny check --hide-inclusion-graph advisories
else
    cat >&2 <<'TEXT'

    *** VULNERABILITIES WERE NOT CHECKED: the advisory database could not be fetched. ***
    *** Run `make deny` again with a network that reaches it.                         ***

TEXT
fi
