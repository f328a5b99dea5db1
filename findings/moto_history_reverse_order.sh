#!/usr/bin/env bash
# moto 5.2.5 ignores reverseOrder of GetExecutionHistory: the first event comes first. A program that asks for the last
# event gets ExecutionStarted.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[stepfunctions]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
[1, 2, 3, 4]
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import time

import boto3
from moto import mock_aws

MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    client = boto3.client("stepfunctions", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    arn = client.create_state_machine(name="m", definition=json.dumps(MACHINE), roleArn="arn:aws:iam::123456789012:role/r")["stateMachineArn"]
    run = client.start_execution(stateMachineArn=arn)["executionArn"]
    while client.describe_execution(executionArn=run)["status"] == "RUNNING":
        time.sleep(0.05)
    print([event["id"] for event in client.get_execution_history(executionArn=run, reverseOrder=True)["events"]])
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
