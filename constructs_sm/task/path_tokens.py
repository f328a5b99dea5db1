"""JSONPath as the CDK has it: tokens that stand for a path, spelled as Step Functions wants it."""

from __future__ import annotations

from functools import cache
from typing import Any

from constructs_sm.language.late_bound import TOKEN

from aws_cdk import aws_stepfunctions as sfn


def json_path_of(value: Any) -> str | None:
    """Spell the path that a token, or a list with one in it, stands for; None if it is known at deployment.

    Raises:
        RuntimeError: A path stands in a text or a list, where Step Functions takes none.
    """
    text = value[0] if isinstance(value, list) and len(value) == 1 else value
    # What is encoded as a list or a number does not tell.
    if isinstance(text, str) and not text.startswith("#") and not any(map(_is_path, TOKEN.findall(text))):
        return None
    rendered = sfn.FieldUtils.render_object({"path": value}) or {}
    return rendered.get("path.$")


@cache
def _is_path(token: str) -> bool:
    """Tell whether a token is a JSONPath. Asked once, since it goes over the bridge."""
    return bool(sfn.JsonPath.is_encoded_json_path(token))
