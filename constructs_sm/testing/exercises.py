"""Exercises of a drill: what happens to a task, and what is wrong with a state machine that does not stand it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.actions import ACTIONS
from constructs_sm.interpreter.history import MAX_EVENTS
from constructs_sm.interpreter.resources import Resource, resource_of
from constructs_sm.language.error_names import WILDCARDS
from constructs_sm.language.flow import OPTIONAL
from constructs_sm.testing.world.apis import BEGUN
from constructs_sm.testing.world.other_services import error_of, spelled
from constructs_sm.testing.world.steps import (
    MISSING,
    Always,
    Failed,
    Output,
    Recorded,
    Step,
    Stopped,
    Throttled,
    TimedOut,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from constructs_sm.actions import Action
    from constructs_sm.testing.run import Run

REASON: Final = "AlgorithmError: the drill"
_YEAR: Final = 366 * 86_400
_ACTION_OF: Final = {action.api: action for action in ACTIONS}
_BUSY: Final = {"lambda": "Lambda.TooManyRequestsException"}
"""The errors of services that are too busy, where AWS's best practices name one."""
_MADE: Final = re.compile(r"(?:create|update)(\w+)")


@dataclass(frozen=True, slots=True)
class Drilled:
    """A task that is drilled.

    Attributes:
        name: Its state.
        resource: What it calls.
        action: The row of SageMaker's API; None of another service, and of the SDK integration.
        watched: True if it begins something of SageMaker that another state describes.
        retried: The errors that it retries by their names.
        tasks: The names of all states that call something.
        is_one_of_many: True if it is inside a Map, which may go on without one of its items.
    """

    name: str
    resource: Resource
    action: Action | None
    watched: bool
    retried: tuple[str, ...]
    tasks: frozenset[str]
    is_one_of_many: bool

    @classmethod
    def of(
        cls, name: str, state: Mapping[str, Any], apis: Collection[str], tasks: frozenset[str], *, in_a_map: bool
    ) -> Drilled:
        """The task that a state is, in a state machine that calls *apis* of SageMaker."""
        resource = resource_of(state["Resource"])
        is_sagemaker = resource.service == "sagemaker"
        errors = (error for retrier in state.get("Retry", ()) for error in retrier["ErrorEquals"])
        return cls(
            name=name,
            resource=resource,
            action=_ACTION_OF.get(resource.api) if is_sagemaker and not resource.sdk else None,
            watched=is_sagemaker and _described(resource) in {api.lower() for api in apis},
            retried=tuple(error for error in errors if error not in WILDCARDS),
            tasks=tasks,
            is_one_of_many=in_a_map,
        )

    @property
    def is_sagemaker(self) -> bool:
        return self.resource.service == "sagemaker"

    @property
    def waits(self) -> bool:
        return self.resource.waits

    @property
    def error(self) -> str:
        """The error of a call that a service is too busy for: one that the state retries by name, if it does."""
        own = f"{spelled(self.resource.service)}."
        general = _BUSY.get(self.resource.service) or error_of(self.resource.service, sdk=self.resource.sdk)
        return next((each for each in self.retried if each.startswith(own)), general)


def _described(resource: Resource) -> str:
    """The API that describes what a call begins, in small letters; empty where it begins nothing."""
    begun = BEGUN.get(f"{resource.api[:1].upper()}{resource.api[1:]}")
    if begun is not None:
        return (begun.describe or "").lower()
    made = None if resource.sdk and resource.api.startswith("update") else _MADE.fullmatch(resource.api)
    return f"describe{made[1]}".lower() if made and not resource.waits else ""


@dataclass(frozen=True, slots=True)
class Exercise:
    """One failure, and what is wrong with a state machine that does not stand it.

    Attributes:
        name: Its name in findings.
        is_for: Tells whether a task can meet it.
        step: The failure.
        judge: Says what is wrong, of the run that it leads to and the one in which all goes well; None if nothing is.
    """

    name: str
    is_for: Callable[[Drilled], bool]
    step: Callable[[Drilled], Step | Always]
    judge: Callable[[Drilled, Run, Run], str | None]


def _busy(task: Drilled) -> Step:
    return Throttled() if task.is_sagemaker else Recorded(error=task.error, cause="Rate exceeded")


def _broken(task: Drilled) -> Step | Always:
    if task.is_sagemaker:
        return Failed(REASON)
    return Always(Recorded(error="States.TaskFailed" if task.waits else task.error, cause=REASON))


def _without_arn(task: Drilled) -> Step:
    fields: dict[str, Any] = {task.action.arn_field: MISSING} if task.action else {}
    return Output(**fields)


def _outlasts_a_throttle(task: Drilled, run: Run, _: Run) -> str | None:
    if not run.went_well:
        return f"one throttled call ends the execution, with {run.error}: retry {task.error}"
    failure = run.history.unsettled.get(task.name)
    if failure is None or run.expects(failure):
        return None
    return f"one throttled call is taken for a failure, and caught: retry {task.error}"


def _says_that_it_failed(task: Drilled, run: Run, well: Run) -> str | None:
    if run.error == "SageMaker.ResourceInUseException":
        return "a failed job is tried again under its own name, and the error is that the name is taken"
    failure = run.history.unsettled.get(task.name)
    if not run.succeeded or failure is None or run.expects(failure) or task.is_one_of_many:
        return None
    if _work_behind(task, run) & _work_behind(task, well) or task.name.endswith(OPTIONAL):
        return None  # it goes on without it, on purpose
    return "its failure is caught, and the execution ends as a success: end in a Fail state"


def _work_behind(task: Drilled, run: Run) -> set[str]:
    """The states that call something and were entered after a task."""
    at = len(run.states) - run.states[::-1].index(task.name)
    return {state for state in run.states[at:] if state in task.tasks}


def _does_not_take_stopped_for_done(_: Drilled, run: Run, __: Run) -> str | None:
    return "a stopped job passes for a success: check its status" if run.succeeded else None


def _has_a_timeout(task: Drilled, run: Run, _: Run) -> str | None:
    if run.seconds <= _YEAR:
        return None
    what = "a job that never ends" if task.is_sagemaker else "what never ends"
    return f"{what} is waited for without end: set TimeoutSeconds"


def _misses_the_arn(_: Drilled, run: Run, __: Run) -> str | None:
    if run.error != "States.Runtime":
        return None
    return f"an output without its ARN ends in {run.error}, which nothing can catch"


def _sees_that_it_failed(_: Drilled, run: Run, __: Run) -> str | None:
    return "what it begins fails, and passes for a success: check its status" if run.succeeded else None


def _stops_looking(_: Drilled, run: Run, __: Run) -> str | None:
    if run.seconds <= _YEAR and not (run.error == "States.Runtime" and run.events >= MAX_EVENTS):
        return None
    return "what it begins is looked at without end: count the turns, or set TimeoutSeconds of the state machine"


EXERCISES: Final = (
    Exercise("throttled", lambda task: task.resource.service != "activity", _busy, _outlasts_a_throttle),
    Exercise("failed", lambda task: task.waits or not task.is_sagemaker, _broken, _says_that_it_failed),
    Exercise(
        "stopped", lambda task: task.waits and task.is_sagemaker, lambda _: Stopped(), _does_not_take_stopped_for_done
    ),
    Exercise("never ends", lambda task: task.waits, lambda _: Always(TimedOut()), _has_a_timeout),
    Exercise("output incomplete", lambda task: task.waits and task.is_sagemaker, _without_arn, _misses_the_arn),
    Exercise("fails later", lambda task: task.watched, lambda _: Failed(REASON), _sees_that_it_failed),
    Exercise("never ends", lambda task: task.watched, lambda _: Always(TimedOut()), _stops_looking),
)
"""Everything that a drill lets happen, each once for each task that can meet it."""
