"""Histories of executions, as `aws stepfunctions get-execution-history` writes them: pages of events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem
from constructs_sm.language.numbers import READ_AS, is_number, is_whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_COMMAND: Final = "aws stepfunctions get-execution-history --execution-arn ARN"
_MILLISECONDS: Final = 100_000_000_000
"""From here on a number is a time in milliseconds: of seconds, it would be in the year 5138."""
ENDS: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
"""The events that end an execution, with its status."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of an execution.

    Attributes:
        id: Its number.
        previous: The number of the event that it comes of; 0 of the first.
        type: As `TaskStateEntered`.
        at: Seconds since 1970; None where nothing says when.
        details: The fields that events of its type have.
    """

    id: int
    previous: int
    type: str
    at: float | None
    details: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """A field with a text; None where it is left out, or cut."""
        said = self.details.get(f"{name}Details")
        is_cut = isinstance(said, Mapping) and said.get("truncated") is True
        value = self.details.get(name)
        return value if isinstance(value, str) and not is_cut else None


def events_of(pages: Sequence[tuple[str, str]]) -> list[Event]:
    """The events of one execution, in order.

    Args:
        pages: Name and content of each file; one may have several pages, one behind the other.

    Raises:
        InvalidInputError: They are no history, or there is more to it.
    """
    found: dict[int, Event] = {}
    goes_on = False
    for where, text in pages:
        for page in _documents(where, text):
            said, more = _events_in(where, page)
            goes_on = goes_on or more
            for number, event in enumerate(said, 1):
                one = _event(where, event, number)
                if found.setdefault(one.id, one) != one:
                    use = "give the pages of one execution"
                    raise _refusal(where, "two events have one number: there are two executions in it", one.id, use)
    where = pages[0][0]
    events = [found[number] for number in sorted(found)]
    if not events:
        raise _refusal(where, "the history has no events", NOTHING, f"give the output of: {_COMMAND}")
    _check_whole(where, events, goes_on=goes_on)
    return events


def _documents(where: str, text: str) -> Iterator[Any]:
    """Every document in a file: who asks for page after page has one behind the other."""
    decoder, at = json.JSONDecoder(**READ_AS), 0
    try:
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            content, at = decoder.raw_decode(text, at)
            yield content
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        use = f"give the output of: {_COMMAND} --output json"
        raise _refusal(where, "this is no JSON", place, use) from error
    except ValueError as error:
        raise _refusal(where, "this is no JSON", str(error), f"give the output of: {_COMMAND} --output json") from error
    except RecursionError as error:
        raise _refusal(where, "nested too deeply", NOTHING, f"give the output of: {_COMMAND}") from error


def _events_in(where: str, page: Any) -> tuple[list[Any], bool]:
    """The events of a page, and whether there are more behind it."""
    if isinstance(page, list):
        parts = [
            _events_in(where, one) if isinstance(one, Mapping) and "events" in one else ([one], False) for one in page
        ]
        return [event for events, _ in parts for event in events], any(more for _, more in parts)
    if isinstance(page, Mapping) and isinstance(page.get("events"), list):
        return page["events"], bool(page.get("nextToken") or page.get("NextToken"))
    got = f"an object with {', '.join(map(str, list(page)[:3]))}" if isinstance(page, Mapping) and page else page
    raise _refusal(where, "this is no history of an execution", got, f"give the output of: {_COMMAND}")


def _event(where: str, said: Any, number: int) -> Event:
    problem = None
    if not isinstance(said, Mapping) or not isinstance(said.get("type"), str):
        problem = "it has no type"
    elif not is_whole_number(said.get("id"), least=1):
        problem = "it has no id"
    if problem:
        use = f"give the output of: {_COMMAND}"
        raise _refusal(where, f"event {number} is none of Step Functions: {problem}", said, use)
    details = next((value for name, value in said.items() if name.endswith("EventDetails")), None)
    previous = said.get("previousEventId")
    return Event(
        id=said["id"],
        previous=previous if isinstance(previous, int) else 0,
        type=said["type"],
        at=_seconds(said.get("timestamp")),
        details=details if isinstance(details, Mapping) else {},
    )


def _seconds(said: Any) -> float | None:
    """A time as one of the AWS CLI's versions writes it, or boto3."""
    if is_number(said):
        return said / 1000 if said >= _MILLISECONDS else float(said)
    if not isinstance(said, str):
        return None
    text = said.strip().replace("Z", "+00:00")
    head, dot, rest = text.partition(".")
    if dot:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        text = f"{head}.{digits[:6]:0<6}{rest[len(digits) :]}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _check_whole(where: str, events: Sequence[Event], *, goes_on: bool) -> None:
    """Refuse a history with pages missing: what is not there would be played as if it had gone well."""
    gaps = list(_gaps(event.id for event in events))
    if gaps:
        missing = ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in gaps[:3])
        use = "give every page of the history, in any order: several files, or one behind the other"
        raise _refusal(where, f"events {missing} are missing", f"{len(events)} events", use)
    if goes_on and events[-1].type not in ENDS:
        use = "leave out --max-items and --no-paginate, or give the files of all pages"
        raise _refusal(where, "the history goes on: it ends with a nextToken", f"{len(events)} events", use)


def _gaps(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    expected = 1
    for number in numbers:
        if number > expected:
            yield expected, number - 1
        expected = number + 1


def _refusal(where: str, what: str, got: object, use: str) -> InvalidInputError:
    return InvalidInputError(where, [Problem(what, got, use, "history-of-execution")])
