#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: a StateMachine whose definition is a text or a file ignores its arguments timeout, comment and
# query_language. The definition goes out as it is, and the machine may run for a year. With states of the CDK the three
# are written.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
a text: {"TimeoutSeconds": null, "Comment": null, "QueryLanguage": null}, 0 warnings
a state: {"TimeoutSeconds": 3600, "Comment": "Trains", "QueryLanguage": "JSONata"}, 0 warnings
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Duration, Stack, assertions
from aws_cdk import aws_stepfunctions as sfn

TEXT = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
BODIES = {
    "a text": lambda stack: sfn.DefinitionBody.from_string(TEXT),
    "a state": lambda stack: sfn.DefinitionBody.from_chainable(sfn.Pass.jsonata(stack, "A")),
}
for name, body in BODIES.items():
    stack = Stack(App(), "S")
    sfn.StateMachine(
        stack,
        "M",
        definition_body=body(stack),
        timeout=Duration.hours(1),
        comment="Trains",
        query_language=sfn.QueryLanguage.JSONATA,
    )
    (machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    definition = json.loads(machine["Properties"]["DefinitionString"])
    warnings = assertions.Annotations.from_stack(stack).find_warning("*", assertions.Match.any_value())
    kept = {key: definition.get(key) for key in ("TimeoutSeconds", "Comment", "QueryLanguage")}
    print(f"{name}: {json.dumps(kept)}, {len(warnings)} warnings")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
