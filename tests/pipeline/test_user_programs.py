"""Programs as users write them, with resources of their own stacks: the rehearsal of each finds the role exact."""

from __future__ import annotations

from constructs_sm import JobPipeline, PipelineStack, ProcessingJob, TrainingJob, images
from constructs_sm.testing import Rehearsal

import jsii
import pytest
from aws_cdk import App, Aspects, Duration, Environment, IAspect, RemovalPolicy, Stack, Stage, Tags
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

ON = {"instance_type": "ml.m5.large"}
HERE = Environment(account="123456789012", region="eu-west-1")


def own_stack(scope=None, name="Own"):
    return Stack(App() if scope is None else scope, name, env=HERE)


def training(scope, bucket, construct_id="Train", **arguments):
    return TrainingJob(
        scope,
        construct_id,
        image=images.xgboost("1.7-1"),
        instance_type="ml.m5.xlarge",
        **{"inputs": {"train": bucket}, "output": bucket, **arguments},
    )


def function_in(stack, construct_id="Function"):
    code = functions.Code.from_inline("def handler(event, context): return event")
    return functions.Function(
        stack, construct_id, runtime=functions.Runtime.PYTHON_3_13, handler="index.handler", code=code
    )


def permissions_of(source, answers=(), **where):
    with Rehearsal.of(source, **where) as rehearsal:
        for state in answers:
            rehearsal.answer(state, {"Payload": {}, "ExecutionArn": "arn", "Output": {}})
        return rehearsal.permissions()


def assert_exact(source, answers=(), **where):
    found = permissions_of(source, answers, **where)
    assert found.exact, found


def run(scope, definition, **settings):
    pipeline = JobPipeline(scope, "Pipeline", **settings)
    pipeline.run(definition)
    return pipeline


def test_function_between_jobs():
    stack = own_stack()
    bucket = s3.Bucket(stack, "Data")
    function = function_in(stack)
    bucket.grant_read_write(function)
    prepare = ProcessingJob(stack, "Prepare", image=images.sklearn("1.2-1"), outputs={"train": bucket}, **ON)
    look = tasks.LambdaInvoke(stack, "Look", lambda_function=function, result_path="$.Look")
    run(stack, prepare.next(look).next(training(stack, bucket)))

    assert_exact(stack, ["Look"])


def test_bucket_topic_and_queue_under_one_key():
    stack = own_stack()
    key = kms.Key(stack, "Key")
    bucket = s3.Bucket(stack, "Data", encryption_key=key)
    topic = sns.Topic(stack, "Topic", master_key=key)
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    message = sfn.TaskInput.from_text("done")
    tell = tasks.SnsPublish(stack, "Tell", topic=topic, message=message, result_path=sfn.JsonPath.DISCARD)
    send = tasks.SqsSendMessage(stack, "Send", queue=queue, message_body=message)
    run(stack, training(stack, bucket).next(tell).next(send))

    assert_exact(stack, ["Tell", "Send"])


def test_table_row_written_before_a_job():
    stack = own_stack()
    key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    table = dynamodb.Table(stack, "Table", partition_key=key, removal_policy=RemovalPolicy.DESTROY)
    row = {"id": tasks.DynamoAttributeValue.from_string("run")}
    note = tasks.DynamoPutItem(stack, "Note", table=table, item=row, result_path=sfn.JsonPath.DISCARD)
    run(stack, note.next(training(stack, s3.Bucket(stack, "Data"))))

    assert_exact(stack, ["Note"])


def test_job_in_a_network_reaches_a_database_and_its_bucket():
    stack = own_stack()
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    database = ec2.SecurityGroup(stack, "Database", vpc=vpc)
    bucket = s3.Bucket(stack, "Data")
    train = training(stack, bucket, vpc=vpc, instance_count=2)
    database.connections.allow_from(train, ec2.Port.tcp(5432))
    s3.Bucket(stack, "More").grant_read(train)
    run(stack, train)

    assert_exact(stack)


def test_imported_resources():
    stack = own_stack()
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:123456789012:key/k-1")
    bucket = s3.Bucket.from_bucket_attributes(stack, "Data", bucket_name="shared-data", encryption_key=key)
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/path/execution")
    function = functions.Function.from_function_arn(
        stack, "Function", "arn:aws:lambda:eu-west-1:123456789012:function:look"
    )
    look = tasks.LambdaInvoke(stack, "Look", lambda_function=function, result_path="$.Look")
    run(stack, look.next(training(stack, bucket, role=role, volume_kms_key=key)))

    assert_exact(stack, ["Look"])


def test_bucket_of_another_stack(tmp_path):
    app = App(outdir=str(tmp_path))
    bucket = s3.Bucket(own_stack(app, "DataStack"), "Data")
    stack = PipelineStack(app, "Training", env=HERE)
    stack.run(training(stack, bucket))
    app.synth()

    assert_exact(str(tmp_path), stack="Training")


@jsii.implements(IAspect)
class Bounded:
    """Gives every role a permissions boundary, as a platform team does."""

    def __init__(self, arn):
        self.arn = arn

    def visit(self, node):
        if isinstance(node, iam.CfnRole):
            node.permissions_boundary = self.arn


def test_aspects_of_a_platform_team_leave_the_role_exact_within_a_boundary():
    stack = own_stack()
    allowed = iam.PolicyStatement(actions=["*"], resources=["*"])
    boundary = iam.ManagedPolicy(stack, "Boundary", statements=[allowed])
    run(stack, training(stack, s3.Bucket(stack, "Data")))
    Tags.of(stack).add("team", "ml")
    Aspects.of(stack).add(Bounded(boundary.managed_policy_arn))

    assert_exact(stack)


def test_boundary_of_an_aspect_that_lacks_something_is_said():
    stack = own_stack()
    allowed = iam.PolicyStatement(not_actions=["sagemaker:StopTrainingJob"], resources=["*"])
    boundary = iam.ManagedPolicy(stack, "Boundary", statements=[allowed])
    run(stack, training(stack, s3.Bucket(stack, "Data")))
    Aspects.of(stack).add(Bounded(boundary.managed_policy_arn))

    (missing,) = permissions_of(stack).missing
    assert (missing.need.action, missing.why) == (
        "sagemaker:StopTrainingJob",
        "its permissions boundary does not let it: widen that",
    )


@pytest.mark.parametrize("name", ["Test-Training", "Live-Training"])
def test_pipeline_in_stages(tmp_path, name):
    app = App(outdir=str(tmp_path))
    for stage in ("Test", "Live"):
        scope = Stage(app, stage, env=HERE)
        stack = PipelineStack(scope, "Training")
        stack.run(training(stack, s3.Bucket(stack, "Own")))
    app.synth()

    assert_exact(str(tmp_path), stack=name)


def test_rule_of_the_user_starts_the_pipeline_and_another_runs_it():
    stack = own_stack()
    inner = run(stack, training(stack, s3.Bucket(stack, "Data")))
    inner.grant_start_execution(function_in(stack))
    rule = events.Rule(stack, "Daily", schedule=events.Schedule.rate(Duration.days(1)))
    rule.add_target(targets.SfnStateMachine(inner.state_machine))
    outer = JobPipeline(stack, "Outer")
    again = training(stack, s3.Bucket(stack, "Others"), "Again")
    outer.run(inner.task(stack, "Run inner").next(again))

    for machine in (inner, outer):
        logical_id = stack.get_logical_id(machine.state_machine.node.default_child)
        assert_exact(stack, ["Run inner"] if machine is outer else [], machine=logical_id)


def test_job_of_an_ordinary_state_machine():
    stack = own_stack()
    bucket = s3.Bucket(stack, "Data")
    wait = sfn.Wait(stack, "Wait", time=sfn.WaitTime.duration(Duration.minutes(1)))
    choice = sfn.Choice(stack, "Large?").when(sfn.Condition.is_present("$.large"), training(stack, bucket))
    body = sfn.DefinitionBody.from_chainable(wait.next(choice.otherwise(sfn.Pass(stack, "Nothing"))))
    sfn.StateMachine(stack, "Machine", definition_body=body)

    with Rehearsal.of(stack) as rehearsal:
        found = rehearsal.permissions({"large": True}, {})
    assert found.exact, found
