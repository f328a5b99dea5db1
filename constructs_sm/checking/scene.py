"""One state machine as the checks look at it: its states with their places, and its tasks with what they call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.late_bound import Computed
from constructs_sm.language.leaves import with_leaves
from constructs_sm.language.machines import is_in_jsonata
from constructs_sm.requests.called import Called, called_by
from constructs_sm.requests.request import Request, read, sent_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLACEHOLDER: Final = "${"
"""Beginning of what is put into a definition when it is deployed."""
_FILLED_IN: Final = re.compile(r"[#$]\{|##\w+##|@@?\w+@@?|%%?\w+%%?|\{\{.*?\}\}|<[A-Za-z][\w -]*>")
"""Marks that programs of one's own put into a definition before: `##BUCKET##`, `{{ role }}`, `<your-role>`."""


@dataclass(frozen=True, eq=False)
class Located:
    """One state, and where it stands.

    Attributes:
        name: Its name.
        state: As written.
        jsonata: True of a state in JSONata.
        pointer: The JSON pointer to it in the definition.
        siblings: The states beside it, itself included.
        around: The states that it is within, the outermost first.
        timed: True if the execution that it is in has a timeout.
    """

    name: str
    state: Mapping[str, Any]
    jsonata: bool
    pointer: str
    siblings: Mapping[str, Any]
    around: tuple[Located, ...] = ()
    timed: bool = False

    @property
    def where(self) -> str:
        """Return its name in findings."""
        return f"state '{self.name}'"

    @property
    def kind(self) -> str:
        """Return its type."""
        return str(self.state.get("Type"))

    @cached_property
    def called(self) -> Called | None:
        """The API that it calls."""
        return called_by(self.state)

    @property
    def request_field(self) -> str:
        """The field of its request."""
        return "Arguments" if self.jsonata else "Parameters"

    @cached_property
    def request(self) -> Request | None:
        """Return its request; None where that is no object. Placeholders are known later, as paths are."""
        given = self.state.get(self.request_field)
        return read(with_leaves(_marked, given)) if isinstance(given, dict) else None

    @property
    def sent(self) -> Request:
        """Return its request, or one computed value in the place of its fields."""
        return sent_by(self.state) if self.request is None else self.request

    def handlers(self, field_name: str) -> list[Mapping[str, Any]]:
        """Return its retriers or catchers."""
        given = self.state.get(field_name)
        return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _marked(value: Any) -> Any:
    return Computed(value) if isinstance(value, str) and _FILLED_IN.search(value) else value


def errors_of(handler: Mapping[str, Any]) -> list[str]:
    """The errors that a retrier or catcher lists."""
    listed = handler.get("ErrorEquals")
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


@dataclass(frozen=True)
class Scene:
    """One state machine.

    Attributes:
        definition: Amazon States Language.
        express: True of an Express workflow.
    """

    definition: Mapping[str, Any]
    express: bool = False
    _found: list[Located] = field(default_factory=list)

    def __post_init__(self) -> None:
        jsonata = is_in_jsonata(self.definition)
        timed = "TimeoutSeconds" in self.definition
        self._found.extend(_located(self.definition, "", jsonata=jsonata, timed=timed, around=()))

    @property
    def states(self) -> list[Located]:
        """Every state, those within others included."""
        return self._found

    @property
    def tasks(self) -> Iterator[tuple[Located, Called]]:
        """Every Task that calls a known API."""
        for located in self._found:
            if located.called is not None:
                yield located, located.called


def escaped(key: str) -> str:
    """A key in a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _located(
    machine: Mapping[str, Any], pointer: str, *, jsonata: bool, timed: bool, around: tuple[Located, ...]
) -> Iterator[Located]:
    states = machine.get("States")
    if not isinstance(states, dict):
        return
    for name, state in states.items():
        if not isinstance(state, dict):
            continue
        in_jsonata = is_in_jsonata(state, around=jsonata)
        here = f"{pointer}/States/{escaped(name)}"
        found = Located(name, state, in_jsonata, here, states, around, timed)
        yield found
        for where, inner in _inner(state):
            yield from _located(inner, f"{here}/{where}", jsonata=jsonata, timed=timed, around=(*around, found))


def _inner(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    branches = state.get("Branches")
    for number, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, dict):
            yield f"Branches/{number}", branch
    for name in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(name), dict):
            yield name, state[name]
