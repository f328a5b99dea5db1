"""State machines of an app, and the jobs in them: what can be judged, and said, when both are there.

The CDK does not tell a job which state machine it ends up in, nor which constructs around it have tags. Both are read
when the app is synthesized: the state machines once for an app or stage, wherever they and their jobs stand.
"""

from __future__ import annotations

import re
from collections import ChainMap
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.environment import arns_of, stack_of
from constructs_sm.language.definition_text import DefinitionText
from constructs_sm.language.late_bound import is_token
from constructs_sm.language.machines import states_of
from constructs_sm.requests.api_model import input_shape
from constructs_sm.requests.closed_calls import closed_calls
from constructs_sm.rules import tags as tag_rules
from constructs_sm.rules.argument_rules import (
    JOB_NOT_RUN,
    LANGUAGE_OF_MACHINE,
    NOTHING_GRANTED,
    OTHER_PLACE,
    ROLE_OF_BOTH,
)
from constructs_sm.rules.definition_rules import EXPRESS
from constructs_sm.rules.express import ends_first, refused
from constructs_sm.rules.rule import errors
from constructs_sm.rules.state_fields import JSON_PATH
from constructs_sm.task.acknowledgments import acknowledge_texts
from constructs_sm.task.guarding import ROOTS, Guarding
from constructs_sm.task.overruling import ask, tell, unacknowledged
from constructs_sm.task.tags import TagsAround

from aws_cdk import Stage, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from constructs_sm.grants.statements import Grant
    from constructs_sm.language.arns import Arns
    from constructs_sm.language.errors import Problem
    from constructs_sm.language.machines import Json
    from constructs_sm.task.output_order import OutputOrder
    from constructs_sm.values.outputs import TaskIdentity

    from aws_cdk import Stack
    from constructs import IConstruct

_STARTS = ":states:startExecution"
_REGION_AT = 3
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d")
_NESTED_SYNC = (f"{_STARTS}.sync", f"{_STARTS}.sync:2")


def watch_machines(stack: Stack, order: OutputOrder, arns: Arns) -> None:
    """Have the jobs of a stack, and the state machines they are in, checked when the app is synthesized."""
    machines = machines_of(Stage.of(stack) or stack.node.root)
    machines.stacks[stack] = order
    ask(stack, _OfStack(stack, order, arns, machines).validate)


def machines_of(stage: IConstruct) -> _Machines:
    """The state machines of an app or stage, which are read when it is synthesized."""
    if stage not in _Machines.of_stages:
        _Machines.of_stages[stage] = _Machines(stage)
    return _Machines.of_stages[stage]


def machines_in_app(app: IConstruct) -> list[_Machines]:
    """List those of an app and of each stage in it, as far as they are read."""
    return [machines for stage, machines in _Machines.of_stages.items() if stage.node.root is app]


@dataclass(eq=False, slots=True)
class _Machine:
    """A state machine of this app, as it is about to be synthesized."""

    construct: sfn.CfnStateMachine
    stack: Stack
    text: DefinitionText
    states: Mapping[str, Json]
    """Every state in it, by name."""
    resolved: Any = None
    """The definition as the template has it; None if it stands elsewhere."""
    sealed: bool = False
    """Tell whether it is in a stage that is synthesized already."""

    @property
    def is_express(self) -> bool:
        return self.construct.state_machine_type == "EXPRESS"

    def starts(self) -> Iterator[tuple[str, str, Any]]:
        """States that start executions: name, resource, and the state machine as a template has it."""
        for name, state in self.states.items():
            resource = str(state.get("Resource"))
            if _STARTS in resource:
                sent = state.get("Arguments") or state.get("Parameters")
                arn = sent.get("StateMachineArn") if isinstance(sent, dict) else None
                yield name, resource, self.text.reference(arn) or arn


@dataclass(frozen=True, slots=True)
class _Taker:
    """A task that takes the tags of the constructs around it."""

    task: TaskIdentity
    scope: IConstruct
    job: Any
    stack: Stack
    machine: _Machine
    granted: Grant | None
    """Permission that its state machine needs besides to send them."""

    @property
    def own(self) -> list[Any]:
        """The job, where it may have tags of its own from the CDK."""
        return [self.job] if self.job is not None and self.job.given_to_cdk else []


def _tags_around(takers: Sequence[_Taker], stacks: Iterable[Stack]) -> Iterator[tuple[_Taker, dict[str, str]]]:
    """The tags of the constructs around each task that has such."""
    around = TagsAround(stacks)
    around.read([each.scope for each in takers], [job for each in takers for job in each.own])
    for each in takers:
        found = around.of(each.scope, f"AWS::SageMaker::{_noun(each.task.api)}", *each.own)
        if found:
            yield each, found


def _in_the_other_language(machine: _Machine) -> Iterator[Problem]:
    """States in JSONPath, where the whole state machine is in JSONata."""
    if machine.text.definition.get("QueryLanguage") == "JSONata":
        # A Fail of a job in JSONPath says nothing that the job does not.
        others = {name: state for name, state in machine.states.items() if state["Type"] != "Fail"}
        found = [name for name, state in others.items() if not JSON_PATH[state["Type"]].isdisjoint(state)]
        if found:
            yield LANGUAGE_OF_MACHINE.problem(got=", ".join(found))


class _Machines:
    """The state machines of an app or stage: asked first of all, and before each synthesis anew."""

    of_stages: dict[IConstruct, _Machines] = {}  # noqa: RUF012

    def __init__(self, stage: IConstruct) -> None:
        self._stage = stage
        self.stacks: dict[Stack, OutputOrder] = {}
        self.all: list[_Machine] = []
        self.any = False
        """Tell whether there is a state machine, read or not."""
        self.of_tasks: dict[TaskIdentity, _Machine] = {}
        self.told: set[_Machine] = set()
        """State machines of which is said what is wrong with them."""
        self.wired: set[Problem] = set()
        """Uses of outputs of which is said that they are not there."""
        self._written: dict[sfn.CfnStateMachine, tuple[str, str]] = {}
        """Definitions as they were, and as they are with tags."""
        self._granted: set[tuple[sfn.CfnStateMachine, Grant]] = set()
        self._denied: set[tuple[str, str]] = set()
        """Statements that guardrails have given to roles, by the path of the role."""
        self.guarding = Guarding()
        """Findings of guardrails at the last synthesis."""
        self.guarded: list[_Machine] = []
        """The state machines that were held against guardrails, or cannot be."""
        self._nested: list[Stage] = []
        self._unread: list[_Machine] = []
        """State machines whose definitions stand elsewhere."""
        ask(stage, self.validate)

    def validate(self) -> list[str]:
        """Read the state machines, send the tags of the constructs around jobs with their requests, and guard them."""
        constructs = self._stage.node.find_all()
        self.any = any(isinstance(each, sfn.CfnStateMachine) for each in constructs)
        self.told, self.wired = set(), set()
        self._nested, self._unread = [each for each in constructs[1:] if isinstance(each, Stage)], []
        self.all = list(self._read(constructs))
        self.of_tasks = self._placed()
        wrong = self._tagged()
        if self._stage.node.root in ROOTS:
            self._guard()
        return wrong

    def _guard(self) -> None:
        owners = {
            (machine, task.state_id()): (order.tasks[task], order.jobs.get(task), task.path)
            for order in self.stacks.values()
            for task in order.tasks
            if (machine := self.of_tasks.get(task)) is not None
        }
        self.guarding = Guarding()
        self.guarded = [*self.all, *self._sealed(), *self._unread]
        self.guarding.check([each for each in self.guarded if each.resolved is not None], owners, self._denied)
        for machine in self._unread:
            self.guarding.unread(machine)

    def _sealed(self) -> Iterator[_Machine]:
        """State machines of stages in this one in which there is no job of ours: nobody else reads them."""
        for stage in self._nested:
            if stage not in _Machines.of_stages:
                yield from (replace(each, sealed=True) for each in self._read(stage.node.find_all()))

    def _read(self, constructs: Sequence[IConstruct]) -> Iterator[_Machine]:
        nested = [f"{each.node.path}/" for each in constructs[1:] if isinstance(each, Stage)]
        for each in constructs:
            if not isinstance(each, sfn.CfnStateMachine) or (nested and each.node.path.startswith(tuple(nested))):
                continue
            stack = stack_of(each)
            resolved = stack.resolve(self._definition(each))
            text = DefinitionText.of(resolved)
            if text is None:
                self._unread.append(_Machine(each, stack, DefinitionText({}, [], frozenset()), {}))
            else:
                yield _Machine(each, stack, text, dict(states_of(text.definition)), resolved)

    def _definition(self, machine: sfn.CfnStateMachine) -> str | None:
        """The definition as it was before tags were written into it."""
        now = machine.definition_string
        before, after = self._written.get(machine, (now, now))
        return before if now == after else now

    def _placed(self) -> dict[TaskIdentity, _Machine]:
        """The state machine of each task that is run."""
        placed: dict[TaskIdentity, _Machine] = {}
        by_name: dict[str, list[tuple[TaskIdentity, Stack]]] = {}
        graphs: dict[str, set[str]] = {}
        for stack, order in self.stacks.items():
            for task, graph in order.run.items():
                name = task.state_id()
                by_name.setdefault(name, []).append((task, stack))
                graphs.setdefault(graph, set()).add(name)
        for machine in self.all:
            for name, state in machine.states.items():
                found = [
                    (task, stack)
                    for task, stack in by_name.get(name, ())
                    if task not in placed and f":{task.api}" in str(state.get("Resource"))
                ]
                if found:
                    # Of several with one name, that whose neighbours are here too: those of one stack come first.
                    best = max(
                        found,
                        key=lambda each: (
                            each[1] == machine.stack,
                            _together(graphs[self.stacks[each[1]].run[each[0]]], machine),
                        ),
                    )
                    placed[best[0]] = machine
        return placed

    def _tagged(self) -> list[str]:
        wrong: list[str] = []
        changed: dict[_Machine, None] = {}
        for each, tags in _tags_around(list(self._takers()), self.stacks):
            sent = _request(each.machine.states[each.task.state_id()])
            added = None if sent is None else _added(sent, tags)
            if sent is None or not added:
                continue
            all_of_it = [*sent.get("Tags", ()), *({"Key": key, "Value": value} for key, value in added.items())]
            problems = list(tag_rules.of_scopes(added))
            if len(all_of_it) > tag_rules.MOST:
                problems.append(tag_rules.too_many(len(all_of_it)))
            left = unacknowledged(each.scope, problems, path=each.task.path)
            wrong += [f"job '{each.task.path}': {problem}" for problem in left]
            sent["Tags"] = [
                _in_text(tag, each.machine, each.stack) if tag.get("Key") in added else tag for tag in all_of_it
            ]
            changed[each.machine] = None
            if each.granted is not None:
                self._grant(each.machine, each.granted)
        for machine in changed:
            self._write(machine)
        return wrong

    def _takers(self) -> Iterator[_Taker]:
        """The tasks that are run, and whose APIs take tags."""
        for stack, order in self.stacks.items():
            for task, scope in order.tasks.items():
                machine = self.of_tasks.get(task)
                if machine is not None and _takes_tags(task.api):
                    yield _Taker(task, scope, order.jobs.get(task), stack, machine, order.tagging.get(task))

    def _grant(self, machine: _Machine, grant: Grant) -> None:
        around = machine.construct.node.scope
        if isinstance(around, sfn.StateMachine) and (machine.construct, grant) not in self._granted:
            self._granted.add((machine.construct, grant))
            around.role.add_to_principal_policy(iam.PolicyStatement.from_json(grant.to_policy()))

    def _write(self, machine: _Machine) -> None:
        before = self._definition(machine.construct)
        machine.resolved = resolved = machine.text.resolved(machine.text.definition)
        after = resolved if isinstance(resolved, str) else Token.as_string(resolved)
        machine.construct.definition_string = after
        self._written[machine.construct] = (str(before), after)


def _together(names: set[str], machine: _Machine) -> int:
    return len(names) if names <= machine.states.keys() else -1


def _in_text(tag: Json, machine: _Machine, stack: Stack) -> Json:
    """A tag in the definition of a state machine, where a token of the CDK is a mark."""
    return {key: machine.text.mark(stack.resolve(text)) if is_token(text) else text for key, text in tag.items()}


def _noun(api: str) -> str:
    return api.lstrip("abcdefghijklmnopqrstuvwxyz")


@cache
def _takes_tags(api: str) -> bool:
    return "Tags" in input_shape(f"{api[0].upper()}{api[1:]}").members


def _request(state: Json) -> dict[str, Any] | None:
    """The request of a task, if its tags are said by it and not computed."""
    sent = state.get("Arguments", state.get("Parameters"))
    if not isinstance(sent, dict) or "Tags.$" in sent or not isinstance(sent.get("Tags", []), list):
        return None
    # A version of a package has the tags of its group, and may not name any.
    return None if "ModelPackageGroupName" in sent or "ModelPackageGroupName.$" in sent else sent


def _added(sent: Json, around: Mapping[str, str]) -> dict[str, str]:
    """Tags of the constructs around a job that it has no word of its own on."""
    own = {tag.get("Key") for tag in sent.get("Tags", ()) if isinstance(tag, dict)}
    return {key: value for key, value in around.items() if key not in own}


class _OfStack:
    """Asked when an app is synthesized: whether its state machines go with the jobs of a stack, wherever they stand."""

    def __init__(self, stack: Stack, order: OutputOrder, arns: Arns, machines: _Machines) -> None:
        self._stack = stack
        self._order = order
        self._arns = arns
        self._machines = machines

    def validate(self) -> list[str]:
        mine = {task: self._machines.of_tasks.get(task) for task in self._order.tasks}
        with_jobs = dict.fromkeys(machine for machine in mine.values() if machine is not None)
        own = [machine for machine in self._machines.all if machine.stack == self._stack]
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
            # Those of jobs of several stacks are found in each.
            holder = machines[0].construct if len(machines) == 1 else self._stack
            found.update({problem: holder for problem in wrong if problem not in self._machines.wired})
            self._machines.wired |= set(wrong)
        found.update(self._of_another_environment(mine))
        # In an app without a state machine, as of a test of one job, nothing is forgotten.
        left = [task for task in mine if self._machines.any and task not in self._order.run]
        for task in left:
            tell(self._construct_of(task), [JOB_NOT_RUN.problem(f"{JOB_NOT_RUN.what} '{task.path}'")])
        return [
            str(each)
            for problem, holder in found.items()
            for each in unacknowledged(holder, [problem], path=str(holder.node.path))
        ]

    def _construct_of(self, task: TaskIdentity) -> Any:
        """The job of a task, or where the task is."""
        return self._order.jobs.get(task, self._order.tasks[task])

    def _problems_of_one(self, machine: _Machine) -> Iterator[Problem]:
        around = machine.construct.node.scope
        if isinstance(around, sfn.StateMachine) and not around.role.node.children:
            # The CDK drops in silence what is granted to such a role.
            tell(around, [NOTHING_GRANTED.problem()])
        definition, express = machine.text.definition, machine.is_express
        # Of what a Task may call, an activity alone is known by its Ref.
        activities = machine.text.marks_of(lambda reference: isinstance(reference, dict) and "Ref" in reference)
        yield from (each.problem for each in refused(definition, express=express, activities=activities))
        late = list(ends_first(definition, express=express))
        yield from (each.problem for each in errors(late))
        tell(machine.construct, [each.problem for each in late if each.rule.severity != "error"])
        ours = {task.state_id() for task, place in self._machines.of_tasks.items() if place is machine}
        of_others = {name: state for name, state in machine.states.items() if name not in ours}
        tell(machine.construct, list(closed_calls(of_others)))
        yield from _in_the_other_language(machine)
        yield from self._nested(machine)

    def _nested(self, machine: _Machine) -> Iterator[Problem]:
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
                if other is not machine and _share_a_role(machine.construct, other.construct):
                    yield ROLE_OF_BOTH.problem(f"state '{name}': {ROLE_OF_BOTH.what}")

    def _of_another_environment(
        self, placed: Mapping[TaskIdentity, _Machine | None]
    ) -> Iterator[tuple[Problem, IConstruct]]:
        for task, machine in placed.items():
            if machine is None or machine.stack == self._stack:
                continue
            name, arns = task.state_id(), arns_of(machine.stack)
            # With credentials, the call is made in the account of their role.
            pairs = [(self._arns.region, arns.region)]
            pairs += [] if "Credentials" in machine.states[name] else [(self._arns.account, arns.account)]
            # Two that are known at deployment only may be one; the CDK takes one that is known for another place too.
            if any(a != b and not (is_token(a) and is_token(b)) for a, b in pairs):
                what = f"job '{name}' is made for {_named(self._arns)}, and its state machine for {_named(arns)}"
                yield OTHER_PLACE.problem(what), self._construct_of(task)


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
