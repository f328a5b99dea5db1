"""ProcessingJob: createProcessingJob."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import PROCESSING_JOB
from constructs_sm.errors import InvalidInputError, Problem
from constructs_sm.job import JobArguments, SageMakerJob
from constructs_sm.jobs.fields import (
    CLUSTER,
    STOPPING,
    asks_for_jsonata,
    cluster,
    data_under,
    named,
    of_this_execution,
    seconds,
    tag_list,
    texts,
    vpc_config,
)
from constructs_sm.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.jobs.fields import Image, InstanceType, Key, Scalar, SecurityGroups, Subnets
    from constructs_sm.s3 import S3Data

    from aws_cdk import Duration, Size
    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack

_INPUT = "/opt/ml/processing/input"
_OUTPUT = "/opt/ml/processing/output"


class ProcessingJob(SageMakerJob):
    """Run a container over data and wait until it ends.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        image: The container.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        volume_size: Storage of each instance. Default: 30 GiB.
        inputs: Data by name: the container finds it in `/opt/ml/processing/input/<name>`.
        outputs: Data by name: what the container leaves in `/opt/ml/processing/output/<name>` goes to the given place.
            Or names alone, in a `PipelineStack`: they go to its bucket, under the job and the execution.
        entrypoint: The container's command.
        command_arguments: Arguments of the command.
        environment: Of the container; any scalars, SageMaker gets strings.
        max_runtime: SageMaker stops the job after this. Default: 1 hour.
        tags: Of the job.
        vpc: Where the instances are reachable; its private subnets, unless *subnets* says otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Required in a VPC.
        kms_key: Encrypts the volumes and the outputs. Default: SageMaker's own.
        network_isolation: Cut the container off the network. Default: False.
        arguments: See `JobArguments`; `parameters` take every other field.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: Create-, Describe- and StopProcessingJob on this job, ListTags, AddTags, PassRole, the managed rule; to the
        execution role S3 read of *inputs*, S3 write of *outputs*, pull of *image*, use of *kms_key*.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image | None = None,
        instance_type: InstanceType | None = None,
        instance_count: int | None = None,
        volume_size: Size | None = None,
        inputs: Mapping[str, S3Data] | None = None,
        outputs: Mapping[str, S3Data] | Sequence[str] | None = None,
        entrypoint: Sequence[str] | None = None,
        command_arguments: Sequence[str] | None = None,
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
        places = _places(scope, construct_id, outputs, problems, jsonata=asks_for_jsonata(arguments))
        super().__init__(
            scope,
            construct_id,
            action=PROCESSING_JOB,
            given={
                "AppSpecification": {
                    "ImageUri": image,
                    "ContainerEntrypoint": entrypoint,
                    "ContainerArguments": command_arguments,
                },
                "ProcessingResources": {"ClusterConfig": cluster(instance_type, instance_count, volume_size, kms_key)},
                "ProcessingInputs": [_input(*item) for item in named(inputs, "inputs", problems).items()] or None,
                "ProcessingOutputConfig": {
                    "Outputs": [_output(*item) for item in places.items()] or None,
                    "KmsKeyId": kms_key if places else None,
                },
                "Environment": texts(environment),
                "StoppingCondition": {"MaxRuntimeInSeconds": seconds(max_runtime)},
                "NetworkConfig": {
                    "VpcConfig": vpc_config(vpc, subnets, security_groups, problems),
                    "EnableNetworkIsolation": network_isolation,
                },
                "Tags": tag_list(tags),
            },
            defaults={
                "ProcessingResources": {"ClusterConfig": CLUSTER if instance_type else None},
                "StoppingCondition": STOPPING,
            },
            problems=problems,
            **arguments,
        )
        self._scope = scope
        self._places = places
        self._places_given = isinstance(outputs, Mapping)

    def output(self, name: str) -> S3Location:
        """Where the output *name* is once this job has completed, as an input of a later job.

        Raises:
            InvalidInputError: The job has no such output.
        """
        place = S3Location.of(self._places.get(name))
        if place is None:
            known = ", ".join(self._places) or "outputs={...} to have some"
            where = f"ProcessingJob '{self.node.path}'"
            raise InvalidInputError(where, [Problem("no such output", name, f"use one of {known}")])
        base = None if self._places_given else data_under(self._scope, self._construct_id)
        return self._state.data(
            f"output '{name}'", place, lambda jsonata: of_this_execution(base, name, jsonata=jsonata)
        )


def _places(
    scope: Construct,
    job: str,
    outputs: Mapping[str, S3Data] | Sequence[str] | None,
    problems: list[Problem],
    *,
    jsonata: bool,
) -> dict[str, S3Data]:
    if outputs is None or isinstance(outputs, Mapping):
        return dict(outputs or {})
    if isinstance(outputs, str):
        problems.append(Problem("outputs must be a mapping, or a list of names", outputs, f"write [{outputs!r}]"))
        return {}
    base = data_under(scope, job)
    places = {name: of_this_execution(base, name, jsonata=jsonata) for name in outputs}
    if base is None and places:
        problems.append(Problem("outputs without a place", list(places), "map each to its s3:// prefix"))
    return {name: place for name, place in places.items() if place is not None}


def _input(name: str, data: Any) -> dict[str, Any]:
    local = {"LocalPath": f"{_INPUT}/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": {"S3Uri": data, **local}}


def _output(name: str, place: Any) -> dict[str, Any]:
    return {
        "OutputName": name,
        "S3Output": {"S3Uri": place, "LocalPath": f"{_OUTPUT}/{name}", "S3UploadMode": "EndOfJob"},
    }
