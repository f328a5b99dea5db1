"""Express executions: what Step Functions does not let them do, and what takes longer than the five minutes they have.

A state machine is Express, or what a distributed Map runs for each item is.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.errors import NOTHING
from constructs_sm.language.numbers import is_number
from constructs_sm.rules.definition_rules import EXPRESS
from constructs_sm.rules.integrations import ACTIVITY
from constructs_sm.rules.machine_rules import EXPRESS_ENDS, EXPRESS_POLLS
from constructs_sm.rules.transitions import hashable, listed, loops_of, targets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from constructs_sm.rules.rule import Violation

_WAITS: Final = re.compile(r".*:states:::[^.]*\.(?:sync|sync:2|waitForTaskToken)")
_DESCRIBES: Final = re.compile(r".*:states:::aws-sdk:(?P<service>\w+):(?:describe|get|list|batchGet|head)\w*")
_LONGEST: Final = 300
"""Seconds of an Express execution."""
_ROUNDS: Final = 2
"""Rounds that a loop has at the least, to be one."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """The states of an Express execution, or of a part of it that its states run."""

    states: Mapping[str, Mapping[str, Any]]
    reached: Mapping[str, float]
    """Seconds of the execution that have passed when each of them is reached, at the least."""


def refused(definition: Any, *, express: bool, activities: Collection[str] = ()) -> Iterator[Violation]:
    """Find what Step Functions refuses in an Express execution.

    Args:
        definition: Amazon States Language; it need not be right.
        express: True of an Express state machine.
        activities: Resources that are activities, besides their ARNs.
    """
    for machine in _machines(definition, express=express):
        for name, written in machine.states.items():
            resource = str(written.get("Resource"))
            if _WAITS.fullmatch(resource):
                yield EXPRESS.broken(f"state '{name}'/Resource", ":".join(resource.split(":")[5:]))
            elif ACTIVITY.fullmatch(resource) or resource in activities:
                yield EXPRESS.broken(f"state '{name}'/Resource", what="an Express state machine has no activities")
            elif any(_is_distributed(inner) for inner in _inner(written)):
                yield EXPRESS.broken(f"state '{name}'", what="an Express state machine has no distributed Map")


def ends_first(definition: Any, *, express: bool) -> Iterator[Violation]:
    """Find what takes longer than an Express execution has: waits, and loops that wait for a job or the like."""
    for machine in _machines(definition, express=express):
        for name, seconds in machine.reached.items():
            if seconds < _LONGEST <= seconds + _seconds(machine.states[name]):
                yield EXPRESS_ENDS.broken(f"state '{name}'/Seconds", machine.states[name]["Seconds"])
        for loop in loops_of(machine.states):
            yield from _polling({name: machine.states[name] for name in loop})


def _polling(loop: Mapping[str, Mapping[str, Any]]) -> Iterator[Violation]:
    """Find a loop that describes something again and again."""
    waits = [name for name, written in loop.items() if written.get("Type") == "Wait"]
    described = [_DESCRIBES.fullmatch(str(written.get("Resource"))) for written in loop.values()]
    services = {found["service"] for found in described if found is not None}
    pause = sum(map(_seconds, loop.values()))
    # Jobs and endpoints take minutes; how long anything else takes is known to the author.
    if waits and ("sagemaker" in services or (services and pause * _ROUNDS >= _LONGEST)) and pause < _LONGEST:
        yield EXPRESS_POLLS.broken(f"state '{waits[0]}'", loop[waits[0]].get("Seconds", NOTHING))


def _machines(definition: Any, *, express: bool) -> Iterator[_Machine]:
    left: list[tuple[Any, bool, float]] = [(definition, express, 0)]
    while left:
        written, within, begun = left.pop()
        given = written.get("States") if isinstance(written, Mapping) else None
        if not isinstance(given, Mapping):
            continue
        states = {str(name): each for name, each in given.items() if isinstance(each, Mapping)}
        reached = _reached(states, hashable(written.get("StartAt")), begun)
        if within:
            yield _Machine(states, reached)
        for name, each in states.items():
            # What a distributed Map runs is an execution of its own.
            left += [
                (inner, within or _is_express(inner), 0 if _is_distributed(inner) else reached.get(name, 0))
                for inner in _inner(each)
            ]


def _reached(states: Mapping[str, Mapping[str, Any]], start: str, begun: float) -> dict[str, float]:
    """The seconds after which each state is reached, at the least: a state that a failure leads to, at once."""
    found: dict[str, float] = {}
    waiting = [(begun, start)]
    while waiting:
        seconds, name = heapq.heappop(waiting)
        if name in found or name not in states:
            continue
        found[name] = seconds
        for _, target in targets(states[name]):
            heapq.heappush(waiting, (seconds + _seconds(states[name]), target))
    return found


def _seconds(written: Mapping[str, Any]) -> float:
    """The time that a state waits, as far as it is written."""
    given = written.get("Seconds") if written.get("Type") == "Wait" else None
    return max(given, 0) if is_number(given) else 0


def _inner(written: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    every = [*listed(written.get("Branches")), written.get("ItemProcessor"), written.get("Iterator")]
    return [each for each in every if isinstance(each, Mapping)]


def _config(machine: Mapping[str, Any]) -> Mapping[str, Any]:
    config = machine.get("ProcessorConfig")
    return config if isinstance(config, Mapping) else {}


def _is_distributed(machine: Mapping[str, Any]) -> bool:
    return _config(machine).get("Mode") == "DISTRIBUTED"


def _is_express(machine: Mapping[str, Any]) -> bool:
    return _is_distributed(machine) and _config(machine).get("ExecutionType") == "EXPRESS"
