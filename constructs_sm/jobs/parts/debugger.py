"""Watchers of a training: the debugger's hook and rules, the profiler's, TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.jobs.parts.fields import gibibytes, instance, milliseconds, texts
from constructs_sm.requests.rendering import Structure

if TYPE_CHECKING:
    from constructs_sm.jobs.parts.fields import Flag, Image, InstanceType, Storage, Texts, Time
    from constructs_sm.values.s3 import S3Data


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugHookConfig(Structure):
    """Tensors and metrics that a hook in the container saves.

    SageMaker Debugger is closed to new customers since 2026-07-30: use MLflow or TensorBoard instead.

    Attributes:
        s3_output_path: Where they go. Default: the output of the job.
        local_path: Where they are until then. SageMaker's default: `/opt/ml/output/tensors/`.
        hook_parameters: Of the hook, as `save_interval`.
        collections: Parameters of each tensor collection, by its name.
    """

    s3_output_path: S3Data | None = None
    local_path: str | None = None
    hook_parameters: Texts | None = None
    collections: Mapping[str, Texts] | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "S3OutputPath": self.s3_output_path,
            "LocalPath": self.local_path,
            "HookParameters": texts(self.hook_parameters),
            "CollectionConfigurations": _collections(self.collections),
        }


def _collections(collections: Any) -> Any:
    if not isinstance(collections, Mapping):
        return collections
    return [
        {"CollectionName": name, "CollectionParameters": texts(parameters)} for name, parameters in collections.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugRuleConfiguration(Structure):
    """A rule about saved tensors, evaluated by a container of its own during training.

    SageMaker Debugger is closed to new customers since 2026-07-30: use MLflow or TensorBoard instead.

    Attributes:
        rule_configuration_name: Differs from that of other rules.
        rule_evaluator_image: The container: AWS's or your own.
        rule_parameters: Of the rule, as `rule_to_invoke`.
        instance_type: Where your own rule is evaluated. SageMaker evaluates AWS's by itself.
        volume_size: Storage there.
        local_path: Where the container leaves what it finds. SageMaker's default: `/opt/ml/processing/output/rule/`.
        s3_output_path: Where that goes. SageMaker's default: beside the model.
    """

    rule_configuration_name: str
    rule_evaluator_image: Image
    rule_parameters: Texts | None = None
    instance_type: InstanceType | None = None
    volume_size: Storage | None = None
    local_path: str | None = None
    s3_output_path: S3Data | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "RuleConfigurationName": self.rule_configuration_name,
            "RuleEvaluatorImage": self.rule_evaluator_image,
            "RuleParameters": texts(self.rule_parameters),
            "InstanceType": instance(self.instance_type),
            "VolumeSizeInGB": gibibytes(self.volume_size),
            "LocalPath": self.local_path,
            "S3OutputPath": self.s3_output_path,
        }


class ProfilerRuleConfiguration(DebugRuleConfiguration):
    """A rule about the use of the machines, evaluated by a container of its own during training.

    It belongs to SageMaker Debugger, which is closed to new customers since 2026-07-30: use the profiler of your
    framework, and TensorBoard, instead.

    All attributes are those of `DebugRuleConfiguration`.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilerConfig(Structure):
    """Recording of the use of the machines.

    SageMaker Profiler ends on 2027-06-30: use the profiler of your framework, and TensorBoard, instead.

    Attributes:
        s3_output_path: Where the records go. Default: the output of the job, unless the profiler is disabled.
        profiling_interval: 100, 200 or 500 ms, 1 s, 5 s or 1 min. SageMaker's default: 500 ms.
        profiling_parameters: Of framework metrics, as `DetailedProfilingConfig`, each a text of JSON.
        disable_profiler: Record nothing; SageMaker records the use of the machines otherwise.
    """

    s3_output_path: S3Data | None = None
    profiling_interval: Time | None = None
    profiling_parameters: Texts | None = None
    disable_profiler: Flag | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "S3OutputPath": self.s3_output_path,
            "ProfilingIntervalInMilliseconds": milliseconds(self.profiling_interval),
            "ProfilingParameters": texts(self.profiling_parameters),
            "DisableProfiler": self.disable_profiler,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorBoardOutputConfig(Structure):
    """Place of the data for TensorBoard.

    Attributes:
        s3_output_path: Default: the output of the job.
        local_path: Where it is until then. SageMaker's default: `/opt/ml/output/tensorboard`.
    """

    s3_output_path: S3Data | None = None
    local_path: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {"S3OutputPath": self.s3_output_path, "LocalPath": self.local_path}


def tensor_board_config(tensor_board: Any) -> Any:
    """TensorBoardOutputConfig from an S3 place alone, or from one that says more."""
    if tensor_board is None or isinstance(tensor_board, (TensorBoardOutputConfig, Mapping)):
        return tensor_board
    return TensorBoardOutputConfig(s3_output_path=tensor_board)


def output_defaults(training: Mapping[str, Any], output: Any) -> dict[str, Any]:
    """Give places under the output of a job to what its request asks to be saved."""
    profiler = training.get("ProfilerConfig")
    disabled = isinstance(profiler, Mapping) and profiler.get("DisableProfiler")
    saved = ("DebugHookConfig", "TensorBoardOutputConfig", *(() if disabled else ("ProfilerConfig",)))
    return {name: {"S3OutputPath": output} for name in saved if name in training}
