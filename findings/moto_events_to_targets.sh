#!/usr/bin/env bash
# moto 5.2.5: put_events raises a NotImplementedError when a rule that matches has a state machine as its target, and a
# JSONDecodeError when an input transformer puts true, or a text without quotation marks, into its template: the CDK
# writes each field so, since EventBridge adds the marks of a text. The Input and InputPath of a target are ignored: a
# queue gets the whole event.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[events,sqs,stepfunctions]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
Input: the whole event
InputPath: the whole event
a number: {"n": 5}
a text in quotation marks: {"name": "churn"}
a text: JSONDecodeError
true: JSONDecodeError
a state machine: NotImplementedError
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

import boto3
from moto import mock_aws

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
QUEUE = {"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}
MACHINE = {"Id": "1", "Arn": "arn:aws:states:us-east-1:123456789012:stateMachine:m", "RoleArn": "arn:aws:iam::123456789012:role/r"}


def transformed(path: str, template: str) -> dict[str, object]:
    return QUEUE | {"InputTransformer": {"InputPathsMap": {"v": path}, "InputTemplate": template}}


TARGETS = {
    "Input": QUEUE | {"Input": json.dumps({"a": 1})},
    "InputPath": QUEUE | {"InputPath": "$.detail.job"},
    "a number": transformed("$.detail.job.n", '{"n": <v>}'),
    "a text in quotation marks": transformed("$.detail.job.name", '{"name": "<v>"}'),
    "a text": transformed("$.detail.job.name", '{"name": <v>}'),
    "true": transformed("$.detail.job.best", '{"best": <v>}'),
    "a state machine": MACHINE,
}
with mock_aws():
    events, queues, machines = (boto3.client(name, **KEYS) for name in ("events", "sqs", "stepfunctions"))
    address = queues.create_queue(QueueName="q")["QueueUrl"]
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    machines.create_state_machine(name="m", definition=definition, roleArn=MACHINE["RoleArn"])
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["app"]}))
    for name, target in TARGETS.items():
        events.put_targets(Rule="r", Targets=[target])
        try:
            events.put_events(Entries=[{"Source": "app", "DetailType": "x", "Detail": json.dumps({"job": {"name": "churn", "n": 5, "best": True}})}])
            (message,) = queues.receive_message(QueueUrl=address)["Messages"]
            queues.delete_message(QueueUrl=address, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            seen = "the whole event" if "detail-type" in body else json.dumps(body)
        except Exception as error:
            seen = type(error).__name__
        print(f"{name}: {seen}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
