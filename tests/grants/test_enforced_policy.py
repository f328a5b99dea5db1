"""The role's policy as it is enforced: what a call needs, and what a statement gives."""

from __future__ import annotations

import json
from typing import Any

from constructs_sm.testing import (
    Rehearsal,
    Run,
    Step,
    TimedOut,
    allows,
    grants,
    without,
)

import pytest
from machines import (
    APIS,
    REQUESTS,
    ROLE,
    WAITING,
    machine,
    task,
)


def sufficient(api: str, *, sync: bool) -> list[dict[str, Any]]:
    """The least that the call of REQUESTS[api] needs, written out by hand."""
    row = APIS[api]
    names = ["Nightly", "nightly"] if row.lower_cases_arn else ["Nightly"]
    arns = [f"arn:aws:sagemaker:us-east-1:123456789012:{row.arn_type}/{name}" for name in names]
    configs = [f"arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/{name}" for name in ("Config", "config")]
    own = [*arns, *configs] if row.arn_type == "endpoint" else arns
    rows = [{"Effect": "Allow", "Action": [f"sagemaker:{row.operation}"], "Resource": own}]
    if api != "updateEndpoint":
        rows.append({"Effect": "Allow", "Action": ["sagemaker:AddTags"], "Resource": arns})
    if sync:
        watching = [f"sagemaker:Describe{row.noun}", "sagemaker:ListTags"]
        rows.append({"Effect": "Allow", "Action": watching, "Resource": arns})
        rows.append(_managed_rule(api))
    if ROLE in json.dumps(REQUESTS[api]):
        rows.append(_pass_role())
    return rows


def _managed_rule(api: str) -> dict[str, Any]:
    name = {
        "createTrainingJob": "TrainingJobsRule",
        "createProcessingJob": "ProcessingJobsRule",
        "createTransformJob": "TransformJobsRule",
        "createHyperParameterTuningJob": "TuningJobsRule",
        "createLabelingJob": "*",
    }[api]
    return {
        "Effect": "Allow",
        "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
        "Resource": f"arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMaker{name}",
    }


def _pass_role(service: str = "sagemaker.amazonaws.com") -> dict[str, Any]:
    condition = {"StringEquals": {"iam:PassedToService": service}}
    return {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE, "Condition": condition}


CALLS = [(api, False) for api in APIS] + [(api, True) for api in WAITING]


def under(policy: Any, api: str, *, sync: bool, steps: tuple[Step, ...] = ()) -> Run:
    with Rehearsal(policy) as rehearsal:
        rehearsal.script("Job", *steps)
        return rehearsal.run(machine(Job=task(f"{api}.sync" if sync else api)))


@pytest.mark.parametrize(("api", "sync"), CALLS)
def test_policy_that_allows_what_the_call_needs_is_sufficient(api: str, sync: bool) -> None:
    assert under(sufficient(api, sync=sync), api, sync=sync).status == "SUCCEEDED"


@pytest.mark.parametrize(("api", "sync"), CALLS)
def test_every_grant_that_is_taken_away_is_missed_and_named(api: str, sync: bool) -> None:
    policy = sufficient(api, sync=sync)

    for grant in grants(policy):
        run = under(without(policy, grant), api, sync=sync)
        assert run.error == "SageMaker.AmazonSageMakerException"
        assert f"not authorized to perform: {grant.action} on resource: " in (run.cause or "")


@pytest.mark.parametrize(
    ("statement", "action"),
    [
        (_pass_role("states.amazonaws.com"), "iam:PassRole"),
        ({**_pass_role(), "Resource": f"{ROLE}2"}, "iam:PassRole"),
        ({**_managed_rule("createTrainingJob")}, "events:PutTargets"),
    ],
    ids=["pass-role-to-another-service", "pass-another-role", "rule-of-another-api"],
)
def test_grant_of_something_else_does_not_help(statement: dict[str, Any], action: str) -> None:
    others = [row for row in sufficient("createProcessingJob", sync=True) if action not in row["Action"]]

    run = under([*others, statement], "createProcessingJob", sync=True)

    assert f"not authorized to perform: {action} on resource: " in (run.cause or "")


def test_known_rule_name_does_not_stand_in_for_the_unpublished_one() -> None:
    policy = [*sufficient("createLabelingJob", sync=True)]
    policy[policy.index(_managed_rule("createLabelingJob"))] = _managed_rule("createTrainingJob")

    assert "events:PutTargets" in (under(policy, "createLabelingJob", sync=True).cause or "")


def test_deny_wins() -> None:
    deny = {"Effect": "Deny", "Action": "sagemaker:Create*", "Resource": "*"}

    run = under([*sufficient("createModel", sync=False), deny], "createModel", sync=False)

    assert "sagemaker:CreateModel" in (run.cause or "")


@pytest.mark.parametrize("may_stop", [True, False])
def test_job_that_timed_out_runs_on_unless_it_may_be_stopped(may_stop: bool) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:training-job/Nightly"
    stop = {"Effect": "Allow", "Action": "sagemaker:StopTrainingJob", "Resource": arn}
    policy = [*sufficient("createTrainingJob", sync=True), *([stop] if may_stop else [])]

    run = under(policy, "createTrainingJob", sync=True, steps=(TimedOut(),))

    assert run.error == "States.Timeout"
    assert run.left_running == ([] if may_stop else [arn])


def test_policy_may_be_a_document() -> None:
    document = {"Version": "2012-10-17", "Statement": sufficient("createModel", sync=False)}

    assert under(document, "createModel", sync=False).status == "SUCCEEDED"
    assert under([json.dumps(document)], "createModel", sync=False).status == "SUCCEEDED"


TAGGED = "arn:aws:sagemaker:us-east-1:123456789012:model/a"
TAGGING = {"sagemaker:TaggingAction": "CreateModel", "aws:TagKeys": ["a", "b"]}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"sagemaker:TaggingAction": "CreateModel"}}, True),
        ({"StringEquals": {"Sagemaker:taggingaction": ["CreateEndpoint", "CreateModel"]}}, True),
        ({"StringEquals": {"sagemaker:TaggingAction": "createmodel"}}, False),
        ({"StringEqualsIgnoreCase": {"sagemaker:TaggingAction": "createmodel"}}, True),
        ({"StringNotEquals": {"sagemaker:TaggingAction": "CreateModel"}}, False),
        ({"StringNotEquals": {"sagemaker:TaggingAction": "CreateEndpoint"}}, True),
        ({"StringLike": {"sagemaker:TaggingAction": "Create*"}}, True),
        ({"ArnLike": {"sagemaker:TaggingAction": "Create?odel"}}, False),
        ({"Bool": {"sagemaker:TaggingAction": "true"}}, False),
        ({"StringEquals": {"aws:absent": "x"}}, False),
        ({"StringEqualsIfExists": {"aws:absent": "x"}}, True),
        ({"StringEqualsIfExists": {"sagemaker:TaggingAction": "x"}}, False),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["b", "c"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": "c"}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["b", "c"]}}, False),
        ({"ForAllValues:StringEquals": {"aws:absent": "c"}}, True),
        ({"StringLike": {"aws:TagKeys": "a"}, "StringEquals": {"sagemaker:TaggingAction": "x"}}, False),
    ],
    ids=str,
)
def test_condition(condition: dict[str, Any], holds: bool) -> None:
    statement = {"Effect": "Allow", "Action": "SageMaker:addtags", "Resource": TAGGED, "Condition": condition}

    assert allows([statement], "sagemaker:AddTags", TAGGED, TAGGING) is holds


@pytest.mark.parametrize(
    ("statement", "holds"),
    [
        ({"Action": "sagemaker:*", "Resource": "*"}, True),
        ({"NotAction": "sagemaker:*", "Resource": "*"}, False),
        ({"NotAction": ["iam:*"], "Resource": ["arn:aws:s3:::b", TAGGED]}, True),
        ({"Action": "*", "NotResource": TAGGED}, False),
        ({"Action": "*", "Resource": TAGGED.upper().replace("ARN:AWS:SAGEMAKER", "arn:aws:sagemaker")}, False),
    ],
    ids=str,
)
def test_statement(statement: dict[str, Any], holds: bool) -> None:
    assert allows({"Effect": "Allow", **statement}, "sagemaker:AddTags", TAGGED, TAGGING) is holds
