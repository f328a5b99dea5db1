"""TuningJob: createHyperParameterTuningJob."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm.actions import TUNING_JOB, WRITTEN
from constructs_sm.jobs.parts.fields import seconds, tag_list
from constructs_sm.jobs.parts.ranges import parameter_ranges
from constructs_sm.jobs.parts.script_mode import making, script_ranges
from constructs_sm.jobs.parts.tuning_definition import TuningDefinition, tuning_definition_defaults
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.jsonata import quoted
from constructs_sm.language.late_bound import Computed, escaped, is_token
from constructs_sm.requests.rendering import Structure
from constructs_sm.task.job import JobArguments, SageMakerJob
from constructs_sm.task.output_folders import data_under
from constructs_sm.task.reuse_checks import Artifact
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.parts.channels import ChannelData
    from constructs_sm.jobs.parts.definitions import CheckpointConfig
    from constructs_sm.jobs.parts.fields import (
        Flag,
        HyperParameters,
        Image,
        InstanceType,
        Key,
        Numeric,
        SecurityGroups,
        Storage,
        Subnets,
        Texts,
        Time,
    )
    from constructs_sm.jobs.parts.ranges import Range
    from constructs_sm.jobs.parts.resources import (
        InstanceGroup,
        InstancePlacementConfig,
        InstancePreference,
        TuningInstanceConfig,
    )
    from constructs_sm.jobs.parts.script_mode import SourceCode
    from constructs_sm.jobs.parts.tuning_config import HyperbandStrategyConfig, TuningJobCompletionCriteria
    from constructs_sm.requests.request import Request
    from constructs_sm.task.task_state import TaskState
    from constructs_sm.values.outputs import JobOutput
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningJobWarmStartConfig(Structure):
    """Earlier tuning jobs that this one learns from.

    Attributes:
        parents: At most 5: their names, or jobs that run before.
        warm_start_type: `IdenticalDataAndAlgorithm` or `TransferLearning`.
    """

    parents: Sequence[str | TuningJob]
    warm_start_type: str = "IdenticalDataAndAlgorithm"

    def to_request(self) -> dict[str, Any]:
        parents: Any = self.parents
        if isinstance(parents, (list, tuple)) and not is_token(parents):
            names = [parent.resource_name if isinstance(parent, TuningJob) else parent for parent in parents]
            parents = [{"HyperParameterTuningJobName": name} for name in names]
        return {
            "ParentHyperParameterTuningJobs": parents,
            "WarmStartType": self.warm_start_type,
        }


class TuningJob(SageMakerJob):
    """Search for the best hyperparameters and wait until the search ends.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        objective: The metric to optimize, as `validation:auc`.
        objective_type: `Maximize` (default) or `Minimize`.
        ranges: What to search, by hyperparameter: `(3, 10)` integers, `(0.1, 0.5)` real numbers, `["a", "b"]` choices;
            or an `IntegerParameterRange` and the like, which say more.
        strategy: `Bayesian` (default), `Random`, `Hyperband` or `Grid`.
        hyperband: Resources of the strategy of that name.
        max_jobs: Trainings in all. Default: 10; with `Grid`, as many as there are combinations.
        max_parallel_jobs: Trainings at a time. Default: 2.
        max_tuning_runtime: The search ends after this. SageMaker's default: never.
        early_stopping: Of trainings that promise nothing: `Auto` or `Off` (SageMaker's default).
        completion_criteria: When the search ends before its limits.
        warm_start: Learn from earlier searches.
        autotune: Let SageMaker find ranges, as those of an `AutoParameter`, and settings. Default: False.
        random_seed: The same seed makes for the same choices.
        definitions: Several algorithms to search, each with its own objective, ranges and machines. They stand in
            place of all arguments from *image* on, and of *objective* and *ranges*.
        image: The training image.
        algorithm_name: In place of an image: an algorithm of yours or of AWS Marketplace.
        code: A script of your own, as that of a `TrainingJob`.
        entry_point: The file of *code* that is run. Default: *code* itself, where that is a file.
        inputs: Channels by name, as those of a `TrainingJob`. Default: none.
        content_type: Of all channels but those that say another: as `text/csv`. Default: none.
        input_mode: How channels are read: `File` (default), `FastFile` or `Pipe`.
        output: The prefix SageMaker puts the models under. Default, in a `PipelineStack`: its bucket.
        output_compression: `GZIP` (SageMaker's default) or `NONE`.
        hyperparameters: Those that stay as they are; any scalars, SageMaker gets strings.
        environment: Of the container.
        metric_definitions: Metrics read from the log: a regular expression by name. An algorithm of your own must
            define the objective.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        instance_groups: In place of one type and count: a heterogeneous cluster.
        instance_preferences: In place of one type: several, of which SageMaker takes the first that it has.
        instance_placement: On UltraServers.
        instance_configs: In place of one type: clusters to choose from, for each training.
        allocation_strategy: How it is chosen: `Prioritized`, in the order of *instance_configs*.
        volume_size: Storage of each instance. Default: 30 GiB.
        keep_alive: Keep the instances in a warm pool, and pay for them. SageMaker's default: do not.
        training_plan_arn: Reserved capacity to run on.
        max_runtime: SageMaker stops each training after this. Default: 1 hour.
        spot: Train on spare capacity, which is cheaper and may be interrupted. Default: False.
        max_wait: With *spot*: SageMaker gives a training up after this. Default: as that of a `TrainingJob`.
        max_pending: SageMaker gives up a training that has waited for accelerated machines this long.
        checkpoints: Where trainings keep their state: a place in S3, or a `CheckpointConfig`. No default, since
            whether SageMaker keeps those of parallel trainings apart is not verified on AWS.
        max_retry_attempts: SageMaker begins a training again this often after an internal error of its own.
        vpc: Where the instances are reachable; its private subnets, unless *subnets* says otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Default, in a VPC: a group of the job's own, whose members may talk to each other where a job
            has several instances.
        network_isolation: Cut the containers off the network. Default: False.
        inter_container_traffic_encryption: Encrypt what the instances tell each other. Default: False.
        kms_key: Encrypts the volumes and the models. Default: SageMaker's own.
        volume_kms_key: Of the volumes alone. Default: *kms_key*, unless the instances have local storage, which takes
            no key: their hardware encrypts it.
        output_kms_key: Of the models alone. Default: *kms_key*.
        tags: Of the tuning job.
        arguments: See `JobArguments`. Names have at most 32 characters.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: Create-, Describe- and StopHyperParameterTuningJob on this job, ListTags, AddTags, PassRole, the managed
        rule; to the execution role S3 read of *inputs* and *code*, S3 write of *output*, pull of *image*, use of
        *kms_key*.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
    """

    _ARGUMENT_OF: ClassVar = {
        **{
            f"{definition}.{field}": argument
            for definition in ("TrainingJobDefinition", "TrainingJobDefinitions[]")
            for field, argument in (
                ("AlgorithmSpecification", "image="),
                ("AlgorithmSpecification.TrainingImage", "image="),
                ("OutputDataConfig", "output=, or make the job in a PipelineStack"),
                ("ResourceConfig", "instance_type="),
            )
        },
        "TrainingJobDefinition": "image=, or definitions=",
    }

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        objective: str | None = None,
        objective_type: str | None = None,
        ranges: Mapping[str, Range] | None = None,
        strategy: str | None = None,
        hyperband: HyperbandStrategyConfig | None = None,
        max_jobs: Numeric | None = None,
        max_parallel_jobs: Numeric | None = None,
        max_tuning_runtime: Time | None = None,
        early_stopping: str | None = None,
        completion_criteria: TuningJobCompletionCriteria | None = None,
        warm_start: TuningJobWarmStartConfig | None = None,
        autotune: bool | None = None,
        random_seed: Numeric | None = None,
        definitions: Sequence[TuningDefinition] | None = None,
        image: Image | None = None,
        algorithm_name: str | None = None,
        code: SourceCode | None = None,
        entry_point: str | None = None,
        inputs: Mapping[str, ChannelData] | None = None,
        content_type: str | None = None,
        input_mode: str | None = None,
        output: S3Data | None = None,
        output_compression: str | None = None,
        hyperparameters: HyperParameters | None = None,
        environment: Texts | None = None,
        metric_definitions: Mapping[str, str] | None = None,
        instance_type: InstanceType | None = None,
        instance_count: Numeric | None = None,
        instance_groups: Sequence[InstanceGroup] | None = None,
        instance_preferences: Sequence[InstancePreference] | None = None,
        instance_placement: InstancePlacementConfig | None = None,
        instance_configs: Sequence[TuningInstanceConfig] | None = None,
        allocation_strategy: str | None = None,
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
        tags: Mapping[str, str] | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        problems: list[Problem] = []
        one = TuningDefinition(
            image=image,
            algorithm_name=algorithm_name,
            code=code,
            entry_point=entry_point,
            inputs=inputs,
            content_type=content_type,
            input_mode=input_mode,
            output=output,
            output_compression=output_compression,
            hyperparameters=hyperparameters,
            environment=environment,
            metric_definitions=metric_definitions,
            instance_type=instance_type,
            instance_count=instance_count,
            instance_groups=instance_groups,
            instance_preferences=instance_preferences,
            instance_placement=instance_placement,
            instance_configs=instance_configs,
            allocation_strategy=allocation_strategy,
            volume_size=volume_size,
            keep_alive=keep_alive,
            training_plan_arn=training_plan_arn,
            max_runtime=max_runtime,
            spot=spot,
            max_wait=max_wait,
            max_pending=max_pending,
            checkpoints=checkpoints,
            max_retry_attempts=max_retry_attempts,
            vpc=vpc,
            subnets=subnets,
            security_groups=security_groups,
            network_isolation=network_isolation,
            inter_container_traffic_encryption=inter_container_traffic_encryption,
            kms_key=kms_key,
            volume_kms_key=volume_kms_key,
            output_kms_key=output_kms_key,
        )
        place = data_under(scope, construct_id)
        definition = one.given(problems)
        given = {
            "HyperParameterTuningJobConfig": {
                "Strategy": strategy,
                "StrategyConfig": {"HyperbandStrategyConfig": hyperband},
                "HyperParameterTuningJobObjective": {"MetricName": objective, "Type": objective_type},
                "ResourceLimits": {
                    "MaxNumberOfTrainingJobs": max_jobs,
                    "MaxParallelTrainingJobs": max_parallel_jobs,
                    "MaxRuntimeInSeconds": seconds(max_tuning_runtime),
                },
                "ParameterRanges": parameter_ranges(script_ranges(ranges, one.script([])), problems),
                "TrainingJobEarlyStoppingType": early_stopping,
                "TuningJobCompletionCriteria": completion_criteria,
                "RandomSeed": random_seed,
            },
            "TrainingJobDefinition": definition,
            "TrainingJobDefinitions": _all(definitions, one, problems),
            "WarmStartConfig": warm_start,
            "Autotune": {"Mode": "Enabled"} if autotune else None,
            "Tags": tag_list(tags),
        }
        super().__init__(
            scope,
            construct_id,
            action=TUNING_JOB,
            given=given,
            defaults=lambda request: _defaults(request, place),
            problems=problems,
            make=making(d.script([]) for d in (one, *_listed(definitions))),
            **arguments,
        )
        self._known = [S3Location.of(o) for o in (output, *(d.output for d in definitions or ())) if o is not None]
        self._known.append(place)

    @property
    def best_training_job_name(self) -> JobOutput:
        """The name of the best training once this job has completed, for a state that runs after it."""
        return self._state.later("BestTrainingJob.TrainingJobName")

    @property
    def best_objective(self) -> JobOutput:
        """Objective of the best training, a number, for a QualityGate after this job.

        Step Functions hands on the name of the best training alone: the job is described in `<id>: Describe`.
        """
        return self._state.result("BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Value")

    @property
    def best_model_artifacts(self) -> S3Location:
        """Place of the model of the best training once this job has completed, for a state that runs after it.

        Raises:
            InvalidInputError: Its place is not known at synthesis: it is late-bound, or differs by definition.
        """
        said = _outputs(self._state.request)
        output = said[0] if len(set(said)) == 1 else None
        if output is None or isinstance(output, Computed):
            use = "give one output that is known at synthesis, the same for all definitions"
            where = f"TuningJob '{self.node.path}'"
            raise InvalidInputError(
                where, [Problem("place of the best model is not known", said, use, "model-place-known")]
            )
        name = self._state.found("BestTrainingJob.TrainingJobName")
        folder, file = f"{output.rstrip('/')}/", "/output/model.tar.gz"
        if self._state.reuse is None:
            uri = name.within(f"States.Format('{escaped(folder)}{{}}{file}', <>)", f"{quoted(folder)} & <> & '{file}'")
        else:
            uri = self._state.place_written(_MODELS) + name + file
        known = next((place for place in self._known if place is not None and place.uri == output), None)
        place = known or S3Location(output, output)
        return S3Location(self._state.for_states(uri), place.within, place.key)

    def _written(self) -> Mapping[str, str]:
        return _models(_outputs(self._state.request))

    def _artifact(self, state: TaskState) -> Artifact | None:
        if not _models(_outputs(state.request)):
            return None
        name = "BestTrainingJob.TrainingJobName & '/output/model.tar.gz'"
        return Artifact(
            f"{WRITTEN}.{_MODELS} & {name}", state.place("TrainingJobDefinition.OutputDataConfig.S3OutputPath")
        )


def _outputs(request: Mapping[str, Any]) -> list[Any]:
    """The place of the models of each definition."""
    one, several = request.get("TrainingJobDefinition"), request.get("TrainingJobDefinitions")
    found = [d for d in (one, *(several or ())) if isinstance(d, dict)]
    outputs = [definition.get("OutputDataConfig") for definition in found]
    return [output.get("S3OutputPath") if isinstance(output, dict) else None for output in outputs] or [None]


def _models(outputs: Sequence[Any]) -> dict[str, str]:
    """The folder of the models, where it is known and one."""
    known = len(set(outputs)) == 1 and outputs[0] is not None and not isinstance(outputs[0], Computed)
    return {_MODELS: f"{outputs[0].rstrip('/')}/"} if known else {}


_MODELS = "models"
"""The folder of the models, as it is kept of a tuning job that may be reused."""


def _defaults(request: Request, place: S3Location | None) -> dict[str, Any]:
    limits = {"MaxNumberOfTrainingJobs": 10, "MaxParallelTrainingJobs": 2}
    if request.get("HyperParameterTuningJobConfig.Strategy") == "Grid":
        del limits["MaxNumberOfTrainingJobs"]
    objective = request.get("HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName")
    several = request.fields.get("TrainingJobDefinitions")
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": None if objective is None else {"Type": "Maximize"},
            "ResourceLimits": limits,
        },
        "TrainingJobDefinition": tuning_definition_defaults(request.fields.get("TrainingJobDefinition"), place),
        "TrainingJobDefinitions": (
            [tuning_definition_defaults(definition, place) for definition in several]
            if isinstance(several, list)
            else None
        ),
    }


def _listed(definitions: Any) -> list[TuningDefinition]:
    listed = definitions if isinstance(definitions, (list, tuple)) else ()
    return [definition for definition in listed if isinstance(definition, TuningDefinition)]


def _all(definitions: Any, one: TuningDefinition, problems: list[Problem]) -> list[dict[str, Any]] | None:
    if definitions is None:
        return None
    if one.said:
        problems.append(
            Problem(
                "definitions stand beside a definition",
                one.said,
                "put all of it into definitions",
                "argument-given-twice",
            )
        )
    if not isinstance(definitions, (list, tuple)) or not all(isinstance(d, TuningDefinition) for d in definitions):
        problems.append(
            Problem("definitions must be a list", definitions, "pass [TuningDefinition(...), ...]", "argument-type")
        )
        return None
    return [definition.given(problems) for definition in definitions]
