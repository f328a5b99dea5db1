#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: CfnInclude leaves null out of the Definition of a state machine in the template that it includes.
# ResultPath null, which keeps the input of a state, is gone, so the result takes its place; a list loses an item. As a
# DefinitionString the same definition stays as it is.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
Definition: {"End": true, "Result": {"list": [1, 3]}, "Type": "Pass"}
DefinitionString: {"End": true, "Result": {"list": [1, null, 3]}, "ResultPath": null, "Type": "Pass"}
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import pathlib
import tempfile

from aws_cdk import App, Stack, assertions
from aws_cdk.cloudformation_include import CfnInclude

STATE = {"Type": "Pass", "Result": {"list": [1, None, 3]}, "ResultPath": None, "End": True}
DEFINITION = {"StartAt": "A", "States": {"A": STATE}}
for name, definition in {"Definition": DEFINITION, "DefinitionString": json.dumps(DEFINITION)}.items():
    properties = {"RoleArn": "arn:aws:iam::111122223333:role/r", name: definition}
    template = {"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}
    stack = Stack(App(), "S")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "template.json")
        file.write_text(json.dumps(template))
        CfnInclude(stack, "Included", template_file=str(file))
    written = assertions.Template.from_stack(stack).to_json()["Resources"]["M"]["Properties"][name]
    state = (json.loads(written) if isinstance(written, str) else written)["States"]["A"]
    print(f"{name}: {json.dumps(state, sort_keys=True)}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
