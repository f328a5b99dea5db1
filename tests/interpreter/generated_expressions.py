"""Expressions of JSONata, made up: what two engines are asked to evaluate."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

FIELDS = ("n", "t", "l", "o", "r", "missing")
ATOMS = st.one_of(
    st.sampled_from([f"$states.input.{name}" for name in FIELDS]),
    st.sampled_from(["$states.input.r.k", "$states.input.r[0]", "$states.input.l[-1]", "$states.input.o.x"]),
    st.integers(-3, 9).map(str),
    st.sampled_from(["1.5", "0.1", "'a'", "'b,c'", "''", "true", "false", "null", "[]", "[1,2,3]", "{}", "{'x': 1}"]),
)
ONE = [
    "sum",
    "count",
    "max",
    "min",
    "average",
    "length",
    "string",
    "number",
    "boolean",
    "not",
    "exists",
    "keys",
    "reverse",
    "distinct",
    "abs",
    "floor",
    "ceil",
    "round",
    "sqrt",
    "trim",
    "uppercase",
    "lowercase",
    "type",
    "merge",
    "sort",
]
TWO = ["append", "contains", "split", "join", "substring", "lookup", "power", "partition"]
OPERATORS = ("+", "-", "*", "/", "%", "&", "=", "!=", "<", ">=", "and", "or", "in")
HIGHER = (
    "map($x, function($v) { $v & 'x' })",
    "filter($x, function($v) { $v > 0 })",
    "reduce($x, function($a, $b) { $a & $b })",
)
PARTS = {
    "one": st.sampled_from(ONE),
    "two": st.sampled_from(TWO),
    "operator": st.sampled_from(OPERATORS),
    "higher": st.sampled_from(HIGHER),
}
FORMS = (
    ("$", "one", "(", ".", ")"),
    ("$", "two", "(", ".", ", ", ".", ")"),
    ("(", ".", " ", "operator", " ", ".", ")"),
    ("(", ".", " ", "operator", " ", ".", ")"),
    ("(", ".", " ? ", ".", " : ", ".", ")"),
    ("($x := ", ".", "; $", "higher", ")"),
    ("[", ".", ", ", ".", "]"),
    ("{'a': ", ".", ", 'b': ", ".", "}"),
)
"""What an expression is made of: a dot stands for another one."""


@st.composite
def expressions(draw: Any, depth: int = 0) -> str:
    """An expression that both engines can parse."""
    inner = expressions(depth + 1)
    if depth > 2 or draw(st.integers(0, 9)) < 2:
        return draw(ATOMS)
    made: tuple[str, ...] = draw(st.sampled_from(FORMS))
    return "".join(draw(inner) if part == "." else draw(PARTS[part]) if part in PARTS else part for part in made)
