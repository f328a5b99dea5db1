#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: the task SageMakerCreateTrainingJob turns a mapping of tags into the list of keys and values that
# the API has, and grants sagemaker:AddTags. Those for models, endpoint configurations and endpoints write the mapping
# as it is, from Python take no list, since TaskInput.from_object has mappings only, and grant no AddTags. A list may
# come from the input by a path.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
training_job: [{"Key": "team", "Value": "risk"}], AddTags
model: {"team": "risk"}, no AddTags
endpoint_config: {"team": "risk"}, no AddTags
endpoint: {"team": "risk"}, no AddTags
a list: TypeError
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import json

from aws_cdk import App, Stack, assertions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

TAGS = {"team": "risk"}


def training_job(stack: Stack) -> tasks.SageMakerCreateTrainingJob:
    return tasks.SageMakerCreateTrainingJob(
        stack,
        "A",
        training_job_name="j",
        role=iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::111122223333:role/r"),
        algorithm_specification=tasks.AlgorithmSpecification(algorithm_name="a"),
        input_data_config=[
            tasks.Channel(
                channel_name="train",
                data_source=tasks.DataSource(s3_data_source=tasks.S3DataSource(s3_location=tasks.S3Location.from_json_expression("$.in"))),
            )
        ],
        output_data_config=tasks.OutputDataConfig(s3_output_location=tasks.S3Location.from_json_expression("$.out")),
        tags=TAGS,
    )


def model(stack: Stack) -> tasks.SageMakerCreateModel:
    return tasks.SageMakerCreateModel(
        stack,
        "A",
        model_name="m",
        role=iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::111122223333:role/r"),
        primary_container=tasks.ContainerDefinition(image=tasks.DockerImage.from_registry("i")),
        tags=sfn.TaskInput.from_object(TAGS),
    )


def endpoint_config(stack: Stack) -> tasks.SageMakerCreateEndpointConfig:
    variant = tasks.ProductionVariant(instance_type=ec2.InstanceType("m5.large"), model_name="m", variant_name="v")
    return tasks.SageMakerCreateEndpointConfig(
        stack, "A", endpoint_config_name="c", production_variants=[variant], tags=sfn.TaskInput.from_object(TAGS)
    )


def endpoint(stack: Stack) -> tasks.SageMakerCreateEndpoint:
    return tasks.SageMakerCreateEndpoint(
        stack, "A", endpoint_name="e", endpoint_config_name="c", tags=sfn.TaskInput.from_object(TAGS)
    )


for make in (training_job, model, endpoint_config, endpoint):
    stack = Stack(App(), "S")
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(make(stack)))
    template = json.dumps(assertions.Template.from_stack(stack).to_json())
    (machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    _, _, tail = json.dumps(machine["Properties"]["DefinitionString"]).replace("\\", "").partition('"Tags":')
    tags, _ = json.JSONDecoder().raw_decode(tail)
    print(f"{make.__name__}: {json.dumps(tags)},", "AddTags" if "sagemaker:AddTags" in template else "no AddTags")
try:
    sfn.TaskInput.from_object([{"Key": "team", "Value": "risk"}])
except Exception as error:
    print(f"a list: {type(error).__name__}")
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
