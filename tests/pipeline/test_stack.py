"""What a stack can be given: triggers, a key, a bucket, a VPC, boundaries, a dashboard, and several environments."""

from __future__ import annotations

import json

from constructs_sm import CreateModel, Input, InvalidInputError, JobPipeline, PipelineStack, ProcessingJob, TrainingJob
from constructs_sm.settings import CONTEXT_KEY
from constructs_sm.testing import definition, state_machine_policy

import pytest
from aws_cdk import App, Duration, Environment, PermissionsBoundary, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Match, Template
from every_action import IMAGE, REQUESTS

TRAINING = REQUESTS["createTrainingJob"]
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/0a1b"
VPC = {"subnets": ["subnet-1", "subnet-2"], "security_groups": ["sg-1"]}


def typed(scope, construct_id="Train", **arguments):
    return TrainingJob(
        scope, construct_id, image=IMAGE, instance_type="ml.m5.large", inputs={"train": "s3://rows/"}, **arguments
    )


def made(context=None, **settings):
    """The template of a stack with one job."""
    app = App(context={CONTEXT_KEY: context} if context else None)
    stack = PipelineStack(app, "Churn", **settings)
    stack.run(typed(stack))
    return Template.from_stack(stack)


def resources(template, kind):
    return list(template.find_resources(kind).values())


def rules(template):
    return {
        name.removeprefix("Pipeline"): resource["Properties"]
        for name, resource in template.find_resources("AWS::Events::Rule").items()
    }


@pytest.mark.parametrize("as_setting", [False, True], ids=["argument", "setting"])
def test_several_schedules_start_executions_with_the_defaults(as_setting):
    schedules = ["rate(1 day)", "cron(0 3 * * ? *)"]
    template = made({"schedule": schedules}) if as_setting else made(schedule=schedules)

    found = [rule for rule in rules(template).values() if "ScheduleExpression" in rule]
    assert [rule["ScheduleExpression"] for rule in found] == schedules
    assert [rule["Targets"][0]["Input"] for rule in found] == ["{}", "{}"]


def test_schedule_sends_the_inputs_it_is_given(stack):
    pipeline = JobPipeline(stack, "Nightly", inputs={"rounds": Input.integer(1, 500)})
    pipeline.start_on_schedule(Duration.hours(6), inputs={"rounds": 7})
    pipeline.run(sfn.Pass(stack, "Pass"))
    pipeline.start_on_schedule("rate(2 days)", inputs={"rounds": 8})

    sent = [
        r["Properties"]["Targets"][0].get("Input") for r in resources(Template.from_stack(stack), "AWS::Events::Rule")
    ]
    assert sent == [None, None, '{"rounds":7}', '{"rounds":8}']


def test_arrival_in_the_data_bucket_starts_an_execution_with_bucket_and_key():
    template = made(arrivals="raw/")

    (rule,) = (rule for rule in rules(template).values() if "aws.s3" in rule["EventPattern"]["source"])
    (bucket,) = template.find_resources("AWS::S3::Bucket")
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": bucket}]}, "object": {"key": [{"prefix": "raw/"}]}},
    }
    transformer = rule["Targets"][0]["InputTransformer"]
    assert transformer["InputPathsMap"] == {
        "detail-bucket-name": "$.detail.bucket.name",
        "detail-object-key": "$.detail.object.key",
    }
    assert transformer["InputTemplate"] == '{"bucket":<detail-bucket-name>,"key":<detail-object-key>}'
    (bucket,) = resources(template, "AWS::S3::Bucket")
    assert bucket["Properties"]["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    assert resources(template, "AWS::Lambda::Function") == []


def test_arrival_in_another_bucket_is_told_apart_by_its_name():
    template = made({"arrivals": ["s3://landing/rows/", "s3://landing"]})

    patterns = [rule["EventPattern"]["detail"] for rule in rules(template).values() if "arrives" in rule["Description"]]
    assert patterns == [
        {"bucket": {"name": ["landing"]}, "object": {"key": [{"prefix": "rows/"}]}},
        {"bucket": {"name": ["landing"]}},
    ]
    (bucket,) = resources(template, "AWS::S3::Bucket")
    assert "NotificationConfiguration" not in bucket["Properties"]


@pytest.mark.parametrize("prefix", ["jobs/", "jobs/train/", "j"])
def test_arrivals_where_jobs_write_are_refused(app, prefix):
    with pytest.raises(InvalidInputError, match="jobs write where arrivals start the next execution"):
        PipelineStack(app, "Churn", arrivals=prefix)

    assert app.node.try_find_child("Churn") is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"schedule": "rate(1 day)"}, "Schedule does not send an input, got 'dataset'; pass it to the trigger"),
        ({"arrivals": "raw/"}, "Arrival sends what is no input, got 'bucket'; declare it: inputs={'bucket': ...}"),
    ],
    ids=["schedule", "arrival"],
)
def test_trigger_that_would_be_refused_is_found_before_anything_is_made(app, settings, said):
    with pytest.raises(InvalidInputError, match=said):
        PipelineStack(app, "Churn", inputs={"dataset": Input.string()}, **settings)

    assert app.node.try_find_child("Churn") is None


def test_trigger_that_sends_a_wrong_value_is_refused(stack):
    pipeline = JobPipeline(stack, "Nightly", inputs={"rounds": Input.integer(1, 500)})

    with pytest.raises(
        InvalidInputError, match="Schedule sends a wrong rounds, got 0; send a whole number from 1 to 500"
    ):
        pipeline.start_on_schedule("rate(1 day)", inputs={"rounds": 0})
    with pytest.raises(InvalidInputError, match="schedule is no expression, got 'daily'"):
        pipeline.start_on_schedule("daily", inputs={"rounds": 1})
    with pytest.raises(InvalidInputError, match="an arrival needs a place; pass 's3://bucket/prefix/'"):
        pipeline.start_on_arrival("raw/")


def test_new_key_encrypts_bucket_topic_and_log_and_admits_their_services():
    template = made(key=True)

    ((key, resource),) = template.find_resources("AWS::KMS::Key").items()
    arn = {"Fn::GetAtt": [key, "Arn"]}
    assert resource["Properties"]["EnableKeyRotation"] is True
    (bucket,) = resources(template, "AWS::S3::Bucket")
    (rule,) = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {"KMSMasterKeyID": arn, "SSEAlgorithm": "aws:kms"},
    }
    (topic,) = resources(template, "AWS::SNS::Topic")
    assert topic["Properties"]["KmsMasterKeyId"] == arn
    (log,) = resources(template, "AWS::Logs::LogGroup")
    assert log["Properties"]["KmsKeyId"] == arn
    admitted = {
        json.dumps(s["Principal"]["Service"]): s.get("Condition")
        for s in resource["Properties"]["KeyPolicy"]["Statement"]
        if "Service" in s["Principal"]
    }
    assert set(admitted) == {
        '"cloudwatch.amazonaws.com"',
        '"events.amazonaws.com"',
        json.dumps({"Fn::Join": ["", ["logs.", {"Ref": "AWS::Region"}, ".amazonaws.com"]]}),
    }
    logs_condition = admitted[next(service for service in admitted if "logs." in service)]
    context = logs_condition["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]["Fn::Join"][1]
    assert context[-1] == f":log-group:{log['Properties']['LogGroupName']}"


def test_key_of_the_bucket_reaches_the_grants_of_the_jobs_and_of_the_state_machine():
    app = App()
    stack = PipelineStack(app, "Churn", key=True, alerts=["jobs"])
    prepare = ProcessingJob(stack, "Prepare", image=IMAGE, instance_type="ml.m5.large", outputs=["train"])
    stack.run(prepare.next(typed(stack)))

    template = Template.from_stack(stack)
    ((key, _),) = template.find_resources("AWS::KMS::Key").items()
    arn = {"Fn::GetAtt": [key, "Arn"]}
    for role in ("SageMakerExecutionRole", "PipelineStateMachineRole"):
        (policy,) = (
            resource["Properties"]["PolicyDocument"]["Statement"]
            for name, resource in template.find_resources("AWS::IAM::Policy").items()
            if name.startswith(role)
        )
        granted = {action for s in policy if s["Resource"] == arn for action in s["Action"]}
        assert granted >= {"kms:Decrypt", "kms:GenerateDataKey"}, role


def test_key_that_exists_is_used_and_granted():
    template = made({"key": KEY_ARN})

    assert resources(template, "AWS::KMS::Key") == []
    (topic,) = resources(template, "AWS::SNS::Topic")
    assert topic["Properties"]["KmsMasterKeyId"] == KEY_ARN
    assert KEY_ARN in json.dumps(resources(template, "AWS::IAM::Policy"))


def test_key_of_ones_own_is_used(app):
    own = kms.Key(Stack(app, "Security"), "Key")
    stack = PipelineStack(app, "Churn", key=own)
    stack.run(typed(stack))

    assert resources(Template.from_stack(stack), "AWS::KMS::Key") == []
    assert stack.bucket.encryption_key is own


def test_existing_bucket_is_read_and_written(app):
    stack = PipelineStack(app, "Churn", bucket="rows")
    stack.run(typed(stack))

    template = Template.from_stack(stack)
    assert resources(template, "AWS::S3::Bucket") == []
    assert "s3://rows/jobs/train/" in json.dumps(definition(stack))
    assert '"arn:", {"Ref": "AWS::Partition"}, ":s3:::rows/jobs/' in json.dumps(template.to_json())
    assert template.find_outputs("DataBucketName")["DataBucketName"]["Value"] == "rows"


def test_bucket_of_ones_own_is_used(app):
    own = s3.Bucket(Stack(app, "Data"), "Rows")
    stack = PipelineStack(app, "Churn", bucket=own)

    assert stack.bucket is own


def requests(stack):
    return {name: state["Parameters"] for name, state in definition(stack)["States"].items() if "Parameters" in state}


def test_jobs_that_are_told_no_vpc_run_in_the_stack_s(app):
    stack = PipelineStack(app, "Churn", vpc=VPC)
    prepare = ProcessingJob(stack, "Prepare", image=IMAGE, instance_type="ml.m5.large", outputs=["train"])
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://rows/model.tar.gz")
    stack.run(prepare.next(typed(stack)).next(model))

    config = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]}
    sent = requests(stack)
    assert sent["Prepare"]["NetworkConfig"] == {"VpcConfig": config}
    assert sent["Train"]["VpcConfig"] == config
    assert sent["Model"]["VpcConfig"] == config
    assert "ec2:CreateNetworkInterface" in json.dumps(Template.from_stack(stack).to_json())


def test_vpc_of_a_job_and_complete_parameters_are_left_as_they_are(app):
    stack = PipelineStack(app, "Churn", vpc=VPC)
    own = typed(stack, "Own", subnets=["subnet-9"], security_groups=["sg-9"])
    stack.run(own.next(TrainingJob(stack, "Raw", parameters=TRAINING)))

    sent = requests(stack)
    assert sent["Own"]["VpcConfig"] == {"SecurityGroupIds": ["sg-9"], "Subnets": ["subnet-9"]}
    assert "VpcConfig" not in sent["Raw"]


def test_vpc_of_the_cdk_s_gives_its_private_subnets_and_a_security_group(app):
    vpc = ec2.Vpc(Stack(app, "Network"), "Vpc", max_azs=2)
    stack = PipelineStack(app, "Churn", vpc=vpc)
    stack.run(typed(stack))

    config = requests(stack)["Train"]["VpcConfig"]
    assert len(config["Subnets"]) == 2
    assert config["SecurityGroupIds"] == ["${JobSecurityGroup" + config["SecurityGroupIds"][0].partition("Group")[2]]
    assert len(resources(Template.from_stack(stack), "AWS::EC2::SecurityGroup")) == 1


@pytest.mark.parametrize(
    ("given", "end"),
    [
        ("Bounded", ":policy/Bounded"),
        ("arn:aws:iam::123456789012:policy/Bounded", "arn:aws:iam::123456789012:policy/Bounded"),
        (PermissionsBoundary.from_name("Bounded"), ":policy/Bounded"),
    ],
    ids=["name", "ARN", "PermissionsBoundary"],
)
def test_every_role_is_bounded(given, end):
    template = made(permissions_boundary=given)

    bounds = [
        json.dumps(role["Properties"].get("PermissionsBoundary")) for role in resources(template, "AWS::IAM::Role")
    ]
    assert len(bounds) == 2
    assert all(end in bound for bound in bounds)


def test_dashboard_shows_executions_durations_and_what_failed():
    template = made({"dashboard": True})

    (dashboard,) = resources(template, "AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard["Properties"]["DashboardBody"])
    for metric in (
        "ExecutionsStarted",
        "ExecutionsSucceeded",
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionTime",
    ):
        assert metric in body
    assert "Failures by job" in body
    (log,) = template.find_resources("AWS::Logs::LogGroup")
    assert body.count(json.dumps({"Ref": log})) == 2


def test_no_dashboard_unless_asked():
    assert resources(made(), "AWS::CloudWatch::Dashboard") == []


def test_grantee_may_start_executions_and_no_more(app):
    stack = PipelineStack(app, "Churn")
    user = iam.User(stack, "Somebody")
    with pytest.raises(InvalidInputError, match=r"nothing runs yet; call run\(definition\) first"):
        stack.grant_start_execution(user)
    stack.run(typed(stack))
    stack.grant_start_execution(user)

    machine = stack.get_logical_id(stack.state_machine.node.default_child)
    statement = {"Action": "states:StartExecution", "Effect": "Allow", "Resource": {"Ref": machine}}
    Template.from_stack(stack).has_resource_properties(
        "AWS::IAM::Policy", {"PolicyDocument": {"Statement": [statement]}, "Users": [Match.any_value()]}
    )


def test_starter_of_another_account_is_refused_where_that_is_known():
    starter = "arn:aws:iam::999999999999:role/Scheduler"

    with pytest.raises(InvalidInputError, match=r"starters are of another account, got .*; name roles of 123456789012"):
        PipelineStack(App(), "Stack", env=Environment(account="123456789012"), starters=[starter])
    PipelineStack(App(), "Stack", starters=[starter])


def test_role_named_in_the_settings_may_start_executions():
    template = made({"starters": ["arn:aws:iam::123456789012:role/Scheduler"]})

    template.has_resource_properties("AWS::IAM::Policy", {"Roles": ["Scheduler"]})


ENVIRONMENTS = {
    "schedule": "rate(1 day)",
    "log_retention_days": 30,
    "environments": {
        "dev": {"log_retention_days": 7, "account": "111111111111", "region": "eu-west-1"},
        "prod": {"schedule": "rate(1 hour)", "account": "222222222222", "region": "eu-west-1"},
    },
}


def test_environments_of_one_app_have_their_own_settings():
    app = App(context={CONTEXT_KEY: ENVIRONMENTS})
    stacks = {name: PipelineStack(app, f"Churn-{name}", environment=name) for name in ("dev", "prod")}
    for stack in stacks.values():
        stack.run(typed(stack))

    found = {}
    for name, stack in stacks.items():
        template = Template.from_stack(stack)
        (log,) = resources(template, "AWS::Logs::LogGroup")
        (schedule,) = (rule["ScheduleExpression"] for rule in rules(template).values() if "ScheduleExpression" in rule)
        found[name] = (stack.account, stack.region, schedule, log["Properties"]["RetentionInDays"])
    assert found == {
        "dev": ("111111111111", "eu-west-1", "rate(1 day)", 7),
        "prod": ("222222222222", "eu-west-1", "rate(1 hour)", 30),
    }


def test_environment_is_chosen_on_the_command_line():
    app = App(context={CONTEXT_KEY: ENVIRONMENTS, "environment": "dev"})

    assert PipelineStack(app, "Churn").account == "111111111111"


def test_settings_of_all_hold_where_no_environment_is_chosen():
    app = App(context={CONTEXT_KEY: ENVIRONMENTS})
    stack = PipelineStack(app, "Churn")
    stack.run(typed(stack))

    (log,) = resources(Template.from_stack(stack), "AWS::Logs::LogGroup")
    assert log["Properties"]["RetentionInDays"] == 30


@pytest.mark.parametrize(
    ("context", "environment", "said"),
    [
        (ENVIRONMENTS, "test", "constructs_sm': no such environment, got 'test'; the environments are dev, prod"),
        ({}, "dev", "no such environment, got 'dev'; the environments are none: declare it under environments"),
        ({"environments": ["dev"]}, None, r"environments must be a mapping of settings, got \['dev'\]"),
        (
            {"environments": {"dev": {"shedule": "rate(1 day)"}}},
            "dev",
            "constructs_sm', environment 'dev': unknown setting, got 'shedule'; did you mean schedule",
        ),
    ],
    ids=["unknown", "none declared", "list", "misspelt setting"],
)
def test_wrong_environment_fails_and_names_the_declared_ones(context, environment, said):
    app = App(context={CONTEXT_KEY: context})
    with pytest.raises(InvalidInputError, match=said):
        PipelineStack(app, "Churn", environment=environment)

    assert app.node.try_find_child("Churn") is None


def test_every_wrong_setting_is_named_at_once():
    wrong = {
        "arrivals": [1],
        "bucket": "s3://rows",
        "key": "mine",
        "vpc": {"subnets": ["a"]},
        "permissions_boundary": 1,
        "dashboard": "yes",
        "starters": ["me"],
        "account": 1,
    }
    with pytest.raises(InvalidInputError) as raised:
        PipelineStack(App(context={CONTEXT_KEY: wrong}), "Churn")

    named = {problem.what.partition(" ")[0] for problem in raised.value.problems}
    assert named == set(wrong)


def test_input_is_a_value_and_a_wrong_name_is_an_error(app):
    stack = PipelineStack(app, "Churn", inputs={"dataset": Input.string()})

    given = stack.input("dataset")
    assert (given.spelled(jsonata=False), given.spelled(jsonata=True)) == ("$.dataset", "{% $states.input.dataset %}")
    with pytest.raises(InvalidInputError, match="no such input, got 'data'; the inputs are dataset"):
        stack.input("data")
    with pytest.raises(InvalidInputError, match="the inputs are none: declare it with inputs="):
        PipelineStack(App(), "Plain").input("data")


def test_wrong_inputs_are_found_before_anything_is_made(app):
    with pytest.raises(InvalidInputError, match="PipelineStack 'Churn': input 'rounds' must be an Input, got 100"):
        PipelineStack(app, "Churn", inputs={"rounds": 100})

    assert app.node.try_find_child("Churn") is None


def test_region_agnostic_stack_keeps_its_tokens(app):
    stack = PipelineStack(app, "Churn", key=True, dashboard=True, arrivals="raw/", vpc=VPC)
    stack.run(typed(stack))

    # The image is where it is.
    text = json.dumps(Template.from_stack(stack).to_json()).replace(IMAGE, "").replace("ecr:us-east-1", "")
    assert "us-east-1" not in text
    assert state_machine_policy(stack)


def test_schedule_may_be_the_cdk_s():
    template = made(schedule=[events.Schedule.cron(hour="3", minute="0"), Duration.hours(1)])

    found = [rule["ScheduleExpression"] for rule in rules(template).values() if "ScheduleExpression" in rule]
    assert found == ["cron(0 3 * * ? *)", "rate(1 hour)"]


@pytest.mark.parametrize("prefix", ["$.dataset", "{% $states.input.dataset %}"])
def test_prefix_of_the_data_is_known_at_synthesis(app, prefix):
    """Else the path would be the name of a folder."""
    stack = PipelineStack(app, "Stack")

    with pytest.raises(InvalidInputError, match="'Stack': a prefix of the data bucket is known at synthesis, got"):
        stack.data(prefix)
