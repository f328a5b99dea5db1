"""IAM's names, resources and what waiting needs, for APIs of many services, from maintained data."""

from __future__ import annotations

import gzip
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from constructs_sm.actions import ACTIONS
from constructs_sm.grants.api_actions import IAM_PREFIXES, RENAMED, actions_of, iam_prefix
from constructs_sm.grants.call_permissions import CallPermissions, permissions_of_call
from constructs_sm.grants.called_apis import AbsentError, called, client_model
from constructs_sm.grants.service_authorization import has_service, iam_action
from constructs_sm.integrations import OPTIMIZED, SDK_CLIENTS
from constructs_sm.language.arns import Arns
from constructs_sm.rules.service_models import clients

import pytest

ARNS = Arns("aws", "us-east-1", "123456789012")
HERE = "us-east-1:123456789012"
RULE = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


def permissions(resource: str, request: Any) -> CallPermissions:
    """Of what the Resource of a state names after `arn:aws:states:::`."""
    sdk = resource.startswith("aws-sdk:")
    service, _, rest = resource.removeprefix("aws-sdk:").partition(":")
    api, _, pattern = rest.partition(".")
    return permissions_of_call(service, api, request, ARNS, sdk=sdk, pattern=pattern)


def needed(resource: str, request: Any) -> dict[str, tuple[str, ...] | None]:
    return {each.action: each.resources for each in permissions(resource, request).needed}


@pytest.mark.parametrize(
    ("resource", "request_", "expected"),
    [
        ("lambda:invoke", {"FunctionName": "f"}, {"lambda:InvokeFunction": (f"arn:aws:lambda:{HERE}:function:f",)}),
        ("aws-sdk:s3:listObjectsV2", {"Bucket": "b"}, {"s3:ListBucket": ("arn:aws:s3:::b",)}),
        ("aws-sdk:s3:headObject", {"Bucket": "b", "Key": "k/x"}, {"s3:GetObject": ("arn:aws:s3:::b/k/x",)}),
        ("aws-sdk:cloudwatchlogs:describeLogGroups", {}, {"logs:DescribeLogGroups": ("*",)}),
        (
            "aws-sdk:cloudwatchlogs:createLogStream",
            {"LogGroupName": "g", "LogStreamName": "s"},
            {"logs:CreateLogStream": (f"arn:aws:logs:{HERE}:log-group:g:log-stream:s",)},
        ),
        (
            "aws-sdk:bedrockruntime:invokeModel",
            {"ModelId": "amazon.nova-lite-v1:0"},
            {"bedrock:InvokeModel": ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",)},
        ),
        ("bedrock:invokeModel", {"ModelId": "us.amazon.nova-lite-v1:0"}, {"bedrock:InvokeModel": None}),
        (
            "aws-sdk:redshiftdata:executeStatement",
            {"ClusterIdentifier": "c"},
            {"redshift-data:ExecuteStatement": (f"arn:aws:redshift:{HERE}:cluster:c",)},
        ),
        (
            "aws-sdk:sagemakerfeaturestoreruntime:putRecord",
            {"FeatureGroupName": "f"},
            {"sagemaker:PutRecord": (f"arn:aws:sagemaker:{HERE}:feature-group/f",)},
        ),
        ("aws-sdk:cloudwatch:putMetricData", {}, {"cloudwatch:PutMetricData": None}),
        ("aws-sdk:resourcegroupstaggingapi:getResources", {}, {"tag:GetResources": ("*",)}),
        ("aws-sdk:kms:reEncrypt", {}, {"kms:ReEncryptFrom": None, "kms:ReEncryptTo": None}),
        ("aws-sdk:apigateway:getRestApis", {}, {"apigateway:GET": None}),
        (
            "aws-sdk:dynamodb:transactWriteItems",
            {"TransactItems": [{"Put": {}}, {"ConditionCheck": {}}, {"Put": {}}]},
            {"dynamodb:PutItem": None, "dynamodb:ConditionCheckItem": None},
        ),
        ("aws-sdk:dynamodb:executeStatement", {"Statement": " select * from t"}, {"dynamodb:PartiQLSelect": None}),
        ("sqs:sendMessage", {"QueueUrl": "https://x/1/q"}, {"sqs:SendMessage": (f"arn:aws:sqs:{HERE}:q",)}),
        (
            "events:putEvents",
            {"Entries": [{"EventBusName": "b"}, {}]},
            {"events:PutEvents": (f"arn:aws:events:{HERE}:event-bus/b", f"arn:aws:events:{HERE}:event-bus/default")},
        ),
        (
            "aws-sdk:secretsmanager:getSecretValue",
            {"SecretId": "s"},
            {"secretsmanager:GetSecretValue": (f"arn:aws:secretsmanager:{HERE}:secret:s-??????",)},
        ),
        (
            "aws-sdk:ec2:startInstances",
            {"InstanceIds": ["i-1", "i-2"]},
            {"ec2:StartInstances": (f"arn:aws:ec2:{HERE}:instance/i-1", f"arn:aws:ec2:{HERE}:instance/i-2")},
        ),
        (
            "aws-sdk:ssm:getParameter",
            {"Name": "/a/b"},
            {"ssm:GetParameter": (f"arn:aws:ssm:{HERE}:parameter/a/b",)},
        ),
        (
            "aws-sdk:rds:startDBInstance",
            {"DbInstanceIdentifier": "d"},
            {"rds:StartDBInstance": (f"arn:aws:rds:{HERE}:db:d",)},
        ),
        (
            "apigateway:invoke",
            {"ApiEndpoint": "x.execute-api.us-east-1.amazonaws.com", "Method": "GET", "Stage": "p", "Path": "/a"},
            {"execute-api:Invoke": (f"arn:aws:execute-api:{HERE}:x/p/GET/a",)},
        ),
        (
            "http:invoke",
            {"ApiEndpoint": "https://x", "Method": "GET", "Authentication": {"ConnectionArn": "arn:c"}},
            {
                "states:InvokeHTTPEndpoint": None,
                "events:RetrieveConnectionCredentials": ("arn:c",),
                "secretsmanager:GetSecretValue": (f"arn:aws:secretsmanager:{HERE}:secret:events!connection/*",),
            },
        ),
        (
            "elasticmapreduce:cancelStep",
            {"ClusterId": "j"},
            {"elasticmapreduce:CancelSteps": (f"arn:aws:elasticmapreduce:{HERE}:cluster/j",)},
        ),
    ],
)
def test_call_needs_the_action_that_iam_knows(resource: str, request_: Any, expected: dict[str, Any]) -> None:
    assert needed(resource, request_) == expected


def rule(name: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(RULE, (f"arn:aws:events:{HERE}:rule/{name}",))


ROLE = "arn:aws:iam::123456789012:role/R"


@pytest.mark.parametrize(
    ("resource", "request_", "expected"),
    [
        (
            "ecs:runTask.sync",
            {"TaskDefinition": "f", "Cluster": "c", "Overrides": {"TaskRoleArn": ROLE}},
            {
                "ecs:RunTask": (f"arn:aws:ecs:{HERE}:task-definition/f:*",),
                "ecs:DescribeTasks": (f"arn:aws:ecs:{HERE}:task/c/*",),
                "ecs:StopTask": (f"arn:aws:ecs:{HERE}:task/c/*",),
                "iam:PassRole": (ROLE,),
                **rule("StepFunctionsGetEventsForECSTaskRule"),
            },
        ),
        (
            "batch:submitJob.sync",
            {"JobQueue": "q", "JobDefinition": "d:1"},
            {
                "batch:SubmitJob": (f"arn:aws:batch:{HERE}:job-definition/d:1", f"arn:aws:batch:{HERE}:job-queue/q"),
                "batch:DescribeJobs": ("*",),
                "batch:TerminateJob": (f"arn:aws:batch:{HERE}:job/*",),
                **rule("StepFunctionsGetEventsForBatchJobsRule"),
            },
        ),
        (
            "glue:startJobRun.sync",
            {"JobName": "j"},
            dict.fromkeys(
                ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
                (f"arn:aws:glue:{HERE}:job/j",),
            ),
        ),
        (
            "states:startExecution.sync:2",
            {"StateMachineArn": f"arn:aws:states:{HERE}:stateMachine:m"},
            {
                "states:StartExecution": (f"arn:aws:states:{HERE}:stateMachine:m",),
                "states:DescribeExecution": (f"arn:aws:states:{HERE}:execution:m:*",),
                "states:StopExecution": (f"arn:aws:states:{HERE}:execution:m:*",),
                **rule("StepFunctionsGetEventsForStepFunctionsExecutionRule"),
            },
        ),
        (
            "elasticmapreduce:createCluster.sync",
            {"ServiceRole": "EMR"},
            {
                "elasticmapreduce:RunJobFlow": ("*",),
                "elasticmapreduce:DescribeCluster": (f"arn:aws:elasticmapreduce:{HERE}:cluster/*",),
                "elasticmapreduce:TerminateJobFlows": (f"arn:aws:elasticmapreduce:{HERE}:cluster/*",),
                "iam:PassRole": ("arn:aws:iam::123456789012:role/EMR",),
                **rule("StepFunctionsGetEventForEMRRunJobFlowRule"),
            },
        ),
        (
            "emr-serverless:startJobRun.sync",
            {"ApplicationId": "a", "ExecutionRoleArn": ROLE},
            {
                "emr-serverless:StartJobRun": (f"arn:aws:emr-serverless:{HERE}:/applications/a",),
                "emr-serverless:GetJobRun": (f"arn:aws:emr-serverless:{HERE}:/applications/a/jobruns/*",),
                "emr-serverless:CancelJobRun": (f"arn:aws:emr-serverless:{HERE}:/applications/a/jobruns/*",),
                "iam:PassRole": (ROLE,),
                **rule("StepFunctionsGetEventsForEMRServerlessJobRule"),
            },
        ),
        (
            "codebuild:startBuild.sync",
            {"ProjectName": "p"},
            {
                **dict.fromkeys(
                    ("codebuild:StartBuild", "codebuild:BatchGetBuilds", "codebuild:StopBuild"),
                    (f"arn:aws:codebuild:{HERE}:project/p",),
                ),
                **rule("StepFunctionsGetEventForCodeBuildStartBuildRule"),
            },
        ),
        (
            "athena:startQueryExecution.sync",
            {},
            dict.fromkeys(
                ("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:StopQueryExecution"),
                (f"arn:aws:athena:{HERE}:workgroup/primary",),
            ),
        ),
        (
            "mediaconvert:createJob.sync",
            {"Role": ROLE},
            {
                "mediaconvert:CreateJob": None,
                "mediaconvert:GetJob": (f"arn:aws:mediaconvert:{HERE}:jobs/*",),
                "mediaconvert:CancelJob": (f"arn:aws:mediaconvert:{HERE}:jobs/*",),
                "iam:PassRole": (ROLE,),
                **rule("StepFunctionsGetEventsForMediaConvertJobRule"),
            },
        ),
    ],
)
def test_waiting_needs_to_look_to_stop_to_pass_and_to_be_told(
    resource: str, request_: Any, expected: dict[str, Any]
) -> None:
    assert needed(resource, request_) == expected


def test_request_and_response_needs_nothing_of_what_waiting_does() -> None:
    assert list(needed("glue:startJobRun", {"JobName": "j"})) == ["glue:StartJobRun"]


def test_role_is_passed_to_the_service_that_takes_it() -> None:
    found = permissions("emr-serverless:startJobRun", {"ApplicationId": "a", "ExecutionRoleArn": ROLE})

    (passing,) = [each for each in found.needed if each.action == "iam:PassRole"]
    assert passing.context == {"iam:PassedToService": "emr-serverless.amazonaws.com"}


def test_what_hangs_on_a_query_or_a_task_definition_is_possible() -> None:
    assert "s3:*" in permissions("athena:startQueryExecution", {}).possible
    assert "iam:PassRole" in permissions("ecs:runTask", {}).possible


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ("aws-sdk:bedrok:invokeModel", "there is no service bedrok in AWS's SDK. did you mean bedrock?"),
        ("aws-sdk:s3:fetchObject", "s3 has no API fetchObject"),
        ("lambda:invok", "the optimized integration of lambda has no invok; did you mean invoke?"),
        ("kinesis:putRecord", "there is no optimized integration of kinesis"),
    ],
)
def test_service_or_api_that_there_is_not_is_named(resource: str, said: str) -> None:
    assert said in permissions(resource, {}).absent


def test_action_that_aws_does_not_name_is_unknown() -> None:
    found = permissions("aws-sdk:keyspaces:createTable", {})

    assert found.needed == ()
    assert found.unknown == "AWS does not say which actions keyspaces CreateTable needs"


def test_request_that_is_none_is_answered_all_the_same() -> None:
    assert needed("dynamodb:getItem", None) == {"dynamodb:GetItem": None}
    assert needed("aws-sdk:dynamodb:transactWriteItems", {"TransactItems": [5]}) == {}


def test_every_optimized_integration_calls_an_operation_that_there_is() -> None:
    wrong = [row.name for row in OPTIMIZED if row.client and row.operation not in client_model(row.client).methods]

    assert wrong == []


def test_every_action_named_here_is_one_of_iam() -> None:
    waiting = [action for row in OPTIMIZED for action in (row.waiting.actions if row.waiting else ())]
    renamed = [action for rows in RENAMED.values() for row in rows.values() for action in row.actions]
    possible = [action for row in OPTIMIZED for action in row.possible if not action.endswith("*")]

    assert [action for action in (*waiting, *renamed, *possible) if iam_action(action) is None] == []
    assert [prefix for prefix in IAM_PREFIXES.values() if not has_service(prefix)] == []


def test_every_renamed_api_is_one_of_its_service_and_no_action_of_its_own() -> None:
    rows = [(client, api) for client, renamed in RENAMED.items() for api in renamed if client != "emr"]

    assert [row for row in rows if row[1] not in client_model(row[0]).methods] == []
    assert [
        (client, api) for client, api in rows if iam_action(f"{iam_prefix(client_model(client))}:{api}") is not None
    ] == []


def test_every_action_of_sagemakers_table_is_one_of_iam() -> None:
    assert [action.operation for action in ACTIONS if iam_action(f"sagemaker:{action.operation}") is None] == []


@pytest.mark.large
def test_every_service_of_the_sdk_is_found_by_the_name_that_step_functions_has_for_it() -> None:
    data = Path(find_spec("botocore").origin).parent / "data"  # type: ignore[union-attr,arg-type]
    spelled = {}
    for client in clients().values():
        newest = max((data / client).iterdir(), key=lambda path: path.name) / "service-2.json.gz"
        service_id = json.loads(gzip.decompress(newest.read_bytes()))["metadata"]["serviceId"]
        spelled[client] = re.sub(r"[^a-z0-9]", "", service_id.lower())

    # Two models of one service have the same name.
    found = {name: SDK_CLIENTS.get(name, clients().get(name, "")) for name in spelled.values()}
    assert {name: client for name, client in found.items() if spelled.get(client) != name} == {}


@pytest.mark.large
def test_nearly_every_api_of_the_sdk_is_known_to_iam() -> None:
    known = unknown = 0
    for client in clients().values():
        model = client_model(client)
        for operation in model.methods:
            found = actions_of(model, operation, {})
            known, unknown = (known + 1, unknown) if found else (known, unknown + 1)

    assert known / (known + unknown) > 0.95


def test_absent_api_is_an_error_for_whoever_asks_for_the_operation() -> None:
    with pytest.raises(AbsentError, match="did you mean getItem"):
        called("dynamodb", "getItm", sdk=True)
