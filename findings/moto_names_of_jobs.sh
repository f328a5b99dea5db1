#!/usr/bin/env bash
# moto 5.2.5 takes names of training jobs, processing jobs and models that the API's own description forbids, with an
# underscore or of 70 characters, and botocore 1.44.5, which ships that description, checks neither. The first to refuse
# them is AWS.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[sagemaker]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
training_job churn_model: forbidden, taken
training_job cccccccccccc: forbidden, taken
processing_job churn_model: forbidden, taken
processing_job cccccccccccc: forbidden, taken
model churn_model: forbidden, taken
model cccccccccccc: forbidden, taken
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import re

import boto3
from moto import mock_aws

ROLE = "arn:aws:iam::123456789012:role/r"
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
with mock_aws():
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")

    def training_job(name: str) -> None:
        client.create_training_job(
            TrainingJobName=name,
            AlgorithmSpecification={"TrainingImage": "i", "TrainingInputMode": "File"},
            RoleArn=ROLE,
            OutputDataConfig={"S3OutputPath": "s3://models"},
            ResourceConfig=CLUSTER,
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )

    def processing_job(name: str) -> None:
        client.create_processing_job(
            ProcessingJobName=name, ProcessingResources={"ClusterConfig": CLUSTER}, AppSpecification={"ImageUri": "i"}, RoleArn=ROLE
        )

    def model(name: str) -> None:
        client.create_model(ModelName=name, PrimaryContainer={"Image": "i"}, ExecutionRoleArn=ROLE)

    MAKERS = ((training_job, "TrainingJobName"), (processing_job, "ProcessingJobName"), (model, "ModelName"))
    for make, shape in MAKERS:
        described = client.meta.service_model.shape_for(shape).metadata
        for name in ("churn_model", "c" * 70):
            allowed = re.fullmatch(described["pattern"], name) and len(name) <= described["max"]
            try:
                make(name)
                seen = "taken"
            except Exception as error:
                seen = type(error).__name__
            print(f"{make.__name__} {name[:12]}: {'allowed' if allowed else 'forbidden'}, {seen}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
