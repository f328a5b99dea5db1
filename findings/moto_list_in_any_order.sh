#!/usr/bin/env bash
# moto 5.2.5 ignores SortBy and SortOrder of the lists of training, processing and transform jobs: the jobs come in the
# order in which they were made. The usual call for the newest job, by creation time, descending, one result, gives the
# oldest. Model packages are sorted.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[sagemaker]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
training jobs, newest first: ['b-1', 'c-2', 'a-3']
training jobs, by name: ['b-1', 'c-2', 'a-3']
newest training job: ['b-1']
processing jobs, newest first: ['b-1', 'c-2', 'a-3']
transform jobs, newest first: ['b-1', 'c-2', 'a-3']
model packages, newest first: [3, 2, 1]
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import boto3
from moto import mock_aws

ROLE, IMAGE = "arn:aws:iam::123456789012:role/r", "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1"
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
S3 = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/i"}}
NEWEST_FIRST = {"SortBy": "CreationTime", "SortOrder": "Descending"}
with mock_aws():
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    client.create_model_package_group(ModelPackageGroupName="g")
    for name in ("b-1", "c-2", "a-3"):
        client.create_training_job(
            TrainingJobName=name, RoleArn=ROLE, AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": "s3://b/o"}, ResourceConfig=CLUSTER, StoppingCondition={"MaxRuntimeInSeconds": 60},
        )
        client.create_processing_job(
            ProcessingJobName=name, RoleArn=ROLE, AppSpecification={"ImageUri": IMAGE}, ProcessingResources={"ClusterConfig": CLUSTER}
        )
        client.create_transform_job(
            TransformJobName=name, ModelName="m", TransformInput={"DataSource": S3}, TransformOutput={"S3OutputPath": "s3://b/o"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
        client.create_model_package(ModelPackageGroupName="g", ModelApprovalStatus="Approved")

    def names(kind: str, **order: object) -> list[str]:
        listed = getattr(client, f"list_{kind.lower()}_jobs")(**order)
        return [job[f"{kind}JobName"] for job in listed[f"{kind}JobSummaries"]]

    print("training jobs, newest first:", names("Training", **NEWEST_FIRST))
    print("training jobs, by name:", names("Training", SortBy="Name", SortOrder="Ascending"))
    print("newest training job:", names("Training", **NEWEST_FIRST, MaxResults=1))
    print("processing jobs, newest first:", names("Processing", **NEWEST_FIRST))
    print("transform jobs, newest first:", names("Transform", **NEWEST_FIRST))
    packages = client.list_model_packages(ModelPackageGroupName="g", **NEWEST_FIRST)["ModelPackageSummaryList"]
    print("model packages, newest first:", [package["ModelPackageVersion"] for package in packages])
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
