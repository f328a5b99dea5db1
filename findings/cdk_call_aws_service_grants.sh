#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: CallAwsService grants an action by the name of the SDK's service, which for many is not the
# prefix of IAM: sagemakerruntime:invokeEndpoint where botocore 1.44.5 signs for sagemaker, eventbridge for events,
# applicationautoscaling. The state machine deploys, and is denied at run time. A few services are mapped, Step
# Functions and CloudWatch Logs among them; of others say iam_action.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 botocore==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
sagemaker:describeTrainingJob, signed for sagemaker
states:startExecution, signed for states
logs:putLogEvents, signed for logs
sagemakerruntime:invokeEndpoint, signed for sagemaker
sagemakerfeaturestoreruntime:putRecord, signed for sagemaker
sagemakermetrics:batchPutMetrics, signed for sagemaker
bedrockruntime:invokeModel, signed for bedrock
eventbridge:putEvents, signed for events
applicationautoscaling:registerScalableTarget, signed for application-autoscaling
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

import botocore.session
from aws_cdk import App, Stack, assertions
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

CALLS = (
    ("sagemaker", "describeTrainingJob", "sagemaker"),
    ("sfn", "startExecution", "stepfunctions"),
    ("cloudwatchlogs", "putLogEvents", "logs"),
    ("sagemakerruntime", "invokeEndpoint", "sagemaker-runtime"),
    ("sagemakerfeaturestoreruntime", "putRecord", "sagemaker-featurestore-runtime"),
    ("sagemakermetrics", "batchPutMetrics", "sagemaker-metrics"),
    ("bedrockruntime", "invokeModel", "bedrock-runtime"),
    ("eventbridge", "putEvents", "events"),
    ("applicationautoscaling", "registerScalableTarget", "application-autoscaling"),
)
session = botocore.session.get_session()
for service, action, client in CALLS:
    stack = Stack(App(), "S")
    call = tasks.CallAwsService(stack, "A", service=service, action=action, iam_resources=["*"])
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(call))
    (policy,) = assertions.Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    print(f"{statement['Action']}, signed for {session.get_service_model(client).signing_name}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
