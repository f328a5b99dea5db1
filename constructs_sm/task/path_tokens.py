"""JSONPath as the CDK has it: tokens that stand for a path, spelled as Step Functions wants it."""

from __future__ import annotations

from functools import cache
from typing import Any

from constructs_sm.language.late_bound import TOKEN, escaped

from aws_cdk import aws_stepfunctions as sfn


def json_path_of(value: Any) -> str | None:
    """Spell the path that a token, or a list with one in it, stands for; None if it is known at deployment.

    A text with paths in it is a States.Format of them.

    Raises:
        RuntimeError: A path stands in a list, where Step Functions takes none.
    """
    text = value[0] if isinstance(value, list) and len(value) == 1 else value
    # What is encoded as a list or a number does not tell.
    if isinstance(text, str) and not text.startswith("#") and not any(map(_is_path, TOKEN.findall(text))):
        return None
    if isinstance(text, str) and not text.startswith("#") and not TOKEN.fullmatch(text):
        return _formatted(text)
    rendered = sfn.FieldUtils.render_object({"path": value}) or {}
    return rendered.get("path.$")


def _formatted(text: str) -> str:
    """Join what stands around the paths in a text."""
    said, values, at = "", [], 0
    for token in TOKEN.finditer(text):
        if _is_path(token[0]):
            said += f"{escaped(text[at : token.start()])}{{}}"
            values.append(_path_of(token[0]))
            at = token.end()
    return f"States.Format('{said}{escaped(text[at:])}', {', '.join(values)})"


@cache
def _path_of(token: str) -> str:
    rendered = sfn.FieldUtils.render_object({"path": token}) or {}
    return str(rendered["path.$"])


@cache
def token_of(path: str) -> str:
    """Make the token that the CDK's own states read a path from. Asked once, since it goes over the bridge."""
    return str(sfn.JsonPath.string_at(path))


@cache
def _is_path(token: str) -> bool:
    """Tell whether a token is a JSONPath. Asked once, since it goes over the bridge."""
    return bool(sfn.JsonPath.is_encoded_json_path(token))
