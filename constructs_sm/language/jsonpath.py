"""JSONPath as Step Functions has it: parsed once, and then read, written to or judged.

A path that can lead to one place only is the value there; any other is the list of what it finds. A path starts at the
input of a state (`$.a`), at the context object (`$$.Execution.Id`) or at a variable (`$model.name`).
"""

from __future__ import annotations

import contextlib
import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.jsonpath_filters import DEADLINE, PathError, parse_predicate
from constructs_sm.language.jsonpath_steps import (
    FUNCTIONS,
    Descendants,
    Filter,
    Function,
    Indices,
    MissingError,
    Names,
    Slice,
    Step,
    Wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "CONTEXT",
    "DEADLINE",
    "FUNCTIONS",
    "INPUT",
    "MissingError",
    "Path",
    "PathError",
    "is_path",
    "names_before",
    "parse",
]

CONTEXT: Final = "$$"
"""The root of a path into the context object."""
INPUT: Final = "$"
_ROOT = re.compile(r"\$(?:\$|(?P<variable>[^\W\d]\w*))?")
_NAME = re.compile(r"[^\s.\[\](){}'\"*@?,:$!<>=&|/\\~^;%`+]+")
_INTEGER = re.compile(r"-?\d+")
_SLICE = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(-?\d+)?)?")
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path."""

    text: str
    variable: str | None = field(compare=False)
    """The variable that it starts at."""
    of_context: bool = field(compare=False)
    """Starts at the context object."""
    steps: tuple[Step, ...] = field(compare=False)
    key: str | None = field(init=False, compare=False)
    """The one field of its document that it reads; None where it may read all of it."""

    def __post_init__(self) -> None:
        first = self.places[:1]
        # What a filter compares with may be anywhere.
        is_one = first and isinstance(first[0], str) and not any(isinstance(step, Filter) for step in self.steps)
        object.__setattr__(self, "key", first[0] if is_one else None)

    @property
    def leads_to_one(self) -> bool:
        """Can lead to one place only, so that it is the value there and no list."""
        return all(
            isinstance(step, Function)
            or (isinstance(step, Names) and len(step.names) == 1)
            or (isinstance(step, Indices) and len(step.indices) == 1)
            for step in self.steps
        )

    @property
    def is_reference(self) -> bool:
        """A path of names and numbers alone, such as a ResultPath has to be."""
        return self.leads_to_one and not any(isinstance(step, Function) for step in self.steps)

    @property
    def places(self) -> tuple[str | int, ...]:
        """The names and numbers of a reference path, from its start."""
        found: list[str | int] = []
        for step in self.steps:
            if isinstance(step, Names) and len(step.names) == 1:
                found.append(step.names[0])
            elif isinstance(step, Indices) and len(step.indices) == 1:
                found.append(step.indices[0])
            else:
                break
        return tuple(found)

    def values(self, document: Any) -> list[Any]:
        """Everything that the path finds, in order."""
        found = [document]
        for step in self.steps:
            if isinstance(step, Function):
                found = list(step.of(found[0] if len(found) == 1 and self.leads_to_one else found, document))
            else:
                found = [inner for value in found for inner in step.of(value, document)]
        return found

    def value(self, document: Any) -> Any:
        """The value of the path in *document*.

        Raises:
            MissingError: It leads to one place, and nothing is there.
        """
        return _reader(self)(document)


@functools.lru_cache(maxsize=4096)
def _reader(path: Path) -> Callable[[Any], Any]:
    """Reading *path*, as short a way as it has."""
    places = path.places
    if len(places) == len(path.steps):
        return functools.partial(_walked, path, places)
    if path.steps and isinstance(path.steps[-1], Function):
        return functools.partial(_computed, path)
    return path.values


def _walked(path: Path, places: tuple[str | int, ...], value: Any) -> Any:
    for place in places:
        if isinstance(value, str):  # it has items too, which no path can name
            raise MissingError(path.text)
        try:
            value = value[place]
        except (KeyError, IndexError, TypeError):
            raise MissingError(path.text) from None
    return value


def _computed(path: Path, document: Any) -> Any:
    found = path.values(document)
    if not found:
        raise MissingError(path.text)
    return found[0]


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Path:
    """The path that *text* is, without blanks around it, as Jayway's JsonPath reads it.

    Raises:
        PathError: It is none.
    """
    text = text.strip(" ")
    root = _ROOT.match(text)
    if root is None:
        raise PathError(f"a path begins with $, got {text!r}")
    reader = _Reader(text, root.end())
    return Path(text, root["variable"], root[0] == CONTEXT, tuple(reader.steps()))


def is_path(text: object) -> bool:
    """Return True for a text that is a JSONPath."""
    try:
        parse(str(text))
    except PathError:
        return False
    return isinstance(text, str)


def names_before(text: str) -> tuple[tuple[str, ...], str]:
    """Names that *text* begins with as a path into the input, and what follows them."""
    names: list[str] = []
    if not text.startswith(INPUT):
        return (), text
    reader = _Reader(text, len(INPUT))
    end = reader.at
    with contextlib.suppress(PathError):
        for step in reader.steps():
            if not isinstance(step, Names) or len(step.names) > 1:
                break
            names += step.names
            end = reader.at
    return tuple(names), text[end:]


class _Reader:
    """Reads the steps of one path, from left to right."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def steps(self) -> Iterator[Step]:
        while self.at < len(self.text):
            if self.text.startswith("..", self.at):
                self.at += 2
                yield Descendants()
                yield self._bracket() if self.text.startswith("[", self.at) else self._dotted()
            elif self.text[self.at] == ".":
                self.at += 1
                yield self._bracket() if self.text.startswith("[", self.at) else self._dotted()
            elif self.text[self.at] == "[":
                yield self._bracket()
            else:
                raise self._error("a step begins with . or [")

    def _error(self, problem: str) -> PathError:
        return PathError(f"{problem}, got {self.text[self.at :]!r} at {self.at} of {self.text!r}")

    def _dotted(self) -> Step:
        if self.text.startswith("*", self.at):
            self.at += 1
            return Wildcard()
        name = _NAME.match(self.text, self.at)
        if name is None:
            raise self._error("a name or * follows a dot")
        self.at = name.end()
        if self.text.startswith("()", self.at):
            if name[0] not in FUNCTIONS:
                raise self._error(f"a function of paths is one of {', '.join(FUNCTIONS)}")
            self.at += 2
            if self.at != len(self.text):
                raise self._error("nothing follows a function")
            return Function(name[0])
        return Names((name[0],))

    def _bracket(self) -> Step:
        self.at += 1
        self._space()
        step = self._bracketed()
        self._space()
        if not self.text.startswith("]", self.at):
            raise self._error("a bracket is closed by ]")
        self.at += 1
        return step

    def _bracketed(self) -> Step:
        here = self.text[self.at : self.at + 1]
        if here == "*":
            self.at += 1
            return Wildcard()
        if here == "?":
            self.at += 1
            predicate, self.at = parse_predicate(self.text, self.at, _path_in)
            return Filter(predicate)
        if here in {"'", '"'} and here:
            return Names(tuple(self._listed(self._quoted)))
        if (part := _SLICE.match(self.text, self.at)) is not None:
            self.at = part.end()
            first, last, step = (None if number is None else int(number) for number in part.groups())
            if step is not None and step <= 0:
                raise self._error("the step of a slice is above 0")
            return Slice((first, last, step))
        return Indices(tuple(self._listed(self._integer)))

    def _listed(self, one: Callable[[], Any]) -> Iterator[Any]:
        yield one()
        self._space()
        while self.text.startswith(",", self.at):
            self.at += 1
            self._space()
            yield one()
            self._space()

    def _integer(self) -> int:
        number = _INTEGER.match(self.text, self.at)
        if number is None or len(number[0]) > _MOST_DIGITS:
            raise self._error("a bracket holds a quoted name, a number, a slice, * or a filter")
        self.at = number.end()
        return int(number[0])

    def _quoted(self) -> str:
        quote, start, name = self.text[self.at : self.at + 1], self.at + 1, ""
        if quote not in {"'", '"'} or not quote:
            raise self._error("names in brackets are quoted")
        at = start
        while at < len(self.text):
            letter = self.text[at]
            if letter == "\\" and self.text[at + 1 : at + 2] == quote:
                # Any other backslash is a letter of the name.
                name, at = name + quote, at + 2
            elif letter == quote:
                self.at = at + 1
                return name
            else:
                name, at = name + letter, at + 1
        raise self._error("a quote is closed")

    def _space(self) -> None:
        while self.text.startswith(" ", self.at):
            self.at += 1


_INNER_PATH_END = re.compile(
    r"""(?:\.\.?(?:[\w-]+(?:\(\))?|\*)|\[(?:[^\]'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*\])*"""
)


def _path_in(text: str, at: int) -> tuple[Callable[[Any], list[Any]], int]:
    """The path within a filter that begins behind its root at *at*, and where it ends."""
    end = _INNER_PATH_END.match(text, at)
    assert end is not None  # noqa: S101 - it matches nothing at all too
    inner = parse(f"${end[0]}")
    return inner.values, end.end()
