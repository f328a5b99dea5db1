"""State machines of an app, and the jobs in them: what can be judged, and said, when both are there.

The CDK does not tell a job which state machine it ends up in, nor which constructs around it have tags. Both are read
when the app is synthesized: the state machines once for an app or stage, wherever they and their jobs stand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_sm.environment import reference_of, stack_of, stage_of
from constructs_sm.language.definition_text import DefinitionText
from constructs_sm.language.late_bound import is_token
from constructs_sm.language.machines import is_in_jsonata, states_of
from constructs_sm.rollback import undone_by
from constructs_sm.rules.transitions import reached
from constructs_sm.task.acknowledged_states import keep_covered
from constructs_sm.task.guarding import ROOTS, Guarding
from constructs_sm.task.limits import DAY
from constructs_sm.task.machine_checks import STARTS, OfStack
from constructs_sm.task.named_resources import grant_access, named_resources
from constructs_sm.task.overruling import ask, at_last, tell, unacknowledged
from constructs_sm.task.tags import TagsAround
from constructs_sm.task.tags_sent import TagsSent, takes_tags

from aws_cdk import Stage, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from constructs_sm.grants.statements import Grant
    from constructs_sm.language.errors import Problem
    from constructs_sm.language.machines import Json
    from constructs_sm.task.named_resources import Named
    from constructs_sm.task.output_order import OutputOrder
    from constructs_sm.task.step import Step
    from constructs_sm.values.outputs import TaskIdentity

    from aws_cdk import Stack
    from constructs import IConstruct


def watch_machines(stack: Stack, order: OutputOrder) -> None:
    """Have the jobs of a stack, and the state machines they are in, checked when the app is synthesized."""
    machines = machines_of(stage_of(stack))
    machines.stacks[stack] = order
    ask(stack, OfStack(stack, order, machines).validate)


def machines_of(stage: IConstruct) -> Machines:
    """The state machines of an app or stage, which are read when it is synthesized."""
    if stage not in Machines.of_stages:
        Machines.of_stages[stage] = Machines(stage)
    return Machines.of_stages[stage]


def give_time(machine: sfn.StateMachine) -> None:
    """Let a state machine whose timeout nobody has said run longer, where its states may wait a day or more."""
    given = machines_of(stage_of(machine)).given_time
    reference = reference_of(machine.node.default_child)
    given.add(reference)
    undone_by(partial(given.discard, reference))


def machines_in_app(app: IConstruct) -> list[Machines]:
    """List those of an app and of each stage in it, as far as they are read."""
    return [machines for stage, machines in Machines.of_stages.items() if stage.node.root is app]


@dataclass(eq=False, slots=True)
class Machine:
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

    def is_in_jsonata(self, state: str) -> bool:
        """Tell whether a state of it is in JSONata."""
        return is_in_jsonata(self.states[state], around=is_in_jsonata(self.text.definition))

    def starts(self) -> Iterator[tuple[str, str, Any]]:
        """States that start executions: name, resource, and the state machine as a template has it."""
        for name, state in self.states.items():
            resource = str(state.get("Resource"))
            if STARTS in resource:
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
    machine: Machine
    granted: Grant | None
    """Permission that its state machine needs besides to send them."""

    @property
    def construct(self) -> Any:
        """The job, or where the task is."""
        return self.scope if self.job is None else self.job

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


class Machines:
    """The state machines of an app or stage: asked first of all, and before each synthesis anew."""

    of_stages: dict[IConstruct, Machines] = {}  # noqa: RUF012

    def __init__(self, stage: IConstruct) -> None:
        self._stage = stage
        self.stacks: dict[Stack, OutputOrder] = {}
        self.all: list[Machine] = []
        self.named: dict[Machine, list[Named]] = {}
        """Resources that jobs of each name by a text, and make themselves."""
        self._names: dict[Machine, set[str]] = {}
        """The states that an execution of each can come to."""
        self.of_tasks: dict[TaskIdentity, Machine] = {}
        self.told: set[Machine] = set()
        """State machines of which is said what is wrong with them."""
        self.wired: set[Problem] = set()
        """Uses of outputs of which is said that they are not there."""
        self._written: dict[str, tuple[str, str]] = {}
        """Definitions as they were, and as they are with tags and more time, by the references of state machines."""
        self.given_time: set[str] = set()
        """References of the state machines whose timeout nobody has said."""
        self._granted: set[tuple[str, Grant]] = set()
        self._denied: set[tuple[str, str]] = set()
        """Statements that guardrails have given to roles, by the path of the role."""
        self.guarding = Guarding()
        """Findings of guardrails at the last synthesis."""
        self.guarded: list[Machine] = []
        """The state machines that were held against guardrails, or cannot be."""
        self._nested: list[Stage] = []
        self._unread: list[Machine] = []
        """State machines whose definitions stand elsewhere."""
        ask(stage, self.validate)
        at_last(stage, partial(keep_covered, stage, self))

    def validate(self) -> list[str]:
        """Read the state machines, send the tags of the constructs around jobs with their requests, and guard them."""
        constructs = self._stage.node.find_all()
        self.told, self.wired = set(), set()
        self._nested, self._unread = [each for each in constructs[1:] if isinstance(each, Stage)], []
        self.all = list(self._read(constructs))
        self.of_tasks = _placed(self.all, self.stacks)
        self._place_elsewhere()
        self._give_time()
        self.named = self._named()
        self._names = {machine: set(reached(machine.text.definition)) for machine in self.all}
        wrong = self._tagged()
        if self._stage.node.root in ROOTS:
            self._guard()
        return wrong

    def runs(self, task: TaskIdentity) -> bool:
        """Tell whether an execution comes to a task, as far as the definitions can be read."""
        machine = self.of_tasks.get(task)
        if machine is None:
            return bool(self._unread) and any(task in order.run for order in self.stacks.values())
        return task.state_id() in self._names[machine]

    def has(self, state: str) -> bool:
        """Tell whether an execution comes to a state that is called so, whatever is put before its name."""
        return bool(self._unread) or any(name.endswith(state) for names in self._names.values() for name in names)

    def of_step(self, step: Step, stack: Stack) -> Machine | None:
        """The state machine of a step that stands in one, those of *stack* first."""
        found = [each for each in self.all if any(name.endswith(step.state_name) for name in each.states)]
        if len(found) > 1:
            # Its name with what is put before it is a message over the bridge.
            found = [each for each in found if step.state_id() in each.states]
        return max(found, key=lambda each: each.stack == stack, default=None)

    def readable_or_not(self) -> Iterator[Machine]:
        """All, with those whose definitions stand elsewhere."""
        yield from (*self.all, *self._unread)

    def any_in_app(self) -> bool:
        """Tell whether there is a state machine in the app, read or not."""
        return bool(self.all) or any(
            isinstance(each, sfn.CfnStateMachine) for each in self._stage.node.root.node.find_all()
        )

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

    def _sealed(self) -> Iterator[Machine]:
        """State machines of stages in this one in which there is no job of ours: nobody else reads them."""
        for stage in self._nested:
            if stage not in Machines.of_stages:
                yield from (replace(each, sealed=True) for each in self._read(stage.node.find_all()))

    def _read(self, constructs: Sequence[IConstruct]) -> Iterator[Machine]:
        nested = [f"{each.node.path}/" for each in constructs[1:] if isinstance(each, Stage)]
        for each in constructs:
            if not isinstance(each, sfn.CfnStateMachine) or (nested and each.node.path.startswith(tuple(nested))):
                continue
            stack = stack_of(each)
            resolved = stack.resolve(self._definition(each))
            text = DefinitionText.of(resolved)
            if text is None:
                self._unread.append(Machine(each, stack, DefinitionText({}, [], frozenset()), {}))
            else:
                yield Machine(each, stack, text, dict(states_of(text.definition)), resolved)

    def _definition(self, machine: sfn.CfnStateMachine) -> str | None:
        """The definition as it was before tags were written into it."""
        now = machine.definition_string
        before, after = self._written.get(reference_of(machine), (now, now))
        return before if now == after else now

    def _place_elsewhere(self) -> None:
        """Find the state machines of other apps or stages that run jobs of this one, which the CDK lets them."""
        bound = (task for order in self.stacks.values() for task in order.run)
        left = {task for task in bound if task not in self.of_tasks}
        if not left:
            return
        stages = [each for each in self._stage.node.root.node.find_all() if _is_stage(each) and each != self._stage]
        for stage in stages:
            known = Machines.of_stages.get(stage)
            machines = list(self._read(stage.node.find_all()))
            theirs = {} if known is None else _placed(machines, known.stacks)
            taken = {(machine, task.state_id()) for task, machine in theirs.items()}
            orders = {
                stack: replace(order, run={task: graph for task, graph in order.run.items() if task in left})
                for stack, order in self.stacks.items()
            }
            for task, machine in _placed(machines, orders).items():
                if (machine, task.state_id()) not in taken:
                    self.of_tasks[task] = machine
                    self.all += [] if machine in self.all else [machine]

    def _named(self) -> dict[Machine, list[Named]]:
        tasks: dict[Machine, list[TaskIdentity]] = {}
        for task, machine in self.of_tasks.items():
            tasks.setdefault(machine, []).append(task)
        linked = {each for order in self.stacks.values() for each in order.linked}
        found = {machine: named_resources(of_machine, linked) for machine, of_machine in tasks.items()}
        grant_access(each for named in found.values() for each in named)
        return found

    def _give_time(self) -> None:
        """Add what its states may wait to the time of a state machine, and what it starts and waits for."""
        known: dict[Machine, int] = {}
        for machine in self.all:
            before = machine.text.definition.get("TimeoutSeconds")
            time = self._time_of(machine, known)
            if before is not None and time > before:
                machine.text.definition["TimeoutSeconds"] = time
                self._write(machine)

    def _time_of(self, machine: Machine, known: dict[Machine, int]) -> int:
        if machine not in known:
            time = known[machine] = machine.text.definition.get("TimeoutSeconds", 0)
            if reference_of(machine.construct) in self.given_time:
                waits = [state.get("TimeoutSeconds") for state in machine.states.values()]
                time += sum(wait for wait in waits if isinstance(wait, int) and wait >= DAY)
                inner = [self._time_of(each, known) for each in self.started(machine, waited_for=True)]
                time += sum(each for each in inner if each > DAY)
            known[machine] = time
        return known[machine]

    def started(self, machine: Machine, *, waited_for: bool = False) -> Iterator[Machine]:
        """The state machines that another starts."""
        for _, resource, arn in machine.starts():
            if arn is not None and not (waited_for and ".sync" not in resource):
                yield from (each for each in self.all if machine.stack.resolve(each.construct.ref) == arn)

    def _tagged(self) -> list[str]:
        wrong: list[str] = []
        changed: dict[Machine, None] = {}
        for each, tags in _tags_around(list(self._takers()), self.stacks):
            machine, name = each.machine, each.task.state_id()
            sent = TagsSent(machine.states[name], tags, jsonata=machine.is_in_jsonata(name))
            tell(each.construct, sent.left())
            if not sent.added:
                continue
            left = unacknowledged(each.scope, sent.problems(), path=each.task.path)
            wrong += [f"job '{each.task.path}': {problem}" for problem in left]
            sent.send(partial(_in_text, machine, each.stack))
            changed[machine] = None
            if each.granted is not None:
                self._grant(machine, each.granted)
        for machine in changed:
            self._write(machine)
        return wrong

    def _takers(self) -> Iterator[_Taker]:
        """The tasks that are run, and whose APIs take tags."""
        for stack, order in self.stacks.items():
            for task, scope in order.tasks.items():
                machine = self.of_tasks.get(task)
                if machine is not None and takes_tags(task.api):
                    yield _Taker(task, scope, order.jobs.get(task), stack, machine, order.tagging.get(task))

    def _grant(self, machine: Machine, grant: Grant) -> None:
        around = machine.construct.node.scope
        given = (reference_of(machine.construct), grant)
        if isinstance(around, sfn.StateMachine) and given not in self._granted:
            self._granted.add(given)
            around.role.add_to_principal_policy(iam.PolicyStatement.from_json(grant.to_policy()))

    def _write(self, machine: Machine) -> None:
        before = self._definition(machine.construct)
        machine.resolved = resolved = machine.text.resolved(machine.text.definition)
        after = resolved if isinstance(resolved, str) else Token.as_string(resolved)
        machine.construct.definition_string = after
        self._written[reference_of(machine.construct)] = (str(before), after)


def _is_stage(construct: IConstruct) -> bool:
    """Tell whether a construct is an app, or a stage."""
    return isinstance(construct, Stage)


def _placed(machines: Iterable[Machine], orders: Mapping[Stack, OutputOrder]) -> dict[TaskIdentity, Machine]:
    """The state machine of each task that is run."""
    placed: dict[TaskIdentity, Machine] = {}
    by_name: dict[str, list[tuple[TaskIdentity, Stack]]] = {}
    graphs: dict[str, set[str]] = {}
    for stack, order in orders.items():
        for task, graph in order.run.items():
            name = task.state_id()
            by_name.setdefault(name, []).append((task, stack))
            graphs.setdefault(graph, set()).add(name)
    for machine in machines:
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
                        _together(graphs[orders[each[1]].run[each[0]]], machine),
                    ),
                )
                placed[best[0]] = machine
    return placed


def _together(names: set[str], machine: Machine) -> int:
    return len(names) if names <= machine.states.keys() else -1


def _in_text(machine: Machine, stack: Stack, text: str) -> str:
    """A text of *stack* in the definition of a state machine, where a token of the CDK is a mark."""
    return machine.text.mark(stack.resolve(text)) if is_token(text) else text


def _noun(api: str) -> str:
    return api.lstrip("abcdefghijklmnopqrstuvwxyz")
