"""Intrinsic functions: `States.Format('{}-{}', $.name, $$.Execution.Name)`. Parsed once, and evaluated or judged."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.intrinsic_functions import FUNCTIONS, IntrinsicError, Surroundings
from constructs_sm.language.jsonpath import Path, PathError
from constructs_sm.language.jsonpath import parse as parse_path
from constructs_sm.language.late_bound import TOKEN
from constructs_sm.language.numbers import json_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "Intrinsic",
    "IntrinsicError",
    "Literal",
    "Surroundings",
    "SyntaxProblem",
    "call_in",
    "formatted_by",
    "is_intrinsic",
    "items_in",
    "literal_beginning",
    "parse",
]

FORMAT: Final = "States.Format"

MOST_NESTED: Final = 10
"""Intrinsic functions within each other, in one field."""
_CALL = re.compile(r"\s*States\.(\w+)\s*\(")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_LITERAL = re.compile(r"(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = "'\\{}"
_FORMATTED_BEGINNING = re.compile(rf"States\.Format\(\s*'((?:{TOKEN.pattern}|[^'{{}}\\])*)\{{")
_SPACE = re.compile(r"\s*")


class SyntaxProblem(ValueError):  # noqa: N818 - a problem of a text
    """A text that is no call of an intrinsic function."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written out. A text keeps the backslashes that escape, which `States.Format` reads."""

    value: Any
    written: str = ""

    def evaluate(self, _read: Callable[[Path], Any], _around: Surroundings) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class Read:
    """A path as an argument."""

    path: Path

    def evaluate(self, read: Callable[[Path], Any], _around: Surroundings) -> Any:
        return read(self.path)


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """A call of an intrinsic function."""

    name: str
    arguments: tuple[Intrinsic | Literal | Read, ...]

    def evaluate(self, read: Callable[[Path], Any], around: Surroundings) -> Any:
        """The value of the call.

        Args:
            read: Reads a path.
            around: What else a function may ask for.

        Raises:
            IntrinsicError: The function takes no such arguments.
        """
        function = FUNCTIONS[self.name]
        values = [
            argument.written
            if function.takes_template and not number and isinstance(argument, Literal) and argument.written
            else argument.evaluate(read, around)
            for number, argument in enumerate(self.arguments)
        ]
        return function.apply(values, around)

    @property
    def paths(self) -> Iterator[Path]:
        """Every path in the call."""
        for argument in self.arguments:
            if isinstance(argument, Read):
                yield argument.path
            elif isinstance(argument, Intrinsic):
                yield from argument.paths


def is_intrinsic(text: object) -> bool:
    """Return True for a text that begins as a call of an intrinsic function."""
    return isinstance(text, str) and text.startswith("States.")


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Intrinsic:
    """The call that *text* is.

    Raises:
        SyntaxProblem: It is none.
    """
    reader = _Reader(text)
    call = reader.call(1)
    reader.space()
    if reader.at != len(text):
        raise reader.error("nothing follows the call")
    return call


@functools.lru_cache(maxsize=4096)
def formatted_by(function: str) -> tuple[str, list[str]] | None:
    """Text, as it is written, and paths of a `States.Format`; None if it is anything else."""
    call = call_in(function)
    if call is None or call.name != FORMAT:
        return None
    template, *values = call.arguments
    paths = [value.path.text for value in values if isinstance(value, Read)]
    if not isinstance(template, Literal) or not isinstance(template.value, str) or len(paths) != len(values):
        return None
    return template.written, paths


def literal_beginning(function: str) -> str | None:
    """Beginning of the value of a `States.Format`, whatever its arguments are; None if it is anything else."""
    found = _FORMATTED_BEGINNING.match(function)
    return None if found is None else found[1]


def items_in(function: str) -> list[int]:
    """Indices of the items, of a list that is the whole input, that an intrinsic function is given."""
    call = call_in(function)
    places = [path.places for path in call.paths if path.is_reference] if call else []
    return [place[0] for place in places if len(place) == 1 and isinstance(place[0], int)]


def call_in(text: str) -> Intrinsic | None:
    """Parse the call that a text is; None if it is none."""
    try:
        return parse(text) if is_intrinsic(text) else None
    except SyntaxProblem:
        return None


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def error(self, problem: str) -> SyntaxProblem:
        return SyntaxProblem(f"{problem}, got {self.text[self.at :]!r} at {self.at} of {self.text!r}")

    def space(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def call(self, depth: int) -> Intrinsic:
        begun = _CALL.match(self.text, self.at)
        if begun is None or f"States.{begun[1]}" not in FUNCTIONS:
            raise self.error(f"an intrinsic function is one of {', '.join(FUNCTIONS)}")
        if depth > MOST_NESTED:
            raise self.error(f"at most {MOST_NESTED} intrinsic functions stand in one field")
        self.at = begun.end()
        name = f"States.{begun[1]}"
        arguments = tuple(self._arguments(depth))
        function = FUNCTIONS[name]
        if not function.least <= len(arguments) <= function.most:
            raise self.error(f"{name} takes {function.counts} arguments, not {len(arguments)}, before this")
        return Intrinsic(name, arguments)

    def _arguments(self, depth: int) -> Iterator[Intrinsic | Literal | Read]:
        self.space()
        if self._take(")"):
            return
        while True:
            yield self._argument(depth)
            self.space()
            if self._take(")"):
                return
            if not self._take(","):
                raise self.error("arguments are parted by commas and end with a parenthesis")

    def _take(self, mark: str) -> bool:
        taken = self.text.startswith(mark, self.at)
        self.at += len(mark) if taken else 0
        return taken

    def _argument(self, depth: int) -> Intrinsic | Literal | Read:
        self.space()
        if self.text.startswith("States.", self.at):
            return self.call(depth + 1)
        if (quoted := _TEXT.match(self.text, self.at)) is not None:
            wrong = [mark for mark in _ESCAPED.findall(quoted[1]) if mark not in _ESCAPES]
            if wrong:
                raise self.error(f"a backslash in a text escapes one of {' '.join(_ESCAPES)}, not {wrong[0]}")
            self.at = quoted.end()
            return Literal(_ESCAPED.sub(r"\1", quoted[1]), quoted[1])
        if (literal := _LITERAL.match(self.text, self.at)) is not None:
            self.at = literal.end()
            try:
                return Literal(json_in(literal[0]))
            except ValueError as error:
                raise self.error(str(error)) from None
        if self.text.startswith("$", self.at):
            end = _path_end(self.text, self.at)
            try:
                path = parse_path(self.text[self.at : end].rstrip())
            except PathError as error:
                raise self.error(f"the argument is no JSONPath ({error})") from None
            self.at = end
            return Read(path)
        raise self.error("an argument is a path, a text in single quotes, a number, true, false, null or a call")


def _path_end(text: str, at: int) -> int:
    """Return where a path ends that is an argument: at a comma or parenthesis that is not within its brackets."""
    depth, quote = 0, ""
    while at < len(text):
        mark = text[at]
        if quote:
            if mark == "\\":
                at += 1
            elif mark == quote:
                quote = ""
        elif depth and mark in "'\"":
            quote = mark
        elif mark in "[(":
            depth += 1
        elif mark in "])":
            if not depth:
                break
            depth -= 1
        elif mark == "," and not depth:
            break
        at += 1
    return at
