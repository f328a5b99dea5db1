#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: Condition.string_equals with JsonPath.string_at as the value compares with the text of the path,
# and number_equals with JsonPath.number_at with that text too, where a number belongs. The conditions that end in
# json_path compare with what is at the path. Nothing is said of the first two, and they do not match an equal value at
# the path.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
string_equals: {"Variable": "$.best", "StringEquals": "$.wanted"}
string_equals_json_path: {"Variable": "$.best", "StringEqualsPath": "$.wanted"}
number_greater_than: {"Variable": "$.auc", "NumericGreaterThan": "$.least"}
number_greater_than_json_path: {"Variable": "$.auc", "NumericGreaterThanPath": "$.least"}
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_stepfunctions as sfn

CONDITIONS = {
    "string_equals": sfn.Condition.string_equals("$.best", sfn.JsonPath.string_at("$.wanted")),
    "string_equals_json_path": sfn.Condition.string_equals_json_path("$.best", "$.wanted"),
    "number_greater_than": sfn.Condition.number_greater_than("$.auc", sfn.JsonPath.number_at("$.least")),
    "number_greater_than_json_path": sfn.Condition.number_greater_than_json_path("$.auc", "$.least"),
}
for name, condition in CONDITIONS.items():
    stack = Stack(App(), "S")
    choice = sfn.Choice(stack, "A").when(condition, sfn.Succeed(stack, "B")).otherwise(sfn.Fail(stack, "C"))
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(choice))
    (machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    (rule,) = json.loads(machine["Properties"]["DefinitionString"])["States"]["A"]["Choices"]
    del rule["Next"]
    print(f"{name}: {json.dumps(rule)}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
