"""Filters of a JSONPath: `[?(@.status == 'Failed' && @.count > 1)]`."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, TypeAlias

from constructs_sm.language.numbers import is_number, json_in

Predicate: TypeAlias = Callable[[Any, Any], bool]
"""Tells of an item, and of the document that it is in, if it is found."""
_Finder: TypeAlias = Callable[[Any, Any], list[Any]]
_PathIn: TypeAlias = Callable[[str, int], tuple[Callable[[Any], list[Any]], int]]
_SPACE = re.compile(r"\s*")
_OPERATOR = re.compile(r"==|!=|<=|>=|<|>|=~|\b(?:in|nin|subsetof|anyof|noneof|size|empty)\b")
_LITERAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true\b|false\b|null\b")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_WORD = re.compile(r"[^\W\d][\w-]*")
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)*)/([a-zA-Z]*)")
_DEEPEST: Final = 50


class PathError(ValueError):
    """A text that is no JSONPath."""


def parse_predicate(text: str, at: int, path_in: _PathIn) -> tuple[Predicate, int]:
    """The filter that begins at *at* with its parenthesis, and where it ends.

    Args:
        text: The whole path.
        at: Where the filter begins, behind its question mark.
        path_in: Reads a path within the filter, from behind its root.

    Raises:
        PathError: There is none.
    """
    reader = _Filters(text, at, path_in)
    reader.expect("(")
    predicate = reader.alternatives()
    reader.expect(")")
    return predicate, reader.at


class _Filters:
    def __init__(self, text: str, at: int, path_in: _PathIn) -> None:
        self.text = text
        self.at = at
        self._path_in = path_in
        self._depth = 0

    def expect(self, mark: str) -> None:
        if not self._take(mark):
            raise self._error(f"a filter has {mark} here")

    def alternatives(self) -> Predicate:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("a filter is not as deep as this")
        one = self._conditions()
        while self._take("||"):
            one = _either(one, self._conditions())
        self._depth -= 1
        return one

    def _conditions(self) -> Predicate:
        one = self._condition()
        while self._take("&&"):
            one = _both(one, self._condition())
        return one

    def _condition(self) -> Predicate:
        if self._take("!"):
            inner = self._condition()
            return lambda item, root: not inner(item, root)
        if self._take("("):
            grouped = self.alternatives()
            self.expect(")")
            return grouped
        left, is_path = self._operand()
        self._space()
        operator = _OPERATOR.match(self.text, self.at)
        if operator is None:
            if not is_path:
                raise self._error("a filter compares, or asks whether a path is there")
            return lambda item, root: bool(left(item, root))
        self.at = operator.end()
        if operator[0] == "=~":
            pattern = self._pattern()
            return lambda item, root: _matched(left(item, root), pattern)
        right, _ = self._operand()
        compare = _COMPARISONS[operator[0]]
        return lambda item, root: compare(left(item, root), right(item, root))

    def _operand(self) -> tuple[_Finder, bool]:
        """Operand on one side of a comparison, and if that is a path."""
        self._space()
        if self._take("@"):
            inner, self.at = self._path_in(self.text, self.at)
            return (lambda item, _: inner(item)), True
        if self._take("$"):
            outer, self.at = self._path_in(self.text, self.at)
            return (lambda _, root: outer(root)), True
        value = [self._value()]
        return (lambda _item, _root: value), False

    def _value(self) -> Any:
        self._space()
        if self._take("["):
            items = []
            while not self._take("]"):
                items.append(self._value())
                if not self._take(","):
                    self.expect("]")
                    break
            return items
        if (quoted := _TEXT.match(self.text, self.at)) is not None:
            self.at = quoted.end()
            return re.sub(r"\\(.)", r"\1", quoted[1] if quoted[1] is not None else quoted[2])
        if (literal := _LITERAL.match(self.text, self.at)) is not None:
            self.at = literal.end()
            try:
                return json_in(literal[0])
            except ValueError as error:
                raise self._error(str(error)) from None
        if (word := _WORD.match(self.text, self.at)) is not None:
            self.at = word.end()
            return word[0]  # Step Functions takes a text without quotes
        raise self._error("a filter compares with a path, a text, a number, true, false, null or a list")

    def _pattern(self) -> re.Pattern[str]:
        self._space()
        found = _PATTERN.match(self.text, self.at)
        if found is None:
            raise self._error("a pattern stands between slashes")
        self.at = found.end()
        flags = re.IGNORECASE if "i" in found[2] else 0
        try:
            return re.compile(found[1], flags)
        except re.error as error:
            raise self._error(f"the pattern is none ({error})") from None

    def _take(self, mark: str) -> bool:
        self._space()
        if self.text.startswith(mark, self.at) and not self.text.startswith("!=", self.at):
            self.at += len(mark)
            return True
        return False

    def _space(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def _error(self, problem: str) -> PathError:
        return PathError(f"{problem}, got {self.text[self.at :]!r} at {self.at} of {self.text!r}")


def _either(one: Predicate, other: Predicate) -> Predicate:
    return lambda item, root: one(item, root) or other(item, root)


def _both(one: Predicate, other: Predicate) -> Predicate:
    return lambda item, root: one(item, root) and other(item, root)


def _alike(left: Any, right: Any) -> bool:
    if is_number(left) and is_number(right):
        return bool(left == right)
    if isinstance(left, str) and is_number(right):
        return left == json.dumps(right)
    if isinstance(right, str) and is_number(left):
        return right == json.dumps(left)
    return type(left) is type(right) and bool(left == right)


def _equal(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(map(_alike, left, right))


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[list[Any], list[Any]], bool]:
    def compare(left: list[Any], right: list[Any]) -> bool:
        if len(left) != 1 or len(right) != 1:
            return False
        one, other = left[0], right[0]
        both = (is_number(one) and is_number(other)) or (isinstance(one, str) and isinstance(other, str))
        return both and holds(one, other)

    return compare


def _listed(values: list[Any]) -> list[Any]:
    return values[0] if len(values) == 1 and isinstance(values[0], list) else values


def _among(value: Any, values: list[Any]) -> bool:
    return any(_alike(value, other) for other in values)


def _size(values: list[Any]) -> int | None:
    return len(values[0]) if len(values) == 1 and isinstance(values[0], (list, str)) else None


_COMPARISONS: dict[str, Callable[[list[Any], list[Any]], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(lambda one, other: one < other),
    "<=": _ordered(lambda one, other: one <= other),
    ">": _ordered(lambda one, other: one > other),
    ">=": _ordered(lambda one, other: one >= other),
    "in": lambda left, right: bool(left) and _among(left[0], _listed(right)),
    "nin": lambda left, right: not left or not _among(left[0], _listed(right)),
    "subsetof": lambda left, right: bool(left) and all(_among(one, _listed(right)) for one in _listed(left)),
    "anyof": lambda left, right: any(_among(one, _listed(right)) for one in _listed(left)),
    "noneof": lambda left, right: not any(_among(one, _listed(right)) for one in _listed(left)),
    "size": lambda left, right: _size(left) is not None and (_among(_size(left), right) or _size(left) == _size(right)),
    "empty": lambda left, right: _size(left) is not None and (_size(left) == 0) is right[0],
}


DEADLINE: Final[ContextVar[float]] = ContextVar("DEADLINE", default=math.inf)
"""Time (of time.monotonic) at which a regular expression that still searches is given up."""


def _matched(values: list[Any], pattern: re.Pattern[str]) -> bool:
    if len(values) != 1 or not isinstance(values[0], str):
        return False
    left = DEADLINE.get() - time.monotonic()
    if math.isinf(left):
        return pattern.fullmatch(values[0]) is not None
    try:
        # It searches as re does, and can be interrupted.
        import regex  # noqa: PLC0415 - only who runs state machines has it
    except ImportError as missing:
        message = (
            "a filter with a regular expression needs regex; install it with: pip install 'constructs-sm[testing]'"
        )
        raise ImportError(message, name="regex") from missing
    found = regex.compile(pattern.pattern, pattern.flags & re.IGNORECASE)
    return found.fullmatch(values[0], timeout=max(left, 0.001)) is not None
