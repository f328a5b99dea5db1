"""Jobs of SageMaker whose name is taken at the second attempt, or that nobody asks how they ended."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.checking.scene import PLACEHOLDER, errors_of
from constructs_sm.language.error_names import ALL, TASK_FAILED
from constructs_sm.language.late_bound import Computed
from constructs_sm.rules import machine_rules as rules
from constructs_sm.rules.transitions import targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.actions import Action
    from constructs_sm.checking.scene import Located, Scene
    from constructs_sm.requests.called import Called
    from constructs_sm.rules.rule import Violation

_FRESH: Final = re.compile(
    r"States\.UUID|States\.MathRandom|RetryCount|EnteredTime|\$uuid\b|\$random\b|\$millis\b|\$now\b|\$\$\.State\."
)
"""Parts of a name that another attempt has otherwise."""
_AFTER_THE_START: Final = frozenset({ALL, TASK_FAILED, "States.Timeout", "States.HeartbeatTimeout"})
"""Errors of a job that was started."""


def jobs(scene: Scene) -> Iterator[Violation]:
    """Find what is wrong with jobs of SageMaker."""
    for located, called in scene.tasks:
        action = called.action
        if action is not None and action.status_field is not None:
            yield from _name(located, called, action)
            yield from _status(located, called, action)


def _name(located: Located, called: Called, action: Action) -> Iterator[Violation]:
    request = located.request
    if request is None or action.name_field not in request.fields or action.name_field.endswith("Token"):
        return
    name = request.fields[action.name_field]
    where = f"{located.where}/{located.request_field}/{action.name_field}"
    if not isinstance(name, Computed):
        yield rules.NAME_FIXED.broken(where, name)
    elif PLACEHOLDER in name and not name.startswith(("$", "States.", "{%")):
        return
    if isinstance(name, Computed) and _FRESH.search(name):
        return
    if called.pattern != "sync":
        return
    for number, retrier in enumerate(located.handlers("Retry")):
        again = sorted(_AFTER_THE_START & {*errors_of(retrier)})
        if again and retrier.get("MaxAttempts") != 0:
            what = f"{rules.NAME_ON_RETRY.what}: Retry[{number}] has {', '.join(again)}"
            yield rules.NAME_ON_RETRY.broken(where, str(name), what=what)
            return


def _status(located: Located, called: Called, action: Action) -> Iterator[Violation]:
    if called.pattern != "sync" or called.sdk:
        return
    field = str(action.status_field)
    behind = list(_behind(located))
    if field not in json.dumps([located.state.get("Output"), located.state.get("Assign")], default=str):
        kept = _kept_as(located.state, field)
        read = any(_reads(state, kept, field) for state in behind)
    else:
        read = True
    if not read:
        yield rules.STOPPED.broken(located.where, fix=f"check {field} in a Choice after the job")


def _kept_as(state: Mapping[str, Any], field: str) -> str | None:
    """The name under which a ResultSelector keeps the status; None where it does not."""
    selector = state.get("ResultSelector")
    if not isinstance(selector, dict):
        return field
    for key, value in selector.items():
        if isinstance(value, str) and field in value:
            return str(key).removesuffix(".$")
    return None


def _reads(state: Mapping[str, Any], kept: str | None, field: str) -> bool:
    """Tell if a state reads the status, or hands all that it has to somebody who may."""
    text = json.dumps(state, default=str)
    return field in text or (kept is not None and kept in text)


def _behind(located: Located) -> Iterator[Mapping[str, Any]]:
    """The states that may come after a state, and after the states that it is within."""
    for one in (located, *reversed(located.around)):
        waiting, seen = [one.name], {one.name}
        while waiting:
            state = one.siblings.get(waiting.pop(), {})
            for where, target in targets(state):
                if target in one.siblings and target not in seen and not where.startswith("Catch"):
                    seen.add(target)
                    waiting.append(target)
                    yield one.siblings[target]
