"""Hyperparameters as the containers of AWS hand them to a script: each is read as JSON where it can be."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from constructs_sm.jobs.parts.fields import token_text
from constructs_sm.language.errors import Problem
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


_STRUCTURES = (list, tuple, Mapping)
_OF_THE_TOOLKIT = "sagemaker_"
"""The beginning of the names of hyperparameters that the toolkit takes for itself."""


def spelled(name: str, value: Any) -> Any:
    """Spell a hyperparameter: for the script, or for the toolkit, which reads its own as JSON and means no texts."""
    if not (isinstance(name, str) and name.startswith(_OF_THE_TOOLKIT)):
        return meant(value)
    return json.dumps(value) if _is_structure(value) else value


def meant(value: Any) -> Any:  # noqa: PLR0911  (one for each kind of value)
    """Spell a value so that a script gets what was meant, and not what its text happens to be as JSON."""
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
    if _is_structure(value):
        text = json.dumps(value, ensure_ascii=False)
        # A list of numbers is the same in Python and in JSON: it stays a list in SM_HPS.
        same = not isinstance(value, Mapping) and str(list(value)) == text
        return text if same else json.dumps(text, ensure_ascii=False)
    return value


def late_structures(hyperparameters: Mapping[str, Any]) -> list[Problem]:
    """A problem for each list and mapping with something in it that comes later: as JSON it would be a plain text."""
    use = "pass a text that comes later as a whole, as '$.layers'"
    return [
        Problem(f"hyperparameter {name} has a value in it that comes later", value, use, "code-known-late")
        for name, value in hyperparameters.items()
        if isinstance(value, _STRUCTURES) and not is_token(value) and not _is_known(value)
    ]


def _is_structure(value: Any) -> bool:
    """Tell whether *value* is a list or a mapping that JSON can say."""
    return isinstance(value, _STRUCTURES) and not is_token(value) and _is_json(value)


def _is_known(value: Any) -> bool:
    if isinstance(value, _STRUCTURES) and not is_token(value):
        return all(map(_is_known, value.values() if isinstance(value, Mapping) else value))
    return not (isinstance(value, JobOutput) or is_token(value) or is_json_path(value) or is_jsonata(value))


def _is_json(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_json(each) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_json, value))
    return math.isfinite(value) if isinstance(value, float) else value is None or isinstance(value, (str, int))


def _token_or_output(value: Any) -> Any:
    if isinstance(value, JobOutput):
        return value if value.json_path is None else value.within(_JSON_PATH, _JSONATA)
    text = token_text(value)
    if text is None:
        return value
    # What comes at deployment is a text, or a number, that nobody knows here.
    is_path = TOKEN.fullmatch(text) is not None and JsonPath.is_encoded_json_path(text)
    return JsonPath.json_to_string(text) if is_path else value
