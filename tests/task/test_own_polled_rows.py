"""Rows of one's own for APIs without `.sync`: compared with the model, polled, granted and rehearsed."""

from __future__ import annotations

from constructs_sm import InvalidInputError, PolledJob
from constructs_sm.polled_actions import JOB, POLLED_ACTIONS, PolledAction
from constructs_sm.requests import polled_rows
from constructs_sm.requests.polled_rows import row_problems
from constructs_sm.testing import Rehearsal, definition

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

CLUSTER_ROLE = "arn:aws:iam::123456789012:role/Nodes"
GROUP = {
    "InstanceGroupName": "nodes",
    "InstanceType": "ml.m5.large",
    "InstanceCount": 1,
    "LifeCycleConfig": {"SourceS3Uri": "s3://sagemaker-lifecycle/", "OnCreate": "on_create.sh"},
    "ExecutionRole": CLUSTER_ROLE,
}
ROWS = {
    "AutoMLJob": (
        {"name_max": 32, "role_path": ("RoleArn",), "lower_cases_arn": True, "arn_type": "automl-job"},
        {
            "InputDataConfig": [
                {
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/"}},
                    "TargetAttributeName": "churned",
                }
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://data/found/"},
        },
    ),
    "Cluster": (
        {
            "arn_type": "cluster",
            "success": "InService",
            "ended": ("Failed", "Deleting", "RollingBack"),
            "reason": "FailureMessage",
            "stops": False,
        },
        {"InstanceGroups": [GROUP]},
    ),
    "FlowDefinition": (
        {
            "arn_type": "flow-definition",
            "role_path": ("RoleArn",),
            "success": "Active",
            "ended": ("Failed", "Deleting"),
            "stops": False,
        },
        {"OutputConfig": {"S3OutputPath": "s3://reviews/"}},
    ),
    "HumanTaskUi": (
        {"arn_type": "human-task-ui", "success": "Active", "ended": ("Deleting",), "reason": "", "stops": False},
        {"UiTemplate": {"Content": "<p>"}},
    ),
    "MlflowTrackingServer": (
        {
            "fields": "TrackingServer",
            "status": "TrackingServerStatus",
            "arn_type": "mlflow-tracking-server",
            "name_max": 256,
            "role_path": ("RoleArn",),
            "success": "Created",
            "ended": ("CreateFailed", "Deleting", "DeleteFailed", "Stopped"),
            "reason": "",
            "results": ("TrackingServerUrl",),
        },
        {"ArtifactStoreUri": "s3://runs/"},
    ),
    "NotebookInstance": (
        {
            "arn_type": "notebook-instance",
            "role_path": ("RoleArn",),
            "success": "InService",
            "ended": ("Failed", "Stopped", "Deleting"),
            "lower_cases_arn": True,
        },
        {"InstanceType": "ml.t3.medium", "Tags": [{"Key": "team", "Value": "churn"}]},
    ),
    "TrainingPlan": (
        {
            "arn_type": "training-plan",
            "status": "Status",
            "success": "Active",
            "ended": ("Failed", "Expired"),
            "reason": "StatusMessage",
            "stops": False,
        },
        {"TrainingPlanOfferingId": "offering-1"},
    ),
}


def row(noun):
    return PolledAction(noun=noun, **ROWS[noun][0])


@pytest.fixture
def stack():
    return Stack(App(), "Stack", env=Environment(account="123456789012", region="us-east-1"))


@pytest.mark.parametrize("noun", ROWS)
def test_job_of_an_own_row_ends_well_or_is_stopped_with_exact_permissions(stack, noun):
    action = row(noun)
    role = {"role": iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))}
    own = role if action.role_path else {}
    job = PolledJob(stack, "Job", action=action, parameters=ROWS[noun][1], timeout=120, **own)
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job))

    with Rehearsal.of(stack) as rehearsal:
        well = rehearsal.start()
        assert well.succeeded, well
        permissions = rehearsal.permissions()
    if action.stop:
        with Rehearsal.of(stack, describes=9) as rehearsal:
            given_up = rehearsal.start()
            assert given_up.error == "TimedOut"
            assert given_up.states[-2:] == ["Job: Stop", "Job: TimedOut"]
    else:
        assert permissions.exact, permissions


def test_rows_of_the_package_are_not_compared_again():
    assert [problem for action in POLLED_ACTIONS for problem in row_problems(action)] == []


def test_row_of_the_package_that_the_model_is_too_old_for_is_refused(stack, monkeypatch):
    monkeypatch.setattr(polled_rows, "has_operation", lambda name: name != "CreateJob")

    with pytest.raises(InvalidInputError, match=r"no such API, got 'CreateJob'; install a botocore after \d"):
        PolledJob(stack, "Job", action=JOB, parameters={})


def test_row_of_another_service_is_taken_as_it_is():
    assert row_problems(PolledAction(noun="X", arn_type="x", integration="aws-sdk:bedrock")) == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"noun": "Nothing"},
            "SageMaker has no such API, got 'CreateNothing, DescribeNothing, StopNothing'",
        ),
        (
            {"noun": "TrainingPlan", "status": "Status"},
            "SageMaker has no such API, got 'StopTrainingPlan'",
        ),
        (
            {"noun": "EdgePackagingJob", "role_path": ("RoleArn",), "success": "COMPLETED"},
            "CreateEdgePackagingJob does not answer with an ARN, by which the job is looked at",
        ),
        ({"noun": "AutoMLJob"}, r"CreateAutoMLJob has another role, got 'no role'; say role_path=\('RoleArn',\)"),
        ({"noun": "HumanTaskUi", "stops": False, "success": "Active"}, "got 'FailureReason'; say reason="),
        ({"noun": "AutoMLJob", "success": "Done"}, "got 'Done'; correct success= and ended="),
        ({"noun": "AutoMLJob", "results": ("BestCandidat",)}, "got 'BestCandidat'; did you mean BestCandidate"),
        ({"noun": "MlflowTrackingServer"}, "is not asked by this field, got 'MlflowTrackingServerName'"),
        ({"noun": "Job", "role_path": ("RoleArn",)}, "DescribeJob wants more, got 'JobCategory'; say asked_with="),
        ({"noun": "NotebookInstance", "status": "State"}, "got 'State'"),
    ],
)
def test_row_that_is_not_as_the_model_has_it_is_refused(stack, row, said):
    with pytest.raises(InvalidInputError, match=said):
        PolledJob(stack, "Job", action=PolledAction(arn_type="x", **row), parameters={})


def test_row_says_what_later_states_find_and_what_the_grants_are_on(stack):
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    job = PolledJob(
        stack,
        "Job",
        action=row("MlflowTrackingServer"),
        parameters={"ArtifactStoreUri": "s3://runs/"},
        role=role,
        keep=["MlflowVersion"],
    )
    url = job.output_field("TrackingServerUrl")
    states = job.next(sfn.Pass(stack, "At", parameters={"url": url}))
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(states))

    states = definition(stack)["States"]
    assert states["Job"]["Resource"].endswith(":states:::aws-sdk:sagemaker:createMlflowTrackingServer")
    assert states["Job: Describe"]["Arguments"] == {
        "TrackingServerName": "{% $split($states.input.Job.TrackingServerArn, '/')[-1] %}"
    }
    assert "'MlflowVersion': $states.result.MlflowVersion" in states["Job: Describe"]["Output"]
    assert states["At"]["Parameters"] == {"url.$": "$.Job.TrackingServerUrl"}
