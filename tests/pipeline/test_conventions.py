"""Conventions of the CDK: docs/conventions.md, row by row, beside the CDK's own constructs."""

from __future__ import annotations

import json

from constructs_sm import (
    CreateModel,
    InvalidInputError,
    JobPipeline,
    PipelineStack,
    ProcessingJob,
    RetryPolicy,
    TrainingJob,
    TransformJob,
    TuningJob,
    polled_actions,
)
from constructs_sm.testing import Rehearsal, definition

import pytest
from aws_cdk import App, Duration, Environment, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk.assertions import Template
from every_action import every_job
from every_polled_action import polled_job

ENVIRONMENT = Environment(account="123456789012", region="us-east-1")
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:Nightly"
ARGUMENTS = {"image": IMAGE, "instance_type": "ml.m5.large", "output": "s3://models/churn/"}


@pytest.fixture
def stack():
    return Stack(App(), "Stack", env=ENVIRONMENT)


@pytest.fixture
def train(stack):
    return TrainingJob(stack, "Train", **ARGUMENTS)


@pytest.fixture
def pipeline(stack, train):
    return JobPipeline(stack, "Nightly", definition=train)


def of_the_cdk(stack, **settings):
    return tasks.SageMakerCreateTrainingJob(
        stack,
        "Theirs",
        training_job_name="theirs",
        algorithm_specification=tasks.AlgorithmSpecification(
            training_image=tasks.DockerImage.from_registry(IMAGE),
            training_input_mode=tasks.InputMode.FILE,
        ),
        input_data_config=[],
        output_data_config=tasks.OutputDataConfig(s3_output_location=tasks.S3Location.from_json_expression("$.out")),
        resource_config=tasks.ResourceConfig(
            instance_count=1, instance_type=ec2.InstanceType("m5.large"), volume_size=Size.gibibytes(10)
        ),
        **settings,
    )


def machine_of(stack, states):
    return sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(states))


def allowed(stack, role):
    """Actions that the default policy of a role has."""
    template = Template.from_stack(stack).to_json()["Resources"]
    documents = [
        resource["Properties"]["PolicyDocument"]
        for name, resource in template.items()
        if resource["Type"] == "AWS::IAM::Policy" and role in name
    ]
    actions = [statement["Action"] for document in documents for statement in document["Statement"]]
    return {action for given in actions for action in ([given] if isinstance(given, str) else given)}


def groups(stack):
    return Template.from_stack(stack).find_resources("AWS::EC2::SecurityGroup")


def ingress(stack):
    found = Template.from_stack(stack).find_resources("AWS::EC2::SecurityGroupIngress").values()
    return [
        (rule["Properties"]["GroupId"], rule["Properties"]["SourceSecurityGroupId"], rule["Properties"]["IpProtocol"])
        for rule in found
    ]


def state(stack, name):
    return definition(stack)["States"][name]


def retried(stack, name):
    return [retrier["ErrorEquals"][0].rpartition(".")[2] for retrier in state(stack, name)["Retry"]]


OURS = ["ResourceLimitExceededException", "AmazonSageMakerException", "Timeout"]


def test_bucket_key_topic_and_function_grant_to_a_job_and_to_a_pipeline(stack, train, pipeline):
    bucket, key, topic = s3.Bucket(stack, "Bucket"), kms.Key(stack, "Key"), sns.Topic(stack, "Told")
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_12,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): return event"),
    )
    for grantee in (train, pipeline):
        bucket.grant_read(grantee)
        key.grant_decrypt(grantee)
        topic.grant_publish(grantee)
        function.grant_invoke(grantee)

    granted = {"s3:GetObject*", "kms:Decrypt", "sns:Publish", "lambda:InvokeFunction"}
    assert granted <= allowed(stack, "SageMakerExecutionRole")
    assert granted <= allowed(stack, "NightlyStateMachineRole")


def test_job_with_a_role_that_was_given_is_granted_by_that_role(stack):
    role = iam.Role(stack, "Mine", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    s3.Bucket(stack, "Bucket").grant_read(TrainingJob(stack, "Train", role=role, **ARGUMENTS))

    assert "s3:GetObject*" in allowed(stack, "Mine")


def test_transform_is_granted_by_the_role_of_its_model(stack):
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://models/churn/model.tar.gz")
    score = TransformJob(
        stack, "Score", model=model, data="s3://data/in/", output="s3://data/out/", instance_type="ml.m5.large"
    )

    assert score.execution_role is model.execution_role


def test_training_of_the_cdk_is_granted_by_its_role(stack):
    theirs = of_the_cdk(stack)
    s3.Bucket(stack, "Bucket").grant_read(theirs)
    machine_of(stack, theirs)

    assert "s3:GetObject*" in allowed(stack, "Theirs")


def test_pipeline_is_granted_once_it_runs_something(stack):
    with pytest.raises(RuntimeError, match=r"nothing runs yet.*call run\(definition\) first"):
        s3.Bucket(stack, "Bucket").grant_read(JobPipeline(stack, "Nightly"))


def test_stack_is_granted_as_its_pipeline():
    stack = PipelineStack(App(), "Churn", env=ENVIRONMENT)
    stack.run(TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.large"))
    kms.Key(stack, "Mine").grant_decrypt(stack)

    assert "kms:Decrypt" in allowed(stack, "PipelineStateMachineRole")
    assert stack.role.node.path == "Churn/Pipeline/StateMachine/Role"


@pytest.mark.parametrize(("count", "talk"), [(1, False), (2, True), ("$.count", True)])
def test_job_in_a_vpc_has_a_group_whose_members_talk_where_there_are_several(stack, count, talk):
    vpc = ec2.Vpc(stack, "Vpc")
    TrainingJob(stack, "Train", vpc=vpc, instance_count=count, **ARGUMENTS)

    ((name, _),) = groups(stack).items()
    own = {"Fn::GetAtt": [name, "GroupId"]}
    assert ingress(stack) == ([(own, own, "-1")] if talk else [])


def test_heterogeneous_cluster_and_processing_of_two_talk(stack):
    vpc = ec2.Vpc(stack, "Vpc")
    ProcessingJob(stack, "Prepare", image=IMAGE, instance_type="ml.m5.large", instance_count=2, vpc=vpc)

    assert len(ingress(stack)) == 1


def test_groups_that_are_given_are_left_as_they_are(stack):
    vpc = ec2.Vpc(stack, "Vpc")
    group = ec2.SecurityGroup(stack, "Mine", vpc=vpc)
    TrainingJob(stack, "Train", vpc=vpc, security_groups=[group], instance_count=2, **ARGUMENTS)

    assert list(groups(stack)) == [stack.resolve(group.security_group_id)["Fn::GetAtt"][0]]
    assert ingress(stack) == []


def test_database_lets_a_job_in_and_so_it_does_theirs(stack):
    vpc = ec2.Vpc(stack, "Vpc")
    database = ec2.SecurityGroup(stack, "Database", vpc=vpc)
    train = TrainingJob(stack, "Train", vpc=vpc, **ARGUMENTS)
    theirs = of_the_cdk(stack, vpc_config=tasks.VpcConfig(vpc=vpc))
    machine_of(stack, train.next(theirs))
    for client in (train, theirs):
        database.connections.allow_from(client, ec2.Port.tcp(5432))

    assert [protocol for _, _, protocol in ingress(stack)] == ["tcp", "tcp"]


def test_connections_of_a_group_that_is_only_an_id(stack):
    train = TrainingJob(stack, "Train", subnets=["subnet-1"], security_groups=["sg-1"], **ARGUMENTS)
    ec2.SecurityGroup(stack, "Database", vpc=ec2.Vpc(stack, "Vpc")).connections.allow_from(train, ec2.Port.tcp(5432))

    assert [source for _, source, _ in ingress(stack)] == ["sg-1"]


def test_jobs_of_a_stack_share_its_group_and_its_connections():
    app = App()
    vpc = ec2.Vpc(Stack(app, "Network", env=ENVIRONMENT), "Vpc")
    stack = PipelineStack(app, "Churn", env=ENVIRONMENT, vpc=vpc)
    jobs = [TrainingJob(stack, f"Train{n}", image=IMAGE, instance_type="ml.m5.large", instance_count=2) for n in (1, 2)]
    stack.run(jobs[0].next(jobs[1]))
    database = ec2.SecurityGroup(stack, "Database", vpc=vpc)
    for client in (stack, *jobs):
        database.connections.allow_from(client, ec2.Port.tcp(5432))

    assert len(groups(stack)) == 2
    assert sorted(protocol for _, _, protocol in ingress(stack)) == ["-1", "tcp"]


def test_job_in_no_vpc_has_no_connections(train):
    with pytest.raises(InvalidInputError, match="a job in no VPC has no connections; pass vpc="):
        _ = train.connections


def test_default_children(stack, train, pipeline):
    assert train.node.default_child is train.task
    assert pipeline.node.default_child.node.path == "Stack/Nightly/StateMachine/Resource"
    pipeline.node.default_child.add_override("Properties.StateMachineName", "renamed")
    names = Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    assert [each["Properties"]["StateMachineName"] for each in names] == ["renamed"]
    churn = PipelineStack(App(), "Churn")
    assert churn.node.default_child is churn.pipeline


def test_retriers_that_are_added_come_first_and_all_errors_last(stack, train):
    train.add_retry().add_retry(errors=["A"], interval=Duration.minutes(5), max_attempts=1, backoff_rate=1)
    train.add_retry(RetryPolicy(errors=["B"], jitter=True))
    train.add_retry(errors=["C"], max_delay=Duration.minutes(1), jitter_strategy=sfn.JitterType.FULL)
    machine_of(stack, train)

    assert retried(stack, "Train") == ["A", "B", "C", *OURS, "ALL"]
    assert state(stack, "Train")["Retry"][0] == {
        "ErrorEquals": ["A"],
        "IntervalSeconds": 300,
        "MaxAttempts": 1,
        "BackoffRate": 1,
    }
    assert state(stack, "Train")["Retry"][2]["MaxDelaySeconds"] == 60


def test_retriers_of_the_cdk_come_in_the_same_order(stack):
    theirs = sfn.CustomState(stack, "Theirs", state_json={"Type": "Task", "Resource": "arn:aws:states:::x:y"})
    theirs.add_retry(errors=["A"]).add_retry(errors=["B"])
    machine_of(stack, theirs)

    assert retried(stack, "Theirs") == ["A", "B"]


def test_every_job_can_be_retried_caught_and_overridden(stack):
    for number, job in enumerate(every_job(stack)):
        job.add_retry(errors=["Mine"]).add_catch(sfn.Pass(stack, f"Caught{number}"))
        job.add_override("Comment", "mine").add_parameter_override("New.Field", "1")
        sfn.StateMachine(stack, f"Machine{number}", definition_body=sfn.DefinitionBody.from_chainable(job))
    for machine in Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values():
        text = machine["Properties"]["DefinitionString"]["Fn::Join"]
        body = json.loads(text[0].join(part if isinstance(part, str) else "x" for part in text[1]))
        task = body["States"][body["StartAt"]]
        request = task.get("Parameters", task.get("Arguments"))
        assert task["Retry"][0]["ErrorEquals"] == ["Mine"]
        assert task["Catch"][0]["ErrorEquals"] == ["States.ALL"]
        assert task["Comment"] == "mine"
        assert request["New"] == {"Field": "1"}


def test_polled_job_retries_all_its_calls(stack):
    job = polled_job(stack, polled_actions.AUTO_ML_JOB_V2, "Search")
    job.add_retry(errors=["Mine"])
    machine_of(stack, job)

    assert retried(stack, "Search")[0] == retried(stack, "Search: Describe")[0] == "Mine"


def test_overrides_reach_fields_of_any_kind(stack, train):
    (
        train.add_parameter_override("ResourceConfig.Brand.New", {"Depth": sfn.JsonPath.string_at("$.depth")})
        .add_parameter_override("HyperParameters.depth.$", "$.depth")
        .add_parameter_override("StoppingCondition.MaxRuntimeInSeconds", sfn.JsonPath.number_at("$.seconds"))
        .add_parameter_override("Tags.0.Key", "team")
        .add_parameter_override(r"Environment.with\.dot", "1")
        .add_parameter_deletion_override("OutputDataConfig.S3OutputPath")
        .add_override("ResultPath", None)
        .add_override("Retry.0.MaxAttempts", 7)
        .add_deletion_override("Retry.1")
    )
    machine_of(stack, train)

    changed = state(stack, "Train")
    request = changed["Parameters"]
    assert request["ResourceConfig"]["Brand"] == {"New": {"Depth.$": "$.depth"}}
    assert request["HyperParameters"] == {"depth.$": "$.depth"}
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds.$": "$.seconds"}
    assert request["Tags"] == [{"Key": "team"}]
    assert request["Environment"] == {"with.dot": "1"}
    assert request["OutputDataConfig"] == {}
    assert changed["ResultPath"] is None
    assert changed["Retry"][0]["MaxAttempts"] == 7
    assert retried(stack, "Train") == ["ResourceLimitExceededException", "Timeout"]


def test_changed_job_goes_on_is_prefixed_and_explained_as_any_other(stack):
    pipeline = JobPipeline(stack, "Nightly")
    first, second = (TrainingJob(pipeline, name, **ARGUMENTS) for name in ("First", "Second"))
    for job in (first, second):
        job.add_override("TimeoutSeconds", 60)
    pipeline.run(first.next(second).to_single_state("Both").next(sfn.Pass(stack, "After")))

    branch = state(stack, "Both")["Branches"][0]
    assert branch["StartAt"] == "First"
    for name in ("First", "Second"):
        assert branch["States"][name]["TimeoutSeconds"] == 60
        assert branch["States"][name]["Next"] == f"{name}: ValidateOutput"
        assert branch["States"][name]["Catch"][0]["ErrorEquals"] == ["States.ALL"]


def test_change_after_the_definition_is_made_is_refused(train, pipeline):
    assert pipeline.state_machine_arn
    for change in (train.add_retry, lambda: train.add_override("Comment", "late")):
        with pytest.raises(InvalidInputError, match="the task is in a state machine already"):
            change()


@pytest.mark.parametrize("path", ["", "A..B", ".A", "$", 7])
def test_override_of_no_field_is_refused(train, path):
    with pytest.raises(InvalidInputError, match="an override needs the path of a field"):
        train.add_override(path, 1)


def test_retrier_that_step_functions_does_not_take_is_refused(train):
    with pytest.raises(InvalidInputError, match="interval must be a Duration of whole seconds"):
        train.add_retry(errors=["A"], interval=Duration.millis(1500))
    with pytest.raises(InvalidInputError, match="a policy stands beside"):
        train.add_retry(RetryPolicy(errors=["A"]), max_attempts=1)


CALLS = ["failed", "run_time", "schedule_time", "scheduled", "started", "succeeded", "time", "timed_out"]


@pytest.mark.parametrize("name", CALLS)
def test_metrics_of_a_job_have_the_names_of_the_cdk(train, name):
    assert hasattr(tasks.LambdaInvoke, f"metric_{name}")
    metric = getattr(train, f"metric_{name}")(period=Duration.hours(1))
    assert metric.namespace == "AWS/States"
    assert metric.dimensions == {
        "ServiceIntegrationResourceArn": "arn:${Token[AWS.Partition.3]}:states:us-east-1:123456789012:"
        "sagemaker:createTrainingJob.sync"
    } or str(metric.dimensions["ServiceIntegrationResourceArn"]).endswith(
        ":states:us-east-1:123456789012:sagemaker:createTrainingJob.sync"
    )


def test_metrics_of_instances_are_found_by_the_beginning_of_the_name(stack, train):
    assert train.metric_instances("CPUUtilization").expression == (
        "SEARCH('{/aws/sagemaker/TrainingJobs,Host} MetricName=\"CPUUtilization\" Host=train', 'Average', 60)"
    )
    with pytest.raises(InvalidInputError, match="SageMaker counts no instances of this kind"):
        CreateModel(stack, "Model", image=IMAGE).metric_instances("CPUUtilization")


@pytest.mark.parametrize("name", ["aborted", "failed", "started", "succeeded", "throttled", "time", "timed_out"])
def test_metrics_of_a_pipeline_are_those_of_its_machine(pipeline, name):
    ours, theirs = (getattr(each, f"metric_{name}")() for each in (pipeline, pipeline.state_machine))
    assert (ours.metric_name, ours.dimensions, ours.statistic) == (
        theirs.metric_name,
        theirs.dimensions,
        theirs.statistic,
    )


@pytest.mark.parametrize(
    ("grant", "action"),
    [
        ("grant_start_execution", "states:StartExecution"),
        ("grant_start_sync_execution", "states:StartSyncExecution"),
        ("grant_read", "states:ListExecutions"),
        ("grant_redrive_execution", "states:RedriveExecution"),
        ("grant_task_response", "states:SendTaskSuccess"),
    ],
)
def test_grants_of_a_pipeline_are_those_of_its_machine(stack, pipeline, grant, action):
    person = iam.Role(stack, "Person", assumed_by=iam.AccountRootPrincipal())
    getattr(pipeline, grant)(person)

    assert action in allowed(stack, "Person")


def test_parts_of_a_pipeline_are_its_attributes(stack, train):
    pipeline = JobPipeline(
        stack,
        "Nightly",
        definition=train,
        log_level=sfn.LogLevel.ERROR,
        state_machine_name="nightly",
        failed_threshold=3,
        timed_out_threshold=2,
    )

    template = Template.from_stack(stack)
    (machine,) = template.find_resources("AWS::StepFunctions::StateMachine").values()
    alarms = template.find_resources("AWS::CloudWatch::Alarm")
    assert machine["Properties"]["StateMachineName"] == "nightly"
    assert machine["Properties"]["LoggingConfiguration"]["Level"] == "ERROR"
    assert sorted(alarm["Properties"]["Threshold"] for alarm in alarms.values()) == [2, 3]
    assert (
        stack.resolve(pipeline.log_group.log_group_arn)
        == (machine["Properties"]["LoggingConfiguration"]["Destinations"][0]["CloudWatchLogsLogGroup"]["LogGroupArn"])
    )
    assert {stack.resolve(alarm.alarm_arn)["Fn::GetAtt"][0] for alarm in pipeline.alarms} == set(alarms)
    assert pipeline.role.node.path == "Stack/Nightly/StateMachine/Role"
    assert pipeline.failure_handler is not None


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("log_level", "LOUD", "no such log_level, got 'LOUD'; use one of OFF, ALL, ERROR, FATAL"),
        ("state_machine_name", "a b", "state_machine_name is no name"),
        ("failed_threshold", 0, "failed_threshold must be a number of executions"),
        ("timed_out_threshold", True, "timed_out_threshold must be a number of executions"),
    ],
)
def test_settings_of_the_machine_are_judged(setting, value, said):
    with pytest.raises(InvalidInputError, match=said):
        PipelineStack(App(), "Churn", **{setting: value})


def test_settings_of_the_machine_come_from_cdk_json():
    app = App(context={"constructs_sm": {"log_level": "FATAL", "state_machine_name": "churn", "failed_threshold": 5}})
    stack = PipelineStack(app, "Churn")
    stack.run(TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.large"))

    (machine,) = Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    assert machine["Properties"]["LoggingConfiguration"]["Level"] == "FATAL"
    assert machine["Properties"]["StateMachineName"] == "churn"
    assert len(stack.alarms) == 2


@pytest.mark.parametrize("by", ["arn", "name"])
def test_pipeline_of_another_app_is_started_and_watched(stack, by):
    nightly = (
        JobPipeline.from_state_machine_arn(stack, "Nightly", ARN)
        if by == "arn"
        else JobPipeline.from_state_machine_name(stack, "Nightly", "Nightly")
    )
    machine_of(stack, nightly.task(stack, "Run nightly"))
    alarms = nightly.alert(sns.Topic(stack, "Told"), failed_threshold=2)
    person = iam.Role(stack, "Person", assumed_by=iam.AccountRootPrincipal())
    nightly.grant_start_execution(person)

    assert allowed(stack, "Person") == {"states:StartExecution"}
    assert state(stack, "Run nightly")["Resource"].endswith("states:startExecution.sync:2")
    assert len(alarms) == 2
    assert nightly.metric_failed().dimensions.keys() == {"StateMachineArn"}


def test_what_is_no_state_machine_is_not_imported(stack):
    with pytest.raises(InvalidInputError, match="an imported pipeline needs the ARN of a state machine"):
        JobPipeline.from_state_machine_arn(stack, "A", "arn:aws:sns:us-east-1:123456789012:topic")
    with pytest.raises(InvalidInputError, match="no state machine has this name"):
        JobPipeline.from_state_machine_name(stack, "B", "two words")


def test_jobs_with_things_of_the_user_s_own_rehearse_with_exact_permissions():
    app = App()
    mine = Stack(app, "Mine", env=ENVIRONMENT)
    vpc, key = ec2.Vpc(mine, "Vpc"), kms.Key(mine, "Key")
    bucket, topic = s3.Bucket(mine, "Bucket", encryption_key=key), sns.Topic(mine, "Told")
    function = lambda_.Function(
        mine,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_12,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): return event"),
    )
    stack = Stack(app, "Stack", env=ENVIRONMENT)
    train = TrainingJob(
        stack,
        "Train",
        image=IMAGE,
        instance_type="ml.m5.large",
        instance_count=2,
        inputs={"train": bucket},
        output=bucket,
        vpc=vpc,
        kms_key=key,
    )
    train.add_retry(errors=["CapacityError"]).add_override("TimeoutSeconds", 3600)
    topic.grant_publish(train)
    machine_of(
        stack,
        train.next(tasks.LambdaInvoke(stack, "Call", lambda_function=function, payload_response_only=True)),
    )
    with Rehearsal.of(stack) as rehearsal:
        rehearsal.answer("Call", {})
        assert rehearsal.start().succeeded
        permissions = rehearsal.permissions()
    assert permissions.exact, permissions


def trained(stack, mine):
    return TrainingJob(
        stack,
        "Job",
        image=IMAGE,
        instance_type="ml.m5.large",
        instance_count=2,
        inputs={"train": mine["bucket"]},
        output=mine["bucket"],
        vpc=mine["vpc"],
        kms_key=mine["key"],
    )


def prepared(stack, mine):
    return ProcessingJob(
        stack,
        "Job",
        image=IMAGE,
        instance_type="ml.m5.large",
        inputs={"raw": mine["bucket"]},
        outputs={"made": mine["bucket"]},
        vpc=mine["vpc"],
        kms_key=mine["key"],
    )


def tuned(stack, mine):
    return TuningJob(
        stack,
        "Job",
        image=IMAGE,
        instance_type="ml.m5.large",
        inputs={"train": mine["bucket"]},
        output=mine["bucket"],
        vpc=mine["vpc"],
        kms_key=mine["key"],
        ranges={"rate": (0.1, 0.2)},
        metric_definitions={"loss": "loss=(.*)"},
        objective="loss",
        objective_type="Minimize",
        max_jobs=2,
        max_parallel_jobs=1,
    )


def modelled(stack, mine):
    return CreateModel(
        stack, "Job", image=IMAGE, model_data=f"s3://{mine['bucket'].bucket_name}/m.tar.gz", vpc=mine["vpc"]
    )


@pytest.mark.parametrize("made", [trained, prepared, tuned, modelled], ids=lambda made: made.__name__)
@pytest.mark.parametrize("apart", [False, True], ids=["one stack", "two stacks"])
def test_things_of_a_user_s_own_stack_work_with_each_job_and_the_rehearsal_is_exact(made, apart):
    app = App()
    own = Stack(app, "Own", env=ENVIRONMENT)
    vpc, key = ec2.Vpc(own, "Vpc"), kms.Key(own, "Key")
    function = lambda_.Function(
        own,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_12,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): return event"),
        vpc=vpc,
    )
    mine = {"vpc": vpc, "key": key, "bucket": s3.Bucket(own, "Bucket", encryption_key=key)}
    topic = sns.Topic(own, "Told", master_key=key)
    stack = Stack(app, "Stack", env=ENVIRONMENT) if apart else own
    job = made(stack, mine)
    topic.grant_publish(job)
    mine["bucket"].grant_read(job)
    job.connections.allow_to(function, ec2.Port.tcp(443))
    call = tasks.LambdaInvoke(stack, "Call", lambda_function=function, payload_response_only=True)
    tell = tasks.SnsPublish(stack, "Tell", topic=topic, message=sfn.TaskInput.from_text("done"))
    machine = machine_of(stack, job.next(call).next(tell))
    # SnsPublish of the CDK lets it publish, and not use the key of the topic.
    topic.grant_publish(machine)

    assert len(job.connections.security_groups) == 1
    with Rehearsal.of(stack) as rehearsal:
        rehearsal.answer("Call", {})
        run = rehearsal.start()
        assert run.succeeded, run
        permissions = rehearsal.permissions()
    assert permissions.exact, permissions
