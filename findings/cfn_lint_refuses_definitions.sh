#!/usr/bin/env bash
# cfn-lint 1.58.0 reports error E3601 on definitions that the specification of Amazon States Language allows: paths in a
# Succeed, Parameters in a Parallel, a JSONata expression where a number may stand, a list as Output. A Map's
# MaxConcurrency may be an expression by AWS's documents, and the same rule takes one in Seconds.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check cfn-lint==1.58.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
Succeed with InputPath: E3601
Parallel with Parameters: E3601
MaxConcurrency as an expression: E3601
TimeoutSeconds as an expression: E3601
Seconds as an expression: nothing
a list as Output: E3601
an object as Output: nothing
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import pathlib
import subprocess
import sys
import tempfile

INNER = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": {}, "End": True}
STATES = {
    "Succeed with InputPath": ("JSONPath", {"Type": "Succeed", "InputPath": "$.a"}),
    "Parallel with Parameters": ("JSONPath", {"Type": "Parallel", "Branches": [INNER], "Parameters": {"a": 1}, "End": True}),
    "MaxConcurrency as an expression": ("JSONata", {"Type": "Map", "ItemProcessor": INNER, "MaxConcurrency": "{% 3 %}", "End": True}),
    "TimeoutSeconds as an expression": ("JSONata", TASK | {"TimeoutSeconds": "{% $states.input.limit %}"}),
    "Seconds as an expression": ("JSONata", {"Type": "Wait", "Seconds": "{% $states.input.delay %}", "End": True}),
    "a list as Output": ("JSONata", {"Type": "Pass", "Output": ["{% $states.input %}"], "End": True}),
    "an object as Output": ("JSONata", {"Type": "Pass", "Output": {"a": "{% $states.input %}"}, "End": True}),
}
for name, (language, state) in STATES.items():
    definition = {"QueryLanguage": language, "StartAt": "A", "States": {"A": state}}
    properties = {"RoleArn": "arn:aws:iam::111122223333:role/r", "DefinitionString": json.dumps(definition)}
    template = {"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "template.json")
        file.write_text(json.dumps(template))
        told = subprocess.run([pathlib.Path(sys.executable).with_name("cfn-lint"), "--format", "json", file], capture_output=True, text=True)
    print(f"{name}:", *sorted({problem["Rule"]["Id"] for problem in json.loads(told.stdout or "[]")}) or ["nothing"])
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
