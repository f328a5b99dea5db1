"""TuningDefinition: the trainings that a tuning job starts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from constructs_sm.jobs.parts.channels import channels
from constructs_sm.jobs.parts.definitions import (
    algorithm,
    checkpoint_config,
    definition_defaults,
    output_data,
    stopping,
)
from constructs_sm.jobs.parts.fields import cluster, first, texts, vpc_config
from constructs_sm.jobs.parts.ranges import parameter_ranges
from constructs_sm.jobs.parts.resources import resource_defaults, resources, volume_key
from constructs_sm.jobs.parts.script_mode import script_hyperparameters, script_inputs, script_ranges, training_script

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
    from constructs_sm.jobs.parts.script_mode import Script, SourceCode
    from constructs_sm.language.errors import Problem
    from constructs_sm.values.s3 import S3Data, S3Location

    from aws_cdk import aws_ec2 as ec2


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningDefinition:
    """One algorithm of a tuning job that searches several.

    Attributes:
        definition_name: Tells it from the others.
        objective: The metric to optimize.
        objective_type: `Maximize` (default) or `Minimize`.
        ranges: What to search, by hyperparameter.

    All other attributes are those of `TuningJob`.
    """

    definition_name: str | None = None
    objective: str | None = None
    objective_type: str | None = None
    ranges: Mapping[str, Range] | None = None
    image: Image | None = None
    algorithm_name: str | None = None
    code: SourceCode | None = None
    entry_point: str | None = None
    inputs: Mapping[str, ChannelData] | None = None
    content_type: str | None = None
    input_mode: str | None = None
    output: S3Data | None = None
    output_compression: str | None = None
    hyperparameters: HyperParameters | None = None
    environment: Texts | None = None
    metric_definitions: Mapping[str, str] | None = None
    instance_type: InstanceType | None = None
    instance_count: Numeric | None = None
    instance_groups: Sequence[InstanceGroup] | None = None
    instance_preferences: Sequence[InstancePreference] | None = None
    instance_placement: InstancePlacementConfig | None = None
    instance_configs: Sequence[TuningInstanceConfig] | None = None
    allocation_strategy: str | None = None
    volume_size: Storage | None = None
    keep_alive: Time | None = None
    training_plan_arn: str | None = None
    max_runtime: Time | None = None
    spot: Flag | None = None
    max_wait: Time | None = None
    max_pending: Time | None = None
    checkpoints: S3Data | CheckpointConfig | None = None
    max_retry_attempts: Numeric | None = None
    vpc: ec2.IVpc | None = None
    subnets: Subnets | None = None
    security_groups: SecurityGroups | None = None
    network_isolation: Flag | None = None
    inter_container_traffic_encryption: Flag | None = None
    kms_key: Key | None = None
    volume_kms_key: Key | None = None
    output_kms_key: Key | None = None

    @property
    def said(self) -> list[str]:
        """The arguments that were given."""
        return [field.name for field in fields(self) if getattr(self, field.name) is not None]

    def script(self, problems: list[Problem]) -> Script | None:
        """The script that its trainings run."""
        return training_script(self.code, self.entry_point, self.image, self.hyperparameters, problems)

    def given(self, problems: list[Problem]) -> dict[str, Any]:
        """Say the arguments as TrainingJobDefinition."""
        script = self.script(problems)
        inputs = script_inputs(self.inputs, script, self.network_isolation, problems)
        return {
            "DefinitionName": self.definition_name,
            "TuningObjective": {"MetricName": self.objective, "Type": self.objective_type},
            "HyperParameterRanges": parameter_ranges(script_ranges(self.ranges, script), problems),
            "StaticHyperParameters": script_hyperparameters(
                self.hyperparameters, script, isolated=self.network_isolation
            ),
            "AlgorithmSpecification": algorithm(
                self.image, self.algorithm_name, self.input_mode, self.metric_definitions
            ),
            "InputDataConfig": channels(inputs, self.content_type, problems),
            "VpcConfig": vpc_config(self.vpc, self.subnets, self.security_groups, problems),
            "OutputDataConfig": output_data(
                self.output, first(self.output_kms_key, self.kms_key), self.output_compression
            ),
            **self._machines(),
            "StoppingCondition": stopping(self.max_runtime, self.max_wait, self.max_pending),
            "EnableNetworkIsolation": self.network_isolation,
            "EnableInterContainerTrafficEncryption": self.inter_container_traffic_encryption,
            "EnableManagedSpotTraining": self.spot,
            "CheckpointConfig": checkpoint_config(self.checkpoints),
            "RetryStrategy": {"MaximumRetryAttempts": self.max_retry_attempts},
            "Environment": texts(self.environment),
        }

    def _machines(self) -> dict[str, Any]:
        """ResourceConfig, or where there is something to choose from, what takes its place."""
        several = self.instance_groups, self.instance_preferences, self.instance_configs
        key = volume_key(self.volume_kms_key, self.kms_key, self.instance_type, *several)
        one = self.instance_type, self.instance_count, self.volume_size, key
        chosen = self.instance_configs is not None or self.allocation_strategy is not None
        return {
            # What there is no choice of stays, for SageMaker's rules to judge.
            "ResourceConfig": resources(
                *((None, None, None, None) if chosen else one),
                keep_alive=self.keep_alive,
                instance_groups=self.instance_groups,
                instance_preferences=self.instance_preferences,
                instance_placement=self.instance_placement,
                training_plan_arn=self.training_plan_arn,
            ),
            "HyperParameterTuningResourceConfig": {
                **(cluster(*one) if chosen else {}),
                "AllocationStrategy": self.allocation_strategy,
                "InstanceConfigs": self.instance_configs,
            },
        }


def tuning_definition_defaults(definition: Any, place: S3Location | None) -> dict[str, Any] | None:
    """Fill a definition of a tuning request, as far as it is there; None if it is not, or known at run time only."""
    if not isinstance(definition, dict):
        return None
    objective = definition.get("TuningObjective")
    return {
        **definition_defaults(definition, place),
        "HyperParameterTuningResourceConfig": resource_defaults(definition.get("HyperParameterTuningResourceConfig")),
        "TuningObjective": {"Type": "Maximize"} if isinstance(objective, dict) and "MetricName" in objective else None,
    }
