"""Python as text: literals and calls, laid out as formatters lay them out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

WIDTH: Final = 120
_STEP: Final = "    "
_ESCAPES: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WORDS: Final = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Code:
    """An expression that is Python already."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call, and what is read of its result.

    Attributes:
        function: What is called.
        arguments: Positional arguments.
        named: Named ones, behind them.
        attribute: An attribute of the result.
    """

    function: str
    arguments: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)
    attribute: str = ""

    @property
    def end(self) -> str:
        """The text behind the arguments."""
        return f").{self.attribute}" if self.attribute else ")"


@dataclass(frozen=True, slots=True)
class Text:
    """A text with expressions in it, each a `Code`."""

    parts: tuple[str | Code, ...]


Place: TypeAlias = Callable[[str], "str | Code | Text"]
"""Function that puts expressions into a text of a definition."""


def literal(value: Any, place: Place) -> Any:
    """A value of JSON as `written` takes it, its texts and keys with expressions in them."""
    if isinstance(value, str):
        return place(value)
    if isinstance(value, Mapping):
        return {place(key): literal(item, place) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [literal(item, place) for item in value]
    return value


def assigned(name: str, value: Any) -> str:
    """A statement that gives a value a name."""
    return f"{name} = {written(value, before=len(name) + 3)}"


def written(value: Any, *, depth: int = 0, before: int = 0, after: int = 0) -> str:
    """An expression, on one line if it fits.

    Args:
        value: JSON, `Code`, `Text` or a `Call`.
        depth: How far its line is indented.
        before: Characters on the line before it.
        after: Characters behind it.
    """
    flat = _flat(value)
    if depth * len(_STEP) + before + len(flat) + after <= WIDTH and "\n" not in flat:
        return flat
    if isinstance(value, Call):
        return _call(value, depth)
    if isinstance(value, Mapping) and value:
        return _exploded("{", [(_key(key), item) for key, item in value.items()], "}", depth)
    if isinstance(value, list) and value:
        return _exploded("[", [("", item) for item in value], "]", depth)
    if isinstance(value, (str, Text)):
        return _split(value, depth)
    return flat


def _flat(value: Any) -> str:
    if isinstance(value, Code):
        return value.text
    if isinstance(value, Call):
        named = [f"{name}={_flat(item)}" for name, item in value.named.items()]
        return f"{value.function}({', '.join([*map(_flat, value.arguments), *named])}{value.end}"
    if isinstance(value, (str, Text)):
        return _quoted(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(key)}{_flat(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    return repr(value)


def _key(key: Any) -> str:
    return f"{_flat(key)}: "


def _call(call: Call, depth: int) -> str:
    items = [*(("", each) for each in call.arguments), *((f"{name}=", item) for name, item in call.named.items())]
    return _exploded(f"{call.function}(", items, call.end, depth)


def _exploded(opening: str, items: list[tuple[str, Any]], closing: str, depth: int) -> str:
    inside = _STEP * (depth + 1)
    lines = [f"{inside}{label}{written(item, depth=depth + 1, before=len(label), after=1)}," for label, item in items]
    return "\n".join([opening, *lines, f"{_STEP * depth}{closing}"])


def _split(text: str | Text, depth: int) -> str:
    """A text that is too long for a line, in parts that are one again when Python reads them."""
    inside = _STEP * (depth + 1)
    if len(flat := _quoted(text)) + len(inside) <= WIDTH:
        return "\n".join(["(", f"{inside}{flat}", f"{_STEP * depth})"])
    room = WIDTH - len(_STEP) * (depth + 1) - len('f""')
    parts: list[list[str | Code]] = [[]]
    used = 0
    for piece in _pieces(text, room):
        length = len(piece.text) + 2 if isinstance(piece, Code) else len(_escaped(piece, '"'))
        if isinstance(text, Text) and isinstance(piece, str):
            length += piece.count("{") + piece.count("}")  # which are doubled beside expressions
        if used + length > room and parts[-1]:
            parts.append([])
            used = 0
        parts[-1].append(piece)
        used += length
    lines = [f"{inside}{_quoted(_joined(part))}" for part in parts]
    return "\n".join(["(", *lines, f"{_STEP * depth})"])


def _pieces(text: str | Text, room: int) -> list[str | Code]:
    found: list[str | Code] = []
    for part in (text,) if isinstance(text, str) else text.parts:
        if isinstance(part, Code):
            found.append(part)
            continue
        for word in _WORDS.findall(part):
            # Escapes may double a character or more.
            step = max(1, room // 10) if len(_escaped(word, '"')) > room else len(word)
            found += [word[at : at + step] for at in range(0, len(word), step)]
    return found


def _joined(parts: list[str | Code]) -> str | Text:
    if all(isinstance(part, str) for part in parts):
        return "".join(part for part in parts if isinstance(part, str))
    return Text(tuple(parts))


def _quoted(text: str | Text) -> str:
    """A text in quotes: double ones, unless single ones need fewer escapes."""
    plain = text if isinstance(text, str) else "".join(part for part in text.parts if isinstance(part, str))
    quote = "'" if plain.count('"') > plain.count("'") else '"'
    if isinstance(text, str):
        return f"{quote}{_escaped(text, quote)}{quote}"
    inside = "".join(
        f"{{{part.text}}}" if isinstance(part, Code) else _escaped(part, quote).replace("{", "{{").replace("}", "}}")
        for part in text.parts
    )
    return f"f{quote}{inside}{quote}"


def _escaped(text: str, quote: str) -> str:
    return "".join(_character(each, quote) for each in text)


def _character(each: str, quote: str) -> str:
    if each == quote:
        return f"\\{each}"
    if each in _ESCAPES:
        return _ESCAPES[each]
    if each.isprintable():
        return each
    number = ord(each)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"  # noqa: PLR2004
