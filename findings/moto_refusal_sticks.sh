#!/usr/bin/env bash
# moto 5.2.5, with its interpreter on, refuses a JSONata machine with Parameters, as Step Functions does. From then on
# it refuses every JSONPath machine in the same process too, with the same words: what was refused is still in force.
# One test of a refusal breaks the tests after it.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[stepfunctions]==5.2.5' boto3==1.44.5 antlr4-python3-runtime >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
before: created
with Parameters: refused
after: refused
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import warnings

warnings.simplefilter("ignore")
import boto3
from moto import mock_aws

PLAIN = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a": 1}, "End": True}}}
CASES = {"before": PLAIN, "with Parameters": {"QueryLanguage": "JSONata", **PLAIN}, "after": PLAIN}
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    client = boto3.client("stepfunctions", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    for number, (name, machine) in enumerate(CASES.items()):
        try:
            client.create_state_machine(name=f"m{number}", definition=json.dumps(machine), roleArn="arn:aws:iam::123456789012:role/r")
            print(f"{name}: created")
        except client.exceptions.ClientError:
            print(f"{name}: refused")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
