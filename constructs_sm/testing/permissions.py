"""Permissions that a state machine role is missing, and those that it does not need."""

from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.world.apis import BEGUN, field_of
from constructs_sm.testing.world.job_outputs import statuses
from constructs_sm.testing.world.single_grants import Grant, grants
from constructs_sm.testing.world.steps import AccessDenied, Always, Failed, LimitExceeded, Output, Recorded, TimedOut

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from constructs_sm.testing.world.account import Befalling
    from constructs_sm.testing.world.needs import Need
    from constructs_sm.testing.world.policy_decision import Policy
    from constructs_sm.testing.world.role import Asked, Role


_RANDOM = re.compile(r"(?<=[-/])[0-9a-f]{8}(?:-[0-9a-f]{4}){0,3}(?:-[0-9a-f]{12})?(?![0-9a-z])")
"""The part of a name that comes from States.UUID()."""


_CONDITIONS = frozenset({"iam:PassedToService", "kms:GrantIsForAWSResource", "sagemaker:TaggingAction"})
"""Condition keys that a statement had better have."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A permission that a state needs and the role does not give.

    Attributes:
        state: The state.
        need: What it needs.
        why: Why a statement more does not help; empty if it does.
    """

    state: str
    need: Need
    why: str = ""

    @property
    def resource(self) -> str:
        """The resource that the permission is for, with * in place of what is random in its name."""
        return _RANDOM.sub("*", self.need.resource or "") or "*"

    @property
    def role(self) -> str:
        """The ARN of the role that needs it, or has to let others assume it; empty of the state machine role."""
        return self.resource if self.need.assumer else self.need.by

    @property
    def statement(self) -> dict[str, Any]:
        """The statement that would give it: of the role's policy, or of the trust policy of the role to assume."""
        if assumer := self.need.assumer:
            kind = "AWS" if assumer.startswith("arn:") else "Service"
            return {"Effect": "Allow", "Principal": {kind: assumer}, "Action": self.need.action}
        condition = {key: value for key, value in self.need.context.items() if key in _CONDITIONS}
        return {
            "Effect": "Allow",
            "Action": self.need.action,
            "Resource": self.resource,
            **({"Condition": {"StringEquals": condition}} if condition else {}),
        }

    def __str__(self) -> str:
        use = self.why or f"grant it with {json.dumps(self.statement)}"
        if self.need.assumer:
            use = f"its trust policy needs {json.dumps(self.statement)}"
            return f"{self.state}: {self.need.assumer} may not assume {self.resource}; {use}"
        return f"{self.state}: {self.need.action} on {self.resource}{_of(self.need)}; {use}"


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A permission that a state needs, of which it is not known whether the role gives it.

    Attributes:
        state: The state.
        need: What it needs.
        hangs_on: The condition keys that would settle it.
    """

    state: str
    need: Need
    hangs_on: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.need.reason:
            return f"{self.state}: {self.need.reason}"
        resource = _RANDOM.sub("*", self.need.resource or "") or "a resource that its request does not say"
        return f"{self.state}: {self.need.action} on {resource}{_of(self.need)} hangs on {', '.join(self.hangs_on)}"


def _of(need: Need) -> str:
    """The role that needs it, where it is not that of the state machine."""
    return f" by {need.by}" if need.by else ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Permissions:
    """The findings of a set of rehearsals about a role. `print(permissions)` tells them all, and so does `repr`.

    Args:
        missing: What states needed and did not get.
        needless: Grants without which every rehearsal would have gone the same way.
        unknown: What states needed, where nothing says whether they get it, or what it is.
        unreached: States that no rehearsal reached: what they need is not known.
        unread: Policies of the role, or its boundary, that the template names without their statements.
        undecided: Grants that only states may need which no rehearsal reached.
        ends: The ends of the rehearsals that were to go well and did not.
    """

    missing: tuple[Missing, ...]
    needless: tuple[Grant, ...]
    unknown: tuple[Unsettled, ...] = ()
    unreached: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    undecided: tuple[Grant, ...] = ()
    ends: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Return True if nothing is missing, nothing needless, and nothing left open."""
        return not (self.missing or self.needless or self.unknown or self.unread or self.undecided)

    def __str__(self) -> str:
        lines = [f"missing   {each}" for each in self.missing]
        lines += [f"needless  {each}" for each in self.needless]
        lines += [f"unknown   {each}" for each in self.unknown]
        lines += [f"unreached {state}: what it needs is not known" for state in self.unreached]
        if count := len(self.undecided):
            said = "1 grant: only a state" if count == 1 else f"{count} grants: only states"
            lines.append(f"undecided {said} that no rehearsal reached may need {'it' if count == 1 else 'them'}")
        lines += [f"ended     {end}: give it the input or the script with which it goes on" for end in self.ends]
        lines += [f"unread    {policy}: its statements are not in the template" for policy in self.unread]
        return "\n".join(lines or ["exact: nothing is missing, and every grant is needed"])

    __repr__ = __str__
    """A failed assertion prints the whole report."""


def permissions_of(
    role: Role,
    asked: Sequence[Asked],
    *,
    not_judged: Sequence[str] = (),
    unreached: Mapping[str, Sequence[str]] | None = None,
    unread: Sequence[str] = (),
    ends: Sequence[str] = (),
) -> Permissions:
    """Judge the policies of *role* by rehearsals that asked for *asked*.

    A grant is needless if without it all that was asked for and allowed still is: then every rehearsal would have gone
    the same way. Whatever the policies cannot tell apart is looked at once.

    Args:
        role: The role.
        asked: All that was asked for.
        not_judged: Patterns of actions that are perhaps needed, so that nobody can say that they are not.
        unreached: States that no rehearsal reached, with patterns of the actions that each may need.
        unread: Policies whose statements are not known.
        ends: The ends of the rehearsals that were to go well and did not.
    """
    unique: dict[tuple[Any, ...], Asked] = {}
    for one in asked:
        unique.setdefault(role.like(one.need), one)
    denied = [Missing(one.state, one.need, _why(role, one)) for one in unique.values() if one.is_denied]
    missing = {
        (one.state, one.need.action, one.resource, one.need.assumer, one.need.by): one for one in denied
    }.values()
    left_open = [one for one in unique.values() if one.is_unknown]
    unsettled = {
        str(found): found
        for one in left_open
        for found in [Unsettled(one.state, one.need, tuple(sorted(one.decision.unknown)))]
    }.values()
    needless: list[Grant] = []
    policy = role.reads
    if policy is not None:
        needed = _needed(role, policy, unique.values())
        needless = [
            grant
            for grant in grants(role.policy)
            if not _is_needed(grant, needed) and not _is_spared(grant, not_judged)
        ]
    perhaps = [pattern for patterns in (unreached or {}).values() for pattern in patterns]
    undecided = tuple(grant for grant in needless if _is_spared(grant, perhaps))
    boundary = role.standing.unread_boundary
    return Permissions(
        missing=tuple(missing),
        needless=tuple(grant for grant in needless if grant not in undecided),
        undecided=undecided,
        ends=tuple(ends),
        unknown=tuple(unsettled),
        unreached=tuple(unreached or ()),
        unread=(*unread, *([f"{boundary} (permissions boundary)"] if boundary else [])),
    )


def _needed(role: Role, policy: Policy, asked: Iterable[Asked]) -> set[tuple[int, str, str]]:
    """The grants that cannot be taken away, or of which nobody can say so: statement, action and resource."""
    index = {id(statement): number for number, statement in enumerate(policy.statements)}
    needed: set[tuple[int, str, str]] = set()
    for one in asked:
        if one.need.assumer or one.need.by or one.need.reason or one.is_denied:
            continue
        request = role.question(one.need)
        sure: list[tuple[int, str, str]] = []
        for statement in policy.about(one.need.action):
            if statement.said.allows:
                for action, resource, truth in statement.parts(request):
                    part = (index[id(statement)], action, resource)
                    if truth is True:
                        sure.append(part)
                    elif truth is not False and one.is_unknown:
                        needed.add(part)
        if len(sure) == 1:
            needed.update(sure)
    return needed


def _is_needed(grant: Grant, needed: Collection[tuple[int, str, str]]) -> bool:
    """Return True if the grant is among *needed*; or is the one on a function's versions, which the CDK always adds."""
    resources = {grant.resource}
    if ":lambda:" in grant.resource:
        resources.add(grant.resource.removesuffix(":*"))
    return any((grant.statement, grant.action, resource) in needed for resource in resources)


def _why(role: Role, one: Asked) -> str:
    """Return why one more statement does not give what was denied; empty if it does."""
    asked = role.asking(one.need)
    policy = None if asked is None else asked.reads
    if asked is None or policy is None or one.need.assumer:
        return ""
    request = asked.question(one.need)
    if policy.denies(request):
        return "a Deny of the role's policy says no, whatever is allowed: narrow it"
    if policy.allows(request) is not False:
        return "its permissions boundary does not let it: widen that"
    return ""


def _is_spared(grant: Grant, patterns: Iterable[str]) -> bool:
    """Return True if nobody can say that the grant is not needed."""
    action = grant.action.lower()
    return any(
        fnmatch.fnmatchcase(each.lower(), action) or fnmatch.fnmatchcase(action, each.lower()) for each in patterns
    )


_POLLED_APIS = frozenset(action.api for action in BEGUN.values())


def _api(resource: str) -> str:
    return resource.rpartition(":")[2]


def scenarios(states: Mapping[str, str], caught: Mapping[str, Collection[str]]) -> list[tuple[str, Befalling]]:
    """List what is rehearsed to see what a role needs, beyond that all goes well: state, and what happens to it.

    A job that fails or is refused reaches the states behind a Catch, one that never ends has to be stopped, and what is
    described may be in any state. A call of another service fails as its catchers have it.

    Args:
        states: Name and Resource of each task state.
        caught: The errors that each state catches by their names.
    """
    found: list[tuple[str, Befalling]] = []
    for name, resource in states.items():
        api = _api(resource)
        if ":sagemaker:" not in resource:
            errors = dict.fromkeys(["States.TaskFailed", *sorted(caught.get(name, ()))])
            found += [(name, Always(Recorded(error=error, cause="the rehearsal"))) for error in errors]
            continue
        found.append((name, Always(Failed())))
        waits = resource.endswith(".sync") or api in _POLLED_APIS
        if waits:
            found.append((name, Always(TimedOut())))
        named = [error for error in caught.get(name, ()) if error.startswith("SageMaker.")]
        if named or not waits:
            found.append((name, Always(AccessDenied())))
        if any("LimitExceeded" in error for error in named):
            found.append((name, Always(LimitExceeded())))
        if ":aws-sdk:" in resource and api.startswith("describe"):
            found += [(name, Output(**said)) for said in _statuses(api.removeprefix("describe"))]
    return found


def _statuses(noun: str) -> list[dict[str, Any]]:
    """Return what Describe may say of something, each once."""
    known = statuses(noun)
    field = field_of(noun, "Status")
    return [{field: each} for each in dict.fromkeys((known.done, known.failed, known.stopped, known.transient))]
