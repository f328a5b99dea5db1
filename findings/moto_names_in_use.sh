#!/usr/bin/env bash
# moto 5.2.5 takes the name of a training job, a processing job and a model twice, and overwrites the first. SageMaker
# answers ResourceInUse, and for a model ValidationException. So moto never shows the fault that names made of the
# execution's input have on a second run.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[sagemaker]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
model: taken twice
processing job: taken twice
training job: taken twice
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import boto3
from moto import mock_aws

ROLE, IMAGE = "arn:aws:iam::123456789012:role/r", "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1"
with mock_aws():
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
    calls = {
        "model": lambda: client.create_model(ModelName="a", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE),
        "processing job": lambda: client.create_processing_job(
            ProcessingJobName="a", RoleArn=ROLE, AppSpecification={"ImageUri": IMAGE}, ProcessingResources={"ClusterConfig": cluster}
        ),
        "training job": lambda: client.create_training_job(
            TrainingJobName="a", RoleArn=ROLE, AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": "s3://b/o"}, ResourceConfig=cluster, StoppingCondition={"MaxRuntimeInSeconds": 60},
        ),
    }
    for name, call in calls.items():
        call()
        call()
        print(f"{name}: taken twice")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
