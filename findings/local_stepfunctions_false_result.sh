#!/usr/bin/env bash
# aws-local-stepfunctions 3.0.0 forgets the Result of a Pass that is false, 0 or the empty text: the input of the state
# comes out instead.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund aws-local-stepfunctions@3.0.0 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
{"in":1}
{"in":1}
{"in":1}
true
EXPECTED

cat >program.mjs <<'PROGRAM'
import { StateMachine } from "aws-local-stepfunctions";

for (const result of [false, 0, "", true]) {
  const machine = new StateMachine({ StartAt: "A", States: { A: { Type: "Pass", Result: result, End: true } } });
  console.log(JSON.stringify(await machine.run({ in: 1 }).result));
}
process.exit();
PROGRAM
node program.mjs >seen

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
