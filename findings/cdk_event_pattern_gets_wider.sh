#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: Rule.add_event_pattern unites the values of a field that has some already. A rule for Failed and
# Stopped that is given Failed alone stays one for both, and one for statuses that begin with F, but are not Failed,
# matches Failed. Only a field that is new narrows the rule.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
{"status": ["Failed"]} and {"name": ["churn"]}: {"status": ["Failed"], "name": ["churn"]}
{"status": ["Failed", "Stopped"]} and {"status": ["Failed"]}: {"status": ["Failed", "Stopped"]}
{"status": ["Failed"]} and {"status": ["Stopped"]}: {"status": ["Failed", "Stopped"]}
{"status": [{"prefix": "F"}]} and {"status": [{"anything-but": "Failed"}]}: {"status": [{"prefix": "F"}, {"anything-but": "Failed"}]}
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_events as events

ADDED = (
    ({"status": ["Failed"]}, {"name": ["churn"]}),
    ({"status": ["Failed", "Stopped"]}, {"status": ["Failed"]}),
    ({"status": ["Failed"]}, {"status": ["Stopped"]}),
    ({"status": [{"prefix": "F"}]}, {"status": [{"anything-but": "Failed"}]}),
)
for first, second in ADDED:
    stack = Stack(App(), "S")
    rule = events.Rule(stack, "R", event_pattern=events.EventPattern(source=["aws.sagemaker"], detail=first))
    rule.add_event_pattern(detail=second)
    (made,) = assertions.Template.from_stack(stack).find_resources("AWS::Events::Rule").values()
    print(f"{json.dumps(first)} and {json.dumps(second)}: {json.dumps(made['Properties']['EventPattern']['detail'])}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
