"""Steps of a JSONPath: what each finds in a value, and the functions that may stand at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.language.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from constructs_sm.language.jsonpath_filters import Predicate


class MissingError(LookupError):
    """A path that leads to one place, and nothing is there."""


@dataclass(frozen=True, slots=True)
class Names:
    """Fields of an object, by name."""

    names: tuple[str, ...]

    def of(self, value: Any, _: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            if len(self.names) == 1:
                if self.names[0] in value:
                    yield value[self.names[0]]
            elif found := {name: value[name] for name in self.names if name in value}:
                yield found


@dataclass(frozen=True, slots=True)
class Indices:
    """Items of a list, by number; from its end where the number is negative."""

    indices: tuple[int, ...]

    def of(self, value: Any, _: Any) -> Iterator[Any]:
        if isinstance(value, list):
            for index in self.indices:
                if -len(value) <= index < len(value):
                    yield value[index]


@dataclass(frozen=True, slots=True)
class Slice:
    """Items of a list, from one number to before another."""

    part: tuple[int | None, int | None, int | None]

    def of(self, value: Any, _: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from value[slice(*self.part)]


@dataclass(frozen=True, slots=True)
class Wildcard:
    """All fields, or all items."""

    def of(self, value: Any, _: Any) -> Iterator[Any]:
        yield from _children(value)


@dataclass(frozen=True, slots=True)
class Filter:
    """The items of which something holds."""

    predicate: Predicate

    def of(self, value: Any, root: Any) -> Iterator[Any]:
        items = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
        yield from (item for item in items if self.predicate(item, root))


@dataclass(frozen=True, slots=True)
class Descendants:
    """The value itself and everything in it."""

    def of(self, value: Any, _: Any) -> Iterator[Any]:
        waiting = [value]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(reversed(list(_children(one))))


@dataclass(frozen=True, slots=True)
class Function:
    """A function at the end of a path, of the value or the values that it leads to."""

    name: str

    def of(self, value: Any, _: Any) -> Iterator[Any]:
        found = FUNCTIONS[self.name](value)
        if found is not None:
            yield found


Step = Names | Indices | Slice | Wildcard | Filter | Descendants | Function


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _numbers(value: Any) -> list[float]:
    found = [item for item in value if is_number(item)] if isinstance(value, list) else []
    if not found:
        raise MissingError("an aggregate of no numbers")
    return found


def _deviation(numbers: Sequence[float]) -> float:
    mean = sum(numbers) / len(numbers)
    return float((sum((number - mean) ** 2 for number in numbers) / len(numbers)) ** 0.5)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "length": lambda value: len(value) if isinstance(value, (list, dict, str)) else None,
    "size": lambda value: len(value) if isinstance(value, (list, dict, str)) else None,
    "keys": lambda value: list(value) if isinstance(value, dict) else None,
    "min": lambda value: min(_numbers(value)),
    "max": lambda value: max(_numbers(value)),
    "sum": lambda value: sum(_numbers(value)),
    "avg": lambda value: sum(_numbers(value)) / len(_numbers(value)),
    "stddev": lambda value: _deviation(_numbers(value)),
    "first": lambda value: value[0] if isinstance(value, list) and value else None,
    "last": lambda value: value[-1] if isinstance(value, list) and value else None,
}
