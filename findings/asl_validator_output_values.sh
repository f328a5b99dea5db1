#!/usr/bin/env bash
# asl-validator 4.0.0 refuses a JSONata state whose Output is a list, a number, false or null. Amazon States Language and
# AWS's documents allow any JSON value there; an object or a text passes. Write the value as an expression.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund asl-validator@4.0.0 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
{"a":1}: valid
"{% $states.input %}": valid
["{% $states.input %}"]: refused
5: refused
false: refused
null: refused
"{% [5] %}": valid
EXPECTED

cat >program.cjs <<'PROGRAM'
const validate = require("asl-validator");

for (const Output of [{ a: 1 }, "{% $states.input %}", ["{% $states.input %}"], 5, false, null, "{% [5] %}"]) {
  const definition = { QueryLanguage: "JSONata", StartAt: "A", States: { A: { Type: "Pass", Output, End: true } } };
  console.log(`${JSON.stringify(Output)}: ${validate(definition).isValid ? "valid" : "refused"}`);
}
PROGRAM
node program.cjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
