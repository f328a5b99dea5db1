"""Loops that never end, or whose history is full before what they wait for; and tokens that nobody sends back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.rules import machine_rules as rules
from constructs_sm.rules.express import ends_first
from constructs_sm.rules.transitions import loops_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.checking.scene import Located, Scene
    from constructs_sm.rules.rule import Violation

_EVENTS: Final = {"Task": 5, "Parallel": 6, "Map": 8}
"""Events of the history of a state that goes well; of others two."""
_LONGEST_HISTORY: Final = 25_000
_HOURS: Final = 4
"""The time that a job or an endpoint may well take."""
_COUNTS: Final = ("States.MathAdd", "RetryCount", "Assign", "NumericGreaterThan", "NumericLessThan", "Timestamp")
"""Signs of a loop that counts its rounds, or reads the clock."""
_LOOKS: Final = ("describe", "get", "list", "batchGet", "head")
"""Beginnings of the names of APIs that only look."""


def loops(scene: Scene) -> Iterator[Violation]:
    """Find loops that poll without end or too long, and states that wait for a token without one."""
    yield from ends_first(scene.definition, express=scene.express)
    seen: set[int] = set()
    for located in scene.states:
        if id(located.siblings) not in seen:
            seen.add(id(located.siblings))
            beside = {one.name: one for one in scene.states if one.siblings is located.siblings}
            for loop in loops_of(located.siblings):
                yield from _loop(frozenset(loop), beside, express=scene.express)
        yield from _token(located)


def _loop(names: frozenset[str], beside: Mapping[str, Located], *, express: bool) -> Iterator[Violation]:
    loop = [one for name, one in beside.items() if name in names]
    waits = [one for one in loop if one.kind == "Wait"]
    called = [one.called for one in loop if one.kind == "Task"]
    choices = [one for one in loop if one.kind == "Choice"]
    if not waits or not choices or not called or any(one.kind in {"Map", "Parallel"} for one in loop):
        return
    if not all(one is not None and one.api.startswith(_LOOKS) for one in called):
        # A function may count, and whatever else is called may do its work round by round.
        return
    text = json.dumps([one.state for one in loop], default=str)
    counted = any(sign in text for sign in _COUNTS)
    out = [exit_ for choice in choices for exit_ in _exits(choice.state, names)]
    if not counted and not loop[0].timed and not express and len(out) <= 1 and "Default" not in out:
        yield rules.ENDLESS.broken(choices[0].where)
    seconds = [wait.state.get("Seconds") for wait in waits]
    pause = sum(second for second in seconds if isinstance(second, (int, float)))
    if pause and len(waits) == sum(isinstance(second, (int, float)) for second in seconds) and not counted:
        events = sum(_EVENTS.get(one.kind, 2) for one in loop)
        hours = _LONGEST_HISTORY / events * pause / 3600
        if hours < _HOURS and not express:
            what = f"{rules.HISTORY.what}: after {hours:.1f}"
            yield rules.HISTORY.broken(f"{waits[0].where}/Seconds", pause, what=what)


def _exits(choice: Mapping[str, Any], names: frozenset[str]) -> Iterator[str]:
    """The ways out of a loop, by a word for the test of each: one that tests for several values is several."""
    rules_of = choice.get("Choices")
    for rule in rules_of if isinstance(rules_of, list) else ():
        if isinstance(rule, dict) and rule.get("Next") not in names:
            text = json.dumps({key: value for key, value in rule.items() if key not in {"Next", "Comment"}})
            # What is not one status, or one of several, is every other one.
            several = '"Or"' in text or '"Not"' in text or " or " in text or " in [" in text or "!=" in text
            yield from (f"{text} 1", f"{text} 2") if several else (text,)
    if choice.get("Default") not in names:
        # Where the default leads out, or there is none, every other status ends the loop.
        yield "Default"


def _token(located: Located) -> Iterator[Violation]:
    called = located.called
    if called is None or called.pattern != "waitForTaskToken":
        return
    text = json.dumps([located.state.get("Parameters"), located.state.get("Arguments")], default=str)
    whole = "$$" in text.replace("$$.", "") or "$states.context" in text.replace("$states.context.", "")
    assigned = (
        "$" in text and "Task.Token" not in text and any(_assigns_token(state) for state in located.siblings.values())
    )
    if "Task.Token" not in text and not whole and not assigned:
        yield rules.TOKEN_UNSENT.broken(f"{located.where}/{located.request_field}")
    times = ("TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath")
    if not located.timed and not any(name in located.state for name in times):
        yield rules.TOKEN_FOREVER.broken(located.where)


def _assigns_token(state: Any) -> bool:
    return "Task.Token" in json.dumps(state, default=str)
