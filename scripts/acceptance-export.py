"""Reads exports with the field's own tools: stix2-validator for bundles, pymisp for events.

usage: acceptance-export.py --sources FILE… --exports FILE…

Errors fail, warnings are counted. An object that came in a document leaves as it came; what the validator says of it in the
document too is told and does not fail."""

import collections
import gzip
import json
import sys

from pymisp import MISPEvent
from stix2validator import ValidationOptions, validate_file, validate_parsed_json

told_of_sources = set()


def objects_of(path):
    """The objects of a document, packed or not; none when it is no bundle."""
    opened = gzip.open(path) if path.endswith(".gz") else open(path, "rb")
    with opened as file:
        try:
            document = json.load(file)
        except ValueError:
            return []
    objects = document.get("objects", []) if isinstance(document, dict) else document
    return [one for one in objects if isinstance(one, dict)] if isinstance(objects, list) else []


split = sys.argv.index("--exports")
for path in sys.argv[2:split]:
    for one in objects_of(path):
        if one.get("type") != "indicator" or one.get("spec_version") not in ("2.0", "2.1", None):
            continue
        one = {**one, "spec_version": "2.1"}
        bundle = {"type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d", "objects": [one]}
        try:
            result = validate_parsed_json(bundle, ValidationOptions(version="2.1"))
        except Exception:  # what the validator can't read has no errors to be told
            continue
        for error in [str(error) for error in result.errors or []]:
            if "Pattern failed to validate" in error:
                told_of_sources.add(one["id"])

failed = False
for path in sys.argv[split + 1 :]:
    if path.endswith(".misp.json"):
        event = MISPEvent()
        event.load_file(path)
        attributes = len(event.attributes) + sum(len(one.attributes) for one in event.objects)
        detecting = sum(one.to_ids for one in event.attributes)
        text = json.loads(event.to_json())
        assert text["uuid"] == json.load(open(path))["Event"]["uuid"]
        print(f"{path}: an event of {attributes} attributes ({detecting} to_ids), {len(event.objects)} objects, {len(event.tags)} tags")
        continue
    results = validate_file(path, ValidationOptions(version="2.1"))
    warnings, errors = collections.Counter(), []
    for one in results.object_results:
        errors += [str(error) for error in one.errors or []]
        for warning in one.warnings or []:
            warnings[str(warning).split("{")[-1].split("}")[0]] += 1
    told = ", ".join(f"{{{code}}} {count}" for code, count in sorted(warnings.items()))
    objects = json.load(open(path))["objects"]
    print(f"{path}: {len(objects)} objects, {len(errors)} errors; warnings: {told or 'none'}")
    known = [error for error in errors if any(id in error for id in told_of_sources)]
    if known:
        print(f"  {len(known)} of the errors are patterns that came so, in objects that leave as they came")
    errors = [error for error in errors if error not in known]
    for error in errors[:40]:
        print(f"  {error}")
    if results.fatal:
        print(f"  {results.fatal}")
    failed |= bool(errors) or bool(results.fatal)
sys.exit(failed)
