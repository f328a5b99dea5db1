#!/usr/bin/env bash
# aws-cdk-lib 2.275.0 writes a JsonPath in the batch input of a distributed Map as plain text: each batch gets the words
# $.model, not the model. The same path in the item selector is one. As JSONata the batch input works.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
ItemSelector: {"model.$": "$.model"}
BatchInput: {"model": "$.model"}
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_stepfunctions as sfn

stack = Stack(App(), "S")
path = sfn.JsonPath.string_at("$.model")
each = sfn.DistributedMap(
    stack,
    "Each",
    item_selector={"model": path},
    item_batcher=sfn.ItemBatcher(max_items_per_batch=10, batch_input={"model": path}),
)
each.item_processor(sfn.Pass(stack, "A"))
sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(each))
(machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
state = json.loads(machine["Properties"]["DefinitionString"])["States"]["Each"]
print("ItemSelector:", json.dumps(state["ItemSelector"]))
print("BatchInput:", json.dumps(state["ItemBatcher"]["BatchInput"]))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
