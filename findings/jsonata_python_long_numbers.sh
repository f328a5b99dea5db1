#!/usr/bin/env bash
# jsonata-python 0.7.1 writes a whole number of 16 digits or more with an exponent, and rounds it to 15 digits. The
# reference, jsonata 2.2.2 on npm, writes such numbers in full up to 21 digits. A name made of a number in milliseconds
# (13 digits) is safe, one in nanoseconds (19 digits) is not.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check jsonata-python==0.7.1 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
1795824000000: 1795824000000
1795824000000000000: 1.795824e+18
9007199254740991: 9.00719925474099e+15
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
from jsonata import Jsonata

for number in (1795824000000, 1795824000000000000, 9007199254740991):
    print(f"{number}: {Jsonata('$string(n)').evaluate({'n': number})}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
