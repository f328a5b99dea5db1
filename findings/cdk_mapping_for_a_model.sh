#!/usr/bin/env bash
# aws-cdk-lib 2.275.0, from Python: a property of an L1 construct may be given as a mapping, and only keys in camel case
# count. The spelling of CloudFormation's documentation leaves an empty container, and that of Python's arguments drops
# each name of two words; neither raises. So a template has a model without its image, or without its data.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
Image, ModelDataUrl: {}
image, model_data_url: {"Image": "x"}
image, modelDataUrl: {"Image": "x", "ModelDataUrl": "s3://b/model.tar.gz"}
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_sagemaker as sagemaker

for image, data in (("Image", "ModelDataUrl"), ("image", "model_data_url"), ("image", "modelDataUrl")):
    stack = Stack(App(), "S")
    sagemaker.CfnModel(
        stack, "M", execution_role_arn="arn:aws:iam::123456789012:role/model", primary_container={image: "x", data: "s3://b/model.tar.gz"}
    )
    (model,) = assertions.Template.from_stack(stack).find_resources("AWS::SageMaker::Model").values()
    print(f"{image}, {data}: {json.dumps(model['Properties']['PrimaryContainer'])}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
