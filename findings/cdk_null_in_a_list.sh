#!/usr/bin/env bash
# aws-cdk-lib 2.275.0, from Python, drops None from lists. An event pattern that matches null, [None], becomes an empty
# list, which EventBridge refuses; a list of three in a CustomState becomes a list of two. Match.null_value() gives null.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
[None]: []
[None, "a"]: ["a"]
Match.null_value(): [null]
[1, None, 3] in a state: [1, 3]
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_events as events
from aws_cdk import aws_stepfunctions as sfn


def pattern(value: object) -> object:
    stack = Stack(App(), "S")
    events.Rule(stack, "R", event_pattern=events.EventPattern(detail={"reason": value}))
    (rule,) = assertions.Template.from_stack(stack).find_resources("AWS::Events::Rule").values()
    return rule["Properties"]["EventPattern"]["detail"]["reason"]


for name, value in {"[None]": [None], '[None, "a"]': [None, "a"], "Match.null_value()": events.Match.null_value()}.items():
    print(f"{name}: {json.dumps(pattern(value))}")

stack = Stack(App(), "S")
state = sfn.CustomState(stack, "A", state_json={"Type": "Pass", "Result": {"v": [1, None, 3]}})
sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(state))
(machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
print("[1, None, 3] in a state:", json.loads(machine["Properties"]["DefinitionString"])["States"]["A"]["Result"]["v"])
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
