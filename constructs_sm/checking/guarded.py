"""Calls of SageMaker that are beyond the guardrails of a platform team, in anybody's state machine."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from constructs_sm.guardrails.further_apis import judged
from constructs_sm.guardrails.judging import Judge, makes_configuration
from constructs_sm.guardrails.kinds import TAGS_LINE
from constructs_sm.language.errors import Problem
from constructs_sm.rules.guardrail_rules import LATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.checking.scene import Located, Scene
    from constructs_sm.guardrails.judging import Fault
    from constructs_sm.guardrails.limits import Limits
    from constructs_sm.testing.source.machine import Machine
    from constructs_sm.testing.world.policy_decision import Policy


def guarded(machine: Machine, scene: Scene, limits: Limits) -> Iterator[tuple[Located, Problem]]:
    """Find what is beyond guardrails, and what comes later where nothing shows that IAM limits it."""
    judge = Judge(limits)
    policy = _policy(machine)
    is_made = makes_configuration(str(located.state.get("Resource")) for located, _ in scene.tasks)
    for located, called in scene.tasks:
        operation = judged(called, located.sent.fields)
        if operation is None:
            continue
        elsewhere = () if is_made else judge.of_configuration(operation, located.sent)
        for rail, verdict in chain(judge.verdicts(operation, located.sent), elsewhere):
            for fault in verdict.broken:
                yield located, fault.problem(limits)
            for fault in verdict.late:
                if not fault.limited or "Credentials" in located.state:
                    yield located, _unlimited(fault, limits)
                elif not _limits(policy, f"sagemaker:{called.operation}", _keys(fault, limits)):
                    problem = fault.problem(limits, why=f"nothing shows that IAM limits it by {rail.condition_key()}")
                    yield located, Problem(problem.what, problem.got, problem.use, LATE.id)


def _unlimited(fault: Fault, limits: Limits) -> Problem:
    problem = fault.problem(limits, why="IAM cannot limit it")
    rule = LATE.id if limits.late == "warn" else problem.rule
    return Problem(problem.what, problem.got, problem.use, rule)


def _keys(fault: Fault, limits: Limits) -> set[str]:
    key = fault.rail.condition_key()
    return {f"{key}{name}".lower() for name in limits.tags or ()} if fault.rail.line == TAGS_LINE else {key.lower()}


def _policy(machine: Machine) -> Policy | None:
    if machine.policy is None:
        return None
    from constructs_sm.testing.world.policy_decision import Policy  # noqa: PLC0415 - with the data of AWS, which is large

    return Policy(machine.policy)


def _limits(policy: Policy | None, action: str, keys: set[str]) -> bool:
    """Tell if a policy has conditions on all of *keys* wherever it allows an action, or where it denies it."""
    if policy is None:
        return False
    about = policy.about(action)
    denying = {key for each in about if not each.said.allows for key in each.keys}
    allowing = [each.keys for each in about if each.said.allows]
    return keys <= denying or all(keys <= each for each in allowing)
