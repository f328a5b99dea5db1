"""TuningJob: createHyperParameterTuningJob."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.actions import TUNING_JOB
from constructs_sm.errors import Problem
from constructs_sm.job import JobArguments, SageMakerJob
from constructs_sm.jobs.channels import channels
from constructs_sm.jobs.fields import (
    CLUSTER,
    STOPPING,
    cluster,
    data_under,
    named,
    seconds,
    tag_list,
    texts,
    vpc_config,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.jobs.fields import Image, InstanceType, Key, Scalar, SecurityGroups, Subnets
    from constructs_sm.s3 import S3Data

    from aws_cdk import Duration, Size
    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack

Range: TypeAlias = tuple[int, int] | tuple[float, float] | list[str]
_ENDS = 2


class TuningJob(SageMakerJob):
    """Search for the best hyperparameters and wait until the search ends.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        image: The training image.
        objective: The metric to optimize, as `validation:auc`.
        objective_type: `Maximize` (default) or `Minimize`.
        ranges: What to search, by hyperparameter: `(3, 10)` integers, `(0.1, 0.5)` real numbers, `["a", "b"]` choices.
        max_jobs: Trainings in all. Default: 10.
        max_parallel_jobs: Trainings at a time. Default: 2.
        strategy: Default: `Bayesian`.
        hyperparameters: Those that stay as they are; any scalars, SageMaker gets strings.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        volume_size: Storage of each instance. Default: 30 GiB.
        inputs: Channels by name: data under an S3 prefix.
        output: The prefix SageMaker puts the models under. Default, in a `PipelineStack`: its bucket.
        environment: Of the container.
        max_runtime: SageMaker stops each training after this. Default: 1 hour.
        tags: Of the tuning job.
        vpc: Where the instances are reachable; its private subnets, unless *subnets* says otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Required in a VPC.
        kms_key: Encrypts the volumes and the models. Default: SageMaker's own.
        network_isolation: Cut the containers off the network. Default: False.
        arguments: See `JobArguments`; `parameters` take every other field. Names have at most 32 characters.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: Create-, Describe- and StopHyperParameterTuningJob on this job, ListTags, AddTags, PassRole, the managed
        rule; to the execution role S3 read of *inputs*, S3 write of *output*, pull of *image*, use of *kms_key*.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image | None = None,
        objective: str | None = None,
        objective_type: str | None = None,
        ranges: Mapping[str, Range] | None = None,
        max_jobs: int | None = None,
        max_parallel_jobs: int | None = None,
        strategy: str | None = None,
        hyperparameters: Mapping[str, Scalar] | None = None,
        instance_type: InstanceType | None = None,
        instance_count: int | None = None,
        volume_size: Size | None = None,
        inputs: Mapping[str, S3Data] | None = None,
        output: S3Data | None = None,
        environment: Mapping[str, Scalar] | None = None,
        max_runtime: Duration | None = None,
        tags: Mapping[str, str] | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Subnets | None = None,
        security_groups: SecurityGroups | None = None,
        kms_key: Key | None = None,
        network_isolation: bool | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        problems: list[Problem] = []
        resources = cluster(instance_type, instance_count, volume_size, kms_key)
        super().__init__(
            scope,
            construct_id,
            action=TUNING_JOB,
            given={
                "HyperParameterTuningJobConfig": {
                    "Strategy": strategy,
                    "HyperParameterTuningJobObjective": {"MetricName": objective, "Type": objective_type},
                    "ResourceLimits": {
                        "MaxNumberOfTrainingJobs": max_jobs,
                        "MaxParallelTrainingJobs": max_parallel_jobs,
                    },
                    "ParameterRanges": _ranges(ranges, problems),
                },
                "TrainingJobDefinition": {
                    "AlgorithmSpecification": {"TrainingImage": image},
                    "StaticHyperParameters": texts(hyperparameters),
                    "ResourceConfig": resources,
                    "InputDataConfig": channels(inputs, problems),
                    "OutputDataConfig": {"S3OutputPath": output, "KmsKeyId": kms_key},
                    "Environment": texts(environment),
                    "StoppingCondition": {"MaxRuntimeInSeconds": seconds(max_runtime)},
                    "VpcConfig": vpc_config(vpc, subnets, security_groups, problems),
                    "EnableNetworkIsolation": network_isolation,
                },
                "Tags": tag_list(tags),
            },
            defaults={
                "HyperParameterTuningJobConfig": {
                    "Strategy": "Bayesian",
                    "HyperParameterTuningJobObjective": {"Type": "Maximize"} if objective else None,
                    "ResourceLimits": {"MaxNumberOfTrainingJobs": 10, "MaxParallelTrainingJobs": 2},
                },
                "TrainingJobDefinition": {
                    "AlgorithmSpecification": {"TrainingInputMode": "File"},
                    "ResourceConfig": CLUSTER if instance_type else None,
                    "OutputDataConfig": {"S3OutputPath": data_under(scope, construct_id)},
                    "StoppingCondition": STOPPING,
                }
                if image
                else None,
            },
            problems=problems,
            **arguments,
        )


def _ranges(ranges: Mapping[str, Range] | None, problems: list[Problem]) -> dict[str, list[dict[str, Any]]]:
    """Ranges as SageMaker sorts them: by the type of their values, the ends written as strings."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, values in named(ranges, "ranges", problems).items():
        if isinstance(values, list) and values:
            field, entry = "CategoricalParameterRanges", {"Name": name, "Values": [str(value) for value in values]}
        elif isinstance(values, tuple) and len(values) == _ENDS and all(_number(end) for end in values):
            field = (
                "IntegerParameterRanges" if all(isinstance(end, int) for end in values) else "ContinuousParameterRanges"
            )
            entry = {"Name": name, "MinValue": str(values[0]), "MaxValue": str(values[1])}
        else:
            use = "pass (lowest, highest), or a list of choices"
            problems.append(Problem(f"ranges['{name}'] is no range", values, use))
            continue
        found.setdefault(field, []).append(entry)
    return found


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
