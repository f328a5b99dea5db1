#!/usr/bin/env bash
# json-p3 2.3.1 (npm) refuses a number that begins with 0 and a point, such as 0.92, in a filter, as RFC 9535 and every
# JSON text write it. 1.5 and -0.5 pass, and so does 9.2e-1.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund json-p3@2.3.1 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
@ > 0.92: invalid number literal '0.92'
@ > 0.0: invalid number literal '0.0'
@ > 0: [0.95,2]
@ > -0.5: [0.95,2]
@ > 1.5: [2]
@ > 9.2e-1: [0.95,2]
EXPECTED

cat >program.cjs <<'PROGRAM'
const { jsonpath } = require("json-p3");

for (const number of ["0.92", "0.0", "0", "-0.5", "1.5", "9.2e-1"]) {
  let seen;
  try {
    seen = JSON.stringify(jsonpath.query(`$[?@ > ${number}]`, [0.95, 2]).values());
  } catch (error) {
    seen = error.message.split("(")[0].trim();
  }
  console.log(`@ > ${number}: ${seen}`);
}
PROGRAM
node program.cjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
