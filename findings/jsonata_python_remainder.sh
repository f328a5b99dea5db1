#!/usr/bin/env bash
# jsonata-python 0.7.1 drops the fraction of a remainder: 5.5 % 2 is 1, where the reference and two other ports say 1.5,
# and rounds a half up in $formatNumber, where the reference takes the even digit, as in its own $round.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check jsonata-python==0.7.1 jsonatapy==2.2.13 jlens==0.25.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }
cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund jsonata@2.2.2 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
jsonata: 1.5 2 2
jsonata-python: 1 3 2
jsonatapy: 1.5 2 2
jlens: 1.5 2 2
EXPECTED

cat >expressions <<'EXPRESSIONS'
$string(5.5 % 2)
$formatNumber(2.5, "0")
$string($round(2.5))
EXPRESSIONS
cat >program.mjs <<'PROGRAM'
import { readFileSync } from "node:fs";
import jsonata from "jsonata";

const texts = readFileSync("expressions", "utf8").trim().split("\n");
console.log("jsonata:", ...(await Promise.all(texts.map((text) => jsonata(text).evaluate(null)))));
PROGRAM
node program.mjs >seen
"$work/venv/bin/python" - >>seen <<'PROGRAM'
import pathlib

import jlens
import jsonatapy
from jsonata import Jsonata

ENGINES = {
    "jsonata-python": lambda text: Jsonata(text).evaluate(None),
    "jsonatapy": lambda text: jsonatapy.evaluate(text, None),
    "jlens": lambda text: jlens.Expression(text).evaluate(None),
}
for name, evaluate in ENGINES.items():
    print(f"{name}:", *map(evaluate, pathlib.Path("expressions").read_text().splitlines()))
PROGRAM

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
