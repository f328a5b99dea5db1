"""What other packs of rules find in a pipeline is what docs/security.md says they find."""

from __future__ import annotations

import json
import re
from pathlib import Path

from constructs_sm import InvalidInputError, PipelineStack, TrainingJob

import cdk_nag
import pytest
from aws_cdk import App, Environment, Stack, Validations
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match, Template
from every_action import REQUESTS

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
PACKS = {
    "NIST.800.53.R5": "NIST80053R5Checks",
    "HIPAA.Security": "HIPAASecurityChecks",
    "PCI.DSS.321": "PCIDSS321Checks",
}
LACKS = {"PCI.DSS.321": {"CloudWatchAlarmAction"}}
SETTINGS = {
    "default": {},
    "all set": {
        "key": True,
        "versioned": True,
        "access_logs": "log-bucket",
        "dead_letters": True,
        "alerts": ["executions", "alarms"],
    },
}
CONSTRUCTS = {
    "Data": "data bucket",
    "Pipeline/Log": "log group",
    "Pipeline/Topic": "topic",
    "Pipeline/FailedAlarm": "alarms",
    "Pipeline/TimedOutAlarm": "alarms",
}


def churn(app, **settings):
    stack = PipelineStack(app, "Churn", schedule="rate(1 day)", **settings)
    request = {name: value for name, value in REQUESTS["createTrainingJob"].items() if name != "RoleArn"}
    stack.run(TrainingJob(stack, "Train", parameters=request))
    return stack


def found(pack, settings):
    """The rules of a pack that are broken, each with the constructs that break it."""
    app = App()
    churn(app, **settings)
    Validations.of(app).add_plugins(getattr(cdk_nag, PACKS[pack])(app))
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth(force=True)
    (report,) = json.loads((Path(app.outdir) / "validation-report.json").read_text())["pluginReports"]
    return {
        (row["ruleName"].removeprefix(f"{pack}-"), place["constructPath"].split("/", 1)[1].removesuffix("/Resource"))
        for row in report["violations"]
        for place in row["violatingConstructs"]
    }


def rows(pack):
    """The rows of the page's table that a pack has: the rule, what breaks it, and whether a setting ends it."""
    found = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (yes|no) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [row for row in found if row[0] not in LACKS.get(pack, ())]


@pytest.mark.parametrize("pack", PACKS)
def test_pack_finds_what_the_page_says_of_the_default(pack):
    named = {(rule, CONSTRUCTS.get(path, "roles")) for rule, path in found(pack, SETTINGS["default"])}

    assert named == {(rule, place) for rule, place, _ in rows(pack)}


@pytest.mark.parametrize("pack", PACKS)
def test_pack_finds_what_the_page_says_no_setting_ends(pack):
    named = {(rule, CONSTRUCTS.get(path, "roles")) for rule, path in found(pack, SETTINGS["all set"])}

    assert named == {(rule, place) for rule, place, ends in rows(pack) if ends == "no"}


def test_aws_solutions_finds_nothing_with_all_set():
    app = App()
    churn(app, **SETTINGS["all set"])
    Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))

    app.synth(force=True)

    (report,) = json.loads((Path(app.outdir) / "validation-report.json").read_text())["pluginReports"]
    assert report["violations"] == []


def test_bucket_keeps_versions_and_logs_requests_if_asked(app):
    template = Template.from_stack(churn(app, versioned=True, access_logs="log-bucket"))

    template.has_resource_properties(
        "AWS::S3::Bucket",
        {
            "VersioningConfiguration": {"Status": "Enabled"},
            "LoggingConfiguration": {"DestinationBucketName": "log-bucket", "LogFilePrefix": "Churn/"},
        },
    )


def test_triggers_put_what_could_not_start_into_a_queue(app):
    template = Template.from_stack(churn(app, arrivals="raw/", dead_letters=True))

    queue = {"Arn": {"Fn::GetAtt": [Match.string_like_regexp("DeadLetters"), "Arn"]}}
    rules = template.find_resources(
        "AWS::Events::Rule",
        {"Properties": {"Targets": [Match.object_like({"DeadLetterConfig": queue, "RoleArn": Match.any_value()})]}},
    )
    assert len(rules) == 2


def test_without_dead_letters_there_is_no_queue(app):
    Template.from_stack(churn(app)).resource_count_is("AWS::SQS::Queue", 0)


def test_events_start_executions_for_this_account_alone(app):
    trust = {
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
    }

    Template.from_stack(churn(app)).has_resource_properties(
        "AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Statement": [trust], "Version": "2012-10-17"}}
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"account": "12345"}, "account is no account, got '12345'"),
        ({"account": 123456789012}, "account is no account, got 123456789012"),
        ({"region": "Europe"}, "region is no Region, got 'Europe'"),
        ({"env": Environment(account="prod")}, "account is no account, got 'prod'"),
        ({"env": Environment(region="eu_west_1")}, "region is no Region, got 'eu_west_1'"),
        ({"permissions_boundary": "two words"}, "permissions_boundary is no policy, got 'two words'"),
        ({"permissions_boundary": "arn:aws:s3:::boundary"}, "permissions_boundary is no policy"),
        ({"versioned": "yes"}, "versioned must be True or False, got 'yes'"),
        ({"access_logs": "s3://logs/"}, "access_logs must be the name of a bucket, got 's3://logs/'"),
        ({"dead_letters": "queue"}, "dead_letters must be a queue, got 'queue'"),
        ({"bucket": "given", "versioned": True}, "versioned is of a bucket that is made here, got True"),
    ],
    ids=str,
)
def test_setting_that_is_none_is_refused_and_leaves_nothing(app, settings, told):
    before = [child.node.path for child in app.node.find_all()]

    with pytest.raises(InvalidInputError, match=re.escape(told)):
        PipelineStack(app, "Churn", **settings)

    assert [child.node.path for child in app.node.find_all()] == before


def test_region_of_every_partition_is_one(app):
    for number, region in enumerate(("eu-west-1", "us-gov-west-1", "cn-north-1", "us-isob-east-1", "eusc-de-east-1")):
        assert PipelineStack(app, f"Churn{number}", region=region).region == region


def test_bucket_for_access_logs_may_be_of_the_app(app):
    logs = s3.Bucket(Stack(app, "Shared"), "Logs")

    template = Template.from_stack(churn(app, access_logs=logs))

    template.has_resource_properties("AWS::S3::Bucket", {"LoggingConfiguration": {"LogFilePrefix": "Churn/"}})
