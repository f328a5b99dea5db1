"""The state machine role: what it is asked for, and what it may."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from constructs_sm.language.arns import Arns, spellings
from constructs_sm.testing.world.call_keys import keys_of_trust
from constructs_sm.testing.world.needs import Need, arns_at, of_keys, possible
from constructs_sm.testing.world.policy_decision import Answer, Decision, Policy, Request, decide
from constructs_sm.testing.world.single_grants import statements
from constructs_sm.testing.world.trust import ASSUME, Trust
from constructs_sm.testing.world.truth import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from constructs_sm.interpreter.calls import Call
    from constructs_sm.testing.source.roles import Permitted

STATES = "states.amazonaws.com"
"""Service that assumes the role of a state machine."""
_ALLOWED = Decision(Answer.ALLOWED)


@dataclass(frozen=True, slots=True)
class Asked:
    """A permission that a state could not do without."""

    state: str
    need: Need
    decision: Decision

    @property
    def allowed(self) -> bool:
        """Tell if it is known to be allowed."""
        return self.decision.answer is Answer.ALLOWED

    @property
    def is_denied(self) -> bool:
        """Tell if it is known not to be."""
        return self.decision.answer is Answer.DENIED

    @property
    def is_unknown(self) -> bool:
        """Tell if it hangs on what is not known."""
        return self.decision.answer is Answer.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Facts known of a role besides its policies.

    Attributes:
        arn: The role's; empty where it is not known.
        machine: The ARN of the state machine; empty likewise.
        trusts: Who may assume each role of the template, by ARN: AssumeRolePolicyDocuments. Of others nothing is known.
        others: What other roles of the template may, by ARN, where Credentials of a state name one.
        boundary: The statements of its permissions boundary; None where it has none, or it cannot be read.
        unread_boundary: The name of a boundary that cannot be read.
        unread: The names of its policies that cannot be read.
        keys: The key that what is encrypted is encrypted with: ARNs, by ARN.
        made_up: The ARNs that resources without names may have, by those that are taken for them.
    """

    arn: str = ""
    machine: str = ""
    trusts: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Permitted] = field(default_factory=dict)
    boundary: Sequence[Any] | None = None
    unread_boundary: str = ""
    unread: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    made_up: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Role:
    """One state machine role.

    Args:
        policy: What it is allowed; None allows all.
        standing: What is known of it besides.
        lenient: Go on where something is not allowed, so that one run finds all that is missing.
    """

    def __init__(self, policy: Any = None, standing: Standing | None = None, *, lenient: bool = False) -> None:
        self.policy = None if policy is None else statements(policy)
        self.standing = standing or Standing()
        self.asked: list[Asked] = []
        self.possible: dict[str, None] = {}
        """Patterns of actions that a call may have needed besides."""
        self._read = None if self.policy is None else Policy(self.policy, where="policy")
        given = self.standing.boundary
        self._boundary = None if given is None else Policy(statements(given), where="permissions boundary")
        self._trusts: dict[str, Trust] = {}
        self._others: dict[str, Role] = {}
        self._lenient = lenient
        self._known: dict[tuple[Any, ...], Decision] = {}
        self._is_assumed = False

    @property
    def reads(self) -> Policy | None:
        """Return its policies, read; None if it may all."""
        return self._read

    def refused(
        self,
        state: str,
        needs: Sequence[Need],
        call: Call | None = None,
        note: Callable[[str, str], None] | None = None,
    ) -> Need | None:
        """The first of *needs* that the role does not give, if it matters.

        Args:
            state: The state that calls.
            needs: What the call needs.
            call: The call.
            note: Told what is not known.
        """
        trust = [] if call is None or self._read is None else [*self._assumed(call), *self._assuming(call)]
        if call is not None and self._read is not None:
            self.possible |= dict.fromkeys(possible(call, self.standing.machine or None))
        for one in (*trust, *needs, *of_keys(needs, self.standing.keys)):
            need, decision = self._as_named(one)
            if self._is_refused(state, need, decision, note):
                return need
        return None

    def _as_named(self, need: Need) -> tuple[Need, Decision]:
        """*need* on the ARN that its resource may have, where its name was made up, and what IAM answers."""
        decision = self.decision(need)
        if decision.answer is Answer.DENIED and need.resource and not need.assumer:
            for other in spellings(need.resource, self.standing.made_up)[1:]:
                named = replace(need, resource=other)
                if (found := self.decision(named)).answer is Answer.ALLOWED:
                    return named, found
        return need, decision

    def distrusted(self, call: Call, needs: Sequence[Need], note: Callable[[str, str], None] | None = None) -> str:
        """The first role that *needs* pass to a service which may not assume it; empty if there is none, or all may."""
        for need in needs:
            service = need.context.get("iam:PassedToService")
            if need.action == "iam:PassRole" and isinstance(service, str) and need.resource in self.standing.trusts:
                source = next((each.resource for each in needs if each.of_request), None)
                of_job = source if source and source.count(":") > 4 else None  # noqa: PLR2004
                asked = Need(ASSUME, need.resource, {"aws:SourceArn": of_job} if of_job else {}, call, assumer=service)
                if self._is_refused(call.state, asked, self.decision(asked), note):
                    return str(need.resource)
        return ""

    def _is_refused(self, state: str, need: Need, decision: Decision, note: Callable[[str, str], None] | None) -> bool:
        self.asked.append(Asked(state, need, decision))
        if decision.answer is Answer.UNKNOWN and note is not None:
            note(state, f"not known whether it may: {need}{_hangs_on(decision)}")
        return decision.answer is Answer.DENIED and not self._lenient

    def _assumed(self, call: Call) -> list[Need]:
        """The question whether Step Functions may assume the role, once."""
        if self._is_assumed or self.standing.arn not in self.standing.trusts:
            return []
        self._is_assumed = True
        machine = self.standing.machine
        said = {"aws:SourceArn": machine} if machine else {}
        return [Need(ASSUME, self.standing.arn, said, call, assumer=STATES)]

    def _assuming(self, call: Call) -> list[Need]:
        """The questions whether the role may assume the one that the call's Credentials name, and is let.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html
        """
        if not call.role:
            return []
        standing = self.standing
        where = Arns(call.partition, call.region, call.account)
        said = {"sts:ExternalId": standing.machine} if standing.machine else {}
        asked = Need(ASSUME, call.role, said, call, where=where)
        # Whether a role is let that has no ARN, nobody can say: then only the policies that were given are asked.
        return [asked, *([replace(asked, assumer=standing.arn)] if standing.arn else [])]

    def decision(self, need: Need) -> Decision:
        """Return what IAM answers to *need*: what executions that branch from one another ask again is decided once."""
        if self._read is None and not need.assumer:
            return _ALLOWED
        if need.reason:
            return Decision(Answer.UNKNOWN, frozenset({need.reason}))
        if need.assumer:
            return self._trusted(need)
        if need.by:
            return self._of_other(need)
        key = self.like(need)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = self._decided(need)
        return known

    def like(self, need: Need) -> tuple[Any, ...]:
        """The same of all needs that the policies cannot tell apart."""
        if need.reason or need.assumer or self._read is None:
            return need.action, need.resource, need.assumer, need.by, need.reason
        asked = self.asking(need)
        named = frozenset[str]() if asked is None else asked._named(need)  # noqa: SLF001 - another role, or itself
        if asked is None or not named:
            return need.action, need.resource, need.by
        keys = asked.question(need).keys
        told = (keys.get(name) if keys.is_known(name) else "?" for name in sorted(named))
        return need.action, need.resource, need.by, *told

    def asking(self, need: Need) -> Role | None:
        """The role whose policies *need* is asked of: itself, or one that Credentials name; None if nothing is known.

        No policy decides who may assume a role for a service: that is asked of the role that is assumed.
        """
        if not need.by:
            return self
        if need.by not in self._others and need.by in self.standing.others:
            given = self.standing.others[need.by]
            standing = Standing(arn=need.by, machine=self.standing.machine, boundary=given.boundary)
            self._others[need.by] = Role(given.policy, standing)
        return self._others.get(need.by)

    def question(self, need: Need) -> Request:
        """The question that *need* puts to the policies; its condition keys are made out only if one asks for some."""
        if not self._named(need):
            return Request(need.action, need.resource)
        return need.request(self.standing.arn or None)

    def _named(self, need: Need) -> frozenset[str]:
        """The condition keys that the policies ask for."""
        asking = [policy for policy in (self._read, self._boundary) if policy is not None]
        return frozenset().union(*(policy.keys(need.action) for policy in asking))

    def _decided(self, need: Need) -> Decision:
        assert self._read is not None  # noqa: S101 - else nothing is decided
        request, unread = self.question(need), self.standing.unread
        found = decide(self._read, request, boundary=self._boundary)
        if not unread or found.answer is not Answer.DENIED or self._read.denies(request):
            return found
        if self._boundary is not None and self._boundary.allows(request) is False:
            return found
        return _hanging_on(unread)

    def _of_other(self, need: Need) -> Decision:
        """Return the answer to what a role needs that Credentials name."""
        role = self.asking(need)
        if role is None:
            return Decision(Answer.UNKNOWN, frozenset({f"the policies of {need.by}, which are not in the template"}))
        found = role.decision(replace(need, by=""))
        unread = self.standing.others[need.by].unread
        if not unread or found.answer is Answer.UNKNOWN:
            return found
        return _hanging_on(unread)

    def _trusted(self, need: Need) -> Decision:
        arn = str(need.resource)
        if arn not in self.standing.trusts:
            return Decision(Answer.UNKNOWN, frozenset({f"the trust policy of {arn}, which is not in the template"}))
        if arn not in self._trusts:
            self._trusts[arn] = Trust(self.standing.trusts[arn], where=f"trust of {arn}")
        assert need.call is not None  # noqa: S101 - a call is what services assume roles for
        if need.assumer.startswith("arn:"):
            truth = self._trusts[arn].lets_role(need.assumer, need.request(need.assumer).keys)
        else:
            source = need.context.get("aws:SourceArn")
            keys = keys_of_trust(arns_at(need.call), need.call.at, source if isinstance(source, str) else None)
            truth = self._trusts[arn].lets(need.assumer, keys)
        if isinstance(truth, Unknown):
            return Decision(Answer.UNKNOWN, truth.keys)
        return Decision(Answer.ALLOWED if truth else Answer.DENIED)


def _hanging_on(unread: Sequence[str]) -> Decision:
    return Decision(Answer.UNKNOWN, frozenset(f"{name}, which is not in the template" for name in unread))


def _hangs_on(decision: Decision) -> str:
    return f", which hangs on {', '.join(sorted(decision.unknown))}"
