"""TrainingJob: createTrainingJob."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.actions import TRAINING_JOB
from constructs_sm.job import JobArguments, SageMakerJob
from constructs_sm.jobs.channels import channels
from constructs_sm.jobs.fields import CLUSTER, STOPPING, cluster, data_under, seconds, tag_list, texts, vpc_config
from constructs_sm.outputs import Metric
from constructs_sm.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.errors import Problem
    from constructs_sm.jobs.fields import Image, InstanceType, Key, Scalar, SecurityGroups, Subnets
    from constructs_sm.s3 import S3Data

    from aws_cdk import Duration, Size
    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack


class TrainingJob(SageMakerJob):
    """Train a model and wait until SageMaker has it.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        image: The training image.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        volume_size: Storage of each instance. Default: 30 GiB.
        inputs: Channels by name: data under an S3 prefix, copied to every instance (`File` mode).
        output: The prefix SageMaker puts `<job name>/output/model.tar.gz` under. Default, in a `PipelineStack`: its
            bucket.
        hyperparameters: Any scalars; SageMaker gets strings, `True` as `true`.
        environment: Of the container.
        max_runtime: SageMaker stops the job after this. Default: 1 hour.
        tags: Of the job.
        vpc: Where the instances are reachable; its private subnets, unless *subnets* says otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Required in a VPC.
        kms_key: Encrypts the volumes and the model. Default: SageMaker's own.
        network_isolation: Cut the container off the network. Default: False.
        arguments: See `JobArguments`; `parameters` take every other field.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: Create-, Describe- and StopTrainingJob on this job, ListTags, AddTags, PassRole, the managed rule; to the
        execution role S3 read of *inputs*, S3 write of *output*, pull of *image*, use of *kms_key*.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
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
        output: S3Data | None = None,
        hyperparameters: Mapping[str, Scalar] | None = None,
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
        super().__init__(
            scope,
            construct_id,
            action=TRAINING_JOB,
            given={
                "AlgorithmSpecification": {"TrainingImage": image},
                "ResourceConfig": cluster(instance_type, instance_count, volume_size, kms_key),
                "InputDataConfig": channels(inputs, problems),
                "OutputDataConfig": {"S3OutputPath": output, "KmsKeyId": kms_key},
                "HyperParameters": texts(hyperparameters),
                "Environment": texts(environment),
                "StoppingCondition": {"MaxRuntimeInSeconds": seconds(max_runtime)},
                "VpcConfig": vpc_config(vpc, subnets, security_groups, problems),
                "EnableNetworkIsolation": network_isolation,
                "Tags": tag_list(tags),
            },
            defaults={
                "AlgorithmSpecification": {"TrainingInputMode": "File"},
                "ResourceConfig": CLUSTER if instance_type else None,
                "OutputDataConfig": {"S3OutputPath": data_under(scope, construct_id)},
                "StoppingCondition": STOPPING,
            },
            problems=problems,
            **arguments,
        )
        # What the request says, also where only its parameters do.
        said = self._state.request.get("OutputDataConfig", {}).get("S3OutputPath")
        known = S3Location.of(output) or data_under(scope, construct_id)
        self._output = known if known is not None and known.uri == said else S3Location.of(said)

    def metric(self, name: str) -> Metric:
        """The last value of a metric that the algorithm reported, for a state that runs after this one.

        A metric that was not reported has no value: a QualityGate says so, any other state fails.

        Args:
            name: As in the metric definitions: `validation:auc`.
        """
        return Metric.among(self._state.later("FinalMetricDataList"), name)

    @property
    def model_artifacts(self) -> S3Location:
        """Where the model is once this job has completed, for a state that runs after it."""
        known = None if self._output is None else self._output.within
        key = None if self._output is None else self._output.key
        return S3Location(self._state.later("ModelArtifacts.S3ModelArtifacts"), known, key)
