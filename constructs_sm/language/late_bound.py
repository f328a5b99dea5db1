"""Values that are not known at synthesis, told apart by how they are spelled.

A CDK token travels through Python as a string (or number, or list) with a mark in it, so no call over the jsii bridge
is needed to recognize one.
"""

from __future__ import annotations

import re

from constructs_sm.language.offering import offers

LATE = ".$"
"""End of the name of a field whose value is JSONPath or an intrinsic function."""
TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}|#\{Token\[[^\]]*\]\}|dummy-value-for-[^\s'\"{},\\]*")
"""Values that are known at deployment, and those that the CDK writes in their place before it has looked them up:
`dummy-value-for-/image`, of `StringParameter.value_from_lookup`."""
_JSON_PATH = re.compile(r"\$(\.|\$\.|\[|$)|\$\$$|States\.[A-Z]\w*\(")
_LATE_TEXT = re.compile(rf"{_JSON_PATH.pattern}|\{{%.*%\}}\Z|.*(?:{TOKEN.pattern})", re.DOTALL)
_ENCODED_NUMBERS = (-1.95e289, -1.888e289)
"""The CDK encodes number tokens as numbers between these, which nobody writes."""
_NEAR_TO_ENCODED = (1e280, 1e300)
_ENCODED_TEXT = re.compile(
    r"(?:\d\.\d{4,}[eE]\+28\d|(?<![\w+/])(?:2|1\.[89]\d{0,2})[eE]\+289)(?!\d)|(?<!\d)\d{281,300}(?!\d)"
)
"""A number token that Python has made a text: in its own spelling, rounded, or written out.

Python writes the sign of an exponent, and the digits of a hash or of base64 have a stretch such as `7e288` often. What
somebody writes himself, as `1e+285` or `2.5e+288`, has few digits.
"""


JOIN = "join texts with + ('text ' + output)"
"""Remedy where an f-string has put an expression inside a text."""

# A token's own braces are gone by the time the text is read.
_RESERVED = re.compile(rf"(?P<token>{TOKEN.pattern})|[\\'{{}}]")


def escaped(text: str) -> str:
    """*text* as it stands between the quotes of an intrinsic function's argument."""
    return _RESERVED.sub(lambda found: found[0] if found["token"] else f"\\{found[0]}", text)


class Computed(str):
    """A text that Step Functions computes a value from: JSONPath, an intrinsic function, or JSONata with its marks."""

    __slots__ = ()


def is_token(value: object) -> bool:
    """Tell whether *value* is, or holds, a CDK token: known at deployment (or a `sfn.JsonPath`, known at run time)."""
    if isinstance(value, str):
        return TOKEN.search(value) is not None
    if isinstance(value, (int, float)):
        return _ENCODED_NUMBERS[0] <= value <= _ENCODED_NUMBERS[1]
    if isinstance(value, (list, tuple)) and len(value) == 1:
        return isinstance(value[0], str) and value[0].startswith("#{Token[")
    # Most are structures, which need no call.
    return not (value is None or isinstance(value, (list, tuple, dict))) and offers(value, "creation_stack")


def is_altered_number(value: object) -> bool:
    """Tell whether *value* is what Python has made of a number token of the CDK: by computing, or as a text.

    What is added to a token is lost in its size, and leaves no trace.
    """
    if isinstance(value, str):
        return _ENCODED_TEXT.search(value) is not None
    if not isinstance(value, (int, float)):
        return False
    return _NEAR_TO_ENCODED[0] < abs(value) < _NEAR_TO_ENCODED[1] and not is_token(value)


def is_json_path(value: object) -> bool:
    """Tell whether *value* is a path (`$.x`, `$$.Execution.Id`) or an intrinsic function (`States.UUID()`)."""
    return isinstance(value, str) and _JSON_PATH.match(value) is not None


def is_jsonata(value: object) -> bool:
    """Tell whether *value* is a JSONata expression: `{% ... %}`."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def remedy_of_form(text: str, use: str) -> str:
    """Say what to do about a text of the wrong form: *use*, unless it has an expression inside."""
    return JOIN if "{%" in text else use


def unmarked(expression: str) -> str:
    """JSONata without the marks that make it an expression."""
    return expression[2:-2].strip()


def is_late_bound(value: object) -> bool:
    """Tell whether *value* is known only at deployment (token) or at run time (JSONPath, JSONata)."""
    if isinstance(value, str):
        return _LATE_TEXT.match(value) is not None
    return is_token(value)
