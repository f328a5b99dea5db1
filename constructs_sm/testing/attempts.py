"""The attempts of an execution's tasks, as its history tells them: whose each was, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.testing.source.histories import Event

_BEGINS: Final = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")
_SUCCEEDS: Final = ("TaskSucceeded", "LambdaFunctionSucceeded", "ActivitySucceeded")
_TIMES_OUT: Final = ("TaskTimedOut", "LambdaFunctionTimedOut", "ActivityTimedOut")
_FAILS: Final = (
    "TaskFailed",
    "TaskStartFailed",
    "TaskSubmitFailed",
    "LambdaFunctionFailed",
    "LambdaFunctionScheduleFailed",
    "LambdaFunctionStartFailed",
    "ActivityFailed",
    "ActivityScheduleFailed",
)
_ENDS: Final = frozenset((*_SUCCEEDS, *_FAILS, *_TIMES_OUT))
_KINDS: Final = ("Task", "LambdaFunction", "Activity")
_OPENS: Final = "MapIterationStarted"
_CLOSES: Final = ("ParallelStateSucceeded", "ParallelStateFailed", "ParallelStateAborted")
_WAITS: Final = (".sync", ".sync:2", ".waitForTaskToken")


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an event.

    Attributes:
        state: The state that it is of.
        around: The Map and Parallel states around that, the outermost first: name, and number of an iteration.
        attempt: The attempt of a task that is under way there.
    """

    state: str = ""
    around: tuple[tuple[str, int | None], ...] = ()
    attempt: Attempt | None = None

    def outside(self, name: str) -> Place:
        """The place in the state *name*, which is around nothing any more."""
        names = [each for each, _ in self.around]
        return Place(name, self.around[: names.index(name)] if name in names else self.around)

    def inside(self, number: int | None) -> Place:
        """The place within a branch or an iteration of the state that this is of."""
        return Place("", (*self.around, (self.state, number)))


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt of a task.

    Attributes:
        place: The place of its state.
        begun: The event that begins it.
        ended: The event that ends it; None if nothing does.
    """

    place: Place
    begun: Event
    ended: Event | None = None

    @property
    def address(self) -> str:
        """The name that a script has for it."""
        numbers = (number for _, number in self.place.around if number is not None)
        return self.place.state + "".join(f"[{number}]" for number in numbers)

    @property
    def service(self) -> str:
        """As in a Resource: `sagemaker`, `lambda`, `aws-sdk:sagemaker`; `activity` of an activity."""
        kind = {"LambdaFunctionScheduled": "lambda", "ActivityScheduled": "activity"}
        return kind.get(self.begun.type) or str(self.begun.details.get("resourceType", ""))

    @property
    def api(self) -> str:
        """As in a Resource: `createTrainingJob.sync`."""
        return "invoke" if self.service == "lambda" else str(self.begun.details.get("resource", ""))

    @property
    def waits(self) -> bool:
        return self.service == "activity" or self.api.endswith(_WAITS)

    @property
    def was_refused(self) -> bool:
        """Return True if the call itself failed, so that there was nothing to wait for."""
        return self.ended is not None and self.ended.type.endswith(("SubmitFailed", "StartFailed", "ScheduleFailed"))

    @property
    def succeeded(self) -> bool:
        return self.ended is not None and self.ended.type in _SUCCEEDS

    @property
    def timed_out(self) -> bool:
        """Return True if it ended because nobody ended it."""
        return self.ended is None or self.ended.type in _TIMES_OUT

    @property
    def missed_a_heartbeat(self) -> bool:
        """Return True if it ended sooner than its timeout, since nobody sent a heartbeat."""
        beat, limit = (self.begun.details.get(f"{name}InSeconds") for name in ("heartbeat", "timeout"))
        if self.ended is None or self.ended.type not in _TIMES_OUT or not isinstance(beat, int):
            return False
        return not isinstance(limit, int) or (self.seconds is not None and self.seconds < limit)

    @property
    def seconds(self) -> int | None:
        """The time that it took; None where nothing says so."""
        if self.ended is None or self.ended.at is None or self.begun.at is None:
            return None
        return max(round(self.ended.at - self.begun.at), 0)


@dataclass(frozen=True, slots=True)
class Course:
    """The course of an execution.

    Attributes:
        attempts: Every attempt of every task, in the order in which they began.
        places: The place of each event, by its number.
    """

    attempts: list[Attempt]
    places: dict[int, Place]


def course_of(events: Sequence[Event]) -> Course:
    """Find whose each event is.

    Each names the one that it comes of, which leads back to its state, whatever happens beside it. Where that leads
    nowhere, as behind a failed evaluation or a redrive, the last of the same state or the same call is taken.
    """
    course = Course([], {0: Place()})
    entered: dict[str, Place] = {}
    for event in events:
        place = _placed(event, course.places.get(event.previous, Place()), entered)
        if event.type in _BEGINS:
            place = _calling(event, place, course.attempts)
        elif event.type in _ENDS and place.attempt is None:
            place = _ending(event, place, course.attempts)
        if event.type in _BEGINS or (event.type in _FAILS and place.attempt is None):
            attempt = Attempt(place, event)
            course.attempts.append(attempt)
            place = replace(place, attempt=attempt)
        if event.type in _ENDS and place.attempt is not None:
            place.attempt.ended = event
            place = replace(place, attempt=None)
        course.places[event.id] = place
    return course


def _placed(event: Event, before: Place, entered: dict[str, Place]) -> Place:
    """The place of an event that comes of one at the place *before*."""
    name: Any = event.details.get("name")
    if isinstance(name, str) and event.type.endswith(("StateEntered", "StateExited")):
        entered[name] = before.outside(name)
        return entered[name]
    if isinstance(name, str) and event.type.startswith("MapIteration"):
        number = event.details.get("index")
        outside = before.outside(name)
        return outside.inside(number if isinstance(number, int) else 0) if event.type == _OPENS else outside
    if event.type == "EvaluationFailed":
        return entered.get(str(event.details.get("state")), before)
    if event.type == "ParallelStateStarted":
        return before.inside(None)
    if event.type in _CLOSES:
        return next((before.outside(each) for each, number in reversed(before.around) if number is None), before)
    return before


def _calling(event: Event, place: Place, attempts: Sequence[Attempt]) -> Place:
    """The place of an event that begins an attempt: of the state that has made the same call, where another is said."""
    same = [one for one in attempts if _kind(one.begun) == _kind(event) and not one.succeeded]
    others = any(one.place.state == place.state and _kind(one.begun) != _kind(event) for one in attempts)
    return replace(same[-1].place, attempt=None) if same and (others or not place.state) else place


def _ending(event: Event, place: Place, attempts: Sequence[Attempt]) -> Place:
    """The place of an event that ends an attempt and comes of none: of the last such one that is under way."""
    for one in reversed(attempts):
        if one.ended is None and _kind(one.begun) == _kind(event):
            return replace(one.place, attempt=one)
    return place


def _kind(event: Event) -> tuple[Any, ...]:
    kind = next(kind for kind in _KINDS if event.type.startswith(kind))
    return kind, event.details.get("resourceType"), event.details.get("resource")
