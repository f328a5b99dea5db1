"""Scripts made of the history of an execution, so that a rehearsal goes as it went."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.commands.rehearsals import beginning_of_answer
from constructs_sm.commands.scripts import ANSWERS
from constructs_sm.language.errors import InvalidInputError, Problem, choose_from
from constructs_sm.testing.attempts import course_of
from constructs_sm.testing.source.histories import ENDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.testing.attempts import Attempt, Course
    from constructs_sm.testing.source.histories import Event

_SAGEMAKER: Final = ("sagemaker", "aws-sdk:sagemaker")
_LACKS_DATA: Final = "is not in the history (includeExecutionData=false, or it was cut)"


@dataclass(slots=True)
class Recorded:
    """A script, and what the history does not say.

    Attributes:
        script: As `rehearse --script` takes it.
        ended: How the execution ended: its status, error and cause.
        notes: Lines on what is to be filled in, or goes otherwise.
    """

    script: dict[str, Any]
    ended: str
    notes: list[str] = field(default_factory=list)


def recorded(where: str, events: Sequence[Event], *, start_at: str | None = None) -> Recorded:
    """The script of an execution.

    Args:
        where: The history's name in messages.
        events: The events of its history.
        start_at: The state that the rehearsal is to start at. Default: where the execution did.

    Raises:
        InvalidInputError: The execution has not come to the state to start at.
    """
    notes: list[str] = []
    course = course_of(events)
    script: dict[str, Any] = {"input": _input(events, notes)}
    first = 0
    if start_at is not None:
        entered = _entering(where, events, start_at)
        script |= {"start_at": start_at, "state_input": _given(entered, start_at, notes)}
        script["variables"] = _variables(events, entered, course, notes)
        first = entered.id
    steps: dict[str, list[Any]] = {}
    answers: dict[str, list[Any]] = {}
    for attempt in course.attempts:
        if attempt.begun.id > first:
            said = steps if attempt.service in _SAGEMAKER else answers
            said.setdefault(attempt.address, []).append(_said(attempt, notes))
    script |= {"steps": steps, "answers": answers}
    last = events[-1]
    if redrives := sum(event.type == "ExecutionRedriven" for event in events):
        script["redrives"] = redrives
    if last.type == "ExecutionAborted" and last.at is not None and events[0].at is not None:
        script["abort_after_seconds"] = round(last.at - events[0].at)
    if last.type not in ENDS:
        notes.append("the execution had not ended: what it was waiting for never ends in the rehearsal")
    notes += [
        f"{name}: each child workflow of this distributed Map has a history of its own; what its states did is not here"
        for name in _distributed(events, course)
    ]
    return Recorded(script, _ended(last), list(dict.fromkeys(notes)))


def _ended(last: Event) -> str:
    said = ENDS.get(last.type, "RUNNING")
    told = ": ".join(filter(None, (last.text("error"), last.text("cause"))))
    return f"{said}: {told}" if told else said


def _input(events: Sequence[Event], notes: list[str]) -> Any:
    for event in events:
        if event.type == "ExecutionStarted":
            return _parsed(event.text("input"), "the execution's input", notes, {})
    return {}


def _parsed(text: Any, what: str, notes: list[str], instead: Any) -> Any:
    """The JSON in a text; *instead*, with a note, where there is none."""
    with contextlib.suppress(TypeError, ValueError, RecursionError):
        return json.loads(text)
    notes.append(f"{what} {_LACKS_DATA}; fill it in")
    return instead


def _entering(where: str, events: Sequence[Event], state: str) -> Event:
    """The event in which the execution first entered a state."""
    entered = [event for event in events if event.type.endswith("StateEntered")]
    for event in entered:
        if event.details.get("name") == state:
            return event
    names = list(dict.fromkeys(str(event.details.get("name")) for event in entered))
    use = choose_from(names, state, verb="name")
    raise InvalidInputError(
        where, [Problem("the execution has not come to this state", state, use, "history-of-execution")]
    )


def _given(entered: Event, state: str, notes: list[str]) -> Any:
    return _parsed(entered.text("input"), f"the input of {state}", notes, {})


def _variables(events: Sequence[Event], entered: Event, course: Course, notes: list[str]) -> dict[str, Any]:
    """The variables that states had assigned until one was entered. Those of iterations and branches end with them."""
    found: dict[str, Any] = {}
    for event in events:
        assigned = event.details.get("assignedVariables")
        if event.id >= entered.id or course.places[event.id].around or not isinstance(assigned, dict):
            continue
        found |= {name: _parsed(text, f"the variable {name}", notes, None) for name, text in assigned.items()}
    return found


def _said(attempt: Attempt, notes: list[str]) -> Any:
    """A step or an answer of a script: what became of an attempt."""
    of_sagemaker = attempt.service in _SAGEMAKER
    if attempt.timed_out:
        return {"NoHeartbeat": {}} if attempt.missed_a_heartbeat and not of_sagemaker else {"TimedOut": {}}
    assert attempt.ended is not None  # noqa: S101 - it did not time out
    took = {"seconds": attempt.seconds} if attempt.waits and attempt.seconds and not attempt.was_refused else {}
    if not attempt.succeeded:
        error = {"error": attempt.ended.text("error") or "", "cause": attempt.ended.text("cause")}
        return {"Recorded": {**error, **took}}
    text = attempt.ended.text("output")
    if text is None and of_sagemaker:
        return {"Output": took}  # SageMaker is played, and says what it would
    instead = beginning_of_answer(attempt.service, attempt.api)
    output = _parsed(text, f"what {attempt.address} yielded", notes, instead)
    is_plain = (
        not of_sagemaker
        and not took
        and not (isinstance(output, dict) and len(output) == 1 and output.keys() & ANSWERS)
    )
    return output if is_plain else {"Recorded": {"output": output, **took}}


def _distributed(events: Sequence[Event], course: Course) -> list[str]:
    """The Map states that started child workflows."""
    return list(dict.fromkeys(course.places[event.id].state for event in events if event.type == "MapRunStarted"))
