"""JSONPath as the CDK has it: tokens that stand for a path, spelled as Step Functions wants it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import NOTHING, InvalidInputError
from constructs_sm.language.formats import joined
from constructs_sm.language.late_bound import TOKEN, is_token
from constructs_sm.rules.argument_rules import NUMBER_TOKEN, OUTPUT_SPELLED
from constructs_sm.values.outputs import JobOutput
from constructs_sm.values.s3 import S3Location

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.language.errors import Problem

_MISPLACED = {
    "Field references must be the entire string": (
        "a text has a path inside it, which no state takes",
        "join with + ('text ' + output), or with sfn.JsonPath.format('text {}', output)",
    ),
    "Cannot use JsonPath fields in an array": (
        "a list has a path among its items, which no state in JSONPath takes",
        "make the whole list with sfn.JsonPath.array('text', output), or with list_at of that where a list is wanted",
    ),
}
"""Words of the CDK about a path where it takes none: what is wrong, and what to do."""
_STATE = re.compile(r"state '[^']*': ")
"""Beginning of what `refuse_misplaced` has said, where it comes back over the bridge."""
_FOUND = re.compile(r"(?:\(found|, got) '(.*?)'[);]", re.DOTALL)


def json_path_of(value: Any) -> str | None:
    """Spell the path that a token, or a list with one in it, stands for; None if it is known at deployment.

    A text with paths in it is a States.Format of them.

    Raises:
        RuntimeError: It is a number that Python has made of a token.
    """
    text = value[0] if isinstance(value, list) and len(value) == 1 else value
    # What is encoded as a list or a number does not tell.
    if isinstance(text, str) and not text.startswith("#") and not any(map(_is_path, TOKEN.findall(text))):
        return None
    if isinstance(text, str) and not text.startswith("#") and not TOKEN.fullmatch(text):
        return _formatted(text)
    if isinstance(text, str) and not text.startswith("#"):
        return _path_of(text)
    rendered = sfn.FieldUtils.render_object({"path": value}) or {}
    return rendered.get("path.$")


def _formatted(text: str) -> str:
    """Join what stands around the paths in a text."""
    parts, at = [], 0
    for token in TOKEN.finditer(text):
        if _is_path(token[0]):
            parts += [(text[at : token.start()], False), (_path_of(token[0]), True)]
            at = token.end()
    return joined([*parts, (text[at:], False)])


@contextmanager
def naming(where: str) -> Iterator[None]:
    """Say in words that the CDK cannot read a token of *where*."""
    try:
        yield
    except RuntimeError as error:
        raise InvalidInputError(where, [NUMBER_TOKEN.problem(got=str(error))]) from None


def spelled_paths(value: Any) -> Any:
    """Spell every token of a path in a value, and in what it holds; everything else as it is.

    Raises:
        RuntimeError: A path stands where no text can say it, or a number token was computed with.
    """
    if isinstance(value, JobOutput):
        return value
    if isinstance(value, S3Location):
        found = None if isinstance(value.uri, JobOutput) or not is_token(value.uri) else json_path_of(value.uri)
        return value if found is None else S3Location(found, value.within, value.key)
    if isinstance(value, Mapping):
        return {name: spelled_paths(item) for name, item in value.items()}
    if isinstance(value, (str, int, float)) or (isinstance(value, (list, tuple)) and is_token(value)):
        found = json_path_of(value) if is_token(value) else None
        return value if found is None else found
    return [spelled_paths(item) for item in value] if isinstance(value, (list, tuple)) else value


def misplaced(error: RuntimeError) -> Problem | None:
    """Say in words that a path stands where no state takes one: the CDK has no rule and no remedy, and asks first."""
    said = str(error)
    for words, (what, use) in _MISPLACED.items():
        if words in said or what in said:
            state, found = _STATE.match(said), _FOUND.search(said)
            return OUTPUT_SPELLED.problem(f"{state[0]}{what}" if state else what, found[1] if found else NOTHING, use)
    return None


def refuse_misplaced(start: sfn.State) -> bool:
    """Refuse a path where no state of the CDK takes one, before a state machine is drawn with it.

    Returns:
        True if all states were seen. The branches of a Parallel are not, until it stands in a graph of its own.

    Raises:
        InvalidInputError: There is such a state, here or in a branch or Map.
    """
    all_seen = True
    for state in sfn.State.find_reachable_states(start, include_error_handlers=True):
        inside = _starts_in(state) if isinstance(state, (sfn.Map, sfn.Parallel, sfn.DistributedMap)) else []
        for first in inside:
            all_seen = refuse_misplaced(first) and all_seen
        if isinstance(state, sfn.Parallel) and not inside:
            # It cannot be drawn yet.
            all_seen = False
        elif not isinstance(state, sfn.CustomState):
            try:
                state.to_state_json()
            except RuntimeError as error:
                problem = misplaced(error)
                if problem is not None:
                    raise InvalidInputError(f"state '{state.state_id}'", [problem]) from None
    return all_seen


def _starts_in(state: Any) -> list[sfn.State]:
    """First states of what is inside a Map or Parallel, as far as the CDK tells."""
    graphs = [*state._branches, state._iteration, state._processor]  # noqa: SLF001  (protected, and nowhere else told)
    # One of ours knows them before the CDK does.
    return [graph.start_state for graph in graphs if graph is not None] or list(getattr(state, "branch_starts", ()))


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
