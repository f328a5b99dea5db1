"""A drill: every failure that SageMaker knows, once for each state, to see what the state machine makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import ACTIONS
from constructs_sm.testing.run import Finding
from constructs_sm.testing.steps import MISSING, Always, Failed, Output, Step, Stopped, Throttled, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from constructs_sm.actions import Action
    from constructs_sm.testing.run import Run

_ACTION_OF = {action.api: action for action in ACTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exercise:
    """One failure, and what is wrong with a state machine that does not stand it."""

    name: str
    step: Callable[[Any], Step | Always]
    only_waiting: bool
    judge: Callable[[Run], str | None]


def _outlasts_a_throttle(run: Run) -> str | None:
    if run.succeeded:
        return None
    return f"one throttled call ends the execution, with {run.error}: retry SageMaker.AmazonSageMakerException"


def _says_that_it_failed(run: Run) -> str | None:
    if run.error == "SageMaker.ResourceInUseException":
        return "a failed job is tried again under its own name, and the error is that the name is taken"
    if run.succeeded and run.history.unsettled:
        return None  # caught: whether the reason is lost is a finding of its own
    return "a job that fails passes for a success" if run.succeeded else None


def _does_not_take_stopped_for_done(run: Run) -> str | None:
    return "a stopped job passes for a success: check its status" if run.succeeded else None


def _has_a_timeout(run: Run) -> str | None:
    long = 366 * 86_400
    return "a job that never ends is waited for without end: set TimeoutSeconds" if run.seconds > long else None


def _misses_the_arn(run: Run) -> str | None:
    return (
        f"an output without its ARN ends in {run.error}, which nothing can catch"
        if run.error == "States.Runtime"
        else None
    )


def _without_arn(action: Action) -> Step:
    fields: dict[str, Any] = {action.arn_field: MISSING}
    return Output(**fields)


_REASON = "AlgorithmError: the drill"
_EXERCISES = (
    _Exercise(name="throttled", step=lambda _: Throttled(), only_waiting=False, judge=_outlasts_a_throttle),
    _Exercise(name="failed", step=lambda _: Failed(_REASON), only_waiting=True, judge=_says_that_it_failed),
    _Exercise(name="stopped", step=lambda _: Stopped(), only_waiting=True, judge=_does_not_take_stopped_for_done),
    _Exercise(name="never ends", step=lambda _: Always(TimedOut()), only_waiting=True, judge=_has_a_timeout),
    _Exercise(
        name="output incomplete",
        step=_without_arn,
        only_waiting=True,
        judge=_misses_the_arn,
    ),
)


def drill(states: Mapping[str, str], run: Callable[..., Run]) -> Iterator[Finding]:
    """What *run* of each exercise of each state finds.

    Args:
        states: Name and Resource of each task state.
        run: Runs the state machine with these steps for a state; with none if all goes well.
    """
    well = run()
    yield from well.findings
    if not well.succeeded:
        state = well.failure.state if well.failure else ""
        yield Finding(state, f"the execution ends with {well.error} when all goes well")
        return
    for name, resource in states.items():
        api, _, pattern = resource.rpartition("sagemaker:")[2].partition(".")
        if api not in _ACTION_OF or ":aws-sdk:" in resource or name not in well.states:
            continue
        for exercise in _EXERCISES:
            if exercise.only_waiting and not pattern:
                continue
            came = run(name, exercise.step(_ACTION_OF[api]))
            if problem := exercise.judge(came):
                yield Finding(name, f"{exercise.name}: {problem}")
            yield from (Finding(each.state, f"{exercise.name}: {each.problem}") for each in came.findings)
