"""Comparisons of numbers that are known when a state machine runs, and what is made of them with `&`, `|` and `~`."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.jsonata import is_plain, jsonata_of, quoted
from constructs_sm.language.late_bound import is_altered_number, is_json_path, is_jsonata, is_token, unmarked
from constructs_sm.language.numbers import is_finite_number, is_number

if TYPE_CHECKING:
    from collections.abc import Iterator

_IN_JSONATA = {"==": "="}


class Comparable:
    """A number that is known when the state machine runs. Compare it with another, or with a Python number."""

    __slots__ = ()

    kind = "number"
    """The type that the value must have, as JSONata calls it."""

    @property
    def value(self) -> Comparable:
        """The value itself, where this is a view of it."""
        return self

    @property
    def is_true(self) -> Condition:
        """The verdict that the value is: true or false, in a report or an output; `~` turns it round."""
        return _Verdict(_Truth(self))

    @property
    @abstractmethod
    def said(self) -> str:
        """The name of the value in messages."""

    @abstractmethod
    def expression(self, gate: str) -> str:
        """Return the condition as JSONata without delimiters, in a gate that keeps its inputs under the key *gate*."""

    @abstractmethod
    def missing(self, gate: str) -> str:
        """A JSONata expression for the sentence that says it is not there, and what is."""

    def __ge__(self, other: Any) -> Any:
        return _compared(self, ">=", other)

    def __gt__(self, other: Any) -> Any:
        return _compared(self, ">", other)

    def __le__(self, other: Any) -> Any:
        return _compared(self, "<=", other)

    def __lt__(self, other: Any) -> Any:
        return _compared(self, "<", other)

    def __eq__(self, other: object) -> Any:
        return _compared(self, "==", other)

    def __ne__(self, other: object) -> Any:
        return _compared(self, "!=", other)

    __hash__ = object.__hash__


def _compared(left: Comparable, operator: str, right: Any) -> Any:
    if isinstance(right, bool) and operator in {"==", "!="}:
        verdict = left.is_true
        return verdict if right == (operator == "==") else ~verdict
    if isinstance(right, Comparable) or is_number(right):
        return Comparison(left, operator, right)
    return NotImplemented


class Condition:
    """A test of a QualityGate: a comparison, or several that are combined with `&`, `|` and `~`, each in brackets."""

    __slots__ = ()

    @property
    @abstractmethod
    def said(self) -> str:
        """The condition in words."""

    @abstractmethod
    def expression(self, gate: str) -> str:
        """Return the condition as JSONata without delimiters."""

    @abstractmethod
    def operands(self) -> Iterator[Comparable]:
        """The numbers in it."""

    def __and__(self, other: Condition) -> Condition:
        return _Combined("and", self, other) if isinstance(other, Condition) else NotImplemented

    def __or__(self, other: Condition) -> Condition:
        return _Combined("or", self, other) if isinstance(other, Condition) else NotImplemented

    def __invert__(self) -> Condition:
        return _Not(self)

    def __bool__(self) -> bool:
        message = f"'{self.said}' is decided when the state machine runs; write & | ~ for and, or, not, with brackets"
        raise TypeError(message)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Condition):
    """One number against another."""

    left: Comparable
    operator: str
    right: Comparable | float

    def __post_init__(self) -> None:
        if not isinstance(self.right, Comparable) and not is_finite_number(self.right):
            late = is_token(self.right) or is_altered_number(self.right)
            use = "write Number('$.minimum') for a number of the input" if late else "pass a finite number"
            problem = Problem("nothing can be compared with it", self.right, use, "condition-operand")
            raise InvalidInputError(f"comparison of {self.left.said}", [problem])

    @property
    def said(self) -> str:
        return f"{self.left.said} {self.operator} {_said(self.right)}"

    def expression(self, gate: str) -> str:
        right = self.right.expression(gate) if isinstance(self.right, Comparable) else repr(self.right)
        return f"{self.left.expression(gate)} {_IN_JSONATA.get(self.operator, self.operator)} {right}"

    def operands(self) -> Iterator[Comparable]:
        yield self.left
        if isinstance(self.right, Comparable):
            yield self.right


class _Truth(Comparable):
    """A value that is true or false."""

    __slots__ = ("_of",)

    kind = "boolean"

    def __init__(self, of: Comparable) -> None:
        self._of = of

    @property
    def value(self) -> Comparable:
        return self._of

    @property
    def said(self) -> str:
        return self._of.said

    def expression(self, gate: str) -> str:
        return self._of.expression(gate)

    def missing(self, gate: str) -> str:
        return self._of.missing(gate).replace("no number at", "neither true nor false at")


@dataclass(frozen=True, slots=True, eq=False)
class _Verdict(Condition):
    of: _Truth

    @property
    def said(self) -> str:
        return f"{self.of.said} is true"

    def expression(self, gate: str) -> str:
        return f"{self.of.expression(gate)} = true"

    def operands(self) -> Iterator[Comparable]:
        yield self.of


@dataclass(frozen=True, slots=True, eq=False)
class _Combined(Condition):
    word: str
    left: Condition
    right: Condition

    @property
    def said(self) -> str:
        return f"({self.left.said} {self.word} {self.right.said})"

    def expression(self, gate: str) -> str:
        return f"({self.left.expression(gate)} {self.word} {self.right.expression(gate)})"

    def operands(self) -> Iterator[Comparable]:
        yield from self.left.operands()
        yield from self.right.operands()


@dataclass(frozen=True, slots=True, eq=False)
class _Not(Condition):
    of: Condition

    @property
    def said(self) -> str:
        return f"not ({self.of.said})"

    def expression(self, gate: str) -> str:
        return f"$not({self.of.expression(gate)})"

    def operands(self) -> Iterator[Comparable]:
        return self.of.operands()


def _said(value: Comparable | float) -> str:
    return value.said if isinstance(value, Comparable) else repr(value)


class Number(Comparable):
    """A number in the input of the state, or in the execution's.

    Args:
        path: `$.minimum_auc` of the state's input; `$$.Execution.Input.minimum_auc` of what the execution was started
            with, which is there in a Map too; or a JSONata expression.

    Raises:
        InvalidInputError: It is no path.
    """

    __slots__ = ("_expression", "_path")

    def __init__(self, path: str) -> None:
        if is_jsonata(path):
            self._expression = f"({unmarked(path)})"
        elif is_json_path(path) and is_plain(path) and path.startswith("$"):
            self._expression = jsonata_of(path)
        else:
            raise InvalidInputError(
                "Number", [Problem("no path", path, "write '$.minimum', or '{% ... %}'", "condition-operand")]
            )
        self._path = path

    @property
    def said(self) -> str:
        """The name of the value in messages."""
        return self._path

    def expression(self, gate: str) -> str:  # noqa: ARG002
        """Return the value as JSONata without delimiters."""
        return self._expression

    def missing(self, gate: str) -> str:  # noqa: ARG002
        """The sentence that says it is not there."""
        return f"'there is no number at ' & {quoted(self._path)}"
