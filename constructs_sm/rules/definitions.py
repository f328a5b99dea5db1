"""Faults for which Step Functions refuses to create a state machine: all at once, each with its place and its rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.rules import definition_rules as rules
from constructs_sm.rules import express as of_express
from constructs_sm.rules import field_checks as check
from constructs_sm.rules import state_fields as fields
from constructs_sm.rules.rule import InvalidDefinitionError, Violation, errors
from constructs_sm.rules.state_checks import state
from constructs_sm.rules.transitions import hashable, listed, targets

if TYPE_CHECKING:
    from collections.abc import Iterator

_LANGUAGES: Final = ("JSONPath", "JSONata")
_VERSION: Final = "1.0"
_LONGEST_NAME: Final = 80
_LONGEST_EXECUTION: Final = 99_999_999
_DEEPEST: Final = 200


def violations(definition: Any, *, express: bool = False) -> list[Violation]:
    """Everything in a definition that Step Functions refuses, and what it warns of.

    Args:
        definition: Amazon States Language.
        express: Whether the state machine is Express.
    """
    if not isinstance(definition, Mapping):
        return [rules.SHAPE.broken("the definition", definition, what="a definition is an object")]
    return [*_Walk(definition).all(), *of_express.refused(definition, express=express)]


def check_definition(definition: Any, *, express: bool = False) -> None:
    """Refuse what Step Functions refuses.

    Raises:
        InvalidDefinitionError: There is something; with all that there is.
    """
    if found := errors(violations(definition, express=express)):
        raise InvalidDefinitionError("the state machine", found)


class _Walk:
    """Goes through one definition and the machines in it."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self._definition = definition
        self._names: set[str] = set()
        self._labels: set[object] = set()

    def all(self) -> Iterator[Violation]:
        definition = self._definition
        where = "the state machine"
        yield from check.known(definition, fields.MACHINE, where)
        language = definition.get("QueryLanguage", "JSONPath")
        if language not in _LANGUAGES:
            yield rules.VALUE.broken(f"{where}/QueryLanguage", language, what="QueryLanguage is JSONPath or JSONata")
        if "TimeoutSeconds" in definition:
            at = f"{where}/TimeoutSeconds"
            yield from check.number(definition["TimeoutSeconds"], at, least=0, most=_LONGEST_EXECUTION)
        if definition.get("Version", _VERSION) != _VERSION:
            yield rules.VALUE.broken(f"{where}/Version", definition["Version"], what=f"Version is {_VERSION}")
        yield from self._machine(definition, where, jsonata=language == "JSONata", outer=frozenset(), depth=0)
        if not _ends(definition.get("States")):
            yield rules.NO_END.broken(where)

    def _machine(
        self, machine: Mapping[str, Any], where: str, *, jsonata: bool, outer: frozenset[str], depth: int
    ) -> Iterator[Violation]:
        states = machine.get("States")
        if not isinstance(states, Mapping) or not states:
            yield rules.MISSING.broken(where, what="Field 'States' is missing: it has at least one state")
            return
        start = hashable(machine.get("StartAt"))
        if start not in states:
            yield rules.START.broken(f"{where}/StartAt", machine.get("StartAt"))
        yield from self._transitions(states, start)
        for name, written in states.items():
            at = f"state '{name}'"
            if len(name) > _LONGEST_NAME or not name:
                yield rules.LONG_NAME.broken(at, len(name))
            if name in self._names:
                yield rules.DUPLICATE_NAME.broken(at)
            self._names.add(name)
            if not isinstance(written, Mapping):
                yield rules.SHAPE.broken(at, written, what="a state is an object")
                continue
            yield from self._state(name, written, jsonata=jsonata, outer=outer, states=states, depth=depth)

    def _state(
        self,
        name: str,
        written: Mapping[str, Any],
        *,
        jsonata: bool,
        outer: frozenset[str],
        states: Mapping[str, Any],
        depth: int,
    ) -> Iterator[Violation]:
        at = f"state '{name}'"
        language = written.get("QueryLanguage", "JSONata" if jsonata else "JSONPath")
        if language not in _LANGUAGES:
            yield rules.VALUE.broken(f"{at}/QueryLanguage", language, what="QueryLanguage is JSONPath or JSONata")
        elif jsonata and language == "JSONPath":
            yield rules.QUERY_LANGUAGE.broken(at, language)
            return
        yield from state(written, at, jsonata=language == "JSONata")
        label = written.get("Label")
        if isinstance(label, str):
            if label in self._labels:
                yield rules.LABEL.broken(f"{at}/Label", label, what="another Map has this Label")
            self._labels.add(label)
        for variable in _assigned(written):
            if variable in outer:
                yield rules.VARIABLE.broken(f"{at}/Assign", variable)
        yield from self._inner(name, written, jsonata=jsonata, outer=outer, states=states, depth=depth)

    def _inner(
        self,
        name: str,
        written: Mapping[str, Any],
        *,
        jsonata: bool,
        outer: frozenset[str],
        states: Mapping[str, Any],
        depth: int,
    ) -> Iterator[Violation]:
        """The machines within a state."""
        at = f"state '{name}'"
        inner = [(f"{at}/Branches[{n}]", one, fields.BRANCH) for n, one in enumerate(listed(written.get("Branches")))]
        inner += [
            (f"{at}/{key}", written[key], fields.PROCESSOR) for key in ("ItemProcessor", "Iterator") if key in written
        ]
        if not inner:
            return
        if depth > _DEEPEST:
            yield rules.SHAPE.broken(at, what="states are nested too deep")
            return
        own = outer | _before(states, name)
        for where, machine, allowed in inner:
            if not isinstance(machine, Mapping):
                yield rules.SHAPE.broken(where, machine, what="a machine within a state is an object")
                continue
            yield from check.known(machine, allowed, where)
            config = machine.get("ProcessorConfig", {})
            distributed = isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED"
            around = frozenset() if distributed else own
            yield from self._machine(machine, where, jsonata=jsonata, outer=around, depth=depth + 1)

    @staticmethod
    def _transitions(states: Mapping[str, Any], start: Any) -> Iterator[Violation]:
        entered = {start}
        for name, written in states.items():
            for where, target in targets(written):
                if target != name:
                    entered.add(target)
                if target not in states:
                    yield rules.TARGET.broken(f"state '{name}'/{where}", target)
        yield from (rules.UNREACHABLE.broken(f"state '{name}'") for name in states if name not in entered)


def _ends(states: Any) -> bool:
    """Return True if one of the outermost states ends the execution; those within others end no more than these."""
    return isinstance(states, Mapping) and any(
        isinstance(written, Mapping) and (written.get("End") is True or hashable(written.get("Type")) in fields.ENDING)
        for written in states.values()
    )


def _assigned(written: Any) -> set[str]:
    """The variables that a state gives values to."""
    if not isinstance(written, Mapping):
        return set()
    every = [written, *listed(written.get("Choices")), *listed(written.get("Catch"))]
    given = [one["Assign"] for one in every if isinstance(one, Mapping) and isinstance(one.get("Assign"), Mapping)]
    return {name.removesuffix(".$") for assign in given for name in assign}


def _before(states: Mapping[str, Any], name: str) -> frozenset[str]:
    """The variables that have a value when a state is entered: of all states that lead to it."""
    leads: dict[Any, list[str]] = {}
    for source, written in states.items():
        for _, target in targets(written):
            leads.setdefault(target, []).append(source)
    waiting, seen = [name], set()
    while waiting:
        for source in leads.get(waiting.pop(), ()):
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return frozenset(variable for source in seen for variable in _assigned(states[source]))
