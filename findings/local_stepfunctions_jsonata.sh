#!/usr/bin/env bash
# aws-local-stepfunctions 3.0.0 runs a JSONata machine without a word, and as if it were JSONPath: Output is ignored and
# the input comes out. A test on it proves nothing about a JSONata machine.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund aws-local-stepfunctions@3.0.0 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
{"a":1}
EXPECTED

cat >program.mjs <<'PROGRAM'
import { StateMachine } from "aws-local-stepfunctions";

const definition = {
  QueryLanguage: "JSONata",
  StartAt: "A",
  States: { A: { Type: "Pass", Output: { sum: "{% $states.input.a + 1 %}" }, End: true } },
};
const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
console.log(JSON.stringify(await machine.run({ a: 1 }).result));
process.exit();
PROGRAM
node program.mjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
