#!/usr/bin/env bash
# Prints the Chromium that the tests use: $VIZSLA_CHROMIUM, or the first that is installed.
set -euo pipefail

if [ -n "${VIZSLA_CHROMIUM:-}" ]; then
    printf '%s\n' "$VIZSLA_CHROMIUM"
    exit
fi
for name in chromium chromium-browser google-chrome-stable google-chrome; do
    if path=$(command -v "$name"); then
        printf '%s\n' "$path"
        exit
    fi
done
printf 'no Chromium: run scripts/bootstrap.sh test, or set VIZSLA_CHROMIUM\n' >&2
exit 1
