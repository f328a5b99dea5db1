"""Roles of hand-written templates: each rehearsal goes as IAM's documentation says, and tells what it cannot know."""

from __future__ import annotations

import json
from typing import Any

from constructs_sm.testing import Rehearsal, TimedOut

import pytest

ACCOUNT, REGION = "123456789012", "us-east-1"
JOB = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"
EXECUTING = f"arn:aws:iam::{ACCOUNT}:role/Executing"
REQUEST = {
    "TrainingJobName": "churn-1",
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://b/"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "RoleArn": {"Fn::GetAtt": ["Executing", "Arn"]},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    "Tags": [{"Key": "team", "Value": "ml"}],
}
OWN_TAGS = ["team", "MANAGED_BY_AWS", "AWS_STEP_FUNCTIONS_EXECUTION_ARN"]


def statement(effect: str = "Allow", **said: Any) -> dict[str, Any]:
    if "NotAction" not in said:
        said.setdefault("Action", "*")
    if "NotResource" not in said:
        said.setdefault("Resource", "*")
    return {"Effect": effect, **said}


def when(effect: str = "Allow", actions: Any = "*", **condition: Any) -> dict[str, Any]:
    operators = {name.replace("__", ":"): tests for name, tests in condition.items()}
    return statement(effect, Action=actions, Condition=operators)


def document(*statements: Any, version: str | None = "2012-10-17") -> dict[str, Any]:
    return {**({"Version": version} if version else {}), "Statement": list(statements)}


def trust(service: str, **condition: Any) -> dict[str, Any]:
    said = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document({**said, **({"Condition": condition} if condition else {})})


def template(
    *statements: Any,
    boundary: Any = None,
    machine_trust: Any = None,
    job_trust: Any = None,
    version: str | None = "2012-10-17",
    request: Any = None,
    resource: str = "sagemaker:createTrainingJob.sync",
    **state: Any,
) -> dict[str, Any]:
    called = {"Fn::Sub": f"arn:${{AWS::Partition}}:states:::{resource}"}
    task = {"Type": "Task", "Resource": called, "Parameters": REQUEST if request is None else request, "End": True}
    role: dict[str, Any] = {
        "AssumeRolePolicyDocument": machine_trust or trust("states.amazonaws.com"),
        "Policies": [{"PolicyName": "P", "PolicyDocument": document(*statements, version=version)}],
    }
    resources: dict[str, Any] = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Executing": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": job_trust or trust("sagemaker.amazonaws.com")},
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "Definition": {"StartAt": "Train", "States": {"Train": {**task, **state}}},
            },
        },
    }
    if isinstance(boundary, str):
        role["PermissionsBoundary"] = boundary
    elif boundary is not None:
        limit = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document(*boundary)}}
        resources["Limit"] = limit
        role["PermissionsBoundary"] = {"Ref": "Limit"}
    return {"Resources": resources}


ALL = statement()
SUCCEEDS, REFUSED = "", "not authorized to perform: "
CREATE, TAG, STOP = "sagemaker:CreateTrainingJob", "sagemaker:AddTags", "sagemaker:StopTrainingJob"
SITUATIONS: dict[str, tuple[list[Any], str]] = {
    "everything": ([ALL], SUCCEEDS),
    "nothing but another service": ([statement(Action="s3:*")], CREATE),
    "NotAction without SageMaker": ([statement(NotAction="sagemaker:*")], CREATE),
    "NotAction of something else": ([statement(NotAction="iam:CreateRole")], SUCCEEDS),
    "NotAction that leaves passing out": ([statement(NotAction=["iam:Pass*"])], "iam:PassRole"),
    "NotResource of the job": ([statement(NotResource=f"{JOB}/churn-*")], CREATE),
    "NotResource of another": ([statement(NotResource=f"{JOB}/other-*")], SUCCEEDS),
    "Deny by NotAction": ([ALL, statement("Deny", NotAction=["sagemaker:*", "iam:*"])], "events:PutTargets"),
    "Deny by NotResource": ([ALL, statement("Deny", NotResource=[f"{JOB}/*", EXECUTING])], "events:PutTargets"),
    "star in the middle of an ARN": (
        [statement(Action="*", Resource=[f"arn:aws:sagemaker:*:{ACCOUNT}:training-job/*-1", EXECUTING, RULE])],
        SUCCEEDS,
    ),
    "star in the middle that does not fit": ([statement(Resource="arn:aws:sagemaker:*:*:training-job/*-2")], CREATE),
    "question mark": ([statement(Resource=[f"{JOB}/churn-?", EXECUTING, RULE])], SUCCEEDS),
    "star that is a star": ([statement(Resource=f"{JOB}/churn${{*}}")], CREATE),
    "name in capitals": ([statement(Resource=f"{JOB}/CHURN-*")], CREATE),
    "action in capitals": ([statement(Action=["SAGEMAKER:*", "IAM:*", "Events:*"])], SUCCEEDS),
    "Region of the call": ([when(StringEquals={"aws:RequestedRegion": REGION})], SUCCEEDS),
    "another Region": ([when(StringEquals={"aws:RequestedRegion": "eu-west-1"})], CREATE),
    "Deny outside of a Region": ([ALL, when("Deny", StringNotEquals={"aws:RequestedRegion": "eu-west-1"})], CREATE),
    "Deny passing outside of a Region": (
        [ALL, when("Deny", "iam:PassRole", StringNotEquals={"aws:RequestedRegion": "eu-west-1"})],
        "iam:PassRole",
    ),
    "own account": ([when(StringEquals={"aws:ResourceAccount": "${aws:PrincipalAccount}"})], SUCCEEDS),
    "another account": ([ALL, when("Deny", CREATE, StringEquals={"aws:ResourceAccount": ACCOUNT})], CREATE),
    "after a date": ([when(DateGreaterThan={"aws:CurrentTime": "2020-01-01T00:00:00Z"})], SUCCEEDS),
    "before a date": ([when(DateLessThan={"aws:CurrentTime": "2020-01-01T00:00:00Z"})], CREATE),
    "tag of the request": ([ALL, when("Deny", CREATE, StringNotEquals={"aws:RequestTag/team": "ml"})], SUCCEEDS),
    "tag that the request has not": ([ALL, when("Deny", CREATE, Null={"aws:RequestTag/cost": "true"})], CREATE),
    "keys of tags, own ones forgotten": (
        [ALL, when("Deny", TAG, ForAnyValue__StringNotEquals={"aws:TagKeys": ["team"]})],
        TAG,
    ),
    "keys of tags, all": ([ALL, when("Deny", TAG, ForAnyValue__StringNotEquals={"aws:TagKeys": OWN_TAGS})], SUCCEEDS),
    "all values of a key that is not there": (
        [statement(NotAction=CREATE), when(actions=CREATE, ForAllValues__StringEquals={"sagemaker:VpcSubnets": ["s"]})],
        SUCCEEDS,
    ),
    "any value of a key that is not there": (
        [statement(NotAction=CREATE), when(actions=CREATE, ForAnyValue__StringEquals={"sagemaker:VpcSubnets": ["s"]})],
        CREATE,
    ),
    "Deny without a VPC": ([ALL, when("Deny", CREATE, Null={"sagemaker:VpcSubnets": "true"})], CREATE),
    "instance type": ([ALL, when("Deny", CREATE, ForAnyValue__StringLike={"sagemaker:InstanceTypes": "ml.p*"})], ""),
    "runtime": ([ALL, when("Deny", CREATE, NumericGreaterThan={"sagemaker:MaxRuntimeInSeconds": "59"})], CREATE),
    "key that the action does not have": ([when(StringEquals={"sagemaker:ModelApprovalStatus": "Approved"})], CREATE),
    "passed to another service": (
        [ALL, when("Deny", "iam:*", StringNotEqualsIfExists={"iam:PassedToService": "x"})],
        "iam:PassRole",
    ),
    "negation of a key that a call has not": (
        [ALL, when("Deny", StringNotEqualsIfExists={"iam:PassedToService": "x"})],
        CREATE,
    ),
    "tagging action": ([ALL, when("Deny", TAG, StringEquals={"sagemaker:TaggingAction": "CreateTrainingJob"})], TAG),
    "tag of the job that it looks at": (
        [ALL, when("Deny", "sagemaker:Describe*", StringNotEquals={"aws:ResourceTag/team": "ml"})],
        SUCCEEDS,
    ),
}


@pytest.mark.parametrize(("statements", "refused"), SITUATIONS.values(), ids=SITUATIONS)
def test_execution_goes_as_iam_decides(statements: list[Any], refused: str) -> None:
    with Rehearsal.of(template(*statements)) as rehearsal:
        run = rehearsal.start()

    assert run.succeeded is (refused == SUCCEEDS), run.cause
    assert f"{REFUSED}{refused} on" in str(run.cause) or not refused


@pytest.mark.parametrize(
    ("boundary", "refused"),
    [
        ([ALL], SUCCEEDS),
        ([statement(Action=["sagemaker:*", "events:*"])], "iam:PassRole"),
        ([ALL, statement("Deny", Action=TAG)], TAG),
        ([statement(Action="sagemaker:Describe*")], CREATE),
        ([when(StringEquals={"aws:RequestedRegion": "eu-west-1"})], CREATE),
    ],
)
def test_permissions_boundary_is_intersected(boundary: list[Any], refused: str) -> None:
    with Rehearsal.of(template(ALL, boundary=boundary)) as rehearsal:
        run = rehearsal.start()
        permissions = rehearsal.permissions()

    assert run.succeeded is (refused == SUCCEEDS)
    assert f"{REFUSED}{refused} on" in str(run.cause) or not refused
    assert (refused in str(permissions)) is True
    assert ("permissions boundary" in str(permissions)) is bool(refused)


def test_boundary_alone_gives_nothing() -> None:
    with Rehearsal.of(template(statement(Action="s3:*"), boundary=[ALL])) as rehearsal:
        assert CREATE in str(rehearsal.start().cause)


def test_boundary_elsewhere_is_unread_and_nothing_is_exact() -> None:
    with Rehearsal.of(template(ALL, boundary="arn:aws:iam::123456789012:policy/limit")) as rehearsal:
        permissions = rehearsal.permissions()

    assert permissions.unread == ("arn:aws:iam::123456789012:policy/limit (permissions boundary)",)
    assert (permissions.missing, permissions.needless, permissions.exact) == ((), (), False)


SOURCE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine"


@pytest.mark.parametrize(
    ("machine_trust", "trusted"),
    [
        (trust("states.amazonaws.com"), True),
        (trust("lambda.amazonaws.com"), False),
        (trust("states.amazonaws.com", **SOURCE), True),
        (trust("states.amazonaws.com", StringEquals={"aws:SourceAccount": "999999999999"}), False),
        (trust("states.amazonaws.com", ArnLike={"aws:SourceArn": f"{MACHINE}:*"}), True),
        (trust("states.amazonaws.com", ArnLike={"aws:SourceArn": f"{MACHINE}:other"}), False),
    ],
)
def test_role_of_the_machine_has_to_trust_step_functions(machine_trust: Any, trusted: bool) -> None:
    with Rehearsal.of(template(ALL, machine_trust=machine_trust)) as rehearsal:
        run = rehearsal.start()
        permissions = rehearsal.permissions()

    assert run.succeeded is trusted
    assert (permissions.missing == ()) is trusted
    assert trusted or "states.amazonaws.com may not assume" in str(permissions)


@pytest.mark.parametrize(
    ("job_trust", "trusted"),
    [
        (trust("sagemaker.amazonaws.com", **SOURCE), True),
        (trust("sagemaker.amazonaws.com", StringEquals={"aws:SourceAccount": "999999999999"}), False),
        (trust("sagemaker.amazonaws.com", ArnLike={"aws:SourceArn": f"{JOB}/*"}), True),
        (trust("sagemaker.amazonaws.com", ArnLike={"aws:SourceArn": f"{JOB}/other"}), False),
        (trust("states.amazonaws.com"), False),
    ],
)
def test_execution_role_has_to_trust_sagemaker(job_trust: Any, trusted: bool) -> None:
    with Rehearsal.of(template(ALL, job_trust=job_trust)) as rehearsal:
        run = rehearsal.start()
        permissions = rehearsal.permissions()

    assert run.succeeded is trusted
    assert trusted or "Could not assume role" in str(run.cause)
    assert [each.need.assumer for each in permissions.missing] == ([] if trusted else ["sagemaker.amazonaws.com"])


@pytest.mark.parametrize(
    ("key", "value"),
    [("aws:SourceIp", "10.0.0.1"), ("aws:PrincipalTag/team", "ml"), ("aws:PrincipalOrgID", "o-1")],
)
def test_key_that_is_not_known_is_said(key: str, value: str) -> None:
    other = statement(NotAction=CREATE)
    with Rehearsal.of(template(other, when(actions=CREATE, StringEquals={key: value}))) as rehearsal:
        run = rehearsal.start()
        permissions = rehearsal.permissions()

    assert f"{CREATE} on resource: {JOB}/churn-1, which hangs on {key}" in run.timeline
    assert [(each.need.action, each.hangs_on) for each in permissions.unknown] == [(CREATE, (key,))]
    assert not permissions.exact


def test_unknown_that_does_not_matter_is_not_said() -> None:
    with Rehearsal.of(template(ALL, when(actions=CREATE, StringEquals={"aws:SourceIp": "10.0.0.1"}))) as rehearsal:
        assert rehearsal.permissions().unknown == ()


@pytest.mark.parametrize(("version", "succeeds"), [("2012-10-17", True), ("2008-10-17", False), (None, False)], ids=str)
def test_policy_variables_are_of_the_newer_version_alone(version: str | None, succeeds: bool) -> None:
    own = statement(Condition={"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}})
    with Rehearsal.of(template(own, version=version)) as rehearsal:
        assert rehearsal.start().succeeded is succeeds


def test_partition_of_china_is_another() -> None:
    for partition, succeeds in (("aws-cn", True), ("aws", False)):
        own = statement(Resource=[f"arn:{partition}:{service}:*" for service in ("sagemaker", "iam", "events")])
        with Rehearsal.of(template(own), region="cn-north-1", account=ACCOUNT) as rehearsal:
            assert rehearsal.start().succeeded is succeeds


def test_job_that_may_not_be_stopped_outside_of_a_region_runs_on() -> None:
    deny = when("Deny", STOP, StringNotEquals={"aws:RequestedRegion": "eu-west-1"})
    with Rehearsal.of(template(ALL, deny, TimeoutSeconds=60)) as rehearsal:
        rehearsal.script("Train", TimedOut())
        run = rehearsal.start()
        permissions = rehearsal.permissions()

    assert run.left_running == [f"{JOB}/churn-1"]
    assert [str(each) for each in permissions.missing] == [
        f"Train: {STOP} on {JOB}/churn-1; a Deny of the role's policy says no, whatever is allowed: narrow it"
    ]


def test_nested_machine_is_asked_for_as_it_is_named() -> None:
    inner = f"{MACHINE}:inner"
    execution = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:inner:*"
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    policy = [
        statement(Action="states:StartExecution", Resource=inner),
        statement(Action=["states:DescribeExecution", "states:StopExecution"], Resource=execution),
        statement(Action=["events:PutTargets", "events:PutRule", "events:DescribeRule"], Resource=rule),
    ]
    nested = {"request": {"StateMachineArn": inner}, "resource": "states:startExecution.sync:2"}
    with Rehearsal.of(template(*policy, **nested)) as rehearsal:
        rehearsal.answer("Train", {})
        permissions = rehearsal.permissions()
    with Rehearsal.of(template(*policy[1:], **nested)) as rehearsal:
        rehearsal.answer("Train", {})
        lacking = rehearsal.permissions()

    assert permissions.exact, permissions
    assert [each.need.action for each in lacking.missing] == ["states:StartExecution"]


def test_what_aws_does_not_say_is_unknown_and_never_needless() -> None:
    policy = statement(Action="cassandra:*", Resource="*")
    unsaid = {"request": {"KeyspaceName": "k"}, "resource": "aws-sdk:keyspaces:getKeyspace"}
    with Rehearsal.of(template(policy, **unsaid)) as rehearsal:
        rehearsal.answer("Train", {})
        permissions = rehearsal.permissions()

    assert "keyspaces GetKeyspace" in str(permissions)
    assert (permissions.needless, permissions.exact) == ((), False)


def test_report_as_json_has_no_reference_left() -> None:
    with Rehearsal.of(template(ALL)) as rehearsal:
        assert "${" not in json.dumps(rehearsal.role.policy)
