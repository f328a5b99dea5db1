#!/usr/bin/env bash
# event-ruler 0.3.0 (PyPI), which tests patterns of EventBridge, calls most kinds of them invalid: prefix, suffix,
# numeric, $or, anything-but of a text. It knows exact values, exists and anything-but of a list; 5.0 does not match 5.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check event-ruler==0.3.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
{"status": ["Completed"]}: True
{"status": [{"exists": true}]}: True
{"status": [{"prefix": "Comp"}]}: invalid pattern
{"status": [{"suffix": "ed"}]}: invalid pattern
{"status": [{"anything-but": ["Failed"]}]}: True
{"status": [{"anything-but": "Failed"}]}: invalid pattern
{"count": [{"numeric": [">", 1]}]}: invalid pattern
{"$or": [{"status": ["Failed"]}, {"count": [5]}]}: invalid pattern
{"count": [5.0]}: False
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from event_ruler import test_event_pattern

EVENT = json.dumps({"status": "Completed", "count": 5})
PATTERNS = (
    {"status": ["Completed"]},
    {"status": [{"exists": True}]},
    {"status": [{"prefix": "Comp"}]},
    {"status": [{"suffix": "ed"}]},
    {"status": [{"anything-but": ["Failed"]}]},
    {"status": [{"anything-but": "Failed"}]},
    {"count": [{"numeric": [">", 1]}]},
    {"$or": [{"status": ["Failed"]}, {"count": [5]}]},
    {"count": [5.0]},
)
for pattern in map(json.dumps, PATTERNS):
    try:
        seen = test_event_pattern(EVENT, pattern)
    except Exception as error:
        seen = str(error)
    print(f"{pattern}: {seen}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
