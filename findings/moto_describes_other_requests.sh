#!/usr/bin/env bash
# moto 5.2.5 describes jobs otherwise than they were asked for. A training job has one metric of moto's own, whatever
# the request says, and no Environment or RetryStrategy; a processing job has no Environment and no ProcessingResources,
# which boto3 types as always there; a model with network isolation has none.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[sagemaker]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
training job, metric: test:dcg
training job, not described: Environment, RetryStrategy
processing job, not described: Environment, ProcessingResources
model, network isolation: False
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import boto3
from moto import mock_aws

ROLE, IMAGE = "arn:aws:iam::123456789012:role/r", "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1"
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
TRAINING = {
    "TrainingJobName": "a", "RoleArn": ROLE, "OutputDataConfig": {"S3OutputPath": "s3://b/o"}, "ResourceConfig": CLUSTER,
    "StoppingCondition": {"MaxRuntimeInSeconds": 60}, "Environment": {"LOG_LEVEL": "20"}, "RetryStrategy": {"MaximumRetryAttempts": 2},
    "AlgorithmSpecification": {
        "TrainingImage": IMAGE, "TrainingInputMode": "File", "MetricDefinitions": [{"Name": "validation:auc", "Regex": "auc=([0-9.]+)"}]
    },
}
PROCESSING = {
    "ProcessingJobName": "a", "RoleArn": ROLE, "AppSpecification": {"ImageUri": IMAGE}, "Environment": {"LOG_LEVEL": "20"},
    "ProcessingResources": {"ClusterConfig": CLUSTER},
}
with mock_aws():
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    client.create_training_job(**TRAINING)
    job = client.describe_training_job(TrainingJobName="a")
    print("training job, metric:", *(metric["Name"] for metric in job["AlgorithmSpecification"]["MetricDefinitions"]))
    print("training job, not described:", ", ".join(sorted(TRAINING.keys() - job.keys())))
    client.create_processing_job(**PROCESSING)
    job = client.describe_processing_job(ProcessingJobName="a")
    print("processing job, not described:", ", ".join(sorted(PROCESSING.keys() - job.keys())))
    client.create_model(ModelName="a", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE, EnableNetworkIsolation=True)
    print("model, network isolation:", client.describe_model(ModelName="a")["EnableNetworkIsolation"])
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
