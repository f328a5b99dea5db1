"""Everything that is wrong with one state machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.checking import handlers, jobs, literal_values, loops, outputs
from constructs_sm.checking.findings import Finding, finding_of
from constructs_sm.checking.guarded import guarded
from constructs_sm.checking.scene import PLACEHOLDER, Scene
from constructs_sm.language.arns import Arns, partition_of
from constructs_sm.language.errors import NOTHING, shown
from constructs_sm.requests.api_model import has_operation
from constructs_sm.requests.model_check import found_in
from constructs_sm.rules import definition_rules, model_rules, training_rules
from constructs_sm.rules.catalogue import RULES
from constructs_sm.rules.definitions import violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.checking.scene import Located
    from constructs_sm.guardrails.limits import Limits
    from constructs_sm.language.errors import Problem
    from constructs_sm.requests.called import Called
    from constructs_sm.testing.source.machine import Machine

_PATH: Final = re.compile(r"([A-Z]\w*(?:\[\d+\])?(?:\.\w+(?:\[\d+\])?)*)[ :]")
_OF_THE_RESOURCE: Final = (definition_rules.RESOURCE, definition_rules.PATTERN)
_OF_OUR_ROLES: Final = frozenset({training_rules.MANIFEST.id})
"""Rules of the roles that the library makes: of somebody's own nothing is known."""
_CHECKS: Final = (handlers.handlers, jobs.jobs, loops.loops, literal_values.texts, outputs.outputs)


def check_machine(machine: Machine, *, role: bool = True, limits: Limits | None = None) -> list[Finding]:
    """List everything that is wrong with a state machine, its states in their order.

    Args:
        machine: The state machine, with its role where that is known.
        role: Compare what the role may with what the definition needs.
        limits: Guardrails to hold it against.
    """
    found = check_definition(machine.definition, express=machine.express)
    if limits is not None and isinstance(machine.definition, dict):
        scene = Scene(machine.definition, machine.express)
        found += [_finding(problem, located) for located, problem in guarded(machine, scene, limits)]
    if role and machine.policy is not None and not _is_refused(found):
        from constructs_sm.checking.roles import role as of_role  # noqa: PLC0415 - with the data of AWS, which is large

        scene = Scene(machine.definition, machine.express)
        arns = Arns(partition_of(machine.region), machine.region, machine.account)
        found += [finding_of(one, scene) for one in of_role(machine, scene, arns)]
    return found


def check_definition(definition: Any, *, express: bool = False) -> list[Finding]:
    """List everything that is wrong with a definition, of whose role nothing is known."""
    refused = [one for one in violations(definition, express=express) if PLACEHOLDER not in str(one.got)]
    if not isinstance(definition, dict):
        return [finding_of(one, Scene({})) for one in refused]
    scene = Scene(definition, express)
    found = [finding_of(one, scene) for one in refused]
    if not _is_refused(found):
        found += [finding_of(one, scene) for check in _CHECKS for one in check(scene)]
    unreadable = {one.state for one in found if one.rule in _OF_THE_RESOURCE}
    for located, called in scene.tasks:
        if called.is_sagemaker and located.request is not None and located.name not in unreadable:
            found += _of_request(located, called)
    order = {located.name: number for number, located in enumerate(scene.states)}
    return sorted(dict.fromkeys(found), key=lambda one: order.get(one.state, -1))


def _is_refused(found: list[Finding]) -> bool:
    return any(one.severity == "error" and one.rule.id.startswith("asl-") for one in found)


def _of_request(located: Located, called: Called) -> Iterator[Finding]:
    """Judge a request to SageMaker by its model and by our rules."""
    request = located.request
    assert request is not None  # noqa: S101 - the caller has asked
    operation = called.operation
    for problem in found_in(operation, request.fields) if has_operation(operation) else ():
        if not _is_told(problem):
            yield _finding(problem, located)


def _is_told(problem: Problem) -> bool:
    """Tell if Step Functions itself refuses it, so that a rule of definitions has told it already."""
    if problem.rule == model_rules.UNKNOWN.id or problem.rule in _OF_OUR_ROLES:
        return True
    return problem.rule == model_rules.MISSING.id and "." not in problem.what.partition(" ")[0]


def _finding(problem: Problem, located: Located) -> Finding:
    path = _PATH.match(problem.what)
    pointer = f"{located.pointer}/{located.request_field}"
    value: Any = located.state.get(located.request_field)
    for step in re.findall(r"\w+", path[1]) if path else ():
        key = int(step) if isinstance(value, list) and step.isdigit() else step
        if isinstance(value, dict) and step not in value and f"{step}.$" in value:
            key = f"{step}.$"
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            break
        pointer += f"/{key}"
    got = "" if problem.got is NOTHING else shown(problem.got)
    return Finding(
        rule=RULES[problem.rule], state=located.name, pointer=pointer, what=problem.what, got=got, fix=problem.use
    )
