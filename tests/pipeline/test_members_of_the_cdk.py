"""Each public member and argument of the CDK's own constructs, and ours in its place: no row may be missing."""

from __future__ import annotations

import inspect
import json

from constructs_sm import (
    Approval,
    ArtifactCheck,
    CreateModel,
    DeleteEndpoint,
    EndpointDeployment,
    EvaluationReport,
    FailureHandler,
    FanOut,
    FindModelPackage,
    InvalidInputError,
    JobPipeline,
    Number,
    PipelineStack,
    ProcessingJob,
    QualityGate,
    S3Items,
    TrainingJob,
    TuningDefinition,
    TuningJob,
)
from constructs_sm.testing import Rehearsal, definition

import pytest
from aws_cdk import App, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk.assertions import Template

ENVIRONMENT = Environment(account="123456789012", region="us-east-1")
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
ARGUMENTS = {"image": IMAGE, "instance_type": "ml.m5.large", "output": "s3://models/churn/"}
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:Nightly"

OF_NO_USE = {
    "PROPERTY_INJECTION_ID": "of the CDK's own resources",
    "apply_cross_stack_reference_strength": "of state_machine",
    "filter_nextables": "a function on lists of states",
    "find_reachable_end_states": "a function on lists of states",
    "find_reachable_states": "a function on lists of states",
    "is_owned_resource": "of the CDK's own resources",
    "is_resource": "of the CDK's own resources",
    "metric_heartbeat_timed_out": "Step Functions counts no heartbeats of calls of a service",
}
OF_TASKS = {
    **{
        name: name
        for name in (
            "add_catch",
            "add_retry",
            "add_security_group",
            "connections",
            "end_states",
            "grant_principal",
            "id",
            "is_construct",
            "json_path",
            "jsonata",
            "metric",
            "metric_failed",
            "metric_run_time",
            "metric_schedule_time",
            "metric_scheduled",
            "metric_started",
            "metric_succeeded",
            "metric_time",
            "metric_timed_out",
            "next",
            "node",
            "prefix_states",
            "start_state",
            "to_string",
            "with_",
        )
    },
    "add_prefix": "task.add_prefix",
    "bind_to_graph": "task.bind_to_graph",
    "role": "execution_role",
    "state_id": "task.state_id",
    "to_state_json": "task.to_state_json",
}
OF_STATE_MACHINES = {
    **{
        name: name
        for name in (
            "add_to_role_policy",
            "apply_removal_policy",
            "env",
            "from_state_machine_arn",
            "from_state_machine_name",
            "grant",
            "grant_execution",
            "grant_principal",
            "grant_read",
            "grant_redrive_execution",
            "grant_start_execution",
            "grant_start_sync_execution",
            "grant_task_response",
            "grants",
            "is_construct",
            "metric",
            "metric_aborted",
            "metric_failed",
            "metric_started",
            "metric_succeeded",
            "metric_throttled",
            "metric_time",
            "metric_timed_out",
            "node",
            "role",
            "stack",
            "state_machine_arn",
            "state_machine_name",
            "state_machine_ref",
            "to_string",
            "with_",
        )
    },
    "state_machine_revision_id": "state_machine.state_machine_revision_id",
    "state_machine_type": "state_machine.state_machine_type",
}
ARGUMENTS_OF_TASKS = {
    "result_path": "result_path",
    "result_selector": "result_selector",
    "comment": "comment",
    "query_language": "query_language",
    "state_name": "state_name",
    "credentials": "credentials",
    "heartbeat_timeout": "heartbeat_timeout",
    "integration_pattern": "integration_pattern",
    "task_timeout": "task_timeout",
    "assign": "assign",
    "input_path": "input_path",
    "output_path": "output_path",
    "outputs": "state_output",
    # The CDK has both still, and calls them deprecated.
    "heartbeat": "heartbeat_timeout",
    "timeout": "task_timeout",
}
ARGUMENTS_OF_STATE_MACHINES = {
    "comment": "comment",
    "definition_body": "definition",
    "encryption_configuration": "encryption_configuration",
    "logs": "log_level",
    "role": "role",
    "state_machine_name": "state_machine_name",
    "timeout": "timeout",
    "tracing_enabled": "tracing_enabled",
}
SAID_ELSEWHERE = {
    "definition": "deprecated by the CDK",
    "definition_substitutions": "a definition of ours has no placeholders",
    "query_language": "each state says its own",
    "removal_policy": "apply_removal_policy",
    "state_machine_type": "an Express execution waits for no job",
}


@pytest.fixture
def stack():
    return Stack(App(), "Stack", env=ENVIRONMENT)


@pytest.fixture
def train(stack):
    return TrainingJob(stack, "Train", **ARGUMENTS)


def members(construct):
    return {name for name in dir(construct) if not name.startswith("_")}


def arguments(construct):
    return set(inspect.signature(construct.__init__).parameters) - {"self", "scope", "id"}


def at(thing, path):
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing


def role_statements(stack, role):
    return [
        statement
        for name, resource in Template.from_stack(stack).to_json()["Resources"].items()
        if resource["Type"] == "AWS::IAM::Policy" and name.startswith(role)
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    ]


def actions(stack, role):
    given = [statement["Action"] for statement in role_statements(stack, role)]
    return {action for each in given for action in ([each] if isinstance(each, str) else each)}


def machine_of(stack, states):
    return sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(states))


@pytest.mark.parametrize("theirs", [tasks.SageMakerCreateTrainingJob, tasks.LambdaInvoke, sfn.TaskStateBase])
def test_every_member_of_a_task_has_a_row(theirs):
    assert members(theirs) <= {*OF_TASKS, *OF_NO_USE}


@pytest.mark.parametrize("theirs", [sfn.StateMachine, sfn.IStateMachine])
def test_every_member_of_a_state_machine_has_a_row(theirs):
    assert members(theirs) <= {*OF_STATE_MACHINES, *OF_NO_USE}


def test_every_argument_has_a_row():
    assert arguments(sfn.TaskStateBase) <= set(ARGUMENTS_OF_TASKS)
    assert arguments(sfn.StateMachine) <= {*ARGUMENTS_OF_STATE_MACHINES, *SAID_ELSEWHERE}
    assert set(ARGUMENTS_OF_STATE_MACHINES.values()) <= arguments(JobPipeline)


@pytest.mark.parametrize("name", sorted(OF_TASKS))
def test_job_has_the_member_of_a_task(stack, name):
    job = TrainingJob(stack, "Train", vpc=ec2.Vpc(stack, "Vpc"), **ARGUMENTS)

    assert at(job, OF_TASKS[name]) is not None


@pytest.mark.parametrize("name", sorted(OF_STATE_MACHINES))
def test_pipeline_has_the_member_of_a_state_machine(stack, train, name):
    assert at(JobPipeline(stack, "Nightly", definition=train), OF_STATE_MACHINES[name]) is not None


MEMBERS_OF_STACKS = sorted(
    set(OF_STATE_MACHINES) - {"apply_removal_policy", "from_state_machine_arn", "from_state_machine_name", "stack"}
)


@pytest.mark.parametrize("name", [name for name in MEMBERS_OF_STACKS if name != "state_machine_ref"])
def test_stack_has_the_member_of_a_state_machine(name):
    stack = PipelineStack(App(), "Churn", env=ENVIRONMENT)
    stack.run(TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.large"))

    assert at(stack, OF_STATE_MACHINES[name]) is not None


def test_arguments_of_a_task_reach_the_state_of_a_job(stack):
    given = {
        "comment": "by night",
        "state_name": "Train by night",
        "credentials": iam.Role.from_role_arn(stack, "Other", "arn:aws:iam::210987654321:role/caller"),
        "integration_pattern": sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
        "task_timeout": sfn.Timeout.duration(Duration.hours(2)),
        "heartbeat_timeout": sfn.Timeout.at("$.beat"),
        "input_path": "$.given",
        "result_path": "$.trained",
        "result_selector": {"arn.$": "$.TrainingJobArn"},
        "output_path": "$.trained",
        "assign": {"name.$": "$.TrainingJobName"},
        "output_check": None,
        "environment": {"TOKEN": sfn.JsonPath.task_token},
    }
    machine_of(stack, TrainingJob(stack, "Train", **given, **ARGUMENTS))

    state = definition(stack)["States"]["Train by night"]
    assert state["Comment"] == "by night"
    assert state["Credentials"] == {"RoleArn": "arn:aws:iam::210987654321:role/caller"}
    assert state["Resource"].endswith(":states:::sagemaker:createTrainingJob.waitForTaskToken")
    assert (state["TimeoutSeconds"], state["HeartbeatSecondsPath"]) == (7200, "$.beat")
    assert (state["InputPath"], state["ResultPath"], state["OutputPath"]) == ("$.given", "$.trained", "$.trained")
    assert state["ResultSelector"] == {"arn.$": "$.TrainingJobArn"}
    assert state["Assign"] == {"name.$": "$.TrainingJobName"}


@pytest.mark.parametrize(("make", "language"), [("jsonata", "JSONata"), ("json_path", None)])
def test_query_language_is_said_by_a_factory_as_of_the_cdk(stack, make, language):
    theirs = getattr(tasks.LambdaInvoke, make)
    job = getattr(TrainingJob, make)(stack, "Train", **ARGUMENTS)
    machine_of(stack, job)

    assert theirs is not None
    assert type(job) is TrainingJob
    assert definition(stack)["States"]["Train"].get("QueryLanguage") == language


def test_outputs_are_said_as_state_output(stack):
    machine_of(stack, TrainingJob.jsonata(stack, "Train", state_output="{% 1 %}", output_check=None, **ARGUMENTS))

    assert definition(stack)["States"]["Train"]["Output"] == "{% 1 %}"


def test_arguments_of_a_state_machine_reach_that_of_a_pipeline(stack, train):
    JobPipeline(stack, "Nightly", definition=train, comment="By night.", timeout=Duration.hours(3))

    made = definition(stack)
    assert (made["Comment"], made["TimeoutSeconds"]) == ("By night.", 10800)


def test_comment_stands_before_the_inputs(stack, train):
    JobPipeline(stack, "Nightly", definition=train, comment="By night.", inputs={})

    assert definition(stack)["Comment"] == "By night. No inputs"


def test_comment_that_is_no_text_is_refused(stack, train):
    with pytest.raises(InvalidInputError, match="comment cannot be used"):
        JobPipeline(stack, "Nightly", definition=train, comment=7)


def test_security_group_is_added_to_request_and_connections(stack):
    vpc = ec2.Vpc(stack, "Vpc")
    jobs = [
        TrainingJob(stack, "Train", vpc=vpc, **ARGUMENTS),
        ProcessingJob(stack, "Prepare", image=IMAGE, instance_type="ml.m5.large", vpc=vpc),
        CreateModel(stack, "Model", image=IMAGE, model_data="s3://models/model.tar.gz", vpc=vpc),
    ]
    mine, others = (ec2.SecurityGroup(stack, name, vpc=vpc) for name in ("Mine", "Others"))
    for job in jobs:
        job.add_security_group(mine)
        job.add_security_group(others)
    machine_of(stack, jobs[0].next(jobs[1]).next(jobs[2]))

    states = definition(stack)["States"]
    paths = {"Train": ("VpcConfig",), "Prepare": ("NetworkConfig", "VpcConfig"), "Model": ("VpcConfig",)}
    for job in jobs:
        request = states[job.node.id]["Parameters"]
        for field in paths[job.node.id]:
            request = request[field]
        assert len(request["SecurityGroupIds"]) == len(set(request["SecurityGroupIds"])) == 3
        assert request["Subnets"]
        assert len(job.connections.security_groups) == 3


def test_security_group_of_a_job_in_no_vpc_or_in_several_is_refused(stack, train):
    vpc = ec2.Vpc(stack, "Vpc")
    mine = ec2.SecurityGroup(stack, "Mine", vpc=vpc)
    with pytest.raises(InvalidInputError, match="a job in no VPC has no connections; pass vpc="):
        train.add_security_group(mine)
    definitions = [
        TuningDefinition(
            definition_name=name,
            objective="loss",
            objective_type="Minimize",
            ranges={"rate": (0.1, 0.2)},
            metric_definitions={"loss": "loss=(.*)"},
            image=IMAGE,
            instance_type="ml.m5.large",
            output="s3://models/tuned/",
            vpc=vpc,
        )
        for name in ("a", "b")
    ]
    tune = TuningJob(stack, "Tune", definitions=definitions, max_jobs=2)
    with pytest.raises(InvalidInputError, match="a job in several networks is put into no further group"):
        tune.add_security_group(mine)


def test_pipeline_is_taken_where_the_cdk_takes_a_state_machine(stack, train):
    nightly = JobPipeline(stack, "Nightly", definition=train)
    imported = JobPipeline.from_state_machine_arn(stack, "Weekly", ARN)
    rule = events.Rule(stack, "Rule", schedule=events.Schedule.rate(Duration.days(1)))
    rule.add_target(targets.SfnStateMachine(nightly))
    starts = [
        tasks.StepFunctionsStartExecution(stack, f"Start {each.node.id}", state_machine=each)
        for each in (nightly, imported)
    ]
    machine_of(stack, starts[0].next(starts[1]))

    template = Template.from_stack(stack)
    scheduled = {"Properties": {"ScheduleExpression": "rate(1 day)"}}
    (made,) = template.find_resources("AWS::Events::Rule", scheduled).values()
    assert made["Properties"]["Targets"][0]["Arn"] == stack.resolve(nightly.state_machine_arn)
    assert "states:StartExecution" in actions(stack, "MachineRole")


def test_name_and_reference_of_pipelines(stack, train):
    nightly = JobPipeline(stack, "Nightly", definition=train)
    imported = [
        JobPipeline.from_state_machine_arn(stack, "Arn", ARN),
        JobPipeline.from_state_machine_name(stack, "Name", "Nightly"),
    ]

    assert [each.state_machine_name for each in imported] == ["Nightly", "Nightly"]
    assert nightly.state_machine_name == nightly.state_machine.state_machine_name
    assert nightly.state_machine_ref.state_machine_arn == nightly.state_machine_arn
    assert (nightly.env.account, nightly.env.region) == ("123456789012", "us-east-1")
    assert nightly.stack is stack


def test_grants_by_the_newer_name_and_statements_reach_the_roles(stack, train):
    nightly = JobPipeline(stack, "Nightly", definition=train)
    person = iam.Role(stack, "Person", assumed_by=iam.AccountRootPrincipal())
    nightly.grants.start_execution(person)
    nightly.add_to_role_policy(iam.PolicyStatement(actions=["glue:GetTable"], resources=["*"]))

    assert actions(stack, "Person") == {"states:StartExecution"}
    assert "glue:GetTable" in actions(stack, "NightlyStateMachineRole")


def test_removal_policy_is_that_of_the_machine(stack, train):
    JobPipeline(stack, "Nightly", definition=train).apply_removal_policy(RemovalPolicy.RETAIN)

    (machine,) = Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    assert machine["DeletionPolicy"] == "Retain"


def running(stack):
    """What calls services under the state machine role."""
    return {
        "approval": Approval(stack, "Ask", notify=["ada@example.com"]),
        "artifact": ArtifactCheck(stack, "There", "s3://models/model.tar.gz"),
        "deletion": DeleteEndpoint(stack, "Delete", name="churn"),
        "deployment": EndpointDeployment(
            stack, "Deploy", endpoint_name="churn", model="churn-1", instance_type="ml.m5.large"
        ),
        "fan_out": FanOut(
            stack, "Each", sfn.Pass(stack, "One"), items=S3Items.json("s3://lists/all.json"), results="s3://lists/out/"
        ),
        "find": FindModelPackage(stack, "Find", group="churn"),
        "gate": QualityGate(stack, "Good", EvaluationReport("s3://reports/", "evaluation.json")["auc"] >= 0.8),
    }


@pytest.mark.parametrize(
    "name", ["approval", "artifact", "deletion", "deployment", "fan_out", "find", "gate", "handler"]
)
def test_what_runs_under_the_state_machine_role_is_granted_before_there_is_one(name):
    app = App()
    elsewhere = Stack(app, "Elsewhere", env=ENVIRONMENT)
    key = kms.Key(elsewhere, "Key")
    bucket, topic = s3.Bucket(elsewhere, "Bucket", encryption_key=key), sns.Topic(elsewhere, "Told")
    stack = Stack(app, "Stack", env=ENVIRONMENT)
    train = TrainingJob(stack, "Train", **ARGUMENTS)
    if name == "handler":
        grantee = FailureHandler(stack, "Failed")
        states = grantee.catch(train)
    else:
        grantee = running(stack)[name]
        states = train.next(grantee)
    bucket.grant_read(grantee)
    topic.grant_publish(grantee)
    machine_of(stack, states)

    assert {"s3:GetObject*", "kms:Decrypt", "sns:Publish"} <= actions(stack, "MachineRole")
    with pytest.raises(RuntimeError, match="a state machine has been made of it already; grant to that"):
        bucket.grant_read(grantee)


def test_what_calls_nothing_is_not_granted(stack):
    bucket = s3.Bucket(stack, "Bucket")
    calls_nothing = [
        QualityGate(stack, "Good", Number("$.auc") >= 0.8),
        FanOut(stack, "Each", sfn.Pass(stack, "One"), items="$.items"),
    ]
    for grantee in calls_nothing:
        with pytest.raises(RuntimeError, match="it calls nothing that could be granted; grant to the pipeline"):
            bucket.grant_read(grantee)


def test_role_that_is_not_there_yet_is_in_no_policy_of_a_resource(stack):
    with pytest.raises(InvalidInputError, match="the role is not there yet, for the policy of a resource to name"):
        _ = FailureHandler(stack, "Failed").grant_principal.policy_fragment


def test_late_report_is_read_by_a_gate_that_was_granted_it(stack):
    bucket = s3.Bucket(stack, "Bucket", bucket_name="reports")
    gate = QualityGate(stack, "Good", EvaluationReport("$.place", "evaluation.json")["auc"] >= 0.8)
    bucket.grant_read(gate)
    machine_of(stack, gate)

    with Rehearsal.of(stack) as rehearsal:
        place = {"place": "s3://reports/today/"}
        rehearsal.answer("Good: Report", {"Body": json.dumps({"auc": 0.9})})
        assert rehearsal.start(place).succeeded
