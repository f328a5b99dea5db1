"""Faults for which Step Functions refuses the values of fields: paths, payload templates, expressions, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language import intrinsics, jsonata_checks
from constructs_sm.language.jsonata_checks import SEEN
from constructs_sm.language.jsonpath import PathError, parse
from constructs_sm.language.numbers import is_number
from constructs_sm.rules import definition_rules as rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from constructs_sm.rules.rule import Rule, Violation

_LATE: Final = ".$"
_OBJECTIONS: Final[dict[str, Rule]] = {
    "unparsable": rules.EXPRESSION,
    "unqualified": rules.UNQUALIFIED,
    "root": rules.UNQUALIFIED,
    "states-field": rules.STATES_FIELD,
    "eval": rules.EVAL,
}


def expressions(value: Any, where: str, allowed: frozenset[str]) -> Iterator[Violation]:
    """Check every text of a field of a state in JSONata."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from expressions(member, f"{where}/{name}", allowed)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from expressions(item, f"{where}[{number}]", allowed)
    elif jsonata_checks.is_expression(value):
        for objection in jsonata_checks.objections(jsonata_checks.inner(value), allowed):
            rule = _OBJECTIONS[objection.rule]
            yield rule.broken(where, value, what=f"{rule.what}: {objection.problem}")
    elif isinstance(value, str) and value.startswith(jsonata_checks.OPEN):
        yield rules.HALF_OPEN.broken(where, value)


def payload(value: Any, where: str) -> Iterator[Violation]:
    """Check a payload template of a state in JSONPath."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name.endswith(_LATE):
                yield from _late(name, member, f"{where}/{name}")
            else:
                yield from payload(member, f"{where}/{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from payload(item, f"{where}[{number}]")
    elif jsonata_checks.is_expression(value):
        yield rules.AS_TEXT.broken(where, value)


def _late(name: str, value: Any, where: str) -> Iterator[Violation]:
    if isinstance(value, str) and value.startswith(("$", "States.")):
        yield from computed(value, where)
    else:
        yield rules.LATE.broken(
            where, value, fix=f"begin the value with $ or States., or call the field {name[: -len(_LATE)]}"
        )


def computed(value: Any, where: str) -> Iterator[Violation]:
    """Check a path or a call of an intrinsic function."""
    problem = "it is no text"
    if isinstance(value, str):
        try:
            intrinsics.parse(value) if intrinsics.is_intrinsic(value) else parse(value)
        except (PathError, intrinsics.SyntaxProblem) as error:
            problem = str(error)
        else:
            return
    yield rules.LATE.broken(where, value, what=f"{rules.LATE.what}: {problem}")


def path(value: Any, where: str, *, may_be_null: bool = False) -> Iterator[Violation]:
    """Check a JSONPath."""
    if value is None and may_be_null:
        return
    problem = "it is no text"
    if isinstance(value, str):
        try:
            parse(value)
        except PathError as error:
            problem = str(error)
        else:
            return
    yield rules.PATH.broken(where, value, what=f"{rules.PATH.what}: {problem}")


def reference(value: Any, where: str, *, may_be_null: bool = False) -> Iterator[Violation]:
    """Check a reference path into the input."""
    found = list(path(value, where, may_be_null=may_be_null))
    yield from found
    if not found and value is not None:
        parsed = parse(value)
        if not parsed.is_reference:
            yield rules.REFERENCE.broken(where, value)
        elif parsed.of_context or parsed.variable:
            yield rules.REFERENCE.broken(where, value, what="the value must be a reference path into the state's input")


def place(value: Any, where: str, *, of_context: bool = False) -> Iterator[Violation]:
    """Check a reference path to a value: into the input or a variable, or into the context object if that may be."""
    found = list(path(value, where))
    yield from found
    if not found:
        parsed = parse(value)
        if not parsed.is_reference:
            yield rules.REFERENCE.broken(where, value)
        elif parsed.of_context and not of_context:
            yield rules.REFERENCE.broken(where, value, what="the value must not lead into the context object")


def one_number(
    given: Mapping[str, Any], name: str, where: str, *, most: float = float("inf"), jsonata: bool
) -> Iterator[Violation]:
    """Check a whole number that is written out, or in JSONPath by a path under the same name with Path behind it."""
    if name in given:
        yield from number(given[name], f"{where}/{name}", least=0, most=most, jsonata=jsonata)
    if f"{name}Path" in given and not jsonata:
        yield from place(given[f"{name}Path"], f"{where}/{name}Path")
        if name in given:
            yield rules.ONE_OF.broken(where, [name, f"{name}Path"])


def one_of(given: Mapping[str, Any], name: str, values: Iterable[str], where: str) -> Iterator[Violation]:
    """Check that a field, if it is there, has one of some values."""
    words = tuple(values)
    if name in given and given[name] not in words:
        yield rules.VALUE.broken(f"{where}/{name}", given[name], what=f"{name} is one of {', '.join(words)}")


def number(
    value: Any, where: str, *, least: float, most: float = float("inf"), whole: bool = True, jsonata: bool = False
) -> Iterator[Violation]:
    """Check a number, which in JSONata may be an expression."""
    if jsonata and isinstance(value, str) and value.startswith(jsonata_checks.OPEN):
        yield from expressions(value, where, SEEN)
        return
    if not is_number(value) or (whole and value != int(value)) or not least <= value <= most:
        kind = "a whole number" if whole else "a number"
        limits = f"from {least:,} to {most:,}" if most != float("inf") else f"of {least:,} or more"
        yield rules.VALUE.broken(where, value, what=f"the field is {kind} {limits}")


def known_in(
    given: Mapping[str, Any], fields: Mapping[str, frozenset[str]], where: str, *, jsonata: bool
) -> Iterator[Violation]:
    """Check that there are no other fields than those of the query language, of the *fields* of both."""
    own, other = ("JSONata", "JSONPath") if jsonata else ("JSONPath", "JSONata")
    of_the_other = [name for name in given if name in fields[other] - fields[own]]
    yield from (of_the_other_language(name, other, where) for name in of_the_other)
    yield from known({name: given[name] for name in given if name not in of_the_other}, fields[own], where)


def of_the_other_language(name: str, language: str, where: str) -> Violation:
    """Say that a field is of the other query language, which is *language*."""
    told = f"the field '{name}' is only supported for the '{language}' QueryLanguage"
    return rules.OF_THE_OTHER_LANGUAGE.broken(where, what=told)


def known(given: Mapping[str, Any], allowed: Iterable[str], where: str) -> Iterator[Violation]:
    """Check that there are no other fields."""
    names = frozenset(allowed)
    for name in given:
        if name not in names:
            yield rules.FIELD.broken(
                where, what=f"Field '{name}' is not supported", fix=f"take it out; there are {', '.join(sorted(names))}"
            )


def required(given: Mapping[str, Any], name: str, kind: type, where: str) -> Iterator[Violation]:
    """Check that a field is there, and of a kind."""
    if name not in given:
        yield rules.MISSING.broken(where, what=f"Field '{name}' is missing")
    elif not isinstance(given[name], kind):
        yield rules.VALUE.broken(f"{where}/{name}", given[name])
