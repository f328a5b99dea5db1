"""Permissions of `.sync` and other calls, compared with those that the CDK's own tasks grant."""

from __future__ import annotations

import json

from constructs_sm.checking.machine import check_machine
from constructs_sm.checking.needed import needs_of
from constructs_sm.checking.roles import lacking, overlap
from constructs_sm.checking.scene import Scene
from constructs_sm.language.arns import Arns
from constructs_sm.testing.source.machine import machine_of

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

SYNC = sfn.IntegrationPattern.RUN_JOB
ACCOUNT, REGION = "111122223333", "eu-west-1"


def _ecs(stack):
    definition = ecs.FargateTaskDefinition(stack, "Definition", cpu=256, memory_limit_mib=512)
    definition.add_container("Main", image=ecs.ContainerImage.from_registry("x"))
    return tasks.EcsRunTask(
        stack,
        "Task",
        cluster=ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc", max_azs=1)),
        task_definition=definition,
        launch_target=tasks.EcsFargateLaunchTarget(platform_version=ecs.FargatePlatformVersion.LATEST),
        integration_pattern=SYNC,
    )


def _nested(stack):
    inner = sfn.StateMachine(
        stack, "Inner", definition_body=sfn.DefinitionBody.from_chainable(sfn.Pass(stack, "Nothing"))
    )
    return tasks.StepFunctionsStartExecution(stack, "Task", state_machine=inner, integration_pattern=SYNC)


def _build(stack):
    project = codebuild.Project(
        stack, "Project", build_spec=codebuild.BuildSpec.from_object({"version": "0.2", "phases": {}})
    )
    return tasks.CodeBuildStartBuild(stack, "Task", project=project, integration_pattern=SYNC)


def _builds(stack):
    project = codebuild.Project(
        stack, "Project", build_spec=codebuild.BuildSpec.from_object({"version": "0.2", "phases": {}})
    )
    project.enable_batch_builds()
    return tasks.CodeBuildStartBuildBatch(stack, "Task", project=project, integration_pattern=SYNC)


def _training(stack):
    return tasks.SageMakerCreateTrainingJob(
        stack,
        "Task",
        training_job_name="nightly",
        algorithm_specification=tasks.AlgorithmSpecification(
            training_image=tasks.DockerImage.from_registry("x"), training_input_mode=tasks.InputMode.FILE
        ),
        input_data_config=[
            tasks.Channel(
                channel_name="train",
                data_source=tasks.DataSource(
                    s3_data_source=tasks.S3DataSource(s3_location=tasks.S3Location.from_bucket(_bucket(stack), "in/"))
                ),
            )
        ],
        output_data_config=tasks.OutputDataConfig(
            s3_output_location=tasks.S3Location.from_bucket(_bucket(stack), "o/")
        ),
        integration_pattern=SYNC,
    )


def _bucket(stack):
    return stack.node.try_find_child("Data") or s3.Bucket(stack, "Data")


def _scoring(stack):
    return tasks.SageMakerCreateTransformJob(
        stack,
        "Task",
        transform_job_name="nightly",
        model_name="m",
        transform_input=tasks.TransformInput(
            transform_data_source=tasks.TransformDataSource(
                s3_data_source=tasks.TransformS3DataSource(s3_uri="s3://b/in/")
            )
        ),
        transform_output=tasks.TransformOutput(s3_output_path="s3://b/out/"),
        integration_pattern=SYNC,
    )


TASKS = {
    "sagemaker training": _training,
    "sagemaker transform": _scoring,
    "codebuild batch": _builds,
    "ecs": _ecs,
    "batch": lambda stack: tasks.BatchSubmitJob(
        stack,
        "Task",
        job_name="j",
        job_definition_arn=f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/d:1",
        job_queue_arn=f"arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/q",
    ),
    "glue": lambda stack: tasks.GlueStartJobRun(stack, "Task", glue_job_name="g", integration_pattern=SYNC),
    "databrew": lambda stack: tasks.GlueDataBrewStartJobRun(stack, "Task", name="g", integration_pattern=SYNC),
    "emr step": lambda stack: tasks.EmrAddStep(stack, "Task", cluster_id="j-1", name="s", jar="x.jar"),
    "emr end": lambda stack: tasks.EmrTerminateCluster(stack, "Task", cluster_id="j-1"),
    "codebuild": _build,
    "athena": lambda stack: tasks.AthenaStartQueryExecution(
        stack, "Task", query_string="select 1", integration_pattern=SYNC
    ),
    "nested": _nested,
    "emr": lambda stack: tasks.EmrCreateCluster(
        stack, "Task", name="c", instances=tasks.EmrCreateCluster.InstancesConfigProperty()
    ),
    "emr on eks": lambda stack: tasks.EmrContainersStartJobRun(
        stack,
        "Task",
        release_label=tasks.ReleaseLabel.EMR_6_2_0,
        virtual_cluster=tasks.VirtualClusterInput.from_virtual_cluster_id("v"),
        execution_role=iam.Role(stack, "Runs", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com")),
        job_driver=tasks.JobDriver(
            spark_submit_job_driver=tasks.SparkSubmitJobDriver(entry_point=sfn.TaskInput.from_text("x"))
        ),
    ),
    "mediaconvert": lambda stack: tasks.MediaConvertCreateJob(
        stack,
        "Task",
        create_job_request={"Role": f"arn:aws:iam::{ACCOUNT}:role/m", "Settings": {}},
        integration_pattern=SYNC,
    ),
    "bedrock": lambda stack: tasks.BedrockCreateModelCustomizationJob(
        stack,
        "Task",
        base_model=bedrock.FoundationModel.from_foundation_model_id(
            stack, "Base", bedrock.FoundationModelIdentifier.AMAZON_TITAN_TEXT_G1_EXPRESS_V1
        ),
        custom_model_name="c",
        job_name="j",
        training_data=tasks.TrainingBucketConfiguration(bucket=s3.Bucket(stack, "In"), path="t.jsonl"),
        validation_data=[tasks.ValidationBucketConfiguration(bucket=s3.Bucket(stack, "Check"), path="v.jsonl")],
        output_data=tasks.OutputBucketConfiguration(bucket=s3.Bucket(stack, "Out"), path="o"),
        integration_pattern=SYNC,
    ),
    "lambda": lambda stack: tasks.LambdaInvoke(
        stack,
        "Task",
        lambda_function=lambda_.Function.from_function_arn(stack, "F", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"),
    ),
    "dynamodb": lambda stack: tasks.DynamoGetItem(
        stack,
        "Task",
        table=dynamodb.Table.from_table_name(stack, "T", "t"),
        key={"id": tasks.DynamoAttributeValue.from_string("x")},
    ),
}


@pytest.fixture
def stack():
    return Stack(App(), "Stack", env=Environment(account=ACCOUNT, region=REGION))


def machine(stack, task):
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(task), timeout=Duration.hours(1))
    return machine_of(stack, machine=_of(stack))


def _of(stack):
    return stack.get_logical_id(stack.node.find_child("M").node.default_child)


def compared(stack, name):
    """What the CDK grants for a task and what is said to be needed, and what may be needed besides."""
    made = machine(stack, TASKS[name](stack))
    needs = needs_of(Scene(made.definition), Arns("aws", REGION, ACCOUNT), machine=made.arn)
    granted = {
        action
        for statement in made.policy
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    return made, needs, granted


@pytest.mark.parametrize("name", TASKS)
def test_the_cdk_grants_all_that_is_needed(stack, name):
    made, needs, _ = compared(stack, name)

    assert [(one.action, one.resources) for one in lacking(made, needs) if one.action not in MORE.get(name, ())] == []
    assert needs.unknown == {}


MORE = {"athena": {"athena:StopQueryExecution"}, "batch": {"batch:DescribeJobs", "batch:TerminateJob"}}
"""Actions that AWS's guide lists and that the CDK does not grant: `check` does not call them missing."""


LESS = {"sagemaker transform": {"iam:PassRole"}}
"""Actions that the CDK grants and nothing needs: CreateTransformJob takes no role. `check` calls them needless."""


@pytest.mark.parametrize("name", TASKS)
def test_all_that_the_cdk_grants_is_needed_or_possible(stack, name):
    _, needs, granted = compared(stack, name)
    known = {one.action.lower() for one in needs.needed} | {each.lower() for each in needs.possible}

    surplus = {action for action in granted if not any(overlap(action.lower(), each) for each in known)}
    assert surplus == LESS.get(name, set()), json.dumps(sorted(known))


@pytest.mark.parametrize("name", TASKS)
def test_what_the_cdk_makes_has_no_missing_and_no_needless_grant(stack, name):
    made, _, _ = compared(stack, name)

    rules = {"grant-missing", "grant-needless", "grant-unknown"}
    found = [one.what for one in check_machine(made) if one.rule.id in rules]
    assert [said for said in found if not any(action in said for action in LESS.get(name, ()))] == []
    assert len(found) == len(LESS.get(name, ()))
