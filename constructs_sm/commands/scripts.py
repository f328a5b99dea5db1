"""Scripts as JSON, for the command line: what `rehearsal.script` and `rehearsal.answer` are told.

    {"input": {"id": "x"},
     "steps": {"Train": ["Throttled", {"Failed": "AlgorithmError: no data"}, {"Metrics": {"validation:auc": 0.9}}]},
     "answers": {"Notify": [{"MessageId": "1"}], "Label": [{"TaskError": ["Lambda.Unknown", "gone"]}]},
     "exists": {"endpoint": ["churn"]}}

Besides, what `rehearsal.run` takes (`start_at`, `state_input`, `variables`, `stop_before`, `abort_after_seconds`), and
`redrives`, how often somebody redrives an execution that has failed.

A step is the name of one, or an object of its name and its arguments: one value, a list, or an object of them. In an
Output the text "MISSING" leaves a field out. A state in one iteration of a Map is `Train[2]`.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.calls import TaskError
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.numbers import is_number, is_whole_number
from constructs_sm.testing.world import steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.testing.rehearsal import Rehearsal

_PARTS = (
    "abort_after_seconds",
    "answers",
    "exists",
    "input",
    "redrives",
    "start_at",
    "state_input",
    "steps",
    "stop_before",
    "variables",
)
_OF_A_SECTION = ("start_at", "state_input", "stop_before", "variables")
_STEPS = {
    name: kind
    for name, kind in vars(steps).items()
    if inspect.isclass(kind) and issubclass(kind, (steps.Step, steps.Always)) and kind is not steps.Step
}
ANSWERS = {
    "TaskError": TaskError,
    "Recorded": steps.Recorded,
    "TimedOut": steps.TimedOut,
    "NoHeartbeat": steps.NoHeartbeat,
}
"""The words of an answer that is more than a result."""


def _wrong(what: str, got: Any) -> Problem:
    return Problem(what, got, "see docs/rehearsal.md", "script-of-rehearsal")


def play(rehearsal: Rehearsal, parts: Mapping[str, Any]) -> None:
    """Tell *rehearsal* what a script says, of which *parts* are the parts.

    Raises:
        InvalidInputError: It says what nothing can play.
    """
    for told, part, read in ((rehearsal.script, "steps", _step), (rehearsal.answer, "answers", _answer)):
        for state, given in parts[part].items():
            said = [read(state, one) for one in _list(given)]
            try:
                told(state, *said)
            except TypeError as error:
                raise InvalidInputError(f"{part} of {state!r}", [_wrong(str(error), given)]) from error
    for kind, names in parts["exists"].items():
        for name in _list(names):
            rehearsal.exists(kind, str(name))


def parts_of(script: Any) -> dict[str, Any]:
    """Read the parts of *script*, of which any may be left out.

    Raises:
        InvalidInputError: It is no script.
    """
    parts = _mapping("the script", script)
    problems = []
    if unknown := sorted(parts.keys() - set(_PARTS)):
        problems.append(Problem("unknown part", unknown[0], f"use {', '.join(_PARTS)}", "script-of-rehearsal"))
    redrives, seconds = parts.get("redrives", 0), parts.get("abort_after_seconds")
    if not is_whole_number(redrives, least=0):
        problems.append(_wrong("redrives: a number of times was expected", redrives))
    if not _is_time(seconds):
        problems.append(_wrong("abort_after_seconds: a number of seconds was expected", seconds))
    problems += [
        _wrong(f"{name}: the name of a state was expected", parts[name])
        for name in ("start_at", "stop_before")
        if not _is_text(parts.get(name))
    ]
    if problems:
        raise InvalidInputError("the script", problems)
    of_states = ("steps", "answers", "exists")
    return {**parts, "redrives": redrives, **{name: _mapping(name, parts.get(name, {})) for name in of_states}}


def section_in(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a state machine that a script is for, as arguments of a run."""
    return {name: parts[name] for name in _OF_A_SECTION if name in parts}


def _mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInputError(where, [_wrong("an object was expected", value)])
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _step(state: str, given: Any) -> Any:
    name, arguments = (given, []) if isinstance(given, str) else _named(given)
    if name not in _STEPS:
        use = f"use one of {', '.join(sorted(_STEPS))}"
        raise InvalidInputError(f"steps of {state!r}", [Problem("no such step", given, use, "script-of-rehearsal")])
    if name == "Always":
        return steps.Always(_step(state, arguments))
    return _made(f"steps of {state!r}", _STEPS[name], given, arguments)


def _answer(state: str, given: Any) -> Any:
    name, arguments = _named(given)
    return _made(f"answers of {state!r}", ANSWERS[name], given, arguments) if name in ANSWERS else given


def _named(given: Any) -> tuple[str, Any]:
    return next(iter(given.items())) if isinstance(given, dict) and len(given) == 1 else ("", None)


def _made(where: str, kind: Any, given: Any, arguments: Any) -> Any:
    if isinstance(arguments, dict) and issubclass(kind, steps.Output):
        arguments = {name: steps.MISSING if value == "MISSING" else value for name, value in arguments.items()}
    named, listed = (arguments, []) if isinstance(arguments, dict) else ({}, _list(arguments))
    try:
        said = inspect.signature(kind).bind(*listed, **named).arguments
        wrong = next((name for name, value in said.items() if not _FITS.get(name, _anything)(value)), None)
        if wrong is None:
            return kind(*listed, **named)
        told = f"{wrong} is {_KIND_OF[wrong]}"
    except TypeError as error:
        told = str(error)
    raise InvalidInputError(where, [_wrong(told, given)])


def _anything(_: Any) -> bool:
    return True


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_time(value: Any) -> bool:
    return value is None or (is_number(value) and 0 <= value < float("inf"))


_KIND_OF = {
    "seconds": "a number of seconds",
    **dict.fromkeys(("cause", "code", "error", "message", "reason"), "a text"),
}
_FITS = {name: _is_time if name == "seconds" else _is_text for name in _KIND_OF}
