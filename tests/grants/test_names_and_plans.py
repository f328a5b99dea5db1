"""Grants of what a request names: exact where it lives on, plans with their capacity, folders, roles."""

from __future__ import annotations

from constructs_sm import CreateEndpoint, InvalidInputError, TrainingJob
from constructs_sm.testing import state_machine_policy

import pytest
from aws_cdk import Stack
from aws_cdk.assertions import Annotations, Match, Template
from every_action import REQUESTS

TRAINING = REQUESTS["createTrainingJob"]
AT = "arn:${AWS::Partition}:sagemaker:us-east-1:123456789012"
PLAN = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/weekly"
PARTITION = {"Ref": "AWS::Partition"}
ROLE = "arn:aws:iam::123456789012:role/Train"


@pytest.fixture
def stack(app):
    return Stack(app, "Stack", env={"account": "123456789012", "region": "us-east-1"})


def with_role(role, **arguments):
    parameters = {key: value for key, value in TRAINING.items() if key != "RoleArn"}
    return {"parameters": {**parameters, **role}, **arguments}


def passed(stack):
    return next(s["Resource"] for s in state_machine_policy(stack) if s["Action"] == "iam:PassRole")


def test_training_plan_is_granted_with_its_reserved_capacity(stack, machine):
    resources = {**TRAINING["ResourceConfig"], "TrainingPlanArn": PLAN}
    machine(TrainingJob(stack, "Train", parameters={**TRAINING, "ResourceConfig": resources}))

    granted = [s["Resource"] for s in state_machine_policy(stack) if s["Action"] == "sagemaker:CreateTrainingJob"]
    assert granted == [[PLAN, f"{AT}:reserved-capacity/*"]]


def test_endpoint_of_a_fixed_name_is_granted_and_no_other(stack, machine):
    machine(CreateEndpoint(stack, "Serve", job_name="churn", parameters={"EndpointConfigName": "config"}))

    created = next(s for s in state_machine_policy(stack) if "sagemaker:CreateEndpoint" in s["Action"])
    assert created["Resource"] == [f"{AT}:endpoint/churn", f"{AT}:endpoint-config/config"]


def test_output_without_a_slash_is_granted_as_a_folder(stack, machine):
    output = {"OutputDataConfig": {"S3OutputPath": "s3://data/models"}}
    parameters = {key: value for key, value in TRAINING.items() if key != "RoleArn"}
    machine(TrainingJob(stack, "Train", parameters={**parameters, **output}))

    Template.from_stack(stack).has_resource_properties(
        "AWS::IAM::Policy",
        {
            "PolicyDocument": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
                                "Resource": {"Fn::Join": ["", ["arn:", PARTITION, ":s3:::data/models/*"]]},
                            }
                        )
                    ]
                )
            }
        },
    )


def test_role_that_comes_at_run_time_is_warned_of(stack, machine):
    machine(TrainingJob(stack, "Train", **with_role({"RoleArn.$": "$.role"})))

    assert passed(stack) == "arn:${AWS::Partition}:iam::123456789012:role/*"
    Annotations.from_stack(stack).has_warning("*", Match.string_like_regexp("role-known-at-run-time"))


def test_roles_that_it_may_be_are_passed_and_no_other(stack, machine):
    machine(TrainingJob(stack, "Train", **with_role({"RoleArn.$": "$.role"}, passed_roles=[ROLE])))

    assert passed(stack) == ROLE
    Annotations.from_stack(stack).has_no_warning("*", Match.string_like_regexp("role-known-at-run-time"))


def test_passed_roles_that_are_none_fail(stack):
    with pytest.raises(InvalidInputError, match=r"passed_roles must be a list of roles, got \['Train'\]"):
        TrainingJob(stack, "Train", **with_role({"RoleArn.$": "$.role"}, passed_roles=["Train"]))


def test_execution_role_is_assumed_for_resources_of_the_account_alone(stack, machine):
    parameters = {key: value for key, value in TRAINING.items() if key != "RoleArn"}
    machine(TrainingJob(stack, "Train", parameters=parameters))

    statement = {
        "Action": "sts:AssumeRole",
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {
                "aws:SourceArn": {"Fn::Join": ["", ["arn:", PARTITION, ":sagemaker:us-east-1:123456789012:*"]]}
            },
        },
    }
    Template.from_stack(stack).has_resource_properties(
        "AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Statement": [statement]}}
    )
