#!/usr/bin/env bash
# Says where the acceptance data are, or loudly that they are not there.
set -euo pipefail

data=${1:?the folder of the acceptance data}

if [ ! -d "$data" ]; then
    cat >&2 <<TEXT

    *** ACCEPTANCE WAS NOT TESTED: there is no folder $data ***
    *** Say where the data are: make acceptance VIZSLA_TEST_DATA=/path/to/data ***

TEXT
    exit 1
fi
printf 'acceptance data: %s\n' "$data"
