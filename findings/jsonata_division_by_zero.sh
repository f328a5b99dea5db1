#!/usr/bin/env bash
# Dividing by zero in four ports of JSONata: jsonata-python 0.7.1 raises Python's own ZeroDivisionError, jlens 0.25.0
# raises D1001, jsonatapy 2.2.13 and jsonata2py 0.1.3 yield infinity. Published measurements on AWS say that the result
# there is the text Infinity, and that 1/0 > 0.8 is true.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check jsonata-python==0.7.1 jsonatapy==2.2.13 jlens==0.25.0 jsonata2py==0.1.3 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
jsonata-python: ZeroDivisionError
jlens: JlensError
jsonatapy: inf
jsonata2py: inf
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import jlens
import jsonata2py
import jsonatapy
from jsonata import Jsonata

ENGINES = {
    "jsonata-python": lambda text: Jsonata(text).evaluate(None),
    "jlens": lambda text: jlens.Expression(text).evaluate(None),
    "jsonatapy": lambda text: jsonatapy.evaluate(text, None),
    "jsonata2py": lambda text: jsonata2py.compile(text).evaluate(None),
}
for name, evaluate in ENGINES.items():
    try:
        print(f"{name}: {evaluate('1/0')}")
    except Exception as error:
        print(f"{name}: {type(error).__name__}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
