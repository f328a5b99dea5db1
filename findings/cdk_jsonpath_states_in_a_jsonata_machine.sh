#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: a state made without a query language, or by its method json_path, has no QueryLanguage in the
# definition. In a StateMachine with query_language JSONATA that makes it a JSONata state with fields of JSONPath, which
# Step Functions refuses. Synthesis warns of Parameters alone; a Wait with SecondsPath and a Choice by Variable pass,
# and so they do in asl-validator 4.0.0.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
Wait in JSONata: {"Type": "Wait", "SecondsPath": "$.delay", "End": true}
Wait.json_path in JSONata: {"Type": "Wait", "SecondsPath": "$.delay", "End": true}
Choice in JSONata: {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": "b", "Next": "B"}]}
Pass.jsonata in JSONata: {"Type": "Pass", "Output": "{% $states.input %}", "End": true}
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_stepfunctions as sfn


def choice(stack: Stack) -> sfn.Choice:
    return sfn.Choice(stack, "A").when(sfn.Condition.string_equals("$.a", "b"), sfn.Succeed(stack, "B"))


STATES = {
    "Wait": lambda stack: sfn.Wait(stack, "A", time=sfn.WaitTime.seconds_path("$.delay")),
    "Wait.json_path": lambda stack: sfn.Wait.json_path(stack, "A", time=sfn.WaitTime.seconds_path("$.delay")),
    "Choice": choice,
    "Pass.jsonata": lambda stack: sfn.Pass.jsonata(stack, "A", outputs="{% $states.input %}"),
}
for name, make in STATES.items():
    stack = Stack(App(), "S")
    body = sfn.DefinitionBody.from_chainable(make(stack))
    sfn.StateMachine(stack, "M", definition_body=body, query_language=sfn.QueryLanguage.JSONATA)
    (machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    definition = json.loads(machine["Properties"]["DefinitionString"])
    print(f"{name} in {definition['QueryLanguage']}: {json.dumps(definition['States']['A'])}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
