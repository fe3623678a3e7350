#!/usr/bin/env bash
# Exports cases that were filled from real documents, and has the field's own tools read them: OASIS's stix2-validator and
# pymisp. They are fetched from PyPI into .tools/python once; where they can't be had, this says so and checks nothing.
#
# usage: acceptance-export.sh VIZSLA DATA
set -euo pipefail
cd "$(dirname "$0")/.."
vizsla=$1
data=$2/intel
python=.tools/python

if [ ! -x "$python/bin/stix2_validator" ] || ! "$python/bin/python" -c 'import pymisp' 2>/dev/null; then
	if ! { python3 -m venv "$python" && "$python/bin/pip" install --quiet --disable-pip-version-check -r scripts/acceptance-export.txt; } 2>.tools/python.log; then
		echo "Exports were not checked: stix2-validator and pymisp can't be had (.tools/python.log)."
		exit 0
	fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A case for each sort of document.
fill() {
	local name=$1
	shift
	local number
	number=$("$vizsla" case new "$name" --data "$work/data")
	"$vizsla" import intel --case "$number" --data "$work/data" "$@" >"$work/import.log" 2>&1 || true
	for format in stix misp csv json plain; do
		"$vizsla" export "$number" --format "$format" --status all -o "$work/$number.$format.json" --data "$work/data"
	done
	echo "$number  $name: $(wc -l <"$work/$number.plain.json") artifacts"
}

mapfile -t stix < <(find "$data/stix" \( -name '*.json' -o -name '*.json.gz' -o -name '*.stix2' \) ! -name SOURCE.json | sort)
mapfile -t misp < <(find "$data/misp/eset-events" "$data/misp/pymisp-test-events" "$data/misp/misp-stix-reference-pairs" \( -name '*.json' -o -name '*.json.gz' \) ! -name SOURCE.json ! -name extraction_key.json | sort)
fill "STIX documents" "${stix[@]}"
fill "MISP documents" "${misp[@]}"
fill "ATT&CK for ICS, STIX 2.1" "$data/attack/ics-attack-18.1.stix21.json.gz"
fill "ATT&CK for ICS, STIX 2.0" "$data/attack-ics-stix20-twin/ics-attack.json.gz"

"$python/bin/python" scripts/acceptance-export.py --sources "${stix[@]}" --exports "$work"/*.stix.json "$work"/*.misp.json
