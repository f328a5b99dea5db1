"""Scalable targets: how many instances or copies serve, and what changes their number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.jobs.parts.fields import seconds
from constructs_sm.language.errors import NOTHING, Problem, raise_all
from constructs_sm.language.late_bound import is_late_bound
from constructs_sm.language.numbers import is_number, is_whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_sm.settings import Time

INSTANCES = "sagemaker:variant:DesiredInstanceCount"
CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"
COPIES = "sagemaker:inference-component:DesiredCopyCount"
_USUAL_METRIC = {
    INSTANCES: "SageMakerVariantInvocationsPerInstance",
    CONCURRENCY: "SageMakerVariantProvisionedConcurrencyUtilization",
    COPIES: "SageMakerInferenceComponentInvocationsPerCopy",
}
_ADJUSTMENTS = ("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity")
_SCHEDULES = ("cron(", "rate(", "at(")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTrackingScaling:
    """Keep a metric near a value: 70 calls a minute for each instance, say.

    Attributes:
        target_value: The value; it may come from the input, as `$.calls`.
        metric: A predefined metric, or a CustomizedMetricSpecification. Default: calls a minute for each instance or
            copy; of provisioned concurrency, its utilization.
        scale_in_cooldown: After instances went, before more go. Default: 5 minutes, Application Auto Scaling's own.
        scale_out_cooldown: After instances came, before more come. Default: likewise.
        disable_scale_in: Never take instances away. Default: False.
        name: Unlike that of any other policy of the target. Default: `target-tracking`.
    """

    target_value: float | str
    metric: str | Mapping[str, Any] | None = None
    scale_in_cooldown: Time | None = None
    scale_out_cooldown: Time | None = None
    disable_scale_in: bool = False
    name: str = "target-tracking"

    def to_request(self, dimension: str) -> dict[str, Any]:
        """The fields of PutScalingPolicy that say what the policy is."""
        metric = _USUAL_METRIC[dimension] if self.metric is None else self.metric
        config = {
            "TargetValue": self.target_value,
            "CustomizedMetricSpecification": dict(metric) if isinstance(metric, Mapping) else None,
            "PredefinedMetricSpecification": (
                None if isinstance(metric, Mapping) else {"PredefinedMetricType": str(metric)}
            ),
            "ScaleInCooldown": seconds(self.scale_in_cooldown),
            "ScaleOutCooldown": seconds(self.scale_out_cooldown),
            "DisableScaleIn": self.disable_scale_in or None,
        }
        return {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": _given(config)}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepScaling:
    """Change the number by steps when an alarm goes off, as from zero copies to the first.

    Attributes:
        steps: Lower bound, upper bound and adjustment of each, the bounds counted from the alarm's threshold; None: no
            bound.
        alarm: The fields of CloudWatch's PutMetricAlarm, but for its name and actions: the alarm is made with the
            policy. None: an alarm of yours has the policy's ARN as its action.
        adjustment_type: `ChangeInCapacity`, `PercentChangeInCapacity` or `ExactCapacity`. Default: the first.
        aggregation: `Average`, `Minimum` or `Maximum`. Default: `Average`.
        cooldown: After a change, before the next.
        name: Unlike that of any other policy of the target. Default: `steps`.
    """

    steps: Sequence[tuple[float | None, float | None, int]]
    alarm: Mapping[str, Any] | None = None
    adjustment_type: str = "ChangeInCapacity"
    aggregation: str | None = None
    cooldown: Time | None = None
    name: str = "steps"

    def to_request(self, _dimension: str) -> dict[str, Any]:
        """The fields of PutScalingPolicy that say what the policy is."""
        config = {
            "AdjustmentType": self.adjustment_type,
            "StepAdjustments": [
                _given({"MetricIntervalLowerBound": lower, "MetricIntervalUpperBound": upper, "ScalingAdjustment": by})
                for lower, upper, by in self.steps
            ],
            "MetricAggregationType": self.aggregation,
            "Cooldown": seconds(self.cooldown),
        }
        return {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": _given(config)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledAction:
    """Change the bounds at a time.

    Attributes:
        name: Unlike that of any other scheduled action of the target.
        schedule: `cron(0 20 * * ? *)`, `rate(1 day)` or `at(2027-01-01T00:00:00)`.
        min_capacity: The bound from then on; it may come from the input. Default: as it is.
        max_capacity: Likewise.
        timezone: As `Europe/Berlin`. Default: UTC.
    """

    name: str
    schedule: str
    min_capacity: int | str | None = None
    max_capacity: int | str | None = None
    timezone: str | None = None

    def to_request(self) -> dict[str, Any]:
        """The fields of PutScheduledAction that say what happens when."""
        action = {"MinCapacity": self.min_capacity, "MaxCapacity": self.max_capacity}
        return _given(
            {
                "ScheduledActionName": self.name,
                "Schedule": self.schedule,
                "Timezone": self.timezone,
                "ScalableTargetAction": _given(action),
            }
        )


ScalingPolicy: TypeAlias = TargetTrackingScaling | StepScaling


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalableTarget:
    """Bounds of the number of instances of a variant, or copies of an inference component, and what moves it.

    Attributes:
        min_capacity: 0 only for copies, and for instances of an asynchronous endpoint. It may come from the input, as
            `$.least`, or be an output of a job.
        max_capacity: Never more. It may come from the input likewise.
        policies: What moves it between the bounds. Default: nothing.
        scheduled_actions: What moves the bounds. Default: nothing.
        variant_name: Of an endpoint, the variant. Default: `AllTraffic`.

    Raises:
        InvalidInputError: Application Auto Scaling takes no such target.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
    """

    min_capacity: int | str
    max_capacity: int | str
    policies: Sequence[ScalingPolicy] = ()
    scheduled_actions: Sequence[ScheduledAction] = ()
    variant_name: str = "AllTraffic"

    def __post_init__(self) -> None:
        raise_all("ScalableTarget", list(_problems(self)))

    def zero_problems(self, dimension: str, *, asynchronous: bool) -> Iterator[Problem]:
        """Find a lower bound of nothing where AWS does not allow it."""
        bounds = [self.min_capacity, *(action.min_capacity for action in self.scheduled_actions)]
        if 0 in bounds and not (dimension == COPIES or (dimension == INSTANCES and asynchronous)):
            use = "pass 1 or more; copies of an inference component, and asynchronous endpoints, may have none"
            yield Problem("this target cannot scale to zero", 0, use, "argument-value")


def _problems(target: ScalableTarget) -> Iterator[Problem]:
    low, high = target.min_capacity, target.max_capacity
    known = [each for each in (low, high) if not is_late_bound(each)]
    if not all(is_whole_number(each, least=0) for each in known) or known != sorted(known) or high == 0:
        use = "pass whole numbers, the first at most the second"
        yield Problem("min_capacity and max_capacity are no bounds", [low, high], use, "argument-value")
    for what, given, kinds in (
        ("policies", target.policies, (TargetTrackingScaling, StepScaling)),
        ("scheduled_actions", target.scheduled_actions, (ScheduledAction,)),
    ):
        listed: Any = given
        wanted = " or ".join(kind.__name__ for kind in kinds)
        if not isinstance(listed, (list, tuple)) or not all(isinstance(each, kinds) for each in listed):
            yield Problem(f"{what} are none", given, f"pass a list of {wanted}", "argument-type")
            return
        names = [each.name for each in listed]
        if len(set(names)) < len(names):
            yield Problem(f"{what} share a name", names, "pass name= of each", "argument-value")
    for policy in target.policies:
        yield from _of_policy(policy)
    for action in target.scheduled_actions:
        yield from _of_action(action)


def _of_policy(policy: ScalingPolicy) -> Iterator[Problem]:
    if isinstance(policy, StepScaling):
        if policy.adjustment_type not in _ADJUSTMENTS:
            use = f"use one of {', '.join(_ADJUSTMENTS)}"
            yield Problem("no adjustment_type of steps", policy.adjustment_type, use, "argument-value")
        if not policy.steps:
            yield Problem("a policy of no steps", NOTHING, "pass steps=[(0, None, 1)]", "argument-missing")
    elif not is_late_bound(policy.target_value) and not _is_above_zero(policy.target_value):
        yield Problem("target_value must be above 0", policy.target_value, "pass a number", "argument-value")


def _of_action(action: ScheduledAction) -> Iterator[Problem]:
    if not str(action.schedule).startswith(_SCHEDULES):
        yield Problem("no schedule", action.schedule, "write 'cron(0 20 * * ? *)'", "argument-value")
    if action.min_capacity is None and action.max_capacity is None:
        use = "pass min_capacity=, max_capacity= or both"
        yield Problem(f"scheduled action '{action.name}' changes nothing", NOTHING, use, "argument-missing")


def _is_above_zero(value: object) -> bool:
    return is_number(value) and value > 0


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
