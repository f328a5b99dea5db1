#!/usr/bin/env bash
# jsonata-python 0.7.1 takes true for 1. A number is found by `in` in a list that holds true, and $distinct drops true
# after 1. The reference, jsonata 2.2.2 on npm, says false and keeps both.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check jsonata-python==0.7.1 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
true in [1]: True
$distinct([1, true, "1"]): [1, '1']
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
from jsonata import Jsonata

print("true in [1]:", Jsonata("true in [1]").evaluate(None))
print('$distinct([1, true, "1"]):', list(Jsonata('$distinct([1, true, "1"])').evaluate(None)))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
