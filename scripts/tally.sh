#!/usr/bin/env bash
# Sums what the runners said in the given logs: cargo test, node's runner, Playwright.
set -euo pipefail

sed 's/\x1b\[[0-9;]*m//g' "$@" | awk '
    /^test result: / {
        for (i = 1; i < NF; i++) {
            if ($(i + 1) ~ /^passed/) passed += $i
            if ($(i + 1) ~ /^failed/) failed += $i
            if ($(i + 1) ~ /^ignored/) skipped += $i
        }
    }
    /^(#|ℹ) pass [0-9]+$/ { passed += $3 }
    /^(#|ℹ) fail [0-9]+$/ { failed += $3 }
    /^(#|ℹ) skipped [0-9]+$/ { skipped += $3 }
    /^ +[0-9]+ passed( \(.*\))?$/ { passed += $1 }
    /^ +[0-9]+ (failed|flaky|interrupted)$/ { failed += $1 }
    /^ +[0-9]+ (skipped|did not run)$/ { skipped += $1 }
    END {
        line = sprintf("%d passed, %d failed", passed, failed)
        if (skipped) line = line sprintf(", %d skipped", skipped)
        print line
    }'
