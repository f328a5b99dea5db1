"""A drill: every failure that SageMaker knows, once for each state, to see what the state machine makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import ACTIONS
from constructs_sm.interpreter.history import short
from constructs_sm.testing.run import Finding
from constructs_sm.testing.ways import Ways
from constructs_sm.testing.world.steps import MISSING, Always, Failed, Output, Step, Stopped, Throttled, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from constructs_sm.actions import Action
    from constructs_sm.testing.playing import Playing
    from constructs_sm.testing.run import Run

_ACTION_OF = {action.api: action for action in ACTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
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
_KINDS = (
    _Kind(name="throttled", step=lambda _: Throttled(), only_waiting=False, judge=_outlasts_a_throttle),
    _Kind(name="failed", step=lambda _: Failed(_REASON), only_waiting=True, judge=_says_that_it_failed),
    _Kind(name="stopped", step=lambda _: Stopped(), only_waiting=True, judge=_does_not_take_stopped_for_done),
    _Kind(name="never ends", step=lambda _: Always(TimedOut()), only_waiting=True, judge=_has_a_timeout),
    _Kind(
        name="output incomplete",
        step=_without_arn,
        only_waiting=True,
        judge=_misses_the_arn,
    ),
)


ALL_WELL = "all goes well"
ONCE_MORE = "all goes well once more"


@dataclass(frozen=True, slots=True)
class Exercise:
    """One run of a drill.

    Attributes:
        name: The failure, in words: `throttled`; or `all goes well`.
        state: The state that it happens to; empty where none does.
        run: The execution.
        findings: Everything that the state machine does wrong in it.
    """

    name: str
    state: str
    run: Run
    findings: tuple[Finding, ...]


def exercises(states: Mapping[str, str], first: Playing, second: Callable[[], Run]) -> Iterator[Exercise]:
    """Return each exercise as it comes: all goes well, twice; then each failure, applied to each state.

    Each failure goes on from a copy of the execution as it stood before the first call of its state.

    Args:
        states: Name and Resource of each task state.
        first: An execution that has not gone on yet, in which all goes well.
        second: Runs the state machine once more with the same input, in the account that the first has left.
    """
    drilled = {name: api for name, resource in states.items() if (api := _api(resource))}
    ways = Ways(first, drilled)
    well = ways.well
    broken = {state: failure.reason for state, failure in well.history.unsettled.items() if not well.expects(failure)}
    found = [Finding(state, f"fails when all goes well: {short(why)}") for state, why in broken.items()]
    found += well.findings
    if not well.succeeded:
        use = "script what it needs to succeed"
        found.append(_of_its_end(well, f"the execution ends with {well.error} before anything is drilled: {use}"))
    yield Exercise(ALL_WELL, "", well, tuple(found))
    if not well.succeeded:
        return
    again = second()
    is_taken = f"a second execution with this input ends with {again.error}: names are taken once"
    yield Exercise(ONCE_MORE, "", again, () if again.error == well.error else (_of_its_end(again, is_taken),))
    known = set(well.findings)
    for name, api in drilled.items():
        if name not in ways or name in broken:
            continue
        for kind in _KINDS:
            if kind.only_waiting and not _waits(states[name]):
                continue
            came = ways.befallen(name, kind.step(_ACTION_OF[api]))
            problem = kind.judge(came)
            about = [Finding(name, f"{kind.name}: {problem}")] if problem else []
            about += [
                Finding(each.state, f"{kind.name}: {each.problem}") for each in came.findings if each not in known
            ]
            yield Exercise(kind.name, name, came, tuple(about))


def _of_its_end(run: Run, problem: str) -> Finding:
    return Finding(run.failure.state if run.failure else "", problem)


def _api(resource: str) -> str:
    """The API of SageMaker that a state calls by its optimized integration; empty of all other states."""
    api = resource.rpartition("sagemaker:")[2].partition(".")[0]
    return "" if api not in _ACTION_OF or ":aws-sdk:" in resource else api


def _waits(resource: str) -> bool:
    return "." in resource.rpartition("sagemaker:")[2]
