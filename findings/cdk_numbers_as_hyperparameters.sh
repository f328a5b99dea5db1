#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: hyperparameters of SageMakerCreateTrainingJob that are numbers, booleans or lists are written as
# such, though SageMaker's API has texts only, as botocore shows. The deployment succeeds and the state fails when it
# runs. None is dropped.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
hyperparameters: {"depth": 6, "eta": 0.1, "quiet": true, "sizes": [1, 2], "text": "x"}
botocore: depth, eta, quiet and sizes are of an invalid type
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json
import re

import boto3
from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions_tasks as tasks
from botocore.exceptions import ParamValidationError

stack = Stack(App(), "S")
place = tasks.S3Location.from_json_expression("$.place")
state = tasks.SageMakerCreateTrainingJob(
    stack, "A", training_job_name="j",
    hyperparameters={"depth": 6, "eta": 0.1, "quiet": True, "sizes": [1, 2], "none": None, "text": "x"},
    algorithm_specification=tasks.AlgorithmSpecification(algorithm_name="a"),
    input_data_config=[tasks.Channel(channel_name="train", data_source=tasks.DataSource(s3_data_source=tasks.S3DataSource(s3_location=place)))],
    output_data_config=tasks.OutputDataConfig(s3_output_location=place),
)
written = state.to_state_json()["Parameters"]["HyperParameters"]
print("hyperparameters:", json.dumps(dict(sorted(written.items()))))
client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
try:
    client.create_training_job(HyperParameters=written)
except ParamValidationError as error:
    *most, last = sorted(re.findall(r"Invalid type for parameter HyperParameters\.(\w+),", str(error)))
    print(f"botocore: {', '.join(most)} and {last} are of an invalid type")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
