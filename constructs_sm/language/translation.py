"""Intrinsic functions in JSONata: each call as the expression that gives the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from constructs_sm.language.intrinsics import Intrinsic, Literal, Read, SyntaxProblem, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TEMPLATES: Final = {
    "States.StringToJson": "$parse({0})",
    # A text by itself is no JSON to $string.
    "States.JsonToString": "($j := $string({{'v': {0}}}); $substring($j, 5, $length($j) - 6))",
    "States.ArrayPartition": "$partition({0}, {1})",
    "States.ArrayContains": "({1} in {0})",
    "States.ArrayRange": "[$range({0}, {1}, {2})]",
    "States.ArrayGetItem": "({0})[{1}]",
    "States.ArrayLength": "$count({0})",
    "States.ArrayUnique": "$distinct({0})",
    "States.Base64Encode": "$base64encode({0})",
    "States.Base64Decode": "$base64decode({0})",
    "States.Hash": "$hash({0}, {1})",
    "States.MathAdd": "({0} + {1})",
    "States.UUID": "$uuid()",
}
"""By name, with the arguments by number. Source: the same pages as of the functions, of either language."""


def translated(call: str, path: Callable[[str], str], quoted: Callable[[str], str]) -> str | None:
    """Translate a call of an intrinsic function; None if JSONata has nothing that gives the same.

    Args:
        call: As JSONPath has it.
        path: Translates a path.
        quoted: Spells a text.
    """
    try:
        return _call(parse(call), path, quoted)
    except SyntaxProblem:
        return None


def _call(call: Intrinsic, path: Callable[[str], str], quoted: Callable[[str], str]) -> str | None:
    said = [_argument(argument, path, quoted) for argument in call.arguments]
    if any(argument is None for argument in said):
        return None
    values = [str(argument) for argument in said]
    if call.name == "States.Format":
        return _format(call, values, quoted)
    if call.name in _SPELLED:
        return _SPELLED[call.name](call, values)
    template = _TEMPLATES.get(call.name)
    return None if template is None else template.format(*values)


def _array(call: Intrinsic, values: list[str]) -> str:
    # A list among the items would be made one with them.
    items = [
        value if isinstance(argument, Literal) else f"($v := {value}; $type($v) = 'array' ? [[$v]] : $v)"
        for argument, value in zip(call.arguments, values, strict=True)
    ]
    return f"[{', '.join(items)}]"


def _string_split(call: Intrinsic, values: list[str]) -> str | None:
    mark = call.arguments[1]
    # More than one mark are several separators there, and one here.
    one = isinstance(mark, Literal) and isinstance(mark.value, str) and len(mark.value) == 1
    # Empty parts are dropped there, and what is in brackets is a list whatever is left.
    return f"[$split({values[0]}, {values[1]})[$ != '']]" if one else None


def _json_merge(_: Intrinsic, values: list[str]) -> str | None:
    return f"$merge([{values[0]}, {values[1]}])" if values[2] == "false" else None


def _math_random(_: Intrinsic, values: list[str]) -> str:
    seed = values[2] if len(values) > 2 else ""  # noqa: PLR2004 - start, end, seed
    return f"($floor($random({seed}) * ({values[1]} - {values[0]})) + {values[0]})"


_SPELLED: Final[Mapping[str, Callable[[Intrinsic, list[str]], str | None]]] = {
    "States.Array": _array,
    "States.StringSplit": _string_split,
    "States.JsonMerge": _json_merge,
    "States.MathRandom": _math_random,
}


def _format(call: Intrinsic, values: list[str], quoted: Callable[[str], str]) -> str | None:
    template = call.arguments[0]
    if not isinstance(template, Literal) or not isinstance(template.value, str):
        return None
    texts = [quoted(_unescaped(part)) for part in template.written.split("{}")]
    if len(texts) != len(values):
        return None
    joined = [part for pair in zip(texts, [*values[1:], "''"], strict=True) for part in pair if part != "''"]
    if len(values) == 2 and len(joined) == 1:  # noqa: PLR2004 - the template and one value
        return f"$string({joined[0]})"
    return f"({' & '.join(joined)})" if len(joined) > 1 else (joined or ["''"])[0]


def _unescaped(text: str) -> str:
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\", "") for part in parts)


def _argument(
    argument: Intrinsic | Literal | Read, path: Callable[[str], str], quoted: Callable[[str], str]
) -> str | None:
    if isinstance(argument, Intrinsic):
        return _call(argument, path, quoted)
    if isinstance(argument, Read):
        return path(argument.path.text)
    return quoted(argument.value) if isinstance(argument.value, str) else json.dumps(argument.value)
