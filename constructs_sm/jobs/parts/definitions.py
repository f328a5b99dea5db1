"""Fields that a training job and each definition of a tuning job have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.jobs.parts.fields import STOPPING, seconds
from constructs_sm.jobs.parts.resources import resource_defaults
from constructs_sm.language.late_bound import is_token
from constructs_sm.requests.rendering import Structure

if TYPE_CHECKING:
    from constructs_sm.jobs.parts.fields import Image, Key, Time
    from constructs_sm.values.s3 import S3Data, S3Location

_LONGEST_RUNTIME = 28 * 24 * 3600
"""The most that MaxRuntimeInSeconds can be, as the API reference says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointConfig(Structure):
    """Place for what a training needs to go on after an interruption.

    Attributes:
        s3_uri: A training that finds checkpoints there goes on from them. Default, of a training job in a
            `PipelineStack`: its bucket, under the job and the execution, so that only a retry goes on.
        local_path: Where the container reads and writes them. SageMaker's default: `/opt/ml/checkpoints/`.
    """

    s3_uri: S3Data | None = None
    local_path: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {"S3Uri": self.s3_uri, "LocalPath": self.local_path}


def checkpoint_config(checkpoints: Any) -> Any:
    """CheckpointConfig from an S3 place alone, or from one that says more."""
    if checkpoints is None or isinstance(checkpoints, (CheckpointConfig, Mapping)):
        return checkpoints
    return CheckpointConfig(s3_uri=checkpoints)


def algorithm(
    image: Image | None, algorithm_name: str | None, input_mode: str | None, metric_definitions: Any
) -> dict[str, Any]:
    """AlgorithmSpecification."""
    if isinstance(metric_definitions, Mapping):
        metric_definitions = [{"Name": name, "Regex": regex} for name, regex in metric_definitions.items()]
    return {
        "TrainingImage": image,
        "AlgorithmName": algorithm_name,
        "TrainingInputMode": input_mode,
        "MetricDefinitions": metric_definitions,
    }


def output_data(output: S3Data | None, key: Key | None, compression: str | None) -> dict[str, Any]:
    """OutputDataConfig."""
    return {"S3OutputPath": output, "KmsKeyId": key, "CompressionType": compression}


def stopping(max_runtime: Time | None, max_wait: Time | None, max_pending: Time | None) -> dict[str, Any]:
    """StoppingCondition."""
    if max_runtime is None and max_wait is None and max_pending is None:
        return {}
    return {
        "MaxRuntimeInSeconds": seconds(max_runtime),
        "MaxWaitTimeInSeconds": seconds(max_wait),
        "MaxPendingTimeInSeconds": seconds(max_pending),
    }


def definition_defaults(
    definition: Mapping[str, Any], output: S3Location | None, checkpoints: S3Location | None = None
) -> dict[str, Any]:
    """Fill a training request, or a definition of a tuning request.

    Args:
        definition: Its fields, as far as they are there.
        output: Where it writes that is not told where.
        checkpoints: Where it keeps its checkpoints that is not told where.
    """
    spot = definition.get("EnableManagedSpotTraining") is True
    resumes = spot or "CheckpointConfig" in definition
    return {
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "ResourceConfig": resource_defaults(definition.get("ResourceConfig")),
        "OutputDataConfig": {"S3OutputPath": output},
        "StoppingCondition": {**STOPPING, **(_wait(definition) if spot else {})},
        "CheckpointConfig": {"S3Uri": checkpoints} if resumes else None,
    }


def _wait(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Bound what spot training may take in all: the runtime, and as long again to wait for machines.

    SageMaker wants a number, and not less than the runtime. The runtime alone would leave no time to wait.
    """
    stopping_condition = definition.get("StoppingCondition")
    said = stopping_condition if isinstance(stopping_condition, Mapping) else {}
    runtime = said.get("MaxRuntimeInSeconds", STOPPING["MaxRuntimeInSeconds"])
    if isinstance(runtime, int) and not is_token(runtime):
        return {"MaxWaitTimeInSeconds": max(runtime, min(2 * runtime, _LONGEST_RUNTIME))}
    # What is not known cannot be doubled in every query language; it can be repeated.
    return {"MaxWaitTimeInSeconds": runtime}
