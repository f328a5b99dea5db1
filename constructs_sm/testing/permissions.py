"""Permissions that a state machine role is missing, and those that it does not need."""

from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.world.apis import BEGUN
from constructs_sm.testing.world.policy import Grant, allows, grants, without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.testing.world.needs import Need
    from constructs_sm.testing.world.role import Asked


_RANDOM = re.compile(r"(?<=[-/])[0-9a-f]{8}(?:-[0-9a-f]{4}){0,3}(?:-[0-9a-f]{12})?(?![0-9a-z])")
"""The part of a name that comes from States.UUID()."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A permission that a state needs and the role does not give."""

    state: str
    need: Need

    @property
    def resource(self) -> str:
        """The resource that the permission is for, with * in place of what is random in its name."""
        return _RANDOM.sub("*", self.need.resource) or "*"

    @property
    def statement(self) -> dict[str, Any]:
        """The statement that would give it."""
        condition = {
            key: value
            for key, value in self.need.context.items()
            if key in {"iam:PassedToService", "sagemaker:TaggingAction"}
        }
        return {
            "Effect": "Allow",
            "Action": self.need.action,
            "Resource": self.resource,
            **({"Condition": {"StringEquals": condition}} if condition else {}),
        }

    def __str__(self) -> str:
        return f"{self.state}: {self.need.action} on {self.resource}; grant it with {json.dumps(self.statement)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """The findings of a set of rehearsals about a role. `print(permissions)` tells them all.

    Args:
        missing: What states needed and did not get.
        needless: Grants without which every rehearsal would have gone the same way.
        unreached: States that no rehearsal reached: what they need is not known, and may seem needless.
        unread: Policies of the role that the template names without their statements.
    """

    missing: tuple[Missing, ...]
    needless: tuple[Grant, ...]
    unreached: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Return True if nothing is missing and nothing needless."""
        return not self.missing and not self.needless

    def __str__(self) -> str:
        lines = [f"missing   {each}" for each in self.missing]
        lines += [f"needless  {each}" for each in self.needless]
        lines += [f"unreached {state}: what it needs is not known" for state in self.unreached]
        lines += [f"unread    {policy}: its statements are not in the template" for policy in self.unread]
        return "\n".join(lines or ["exact: nothing is missing, and every grant is needed"])


def permissions_of(
    policy: Any,
    asked: Sequence[Asked],
    *,
    own_actions: frozenset[str] = frozenset(),
    unreached: Sequence[str] = (),
    unread: Sequence[str] = (),
) -> Permissions:
    """Judge *policy* by rehearsals that asked for *asked*.

    Each grant is taken away in turn. It is needless if all that was asked for and allowed still is: then every
    rehearsal would have gone the same way without it.
    """
    unique = {(one.need.action, one.need.resource, str(one.need.context)): one for one in reversed(asked)}
    denied = [Missing(one.state, one.need) for one in reversed(unique.values()) if not one.allowed]
    missing = {(one.state, one.need.action, one.resource): one for one in denied}.values()
    given = [one.need for one in unique.values() if one.allowed]
    needless = [
        grant
        for grant in grants(policy)
        if not _is_own(grant, own_actions) and _all_allowed(without(policy, grant), grant, given)
    ]
    return Permissions(
        missing=tuple(missing), needless=tuple(needless), unreached=tuple(unreached), unread=tuple(unread)
    )


def _all_allowed(policy: Any, grant: Grant, needs: Sequence[Need]) -> bool:
    """Return True if *policy* allows all that *grant* may have been for."""
    touched = [need for need in needs if fnmatch.fnmatchcase(need.action.lower(), grant.action.lower())]
    if grant.action.startswith("all but"):
        touched = list(needs)
    return all(allows(policy, need) for need in touched)


def _is_own(grant: Grant, own_actions: frozenset[str]) -> bool:
    """Return True if Step Functions uses the grant for itself, so that no rehearsal asks for it."""
    return any(fnmatch.fnmatchcase(action.lower(), grant.action.lower()) for action in own_actions)


_POLLED_APIS = frozenset(action.api for action in BEGUN.values())


def _api(resource: str) -> str:
    return resource.rpartition(":")[2]


def scenarios(states: Mapping[str, str]) -> list[tuple[str, str]]:
    """List what is rehearsed to see what a role needs, beyond that all goes well: state, and what happens to it.

    A job that fails reaches the states behind a Catch; one that never ends has to be stopped.
    """
    jobs = [name for name, resource in states.items() if ":sagemaker:" in resource]
    waiting = [name for name in jobs if states[name].endswith(".sync") or _api(states[name]) in _POLLED_APIS]
    return [*((name, "fails") for name in jobs), *((name, "never ends") for name in waiting)]
