"""TrainingJob: createTrainingJob."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm.actions import TRAINING_JOB
from constructs_sm.jobs.parts.channels import channels
from constructs_sm.jobs.parts.debugger import output_defaults, tensor_board_config
from constructs_sm.jobs.parts.definitions import (
    algorithm,
    checkpoint_config,
    definition_defaults,
    output_data,
    stopping,
)
from constructs_sm.jobs.parts.fields import asks_for_jsonata, first, tag_list, text_list, texts, vpc_config
from constructs_sm.jobs.parts.resources import resources, volume_key
from constructs_sm.jobs.parts.script_mode import making, script_hyperparameters, script_inputs, training_script
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, where_of
from constructs_sm.rules import metrics
from constructs_sm.rules.training_rules import METRIC_UNDEFINED
from constructs_sm.task.job import JobArguments, SageMakerJob
from constructs_sm.task.output_folders import checkpoints_under, data_under
from constructs_sm.task.overruling import refuse
from constructs_sm.task.reuse_checks import Artifact
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.parts.channels import ChannelData
    from constructs_sm.jobs.parts.debugger import (
        DebugHookConfig,
        DebugRuleConfiguration,
        ProfilerConfig,
        ProfilerRuleConfiguration,
        TensorBoardOutputConfig,
    )
    from constructs_sm.jobs.parts.definitions import CheckpointConfig
    from constructs_sm.jobs.parts.fields import (
        ExperimentConfig,
        Flag,
        HyperParameters,
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
    from constructs_sm.jobs.parts.resources import InstanceGroup, InstancePlacementConfig, InstancePreference
    from constructs_sm.jobs.parts.script_mode import SourceCode
    from constructs_sm.jobs.parts.training_config import (
        MlflowConfig,
        ModelPackageConfig,
        ServerlessJobConfig,
        TrainingImageConfig,
    )
    from constructs_sm.requests.request import Request
    from constructs_sm.task.task_state import TaskState
    from constructs_sm.values.outputs import JobOutput, Metric
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack


class TrainingJob(SageMakerJob):
    """Train a model and wait until SageMaker has it.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        image: The training image.
        algorithm_name: In place of an image: an algorithm of yours or of AWS Marketplace.
        code: A script of your own for a framework's image: a file or folder on this machine, packed and uploaded with
            the stack, or a tar.gz in S3. A `requirements.txt` at the top of the folder is installed first.
        entry_point: The file of *code* that is run. Default: *code* itself, where that is a file.
        image_config: How the image is pulled from a private registry.
        container_entrypoint: The container's command, in place of `train`.
        container_arguments: Arguments of the command.
        inputs: Channels by name: data under an S3 prefix, copied to every instance; a directory of a file system
            (`FileSystemDataSource`); or a `Channel` that says more. Default: none.
        content_type: Of all channels but those that say another: as `text/csv`. Default: none. SageMaker's XGBoost then
            reads LIBSVM.
        input_mode: How channels are read: `File` (default), `FastFile` or `Pipe`.
        output: The prefix SageMaker puts `<job name>/output/model.tar.gz` under. Default, in a `PipelineStack`: its
            bucket.
        output_compression: `GZIP` (SageMaker's default) or `NONE`.
        hyperparameters: Any scalars; SageMaker gets strings, `True` as `true`. With *code*, each is spelled so that the
            script gets what was meant.
        environment: Of the container.
        metric_definitions: Metrics read from the log: a regular expression by name.
        metrics_time_series: Keep the course of metrics. SageMaker's default: for its own images, and with
            *metric_definitions*.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        instance_groups: In place of one type and count: a heterogeneous cluster.
        instance_preferences: In place of one type: several, of which SageMaker takes the first that it has.
        instance_placement: On UltraServers.
        volume_size: Storage of each instance. Default: 30 GiB.
        keep_alive: Keep the instances in a warm pool for the next job, and pay for them. SageMaker's default: do not.
        training_plan_arn: Reserved capacity to run on.
        max_runtime: SageMaker stops the job after this. Default: 1 hour.
        spot: Train on spare capacity, which is cheaper and may be interrupted. Default: False.
        max_wait: With *spot*: SageMaker gives up after this, the wait for machines included. Default: twice
            *max_runtime*, at most 28 days, since SageMaker wants no less than *max_runtime* and waiting is free;
            *max_runtime* itself where that is known at run time only.
        max_pending: SageMaker gives up a job that has waited for accelerated machines this long.
        checkpoints: Where training keeps its state: a place in S3, or a `CheckpointConfig`. Default, with *spot* in a
            `PipelineStack`: its bucket, under the job and the execution. The jobs of a Map share that: give each its
            own.
        max_retry_attempts: SageMaker begins again this often after an internal error of its own: RetryStrategy.
        vpc: Where the instances are reachable; its private subnets, unless *subnets* says otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Default, in a VPC: a group of the job's own, whose members may talk to each other where a job
            has several instances.
        network_isolation: Cut the container off the network. Default: False.
        inter_container_traffic_encryption: Encrypt what the instances tell each other. Default: False.
        kms_key: Encrypts the volumes and the model. Default: SageMaker's own.
        volume_kms_key: Of the volumes alone. Default: *kms_key*, unless the instances have local storage, which takes
            no key: their hardware encrypts it.
        output_kms_key: Of the model alone. Default: *kms_key*.
        debug_hook: Save tensors, with SageMaker Debugger, which is closed to new customers: use *mlflow* or
            *tensor_board* instead.
        debug_rules: Judge them, with Debugger too, which is closed to new customers.
        profiler: Record the use of the machines, or do not, with SageMaker Profiler, which ends on 2027-06-30.
        profiler_rules: Judge it, with SageMaker Debugger, which is closed to new customers.
        tensor_board: Keep what TensorBoard shows: a place in S3, or a `TensorBoardOutputConfig`.
        experiment: Make the job a trial component.
        mlflow: Track the job in MLflow.
        model_package: The model packages of a serverless job.
        serverless: In place of algorithm and machines: let SageMaker customize or evaluate a model of its hub.
        remote_debug: Let Systems Manager into the container. Default: False.
        infra_check: Check the machines before training. Default: False.
        session_tag_chaining: Let the execution role have the session tags of the caller. Default: False.
        tags: Of the job.
        arguments: See `JobArguments`.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: Create-, Describe- and StopTrainingJob on this job, ListTags, AddTags, PassRole, the managed rule; to the
        execution role S3 read of *inputs* and *code*, S3 write of *output*, pull of *image*, use of *kms_key*.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
    """

    _ARGUMENT_OF: ClassVar = {
        "AlgorithmSpecification": "image=",
        "AlgorithmSpecification.TrainingImage": "image=",
        "OutputDataConfig": "output=, or make the job in a PipelineStack",
        "ResourceConfig": "instance_type=",
    }

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image | None = None,
        algorithm_name: str | None = None,
        code: SourceCode | None = None,
        entry_point: str | None = None,
        image_config: TrainingImageConfig | None = None,
        container_entrypoint: TextList | None = None,
        container_arguments: TextList | None = None,
        inputs: Mapping[str, ChannelData] | None = None,
        content_type: str | None = None,
        input_mode: str | None = None,
        output: S3Data | None = None,
        output_compression: str | None = None,
        hyperparameters: HyperParameters | None = None,
        environment: Texts | None = None,
        metric_definitions: Mapping[str, str] | None = None,
        metrics_time_series: Flag | None = None,
        instance_type: InstanceType | None = None,
        instance_count: Numeric | None = None,
        instance_groups: Sequence[InstanceGroup] | None = None,
        instance_preferences: Sequence[InstancePreference] | None = None,
        instance_placement: InstancePlacementConfig | None = None,
        volume_size: Storage | None = None,
        keep_alive: Time | None = None,
        training_plan_arn: str | None = None,
        max_runtime: Time | None = None,
        spot: Flag | None = None,
        max_wait: Time | None = None,
        max_pending: Time | None = None,
        checkpoints: S3Data | CheckpointConfig | None = None,
        max_retry_attempts: Numeric | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Subnets | None = None,
        security_groups: SecurityGroups | None = None,
        network_isolation: Flag | None = None,
        inter_container_traffic_encryption: Flag | None = None,
        kms_key: Key | None = None,
        volume_kms_key: Key | None = None,
        output_kms_key: Key | None = None,
        debug_hook: DebugHookConfig | None = None,
        debug_rules: Sequence[DebugRuleConfiguration] | None = None,
        profiler: ProfilerConfig | None = None,
        profiler_rules: Sequence[ProfilerRuleConfiguration] | None = None,
        tensor_board: S3Data | TensorBoardOutputConfig | None = None,
        experiment: ExperimentConfig | None = None,
        mlflow: MlflowConfig | None = None,
        model_package: ModelPackageConfig | None = None,
        serverless: ServerlessJobConfig | None = None,
        remote_debug: Flag | None = None,
        infra_check: Flag | None = None,
        session_tag_chaining: Flag | None = None,
        tags: Mapping[str, str] | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        problems: list[Problem] = []
        script = training_script(code, entry_point, image, hyperparameters, problems)
        given = {
            "AlgorithmSpecification": {
                **algorithm(image, algorithm_name, input_mode, metric_definitions),
                "EnableSageMakerMetricsTimeSeries": metrics_time_series,
                "ContainerEntrypoint": text_list(container_entrypoint),
                "ContainerArguments": text_list(container_arguments),
                "TrainingImageConfig": image_config,
            },
            "ResourceConfig": resources(
                instance_type,
                instance_count,
                volume_size,
                volume_key(volume_kms_key, kms_key, instance_type, instance_groups, instance_preferences),
                keep_alive=keep_alive,
                instance_groups=instance_groups,
                instance_preferences=instance_preferences,
                instance_placement=instance_placement,
                training_plan_arn=training_plan_arn,
            ),
            "InputDataConfig": channels(
                script_inputs(inputs, script, network_isolation, problems), content_type, problems
            ),
            "OutputDataConfig": output_data(output, first(output_kms_key, kms_key), output_compression),
            "HyperParameters": script_hyperparameters(hyperparameters, script, isolated=network_isolation),
            "Environment": texts(environment),
            "StoppingCondition": stopping(max_runtime, max_wait, max_pending),
            "EnableManagedSpotTraining": spot,
            "CheckpointConfig": checkpoint_config(checkpoints),
            "RetryStrategy": {"MaximumRetryAttempts": max_retry_attempts},
            "VpcConfig": vpc_config(vpc, subnets, security_groups, problems),
            "EnableNetworkIsolation": network_isolation,
            "EnableInterContainerTrafficEncryption": inter_container_traffic_encryption,
            "DebugHookConfig": debug_hook,
            "DebugRuleConfigurations": debug_rules,
            "ProfilerConfig": profiler,
            "ProfilerRuleConfigurations": profiler_rules,
            "TensorBoardOutputConfig": tensor_board_config(tensor_board),
            "ExperimentConfig": experiment,
            "MlflowConfig": mlflow,
            "ModelPackageConfig": model_package,
            "ServerlessJobConfig": serverless,
            "RemoteDebugConfig": {"EnableRemoteDebug": remote_debug},
            "InfraCheckConfig": {"EnableInfraCheck": infra_check},
            "SessionChainingConfig": {"EnableSessionTagChaining": session_tag_chaining},
            "Tags": tag_list(tags),
        }
        place, jsonata = data_under(scope, construct_id), asks_for_jsonata(arguments)
        super().__init__(
            scope,
            construct_id,
            action=TRAINING_JOB,
            given=given,
            defaults=lambda request: _defaults(request, place, scope, construct_id, jsonata=jsonata),
            problems=problems,
            make=making([script]),
            **arguments,
        )

    def _artifact(self, state: TaskState) -> Artifact | None:
        return Artifact("ModelArtifacts.S3ModelArtifacts", state.place("OutputDataConfig.S3OutputPath"))

    def final_metric(self, name: str) -> Metric:
        """The last value of a metric that the algorithm reported, for a state that runs after this one.

        Nobody has shown metrics in the output that Step Functions hands on: the job is described once it has ended, in
        `<id>: Describe`, once for all that is asked for. A metric that was not reported has no value: a QualityGate
        says so; for any other state the execution fails before it, in `<id>: MissingField`.

        Args:
            name: As in the metric definitions: `validation:auc`.

        Raises:
            InvalidInputError: No metric definition of the job yields it, as far as the request shows.
        """
        wrong = list(metrics.undefined(METRIC_UNDEFINED, self._state.request, name))
        if wrong:
            refuse(self, f"metric of '{self._state.identity.path}'", wrong, path=self._state.identity.path)
        return self._state.metric(name)

    @property
    def model_package_arn(self) -> JobOutput:
        """The ARN of the package that a serverless customization registers, for a state that runs after it.

        Raises:
            InvalidInputError: The job has neither *serverless* nor *model_package*.
        """
        if not _MAKING_PACKAGES & self._state.request.keys():
            what, use = "no model package is registered by the job", "pass serverless= or model_package="
            where = where_of(type(self).__name__, self)
            raise InvalidInputError(where, [Problem(what, NOTHING, use, "argument-missing")])
        return self.output_field("OutputModelPackageArn")

    @property
    def model_artifacts(self) -> S3Location:
        """Place of the model once this job has completed, for a state that runs after it."""
        output = self._state.place("OutputDataConfig.S3OutputPath")
        artifacts = self._state.later("ModelArtifacts.S3ModelArtifacts")
        return S3Location(artifacts) if output is None else S3Location(artifacts, output.within, output.key)


_MAKING_PACKAGES = {"ServerlessJobConfig", "ModelPackageConfig"}
"""Fields of a request whose job may leave a model package."""


def _defaults(
    request: Request, place: S3Location | None, scope: Construct, job: str, *, jsonata: bool
) -> dict[str, Any]:
    if "ServerlessJobConfig" in request.fields:
        # SageMaker chooses the rest.
        return {"OutputDataConfig": {"S3OutputPath": place}}
    checkpoints = checkpoints_under(scope, job, jsonata=jsonata)
    output = first(request.get("OutputDataConfig.S3OutputPath"), place)
    return {**definition_defaults(request.fields, place, checkpoints), **output_defaults(request.fields, output)}
