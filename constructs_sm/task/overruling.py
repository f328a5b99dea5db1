"""Rules that are overruled: who acknowledged which, where and why, and which of them nothing has broken."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_sm.environment import refuse_no_construct
from constructs_sm.language.errors import InvalidInputError, where_of
from constructs_sm.rollback import undone_by
from constructs_sm.rules import argument_rules as rules
from constructs_sm.rules import guardrail_rules
from constructs_sm.rules.catalogue import RULES
from constructs_sm.rules.guardrail_rules import UNTIL
from constructs_sm.rules.rule import ACKNOWLEDGED, EVERYWHERE, PREFIX

import jsii
from aws_cdk import Acknowledgment, Annotations, Stack, Stage, Validations
from constructs import IValidation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from constructs_sm.language.errors import Problem

    from constructs import Construct, IConstruct

_OF_ANNOTATIONS = "Annotation::"
_OURS = f"{PREFIX}::"


def acknowledge(scope: Construct, rule_id: str, reason: str, *, until: date | str | None = None) -> None:
    """Turn a rule off for *scope* and all that is in it.

    Refusals are acknowledged before the job is made, on a construct around it; warnings at any time. The CDK's own
    `Validations.of(scope).acknowledge(Acknowledgment(id=..., reason=...))` does the same. The reason stands in the
    metadata of the template, under `constructs-sm:acknowledged`. What is acknowledged and never broken is warned of.

    Args:
        scope: A job, a pipeline, a stack, an app, or any construct around jobs.
        rule_id: The id that the message ends with; docs/rules.md lists all.
        reason: The grounds on which the rule does not hold here.
        until: The last day of an exception from guardrails, as '2026-12-31'; see `Guardrails.apply`. Default: no end.

    Raises:
        InvalidInputError: There is no such rule, it cannot be acknowledged, there is no reason, or *until* is no date.
    """
    where = where_of("acknowledge", scope)
    refuse_no_construct(where, scope)
    rule = RULES.named(rule_id, where)
    if rule.protects:
        problem = rules.RULE_PROTECTED.problem(got=rule.id, fix=f"correct the arguments: {rule.protects}")
        raise InvalidInputError(where, [problem])
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidInputError(where, [rules.RULE_REASON.problem(got=reason)])
    if until is not None:
        if RULES[rule.id] not in vars(guardrail_rules).values():
            raise InvalidInputError(where, [UNTIL.problem("only exceptions from guardrails end on a date", rule.id)])
        _UNTIL[scope, rule.id] = day = day_of(where, "until", until)
        reason = f"{reason} (until {day})"
    Validations.of(scope).acknowledge(Acknowledgment(id=rule.id, reason=reason))
    if rule.severity == "info":
        Annotations.of(scope).acknowledge_info(rule.id)
    _OfStage.of(scope).declared[scope] = None
    for stack in {_stack_around(scope)} - {None}:
        keep(stack, str(scope.node.path), rule.id, reason)


def refuse(scope: IConstruct, where: str, problems: Iterable[Problem], *, path: str) -> list[Problem]:
    """Raise what is refused and not acknowledged around *scope*, and return what is to be told.

    Args:
        scope: Where the construct at fault would stand.
        where: What it is called in messages.
        problems: Everything that was found.
        path: Its own path.

    Raises:
        InvalidInputError: With everything that nobody has acknowledged.
    """
    found = list(problems)
    refused = [problem for problem in found if RULES[problem.rule].severity == "error"]
    if refused:
        left = unacknowledged(scope, refused, path=path)
        if left:
            raise InvalidInputError(where, left)
    return [problem for problem in found if RULES[problem.rule].severity != "error"]


def refuse_part(where: str, scope: IConstruct, construct_id: str, problems: Iterable[Problem]) -> None:
    """Raise what is wrong with a construct that is to be made in *scope*, and acknowledged by nobody around it.

    Raises:
        InvalidInputError: With all of that.
    """
    found = list(problems)
    if found:
        path = "/".join(filter(None, (str(scope.node.path), str(construct_id))))
        refuse(scope, where, found, path=path)


def unacknowledged(scope: IConstruct, problems: Sequence[Problem], *, path: str) -> list[Problem]:
    """The problems that nobody has acknowledged for *scope*."""
    if not problems:
        return []
    stage = _OfStage.of(scope)
    acknowledged = dict(_acknowledged_around(scope))
    left = []
    for problem in problems:
        stage.fired.setdefault(problem.rule, set()).add(path)
        if problem.rule in acknowledged and not RULES[problem.rule].protects:
            # One made above the stacks has no template of its own to keep its reason in.
            holder, reason = acknowledged[problem.rule]
            around = _stack_around(scope)
            if around is None:
                stage.unkept[path, holder, problem.rule, reason] = None
            else:
                keep(around, holder, problem.rule, reason)
        else:
            left.append(problem)
    return left


def tell(construct: Construct, problems: Sequence[Problem]) -> None:
    """Let the CDK say what is worth a warning or a word, unless it is acknowledged when the app is synthesized."""
    if problems:
        told = _OfStage.of(construct).told
        told += ((construct, problem) for problem in problems)
        undone_by(partial(_forget, told, problems))


def _forget(told: list[tuple[Construct, Problem]], problems: Sequence[Problem]) -> None:
    told[:] = [each for each in told if all(each[1] is not problem for problem in problems)]


def ask(construct: IConstruct, check: Callable[[], list[str]]) -> None:
    """Have the CDK ask a check when the app is synthesized, before it is said which acknowledgments are in vain."""
    stage = _OfStage.of(construct)
    asked = _Asked(check, stage)
    stage.asked.append(asked)
    undone_by(partial(stage.asked.remove, asked))
    construct.node.add_validation(asked)


def watch(owner: IConstruct) -> None:
    """Have it checked, when the app is synthesized, that what is acknowledged around jobs of *owner* is broken."""
    _OfStage.of(owner).declared.setdefault(owner)


@jsii.implements(IValidation)
class _Asked:
    """A check that is asked when the app is synthesized; the last of them says which acknowledgments are in vain."""

    def __init__(self, check: Callable[[], list[str]], stage: _OfStage) -> None:
        self._check = check
        self._stage = stage

    def validate(self) -> list[str]:
        found = self._check()
        self._stage.answered.add(self)
        if self._stage.answered.issuperset(self._stage.asked):
            self._stage.answered.clear()
            self._stage.say()
        return found


class _OfStage:
    """The acknowledgments of one app or stage, what is told in it, and the rules that were broken."""

    _all: dict[IConstruct, _OfStage] = {}  # noqa: RUF012
    _by_scope: dict[IConstruct, _OfStage] = {}  # noqa: RUF012

    def __init__(self, stage: IConstruct) -> None:
        self.fired: dict[str, set[str]] = {}
        self.declared: dict[IConstruct, None] = {stage: None}
        self.told: list[tuple[Construct, Problem]] = []
        self.unkept: dict[tuple[str, str, str, str], None] = {}
        """Reasons for which stacks were not refused that were not there yet: with the path of each."""
        self.asked: list[_Asked] = []
        self.answered: set[_Asked] = set()
        known = _Asked(self._unknown, self)
        self.asked.append(known)
        stage.node.add_validation(known)

    @staticmethod
    def of(scope: IConstruct) -> _OfStage:
        """Return that of the stage around *scope*, asked for once per scope."""
        found = _OfStage._by_scope.get(scope)
        if found is None:
            stage = Stage.of(scope) or scope.node.root
            found = _OfStage._all.get(stage)
            if found is None:
                found = _OfStage._all[stage] = _OfStage(stage)
            _OfStage._by_scope[scope] = found
        return found

    def _unknown(self) -> list[str]:
        """Find acknowledgments of rules that there are not, or that cannot be acknowledged."""
        wrong = []
        for scope in self.declared:
            for given, _ in _given_on(scope):
                bare = _bare(given)
                # Those without our prefix may be of another tool.
                if bare not in RULES and given.startswith(_OURS):
                    wrong.append(_no_such_rule(str(scope.node.path), given))
                elif bare in RULES and RULES[bare].protects:
                    wrong.append(str(rules.RULE_PROTECTED.problem(got=bare)))
        return wrong

    def say(self) -> None:
        """Say what is told and nobody has acknowledged, and then what was acknowledged in vain."""
        self._keep()
        told, self.told = self.told, []
        for construct, problem in told:
            for left in unacknowledged(construct, [problem], path=str(construct.node.path)):
                # The CDK ends the message with the id: [ack: ...].
                if RULES[left.rule].severity == "info":
                    Annotations.of(construct).add_info_v2(left.rule, left.sentence)
                else:
                    Annotations.of(construct).add_warning_v2(left.rule, left.sentence)
        for scope in self.declared:
            path = str(scope.node.path)
            for given, reason in _given_on(scope):
                rule = RULES.get(_bare(given))
                if rule is None or rule.protects:
                    continue
                if rule.by_check:
                    # `constructs-sm check` reads it in the templates, and says if it is in vain.
                    for stack in _stacks_of(scope):
                        keep(stack, path, rule.id, reason)
                elif not self._is_broken(rule.id, path):
                    _say_in_vain(scope, rule.id, reason)

    def _keep(self) -> None:
        """Keep the reasons for which stacks were not refused, now that they are there."""
        stage = next(iter(self.declared))
        made = {str(each.node.path): each for each in (_stacks_of(stage) if self.unkept else ())}
        for path, holder, rule, reason in self.unkept:
            if path in made:
                keep(made[path], holder, rule, reason)

    def _is_broken(self, rule_id: str, path: str) -> bool:
        inside = f"{path}/" if path else ""
        return any(broken == path or broken.startswith(inside) for broken in self.fired.get(rule_id, ()))


def _bare(rule_id: str) -> str:
    return rule_id.removeprefix(_OF_ANNOTATIONS).removeprefix(_OURS)


def _say_in_vain(scope: IConstruct, rule_id: str, reason: str) -> None:
    # What is said of an app would be shown with none of its stacks.
    holder = scope if _stack_around(scope) else next(filter(Stack.is_stack, scope.node.find_all()), scope)
    text = f"{rule_id} is acknowledged for '{scope.node.path or EVERYWHERE}' ({reason}), and nothing there breaks it"
    Annotations.of(holder).add_warning_v2(rules.NEVER_FIRED.id, f"{text}; {rules.NEVER_FIRED.fix}")


def _stacks_of(scope: IConstruct) -> list[Any]:
    """The stack around a construct, or those in it."""
    around = _stack_around(scope)
    return list(filter(Stack.is_stack, scope.node.find_all())) if around is None else [around]


def _no_such_rule(path: str, given: str) -> str:
    try:
        RULES.named(given, f"acknowledgment on '{path}'")
    except InvalidInputError as error:
        return str(error)
    return ""


def acknowledged_around(scope: IConstruct, as_of: date | None) -> dict[str, tuple[str, str]]:
    """The path and the reason of the nearest acknowledgment of each rule around *scope*, if not ended by *as_of*."""
    return dict(_acknowledged_around(scope, as_of))


def overruled(scope: IConstruct, rule_id: str, *, path: str) -> None:
    """Take note that a rule is broken at *path*, so that its acknowledgment around *scope* is not in vain."""
    _OfStage.of(scope).fired.setdefault(rule_id, set()).add(path)


def ended_around(scope: IConstruct, rule_id: str, as_of: date | None) -> date | None:
    """The day on which an exception from a rule around *scope* ended; None if none has."""
    days = [_UNTIL.get((construct, rule_id)) for construct in scope.node.scopes]
    return max((day for day in days if day is not None and as_of is not None and day < as_of), default=None)


def day_of(where: str, name: str, given: object) -> date:
    """Read a day: a date, or a text as '2026-12-31'.

    Raises:
        InvalidInputError: It is none.
    """
    if isinstance(given, date):
        return given.date() if isinstance(given, datetime) else given
    try:
        return date.fromisoformat(str(given))
    except ValueError as error:
        raise InvalidInputError(where, [UNTIL.problem(f"{name} is no day", given)]) from error


def _acknowledged_around(scope: IConstruct, as_of: date | None = None) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each rule that is acknowledged around *scope*, with the path and reason of the nearest; that one comes last."""
    for construct in scope.node.scopes:
        for given, reason in _given_on(construct):
            bare = _bare(given)
            until = _UNTIL.get((construct, bare))
            if bare in RULES and (until is None or as_of is None or as_of <= until):
                yield bare, (str(construct.node.path), reason)


def _given_on(scope: IConstruct) -> Iterator[tuple[str, str]]:
    for entry in scope.node.metadata:
        if entry.type == Validations.ACKNOWLEDGED_RULES_METADATA_KEY and isinstance(entry.data, dict):
            yield from entry.data.items()


def _stack_around(scope: IConstruct) -> Any:
    return next(filter(Stack.is_stack, reversed(scope.node.scopes)), None)


_UNTIL: dict[tuple[IConstruct, str], date] = {}
_KEPT: dict[Stack, dict[str, dict[str, str]]] = {}


def keep(stack: Stack, path: str, rule_id: str, reason: str) -> None:
    """Keep the reason for which a rule is overruled around the construct at *path* in the metadata of a template."""
    of_path = _KEPT.setdefault(stack, {}).setdefault(path or EVERYWHERE, {})
    if of_path.get(rule_id) != reason:
        of_path[rule_id] = reason
        stack.add_metadata(ACKNOWLEDGED, _KEPT[stack])
