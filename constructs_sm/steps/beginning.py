"""Arguments of a fragment that calls APIs by itself: judged and rendered, before anything of it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.late_bound import Computed
from constructs_sm.requests.rendering import render
from constructs_sm.retry import problems_of
from constructs_sm.task.overruling import refuse_part
from constructs_sm.task.path_tokens import json_path_of
from constructs_sm.task.query_language import is_jsonata_language
from constructs_sm.values.names import arn_suffix, id_problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.requests.request import Request
    from constructs_sm.retry import RetryPolicy

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct


def told(
    where: str,
    scope: Construct,
    construct_id: str,
    values: Mapping[str, Any],
    *,
    longest_id: int,
    problems: Sequence[Problem],
    retry: Sequence[RetryPolicy] | None,
    query_language: sfn.QueryLanguage | None,
) -> tuple[Request, bool]:
    """Render what the user has said, in the user's query language, and say whether that is JSONata.

    Raises:
        InvalidInputError: With *problems*, and all that is wrong with the id, the retries and the values.
    """
    if not hasattr(scope, "node"):
        raise InvalidInputError(where, [Problem("scope", scope, "pass a construct", "argument-type")])
    jsonata = is_jsonata_language(query_language)
    found = [*id_problems(construct_id, longest_id), *problems, *([] if retry is None else problems_of(retry))]
    rendered = render(values, scope=scope, jsonata=jsonata, json_path_of=json_path_of)
    refuse_part(where, scope, construct_id, [*found, *rendered.problems])
    return rendered, jsonata


def name_in_policies(name: Any) -> str:
    """Spell a rendered name for a policy: exactly, or as far as its literal beginning goes."""
    return arn_suffix(name, run_time=True) if isinstance(name, Computed) else str(name)
