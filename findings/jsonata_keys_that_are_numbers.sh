#!/usr/bin/env bash
# The reference, jsonata 2.2.2 on npm, keeps the order of the keys of an object, unless they look like whole numbers:
# JavaScript puts those first, in ascending order. The Python ports keep what was inserted, so $keys and $string of one
# object differ between a test and Step Functions.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund jsonata@2.2.2 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
["1","2"]
{"9":2,"10":1,"b":0}
EXPECTED

cat >program.mjs <<'PROGRAM'
import jsonata from "jsonata";

console.log(JSON.stringify(await jsonata('$keys({"2": 1, "1": 2})').evaluate({})));
console.log(await jsonata('$string({"b": 0, "10": 1, "9": 2})').evaluate({}));
PROGRAM
node program.mjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
