"""The words of a JSONata expression, each with its place in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

OPERATORS: Final = ("..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??", *".[]{}(),@#;:?+-*/%|=<>^&!")
_SPACE = re.compile(r"(?:\s|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][-+]?\d+)?")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', re.DOTALL)
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_QUOTED_NAME = re.compile(r"`([^`]*)`")
_NAME = re.compile(r"[^\s.\[\]{}(),@#;:?+\-*/%|=<>^&!~'\"`]+")


class ExpressionError(ValueError):
    """A text that is no JSONata, or none that Step Functions takes."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word of an expression."""

    kind: str
    """name, variable, value, operator, regex or end."""
    value: object
    start: int
    end: int


def token_at(text: str, at: int, *, before_a_value: bool) -> Token:
    """The word that begins at *at*, or behind the space there.

    Args:
        text: The whole expression.
        at: Where to read.
        before_a_value: Whether a value is expected, so that a slash begins a regular expression.

    Raises:
        ExpressionError: There is no word of JSONata.
    """
    space = _SPACE.match(text, at)
    at = space.end() if space else at
    if at >= len(text):
        return Token("end", None, at, at)
    if text.startswith("/*", at):
        raise ExpressionError(f"the comment that begins at {at} does not end")
    if text[at] == "/" and before_a_value:
        return _regex(text, at)
    if (operator := next((one for one in OPERATORS if text.startswith(one, at)), None)) is not None:
        return Token("operator", operator, at, at + len(operator))
    return _string(text, at) if text[at] in "\"'" else _word(text, at)


def _string(text: str, at: int) -> Token:
    found = _TEXT.match(text, at)
    if found is None:
        raise ExpressionError(f"the text that begins at {at} does not end")

    def escaped(mark: re.Match[str]) -> str:
        if mark[1] is not None:
            return chr(int(mark[1], 16))
        if mark[2] not in _ESCAPES:
            raise ExpressionError(f"\\{mark[2]} is no escape in a text, at {at}")
        return _ESCAPES[mark[2]]

    inner = found[1] if found[1] is not None else found[2]
    return Token("value", _ESCAPED.sub(escaped, inner), at, found.end())


def _word(text: str, at: int) -> Token:
    if (number := _NUMBER.match(text, at)) is not None:
        return Token("value", float(number[0]), at, number.end())
    if (quoted := _QUOTED_NAME.match(text, at)) is not None:
        return Token("name", quoted[1], at, quoted.end())
    word = _NAME.match(text, at)
    if word is None:
        raise ExpressionError(f"{text[at]!r} at {at} is no word of JSONata")
    if word[0].startswith("$"):
        return Token("variable", word[0][1:], at, word.end())
    if word[0] in {"and", "or", "in"}:
        return Token("operator", word[0], at, word.end())
    if word[0] in {"true", "false", "null"}:
        return Token("value", {"true": True, "false": False}.get(word[0]), at, word.end())
    return Token("name", word[0], at, word.end())


def _regex(text: str, at: int) -> Token:
    """A regular expression: it ends at a slash that is not within brackets, as JSONata reads it."""
    depth, here = 0, at + 1
    while here < len(text):
        mark = text[here]
        if mark == "\\":
            here += 1
        elif mark == "/" and depth == 0:
            end = here + 1
            while end < len(text) and text[end] in "im":
                end += 1
            if here == at + 1:
                raise ExpressionError(f"the regular expression at {at} is empty")
            return Token("regex", text[at + 1 : here], at, end)
        elif mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        here += 1
    raise ExpressionError(f"the regular expression that begins at {at} does not end")
