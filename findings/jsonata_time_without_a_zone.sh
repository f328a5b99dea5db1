#!/usr/bin/env bash
# jsonata 2.2.2 (npm) and jsonata-rs 0.1.4 read a timestamp without an offset in the time zone of the process, three
# other ports in UTC or not at all. With a picture string the first two read the same text in UTC as well. Write the Z.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check jsonata-python==0.7.1 jsonatapy==2.2.13 jlens==0.25.0 jsonata2py==0.1.3 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }
python3 -m venv "$work/rust"
"$work/rust/bin/python" -m pip install --quiet --disable-pip-version-check jsonata-rs==0.1.4 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }
cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund jsonata@2.2.2 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
jsonata: 05:00 00:00
jsonata-rs: 05:00 00:00
jsonata-python: 00:00 00:00
jsonatapy: 00:00 00:00
jlens: 00:00 00:00
jsonata2py: JsonataEvaluationError 00:00
EXPECTED

export TZ=America/New_York
cat >expressions <<'EXPRESSIONS'
$fromMillis($toMillis("2026-01-01T00:00:00"), "[H01]:[m01]")
$fromMillis($toMillis("2026-01-01T00:00:00", "[Y]-[M]-[D]T[H]:[m]:[s]"), "[H01]:[m01]")
EXPRESSIONS
cat >program.mjs <<'PROGRAM'
import { readFileSync } from "node:fs";
import jsonata from "jsonata";

const texts = readFileSync("expressions", "utf8").trim().split("\n");
console.log("jsonata:", ...(await Promise.all(texts.map((text) => jsonata(text).evaluate(null)))));
PROGRAM
node program.mjs >seen
"$work/rust/bin/python" - >>seen <<'PROGRAM'
import pathlib

import jsonata

print("jsonata-rs:", *(jsonata.Jsonata(text).evaluate(None) for text in pathlib.Path("expressions").read_text().splitlines()))
PROGRAM
"$work/venv/bin/python" - >>seen <<'PROGRAM'
import pathlib

import jlens
import jsonata2py
import jsonatapy
from jsonata import Jsonata

ENGINES = {
    "jsonata-python": lambda text: Jsonata(text).evaluate(None),
    "jsonatapy": lambda text: jsonatapy.evaluate(text, None),
    "jlens": lambda text: jlens.Expression(text).evaluate(None),
    "jsonata2py": lambda text: jsonata2py.compile(text).evaluate(None),
}
for name, evaluate in ENGINES.items():
    values = []
    for text in pathlib.Path("expressions").read_text().splitlines():
        try:
            values.append(evaluate(text))
        except Exception as error:
            values.append(type(error).__name__)
    print(f"{name}:", *values)
PROGRAM

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
