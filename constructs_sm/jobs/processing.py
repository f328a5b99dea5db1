"""ProcessingJob: createProcessingJob."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from constructs_sm.actions import PROCESSING_JOB, WRITTEN
from constructs_sm.jobs.parts.code import processing_code
from constructs_sm.jobs.parts.fields import (
    STOPPING,
    asks_for_jsonata,
    cluster,
    seconds,
    tag_list,
    text_list,
    texts,
    vpc_config,
)
from constructs_sm.jobs.parts.processing_data import ProcessingOutput, processing_inputs, processing_outputs
from constructs_sm.jobs.parts.resources import resource_defaults, volume_key
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.jsonata import named as named_in_jsonata
from constructs_sm.language.late_bound import is_late_bound
from constructs_sm.task.job import JobArguments, SageMakerJob
from constructs_sm.task.output_folders import data_under, of_this_execution
from constructs_sm.task.path_tokens import spelled_paths
from constructs_sm.task.reuse_checks import Artifact
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.parts.code import Code
    from constructs_sm.jobs.parts.fields import (
        ExperimentConfig,
        Flag,
        Image,
        InstanceType,
        Key,
        Numeric,
        SecurityGroups,
        Storage,
        Subnets,
        TextList,
        Texts,
        Time,
    )
    from constructs_sm.jobs.parts.processing_data import ProcessedData, ProcessingData
    from constructs_sm.jobs.parts.resources import InstancePreference
    from constructs_sm.task.task_state import TaskState

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack


class ProcessingJob(SageMakerJob):
    """Run a container over data and wait until it ends.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        image: The container.
        code: What the container runs, found in `/opt/ml/processing/input/code`: a file or folder on this machine, as a
            path from the current directory, which becomes an asset; or where it is in S3, a file or a prefix. A folder
            becomes a zip, and a zip is unpacked there first, by the container's `sh` and `python3`.
        entrypoint: The container's command; or with *code*, the name of a file of it. Default, with *code* that is one
            file: `python3` with that file, or in a Spark image `smspark-submit`. SageMaker's default: the image's own.
        command_arguments: Arguments of the command; any scalars, SageMaker gets strings.
        inputs: Data by name: the container finds it in `/opt/ml/processing/input/<name>`. Data under an S3 prefix, what
            a query finds (`AthenaDatasetDefinition`, `RedshiftDatasetDefinition`), or a `ProcessingInput` that says
            more.
        outputs: Data by name: what the container leaves in `/opt/ml/processing/output/<name>` goes to the given place;
            `ProcessingOutput` says more, `FeatureStoreOutput` names a feature group. Or names alone, in a
            `PipelineStack`: they go to its bucket, under the job and the execution.
        environment: Of the container; any scalars, SageMaker gets strings.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        instance_preferences: In place of one type: several, of which SageMaker takes the first that it has.
        volume_size: Storage of each instance. Default: 30 GiB.
        max_runtime: SageMaker stops the job after this. Default: 1 hour.
        vpc: Where the instances are reachable; its private subnets, unless *subnets* says otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Default, in a VPC: a group of the job's own, whose members may talk to each other where a job
            has several instances.
        network_isolation: Cut the container off the network. Default: False.
        inter_container_traffic_encryption: Encrypt what the instances tell each other. Default: False.
        kms_key: Encrypts the volumes and the outputs. Default: SageMaker's own.
        volume_kms_key: Of the volumes alone. Default: *kms_key*, unless the instances have local storage, which takes
            no key: their hardware encrypts it.
        output_kms_key: Of the outputs alone. Default: *kms_key*.
        experiment: Make the job a trial component.
        tags: Of the job.
        arguments: See `JobArguments`.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: Create-, Describe- and StopProcessingJob on this job, ListTags, AddTags, PassRole, the managed rule; to the
        execution role S3 read of *inputs* and *code*, S3 write of *outputs*, pull of *image*, use of the keys.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
    """

    _ARGUMENT_OF: ClassVar = {
        "AppSpecification": "image=",
        "ProcessingResources": "instance_type=",
    }

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image | None = None,
        code: Code | None = None,
        entrypoint: TextList | None = None,
        command_arguments: TextList | None = None,
        inputs: Mapping[str, ProcessingData] | str | None = None,
        outputs: Mapping[str, ProcessedData] | Sequence[str] | str | None = None,
        environment: Texts | None = None,
        instance_type: InstanceType | None = None,
        instance_count: Numeric | None = None,
        instance_preferences: Sequence[InstancePreference] | None = None,
        volume_size: Storage | None = None,
        max_runtime: Time | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Subnets | None = None,
        security_groups: SecurityGroups | None = None,
        network_isolation: Flag | None = None,
        inter_container_traffic_encryption: Flag | None = None,
        kms_key: Key | None = None,
        volume_kms_key: Key | None = None,
        output_kms_key: Key | None = None,
        experiment: ExperimentConfig | None = None,
        tags: Mapping[str, str] | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        problems: list[Problem] = []
        run = None if code is None else processing_code(code, entrypoint, image, problems)
        base = data_under(scope, construct_id)
        jsonata = asks_for_jsonata(arguments)
        self._outputs = processing_outputs(
            outputs, lambda name: of_this_execution(base, name, jsonata=jsonata), problems
        )
        key = volume_key(volume_kms_key, kms_key, instance_type, instance_preferences)
        machines = {
            **cluster(instance_type, instance_count, volume_size, key),
            "InstancePreferences": instance_preferences,
        }
        super().__init__(
            scope,
            construct_id,
            action=PROCESSING_JOB,
            given={
                "AppSpecification": {
                    "ImageUri": image,
                    "ContainerEntrypoint": text_list(entrypoint) if run is None else run.entrypoint,
                    "ContainerArguments": text_list(command_arguments),
                },
                "ProcessingResources": {"ClusterConfig": machines},
                "ProcessingInputs": processing_inputs(inputs, run, problems),
                "ProcessingOutputConfig": {
                    "Outputs": outputs
                    if is_late_bound(outputs)
                    else [item.to_request(name) for name, item in self._outputs.items()] or None,
                    "KmsKeyId": output_kms_key,
                },
                "Environment": texts(environment),
                "StoppingCondition": {"MaxRuntimeInSeconds": seconds(max_runtime)},
                "NetworkConfig": {
                    "VpcConfig": vpc_config(vpc, subnets, security_groups, problems),
                    "EnableNetworkIsolation": network_isolation,
                    "EnableInterContainerTrafficEncryption": inter_container_traffic_encryption,
                },
                "ExperimentConfig": experiment,
                "Tags": tag_list(tags),
            },
            defaults=lambda request: {
                "ProcessingResources": {
                    "ClusterConfig": resource_defaults(request.get("ProcessingResources.ClusterConfig"))
                },
                "ProcessingOutputConfig": {"KmsKeyId": kms_key} if request.get("ProcessingOutputConfig") else None,
                "StoppingCondition": STOPPING,
            },
            problems=problems,
            make=None if run is None else run.make,
            **arguments,
        )
        self._scope = scope

    def _written(self) -> Mapping[str, str]:
        outputs = {name: out.data for name, out in self._outputs.items() if isinstance(out, ProcessingOutput)}
        places = {name: S3Location.of(spelled_paths(data)) for name, data in outputs.items()}
        return {name: place.uri for name, place in places.items() if place is not None}

    def _artifact(self, state: TaskState) -> Artifact | None:  # noqa: ARG002  (its outputs are known before)
        # One request: of several outputs the first.
        for name, output in self._outputs.items():
            if isinstance(output, ProcessingOutput):
                return Artifact(f"{WRITTEN}.{named_in_jsonata(name)}", S3Location.of(output.data))
        return None

    def output(self, name: str) -> S3Location:
        """Place of the output *name* once this job has completed, as an input of a later job.

        Raises:
            InvalidInputError: The job has no such output in S3.
        """
        output = self._outputs.get(name) if isinstance(name, str) else None
        place = S3Location.of(output.data) if isinstance(output, ProcessingOutput) else None
        if place is None:
            known = [name for name, output in self._outputs.items() if isinstance(output, ProcessingOutput)]
            where = f"ProcessingJob '{self.node.path}'"
            use = f"use one of {', '.join(known)}" if known else "use outputs={...} to have some"
            raise InvalidInputError(where, [Problem("no such output", name, use, "output-unknown")])
        if self._state.reuse is not None:
            return self._state.written(name, place)
        base = data_under(self._scope, self._id)
        if place != of_this_execution(base, name, jsonata=self._state.jsonata):
            base = None
        return self._state.data(
            f"output '{name}'", place, lambda jsonata: of_this_execution(base, name, jsonata=jsonata)
        )
