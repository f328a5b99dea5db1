#!/usr/bin/env bash
# jsonpath 1.3.0 and jsonpath-plus 11.3.0 (npm) find nothing at $.jobs[-1], which is the last item to Step Functions, to
# RFC 9535 and to jsonpath-ng; [-1:] works in both. The filter "in" of Jayway's JsonPath, which Step Functions follows,
# is JavaScript's to jsonpath, which finds nothing in a list that has the text; jsonpath-plus refuses it. Both compare a
# text with a number as if it were one.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund jsonpath@1.3.0 jsonpath-plus@11.3.0 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
$.jobs[-1].name in jsonpath: []
$.jobs[-1].name in jsonpath-plus: []
$.jobs[-1:].name in jsonpath: ["b"]
$.jobs[-1:].name in jsonpath-plus: ["b"]
$.jobs[?(@.auc > 0.92)].name in jsonpath: ["b"]
$.jobs[?(@.auc > 0.92)].name in jsonpath-plus: ["b"]
$.jobs[?(@.name in ['a', 'c'])].name in jsonpath: []
$.jobs[?(@.name in ['a', 'c'])].name in jsonpath-plus: refused
EXPECTED

cat >program.cjs <<'PROGRAM'
const jsonpath = require("jsonpath");
const { JSONPath } = require("jsonpath-plus");

const input = { jobs: [{ name: "a", auc: 0.9 }, { name: "b", auc: "0.95" }] };
const ENGINES = {
  jsonpath: (path) => jsonpath.query(input, path),
  "jsonpath-plus": (path) => JSONPath({ path, json: input }),
};
const PATHS = ["$.jobs[-1].name", "$.jobs[-1:].name", "$.jobs[?(@.auc > 0.92)].name", "$.jobs[?(@.name in ['a', 'c'])].name"];
for (const path of PATHS) {
  for (const [name, find] of Object.entries(ENGINES)) {
    let seen;
    try {
      seen = JSON.stringify(find(path));
    } catch {
      seen = "refused";
    }
    console.log(`${path} in ${name}: ${seen}`);
  }
}
PROGRAM
node program.cjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
