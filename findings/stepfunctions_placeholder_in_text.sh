#!/usr/bin/env bash
# stepfunctions 2.3.0, the data science SDK: an input put into a text, as in an S3 address, becomes the address of a
# Python object, and the definition is made without a word. In a list it ends in a bare TypeError; a name with an
# apostrophe makes a path that does not parse.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check stepfunctions==2.3.0 'sagemaker==2.257.7' >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
alone: {"v.$": "$$.Execution.Input['run']"}
in a text: {"v": "s3://b/<stepfunctions.inputs.placeholders.ExecutionInput object at ...>"}
in a list: TypeError
with an apostrophe: {"v.$": "$$.Execution.Input['day's run']"}
EXPECTED

AWS_DEFAULT_REGION=us-east-1 "$work/venv/bin/python" - >"$work/seen" 2>"$work/errors" <<'PROGRAM' || cat "$work/errors" >&2
import json
import logging
import re

logging.disable(logging.CRITICAL)
from stepfunctions.inputs import ExecutionInput
from stepfunctions.steps import Pass
from stepfunctions.workflow import Workflow

given = ExecutionInput(schema={"run": str, "day's run": str})
VALUES = {
    "alone": given["run"],
    "in a text": f"s3://b/{given['run']}",
    "in a list": [given["run"]],
    "with an apostrophe": given["day's run"],
}
for name, value in VALUES.items():
    try:
        state = Pass("A", parameters={"v": value})
        definition = json.loads(Workflow("W", state, "arn:aws:iam::111122223333:role/r").definition.to_json())
        seen = re.sub("0x[0-9a-f]+", "...", json.dumps(definition["States"]["A"]["Parameters"]))
    except Exception as error:
        seen = type(error).__name__
    print(f"{name}: {seen}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
