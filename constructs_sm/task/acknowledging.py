"""`acknowledge`: a rule is turned off for a scope, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.environment import refuse_no_construct, stage_of
from constructs_sm.language.errors import InvalidInputError, where_of
from constructs_sm.rules import argument_rules as rules
from constructs_sm.rules import guardrail_rules
from constructs_sm.rules.catalogue import RULES
from constructs_sm.rules.guardrail_rules import UNTIL
from constructs_sm.task.machines import machines_of
from constructs_sm.task.overruling import day_of, declare, end

from aws_cdk import Acknowledgment, Annotations, Validations

if TYPE_CHECKING:
    from datetime import date

    from constructs import Construct


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
        day = day_of(where, "until", until)
        end(scope, rule.id, day)
        reason = f"{reason} (until {day})"
    Validations.of(scope).acknowledge(Acknowledgment(id=rule.id, reason=reason))
    if rule.severity == "info":
        Annotations.of(scope).acknowledge_info(rule.id)
    declare(scope, rule.id, reason)
    machines_of(stage_of(scope))
