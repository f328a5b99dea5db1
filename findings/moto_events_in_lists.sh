#!/usr/bin/env bash
# moto 5.2.5 does not look into lists of objects when it matches an event: a pattern for the channel of a training job,
# whose InputDataConfig is a list, matches nothing. EventBridge takes a list in an event as all of its members. A list
# of texts is matched.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[events,logs,sqs]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
one channel, in a list: not matched
one channel, not in a list: matched
a list of texts: matched
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

import boto3
from moto import mock_aws

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
EVENTS = {
    "one channel, in a list": {"InputDataConfig": [{"ChannelName": "train"}]},
    "one channel, not in a list": {"InputDataConfig": {"ChannelName": "train"}},
    "a list of texts": {"InputDataConfig": {"ChannelName": ["validation", "train"]}},
}
with mock_aws():
    events, queues = boto3.client("events", **KEYS), boto3.client("sqs", **KEYS)
    queue = queues.create_queue(QueueName="q")["QueueUrl"]
    events.put_rule(Name="r", EventPattern=json.dumps({"detail": {"InputDataConfig": {"ChannelName": ["train"]}}}))
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}])
    for name, detail in EVENTS.items():
        events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": json.dumps(detail)}])
        messages = queues.receive_message(QueueUrl=queue).get("Messages", [])
        print(f"{name}:", "matched" if messages else "not matched")
        for message in messages:
            queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
