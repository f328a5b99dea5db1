"""The pipeline somebody writes with aws-cdk-lib alone: N training jobs in a row, each retried and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, Size
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

if TYPE_CHECKING:
    from aws_cdk import Stack

ROLE = "arn:aws:iam::123456789012:role/execution"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1"
KEPT = ("TrainingJobName", "TrainingJobArn", "TrainingJobStatus", "ModelArtifacts")


def build(stack: Stack, jobs: int) -> None:
    """The guards of AWS's own example: three retriers, an ARN that is not empty, and a Fail of one sentence."""
    _build(stack, jobs, same_guards=False)


def build_same_guards(stack: Stack, jobs: int) -> None:
    """Build what constructs_sm does by default: bounded and jittered retries, fresh names, the whole check.

    The ARN must be there, be a string and not be empty, the job must have ended `Completed`, and the Fail says which
    job it was and shows its output. Of the output, what a training always has is kept.
    """
    _build(stack, jobs, same_guards=True)


def _build(stack: Stack, jobs: int, *, same_guards: bool) -> None:
    role = iam.Role.from_role_arn(stack, "Role", ROLE)
    end: sfn.State = sfn.Succeed(stack, "Succeed")
    # From the last one, so that each knows what it goes on to.
    for number in reversed(range(jobs)):
        task = _task(stack, number, role, same_guards=same_guards)
        check = sfn.Choice(stack, f"Validate{number}")
        if same_guards:
            _retry_within_bounds(task)
            check.when(_completed(number), end).otherwise(_fail_with_the_output(stack, number))
        else:
            _retry_as_documented(task)
            empty = sfn.Condition.string_equals(f"$.Train{number}.TrainingJobArn", "")
            cause = "Output is not what was expected."
            refused = sfn.Fail(stack, f"Invalid{number}", error="InvalidOutput", cause=cause)
            check.when(sfn.Condition.not_(empty), end).otherwise(refused)
        task.next(check)
        end = task
    sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(end))


def _task(stack: Stack, number: int, role: iam.IRole, *, same_guards: bool) -> tasks.SageMakerCreateTrainingJob:
    name, kept = f"job-{number}", None
    if same_guards:
        # SageMaker refuses a second job of the same name: without a fresh one, a job that is retried fails.
        name = sfn.JsonPath.format(f"job-{number}-{{}}", sfn.JsonPath.uuid())
        kept = {f"{field}.$": f"$.{field}" for field in KEPT}
    return tasks.SageMakerCreateTrainingJob(
        stack,
        f"Train{number}",
        training_job_name=name,
        integration_pattern=sfn.IntegrationPattern.RUN_JOB,
        role=role,
        algorithm_specification=tasks.AlgorithmSpecification(
            training_image=tasks.DockerImage.from_registry(IMAGE),
            training_input_mode=tasks.InputMode.FILE,
        ),
        input_data_config=[
            tasks.Channel(
                channel_name="train",
                data_source=tasks.DataSource(
                    s3_data_source=tasks.S3DataSource(
                        s3_location=tasks.S3Location.from_json_expression("$.data"),
                        s3_data_type=tasks.S3DataType.S3_PREFIX,
                    )
                ),
            )
        ],
        output_data_config=tasks.OutputDataConfig(s3_output_location=tasks.S3Location.from_json_expression("$.output")),
        resource_config=tasks.ResourceConfig(
            instance_count=1, instance_type=ec2.InstanceType("m5.xlarge"), volume_size=Size.gibibytes(20)
        ),
        stopping_condition=tasks.StoppingCondition(max_runtime=Duration.hours(1)),
        result_path=f"$.Train{number}",
        result_selector=kept,
    )


def _retry_as_documented(task: tasks.SageMakerCreateTrainingJob) -> None:
    for error, interval, attempts, rate in (
        ("SageMaker.AmazonSageMakerException", 1, 100, 1.1),
        ("SageMaker.ResourceLimitExceededException", 60, 5000, 1),
        ("States.Timeout", 1, 5, 1),
    ):
        task.add_retry(errors=[error], interval=Duration.seconds(interval), max_attempts=attempts, backoff_rate=rate)


def _retry_within_bounds(task: tasks.SageMakerCreateTrainingJob) -> None:
    for error, interval, attempts, rate, longest in (
        ("SageMaker.ResourceLimitExceededException", 60, 20, 1.5, 900),
        ("SageMaker.AmazonSageMakerException", 2, 6, 2, 60),
        ("States.Timeout", 1, 2, 2, None),
    ):
        task.add_retry(
            errors=[error],
            interval=Duration.seconds(interval),
            max_attempts=attempts,
            backoff_rate=rate,
            max_delay=Duration.seconds(longest) if longest else None,
            jitter_strategy=sfn.JitterType.FULL,
        )


def _completed(number: int) -> sfn.Condition:
    arn, status = f"$.Train{number}.TrainingJobArn", f"$.Train{number}.TrainingJobStatus"
    return sfn.Condition.and_(
        sfn.Condition.is_present(arn),
        sfn.Condition.is_string(arn),
        sfn.Condition.not_(sfn.Condition.string_equals(arn, "")),
        sfn.Condition.is_present(status),
        sfn.Condition.string_equals(status, "Completed"),
    )


def _fail_with_the_output(stack: Stack, number: int) -> sfn.Fail:
    text = f"Train{number} did not end with a TrainingJobArn and the TrainingJobStatus Completed: {{}}"
    output = sfn.JsonPath.json_to_string(sfn.JsonPath.object_at(f"$.Train{number}"))
    return sfn.Fail(stack, f"Invalid{number}", error="InvalidOutput", cause_path=sfn.JsonPath.format(text, output))
