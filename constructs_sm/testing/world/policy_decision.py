"""Decisions of IAM: identity policies and a permissions boundary, for one action on one resource.

Ours, because no maintained evaluator on PyPI takes resources and conditions into account.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import enum
import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem, raise_all
from constructs_sm.testing.world.condition_keys import ConditionKeys, Context
from constructs_sm.testing.world.policy_grammar import read
from constructs_sm.testing.world.policy_text import ArnPattern, variables_in
from constructs_sm.testing.world.truth import Truth, Unknown, all_of, any_of, opposite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.testing.world.policy_grammar import ReadStatement

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9_-]+")
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:")


class Answer(enum.Enum):
    """Answer of IAM, as far as it can be known."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer, and what it hangs on.

    Attributes:
        answer: Allowed, denied or unknown.
        unknown: The condition keys on which an unknown answer hangs; `truth.RESOURCE` among them where the resource is
            not known.
    """

    answer: Answer
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that somebody wants to do.

    Attributes:
        action: As IAM names it: `sagemaker:CreateTrainingJob`.
        resource: The ARN, `*` for an action that has none; None where it is not known.
        keys: What is known of the condition keys.
    """

    action: str
    resource: str | None
    keys: ConditionKeys = field(default_factory=ConditionKeys)


class Statement:
    """One statement, ready to be asked.

    Args:
        said: What it says.
    """

    __slots__ = ("_actions", "_resources", "keys", "said")

    def __init__(self, said: ReadStatement) -> None:
        self.said = said
        self._actions = [_action_pattern(action.lower()) for action in said.actions]
        self._resources = [ArnPattern(resource, variables=said.variables) for resource in said.resources]
        late = variables_in(*said.resources) if said.variables else frozenset()
        self.keys = late.union(*(condition.keys for condition in said.conditions))
        """The condition keys that it asks for, in lower case."""

    def is_about(self, action: str) -> bool:
        """Tell if *action*, in lower case, is one that the statement is about."""
        return any(pattern.fullmatch(action) for pattern in self._actions) is not self.said.but_actions

    def applies(self, request: Request) -> Truth:
        """Tell if the statement, which is about the action of *request*, is about all the rest of it."""
        about = self._covers(request.resource, request.keys)
        if about is False:
            return False
        return all_of((about, *(condition.holds(request.keys) for condition in self.said.conditions)))

    def parts(self, request: Request) -> list[tuple[str, str, Truth]]:
        """Each action and resource that it names, with the truth that those two say *request*, and the conditions hold.

        All that it names as exceptions is one.
        """
        folded = request.action.lower()
        conditions = all_of(condition.holds(request.keys) for condition in self.said.conditions)
        if self.said.but_actions:
            actions = [excepted(self.said.actions)]
        else:
            named = zip(self.said.actions, self._actions, strict=True)
            actions = [action for action, pattern in named if pattern.fullmatch(folded)]
        if self.said.but_resources:
            resources = [(excepted(self.said.resources), self._covers(request.resource, request.keys))]
        else:
            matched = [(each.plain, each.matches(request.resource, request.keys)) for each in self._resources]
            resources = [(plain, False if truth is None else truth) for plain, truth in matched]
        return [(action, plain, all_of((truth, conditions))) for action in actions for plain, truth in resources]

    def _covers(self, resource: str | None, keys: ConditionKeys) -> Truth:
        if not self._resources:
            return True
        found = [pattern.matches(resource, keys) for pattern in self._resources]
        if self.said.but_resources:
            # A variable without a value makes no statement about other resources.
            return all_of(False if truth is None else opposite(truth) for truth in found)
        return any_of(False if truth is None else truth for truth in found)


def excepted(names: Sequence[str]) -> str:
    """All that a NotAction or NotResource of *names* is about, in words."""
    return f"all but {', '.join(names)}"


@functools.lru_cache(maxsize=8192)
def _action_pattern(action: str) -> re.Pattern[str]:
    return re.compile(re.escape(re.sub(r"\*+", "*", action)).replace(r"\*", ".*").replace(r"\?", "."))


class Policy:
    """Policies that are read once and asked often.

    Args:
        policies: A document, a statement by itself, JSON of either, or a sequence of those.
        where: What an error begins with.

    Raises:
        InvalidInputError: All that IAM would refuse in them.
    """

    def __init__(self, policies: Any, *, where: str = "policy") -> None:
        self.statements = tuple(Statement(said) for said in read(policies, where=where))
        self._by_action: dict[str, tuple[Statement, ...]] = {}
        self._keys: dict[str, frozenset[str]] = {}

    def about(self, action: str) -> tuple[Statement, ...]:
        """The statements that are about *action*."""
        folded = action.lower()
        if folded not in self._by_action:
            self._by_action[folded] = tuple(each for each in self.statements if each.is_about(folded))
        return self._by_action[folded]

    def keys(self, action: str) -> frozenset[str]:
        """The condition keys that statements about *action* ask for, in lower case."""
        folded = action.lower()
        if folded not in self._keys:
            self._keys[folded] = frozenset().union(*(each.keys for each in self.about(action)))
        return self._keys[folded]

    def allows(self, request: Request) -> Truth:
        """Tell if a statement allows *request* and none denies it."""
        return decided([(each.said.allows, each.applies(request)) for each in self.about(request.action)])

    def denies(self, request: Request) -> bool:
        """Tell if a Deny surely applies to *request*."""
        return any(not each.said.allows and each.applies(request) is True for each in self.about(request.action))


def decided(applying: Sequence[tuple[bool, Truth]]) -> Truth:
    """Return what statements decide together: for each, whether it allows, and whether it applies."""
    allowed = any_of(truth for allows_it, truth in applying if allows_it)
    denied = any_of(truth for allows_it, truth in applying if not allows_it)
    return all_of((allowed, opposite(denied)))


def decide(policy: Policy, request: Request, *, boundary: Policy | None = None) -> Decision:
    """Tell whether *policy* allows *request*, and *boundary* too where there is one."""
    answers = [policy.allows(request)] if boundary is None else [policy.allows(request), boundary.allows(request)]
    truth = all_of(answers)
    if isinstance(truth, Unknown):
        return Decision(Answer.UNKNOWN, truth.keys)
    return Decision(Answer.ALLOWED if truth else Answer.DENIED)


def allows(policies: Any, action: str, resource: str, context: Context | None = None, *, boundary: Any = None) -> bool:
    """Tell if IAM allows *action* on *resource* to whoever has *policies*.

    Decided as IAM's documentation says for identity policies and a permissions boundary. Policies of resources,
    sessions and organizations are not asked.

    Args:
        policies: A document, a statement by itself, JSON of either, or a sequence of those.
        action: As IAM names it: `sagemaker:CreateTrainingJob`.
        resource: The ARN; `*` for an action that is on no resource.
        context: The condition keys of the request; a key that is not there is absent.
        boundary: The permissions boundary, in the same forms.

    Raises:
        InvalidInputError: A policy is not one that IAM would take; the message lists all that is wrong.
    """
    problems = [
        *(
            []
            if isinstance(action, str) and _ACTION.fullmatch(action)
            else [Problem("action is none", action, "write it as s3:GetObject", "policy-question")]
        ),
        *(
            []
            if isinstance(resource, str) and (resource == "*" or _ARN.match(resource))
            else [Problem("resource is no ARN", resource, "or write *", "policy-question")]
        ),
    ]
    raise_all("allows", problems)
    request = Request(action, resource, ConditionKeys(context))
    limit = None if boundary is None else Policy(boundary, where="boundary")
    return decide(Policy(policies), request, boundary=limit).answer is Answer.ALLOWED
