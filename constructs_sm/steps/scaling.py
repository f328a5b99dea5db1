"""The states that register scalable targets, with their policies, alarms and scheduled actions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.scaling import scaling_grants
from constructs_sm.jobs.parts.scaling import COPIES, ScalableTarget, StepScaling, TargetTrackingScaling
from constructs_sm.language.errors import NOTHING, Problem, where_of
from constructs_sm.language.jsonata import UNCHANGED, merged, place_of, without
from constructs_sm.language.late_bound import LATE, is_late_bound
from constructs_sm.language.leaves import with_leaves
from constructs_sm.language.paths import key_of
from constructs_sm.retry import RetryPolicy
from constructs_sm.steps.beginning import name_in_policies, told
from constructs_sm.task.custom_states import Begin, JsonataState, describing
from constructs_sm.task.fragment import NamedFragment
from constructs_sm.task.scope import JobScope
from constructs_sm.values.names import LONGEST_STATE_NAME, name_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_sm.grants.statements import Grant
    from constructs_sm.jobs.inference_component import CreateInferenceComponent
    from constructs_sm.language.arns import Arns
    from constructs_sm.task.custom_states import JsonataTask

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct

_NAMESPACE = {"ServiceNamespace": "sagemaker"}
_NAME_MAX = 63
_LONGEST_ID = LONGEST_STATE_NAME - len(": PutScheduledAction 10")
# The names of exceptions in the AWS SDK for Java. Two deployments at a time meet the first. Not verified on AWS.
SCALING = (
    RetryPolicy(
        errors=(
            "ApplicationAutoScaling.ConcurrentUpdateException",
            "ApplicationAutoScaling.InternalServiceException",
            "ApplicationAutoScaling.ApplicationAutoScalingException",
            "CloudWatch.CloudWatchException",
        ),
        interval_seconds=2,
        max_attempts=6,
        max_delay_seconds=60,
        jitter=True,
    ),
)
"""Errors of the calls that a retry helps against."""


class ScalingStates:
    """The states, one after another, in a fragment that keeps the name of what is scaled in its record.

    Attributes:
        tasks: The states.
        late: Variables for what is known later, by name, which the first state of the fragment sets.
    """

    def __init__(self, *, key: str, target: ScalableTarget, dimension: str, of: tuple[str, str], prefix: str) -> None:
        """Say what is scaled.

        Args:
            key: Of the fragment's record.
            target: The target.
            dimension: What of it is scaled.
            of: The beginning of the target's id, and its end, around the name: `endpoint/`, `/variant/AllTraffic`.
            prefix: What the names of policies, alarms and states begin with.
        """
        self.tasks: list[JsonataTask] = []
        self.late: dict[str, Any] = {}
        self._key, self._target, self._dimension, self._of = key, target, dimension, of
        self._prefix = prefix
        self._variable = f"scaling_{re.sub('[^A-Za-z0-9]', '_', f'{key}{of[1]}')}"
        self._bounds = with_leaves(
            self._known, {"MinCapacity": target.min_capacity, "MaxCapacity": target.max_capacity}
        )
        self._policies = [with_leaves(self._known, policy.to_request(dimension)) for policy in target.policies]
        self._alarms = [
            with_leaves(self._known, dict(getattr(policy, "alarm", None) or {})) for policy in target.policies
        ]
        self._actions = [with_leaves(self._known, action.to_request()) for action in target.scheduled_actions]

    def _known(self, value: Any) -> Any:
        """*value*, or a variable in its place where it is known later."""
        if not is_late_bound(value):
            return value
        name = f"{self._variable}_{len(self.late) + 1}"
        self.late[name] = value
        return f"{{% ${name} %}}"

    def alarm_name(self, policy: StepScaling) -> str:
        """The name of the alarm of a policy of steps."""
        return f"{self._prefix}-{policy.name}"

    def grants(self, arns: Arns, name: str) -> Iterator[Grant]:
        """Grants of the states, for a name as IAM can say it."""
        policies = self._target.policies
        yield from scaling_grants(
            arns,
            name.join(self._of),
            self._dimension,
            tracks=any(isinstance(policy, TargetTrackingScaling) for policy in policies),
            puts_policies=bool(policies),
            schedules=bool(self._target.scheduled_actions),
            alarms=tuple(self.alarm_name(each) for each in policies if isinstance(each, StepScaling) and each.alarm),
        )

    def build(self, fragment: Any, name: str, ending: str, retry: Sequence[RetryPolicy] | None) -> None:
        """Make the states.

        Args:
            fragment: A NamedFragment.
            name: Of what is scaled, in JSONata.
            ending: Of the names of the states, to tell several targets apart.
            retry: Of each call.
        """
        first, last = self._of
        where = {
            **_NAMESPACE,
            "ResourceId": f"{{% '{first}' & {name}{f' & {last!r}' if last else ''} %}}",
            "ScalableDimension": self._dimension,
        }
        retries = SCALING if retry is None else retry

        def add(state: str, api: str, fields: dict[str, Any], output: str = UNCHANGED) -> None:
            call = describing(fragment._resource(f"aws-sdk:{api}"), fields, retries)  # noqa: SLF001  (its builder)
            task = fragment._task(f"{state}{ending}", call, output)  # noqa: SLF001  (its builder)
            if self.tasks:
                self.tasks[-1].next(task)
            self.tasks.append(task)

        target = self._target
        add("RegisterScalableTarget", "applicationautoscaling:registerScalableTarget", {**where, **self._bounds})
        place = place_of(self._key)
        for number, policy in enumerate(target.policies, 1):
            more = f" {number}" if number > 1 else ""
            said = {**where, "PolicyName": policy.name, **self._policies[number - 1]}
            alarm = self._alarms[number - 1]
            kept = merged(self._key, f"$merge([{place}, {{'PolicyARN': $states.result.PolicyARN}}])")
            output = kept if alarm else UNCHANGED
            add(f"PutScalingPolicy{more}", "applicationautoscaling:putScalingPolicy", said, output)
            if alarm and isinstance(policy, StepScaling):
                actions = [f"{{% {place}.PolicyARN %}}"]
                request = {**alarm, "AlarmName": self.alarm_name(policy), "AlarmActions": actions}
                add(f"PutMetricAlarm{more}", "cloudwatch:putMetricAlarm", request)
        for number, action in enumerate(self._actions, 1):
            more = f" {number}" if number > 1 else ""
            said = {**where, **action}
            add(f"PutScheduledAction{more}", "applicationautoscaling:putScheduledAction", said)


class RegisterScalableTarget(NamedFragment):
    """Let Application Auto Scaling change the number of copies of an inference component, down to none.

    For variants of an endpoint pass `EndpointDeployment(scaling=...)`. The same names and values again change nothing,
    so that it can stand in every run. What later states find is what they found before.

    Args:
        scope: Any construct in a stack.
        construct_id: What the names of all states begin with.
        inference_component: A `CreateInferenceComponent`, or the name of one; late-bound strings too.
        target: Bounds, policies and scheduled actions.
        retry: Of each call. Default: what a retry helps against.
        query_language: That of the state machine. Default: JSONPath.

    Raises:
        InvalidInputError: With everything that is wrong.

    Grants: to the state machine role, RegisterScalableTarget, PutScalingPolicy and PutScheduledAction for the copies of
        inference components; CreateServiceLinkedRole for Application Auto Scaling's role, which AWS makes at the first
        call in an account; and what Application Auto Scaling does with the caller's rights: to describe the component
        and set its copies, and the alarms of policies.
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        inference_component: CreateInferenceComponent | str | None = None,
        target: ScalableTarget | None = None,
        retry: Sequence[RetryPolicy] | None = None,
        query_language: sfn.QueryLanguage | None = None,
    ) -> None:
        where = where_of(type(self).__name__, scope, construct_id)
        name: Any = getattr(inference_component, "resource_name", inference_component)
        problems: list[Problem] = []
        if name is None:
            use = "pass a CreateInferenceComponent, or the name of one"
            problems.append(Problem("nothing to scale", NOTHING, use, "argument-missing"))
        else:
            problems += name_problems(name, _NAME_MAX, "inference_component")
        if not isinstance(target, ScalableTarget):
            use = "pass ScalableTarget(min_capacity=0, max_capacity=2, ...)"
            problems.append(Problem("no scalable target", NOTHING if target is None else target, use, "argument-type"))
        key = key_of(str(construct_id))
        of = ("inference-component/", "")
        states = (
            ScalingStates(key=key, target=target, dimension=COPIES, of=of, prefix=str(construct_id))
            if isinstance(target, ScalableTarget)
            else None
        )
        late = {} if states is None else states.late
        named, jsonata = told(
            where,
            scope,
            construct_id,
            {"Name": name, **late},
            longest_id=_LONGEST_ID,
            problems=problems,
            retry=retry,
            query_language=query_language,
        )
        assert states is not None  # noqa: S101  (or it would have been said)
        super().__init__(scope, construct_id)
        said = named.to_state(jsonata=jsonata)
        in_policies = name_in_policies(named.fields["Name"])
        self._begin = Begin(
            self,
            self._named("Begin"),
            key=key,
            request={field: value for field, value in said.items() if field.removesuffix(LATE) not in late},
            assign={field: value for field, value in said.items() if field.removesuffix(LATE) in late},
            grants=list(states.grants(JobScope.of(self).arns, in_policies)),
            jsonata=jsonata,
        )
        states.build(self, f"{place_of(key)}.Name", "", retry)
        self._tasks = list(states.tasks)
        self._end = JsonataState(self, self._named("Registered"), Type="Pass", Output=without([key]))
        self._begin.next(states.tasks[0])
        states.tasks[-1].next(self._end)

    @property
    def start_state(self) -> sfn.State:
        return self._begin

    @property
    def end_states(self) -> list[sfn.INextable]:
        return [self._end]
