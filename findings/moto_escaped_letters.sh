#!/usr/bin/env bash
# moto 5.2.5 does not read the escapes of JSON within an intrinsic function: of a definition written by json.dumps,
# States.Format writes the five letters u00e9 for one, and States.ArrayContains does not find the name. The same
# definition with the letters themselves works.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[stepfunctions]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
"States.Format('Zo\xe9 {}', $.n)": 'Zo\xe9 x', escaped: 'Zou00e9 x'
"States.ArrayContains($.names, 'Zo\xe9')": True, escaped: False
"States.Array('Zo\xe9')": ['Zo\xe9'], escaped: ['Zou00e9']
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import logging
import time

import boto3
from moto import mock_aws

logging.disable(logging.CRITICAL)
ASKED = ("States.Format('Zoé {}', $.n)", "States.ArrayContains($.names, 'Zoé')", "States.Array('Zoé')")
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    client = boto3.client("stepfunctions", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")

    def run(number: int, template: str, escaped: bool) -> str:
        state = {"Type": "Pass", "Parameters": {"v.$": template}, "End": True}
        definition = json.dumps({"StartAt": "A", "States": {"A": state}}, ensure_ascii=escaped)
        name = f"m{number}-{escaped}"
        arn = client.create_state_machine(name=name, definition=definition, roleArn="arn:aws:iam::123456789012:role/r")["stateMachineArn"]
        run = client.start_execution(stateMachineArn=arn, input=json.dumps({"n": "x", "names": ["Zoé"]}))["executionArn"]
        while (told := client.describe_execution(executionArn=run))["status"] == "RUNNING":
            time.sleep(0.05)
        return ascii(json.loads(told["output"])["v"]) if "output" in told else told["status"]

    for number, template in enumerate(ASKED):
        print(f"{ascii(template)}: {run(number, template, False)}, escaped: {run(number, template, True)}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
