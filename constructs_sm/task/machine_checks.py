"""Judgments of state machines and the jobs in them, asked when the app is synthesized, wherever either stands."""

from __future__ import annotations

import json
import re
from collections import ChainMap
from typing import TYPE_CHECKING, Any

from constructs_sm.environment import arns_of, stack_of
from constructs_sm.language.late_bound import is_token
from constructs_sm.language.machines import is_in_jsonata
from constructs_sm.requests.closed_calls import closed_calls
from constructs_sm.rules.argument_rules import (
    JOB_NOT_RUN,
    LANGUAGE_OF_MACHINE,
    NOTHING_GRANTED,
    OTHER_PLACE,
    OUTPUT_SPELLED,
    ROLE_ELSEWHERE,
    ROLE_OF_BOTH,
)
from constructs_sm.rules.catalogue import RULES
from constructs_sm.rules.definition_rules import EXPRESS, UNREACHABLE
from constructs_sm.rules.express import ends_first, refused
from constructs_sm.rules.state_fields import JSON_PATH
from constructs_sm.rules.transitions import unentered
from constructs_sm.task import limits
from constructs_sm.task.acknowledgments import acknowledge_texts
from constructs_sm.task.named_resources import problems_of as named_problems
from constructs_sm.task.output_spelling import functions_sent
from constructs_sm.task.overruling import tell, unacknowledged

from aws_cdk import CfnElement, NestedStack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.language.arns import Arns
    from constructs_sm.language.errors import Problem
    from constructs_sm.task.machines import Machine, Machines
    from constructs_sm.task.output_order import OutputOrder
    from constructs_sm.task.step import Step
    from constructs_sm.values.outputs import TaskIdentity

    from aws_cdk import Stack
    from constructs import IConstruct

_REGION_AT = 3
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d")
STARTS = ":states:startExecution"
"""End of the resource of a state that starts executions."""
_NESTED_SYNC = (f"{STARTS}.sync", f"{STARTS}.sync:2")


class OfStack:
    """Asked when an app is synthesized: whether its state machines go with the jobs of a stack, wherever they stand."""

    def __init__(self, stack: Stack, order: OutputOrder, machines: Machines) -> None:
        self._stack = stack
        self._order = order
        self._arns = arns_of(stack)
        self._machines = machines

    def validate(self) -> list[str]:
        """Judge the state machines of the stack, and all of its jobs."""
        own = [machine for machine in self._machines.all if machine.stack == self._stack]
        mine = {task: self._machines.of_tasks.get(task) for task in self._order.tasks}
        calling = [step for step in self._order.steps if step.is_bound and step.calls]
        steps = {step: self._machines.of_step(step, self._stack) for step in calling}
        with_jobs = dict.fromkeys(each for each in (*mine.values(), *steps.values()) if each is not None)
        found: dict[Problem, IConstruct] = {}
        for machine in dict.fromkeys((*own, *with_jobs)):
            if machine not in self._machines.told:
                self._machines.told.add(machine)
                if machine in with_jobs:
                    acknowledge_texts(machine.construct, machine.text.definition)
                found.update(dict.fromkeys(self._problems_of_one(machine), machine.construct))
        if self._order.watched:
            machines = list(with_jobs) or own
            asked = [machine.text.definition for machine in machines]
            paths = ChainMap(*(order.paths for order in (self._order, *self._machines.stacks.values())))
            wrong = dict.fromkeys(self._order.problems(asked, paths))
            # A function whose text an output is in is found as one that sends its path.
            spelled = {problem.got for problem in wrong if problem.rule == OUTPUT_SPELLED.id}
            found = {
                each: at for each, at in found.items() if each.rule != OUTPUT_SPELLED.id or each.got not in spelled
            }
            # Those of jobs of several stacks are found in each.
            holder = machines[0].construct if len(machines) == 1 else self._stack
            found.update({problem: holder for problem in wrong if problem not in self._machines.wired})
            self._machines.wired |= set(wrong)
        found.update(self._of_another_environment(mine, steps))
        found.update(self._not_run())
        return [
            str(each)
            for problem, holder in found.items()
            for each in unacknowledged(holder, [problem], path=str(holder.node.path))
        ]

    def _not_run(self) -> Iterator[tuple[Problem, IConstruct]]:
        """Name the jobs and steps that no state machine comes to: with warnings, and where the CDK refuses them."""
        machines = self._machines
        steps = {
            step.construct: step for step in self._order.steps if not (step.is_bound and machines.has(step.state_name))
        }
        # Of a step the jobs in it need not be named besides.
        inside = tuple(f"{construct.node.path}/" for construct in steps)
        jobs = [task for task in self._order.tasks if not machines.runs(task) and not task.path.startswith(inside)]
        # In an app without a state machine, as of a test of one job, nothing is forgotten.
        if not (jobs or steps) or not machines.any_in_app():
            return
        found: dict[Any, str] = {self._construct_of(task): f"job '{task.path}'" for task in jobs}
        found |= {each: f"step '{each.node.path}'" for each in steps}
        for construct, name in found.items():
            tell(construct, [JOB_NOT_RUN.problem(f"no state machine runs the {name}")])
        for each in self._stack.node.find_all():
            # The CDK refuses such a Parallel: of its branches it knows only when a state machine is made.
            if isinstance(each, sfn.Parallel) and not each._branches and not machines.has(each.state_id):  # noqa: SLF001  (protected)
                others = ", the ".join(name for construct, name in found.items() if construct != each)
                what = f"no state machine runs '{each.node.path}'{f', nor the {others}' if others else ''}"
                yield JOB_NOT_RUN.problem(what), each

    def _construct_of(self, task: TaskIdentity) -> Any:
        """The job of a task, or where the task is."""
        return self._order.jobs.get(task, self._order.tasks[task])

    def _problems_of_one(self, machine: Machine) -> Iterator[Problem]:
        around = machine.construct.node.scope
        if isinstance(around, sfn.StateMachine) and not around.role.node.children:
            # The CDK drops in silence what is granted to such a role.
            tell(around, [NOTHING_GRANTED.problem()])
        if isinstance(machine.stack, NestedStack) and _waits_for_its_role(machine):
            yield ROLE_ELSEWHERE.problem()
        definition, express = machine.text.definition, machine.is_express
        # Of what a Task may call, an activity alone is known by its Ref.
        activities = machine.text.marks_of(lambda reference: isinstance(reference, dict) and "Ref" in reference)
        yield from (each.problem for each in refused(definition, express=express, activities=activities))
        of_ends = (each.problem for each in ends_first(definition, express=express))
        of_names = named_problems(definition, self._machines.named.get(machine, ()))
        graded = [*of_ends, *of_names]
        yield from (each for each in graded if RULES[each.rule].severity == "error")
        tell(machine.construct, [each for each in graded if RULES[each.rule].severity != "error"])
        yield from (UNREACHABLE.broken(f"state '{name}'").problem for name in unentered(definition))
        yield from limits.of_machine(machine.construct, machine.stack, machine.resolved, definition)
        ours = {task.state_id() for task, place in self._machines.of_tasks.items() if place is machine}
        of_others = {name: state for name, state in machine.states.items() if name not in ours}
        tell(machine.construct, list(closed_calls(of_others)))
        yield from functions_sent(of_others, jsonata=is_in_jsonata(definition))
        yield from _in_the_other_language(machine)
        yield from self._nested(machine)

    def _nested(self, machine: Machine) -> Iterator[Problem]:
        """Find executions that are started and cannot be: of an Express machine that is waited for, or of one role."""
        for name, resource, arn in machine.starts():
            region = arn.split(":")[3] if isinstance(arn, str) and arn.count(":") > _REGION_AT else ""
            here = arns_of(machine.stack).region
            if _REGION.fullmatch(region) and not is_token(here) and region != here:
                what = f"state '{name}' starts a state machine of {region}, and stands in one of {here}"
                yield OTHER_PLACE.problem(what, fix="start it by a rule of EventBridge, or make it in this Region")
            for other in self._machines.all if arn is not None else ():
                if machine.stack.resolve(other.construct.ref) != arn:
                    continue
                if other.is_express and resource.endswith(_NESTED_SYNC):
                    what = f"state '{name}': {EXPRESS.what}, and none is waited for so"
                    use = "start it without .sync, or with states:startSyncExecution of the AWS SDK"
                    yield EXPRESS.problem(what, ":".join(resource.split(":")[-2:]), use)
                if other is not machine and self._comes_back(machine, other):
                    yield ROLE_OF_BOTH.problem(f"state '{name}': {ROLE_OF_BOTH.what}")

    def _comes_back(self, machine: Machine, other: Machine) -> bool:
        """Tell whether a state machine that is started has the role of the first, or leads to one that has."""
        waiting, seen = [other], {machine}
        while waiting:
            started = waiting.pop()
            if started not in seen:
                if _share_a_role(machine.construct, started.construct):
                    return True
                seen.add(started)
                waiting += self._machines.started(started)
        return False

    def _of_another_environment(
        self, placed: Mapping[TaskIdentity, Machine | None], steps: Mapping[Step, Machine | None]
    ) -> Iterator[tuple[Problem, IConstruct]]:
        for task, machine in placed.items():
            if machine is not None:
                name = task.state_id()
                # With credentials, the call is made in the account of their role.
                if self._is_elsewhere(machine, in_any_account="Credentials" in machine.states[name]):
                    yield self._elsewhere(f"job '{name}'", machine), self._construct_of(task)
        for step, machine in steps.items():
            if machine is not None and self._is_elsewhere(machine):
                yield self._elsewhere(f"'{step.construct.node.path}'", machine), step.construct

    def _is_elsewhere(self, machine: Machine, *, in_any_account: bool = False) -> bool:
        """Tell whether a state machine is made for another Region or account."""
        if machine.stack == self._stack:
            return False
        theirs = arns_of(machine.stack)
        pairs = [(self._arns.region, theirs.region)]
        pairs += [] if in_any_account else [(self._arns.account, theirs.account)]
        # Two that are known at deployment only may be one; the CDK takes one that is known for another place too.
        return any(a != b and not (is_token(a) and is_token(b)) for a, b in pairs)

    def _elsewhere(self, what: str, machine: Machine) -> Problem:
        places = f"{_named(self._arns)}, and its state machine for {_named(arns_of(machine.stack))}"
        return OTHER_PLACE.problem(f"{what} is made for {places}")


def _named(arns: Arns) -> str:
    region = "the Region that it is deployed to" if is_token(arns.region) else arns.region
    return f"{region} of {'the account there' if is_token(arns.account) else arns.account}"


def _share_a_role(machine: sfn.CfnStateMachine, other: sfn.CfnStateMachine) -> bool:
    """Tell whether two state machines have one role that is granted something here: its policy then names both."""
    around, of_other = machine.node.scope, other.node.scope
    if not isinstance(around, sfn.StateMachine) or not isinstance(of_other, sfn.StateMachine):
        return False
    same = around.role.node.path == of_other.role.node.path
    return bool(same and around.role.node.children)


def _waits_for_its_role(machine: Machine) -> bool:
    """Tell whether the policy of its role, in a stack around its own, names what the nested stack makes."""
    around = machine.construct.node.scope
    if not isinstance(around, sfn.StateMachine) or not isinstance(around.role, iam.Role):
        return False
    outer = stack_of(around.role)
    nested = [each for each in machine.construct.node.scopes if isinstance(each, NestedStack)]
    inside = next((each for each in nested if each.nested_stack_parent == outer), None)
    if inside is None or not isinstance(inside.nested_stack_resource, CfnElement):
        return False
    name = outer.get_logical_id(inside.nested_stack_resource)
    policies = [each for each in around.role.node.find_all() if isinstance(each, iam.CfnPolicy)]
    return any(f'"{name}"' in json.dumps(outer.resolve(each.policy_document)) for each in policies)


def _in_the_other_language(machine: Machine) -> Iterator[Problem]:
    """States in JSONPath, where the whole state machine is in JSONata."""
    if is_in_jsonata(machine.text.definition):
        # A Fail of a job in JSONPath says nothing that the job does not.
        others = {name: state for name, state in machine.states.items() if state["Type"] != "Fail"}
        found = [name for name, state in others.items() if not JSON_PATH[state["Type"]].isdisjoint(state)]
        if found:
            yield LANGUAGE_OF_MACHINE.problem(got=", ".join(found))
