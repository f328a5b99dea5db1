#!/usr/bin/env bash
# moto 5.2.5 ignores SortBy and SortOrder of ListTrainingJobs: jobs come in the order in which they were made. The usual
# question for the latest one, Descending with MaxResults 1, gets the oldest. Model packages are sorted.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[sagemaker]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
Name, Ascending: second first third
Name, Descending: second first third
CreationTime, Descending: second first third
the latest: second
packages, Descending: 2 1
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import boto3
from moto import mock_aws

with mock_aws():
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    for name in ("second", "first", "third"):
        client.create_training_job(
            TrainingJobName=name,
            AlgorithmSpecification={"TrainingImage": "i", "TrainingInputMode": "File"},
            RoleArn="arn:aws:iam::123456789012:role/r",
            OutputDataConfig={"S3OutputPath": "s3://models"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )
    for field, order in (("Name", "Ascending"), ("Name", "Descending"), ("CreationTime", "Descending")):
        jobs = client.list_training_jobs(SortBy=field, SortOrder=order)["TrainingJobSummaries"]
        print(f"{field}, {order}:", *(job["TrainingJobName"] for job in jobs))
    jobs = client.list_training_jobs(SortBy="CreationTime", SortOrder="Descending", MaxResults=1)["TrainingJobSummaries"]
    print("the latest:", *(job["TrainingJobName"] for job in jobs))

    client.create_model_package_group(ModelPackageGroupName="g")
    for _ in range(2):
        client.create_model_package(ModelPackageGroupName="g", ModelApprovalStatus="Approved")
    packages = client.list_model_packages(ModelPackageGroupName="g", SortBy="CreationTime", SortOrder="Descending")["ModelPackageSummaryList"]
    print("packages, Descending:", *(package["ModelPackageVersion"] for package in packages))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
