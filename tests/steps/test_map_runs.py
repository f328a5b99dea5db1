"""Rehearsals of distributed maps: what their runs need of the role, and what is said of results that nobody writes."""

from __future__ import annotations

from constructs_sm import FanOut, PipelineStack, TrainingJob
from constructs_sm.testing import Rehearsal, grants, without

import pytest
from aws_cdk import App
from every_action import IMAGE

GIVEN = {"sets": ["s3://data/a/", "s3://data/b/"]}


@pytest.fixture(scope="module")
def stack():
    stack = PipelineStack(App(), "Churn")
    train = TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.xlarge", inputs={"train": "$.item"})
    stack.run(FanOut(stack, "Each", train, items="$.sets", distributed=True))
    return stack


def test_results_need_no_bucket(stack):
    with Rehearsal.of(stack) as rehearsal:
        run = rehearsal.start(GIVEN)

    results = run.output["Each"]
    assert run.succeeded
    assert results["MapRunArn"].startswith("arn:aws:states:us-east-1:123456789012:mapRun:")
    assert results["ResultWriterDetails"]["Key"].startswith("jobs/each/")
    assert results["ResultWriterDetails"]["Key"].endswith("/manifest.json")


def test_nothing_that_a_map_run_uses_is_needless(stack):
    with Rehearsal.of(stack) as rehearsal:
        permissions = rehearsal.permissions(GIVEN)

    assert permissions.exact, permissions


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("states:StartExecution", "States.Permissions"),
        ("s3:PutObject", "States.ResultWriterFailed"),
        ("s3:ListMultipartUploadParts", "States.ResultWriterFailed"),
    ],
)
def test_map_run_fails_without_what_it_needs(stack, action, error):
    with Rehearsal.of(stack) as rehearsal:
        policy = lacking(rehearsal, action)
    with Rehearsal.of(stack, policy=policy) as rehearsal:
        run = rehearsal.start(GIVEN)

    assert run.error == error
    assert action in run.cause


@pytest.mark.parametrize("action", ["states:DescribeExecution", "states:StopExecution", "s3:GetObject"])
def test_what_a_map_run_lacks_is_missing(stack, action):
    with Rehearsal.of(stack) as rehearsal:
        policy = lacking(rehearsal, action)
    with Rehearsal.of(stack, policy=policy) as rehearsal:
        permissions = rehearsal.permissions(GIVEN)

    assert {missing.need.action for missing in permissions.missing} == {action}


def lacking(rehearsal, action):
    """The role's policy without one action."""
    policy = rehearsal.role.policy
    for grant in [grant for grant in grants(policy) if grant.action == action]:
        policy = without(policy, grant)
    return policy


def test_results_in_an_encrypted_bucket_need_its_key():
    stack = PipelineStack(App(), "Churn", key=True)
    train = TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.xlarge", inputs={"train": "$.item"})
    stack.run(FanOut(stack, "Each", train, items="$.sets", distributed=True))

    with Rehearsal.of(stack) as rehearsal:
        permissions = rehearsal.permissions(GIVEN)

    assert permissions.exact, permissions
