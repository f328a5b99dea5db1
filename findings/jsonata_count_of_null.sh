#!/usr/bin/env bash
# $count(null) is 0 in jsonata-python 0.7.1 and 1 in jsonatapy 2.2.13 and jlens 0.25.0, as in the reference, jsonata
# 2.2.2 on npm. $exists(null) is true in all.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check jsonata-python==0.7.1 jsonatapy==2.2.13 jlens==0.25.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
jsonata-python: 0
jsonatapy: 1
jlens: 1
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import jlens
import jsonatapy
from jsonata import Jsonata

print("jsonata-python:", Jsonata("$count(null)").evaluate(None))
print("jsonatapy:", jsonatapy.evaluate("$count(null)", None))
print("jlens:", jlens.Expression("$count(null)").evaluate(None))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
