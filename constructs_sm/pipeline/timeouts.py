"""A state that waits for longer than its execution may run: it is cut short, and what was to follow never does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem
from constructs_sm.language.machines import states_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DAY = 86_400


def cut_short(definition: Mapping[str, Any]) -> Iterator[Problem]:
    """The states of *definition* whose timeout is never reached, since the execution ends before."""
    limit = definition.get("TimeoutSeconds")
    if limit is None:
        return
    for name, state in states_of(definition):
        seconds = state.get("TimeoutSeconds")
        if isinstance(seconds, int) and seconds >= limit:
            what = f"'{name}' may wait more seconds than the {limit} after which the execution ends"
            use = f"pass timeout=Duration.days({seconds // _DAY + 1}) to the pipeline, or let the state wait less"
            yield Problem(what, seconds, use)
