"""Policies by which traffic moves to new instances when an endpoint is updated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Union

from constructs_sm.jobs.parts.fields import each, seconds
from constructs_sm.language.errors import Problem, raise_all
from constructs_sm.requests.rendering import Structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.jobs.parts.fields import Numeric, Time

    from aws_cdk import aws_cloudwatch as cloudwatch

Alarm: TypeAlias = Union[str, "cloudwatch.IAlarm"]
"""An alarm, or its name."""


@dataclass(frozen=True, slots=True)
class CapacitySize(Structure):
    """A part of a fleet. Made by `percent` or `instances`."""

    kind: Literal["CAPACITY_PERCENT", "INSTANCE_COUNT"]
    value: Numeric

    @classmethod
    def percent(cls, value: Numeric) -> CapacitySize:
        """Percent of the capacity of the whole fleet."""
        return cls("CAPACITY_PERCENT", value)

    @classmethod
    def instances(cls, value: Numeric) -> CapacitySize:
        """A number of instances."""
        return cls("INSTANCE_COUNT", value)

    def to_request(self) -> dict[str, Any]:
        return {"Type": self.kind, "Value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class BlueGreenUpdatePolicy(Structure):
    """Update an endpoint with a second fleet beside the old one; traffic moves at once, or by one of the sizes.

    Attributes:
        canary_size: First so much of it, then the rest; at most half of the fleet.
        linear_step_size: So much of it at a time; a tenth to half of the fleet.
        wait_interval: After each step, for alarms to go off. Default: none.
        termination_wait: Before the old fleet goes. Default: none.
        max_execution_timeout: A deployment that takes longer is rolled back. Default: SageMaker's.

    Raises:
        InvalidInputError: Both sizes are given.
    """

    canary_size: CapacitySize | None = None
    linear_step_size: CapacitySize | None = None
    wait_interval: Time | None = None
    termination_wait: Time | None = None
    max_execution_timeout: Time | None = None

    def __post_init__(self) -> None:
        if self.canary_size is not None and self.linear_step_size is not None:
            both = [self.canary_size, self.linear_step_size]
            what = "canary_size and linear_step_size exclude each other"
            raise_all(
                "BlueGreenUpdatePolicy",
                [Problem(what, both, "give one of them, or none to move all at once", "argument-given-twice")],
            )

    def to_request(self) -> dict[str, Any]:
        steps = "LINEAR" if self.linear_step_size is not None else "ALL_AT_ONCE"
        return {
            "TrafficRoutingConfiguration": {
                "Type": steps if self.canary_size is None else "CANARY",
                "WaitIntervalInSeconds": 0 if self.wait_interval is None else seconds(self.wait_interval),
                "CanarySize": self.canary_size,
                "LinearStepSize": self.linear_step_size,
            },
            "TerminationWaitInSeconds": seconds(self.termination_wait),
            "MaximumExecutionTimeoutInSeconds": seconds(self.max_execution_timeout),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingUpdatePolicy(Structure):
    """Update an endpoint batch by batch, without a second fleet.

    Attributes:
        max_batch_size: How much of the fleet at a time; at most half of it.
        wait_interval: After each batch, for alarms to ring. Default: none.
        rollback_max_batch_size: The same on the way back. Default: all at once.
        max_execution_timeout: A deployment that takes longer is rolled back. Default: SageMaker's.
    """

    max_batch_size: CapacitySize
    wait_interval: Time | None = None
    rollback_max_batch_size: CapacitySize | None = None
    max_execution_timeout: Time | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "MaximumBatchSize": self.max_batch_size,
            "WaitIntervalInSeconds": 0 if self.wait_interval is None else seconds(self.wait_interval),
            "RollbackMaximumBatchSize": self.rollback_max_batch_size,
            "MaximumExecutionTimeoutInSeconds": seconds(self.max_execution_timeout),
        }


UpdatePolicy: TypeAlias = BlueGreenUpdatePolicy | RollingUpdatePolicy


def deployment_config(policy: UpdatePolicy | None, rollback_alarms: Sequence[Alarm] | None) -> dict[str, Any]:
    """DeploymentConfig."""
    alarms: Any = rollback_alarms
    if isinstance(alarms, (list, tuple)):
        alarms = each([getattr(alarm, "alarm_name", alarm) for alarm in alarms], "AlarmName")
    return {
        # What is no policy is left for SageMaker's model to judge.
        "RollingUpdatePolicy" if isinstance(policy, RollingUpdatePolicy) else "BlueGreenUpdatePolicy": policy,
        "AutoRollbackConfiguration": {"Alarms": alarms},
    }
