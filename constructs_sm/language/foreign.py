"""Values of other libraries, as arrays and frames: told by their classes where something has stumbled over an argument.

What an argument takes, the code that reads it knows best. This is asked when that has failed, to name the cause.
"""

from __future__ import annotations

from enum import Enum
from os import PathLike
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.errors import Problem, shown
from constructs_sm.language.offering import is_of_jsii

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLAIN: Final = (str, int, float, bool, type(None), Enum, PathLike, FunctionType, BuiltinFunctionType)
_LISTS: Final = (list, tuple, set, frozenset)
_DEEPEST: Final = 6
_WIDEST: Final = 1024
"""Bits of a number; Python itself writes no much longer ones."""


def foreign_problems(arguments: Mapping[str, Any]) -> list[Problem]:
    """List the values in *arguments* that are neither plain, nor of the CDK, nor of this library."""
    return [problem for name, value in arguments.items() for problem in _within(name, value, 0)]


def _within(name: str, value: Any, depth: int) -> Iterator[Problem]:
    kind = type(value)
    if isinstance(value, int) and value.bit_length() > _WIDEST:
        yield Problem(f"{name} is longer than any number can be", value, "pass a shorter one", "argument-type")
    if depth > _DEEPEST or _is_known(kind):
        return
    if isinstance(value, _LISTS):
        for number, item in enumerate(value):
            yield from _within(f"{name}[{number}]", item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if type(key) is not str:
                yield Problem(f"{name} has a key that is no text", key, "write it in quotes", "argument-type")
            yield from _within(f"{name}[{shown(key)}]", item, depth + 1)
    else:
        use = "pass plain values (a number by int() or float(), an array by .tolist()), or what the docstring names"
        yield Problem(f"{name} has a value of another library", kind.__name__, use, "argument-type")


def _is_known(kind: type) -> bool:
    # What derives from a plain class, as the float of an array does, is read as that class.
    return issubclass(kind, _PLAIN) or is_of_jsii(kind) or kind.__module__.startswith("constructs_sm")
