#!/usr/bin/env bash
# aws-cdk-lib 2.275.0: SageMakerCreateTrainingJob writes the instance type ml.p3.2xlarge as ml.ml.p3.2xlarge. SageMaker's
# types begin with ml., and the task puts that before any type that it gets: give it p3.2xlarge. Synthesis says nothing.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 2; }

cat >"$work/expected" <<'EXPECTED'
ml.p3.2xlarge: ml.ml.p3.2xlarge
p3.2xlarge: ml.p3.2xlarge
EXPECTED

"$work/venv/bin/python" - >"$work/seen" <<'PROGRAM'
import re

from aws_cdk import App, Size, Stack, assertions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

for instance_type in ("ml.p3.2xlarge", "p3.2xlarge"):
    stack = Stack(App(), "S")
    place = tasks.S3Location.from_bucket(s3.Bucket.from_bucket_name(stack, "B", "data"), "p")
    source = tasks.DataSource(s3_data_source=tasks.S3DataSource(s3_location=place))
    job = tasks.SageMakerCreateTrainingJob(
        stack,
        "T",
        training_job_name="job",
        role=iam.Role.from_role_arn(stack, "R", "arn:aws:iam::111122223333:role/r"),
        algorithm_specification=tasks.AlgorithmSpecification(algorithm_name="a"),
        input_data_config=[tasks.Channel(channel_name="train", data_source=source)],
        output_data_config=tasks.OutputDataConfig(s3_output_location=place),
        resource_config=tasks.ResourceConfig(
            instance_count=1, instance_type=ec2.InstanceType(instance_type), volume_size=Size.gibibytes(10)
        ),
    )
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(job))
    (machine,) = assertions.Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    written = "".join(part for part in machine["Properties"]["DefinitionString"]["Fn::Join"][1] if isinstance(part, str))
    print(f"{instance_type}:", re.search(r'"InstanceType":"([^"]*)"', written).group(1))
PROGRAM

cat "$work/seen"
diff "$work/expected" "$work/seen" >&2 || { echo "the behaviour has changed" >&2; exit 1; }
