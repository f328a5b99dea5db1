#!/usr/bin/env bash
# moto 5.2.5 leaves ModelApprovalStatus out of a model package that was registered without one. SageMaker says
# PendingManualApproval in a group, so code that waits for approval, or reads the field, meets another value on AWS.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'moto[sagemaker]==5.2.5' boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
version: 1
approval: None
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import boto3
from moto import mock_aws

with mock_aws():
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    client.create_model_package_group(ModelPackageGroupName="g")
    container = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1", "ModelDataUrl": "s3://b/m.tar.gz"}
    arn = client.create_model_package(
        ModelPackageGroupName="g",
        InferenceSpecification={"Containers": [container], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]},
    )["ModelPackageArn"]
    package = client.describe_model_package(ModelPackageName=arn)
    print("version:", package["ModelPackageVersion"])
    print("approval:", package.get("ModelApprovalStatus"))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
