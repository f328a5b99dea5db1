"""The second table agrees with SageMaker's own model."""

from __future__ import annotations

from constructs_sm import SageMakerTask
from constructs_sm.actions import ACTIONS
from constructs_sm.polled_actions import (
    AUTO_ML_JOB_V2,
    INFERENCE_RECOMMENDATIONS_JOB,
    MODEL_PACKAGE,
    PIPELINE_EXECUTION,
    POLLED_ACTIONS,
)
from constructs_sm.requests.api_model import answers, has_operation, input_shape, output_shape
from constructs_sm.testing import definition, state_machine_policy

import pytest
from every_polled_action import REQUESTS

every = pytest.mark.parametrize("action", POLLED_ACTIONS, ids=lambda action: action.api)

TO_WAIT_ON = {
    "createAutoMLJobV2": {"InProgress", "Stopping"},
    "createCompilationJob": {"STARTING", "INPROGRESS", "STOPPING"},
    "createInferenceRecommendationsJob": {"PENDING", "IN_PROGRESS", "STOPPING"},
    "createOptimizationJob": {"STARTING", "INPROGRESS", "STOPPING"},
    "startPipelineExecution": {"Executing", "Stopping"},
    "createFeatureGroup": {"Creating"},
    "createModelPackage": {"Pending", "InProgress"},
    "createAIBenchmarkJob": {"InProgress", "Stopping"},
    "createAIRecommendationJob": {"InProgress", "Stopping"},
    "createJob": {"InProgress", "Stopping"},
    "createInferenceComponent": {"Creating", "Updating"},
}


@every
def test_apis_of_a_row_are_sagemaker_s(action):
    assert answers(action.operation)
    assert answers(action.describe)
    assert action.stop is None or has_operation(action.stop)
    assert action.api.lower() == action.operation.lower()


@every
def test_statuses_of_a_row_are_sagemaker_s(action):
    known = set(output_shape(action.describe).members[action.status_field].enum)

    assert set(action.terminal_statuses) <= known
    assert known - set(action.terminal_statuses) == TO_WAIT_ON[action.api]


@every
def test_fields_of_a_row_are_sagemaker_s(action):
    described = output_shape(action.describe).members
    asked = action.described_by or action.name_field

    assert action.arn_field in output_shape(action.operation).members
    assert set(action.kept_fields) <= set(described)
    assert asked in input_shape(action.describe).required_members
    assert action.stop is None or asked in input_shape(action.stop).required_members
    assert all(name in input_shape(action.operation).members for _, name in action.extra_resources)


@every
def test_stop_wants_nothing_more_than_the_job_and_a_token(action):
    if action.stop:
        wanted = set(input_shape(action.stop).required_members) - {action.described_by or action.name_field}
        wanted -= {action.asked_with}
        assert wanted == ({action.token_field} if action.token_field else set())


@every
def test_name_is_as_long_as_sagemaker_takes(action):
    assert input_shape(action.operation).members[action.name_field].metadata["max"] == action.name_max


@every
def test_row_names_the_role_if_there_is_one(action):
    assert (action.role_path == ("RoleArn",)) == ("RoleArn" in input_shape(action.operation).members)


@every
def test_fields_are_spelled_in_pascal_case_as_they_are(action):
    """The SDK of Java, and so Step Functions, spells a name differently that begins with several capitals: `VPCId`."""
    names = {name for operation in (action.operation, action.describe) for name in fields_of(input_shape(operation))}
    assert [name for name in names if len(name) > 2 and name[:3].isalpha() and name[:3].isupper()] == []


def fields_of(shape, seen=()):
    if shape.name in seen:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield name
            yield from fields_of(member, (*seen, shape.name))
    elif shape.type_name == "list":
        yield from fields_of(shape.member, (*seen, shape.name))


def test_no_api_is_in_both_tables():
    assert not {action.api for action in ACTIONS} & {action.api for action in POLLED_ACTIONS}


def test_names_that_are_not_as_the_noun_has_it():
    assert AUTO_ML_JOB_V2.operation == "CreateAutoMLJobV2"
    assert AUTO_ML_JOB_V2.describe == "DescribeAutoMLJobV2"
    assert AUTO_ML_JOB_V2.stop == "StopAutoMLJob"
    assert AUTO_ML_JOB_V2.name_field == "AutoMLJobName"
    assert INFERENCE_RECOMMENDATIONS_JOB.arn_field == "JobArn"
    assert PIPELINE_EXECUTION.api == "startPipelineExecution"
    assert MODEL_PACKAGE.stop is None


@every
def test_task_alone_may_begin_the_job_and_no_more(action, stack, machine):
    role = {"RoleArn": "arn:aws:iam::123456789012:role/Given"} if action.role_path else {}
    machine(SageMakerTask(stack, "Begin", action=action, parameters={**REQUESTS[action.api], **role}))

    allowed = [statement["Action"] for statement in state_machine_policy(stack)]
    assert allowed == [f"sagemaker:{action.operation}", *(["iam:PassRole"] if role else [])]
    resource = definition(stack)["States"]["Begin"]["Resource"]
    assert resource == f"arn:${{AWS::Partition}}:states:::aws-sdk:sagemaker:{action.api}"
