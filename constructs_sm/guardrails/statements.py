"""Statements that have IAM deny what is beyond guardrails, for values that nobody knows before they come.

They deny, where a grant with conditions would only allow less: whatever else a role is given, by the CDK's own tasks
or by hand, cannot be used to get around them, and several guardrails can hold for one role. One set of them serves all
jobs of a role, however many there are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.guardrails.kinds import FREE
from constructs_sm.guardrails.patterns import HOLES, is_late

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from constructs_sm.actions import Action
    from constructs_sm.guardrails.kinds import Conditions
    from constructs_sm.guardrails.limits import Limits
    from constructs_sm.guardrails.rails import Rail
    from constructs_sm.language.arns import Arns

Statement = dict[str, Any]
_PLANS: Final = ("training-plan/*", "reserved-capacity/*")


@dataclass(frozen=True, slots=True)
class Caller:
    """One state that calls an API of SageMaker, and how far IAM can tell its calls from others.

    Attributes:
        operation: The API.
        name: The name of what it makes, as far as it is known: the rest is a hole.
        action: The row of the API; None where nothing is known of the ARNs of what it makes.
    """

    operation: str
    name: str
    action: Action | None = field(compare=False)

    @property
    def beginning(self) -> str:
        """The known beginning of the name, as SageMaker spells it in ARNs at the least."""
        return "" if self.action is None else HOLES.split(self.name, 1)[0].lower()

    def resources(self, arns: Arns) -> tuple[str, ...]:
        """The ARNs of what it makes."""
        if self.action is None:
            return ("*",)
        beginning = HOLES.split(self.name, 1)[0]
        spelled = f"{beginning}*" if is_late(self.name) or not self.action.lives_on else beginning
        both = dict.fromkeys([spelled, spelled.lower()] if self.action.lower_cases_arn else [spelled])
        return tuple(arns.of("sagemaker", f"{self.action.arn_type}/{each}") for each in both)

    @property
    def apart(self) -> tuple[tuple[str, str], ...]:
        """Further types of resources that the call is authorized on."""
        return () if self.action is None else self.action.extra_resources


def conditions(rail: Rail, limits: Limits, operation: str) -> list[Conditions]:
    """The conditions under which a call of *operation* is beyond a rail: each is one of a statement that denies."""
    key = rail.condition_key()
    unless = dict(rail.unless).get(operation)
    if unless is None or rail.kind.admits_absent(limits, rail.absent):
        return rail.kind.denied(limits, key, rail.absent)
    without: Conditions = {"Null": {key: "true", f"sagemaker:{unless}": "true"}}
    return [*(each for each in rail.kind.denied(limits, key, FREE) if each != {"Null": {key: "true"}}), without]


def denying(
    rail: Rail, limits: Limits, bound: Sequence[Caller], free: Sequence[Caller], arns: Arns
) -> tuple[list[Statement], list[Caller]]:
    """Statements that deny to *bound* what is beyond a rail, and to *free* nothing.

    Args:
        rail: The rail.
        limits: The guardrails.
        bound: Callers whose values come later.
        free: Other callers under the same role that these guardrails do not bind, or that are within them otherwise.
        arns: Where the callers call.

    Returns:
        The statements, and those of *bound* whose calls IAM cannot tell from those of *free*.
    """
    operations = {caller.operation for caller in bound}
    others = [each for each in free if each.operation in operations]
    lost = _alike(bound, others)
    kept = [caller for caller in bound if caller not in lost]
    by_conditions: dict[str, list[str]] = {}
    for operation in dict.fromkeys(caller.operation for caller in kept):
        for each in conditions(rail, limits, operation):
            by_conditions.setdefault(json.dumps(each), []).append(operation)
    statements = []
    for spelled, named in by_conditions.items():
        where = _where(
            [each for each in kept if each.operation in named],
            [each for each in others if each.operation in named],
            arns,
        )
        actions = [f"sagemaker:{operation}" for operation in named]
        statements.append({"Effect": "Deny", "Action": actions, **where, "Condition": json.loads(spelled)})
    return statements, [*lost]


def _alike(bound: Sequence[Caller], others: Sequence[Caller]) -> dict[Caller, None]:
    """Find callers whose names may begin as those of others do: IAM sees the same in their calls."""
    beginnings: dict[str, set[str]] = {}
    for other in others:
        beginnings.setdefault(other.operation, set()).add(other.beginning)
    lost: dict[Caller, None] = {}
    for caller in bound:
        there, begins = beginnings.get(caller.operation, set()), caller.beginning
        # Either may be the beginning of the other.
        is_longer = any(begins[:length] in there for length in range(len(begins) + 1))
        if is_longer or any(each.startswith(begins) for each in there):
            lost[caller] = None
    return lost


def _where(bound: Sequence[Caller], free: Sequence[Caller], arns: Arns) -> dict[str, Any]:
    """The resources of a statement: all, all but those of others, or those of the callers, whichever is shorter."""
    if not free:
        return {"Resource": "*"}
    if len(bound) <= len(free):
        return {"Resource": _resources(bound, arns)}
    plans = any(each.action is not None and each.action.takes_plans for each in free)
    also = [arns.of("sagemaker", each) for each in _PLANS] if plans else []
    further = [arns.of("sagemaker", f"{kind}/*") for each in free for kind, _ in each.apart]
    return {"NotResource": [*_resources(free, arns), *also, *dict.fromkeys(further)]}


def _resources(callers: Iterable[Caller], arns: Arns) -> list[str]:
    return list(dict.fromkeys(_each(callers, arns)))


def _each(callers: Iterable[Caller], arns: Arns) -> Iterator[str]:
    for caller in callers:
        yield from caller.resources(arns)
