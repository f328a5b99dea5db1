"""The parts of a JSONata expression: what Step Functions refuses in one can be told without evaluating it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.jsonata_tokens import ExpressionError, Token, token_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ExpressionError", "Node", "parse"]

_BINDS: Final = {
    ".": 75,
    "[": 80,
    "{": 70,
    "(": 80,
    "@": 80,
    "#": 80,
    "?": 20,
    "+": 50,
    "-": 50,
    "*": 60,
    "/": 60,
    "%": 60,
    "=": 40,
    "<": 40,
    ">": 40,
    "^": 40,
    "!=": 40,
    "<=": 40,
    ">=": 40,
    "~>": 40,
    ":=": 10,
    "and": 30,
    "or": 25,
    "in": 40,
    "&": 50,
    "?:": 40,
    "??": 40,
}
"""Rank of each operator: how tightly each operator binds what stands before it."""
_DEEPEST: Final = 200


@dataclass(frozen=True, slots=True)
class Node:
    """One part of an expression, with its place in the text."""

    kind: str
    """name, variable, value, regex, placeholder, wildcard, descendants, parent, block, array, object, negative, lambda,
    transform, call, index, group, sort, focus, condition, or the operator of a binary one."""
    start: int
    end: int
    parts: tuple[Node, ...] = ()
    value: Any = None
    """A name, a value; of a lambda its parameters."""
    at: int = field(default=0)
    """Place of the operator."""

    def walk(self) -> Iterator[Node]:
        """The node and everything in it."""
        yield self
        for part in self.parts:
            yield from part.walk()


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """The expression that *text* is, without its `{% %}`.

    Raises:
        ExpressionError: It is none.
    """
    return _Parser(text).whole()


class _Parser:
    """Reads an expression by the strength with which its operators bind."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self._token = token_at(text, 0, before_a_value=True)

    def whole(self) -> Node:
        node = self._expression(0)
        if self._token.kind != "end":
            raise self._unexpected()
        return node

    def _unexpected(self) -> ExpressionError:
        if self._token.kind == "end":
            return ExpressionError("the expression ends too soon")
        return ExpressionError(
            f"{self._text[self._token.start : self._token.end]!r} at {self._token.start} is unexpected"
        )

    def _advance(self, *, before_a_value: bool) -> Token:
        token = self._token
        self._token = token_at(self._text, token.end, before_a_value=before_a_value)
        return token

    def _is(self, *operators: str) -> bool:
        return self._token.kind == "operator" and self._token.value in operators

    def _expect(self, operator: str, *, before_a_value: bool = False) -> Token:
        if not self._is(operator):
            raise ExpressionError(f"{operator} is missing before {self._unexpected()}")
        return self._advance(before_a_value=before_a_value)

    def _expression(self, strength: int) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("the expression is too deep")
        left = self._first()
        while self._token.kind == "operator" and _BINDS.get(str(self._token.value), 0) > strength:
            left = self._next(left)
        self._depth -= 1
        return left

    # What an expression begins with.

    def _first(self) -> Node:
        token = self._token
        if token.kind in {"name", "variable", "value", "regex"}:
            self._advance(before_a_value=False)
            if token.kind == "name" and token.value in {"function", "\u03bb"} and self._is("("):
                return self._lambda(token)
            return Node(token.kind, token.start, token.end, value=token.value)
        if token.kind == "operator" and str(token.value) in {"and", "or", "in"}:
            self._advance(before_a_value=False)
            return Node("name", token.start, token.end, value=token.value)
        if token.kind == "operator" and (begin := self._beginnings.get(str(token.value))) is not None:
            return begin(self)
        raise self._unexpected()

    def _mark(self, kind: str) -> Node:
        token = self._advance(before_a_value=False)
        return Node(kind, token.start, token.end)

    def _negative(self) -> Node:
        token = self._advance(before_a_value=True)
        inner = self._expression(70)
        return Node("negative", token.start, inner.end, (inner,))

    def _block(self) -> Node:
        token = self._advance(before_a_value=True)
        parts = []
        while not self._is(")"):
            parts.append(self._expression(0))
            if not self._is(";"):
                break
            self._advance(before_a_value=True)
        end = self._expect(")")
        return Node("block", token.start, end.end, tuple(parts))

    def _array(self) -> Node:
        token = self._advance(before_a_value=True)
        parts = []
        while not self._is("]"):
            item = self._expression(0)
            if self._is(".."):
                at = self._advance(before_a_value=True)
                last = self._expression(0)
                item = Node("..", item.start, last.end, (item, last), at=at.start)
            parts.append(item)
            if not self._is(","):
                break
            self._advance(before_a_value=True)
        end = self._expect("]")
        return Node("array", token.start, end.end, tuple(parts))

    def _pairs(self) -> tuple[tuple[Node, ...], int]:
        self._advance(before_a_value=True)
        parts: list[Node] = []
        while not self._is("}"):
            parts.append(self._expression(0))
            self._expect(":", before_a_value=True)
            parts.append(self._expression(0))
            if not self._is(","):
                break
            self._advance(before_a_value=True)
        return tuple(parts), self._expect("}").end

    def _object(self) -> Node:
        start = self._token.start
        parts, end = self._pairs()
        return Node("object", start, end, parts)

    def _transform(self) -> Node:
        start = self._advance(before_a_value=True).start
        parts = [self._expression(0)]
        self._expect("|", before_a_value=True)
        parts.append(self._expression(0))
        if self._is(","):
            self._advance(before_a_value=True)
            parts.append(self._expression(0))
        end = self._expect("|")
        return Node("transform", start, end.end, tuple(parts))

    def _lambda(self, word: Token) -> Node:
        self._advance(before_a_value=False)
        names = []
        while self._token.kind == "variable":
            names.append(str(self._advance(before_a_value=False).value))
            if not self._is(","):
                break
            self._advance(before_a_value=False)
        self._expect(")")
        if self._is("<"):
            self._signature()
        self._expect("{", before_a_value=True)
        body = self._expression(0)
        end = self._expect("}")
        return Node("lambda", word.start, end.end, (body,), tuple(names))

    def _signature(self) -> None:
        depth = 0
        while self._token.kind != "end":
            depth += 1 if self._is("<") else -1 if self._is(">") else 0
            self._advance(before_a_value=False)
            if depth == 0:
                return
        raise self._unexpected()

    _beginnings: Final[dict[str, Callable[[_Parser], Node]]] = {
        "-": _negative,
        "(": _block,
        "[": _array,
        "{": _object,
        "|": _transform,
        "*": lambda self: self._mark("wildcard"),
        "**": lambda self: self._mark("descendants"),
        "%": lambda self: self._mark("parent"),
    }

    # What stands behind another part.

    def _next(self, left: Node) -> Node:
        operator = str(self._token.value)
        if operator in {"?:", "??"}:
            raise ExpressionError(
                f"{operator} at {self._token.start} is not in the JSONata of Step Functions; write a condition"
            )
        if (follow := self._followers.get(operator)) is not None:
            return follow(self, left)
        token = self._advance(before_a_value=True)
        strength = _BINDS[operator]
        if operator == ":=":
            if left.kind != "variable":
                raise ExpressionError(f"only a variable is given a value, at {token.start}")
            strength -= 1  # binds to the right
        right = self._expression(strength)
        return Node(operator, left.start, right.end, (left, right), at=token.start)

    def _call(self, left: Node) -> Node:
        self._advance(before_a_value=True)
        arguments = []
        while not self._is(")"):
            if self._is("?"):
                arguments.append(self._mark("placeholder"))
            else:
                arguments.append(self._expression(0))
            if not self._is(","):
                break
            self._advance(before_a_value=True)
        end = self._expect(")")
        return Node("call", left.start, end.end, (left, *arguments))

    def _index(self, left: Node) -> Node:
        self._advance(before_a_value=True)
        inner = () if self._is("]") else (self._expression(0),)
        end = self._expect("]")
        return Node("index", left.start, end.end, (left, *inner))

    def _group(self, left: Node) -> Node:
        parts, end = self._pairs()
        return Node("group", left.start, end, (left, *parts))

    def _sort(self, left: Node) -> Node:
        self._advance(before_a_value=False)
        self._expect("(", before_a_value=True)
        parts = []
        while True:
            if self._is("<", ">"):
                self._advance(before_a_value=True)
            parts.append(self._expression(0))
            if not self._is(","):
                break
            self._advance(before_a_value=True)
        end = self._expect(")")
        return Node("sort", left.start, end.end, (left, *parts))

    def _focus(self, left: Node) -> Node:
        self._advance(before_a_value=True)
        if self._token.kind != "variable":
            raise self._unexpected()
        name = self._advance(before_a_value=False)
        return Node("focus", left.start, name.end, (left,), name.value)

    def _condition(self, left: Node) -> Node:
        self._advance(before_a_value=True)
        parts = [left, self._expression(0)]
        if self._is(":"):
            self._advance(before_a_value=True)
            parts.append(self._expression(0))
        return Node("condition", left.start, parts[-1].end, tuple(parts))

    _followers: Final[dict[str, Callable[[_Parser, Node], Node]]] = {
        "(": _call,
        "[": _index,
        "{": _group,
        "^": _sort,
        "@": _focus,
        "#": _focus,
        "?": _condition,
    }
