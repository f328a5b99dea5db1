"""Rows of one's own for APIs without `.sync`, compared with SageMaker's model before a job is made of one."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from constructs_sm.language.errors import Problem, did_you_mean
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.requests.api_model import answers, has_operation, input_shape, output_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_sm.polled_actions import PolledAction

SDK_OF_SAGEMAKER = "aws-sdk:sagemaker"


def row_problems(action: PolledAction) -> list[Problem]:
    """Find what of a row does not agree with the model; the rows of this package are compared in its tests."""
    if action.integration != SDK_OF_SAGEMAKER:
        return []
    ours = action in POLLED_ACTIONS
    operations = [name for name in (action.operation, action.describe, action.stop) if name]
    if absent := [name for name in operations if not has_operation(name)]:
        newer = f"install a botocore after {version('botocore')}, whose model has it"
        use = newer if ours else f"correct noun, verb or version, or say stops=False; or {newer}"
        return [Problem("the model of SageMaker has no such API", ", ".join(absent), use, "argument-value")]
    if ours:
        return []
    return [*_of_what_is_made(action), *_of_what_is_asked(action), *_of_what_is_told(action)]


def _of_what_is_made(action: PolledAction) -> Iterator[Problem]:
    made, begun = input_shape(action.operation), output_shape(action.operation) if answers(action.operation) else None
    yield from _unknown(f"{action.operation} takes", [action.name_field], made.members, "say fields= or token_field=")
    if begun is None or action.arn_field not in begun.members:
        what = f"{action.operation} does not answer with an ARN, by which the job is looked at"
        yield _wrong(what, action.arn_field, "say fields= as in the name of that field, or call it by a SageMakerTask")
    if action.role_path != (("RoleArn",) if "RoleArn" in made.members else ()):
        use = "say role_path=('RoleArn',)" if "RoleArn" in made.members else "leave role_path out"
        yield _wrong(f"{action.operation} has another role", action.role_path or "no role", use)


def _of_what_is_asked(action: PolledAction) -> Iterator[Problem]:
    asked = input_shape(action.describe)
    by = action.described_by or action.name_field
    if by not in asked.members:
        yield _wrong(f"{action.describe} is not asked by this field", by, f"say described_by='{_first(asked)}'")
    others = [name for name in asked.required_members if name not in {by, action.asked_with}]
    if by in asked.members and others:
        yield _wrong(f"{action.describe} wants more", ", ".join(others), f"say asked_with='{others[0]}'")


def _of_what_is_told(action: PolledAction) -> Iterator[Problem]:
    told = output_shape(action.describe).members
    yield from _unknown(f"{action.describe} tells", filter(None, [action.reason]), told, "say reason=, or reason=''")
    yield from _unknown(f"{action.describe} tells", action.results, told, "correct results=")
    status = told.get(action.status_field)
    if status is None:
        yield from _unknown(f"{action.describe} tells", [action.status_field], told, "say status=")
        return
    if status.enum:
        statuses = [name for name in action.terminal_statuses if name not in status.enum]
        yield from _unknown("there are statuses", statuses, status.enum, "correct success= and ended=")


def _unknown(what: str, names: Iterable[str], known: Iterable[str], use: str) -> Iterator[Problem]:
    listed = list(known)
    for name in names:
        if name not in listed:
            hint = did_you_mean(name, listed)
            yield _wrong(f"{what} {', '.join(listed)}", name, f"{hint} {use}".lstrip())


def _first(shape: object) -> str:
    required = getattr(shape, "required_members", ())
    return str(next(iter(required), "..."))


def _wrong(what: str, got: object, use: str) -> Problem:
    return Problem(what, got, use, "argument-value")
