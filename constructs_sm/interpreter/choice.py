"""The conditions of a Choice state in JSONPath."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from constructs_sm.interpreter.state_errors import RUNTIME, StateError
from constructs_sm.interpreter.timestamps import parsed
from constructs_sm.language.jsonpath import MissingError
from constructs_sm.language.jsonpath import parse as parse_path
from constructs_sm.language.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.interpreter.scope import Scope
    from constructs_sm.language.jsonpath import Path

Condition: TypeAlias = "Callable[[Scope], bool]"
"""Tells if a rule holds."""
_Compare: TypeAlias = Callable[[Any, Any], bool]
_STAR: Final = re.compile(r"\\\*|\*")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_timestamp(value: Any) -> bool:
    return parsed(value) is not None


def _of(kind: Callable[[Any], bool], compare: _Compare, key: Callable[[Any], Any] = lambda value: value) -> _Compare:
    """A comparison that is false where one side is of another kind."""
    return lambda left, right: kind(left) and kind(right) and compare(key(left), key(right))


def _matches(text: Any, pattern: Any) -> bool:
    """Return True if a text fits a pattern, in which * stands for anything and an escaped one for itself."""
    if not isinstance(text, str) or not isinstance(pattern, str):
        return False
    parts, at, literal = [], 0, ""
    for star in _STAR.finditer(pattern):
        literal += pattern[at : star.start()]
        at = star.end()
        if star[0] == "*":
            parts.append(literal)
            literal = ""
        else:
            literal += "*"
    return _fits(text, [*parts, literal + pattern[at:]])


def _fits(text: str, parts: list[str]) -> bool:
    """Return True if *text* is the parts in turn, with anything between them: without going back, so in linear time."""
    if len(parts) == 1:
        return text == parts[0]
    first, *middle, last = parts
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


_ORDERS: Final = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
COMPARISONS: Final[dict[str, _Compare]] = {
    "StringMatches": _matches,
    "BooleanEquals": lambda left, right: isinstance(left, bool) and isinstance(right, bool) and left is right,
    **{f"String{name}": _of(_is_text, compare) for name, compare in _ORDERS.items()},
    **{f"Numeric{name}": _of(is_number, compare) for name, compare in _ORDERS.items()},
    **{f"Timestamp{name}": _of(_is_timestamp, compare, parsed) for name, compare in _ORDERS.items()},
}
"""The comparisons of a value with another, which stands there or (with Path behind the name) where a path leads."""
KINDS: Final[dict[str, Callable[[Any], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": is_number,
    "IsString": _is_text,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": _is_timestamp,
}
"""The questions of what a value is."""
PRESENT: Final = "IsPresent"
OPERATORS: Final = frozenset(
    {*COMPARISONS, *(f"{name}Path" for name in COMPARISONS if name != "StringMatches"), *KINDS, PRESENT}
)


def condition(rule: Mapping[str, Any]) -> Condition:
    """The condition of a rule, without where it leads."""
    if "And" in rule:
        parts = [condition(part) for part in rule["And"]]
        return lambda scope: all(part(scope) for part in parts)
    if "Or" in rule:
        parts = [condition(part) for part in rule["Or"]]
        return lambda scope: any(part(scope) for part in parts)
    if "Not" in rule:
        inner = condition(rule["Not"])
        return lambda scope: not inner(scope)
    (name,) = rule.keys() & OPERATORS
    return _comparison(name, parse_path(rule["Variable"]), rule[name])


def _comparison(name: str, path: Path, expected: Any) -> Condition:
    if name == PRESENT:
        return lambda scope: _is_present(scope, path) is expected
    if name in KINDS:
        kind = KINDS[name]
        return lambda scope: kind(_value(scope, path)) is expected
    if name in COMPARISONS:
        compare = COMPARISONS[name]
        return lambda scope: compare(_value(scope, path), expected)
    with_path, other = COMPARISONS[name.removesuffix("Path")], parse_path(expected)
    return lambda scope: with_path(_value(scope, path), _value(scope, other))


def _is_present(scope: Scope, path: Path) -> bool:
    try:
        path.value(scope.document(path))
    except MissingError:
        return False
    return True


def _value(scope: Scope, path: Path) -> Any:
    try:
        return path.value(scope.document(path))
    except MissingError:
        cause = f"Invalid path '{path.text}': The choice state's condition path references an invalid value."
        raise StateError(RUNTIME, cause) from None
