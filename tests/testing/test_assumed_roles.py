"""Calls under a role that the state's Credentials name: its policies decide, and both roles have to agree to it."""

from __future__ import annotations

import json
from typing import Any

from constructs_sm import JobPipeline, QualityGate, TrainingJob
from constructs_sm.commands.cli import main
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.testing import Rehearsal, state_machine_policy

import pytest
from aws_cdk import App, Environment, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from every_action import REQUESTS
from every_polled_action import polled_job

ACCOUNT = "123456789012"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/Other"
OWN = f"arn:aws:iam::{ACCOUNT}:role/Role"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
FOREIGN = "arn:aws:iam::999999999999:role/other"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:Machine"
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"}
ASSUME = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": {"Fn::GetAtt": ["Other", "Arn"]}}
FORBIDDEN = "(Service: Sqs, Status Code: 403)"
ABSENT = (", which is not in the template", ", which are not in the template")
IS_OWN = {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def lets(principal: Any, **condition: Any) -> dict[str, Any]:
    return document(
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
        if condition
        else {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    )


def template(
    own: Any = ASSUME,
    others: Any = SEND,
    trust: Any = None,
    role: Any = None,
    account: str = ACCOUNT,
    **properties: Any,
) -> dict[str, Any]:
    send = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Credentials": {"RoleArn": role or {"Fn::GetAtt": ["Other", "Arn"]}},
        "Parameters": {"QueueUrl": f"https://sqs.us-east-1.amazonaws.com/{account}/jobs", "MessageBody": "x"},
        "End": True,
    }

    def role_of(trusted: Any, statement: Any, **further: Any) -> dict[str, Any]:
        policies = [{"PolicyName": "P", "PolicyDocument": document(statement)}] if statement else []
        return {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": trusted, "Policies": policies, **further},
        }

    return {
        "Resources": {
            "Role": role_of(lets({"Service": "states.amazonaws.com"}), own),
            "Other": role_of(trust or lets(IS_OWN), others, **properties),
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "StateMachineName": "Machine",
                    "Definition": {"StartAt": "Send", "States": {"Send": send}},
                },
            },
        }
    }


def permissions_of(made: Any) -> Any:
    with Rehearsal.of(made) as rehearsal:
        return rehearsal.answer("Send", {}).permissions()


@pytest.mark.parametrize(
    "trust",
    [
        lets(IS_OWN),
        lets({"AWS": ACCOUNT}),
        lets(IS_OWN, StringEquals={"sts:ExternalId": MACHINE}),
        lets(IS_OWN, ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/R*"}),
    ],
    ids=["role", "account", "external id", "principal"],
)
def test_call_is_allowed_where_both_roles_and_the_policies_agree(trust):
    assert str(permissions_of(template(trust=trust))) == "exact: nothing is missing, and every grant is needed"


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        (
            {"own": SEND},
            f"The role {OTHER} cannot be assumed: sts:AssumeRole on resource: {OTHER}",
        ),
        (
            {"trust": lets({"Service": "states.amazonaws.com"})},
            f"The role {OTHER} cannot be assumed: sts:AssumeRole on resource: {OTHER} by {OWN}",
        ),
        (
            {"trust": lets(IS_OWN, StringEquals={"sts:ExternalId": "another"})},
            f"The role {OTHER} cannot be assumed: sts:AssumeRole on resource: {OTHER} by {OWN}",
        ),
        (
            {"others": None},
            f"The role {OTHER} is not authorized to perform: sqs:SendMessage on resource: {QUEUE} {FORBIDDEN}",
        ),
    ],
    ids=["may not assume", "is not let", "is let others", "may not call"],
)
def test_call_fails_where_one_does_not(given, cause):
    with Rehearsal.of(template(**given)) as rehearsal:
        run = rehearsal.answer("Send", {}).start()

    assert (run.status, run.cause) == ("FAILED", cause)


def test_what_the_assumed_role_lacks_is_said_to_be_that_roles():
    found = permissions_of(template(others=None))

    assert str(found) == (
        f"missing   Send: sqs:SendMessage on arn:aws:sqs:us-east-1:{ACCOUNT}:jobs by {OTHER}; grant it with "
        '{"Effect": "Allow", "Action": "sqs:SendMessage", '
        f'"Resource": "arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"}}'
    )
    assert [each.role for each in found.missing] == [OTHER]


def test_trust_that_is_missing_is_said_with_the_statement_of_its_policy():
    (missing,) = permissions_of(template(trust=lets({"Service": "lambda.amazonaws.com"}))).missing

    own = f"arn:aws:iam::{ACCOUNT}:role/Role"
    assert missing.statement == {"Effect": "Allow", "Principal": {"AWS": own}, "Action": "sts:AssumeRole"}


def test_grant_of_the_state_machine_role_does_not_help_the_assumed_role():
    found = permissions_of(template(own={**ASSUME, "Action": "*", "Resource": "*"}, others=None))

    assert [(each.need.action, each.role) for each in found.missing] == [("sqs:SendMessage", OTHER)]


def test_boundary_of_the_assumed_role_counts():
    found = permissions_of(template(PermissionsBoundary={"Ref": "Limit"}) | {})
    assert not found.exact  # nothing is known of a boundary that is elsewhere

    made = template(PermissionsBoundary={"Ref": "Limit"})
    only = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    made["Resources"]["Limit"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": only}}
    (missing,) = permissions_of(made).missing
    assert missing.why == "its permissions boundary does not let it: widen that"


def test_managed_policy_of_the_assumed_role_leaves_the_answer_open():
    managed = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
    found = permissions_of(template(others=None, ManagedPolicyArns=[managed]))

    assert str(found) == (
        f"unknown   Send: sqs:SendMessage on arn:aws:sqs:us-east-1:{ACCOUNT}:jobs by {OTHER} hangs on "
        f"{managed}, which is not in the template"
    )


def test_role_of_another_account_is_unknown_and_what_it_needs_is_said_there():
    found = permissions_of(template(own={**ASSUME, "Resource": FOREIGN}, role=FOREIGN, account="999999999999"))

    there = "arn:aws:sqs:us-east-1:999999999999:jobs"
    assert str(found).splitlines() == [
        f"unknown   Send: sts:AssumeRole on {FOREIGN} hangs on the trust policy of {FOREIGN}{ABSENT[0]}",
        f"unknown   Send: sqs:SendMessage on {there} by {FOREIGN} hangs on the policies of {FOREIGN}{ABSENT[1]}",
    ]


def test_report_as_json_names_the_role(tmp_path, capsys):
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template(others=None)))
    main(["permissions", str(path), "--script", '{"answers": {"Send": [{}]}}', "--json"])

    (found,) = json.loads(capsys.readouterr().out)
    (said,) = found["missing"]
    assert (said["state"], said["role"]) == ("Send", OTHER)


def new_stack():
    return Stack(App(), "Stack", env=Environment(account=ACCOUNT, region="eu-west-1"))


def training_under_another_role(*statements):
    stack = new_stack()
    pipeline = JobPipeline(stack, "Pipeline", explain_failures=False)
    other = iam.Role(stack, "Other", assumed_by=iam.AccountRootPrincipal(), role_name="other")
    train = TrainingJob(pipeline, "Train", parameters=REQUESTS["createTrainingJob"], credentials=other)
    pipeline.run(train)
    for statement in statements:
        other.add_to_policy(iam.PolicyStatement.from_json(statement))
    with Rehearsal.of(stack) as rehearsal:
        return rehearsal.permissions()


def test_job_under_credentials_is_exact_once_its_role_may_what_it_needs():
    found = training_under_another_role()
    assert {each.need.action for each in found.missing} == {
        *("sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"),
        *("sagemaker:AddTags", "sagemaker:ListTags", "iam:PassRole"),
    }
    assert {each.role for each in found.missing} == {f"arn:aws:iam::{ACCOUNT}:role/other"}
    assert not found.unknown

    granted = training_under_another_role(*(each.statement for each in found.missing))
    assert not granted.missing
    assert not granted.unknown


@pytest.mark.parametrize("made", ["job", "polled job", "metrics", "tags"])
def test_role_of_a_machine_may_no_more_than_assume_the_role_that_calls(made):
    stack = new_stack()
    pipeline = JobPipeline(stack, "Pipeline", explain_failures=False)
    other = iam.Role(stack, "Other", assumed_by=iam.AccountRootPrincipal())
    if made == "polled job":
        job = polled_job(stack, next(iter(POLLED_ACTIONS)), credentials=other)
    else:
        job = TrainingJob(pipeline, "Train", parameters=REQUESTS["createTrainingJob"], credentials=other)
    if made == "tags":
        Tags.of(stack).add("team", "ml")
    chain = job.next(QualityGate(pipeline, "Good", job.final_metric("auc") > 0)) if made == "metrics" else job
    pipeline.run(chain)

    may = {action for grant in state_machine_policy(stack) for action in listed(grant["Action"])}
    assert {action for action in may if not action.startswith(("logs:", "xray:"))} == {"sts:AssumeRole"}


def listed(actions):
    return [actions] if isinstance(actions, str) else actions


def test_function_that_a_cdk_task_invokes_under_credentials_is_granted_to_that_role():
    stack = new_stack()
    function = functions.Function.from_function_arn(
        stack, "Function", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:score"
    )
    own = iam.Role(stack, "Own", assumed_by=iam.ServicePrincipal("states.amazonaws.com"), role_name="own")
    other = iam.Role(stack, "Other", assumed_by=own, role_name="other")
    score = tasks.LambdaInvoke(
        stack, "Score", lambda_function=function, credentials=sfn.Credentials(role=sfn.TaskRole.from_role(other))
    )
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(score), role=own)

    with Rehearsal.of(stack) as rehearsal:
        found = rehearsal.answer("Score", {}).permissions()
    assert [(each.need.action, each.role) for each in found.missing] == [
        ("lambda:InvokeFunction", f"arn:aws:iam::{ACCOUNT}:role/other")
    ]
