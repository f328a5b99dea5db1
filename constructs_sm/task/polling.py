"""The loop that looks at something until it has settled, and how often it looks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem
from constructs_sm.language.jsonata import merged, object_of, place_of
from constructs_sm.language.late_bound import is_token
from constructs_sm.task.custom_states import JsonataState, JsonataTask

from aws_cdk import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

_EVENTS_OF_A_LOOK = 9
"""Entered and exited thrice, and a task scheduled, started and succeeded."""
_MOST_LOOKS = 2_000
"""Leaves 7,000 of an execution's 25,000 events to the rest of it."""
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


@dataclass(frozen=True, slots=True)
class Looks:
    """How often something is looked at before it is given up, and how long between."""

    interval_seconds: int
    most: int

    @classmethod
    def of(cls, interval: Duration, timeout: Duration, problems: list[Problem]) -> Looks:
        """As often as *interval* goes into *timeout*; what is wrong with them goes to *problems*."""
        seconds = {"interval": seconds_of(interval), "timeout": seconds_of(timeout)}
        for argument, value in seconds.items():
            if value is None:
                shown = interval if argument == "interval" else timeout
                problems.append(
                    Problem(f"{argument} must be a Duration of whole seconds", shown, "pass Duration.hours(1)")
                )
        every, until = seconds["interval"] or 1, seconds["timeout"] or 1
        most = math.ceil(until / every)
        if most > _MOST_LOOKS and None not in seconds.values():
            problems.append(
                Problem(
                    "too many looks for the 25000 events an execution may have",
                    f"{most} looks of {_EVENTS_OF_A_LOOK} events",
                    f"pass an interval of {math.ceil(until / _MOST_LOOKS)} seconds or more",
                )
            )
        return cls(every, most)

    @property
    def total(self) -> str:
        """How long that is, in words."""
        return words_for(self.interval_seconds * self.most)


def words_for(seconds: int) -> str:
    """A time as a sentence says it."""
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds % size == 0), ("second", 1))
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"


def seconds_of(value: object) -> int | None:
    """A Duration in seconds; None if it is none, or not of whole seconds."""
    try:
        seconds = value.to_seconds() if isinstance(value, Duration) else None
    except RuntimeError:
        return None
    return int(seconds) if seconds and not is_token(seconds) else None


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
        looks: Looks,
    ) -> None:
        """Make the two states.

        Args:
            scope: The fragment.
            names: What the Task and the Wait are called.
            call: The fields of the Task: see `describing`.
            key: Where the record is.
            record: What the record is after a look: JSONata expressions without their marks.
            looks: How often, and how long between.
        """
        place = place_of(key)
        self.call = call
        self.output = merged(key, object_of({**record, "Looks": f"{place}.Looks"}))
        self.task = JsonataTask(scope, names[0], **call, Output=self.output)
        self.wait = JsonataState(
            scope,
            names[1],
            Type="Wait",
            Seconds=looks.interval_seconds,
            Output=merged(key, f"$merge([{place}, {{'Looks': $sum([{place}.Looks, 1])}}])"),
        )
        self.wait.next(self.task)
        self.is_exhausted = f"$sum([{place}.Looks, 0]) >= {looks.most}"
