"""Hyperparameters as the containers of AWS hand them to a script: each is read as JSON where it can be."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from constructs_sm.jobs.parts.fields import token_text
from constructs_sm.language.late_bound import TOKEN, is_json_path, is_jsonata, is_token, unmarked
from constructs_sm.requests.rendering import Verbatim
from constructs_sm.rules.script_mode import is_json, is_taken_for_an_option
from constructs_sm.values.outputs import JobOutput

from aws_cdk.aws_stepfunctions import JsonPath

_JSON_PATH = "States.JsonToString(<>)"
# A text by itself is no JSON to $string.
_JSONATA = (
    "($v := <>; $j := $string({'v': $v}); $type($v) = 'string' ? $substring($j, 5, $length($j) - 6) : $string($v))"
)


def meant(value: Any) -> Any:  # noqa: PLR0911  (one for each kind of value)
    """Spell a scalar so that a script gets what was meant, and not what its text happens to be as JSON."""
    if isinstance(value, JobOutput) or is_token(value):
        return _token_or_output(value)
    if is_jsonata(value):
        return f"{{% {_JSONATA.replace('<>', unmarked(value))} %}}"
    if is_json_path(value):
        return _JSON_PATH.replace("<>", value)
    if isinstance(value, Verbatim):
        return Verbatim(json.dumps(value.text, ensure_ascii=False)) if is_json(value.text) else value
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if is_json(value) else value
    if isinstance(value, float) and math.isfinite(value) and is_taken_for_an_option(repr(value)):
        # Written out, and as a text: as a number, the toolkit would spell it with its exponent again.
        return json.dumps(format(Decimal(repr(value)), "f"))
    return value


def _token_or_output(value: Any) -> Any:
    if isinstance(value, JobOutput):
        return value if value.json_path is None else value.within(_JSON_PATH, _JSONATA)
    text = token_text(value)
    if text is None:
        return value
    # What comes at deployment is a text, or a number, that nobody knows here.
    is_path = TOKEN.fullmatch(text) is not None and JsonPath.is_encoded_json_path(text)
    return JsonPath.json_to_string(text) if is_path else value
