"""Texts that stand for what is known when the state machine runs: what Python would make of them is refused."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

_TAKEN_APART = (
    "capitalize", "casefold", "center", "expandtabs", "format", "format_map", "join", "ljust", "lower", "lstrip",
    "partition", "removeprefix", "removesuffix", "replace", "rjust", "rpartition", "rsplit", "rstrip", "split",
    "splitlines", "strip", "swapcase", "title", "translate", "upper", "zfill", "__getitem__",
)  # fmt: skip
"""Methods of a text: each would work on the text that stands for the value, and lose it."""
_COMPUTED = (
    "__mul__", "__rmul__", "__mod__", "__sub__", "__rsub__", "__truediv__", "__rtruediv__", "__floordiv__",
    "__rfloordiv__", "__pow__", "__rpow__", "__neg__", "__pos__", "__abs__", "__round__",
)  # fmt: skip
_CONVERTED = {"__float__": float, "__int__": int}
_TAKE_APART = "take it apart with sfn.JsonPath.string_split and array_get_item, or in a state in JSONata"
_COMPUTE = "compute with sfn.JsonPath.math_add(sfn.JsonPath.number_at(output), 1), or in a state in JSONata"
_DIVIDE = f"put more behind a place with .under(...), behind a text with +; {_COMPUTE}"


class StandIn:
    """A text that may stand for a value of the run. Where it does, Python cannot take it apart or compute with it."""

    __slots__ = ()

    @property
    @abstractmethod
    def is_known_later(self) -> bool:
        """Tell whether it stands for a value, and is not the value itself."""

    @property
    @abstractmethod
    def stands_for(self) -> str:
        """The name of the value in messages."""

    def __format__(self, spec: str) -> str:
        """Return the text; no format goes with what it stands for."""
        if spec and self.is_known_later:
            raise _refused(self, f"format {spec!r}", _COMPUTE)
        return format(str(self), spec)


def _refused(text: StandIn, operation: str, use: str) -> InvalidInputError:
    what = "Python would work on the text that stands for the value, which is known when the state machine runs"
    return InvalidInputError(text.stands_for, [Problem(what, operation, use, "output-computed-in-python")])


def _refusing(name: str, use: str, otherwise: Callable[..., Any] | None) -> Callable[..., Any]:
    """Make an operation that is refused where the text stands for a value; *otherwise* is what it does with a text."""

    def operation(self: StandIn, *args: Any, **named: Any) -> Any:
        # The marks of an expression may be taken off.
        marks = name == "__getitem__" and str(self)[:2] == "{%"
        if self.is_known_later and not marks:
            raise _refused(self, name.strip("_"), use)
        return NotImplemented if otherwise is None else otherwise(str(self), *args, **named)

    operation.__name__ = name
    return operation


for _name in _TAKEN_APART:
    setattr(StandIn, _name, _refusing(_name, _TAKE_APART, getattr(str, _name)))
for _name in _COMPUTED:
    _use = _DIVIDE if "truediv" in _name else _COMPUTE
    setattr(StandIn, _name, _refusing(_name, _use, getattr(str, _name, None)))
for _name, _made in _CONVERTED.items():
    setattr(StandIn, _name, _refusing(_name, _COMPUTE, _made))
