"""Two definitions compared: what differs, once what says the same in other words is said in the same."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.machines import machines_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ABSENT: Final = "(absent)"
_INTEGRATION: Final = re.compile(r"\Aarn:(?:[\w-]+|\$\{[^}]+\}):states:::")
_RETRIER: Final = {"IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 2, "JitterStrategy": "NONE"}
"""Defaults of a retrier, as Amazon States Language has them."""
_WITHOUT_MEANING: Final[Mapping[str, tuple[Any, ...]]] = {
    "InputPath": ("$",),
    "OutputPath": ("$",),
    "ResultPath": ("$",),
    "Comment": ("",),
    "Retry": ([],),
    "Catch": ([],),
    "Assign": ({},),
    "MaxConcurrency": (0,),
}
"""Values of fields of a state that say what is so without them."""
_UNCHANGED_RESULT: Final = "{% $states.result %}"
_OF_A_MACHINE: Final = ("StartAt", "TimeoutSeconds", "QueryLanguage", "Comment")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which two definitions differ.

    Attributes:
        state: The state; empty where it is the state machine itself.
        path: Names and numbers of the fields that lead there.
        original: The value in the original.
        other: The value in the other.
    """

    state: str
    path: tuple[str | int, ...]
    original: Any
    other: Any

    def __str__(self) -> str:
        where = "/".join([self.state or "the state machine", *map(str, self.path)])
        return f"{where}: {json.dumps(self.original)[:200]} became {json.dumps(self.other)[:200]}"


def differences(original: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    """List where two definitions differ.

    Said in the same words before: defaults that are written out, the language of a state that is that of the state
    machine, the former names of fields of a Map, and the partition of an integration. Comments of branches are no part
    of it: nothing renders them.
    """
    states, others = _plain(original), _plain(other)
    found: list[Difference] = []
    for name in [*states, *(name for name in others if name not in states)]:
        found += _between(name, (), states.get(name, _ABSENT), others.get(name, _ABSENT))
    return found


def _between(state: str, path: tuple[str | int, ...], original: Any, other: Any) -> Iterator[Difference]:
    if isinstance(original, dict) and isinstance(other, dict):
        for key in [*original, *(key for key in other if key not in original)]:
            yield from _between(state, (*path, key), original.get(key, _ABSENT), other.get(key, _ABSENT))
    elif isinstance(original, list) and isinstance(other, list) and len(original) == len(other):
        for number, (one, another) in enumerate(zip(original, other, strict=True)):
            yield from _between(state, (*path, number), one, another)
    elif original != other or isinstance(original, bool) is not isinstance(other, bool):
        yield Difference(state, path, original, other)


def _plain(machine: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every state by its name, in the same words; the state machine itself by an empty one."""
    language = machine.get("QueryLanguage", "JSONPath")
    of_the_machine = {field: machine[field] for field in _OF_A_MACHINE if field in machine}
    named = {"QueryLanguage": language, **of_the_machine, "States": sorted(machine["States"])}
    found = {"": {key: value for key, value in named.items() if (key, value) != ("Comment", "")}}
    for name, state in machine["States"].items():
        found.update(_states(name, state, str(language)))
    return found


def _states(name: str, state: Mapping[str, Any], language: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A state and those within it."""
    own = str(state.get("QueryLanguage", language))
    inner = machines_in(state)
    yield name, {**_said(state, jsonata=own == "JSONata"), "QueryLanguage": own, **_within(state, inner)}
    for machine in inner:
        for inner_name, inner_state in machine["States"].items():
            yield from _states(inner_name, inner_state, language)


def _within(state: Mapping[str, Any], inner: list[Mapping[str, Any]]) -> dict[str, Any]:
    if not inner:
        return {}
    config = {} if state["Type"] == "Parallel" else inner[0].get("ProcessorConfig", {})
    shape = [{"StartAt": machine["StartAt"], "States": sorted(machine["States"])} for machine in inner]
    return {"Within": shape, **({} if config in ({}, {"Mode": "INLINE"}) else {"ProcessorConfig": config})}


def _said(state: Mapping[str, Any], *, jsonata: bool) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key, value in state.items():
        is_default = any(value == each and type(value) is type(each) for each in _WITHOUT_MEANING.get(key, ()))
        unchanged = key == "Output" and value == _UNCHANGED_RESULT and jsonata and state["Type"] == "Task"
        if key in {"QueryLanguage", "Branches", "ItemProcessor", "Iterator"} or is_default or unchanged:
            continue
        match key:
            case "Parameters" if state["Type"] == "Map":
                said["ItemSelector"] = value
            case "Resource":
                said[key] = _INTEGRATION.sub("arn:aws:states:::", value)
            case "Retry":
                said[key] = [{**_RETRIER, **retrier} for retrier in value]
            case "Catch":
                said[key] = [_said(catcher, jsonata=False) for catcher in value]
            case _:
                said[key] = value
    return said
