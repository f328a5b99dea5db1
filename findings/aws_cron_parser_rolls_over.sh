#!/usr/bin/env bash
# aws-cron-parser 1.1.12 (npm) reads the 31st of each month as the first days of the next month where there is none, and
# 29 February 2027 as 1 March: twelve dates a year where EventBridge has seven.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund aws-cron-parser@1.1.12 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
2027-01-31
2027-03-03
2027-03-31
29 February: 2027-03-01
EXPECTED

cat >program.cjs <<'PROGRAM'
const { next, parse } = require("aws-cron-parser");

const day = (date) => date.toISOString().slice(0, 10);
let from = new Date("2027-01-01T00:00:00Z");
for (let n = 0; n < 3; n++) {
  from = next(parse("0 0 31 * ? *"), from);
  console.log(day(from));
}
console.log("29 February:", day(next(parse("0 0 29 2 ? *"), new Date("2027-01-01T00:00:00Z"))));
PROGRAM
node program.cjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
