"""The expressions of a definition: which texts are ones, and what Step Functions refuses in them unevaluated."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from constructs_sm.language.jsonata_syntax import ExpressionError, Node, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

OPEN: Final = "{%"
CLOSE: Final = "%}"
STATES_FIELDS: Final = ("input", "context", "result", "errorOutput")
"""The fields of `$states`; the last two are there where there is a result, or an error."""
SEEN: Final = frozenset({"input", "context"})
"""The fields that every expression sees."""
RESULT_SEEN: Final = SEEN | {"result"}
"""The fields that its Output and Assign see, of a state with a result."""


@dataclass(frozen=True, slots=True)
class Objection:
    """Something in an expression that Step Functions does not take."""

    rule: str
    """The kind: unparsable, half-open, unqualified, root, states-field, eval."""
    problem: str


def is_expression(text: object) -> bool:
    """Return True for a text that is an expression as a whole: `{% ... %}`."""
    return isinstance(text, str) and text.startswith(OPEN) and text.endswith(CLOSE) and len(text) >= len(OPEN + CLOSE)


def inner(text: str) -> str:
    """The expression within `{% %}`."""
    return text[len(OPEN) : -len(CLOSE)]


@functools.lru_cache(maxsize=4096)
def objections(expression: str, allowed: frozenset[str]) -> tuple[Objection, ...]:
    """Things that Step Functions refuses in an expression.

    Args:
        expression: Without its `{% %}`.
        allowed: The fields of `$states` that are there where it stands.
    """
    try:
        root = parse(expression)
    except ExpressionError as error:
        return (Objection("unparsable", str(error)),)
    return tuple(dict.fromkeys([*_unqualified(root, at_root=True), *_misread_states(root, allowed), *_evals(root)]))


def variables_in(expression: str) -> frozenset[str]:
    """The names of the variables in an expression, functions too, and those that it binds itself."""
    root = parse(expression)
    # Those that it binds too: a name that is bound somewhere may be read before.
    return frozenset(str(node.value) for node in root.walk() if node.kind == "variable") - {"", "$"}


def calls(root: Node) -> Iterator[tuple[str, Node]]:
    """Every call of a function by its name."""
    for node in root.walk():
        if node.kind == "call" and node.parts[0].kind == "variable":
            yield str(node.parts[0].value), node


_CONTEXTUAL: Final = {".", "index", "group", "sort", "focus", "transform"}
"""Pairs of which the second is about what stands first."""


def _unqualified(node: Node, *, at_root: bool) -> Iterator[Objection]:
    """Names and $ that would be about an input document: there is none."""
    if node.kind == "variable" and node.value == "$":
        yield Objection(
            "root", "$$ stands for an input document, which Step Functions does not have; use $states.input"
        )
    if at_root and node.kind == "variable" and node.value == "":
        yield Objection(
            "root", "$ alone stands for an input document, which Step Functions does not have; use $states.input"
        )
    if at_root and node.kind in {"name", "wildcard", "descendants"}:
        shown = {"wildcard": "*", "descendants": "**"}.get(node.kind, node.value)
        yield Objection("unqualified", f"{shown} is a field of nothing: begin with $states.input or a variable")
    for number, part in enumerate(node.parts):
        inside = node.kind in _CONTEXTUAL and (number > 0 or node.kind == "transform")
        yield from _unqualified(part, at_root=at_root and not inside)


def _misread_states(root: Node, allowed: frozenset[str]) -> Iterator[Objection]:
    for node in root.walk():
        if node.kind != "." or node.parts[0].kind != "variable" or node.parts[0].value != "states":
            continue
        field = node.parts[1]
        while field.kind in {"index", "group", "sort", "focus"}:
            field = field.parts[0]
        if field.kind != "name" or field.value in allowed:
            continue
        use = f"here it has {', '.join(name for name in STATES_FIELDS if name in allowed)}"
        yield Objection("states-field", f"$states.{field.value} is not there; {use}")


def _evals(root: Node) -> Iterator[Objection]:
    if any(name == "eval" for name, _ in calls(root)):
        yield Objection("eval", "$eval always fails: Step Functions does not have it; use $parse for JSON")
