"""The loop that polls something until it has settled, and how often it does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.language.durations import seconds_of
from constructs_sm.language.errors import Problem
from constructs_sm.language.jsonata import merged, object_of, place_of
from constructs_sm.task.custom_states import JsonataState, JsonataTask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.settings import Time

    from constructs import Construct

_EVENTS_OF_A_POLL = 9
"""Entered and exited thrice, and a task scheduled, started and succeeded."""
_MOST_POLLS = 2_000
"""Leaves 7,000 of an execution's 25,000 events to the rest of it."""
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


@dataclass(frozen=True, slots=True)
class Polls:
    """Number of times that something is described before it is given up, and the time between."""

    interval_seconds: int
    most: int

    @classmethod
    def of(cls, given: Mapping[str, Time | None], defaults: Mapping[str, int], problems: list[Problem]) -> Polls:
        """As often as the interval goes into the timeout.

        Args:
            given: `interval` and `timeout`; None where nothing is given.
            defaults: Seconds for those.
            problems: Told what is wrong with them.
        """
        seconds: dict[str, int | None] = {}
        for argument, default in defaults.items():
            value = given[argument]
            seconds[argument] = default if value is None else seconds_of(value)
            if seconds[argument] is None:
                what = f"{argument} must be a Duration of whole seconds"
                problems.append(Problem(what, value, "pass Duration.hours(1), or seconds"))
        every, until = seconds["interval"] or 1, seconds["timeout"] or 1
        most = math.ceil(until / every)
        if most > _MOST_POLLS and None not in seconds.values():
            problems.append(
                Problem(
                    "too many polls for the 25000 events an execution may have",
                    f"{most} polls of {_EVENTS_OF_A_POLL} events",
                    f"pass an interval of {math.ceil(until / _MOST_POLLS)} seconds or more",
                )
            )
        return cls(every, most)

    @property
    def total(self) -> str:
        """Time in all, in words."""
        return words_for(self.interval_seconds * self.most)


def words_for(seconds: int) -> str:
    """A time as a sentence says it."""
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds % size == 0), ("second", 1))
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"


class Polling:
    """A Task that describes something, and a Wait before the next look.

    What is between them is the caller's: a Choice that says whether to go on, to give up (`is_exhausted`) or to wait.
    How often it was looked is counted in the record under *key*, which the description joins.

    Attributes:
        call: The fields of the Task.
        output: The Output of the Task.
        task: The Task. A look begins here.
        wait: The Wait, which counts and leads to the Task.
        is_exhausted: Whether it was looked often enough, in JSONata without its marks.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        names: tuple[str, str],
        call: Mapping[str, Any],
        key: str,
        record: Mapping[str, str],
        polls: Polls,
    ) -> None:
        """Make the two states.

        Args:
            scope: The fragment.
            names: What the Task and the Wait are called.
            call: The fields of the Task: see `describing`.
            key: Where the record is.
            record: What the record is after a look: JSONata expressions without their marks.
            polls: How often, and how long between.
        """
        place = place_of(key)
        self.call = call
        self.output = merged(key, object_of({**record, "Looks": f"{place}.Looks"}))
        self.task = JsonataTask(scope, names[0], **call, Output=self.output)
        self.wait = JsonataState(
            scope,
            names[1],
            Type="Wait",
            Seconds=polls.interval_seconds,
            Output=merged(key, f"$merge([{place}, {{'Looks': $sum([{place}.Looks, 1])}}])"),
        )
        self.wait.next(self.task)
        self.is_exhausted = f"$sum([{place}.Looks, 0]) >= {polls.most}"
