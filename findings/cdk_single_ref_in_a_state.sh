#!/usr/bin/env bash
# aws-cdk-lib 2.275.0 writes a mapping with the one key Ref, or Fn::Sub, into a CustomState as plain text: the
# definition has no reference. In every other property of a CDK resource it is one. Take references from constructs, not
# from mappings.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
str
{"v": {"Ref": "Bucket"}}
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_stepfunctions as sfn

stack = Stack(App(), "S")
state = sfn.CustomState(stack, "A", state_json={"Type": "Pass", "Parameters": {"v": {"Ref": "Bucket"}}})
sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(state))
(machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
definition = machine["Properties"]["DefinitionString"]
print(type(definition).__name__)
print(json.dumps(json.loads(definition)["States"]["A"]["Parameters"]))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
