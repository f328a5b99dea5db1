#!/usr/bin/env bash
# jsonata-python 0.7.1 reads text as a number by the rules of Python: an underscore between digits and blanks around
# them are fine. The reference, jsonata 2.2.2 on npm, raises D3030 for both. Code that meets such text passes in a test
# and fails in Step Functions.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check jsonata-python==0.7.1 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
1_000: 1000
 1: 1
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
from jsonata import Jsonata

for text in ("1_000", " 1"):
    print(f"{text}: {Jsonata('$number(x)').evaluate({'x': text})}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
