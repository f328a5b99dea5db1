"""Two executions that have come to the same place, and differ in nothing but chance and the clock.

From there on the one does what the other does. What stands otherwise in their payloads, and not by chance or the clock,
makes two executions different, so that each has to be played.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter.branches import Branch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from constructs_sm.interpreter.execution import Execution

_VARIES: Final = re.compile(
    r"(?P<time>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)|(?P<chance>[0-9a-f][0-9a-f-]{6,}[0-9a-f])"
)
"""A time; and what a text has of a UUID or a hash, whole or cut."""
_SECONDS: Final = range(1_000_000_000, 10_000_000_000)
"""The numbers that may be times of these centuries; with three digits more, in milliseconds."""
_ROUNDED: Final = 1.0
"""By so much two times differ that were rounded to seconds."""
_FLOATS: Final = 1e-6
"""By less two times differ that are sums of the same numbers."""
_VIRTUAL: Final = frozenset({"entered_at", "begun_at"})
"""Fields with a virtual time in them."""
_NOT_COMPARED: Final = frozenset({"parent", "turn", "token", "counter", "entered_event", "tried_at"})
"""Fields that branches have for themselves, and no state sees."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """The difference between two executions that go on alike."""

    shift: float
    """Seconds by which the one is later."""
    ends_before: float
    """The time at which the one is ended from outside, by a timeout or an abort."""
    unlike: frozenset[str]
    """The fields of the input that are not alike: the two go on alike as long as nothing reads them."""


def likeness(one: Execution, other: Execution) -> Likeness | None:
    """Compare *one* with *other*, with which it may go on alike; None if it may go on otherwise."""
    shift = one.now - other.now
    if one.machine is not other.machine or (one.status, one.redrives) != (other.status, other.redrives):
        return None
    if shift and one.machine.has_dates:
        return None
    # First what is quickly compared: beside a branch that was held up, its siblings go on at their times.
    mine, others = (dict(_numbered(execution.root)) for execution in (one, other))
    (planned, limits), (others_planned, others_limits) = _planned(one, mine), _planned(other, others)
    is_same = (
        _ready(one, mine) == _ready(other, others)
        and limits == others_limits
        and [what for _, *what in planned] == [what for _, *what in others_planned]
        and all(
            abs(at - others_at - shift) < _FLOATS
            for (at, *_), (others_at, *_) in zip(planned, others_planned, strict=True)
        )
        and alike(one.root, other.root, shift)
    )
    unlike = _unlike(one.root, other.root, shift) if is_same else None
    return None if unlike is None else Likeness(shift, min((at for _, at in limits), default=float("inf")), unlike)


def _unlike(one: Branch, other: Branch, shift: float) -> frozenset[str] | None:
    """The fields of the input that are not alike; None where the inputs have to be alike as a whole, and are not."""
    mine, others = one.input, other.input
    if one.group is None and isinstance(mine, dict) and isinstance(others, dict):
        return frozenset(
            {
                *(mine.keys() ^ others.keys()),
                *(name for name in mine.keys() & others.keys() if not alike(mine[name], others[name], shift)),
            }
        )
    return frozenset() if alike(mine, others, shift) else None


def _numbered(root: Branch) -> Iterator[tuple[int, int]]:
    """The branches of a tree by their identity, each with its number."""
    waiting, number = [root], 0
    while waiting:
        branch = waiting.pop()
        yield id(branch), number
        number += 1
        if branch.group is not None:
            waiting.extend(branch.group.children.values())


def _ready(execution: Execution, numbers: dict[int, int]) -> list[tuple[str, int | None]]:
    return [
        (action, numbers.get(id(branch)))
        for action, branch, turn in execution.ready
        if turn is None or turn == branch.turn
    ]


def _planned(
    execution: Execution, numbers: dict[int, int]
) -> tuple[list[tuple[float, str, int]], list[tuple[str, float]]]:
    """List what is planned for branches that there still are; and the ends of the whole, which come when they come."""
    live = [
        (at, action, numbers[id(branch)])
        for at, _, action, branch, turn in sorted(execution.turns, key=lambda each: each[:2])
        if id(branch) in numbers and (turn is None or turn == branch.turn)
    ]
    limits = [(action, at) for at, action, number in live if number == 0 and action in {"expire", "abort"}]
    return [each for each in live if (each[1], each[0]) not in limits], limits


def alike(one: Any, other: Any, shift: float) -> bool:
    """Return True if two values are the same but for chance and for the clock.

    Args:
        one: A value of JSON, or something that an execution is made of.
        other: The other.
        shift: Seconds by which the one may be later.
    """
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if (compare := _COMPARED.get(type(one))) is not None:
        return compare(one, other, shift)
    if is_dataclass(one):
        return _members_alike(one, other, shift)
    return alike(one.__dict__, other.__dict__, shift) if isinstance(one, Exception) else bool(one == other)


def _objects_alike(one: dict[str, Any], other: dict[str, Any], shift: float) -> bool:
    return len(one) == len(other) and all(
        alike(name, others_name, shift) and alike(member, others_member, shift)
        for (name, member), (others_name, others_member) in zip(one.items(), other.items(), strict=True)
    )


def _lists_alike(one: Sequence[Any], other: Sequence[Any], shift: float) -> bool:
    return len(one) == len(other) and all(map(alike, one, other, itertools.repeat(shift)))


def _numbers_alike(one: float, other: float, shift: float) -> bool:
    return one == other or any(
        int(other / unit) in _SECONDS and _shifted((one - other) / unit, shift) for unit in (1, 1000)
    )


def _members_alike(one: Any, other: Any, shift: float) -> bool:
    left_out: frozenset[str] = frozenset()
    if isinstance(one, Branch):
        left_out = _NOT_COMPARED if one.parent is not None else _NOT_COMPARED | {"input"}
    for each in fields(one):
        mine, others = getattr(one, each.name), getattr(other, each.name)
        if each.name in _VIRTUAL:
            if mine - others not in {0.0, shift}:
                return False
        elif each.name not in left_out and not alike(mine, others, shift):
            return False
    return True


def _shifted(seconds: float, shift: float) -> bool:
    return abs(seconds - shift) <= _ROUNDED


def _texts_alike(one: str, other: str, shift: float) -> bool:
    if len(one) != len(other):
        return False
    at = others_at = 0
    for found, others_found in zip(_VARIES.finditer(one), _VARIES.finditer(other), strict=False):
        if one[at : found.start()] != other[others_at : others_found.start()]:
            return False
        if found[0] != others_found[0] and not _parts_alike(found, others_found, shift):
            return False
        at, others_at = found.end(), others_found.end()
    return one[at:] == other[others_at:]


def _parts_alike(one: re.Match[str], other: re.Match[str], shift: float) -> bool:
    if one["time"] and other["time"]:
        return _shifted((_moment(one["time"]) - _moment(other["time"])).total_seconds(), shift)
    if not one["chance"] or not other["chance"]:
        return False
    if any(part["chance"].replace("-", "").isdecimal() for part in (one, other)):
        return False  # a number, or a day
    return [at for at, letter in enumerate(one[0]) if letter == "-"] == [
        at for at, letter in enumerate(other[0]) if letter == "-"
    ]


_COMPARED: Final[dict[type[Any], Callable[[Any, Any, float], bool]]] = {
    str: lambda one, other, shift: one == other or _texts_alike(one, other, shift),
    dict: _objects_alike,
    list: _lists_alike,
    tuple: _lists_alike,
    int: _numbers_alike,
    float: _numbers_alike,
    datetime: lambda one, other, shift: one == other or _shifted((one - other).total_seconds(), shift),
}


def _moment(text: str) -> datetime:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    microseconds = int(fraction[:6].ljust(6, "0")) if fraction else 0
    return datetime.fromisoformat(whole).replace(microsecond=microseconds, tzinfo=timezone.utc)
