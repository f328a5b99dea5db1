"""Scripts as JSON, for the command line: what `rehearsal.script` and `rehearsal.answer` are told.

    {"input": {"id": "x"},
     "steps": {"Train": ["Throttled", {"Failed": "AlgorithmError: no data"}, {"Metrics": {"validation:auc": 0.9}}]},
     "answers": {"Notify": [{"MessageId": "1"}], "Label": [{"TaskError": ["Lambda.Unknown", "gone"]}]},
     "exists": {"endpoint": ["churn"]}}

A step is the name of one, or an object of its name and its arguments: one value, a list, or an object of them. In an
Output the text "MISSING" leaves a field out.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.calls import TaskError
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.testing.world import steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.testing.rehearsal import Rehearsal

_PARTS = ("answers", "exists", "input", "steps")
_STEPS = {
    name: kind
    for name, kind in vars(steps).items()
    if inspect.isclass(kind) and issubclass(kind, (steps.Step, steps.Always)) and kind is not steps.Step
}
_ANSWERS = {"TaskError": TaskError, "TimedOut": steps.TimedOut, "NoHeartbeat": steps.NoHeartbeat}


def play(rehearsal: Rehearsal, script: Any) -> None:
    """Tell *rehearsal* what *script* says.

    Raises:
        InvalidInputError: It is no script.
    """
    parts = parts_of(script)
    for state, given in parts["steps"].items():
        rehearsal.script(state, *(_step(state, one) for one in _list(given)))
    for state, given in parts["answers"].items():
        rehearsal.answer(state, *(_answer(state, one) for one in _list(given)))
    for kind, names in parts["exists"].items():
        for name in _list(names):
            rehearsal.exists(kind, name)


def parts_of(script: Any) -> dict[str, Any]:
    """Read the parts of *script*, of which any may be left out.

    Raises:
        InvalidInputError: It is no script.
    """
    parts = _mapping("the script", script)
    if unknown := sorted(parts.keys() - set(_PARTS)):
        raise InvalidInputError(
            "the script", [Problem("unknown part", unknown[0], f"use {', '.join(_PARTS)}", "script-of-rehearsal")]
        )
    return {**parts, **{name: _mapping(name, parts.get(name, {})) for name in ("steps", "answers", "exists")}}


def _mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInputError(
            where, [Problem("an object was expected", value, "see docs/rehearsal.md", "script-of-rehearsal")]
        )
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
    return _made(f"answers of {state!r}", _ANSWERS[name], given, arguments) if name in _ANSWERS else given


def _named(given: Any) -> tuple[str, Any]:
    return next(iter(given.items())) if isinstance(given, dict) and len(given) == 1 else ("", None)


def _made(where: str, kind: Any, given: Any, arguments: Any) -> Any:
    try:
        if isinstance(arguments, dict):
            return kind(**{name: steps.MISSING if value == "MISSING" else value for name, value in arguments.items()})
        return kind(*_list(arguments))
    except TypeError as error:
        raise InvalidInputError(
            where, [Problem(str(error), given, "see docs/rehearsal.md", "script-of-rehearsal")]
        ) from error
