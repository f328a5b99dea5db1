"""The state machine with its surroundings, the stack around it, and its settings."""

from __future__ import annotations

from constructs_sm import Approval, InvalidInputError, JobPipeline, PipelineStack, ProcessingJob, TrainingJob
from constructs_sm.settings import CONTEXT_KEY, Settings
from constructs_sm.testing import definition, state_machine_policy, template
from constructs_sm.testing.snapshots import TemplateSnapshotExtension

import pytest
from aws_cdk import App, Duration, Environment, RemovalPolicy, Stack, Tags
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Annotations, Match, Template
from every_action import IMAGE, REQUESTS

TRAINING = REQUESTS["createTrainingJob"]


def pipeline_stack(app, **settings):
    stack = PipelineStack(app, "Churn", **settings)
    stack.run(TrainingJob(stack, "Train", parameters=TRAINING))
    return stack


def only(template, kind):
    (resource,) = template.find_resources(kind).values()
    return resource["Properties"]


def test_stack_is_as_it_was(app, snapshot):
    stack = pipeline_stack(app, schedule="rate(1 day)", alert_emails=["ml@example.com"], tags={"team": "ml"})

    assert stack == snapshot.use_extension(TemplateSnapshotExtension)


def test_snapshot_shows_the_definition_as_json_and_no_hash(app):
    shown = template(pipeline_stack(app))

    (machine,) = (r for r in shown["Resources"].values() if r["Type"] == "AWS::StepFunctions::StateMachine")
    assert machine["Properties"]["DefinitionString"]["States"]["Train"]["Type"] == "Task"
    assert set(shown) == {"Resources", "Outputs"}


def test_machine_logs_everything_and_is_traced(stack):
    JobPipeline(stack, "Pipeline", definition=TrainingJob(stack, "Train", parameters=TRAINING))

    machine = only(Template.from_stack(stack), "AWS::StepFunctions::StateMachine")
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is True
    assert machine["TracingConfiguration"] == {"Enabled": True}


def test_execution_ends_after_a_day_or_as_told(app):
    assert definition(pipeline_stack(app))["TimeoutSeconds"] == 86400
    assert definition(pipeline_stack(App(), timeout="PT6H"))["TimeoutSeconds"] == 6 * 3600
    for two_hours in (Duration.hours(2), sfn.Timeout.duration(Duration.hours(2)), 7200):
        assert definition(pipeline_stack(App(), timeout=two_hours))["TimeoutSeconds"] == 2 * 3600
        stack = Stack(App(), "Plain")
        JobPipeline(stack, "Pipeline", definition=sfn.Pass(stack, "Nothing"), timeout=two_hours)
        assert definition(stack)["TimeoutSeconds"] == 2 * 3600


def test_state_that_may_wait_longer_than_the_execution_is_refused(app):
    """Else a week is promised to whoever is asked, and the execution ends after a day without a word."""
    stack = PipelineStack(app, "Churn", timeout="P1D")
    each = sfn.Map(stack, "Each", items_path="$.items")
    slow = TrainingJob(stack, "Train", parameters=TRAINING, task_timeout=Duration.days(2))
    stack.run(each.item_processor(slow).next(Approval(stack, "Approve", notify="ml@example.com")))

    with pytest.raises(RuntimeError) as refused:
        app.synth()
    for name, seconds, days in (("Train", 172800, 3), ("Approve: Ask", 604800, 8)):
        what = f"'{name}' may wait more seconds than the 86400 after which the execution ends, got {seconds}; "
        assert f"{what}pass timeout=Duration.days({days}) to the pipeline" in str(refused.value)


def test_state_may_wait_almost_as_long_as_the_execution(app):
    stack = PipelineStack(app, "Churn", timeout=Duration.days(8))
    stack.run(Approval(stack, "Approve", notify="ml@example.com"))

    assert definition(stack)["TimeoutSeconds"] == 8 * 86400


def test_whoever_is_to_know_is_told_of_executions_that_did_not_succeed(app):
    made = Template.from_stack(pipeline_stack(app, alert_emails=["ml@example.com", "ops@example.com"]))

    told = [rule["EventPattern"]["detail"]["status"] for rule in every(made, "AWS::Events::Rule")]
    assert sorted(told) == [["FAILED"], ["TIMED_OUT", "ABORTED"]]
    addresses = {each["Endpoint"] for each in every(made, "AWS::SNS::Subscription")}
    assert addresses == {"ml@example.com", "ops@example.com"}


def every(made, kind):
    return [resource["Properties"] for resource in made.find_resources(kind).values()]


def tellers(stack):
    """What publishes to the topic of a pipeline: rules, states, and metrics of alarms."""
    made = Template.from_stack(stack)
    (topic,) = made.find_resources("AWS::SNS::Topic")
    rules = [each for each in every(made, "AWS::Events::Rule") if topic in str(each["Targets"])]
    states = {name for name, state in definition(stack)["States"].items() if ":sns:" in str(state.get("Resource"))}
    alarms = {each["MetricName"] for each in every(made, "AWS::CloudWatch::Alarm") if "AlarmActions" in each}
    return {status for each in rules for status in each["EventPattern"]["detail"]["status"]} | states | alarms


ENDINGS = {"FAILED", "TIMED_OUT", "ABORTED"}


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        (None, ENDINGS),
        (["executions"], ENDINGS),
        (["jobs"], {"JobFailed: Notify"}),
        (["alarms"], {"ExecutionsFailed", "ExecutionsTimedOut"}),
        (["executions", "jobs", "alarms"], {*ENDINGS, "JobFailed: Notify", "ExecutionsFailed", "ExecutionsTimedOut"}),
        ([], set()),
    ],
)
@pytest.mark.parametrize("by", ["argument", "cdk.json"])
def test_one_failure_is_one_message_unless_more_is_asked_for(alerts, expected, by):
    settings = {} if alerts is None else {"alerts": alerts}
    app = App(context={"constructs_sm": settings} if by == "cdk.json" else {})
    stack = PipelineStack(app, "Churn", **(settings if by == "argument" else {}))
    stack.run(TrainingJob(stack, "Train", parameters=REQUESTS["createTrainingJob"]))

    assert tellers(stack) == expected


def test_message_of_a_failed_execution_says_why_and_that_of_another_does_not(app):
    made = Template.from_stack(pipeline_stack(app))

    sent = {
        each["EventPattern"]["detail"]["status"][0]: each["Targets"][0]["InputTransformer"]
        for each in every(made, "AWS::Events::Rule")
    }
    assert sent["FAILED"]["InputPathsMap"] == {
        "detail-name": "$.detail.name",
        "detail-status": "$.detail.status",
        "detail-error": "$.detail.error",
        "detail-cause": "$.detail.cause",
        "detail-executionArn": "$.detail.executionArn",
    }
    assert "ended <detail-status> with <detail-error>: <detail-cause> - " in str(sent["FAILED"]["InputTemplate"])
    assert "detail-cause" not in sent["TIMED_OUT"]["InputPathsMap"]


@pytest.mark.parametrize("alerts", ["jobs", ["mail"], 1])
def test_alert_that_there_is_not_is_refused(app, alerts):
    with pytest.raises(InvalidInputError, match="list some of executions, jobs, alarms"):
        PipelineStack(app, "Churn", alerts=alerts)


def test_pipeline_of_another_app_tells_of_executions_and_of_alarms_if_asked(stack):
    nightly = JobPipeline.from_state_machine_name(stack, "Nightly", "nightly")
    nightly.alert(sns.Topic(stack, "Told"), alerts=["alarms"])

    made = Template.from_stack(stack)
    made.resource_count_is("AWS::Events::Rule", 0)
    assert [len(each["AlarmActions"]) for each in every(made, "AWS::CloudWatch::Alarm")] == [1, 1]
    with pytest.raises(InvalidInputError, match=r"got \['jobs'\]; list some of executions, alarms"):
        nightly.alert(sns.Topic(stack, "More"), alerts=["jobs"])


def test_topic_takes_messages_over_tls_from_alarms_and_rules(app):
    policy = only(Template.from_stack(pipeline_stack(app)), "AWS::SNS::TopicPolicy")

    statements = policy["PolicyDocument"]["Statement"]
    services = {s["Principal"]["Service"] for s in statements if s["Effect"] == "Allow"}
    assert services == {"cloudwatch.amazonaws.com", "events.amazonaws.com"}
    assert [s["Condition"] for s in statements if s["Effect"] == "Deny"] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_topic_of_ones_own_is_used(stack):
    topic = sns.Topic(stack, "Mine")
    JobPipeline(stack, "Pipeline", definition=sfn.Pass(stack, "Pass"), topic=topic)

    Template.from_stack(stack).resource_count_is("AWS::SNS::Topic", 1)


@pytest.mark.parametrize(
    ("schedule", "expression"),
    [
        ("rate(1 day)", "rate(1 day)"),
        (Duration.hours(6), "rate(6 hours)"),
        (events.Schedule.cron(hour="3", minute="0"), "cron(0 3 * * ? *)"),
    ],
    ids=["expression", "Duration", "Schedule"],
)
def test_schedule_starts_the_machine(app, schedule, expression):
    Template.from_stack(pipeline_stack(app, schedule=schedule)).has_resource_properties(
        "AWS::Events::Rule", {"ScheduleExpression": expression, "State": "ENABLED"}
    )


def test_data_bucket_is_encrypted_private_tls_only_and_outlives_the_stack(app):
    made = Template.from_stack(pipeline_stack(app))

    (bucket,) = made.find_resources("AWS::S3::Bucket").values()
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert "BucketEncryption" in bucket["Properties"]
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    denied = only(made, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"][0]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


@pytest.mark.parametrize("policy", ["destroy", RemovalPolicy.DESTROY], ids=str)
def test_data_bucket_goes_with_the_stack_if_asked(app, policy):
    made = Template.from_stack(pipeline_stack(app, removal_policy=policy))
    (bucket,) = made.find_resources("AWS::S3::Bucket").values()
    assert bucket["DeletionPolicy"] == "Delete"


def test_stack_says_what_to_start_where_the_data_is_and_who_tells(app):
    outputs = Template.from_stack(pipeline_stack(app)).find_outputs("*")
    assert set(outputs) == {"StateMachineArn", "DataBucketName", "TopicArn"}


def test_tags_reach_the_resources(app):
    stack = pipeline_stack(app, tags={"team": "ml"})
    Tags.of(app).add("stage", "prod")

    tags = only(Template.from_stack(stack), "AWS::StepFunctions::StateMachine")["Tags"]
    assert tags == [{"Key": "stage", "Value": "prod"}, {"Key": "team", "Value": "ml"}]


def test_stack_takes_what_every_stack_takes(app):
    stack = pipeline_stack(app, stack_name="churn-prod", description="Churn", termination_protection=True)

    assert (stack.stack_name, stack.termination_protection) == ("churn-prod", True)


@pytest.mark.parametrize(
    ("account", "mutable", "warned"), [("1" * 12, True, False), ("1" * 12, False, True), ("2" * 12, True, True)]
)
def test_role_that_takes_no_grants_is_warned_of(app, account, mutable, warned):
    stack = Stack(app, "Stack", env=Environment(account="1" * 12, region="us-east-1"))
    role = iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{account}:role/Machine", mutable=mutable)
    JobPipeline(stack, "Nightly", role=role, definition=TrainingJob(stack, "Train", parameters=TRAINING))

    machine = "/Stack/Nightly/StateMachine"
    found = Annotations.from_stack(stack).find_warning(machine, Match.string_like_regexp("cannot be changed"))
    assert bool(found) is warned


def test_env_is_completed_from_the_settings():
    app = App(context={CONTEXT_KEY: {"account": "123456789012", "region": "eu-west-1"}})
    stack = PipelineStack(app, "Placed", env=Environment(region="eu-central-1"))

    assert (stack.account, stack.region) == ("123456789012", "eu-central-1")


def test_stack_is_placed_by_account_and_region_or_by_env(app):
    stack = PipelineStack(app, "Placed", account="123456789012", region="eu-west-1")
    assert (stack.account, stack.region) == ("123456789012", "eu-west-1")

    with pytest.raises(InvalidInputError, match=r"env stands beside region, got \{.*\}; put region into env"):
        PipelineStack(app, "Twice", env=Environment(region="eu-west-1"), region="eu-west-1")
    assert app.node.try_find_child("Twice") is None


def test_settings_come_from_the_context(app):
    app = App(context={CONTEXT_KEY: {"schedule": "rate(2 hours)", "timeout": "PT1H", "log_retention_days": 30}})
    stack = pipeline_stack(app)

    made = Template.from_stack(stack)
    made.has_resource_properties("AWS::Events::Rule", {"ScheduleExpression": "rate(2 hours)"})
    assert only(made, "AWS::Logs::LogGroup")["RetentionInDays"] == 30
    assert definition(stack)["TimeoutSeconds"] == 3600


def test_argument_replaces_the_setting_of_the_context():
    app = App(context={CONTEXT_KEY: {"schedule": "rate(2 hours)"}})

    Template.from_stack(pipeline_stack(app, schedule="rate(1 day)")).has_resource_properties(
        "AWS::Events::Rule", {"ScheduleExpression": "rate(1 day)"}
    )


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (
            {"shedule": "rate(1 day)"},
            "unknown setting, got 'shedule'; did you mean schedule. use one of schedule, alert_e",
        ),
        (
            {"colour": "red"},
            "unknown setting, got 'colour'; use one of schedule, alert_emails, alerts, timeout, log_retention_days",
        ),
        ({"schedule": "daily"}, r"schedule is no expression, got 'daily'; write 'rate\(1 day\)'"),
        ({"schedule": 1}, "schedule is of the wrong type, got 1; pass a str"),
        ({"alert_emails": "ml@example.com"}, r"alert_emails must be a list of addresses, got 'ml@example.com'"),
        (
            {"timeout": 0},
            "timeout must be a Duration of whole seconds, got 0; pass",
        ),
        ({"timeout": "6h"}, "timeout is no ISO 8601 duration, got '6h'; write 'PT6H' or 'P2D'"),
        ({"log_retention_days": 31}, "CloudWatch Logs has no such retention, got 31; use one of"),
        ({"removal_policy": "keep"}, "a bucket has no such removal_policy, got 'keep'; use one of retain, destroy"),
        ({"tags": ["a"]}, "tags is of the wrong type"),
        ("fast", "settings must be a mapping, got 'fast'"),
    ],
    ids=str,
)
def test_wrong_setting_in_the_context_fails_and_names_the_known_ones(context, said):
    app = App(context={CONTEXT_KEY: context})
    with pytest.raises(InvalidInputError, match=f"cdk.json context 'constructs_sm': {said}"):
        PipelineStack(app, "Churn")

    assert app.node.try_find_child("Churn") is None


def test_wrong_argument_fails_and_names_the_known_ones(app):
    with pytest.raises(InvalidInputError, match=r"PipelineStack 'Churn': unknown setting, got 'shedule'; did you mean"):
        PipelineStack(app, "Churn", shedule="rate(1 day)")
    with pytest.raises(InvalidInputError, match="PipelineStack 'Churn': schedule is no expression, got 'daily'"):
        PipelineStack(app, "Churn", schedule="daily")

    assert app.node.try_find_child("Churn") is None


def test_retention_of_every_number_of_days_is_the_cdk_s():
    for days, name in ((1, "ONE_DAY"), (365, "ONE_YEAR"), (731, "TWO_YEARS"), (3653, "TEN_YEARS")):
        assert Settings(log_retention_days=days).retention() is logs.RetentionDays[name]


def test_jobs_in_a_pipeline_of_their_own_share_a_prefix_and_a_role(stack):
    pipeline = JobPipeline(stack, "Nightly")
    one = TrainingJob(pipeline, "One", parameters=TRAINING)
    pipeline.run(one.next(TrainingJob(pipeline, "Two", parameters=TRAINING)))

    granted = [s["Resource"] for s in state_machine_policy(stack) if "sagemaker:CreateTrainingJob" in s["Action"]]
    assert [resource.rpartition("/")[2] for resource in granted] == ["nightly-*"]
    assert one.execution_role.node.path == "Stack/Nightly/SageMakerExecutionRole"


def test_jobs_write_into_the_data_bucket_when_they_are_told_nothing(app):

    stack = PipelineStack(app, "Churn")
    prepare = ProcessingJob(stack, "Prepare", image=IMAGE, instance_type="ml.m5.large", outputs=["train"])
    train = TrainingJob(
        stack, "Train", image=IMAGE, instance_type="ml.m5.large", inputs={"train": prepare.output("train")}
    )
    stack.run(prepare.next(train))

    bucket = f"${{{stack.get_logical_id(stack.bucket.node.default_child)}}}"
    states = definition(stack)["States"]
    (output,) = states["Prepare"]["Parameters"]["ProcessingOutputConfig"]["Outputs"]
    place = f"States.Format('s3://{bucket}/jobs/prepare/{{}}/train/', $$.Execution.Name)"
    assert output["S3Output"]["S3Uri.$"] == place
    (channel,) = states["Train"]["Parameters"]["InputDataConfig"]
    assert channel["DataSource"]["S3DataSource"]["S3Uri.$"] == place
    assert states["Train"]["Parameters"]["OutputDataConfig"] == {"S3OutputPath": f"s3://{bucket}/jobs/train/"}
