"""Guardrails that are applied to constructs, and the calls of SageMaker that they judge when an app is synthesized."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from constructs_sm.environment import arns_of
from constructs_sm.guardrails.further_apis import judged
from constructs_sm.guardrails.judging import Judge, Verdict, makes_configuration
from constructs_sm.guardrails.patterns import HOLE, HOLES, Spelling
from constructs_sm.guardrails.statements import Caller, denying
from constructs_sm.language.late_bound import TOKEN
from constructs_sm.polled_actions import PolledAction
from constructs_sm.requests.called import called_by
from constructs_sm.requests.request import sent_by
from constructs_sm.rules.guardrail_rules import UNREAD
from constructs_sm.task.overruling import acknowledged_around, ended_around, keep, overruled, tell

from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from constructs_sm.guardrails.judging import Fault
    from constructs_sm.guardrails.limits import Limits
    from constructs_sm.guardrails.rails import Rail
    from constructs_sm.language.definition_text import DefinitionText
    from constructs_sm.language.errors import Problem
    from constructs_sm.language.machines import Json
    from constructs_sm.requests.called import Called
    from constructs_sm.requests.request import Request

    from aws_cdk import Stack
    from constructs import IConstruct


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """Guardrails where they are applied.

    Attributes:
        limits: The guardrails.
        as_of: The day by which exceptions have ended or not; None: none has.
    """

    limits: Limits
    as_of: date | None


_NO_KEY: Final = "IAM has no condition key for it"
ROOTS: set[IConstruct] = set()
"""The apps in which there are guardrails."""
APPLIED: dict[IConstruct, list[Applied]] = {}
"""All guardrails of this process, by the construct that they are applied to."""


class Placed(Protocol):
    """A state machine, and the stack that it is in."""

    @property
    def construct(self) -> Any: ...
    @property
    def stack(self) -> Stack: ...


class Machine(Placed, Protocol):
    """A state machine as it is about to be synthesized."""

    text: DefinitionText
    states: Mapping[str, Json]
    sealed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One value beyond guardrails.

    Attributes:
        machine: The state machine.
        state: The state.
        problem: The value, what is allowed, and why.
    """

    machine: Placed
    state: str
    problem: Problem


@dataclass(slots=True, eq=False)
class _Call:
    """One state that calls SageMaker."""

    machine: Machine
    state: str
    called: Called
    holder: IConstruct
    """The construct around which exceptions are looked for."""
    path: str
    under: tuple[Applied, ...]
    caller: Caller
    elsewhere: str
    """Reason for which the role of the state machine does not limit it; empty if it does."""
    verdicts: dict[tuple[Applied, Rail], Verdict] = field(default_factory=dict)
    excepted: set[tuple[Applied, Rail]] = field(default_factory=set)


@dataclass(slots=True)
class Guarding:
    """One pass over all state machines of an app or stage.

    Attributes:
        findings: What is refused.
        exceptions: What there is an exception for.
    """

    findings: list[Finding] = field(default_factory=list)
    exceptions: list[Finding] = field(default_factory=list)
    _warnings: dict[sfn.CfnStateMachine, list[Problem]] = field(default_factory=dict)
    _around: dict[IConstruct, tuple[Applied, ...]] = field(default_factory=dict)
    _acknowledged: dict[tuple[IConstruct, date | None], dict[str, tuple[IConstruct, str]]] = field(default_factory=dict)

    def unread(self, machine: Placed, what: str = "") -> None:
        """Note a state machine whose definition nobody can read, or *what* else is the matter with it."""
        construct = machine.construct
        for applied in self._applied_around(construct):
            problem = UNREAD.problem(what, got=str(construct.node.path))
            known = acknowledged_around(construct, applied.as_of).get(UNREAD.id)
            if known is None:
                self.findings.append(Finding(machine, "", problem))
            else:
                keep(machine.stack, known[0], UNREAD.id, known[1])
                overruled(construct, UNREAD.id, path=str(construct.node.path))

    def check(
        self,
        machines: Iterable[Machine],
        owners: Mapping[tuple[Any, str], tuple[IConstruct, Any, str]],
        granted: set[tuple[str, str]],
    ) -> None:
        """Judge every call, and have IAM deny what comes later and is beyond guardrails.

        Args:
            machines: The state machines.
            owners: The scope that a task of ours was made in, its job if it has one, and its path.
            granted: The statements that roles were given before, so that none is given twice.
        """
        by_role: dict[str, tuple[Any, list[_Call]]] = {}
        placed = list(machines)
        is_made = makes_configuration(str(state.get("Resource")) for each in placed for state in each.states.values())
        for machine in placed:
            calls = list(self._calls(machine, owners, is_made=is_made))
            for call in calls:
                self._refuse(call)
            around = machine.construct.node.scope
            if isinstance(around, sfn.StateMachine) and any(call.under for call in calls):
                role = around.role
                by_role.setdefault(str(role.node.path), (role, []))[1].extend(calls)
        for path, (role, calls) in by_role.items():
            self._limit(path, role, calls, granted)
        for construct, problems in self._warnings.items():
            tell(construct, problems)

    def _calls(
        self, machine: Machine, owners: Mapping[tuple[Any, str], tuple[IConstruct, Any, str]], *, is_made: bool
    ) -> Iterator[_Call]:
        """Judge the calls of a state machine; *is_made* where the app makes endpoint configurations."""
        arns = arns_of(machine.stack)
        spelling = Spelling(machine.text.references, arns)
        judges: dict[Applied, Judge] = {}
        known: dict[str, Called | None] = {}
        own = self._applied_around(machine.construct)
        limited = isinstance(machine.construct.node.scope, sfn.StateMachine) and not machine.sealed
        for name, state in machine.states.items():
            if state.get("Type") != "Task":
                continue
            resource = HOLES.sub("aws", spelling.text(str(state.get("Resource"))))
            if resource not in known:
                known[resource] = called_by({**state, "Resource": resource})
            called = known[resource]
            request = None if called is None else sent_by(state)
            operation = None if called is None or request is None else judged(called, request.fields)
            if called is None or request is None or operation is None:
                continue
            scope, job, path = owners.get((machine, name), (machine.construct, None, name))
            mine = () if scope is machine.construct else self._applied_around(scope)
            under = tuple(dict.fromkeys((*own, *mine, *APPLIED.get(job, ()))))
            elsewhere = "" if limited else "the role of the state machine is not made with it"
            if "Credentials" in state:
                elsewhere = "the call is made with other credentials"
            call = _Call(
                machine=machine,
                state=name,
                called=called,
                holder=job if job is not None and job.given_to_cdk else scope,
                path=path,
                under=under,
                caller=_caller(called, request, spelling),
                elsewhere=elsewhere,
            )
            for applied in under:
                if applied not in judges:
                    judges[applied] = _judge(applied.limits, spelling, machine.stack)
                judge = judges[applied]
                for rail, verdict in judge.verdicts(operation, request):
                    call.verdicts[applied, rail] = verdict
                for rail, verdict in () if is_made else judge.of_configuration(operation, request):
                    call.verdicts.setdefault((applied, rail), Verdict()).add(verdict)
            yield call

    def _applied_around(self, scope: IConstruct) -> tuple[Applied, ...]:
        """The guardrails around a construct, the outermost first."""
        if scope not in self._around:
            self._around[scope] = tuple(each for one in scope.node.scopes for each in APPLIED.get(one, ()))
        return self._around[scope]

    def _refuse(self, call: _Call) -> None:
        """Note what is beyond guardrails, and what comes later where nothing limits it."""
        for (applied, rail), verdict in call.verdicts.items():
            self._judge(call, applied, verdict.broken)
            if verdict.late and self._is_excepted(call, applied, rail):
                self._judge(call, applied, verdict.late)
                continue
            self._judge(call, applied, [each for each in verdict.late if not each.limited], _NO_KEY)
            if call.elsewhere:
                self._judge(call, applied, [each for each in verdict.late if each.limited], call.elsewhere)

    def _is_excepted(self, call: _Call, applied: Applied, rail: Rail) -> bool:
        known = (call.holder, applied.as_of)
        if known not in self._acknowledged:
            self._acknowledged[known] = acknowledged_around(call.holder, applied.as_of)
        return rail.rule.id in self._acknowledged[known]

    def _judge(self, call: _Call, applied: Applied, faults: list[Fault], why: str = "") -> None:
        """Note faults of one rail, unless there is an exception from it."""
        if not faults:
            return
        rail = faults[0].rail
        if self._is_excepted(call, applied, rail):
            call.excepted.add((applied, rail))
            holder, reason = self._acknowledged[call.holder, applied.as_of][rail.rule.id]
            # One made above the stacks has no template of its own to keep its reason in.
            keep(call.machine.stack, holder, rail.rule.id, reason)
            overruled(call.holder, rail.rule.id, path=call.path)
            for fault in faults:
                problem = fault.problem(applied.limits, why=why, where=f"state '{call.state}': ")
                said = replace(problem, use=f"there is an exception for '{holder.node.path or 'the app'}': {reason}")
                self.exceptions.append(Finding(call.machine, call.state, said))
            return
        ended = ended_around(call.holder, rail.rule.id, applied.as_of)
        for fault in faults:
            problem = fault.problem(applied.limits, why=why, ended=str(ended or ""), where=f"state '{call.state}': ")
            if fault.late and applied.limits.late == "warn":
                self._warnings.setdefault(call.machine.construct, []).append(problem)
            else:
                self.findings.append(Finding(call.machine, call.state, problem))

    def _limit(self, path: str, role: iam.IRole, calls: list[_Call], granted: set[tuple[str, str]]) -> None:
        """Have IAM deny to a role what is beyond guardrails, wherever a value comes later."""
        bound: dict[tuple[Applied, Rail], list[_Call]] = {}
        for call in calls:
            for (applied, rail), verdict in call.verdicts.items():
                late = not call.elsewhere and any(each.limited for each in verdict.late)
                if late and (applied, rail) not in call.excepted:
                    bound.setdefault((applied, rail), []).append(call)
        for (applied, rail), late_calls in bound.items():
            by_caller = {call.caller: call for call in late_calls}
            arns = arns_of(late_calls[0].machine.stack)
            free = [call.caller for call in calls if _is_free(call, applied, rail)]
            statements, apart = denying(rail, applied.limits, list(by_caller), free, arns)
            lost = apart
            for statement in statements:
                said = (path, json.dumps(statement, sort_keys=True))
                if said not in granted:
                    granted.add(said)
                    role.add_to_principal_policy(iam.PolicyStatement.from_json(statement))
            if statements and not role.node.children:
                # The CDK drops in silence what is given to such a role.
                lost = list(by_caller)
            for caller in dict.fromkeys(lost):
                call = by_caller[caller]
                why = "IAM cannot tell its calls from those of another job, which needs a name that begins otherwise"
                if caller not in apart:
                    why = "the role of the state machine takes no statements from here"
                self._judge(call, applied, [each for each in call.verdicts[applied, rail].late if each.limited], why)


def _is_free(call: _Call, applied: Applied, rail: Rail) -> bool:
    """Tell if a call must not be denied by a statement that other calls need."""
    if applied not in call.under or (applied, rail) in call.excepted:
        return True
    verdict = call.verdicts.get((applied, rail))
    return verdict is not None and verdict.lacks


def _caller(called: Called, request: Request, spelling: Spelling) -> Caller:
    action = called.action
    # Of what has no name of its own, the ARN shows nothing of the request.
    named = action is not None and not (isinstance(action, PolledAction) and (action.token_field or action.asked_with))
    if not named or action is None:
        return Caller(called.operation, HOLE, None)
    name = HOLE if isinstance(request.fields, str) else request.fields.get(action.name_field, HOLE)
    return Caller(called.operation, str(spelling.values(name)[0]), action)


def _judge(limits: Limits, spelling: Spelling, stack: Stack) -> Judge:
    """Guardrails for the definition of a stack; asked of the CDK is only what has a token in it."""

    def resolve(text: str) -> Any:
        return stack.resolve(text) if TOKEN.search(text) else text

    return Judge(limits, spelling, resolve)
