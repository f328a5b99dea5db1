#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: the tags of SageMakerCreateModel, SageMakerCreateEndpointConfig and SageMakerCreateEndpoint are
# written as the mapping that they were given as. SageMaker's API takes a list of Key and Value, which botocore shows,
# so the state fails when it runs. The tags of training and transform jobs become such a list.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 boto3==1.44.5 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
CreateModel: {"team": "churn"}
CreateEndpointConfig: {"team": "churn"}
CreateEndpoint: {"team": "churn"}
CreateTransformJob: [{"Key": "team", "Value": "churn"}]
botocore, of the mapping: Invalid type for parameter Tags
botocore, of the list: taken
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

import boto3
from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from botocore.exceptions import ParamValidationError

stack = Stack(App(), "S")
TAGS = {"team": "churn"}
text = sfn.TaskInput.from_object(TAGS)
source = tasks.TransformDataSource(s3_data_source=tasks.TransformS3DataSource(s3_uri="s3://b/i"))
states = {
    "CreateModel": tasks.SageMakerCreateModel(
        stack, "M", model_name="m", tags=text, primary_container=tasks.ContainerDefinition(image=tasks.DockerImage.from_registry("x")),
    ),
    "CreateEndpointConfig": tasks.SageMakerCreateEndpointConfig(
        stack, "C", endpoint_config_name="c", tags=text,
        production_variants=[tasks.ProductionVariant(instance_type=ec2.InstanceType("m5.large"), model_name="m", variant_name="v")],
    ),
    "CreateEndpoint": tasks.SageMakerCreateEndpoint(stack, "E", endpoint_name="e", endpoint_config_name="c", tags=text),
    "CreateTransformJob": tasks.SageMakerCreateTransformJob(
        stack, "T", transform_job_name="t", model_name="m", tags=TAGS, transform_input=tasks.TransformInput(transform_data_source=source),
        transform_output=tasks.TransformOutput(s3_output_path="s3://b/o"),
    ),
}
written = {name: state.to_state_json()["Parameters"]["Tags"] for name, state in states.items()}
for name, tags in written.items():
    print(f"{name}: {json.dumps(tags)}")

client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
client.meta.events.register("before-send.sagemaker.CreateEndpoint", lambda **_: (_ for _ in ()).throw(InterruptedError))
for kind, name in {"mapping": "CreateEndpoint", "list": "CreateTransformJob"}.items():
    try:
        client.create_endpoint(EndpointName="e", EndpointConfigName="c", Tags=written[name])
    except ParamValidationError as error:
        print(f"botocore, of the {kind}:", str(error).splitlines()[1].partition(",")[0])
    except InterruptedError:
        print(f"botocore, of the {kind}: taken")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
