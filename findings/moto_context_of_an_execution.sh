#!/usr/bin/env bash
# moto 5.2.5: in a state machine that it runs, $$.Execution.Name is null where StartExecution was called without a name,
# so names of jobs made from it are all alike. On $$.Execution.StartTime alone DescribeExecution raises a TypeError, and
# within States.Format the execution fails; $$.State.EnteredTime is a text.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[stepfunctions]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
$$.Execution.Name, named: {"v": "named-run"}
$$.Execution.Name: {"v": null}
States.Format('churn-{}', $$.Execution.Name): {"v": "churn-null"}
$$.StateMachine.Name: {"v": "m3"}
$$.Execution.StartTime: TypeError: Object of type datetime is not JSON serializable
States.Format('{}', $$.Execution.StartTime): FAILED
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import logging
import time

import boto3
from moto import mock_aws

logging.disable(logging.CRITICAL)
ASKED = (
    ("named-run", "$$.Execution.Name"),
    (None, "$$.Execution.Name"),
    (None, "States.Format('churn-{}', $$.Execution.Name)"),
    (None, "$$.StateMachine.Name"),
    (None, "$$.Execution.StartTime"),
    (None, "States.Format('{}', $$.Execution.StartTime)"),
)
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    client = boto3.client("stepfunctions", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    for number, (name, path) in enumerate(ASKED):
        machine = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"v.$": path}, "End": True}}}
        arn = client.create_state_machine(name=f"m{number}", definition=json.dumps(machine), roleArn="arn:aws:iam::123456789012:role/r")["stateMachineArn"]
        run = client.start_execution(stateMachineArn=arn, **({"name": name} if name else {}))["executionArn"]
        try:
            while (told := client.describe_execution(executionArn=run))["status"] == "RUNNING":
                time.sleep(0.05)
            seen = told.get("output", told["status"])
        except TypeError as error:
            seen = f"{type(error).__name__}: {error}"
        print(f"{path}{', named' if name else ''}: {seen}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
