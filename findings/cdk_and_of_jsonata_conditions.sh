#!/usr/bin/env bash
# aws-cdk-lib 2.275.0 combines two JSONata conditions with Condition.and_ into a rule with And, and negates one into Not,
# without a word. Amazon States Language has neither in JSONata, where a rule has one Condition: asl-validator 4.0.0
# refuses both. Write "and" and "$not" within one expression.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }
cd "$work"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund asl-validator@4.0.0 >install.log 2>&1 || { cat install.log; exit 2; }

cat >expected <<'EXPECTED'
one: {"Condition": "{% true %}", "Next": "P"}: valid
and_: {"And": [{"Condition": "{% true %}"}, {"Condition": "{% true %}"}], "Next": "P"}: refused
not_: {"Not": {"Condition": "{% true %}"}, "Next": "P"}: refused
EXPECTED

cat >judge.cjs <<'PROGRAM'
const validate = require("asl-validator");

console.log(validate(JSON.parse(process.argv[2])).isValid ? "valid" : "refused");
PROGRAM
"$work/venv/bin/python" - >seen <<'PROGRAM'
import json
import subprocess

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_stepfunctions as sfn

one = sfn.Condition.jsonata("{% true %}")
CONDITIONS = {"one": one, "and_": sfn.Condition.and_(one, one), "not_": sfn.Condition.not_(one)}
for name, condition in CONDITIONS.items():
    stack = Stack(App(), "S")
    choice = sfn.Choice(stack, "C", query_language=sfn.QueryLanguage.JSONATA)
    choice.when(condition, sfn.Pass.jsonata(stack, "P"))
    body = sfn.DefinitionBody.from_chainable(choice)
    sfn.StateMachine(stack, "M", definition_body=body, query_language=sfn.QueryLanguage.JSONATA)
    (machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    text = machine["Properties"]["DefinitionString"]
    (rule,) = json.loads(text)["States"]["C"]["Choices"]
    judged = subprocess.run(["node", "judge.cjs", text], capture_output=True, text=True).stdout.strip()
    print(f"{name}: {json.dumps(rule)}: {judged}")
PROGRAM

cat seen
diff expected seen >&2 || { echo "the behaviour has changed" >&2; exit 1; }
