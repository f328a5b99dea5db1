#!/usr/bin/env bash
# asl-path-validator 0.17.0, and by it asl-validator 4.0.0 with checkPaths, refuse paths that Jayway's JsonPath reads,
# whose syntax the specification of Amazon States Language names. In a filter: != and !, two conditions, a decimal, a
# field of a field. Elsewhere: two names in brackets and a slice with a step.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund asl-path-validator@0.17.0 asl-validator@4.0.0 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
$.jobs[?(@.status == 'Failed')]: valid, valid
$.jobs[?(@.status != 'Failed')]: refused, refused
$.jobs[?(!@.status)]: refused, refused
$.jobs[?(@.epochs > 9)]: valid, valid
$.jobs[?(@.auc > 0.9)]: refused, refused
$.jobs[?(@.epochs > 9 && @.status == 'Failed')]: refused, refused
$.jobs[?(@.model.name == 'churn')]: refused, refused
$.jobs[0,1]: valid, valid
$.jobs[0]['name','auc']: refused, refused
$.jobs[1:2]: valid, valid
$.jobs[::2]: refused, refused
EXPECTED

cat >program.cjs <<'PROGRAM'
const { validatePath } = require("asl-path-validator");
const validate = require("asl-validator");

const PATHS = [
  "$.jobs[?(@.status == 'Failed')]",
  "$.jobs[?(@.status != 'Failed')]",
  "$.jobs[?(!@.status)]",
  "$.jobs[?(@.epochs > 9)]",
  "$.jobs[?(@.auc > 0.9)]",
  "$.jobs[?(@.epochs > 9 && @.status == 'Failed')]",
  "$.jobs[?(@.model.name == 'churn')]",
  "$.jobs[0,1]",
  "$.jobs[0]['name','auc']",
  "$.jobs[1:2]",
  "$.jobs[::2]",
];
for (const path of PATHS) {
  const state = { Type: "Pass", InputPath: path, End: true };
  const judged = [validatePath(path, "path"), validate({ StartAt: "A", States: { A: state } }, { checkPaths: true })];
  console.log(`${path}: ${judged.map(({ isValid }) => (isValid ? "valid" : "refused")).join(", ")}`);
}
PROGRAM
node program.cjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
