"""`constructs-sm grants`: one policy in three languages, of exactly what a definition calls."""

from __future__ import annotations

import json
import runpy

from constructs_sm.commands.cli import main

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

MANY = {
    "StartAt": "Train",
    "States": {
        "Train": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": {
                "TrainingJobName.$": "States.Format('train-{}', States.UUID())",
                "RoleArn": "arn:aws:iam::111122223333:role/r",
            },
            "Next": "Transform",
        },
        "Transform": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Parameters": {"JobName": "g"},
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn.$": "$.topic", "Message": "x"},
            "End": True,
        },
    },
}
STATEMENTS = [
    {
        "Effect": "Allow",
        "Action": [
            "sagemaker:AddTags",
            "sagemaker:CreateTrainingJob",
            "sagemaker:DescribeTrainingJob",
            "sagemaker:StopTrainingJob",
        ],
        "Resource": ["arn:aws:sagemaker:us-east-1:111122223333:training-job/train-*"],
    },
    {"Effect": "Allow", "Action": ["sagemaker:ListTags"], "Resource": ["*"]},
    {
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": ["arn:aws:iam::111122223333:role/r"],
        "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    },
    {
        "Effect": "Allow",
        "Action": ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
        "Resource": ["arn:aws:events:us-east-1:111122223333:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"],
    },
    {
        "Effect": "Allow",
        "Action": ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"],
        "Resource": ["arn:aws:glue:us-east-1:111122223333:job/g"],
    },
    {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": ["arn:aws:sns:us-east-1:111122223333:*"]},
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "many.json").write_text(json.dumps(MANY))
    return tmp_path


def one(resource, request):
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": request, "End": True}
    return {"StartAt": "A", "States": {"A": state}}


def test_policy_has_what_the_definition_calls_in_the_account_that_its_arns_name(capsys):
    assert main(["grants", "many.json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"Version": "2012-10-17", "Statement": STATEMENTS}


def test_account_that_nothing_names_is_any(here, capsys):
    (here / "one.json").write_text(json.dumps(one("glue:startJobRun", {"JobName": "g"})))

    assert main(["grants", "one.json"]) == 0
    (statement,) = json.loads(capsys.readouterr().out)["Statement"]
    assert statement["Resource"] == ["arn:aws:glue:us-east-1:*:job/g"]
    assert main(["grants", "one.json", "--account", "999988887777", "--region", "eu-west-1"]) == 0
    (statement,) = json.loads(capsys.readouterr().out)["Statement"]
    assert statement["Resource"] == ["arn:aws:glue:eu-west-1:999988887777:job/g"]


def test_python_runs_and_grants_the_same(here, capsys):
    assert main(["grants", "many.json", "--as", "cdk", "--output", "many_grants.py"]) == 0
    assert capsys.readouterr().out == "written to many_grants.py\n"

    module = runpy.run_path(str(here / "many_grants.py"))
    stack = Stack(App(), "Stack")
    module["grant"](iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com")))
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    made = policy["Properties"]["PolicyDocument"]["Statement"]
    assert [_listed(statement) for statement in made] == STATEMENTS


def _listed(statement):
    """A statement with lists where the CDK writes a single text."""
    lists = {name: [value] if isinstance(value, str) else value for name, value in statement.items()}
    return {**statement, **{name: lists[name] for name in ("Action", "Resource")}}


def test_terraform_has_a_document_and_a_policy_of_it(capsys):
    assert main(["grants", "many.json", "--as", "terraform"]) == 0

    made = json.loads(capsys.readouterr().out)
    document = made["data"]["aws_iam_policy_document"]["many"]
    assert made["resource"]["aws_iam_policy"]["many"] == {
        "name": "many",
        "policy": "${data.aws_iam_policy_document.many.json}",
    }
    assert document["statement"][2] == {
        "effect": "Allow",
        "actions": ["iam:PassRole"],
        "resources": ["arn:aws:iam::111122223333:role/r"],
        "condition": [
            {"test": "StringEquals", "variable": "iam:PassedToService", "values": ["sagemaker.amazonaws.com"]}
        ],
    }
    assert len(document["statement"]) == len(STATEMENTS)


def test_what_is_not_known_is_said(here, capsys):
    (here / "one.json").write_text(json.dumps(one("eks:call", {"ClusterName": "c"})))

    assert main(["grants", "one.json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["Statement"] == []
    assert told.err.startswith("note: A: eks:call is allowed by the cluster's own rules, not by IAM alone; add")


def test_api_that_there_is_not_is_said(here, capsys):
    (here / "one.json").write_text(json.dumps(one("aws-sdk:dynamodb:getItems", {})))

    assert main(["grants", "one.json"]) == 0
    assert "dynamodb has no API getItems" in capsys.readouterr().err


def test_nothing_is_overwritten_without_force(here, capsys):
    (here / "there.json").write_text("mine")

    assert main(["grants", "many.json", "--output", "there.json"]) == 2
    assert "the file is there already; give another file, or --force" in capsys.readouterr().err
    assert (here / "there.json").read_text() == "mine"
    assert main(["grants", "many.json", "--output", "there.json", "--force"]) == 0
    assert json.loads((here / "there.json").read_text())["Statement"] == STATEMENTS


def test_detail_says_which_state_needs_what(capsys):
    assert main(["grants", "many.json", "--detail"]) == 0
    assert "Transform: glue:StartJobRun on arn:aws:glue:us-east-1:111122223333:job/g\n" in capsys.readouterr().err


CREDENTIALS = {
    "StartAt": "Train",
    "States": {
        "Train": {
            **MANY["States"]["Train"],
            "Credentials": {"RoleArn": "arn:aws:iam::999999999999:role/team/other"},
            "Parameters": {
                "TrainingJobName.$": "States.Format('train-{}', States.UUID())",
                "RoleArn": "arn:aws:iam::999999999999:role/execution",
            },
            "Next": "Send",
        },
        "Send": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Credentials": {"RoleArn.$": "$.role"},
            "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/jobs", "MessageBody": "x"},
            "Next": "Tell",
        },
        "Tell": MANY["States"]["Tell"],
    },
}
OWN = [
    {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Resource": ["*", "arn:aws:iam::999999999999:role/team/other"],
    },
    {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": ["arn:aws:sns:us-east-1:111122223333:*"]},
]
OF_THE_OTHER = [
    {
        **STATEMENTS[0],
        "Resource": ["arn:aws:sagemaker:us-east-1:999999999999:training-job/train-*"],
    },
    STATEMENTS[1],
    {**STATEMENTS[2], "Resource": ["arn:aws:iam::999999999999:role/execution"]},
]
"""Without the rule of EventBridge, since Step Functions polls for another role."""
AT_RUN_TIME = [{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["arn:aws:sqs:us-east-1:*:jobs"]}]


@pytest.fixture
def with_credentials(here):
    (here / "many.json").write_text(json.dumps(CREDENTIALS))
    return ["grants", "many.json", "--account", "111122223333", "--region", "us-east-1"]


def test_role_that_a_state_assumes_has_a_policy_of_its_own(with_credentials, capsys):
    assert main([*with_credentials, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)

    assert found["policy"]["Statement"] == OWN
    assert found["assumed"]["arn:aws:iam::999999999999:role/team/other"]["Statement"] == OF_THE_OTHER
    assert list(found["assumed"]) == ["arn:aws:iam::999999999999:role/team/other", "*"]


def test_policies_of_assumed_roles_follow_with_a_note_on_each(with_credentials, capsys):
    assert main(with_credentials) == 0
    told = capsys.readouterr()

    decoder, text, found = json.JSONDecoder(), told.out, []
    while text.strip():
        document, end = decoder.raw_decode(text.lstrip())
        found.append(document["Statement"])
        text = text.lstrip()[end:]
    assert found[:2] == [OWN, OF_THE_OTHER]
    assert found[2] == AT_RUN_TIME
    trusting = "let it trust the state machine role, with the ARN of the state machine as sts:ExternalId"
    assert told.err.splitlines()[-2:] == [
        f"note: the policy of arn:aws:iam::999999999999:role/team/other, for 'Train'; {trusting}",
        f"note: the policy of the roles that come at run time, for 'Send'; {trusting}",
    ]


def test_policies_of_assumed_roles_are_in_files_of_their_own(with_credentials, here):
    assert main([*with_credentials, "--output", "policy.json"]) == 0

    assert sorted(path.name for path in here.glob("policy*")) == [
        "policy-999999999999-team-other.json",
        "policy-roles-at-run-time.json",
        "policy.json",
    ]
    assert json.loads((here / "policy-999999999999-team-other.json").read_text())["Statement"] == OF_THE_OTHER
