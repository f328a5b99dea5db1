#!/usr/bin/env bash
# moto 5.2.5 answers DescribeStateMachineForExecution with the definition that the state machine has now. The call is
# there to tell which definition a run was started with: after an update, the definition of an old run is the new one.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[stepfunctions]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
started with: Old
after the update: New
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

import boto3
from moto import mock_aws


def definition(state: str) -> str:
    return json.dumps({"StartAt": state, "States": {state: {"Type": "Succeed"}}})


with mock_aws():
    client = boto3.client("stepfunctions", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    role = "arn:aws:iam::123456789012:role/r"
    machine = client.create_state_machine(name="m", definition=definition("Old"), roleArn=role)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, name="one")["executionArn"]

    def start() -> str:
        return json.loads(client.describe_state_machine_for_execution(executionArn=execution)["definition"])["StartAt"]

    print("started with:", start())
    client.update_state_machine(stateMachineArn=machine, definition=definition("New"))
    print("after the update:", start())
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
