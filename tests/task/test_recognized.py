"""References of the CDK, imported roles and classes, and functions for classes of jobs, as they are recognized."""

from __future__ import annotations

import math

from constructs_sm import InvalidInputError, PipelineStack, SageMakerJob, TrainingJob, images
from constructs_sm.actions import TRAINING_JOB
from constructs_sm.testing import definition, state_machine_policy

import pytest
from aws_cdk import App, Fn, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from every_action import REQUESTS

REQUEST = REQUESTS["createTrainingJob"]
ROLE = "arn:aws:iam::123456789012:role/given"


@pytest.fixture
def pipeline():
    return PipelineStack(App(), "Stack")


@pytest.mark.parametrize(
    ("reference", "spelled"),
    [
        (lambda: Fn.get_att("Role", "Arn"), "${Role.Arn}"),
        (lambda: Token.as_any({"Ref": "Given"}), "${Given}"),
        (lambda: Fn.get_att("Role", "Arn").to_string(), "${Role.Arn}"),
    ],
    ids=["reference", "any token", "text"],
)
def test_reference_of_the_cdk_stands_in_a_request(pipeline, reference, spelled):
    """The bridge has an error for its `creationStack`, which has no value."""
    request = {**REQUEST, "Environment": {"A": reference()}}
    pipeline.run(TrainingJob(pipeline, "Train", parameters=request))

    assert definition(pipeline)["States"]["Train"]["Parameters"]["Environment"] == {"A": spelled}


def test_imported_role_may_be_passed(pipeline):
    """An object of jsii that has several interfaces has the properties of none by its class."""
    imported = iam.Role.from_role_arn(pipeline, "Given", ROLE)
    request = {**REQUEST, "RoleArn.$": "$.role"}
    request.pop("RoleArn", None)
    pipeline.run(TrainingJob(pipeline, "Train", parameters=request, passed_roles=[imported]))

    passing = [each for each in state_machine_policy(pipeline) if "iam:PassRole" in each["Action"]]
    assert [each["Resource"] for each in passing] == [ROLE]


@pytest.mark.parametrize(
    ("name", "function", "said"),
    [
        ("make", lambda: None, "make cannot be used, got lambda; pass a function of the job"),
        ("make", lambda _: None, "make gives no mapping, got None; let it return what stands for what"),
        ("make", 5, "make cannot be used, got 5; pass a function of the job"),
        ("defaults", lambda: None, "defaults cannot be used, got lambda; pass a function of the request"),
        ("defaults", lambda _: [1], "defaults gives no mapping, got [1]; let it return fields in a mapping"),
    ],
    ids=["no argument", "nothing", "number", "defaults without argument", "list"],
)
def test_function_of_a_class_of_jobs_that_is_none_is_refused_in_words(pipeline, name, function, said):
    before = [child.node.path for child in pipeline.node.find_all()]
    given = {"given": REQUEST} if name == "defaults" else {"parameters": REQUEST}

    with pytest.raises(InvalidInputError) as refused:
        SageMakerJob(pipeline, "Job", action=TRAINING_JOB, **given, **{name: function})

    assert said in str(refused.value)
    assert [child.node.path for child in pipeline.node.find_all()] == before


def test_class_of_the_cdk_is_no_construct_of_it(pipeline):
    with pytest.raises(InvalidInputError, match="S3Uri cannot be part of a request"):
        TrainingJob(
            pipeline, "Train", image=images.xgboost("1.7-1"), instance_type="ml.m5.xlarge", inputs={"train": s3.Bucket}
        )


@pytest.mark.parametrize("scope", [math.inf, 5, None], ids=str)
def test_image_outside_of_a_construct_is_refused_in_words(scope):
    """An infinite number would end the process in which the CDK runs."""
    with pytest.raises(InvalidInputError, match="the scope is no construct"):
        images.xgboost("1.7-1").uri_in(scope)
