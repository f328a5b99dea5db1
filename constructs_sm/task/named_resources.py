"""Resources that a job names by a text, and that another job of the same state machine makes under that name.

`TransformJob(model="churn")` beside `CreateModel(job_name="churn")` means the same as `model=` with the construct.
Which of them is made first in Python does not matter, so they are found when the app is synthesized.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import ACTIONS, MODEL
from constructs_sm.grants.execution_role import execution_grants
from constructs_sm.language.flow import may_come_before, points
from constructs_sm.language.late_bound import Computed, is_token
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.rules import serving
from constructs_sm.rules.argument_rules import OUTPUT_THERE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from constructs_sm.language.errors import Problem
    from constructs_sm.language.flow import Point
    from constructs_sm.language.machines import Json
    from constructs_sm.values.outputs import TaskIdentity


@dataclass(frozen=True, slots=True)
class Named:
    """A resource that one job names and another makes.

    Attributes:
        user: The job that names it.
        maker: The job that makes it.
        field_name: The field that holds its name, as `ModelName`.
        name: Its name.
    """

    user: TaskIdentity
    maker: TaskIdentity
    field_name: str
    name: str


def named_resources(
    tasks: Collection[TaskIdentity], linked: Collection[tuple[TaskIdentity, TaskIdentity]]
) -> list[Named]:
    """Find what jobs of a state machine name by a text and make themselves.

    Args:
        tasks: The jobs.
        linked: Users and makers of what was passed as a construct: these are held to more.
    """
    made: dict[tuple[str, str], TaskIdentity] = {}
    for task in tasks:
        own = _name_field(task.api) if task.api.startswith("create") else None
        if own is not None and _is_known(name := task.request.get(own)):
            made[own, str(name)] = task
    if not made:
        return []
    return [
        Named(task, maker, field_name, name)
        for task in tasks
        for field_name, name in dict.fromkeys(_names_in(task.request, outside=True, own=_name_field(task.api)))
        if (maker := made.get((field_name, name))) is not None and (task, maker) not in linked and task is not maker
    ]


def problems_of(definition: Json, found: Iterable[Named]) -> Iterator[Problem]:
    """Find what is wrong with resources that are named: they are not there yet, or the user cannot have them."""
    machine = points(definition)
    for each in found:
        why = None if _is_deleted(machine, each) else _too_early(machine, each)
        if why is not None:
            what = f"{each.user.path} names {each.field_name} '{each.name}' of {each.maker.path}, {why}"
            yield OUTPUT_THERE.problem(what, fix="chain it after")
    models: dict[TaskIdentity, list[Mapping[str, Any]]] = {}
    for each in found:
        if each.maker.api == MODEL.api:
            models.setdefault(each.user, []).append(each.maker.request)
    for user, fields in models.items():
        operation = f"{user.api[0].upper()}{user.api[1:]}"
        yield from serving.of_models(operation, user.request, fields)


def grant_access(found: Iterable[Named]) -> None:
    """Let the role of a model that is named read and write for its user, where that role was made in another scope."""
    for each in found:
        roles = each.maker.role_scope
        if roles is not None and each.user.role_scope not in (None, roles) and each.user.access is not None:
            roles.grant_execution(execution_grants(each.user.access, roles.arns))


@cache
def _name_field(api: str) -> str | None:
    """The field of a request that says what the call itself makes or changes."""
    return next((action.name_field for action in (*ACTIONS, *POLLED_ACTIONS) if action.api == api), None)


def _is_known(name: object) -> bool:
    return isinstance(name, str) and not isinstance(name, Computed) and not is_token(name)


def _names_in(value: Any, *, outside: bool, own: str | None) -> Iterator[tuple[str, str]]:
    """Every field of a request that may be the name of something, but for the name of what it makes itself."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, (Mapping, list)):
                yield from _names_in(item, outside=False, own=own)
            elif _is_known(item) and not (outside and key == own):
                yield key, str(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names_in(item, outside=False, own=own)


def _is_deleted(machine: Mapping[str, Point], each: Named) -> bool:
    """Tell whether the state machine deletes resources of that kind: then one may be there from an earlier run."""
    api = f":delete{each.maker.api.removeprefix('create')}"
    return any(api in str(point.state.get("Resource")) for point in machine.values())


def _too_early(machine: Mapping[str, Point], each: Named) -> str | None:
    """Reason why a resource is certainly not there when it is named; None if it may be."""
    user, maker = each.user.state_id(), each.maker.state_id()
    if user not in machine or maker not in machine or maker in machine[user].before.ended:
        return None
    comes_before = may_come_before(machine, maker, user)
    if comes_before is None:
        return "which runs beside it"
    return None if comes_before else "which does not run before it"
