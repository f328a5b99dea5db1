#!/usr/bin/env bash
# aws-cdk-lib 2.275.0 writes a JsonPath without its mark where a field is not a template: Condition.string_equals
# compares with the four letters of $.b, the cause of a Fail is the text $.why, a Result holds $.n, and a Wait has a
# path as its Timestamp. Nothing warns. There are string_equals_json_path, cause_path, parameters and timestamp_path.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
string_equals: StringEquals "$.b"
string_equals_json_path: StringEqualsPath "$.b"
number_equals: NumericEquals "$.b"
cause: Cause "$.why"
cause, formatted: Cause "States.Format('for {}', $.why)"
cause_path: CausePath "$.why"
result: Result {"n": "$.n"}
parameters: Parameters {"n.$": "$.n"}
timestamp: Timestamp "$.t"
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_stepfunctions as sfn

JsonPath = sfn.JsonPath


def choice(stack: Stack, condition: sfn.Condition) -> sfn.Choice:
    return sfn.Choice(stack, "A").when(condition, sfn.Pass(stack, "B"))


STATES = {
    "string_equals": (lambda stack: choice(stack, sfn.Condition.string_equals("$.a", JsonPath.string_at("$.b"))), "StringEquals"),
    "string_equals_json_path": (lambda stack: choice(stack, sfn.Condition.string_equals_json_path("$.a", "$.b")), "StringEqualsPath"),
    "number_equals": (lambda stack: choice(stack, sfn.Condition.number_equals("$.a", JsonPath.number_at("$.b"))), "NumericEquals"),
    "cause": (lambda stack: sfn.Fail(stack, "A", cause=JsonPath.string_at("$.why")), "Cause"),
    "cause, formatted": (lambda stack: sfn.Fail(stack, "A", cause=JsonPath.format("for {}", JsonPath.string_at("$.why"))), "Cause"),
    "cause_path": (lambda stack: sfn.Fail(stack, "A", cause_path="$.why"), "CausePath"),
    "result": (lambda stack: sfn.Pass(stack, "A", result=sfn.Result.from_object({"n": JsonPath.number_at("$.n")})), "Result"),
    "parameters": (lambda stack: sfn.Pass(stack, "A", parameters={"n": JsonPath.number_at("$.n")}), "Parameters"),
    "timestamp": (lambda stack: sfn.Wait(stack, "A", time=sfn.WaitTime.timestamp(JsonPath.string_at("$.t"))), "Timestamp"),
}
for name, (make, field) in STATES.items():
    stack = Stack(App(), "S")
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(make(stack)))
    (machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    state = json.loads(machine["Properties"]["DefinitionString"])["States"]["A"]
    (rule,) = state.get("Choices", [state])
    print(f"{name}: {field} {json.dumps(rule[field])}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
