"""Every argument that jobs have in common, and of pipelines."""

from __future__ import annotations

from constructs_sm import (
    CreateModel,
    Input,
    JobName,
    JobPipeline,
    OutputCheck,
    ParallelJobs,
    PipelineApp,
    PipelineStack,
    RetryPolicy,
    S3Location,
    SageMakerJob,
    SageMakerTask,
    TrainingJob,
)
from constructs_sm.actions import MODEL, TRAINING_JOB, TRANSFORM_JOB
from constructs_sm.language.errors import Problem

from aws_cdk import DefaultStackSynthesizer, Duration, Environment, PermissionsBoundary, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"

PATIENT = RetryPolicy(
    errors=["SageMaker.ResourceLimitExceededException"],
    interval_seconds=60,
    max_attempts=5,
    backoff_rate=1.5,
    max_delay_seconds=600,
    jitter=True,
)
TRAINING = {
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://data/models/"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}


def task(stack: Stack) -> SageMakerTask:
    """What all tasks take."""
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    return SageMakerTask(
        stack,
        "Task",
        action=TRAINING_JOB,
        parameters={**TRAINING, "Environment": {"TOKEN.$": "$$.Task.Token"}},
        job_name=JobName.unique(prefix="churn"),
        role=role,
        integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
        retry=[PATIENT],
        input_path="$.given",
        output_path="$",
        result_path="$.task",
        result_selector={"TrainingJobArn.$": "$.TrainingJobArn"},
        assign={"name.$": "$.TrainingJobName"},
        task_timeout=Duration.hours(2),
        reads=["s3://more/data/"],
        allow_unknown_fields=["Unheard"],
        heartbeat_timeout=Duration.minutes(10),
        credentials=iam.Role.from_role_arn(stack, "Caller", "arn:aws:iam::210987654321:role/caller"),
        state_name="Wait for the token",
        comment="Wait for whoever has the token",
    )


def in_each_language(stack: Stack) -> tuple[TrainingJob, TrainingJob]:
    """A job whose language is said as tasks of the CDK say it, with its own arguments."""
    models = "s3://models/"
    vpc = ec2.Vpc(stack, "Theirs")
    job = TrainingJob.jsonata(
        stack, "InJsonata", image=IMAGE, instance_type="ml.m5.large", output="s3://models/", vpc=vpc
    )
    job.add_security_group(ec2.SecurityGroup(stack, "Further", vpc=vpc))
    return job, TrainingJob.json_path(stack, "InPath", image=IMAGE, instance_type="ml.m5.large", output=models)


def jobs(stack: Stack) -> None:
    """What all jobs take, by the class they share."""
    key = kms.Key(stack, "Key")
    model = SageMakerJob(
        stack,
        "Raw",
        action=MODEL,
        given={"PrimaryContainer": {"Image": IMAGE}},
        defaults=lambda _: {"EnableNetworkIsolation": True},
        problems=list[Problem](),
        job_name=JobName.fixed(name="churn"),
        state_output="{% $states.result %}",
        query_language=sfn.QueryLanguage.JSONATA,
        output_check=None,
    )
    SageMakerJob(
        stack,
        "Borrowing",
        action=TRANSFORM_JOB,
        given={
            "ModelName": "churn",
            "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/test/"}}},
            "TransformOutput": {
                "S3OutputPath": S3Location(uri="s3://data/scores/", within="s3://data/scores/", key=key)
            },
            "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        },
        runs_under=model,
        make=lambda _job: {"s3://data/test/": "s3://data/made/"},
        job_name=JobName.from_input(path="$.name", prefix="churn"),
        output_check=OutputCheck.documented(error="NoOutput", cause="It was empty"),
    )


def side_by_side(stack: Stack) -> ParallelJobs:
    """Two jobs at a time."""
    return ParallelJobs(
        stack,
        "Both",
        [
            TrainingJob(
                stack,
                name,
                parameters=TRAINING,
                query_language=sfn.QueryLanguage.JSONATA,
                keep=["BillableTimeInSeconds"],
            )
            for name in ("Left", "Right")
        ],
        query_language=sfn.QueryLanguage.JSONATA,
        comment="At the same time",
    )


def names_checks_and_places(stack: Stack) -> None:
    """The values that jobs are given."""
    CreateModel(stack, "Named", image=IMAGE, job_name=JobName(kind="unique", prefix="churn", value=""))
    CreateModel(stack, "Checked", image=IMAGE, output_check=OutputCheck.completed(error="NoModel"))
    CreateModel(
        stack, "Bare", image=IMAGE, output_check=OutputCheck(error="NoModel", cause="It was empty", arn_only=True)
    )
    CreateModel(
        stack,
        "Bucket",
        image=IMAGE,
        model_data=S3Location.of_bucket(bucket=s3.Bucket(stack, "Data"), prefix="models/model.tar.gz"),
    )
    CreateModel(
        stack,
        "Model",
        image=IMAGE,
        model_data=S3Location.of(data="s3://data/model.tar.gz"),
        job_name=JobName.of(name="churn"),
    )


def pipeline(stack: Stack) -> JobPipeline:
    """A pipeline in somebody's stack."""
    return JobPipeline(
        stack,
        "Pipeline",
        definition=CreateModel(stack, "Model", image=IMAGE),
        inputs={"rounds": Input.integer(1, 500, default=100)},
        timeout=Duration.hours(6),
        schedule=events.Schedule.rate(Duration.days(1)),
        topic=sns.Topic(stack, "Topic"),
        alert_emails=["ml@example.com"],
        alerts=["executions", "jobs"],
        explain_failures=False,
        dashboard=True,
        log_retention=logs.RetentionDays.ONE_MONTH,
        key=kms.Key(stack, "Key"),
        encrypt_jobs=True,
        encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(kms.Key(stack, "History")),
        tracing_enabled=False,
        role=iam.Role(stack, "States", assumed_by=iam.ServicePrincipal("states.amazonaws.com")),
        comment="By night",
        log_level=sfn.LogLevel.ERROR,
        state_machine_name="nightly",
        failed_threshold=3,
        timed_out_threshold=2,
        dead_letters=sqs.Queue(stack, "Unstarted"),
    )


def pipeline_app(stack: Stack) -> PipelineApp:
    """An app that reads its settings itself."""
    app = PipelineApp(
        context={"owner": stack.stack_name},
        outdir=None,
        default_stack_synthesizer=DefaultStackSynthesizer(),
        analytics_reporting=False,
        auto_synth=False,
        policy_validation_beta1=[],
        post_cli_context={"owner": stack.stack_name},
        property_injectors=[],
        stack_traces=False,
        tree_metadata=False,
    )
    assert app.node.try_get_context("owner") == stack.stack_name
    return app


def pipeline_in_pipeline(stack: Stack) -> JobPipeline:
    """One that another runs, and that is started by itself in every way."""
    inputs = {
        "rounds": Input.integer(1, 500, default=100),
        "bucket": Input.string(default="data"),
        "key": Input.string(default="raw/may.csv"),
    }
    inner = JobPipeline(stack, "Inner", inputs=inputs, schedule=Duration.days(7))
    key: str = inner.input("key")
    inner.run(sfn.Pass(stack, "Go", parameters={"key": key}))
    inner.start_on_schedule("rate(1 day)", inputs={"rounds": 10})
    inner.start_on_arrival("s3://data/raw/", inputs={"rounds": 20})
    daily = events.Schedule.rate(Duration.days(1))
    events.Rule(stack, "Rule", schedule=daily, targets=[targets.SfnStateMachine(inner)])
    tasks.StepFunctionsStartExecution(
        stack, "Other", state_machine=JobPipeline.from_state_machine_name(stack, "Weekly", "weekly")
    )
    outer = JobPipeline(stack, "Outer")
    whole: tasks.StepFunctionsStartExecution = inner.task(stack, "Whole")
    part = inner.task(stack, "Part", input={"rounds": 1}, result_path=sfn.JsonPath.DISCARD)
    inner.task(stack, "Other part", query_language=sfn.QueryLanguage.JSONATA)
    outer.run(whole.next(part))
    outer.grant_start_execution(iam.Role(stack, "Starter", assumed_by=iam.AccountPrincipal("123456789012")))
    return outer


def pipeline_stack(stack: Stack) -> PipelineStack:
    """A pipeline with a stack of its own."""
    stack.node.set_context("constructs_sm", {"environments": {"dev": {"dashboard": False}}})
    return PipelineStack(
        stack,
        "Churn",
        inputs={
            "rounds": Input.integer(1, 500, default=100),
            "bucket": Input.string(default="data"),
            "key": Input.string(default="raw/may.csv"),
        },
        environment="dev",
        schedule="rate(1 day)",
        arrivals="raw/",
        alert_emails=["ml@example.com"],
        timeout=Duration.hours(6),
        log_retention_days=30,
        removal_policy=RemovalPolicy.RETAIN,
        tags={"team": "churn"},
        bucket="data",
        guardrails={"public_work_teams": False, "reason": "data is ours"},
        dead_letters=True,
        key=True,
        encrypt_jobs=True,
        encrypt_executions=True,
        tracing_enabled=True,
        vpc={"subnets": ["subnet-11111111"], "security_groups": ["sg-11111111"]},
        dashboard=True,
        starters=["arn:aws:iam::123456789012:role/starter"],
        log_level="ERROR",
        state_machine_name="churn",
        alerts=["alarms"],
        failed_threshold=3,
        timed_out_threshold=2,
        analytics_reporting=False,
        cross_region_references=True,
        description="Churn",
        env=Environment(account="123456789012", region="eu-west-1"),
        notification_arns=["arn:aws:sns:eu-west-1:123456789012:stacks"],
        permissions_boundary=PermissionsBoundary.from_name("boundary"),
        property_injectors=[],
        stack_name="churn",
        suppress_template_indentation=True,
        synthesizer=DefaultStackSynthesizer(),
        termination_protection=True,
    )


def pipeline_stack_among_others(stack: Stack) -> PipelineStack:
    """One that uses what there is."""
    return PipelineStack(
        stack,
        "Churn",
        schedule=["cron(0 3 * * ? *)", Duration.days(1), events.Schedule.rate(Duration.hours(6))],
        arrivals=["raw/", "s3://other/raw/"],
        timeout="PT6H",
        removal_policy="destroy",
        bucket=s3.Bucket.from_bucket_name(stack, "Data", "data"),
        key=kms.Key.from_key_arn(
            stack, "Key", "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
        ),
        vpc=ec2.Vpc.from_vpc_attributes(
            stack,
            "Vpc",
            vpc_id="vpc-11111111",
            availability_zones=["us-east-1a"],
            private_subnet_ids=["subnet-11111111"],
        ),
        encryption_configuration=sfn.AwsOwnedEncryptionConfiguration(),
        permissions_boundary="boundary",
        account="123456789012",
        region="us-east-1",
    )


def pipeline_stack_with_its_own_bucket(stack: Stack) -> PipelineStack:
    """One whose data bucket is made, versioned and logged."""
    return PipelineStack(
        stack, "Churn", versioned=True, access_logs="logs", env=Environment(account="123456789012", region="us-east-1")
    )
