"""The picture of a pipeline at a glance: one node a job or step, without what may fail.

States that fail, and those that only a failure leads to, are left out; states that a construct of this library names
alike are one node; so is a loop that polls. A Choice is drawn where it has a choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from constructs_sm.diagram.detailed import edges_of
from constructs_sm.diagram.graph import Edge, Graph, Node, on_the_way
from constructs_sm.diagram.wording import called, waits
from constructs_sm.language.loops import loops
from constructs_sm.language.machines import Json, machines_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_REPORTS_A_FAILURE = ":sendTaskFailure.waitForTaskToken"
_PARTS = frozenset(
    {
        "Approved",
        "Ask",
        "Begin",
        "CheckAnswer",
        "CreateGroup",
        "Deployed",
        "Describe",
        "EndpointConfig",
        "FindEndpoint",
        "IsReady",
        "NoValue",
        "NotMet",
        "Report",
        "Stop",
        "Succeed",
        "TimedOut",
        "ValidateInput",
        "ValidateOutput",
        "Wait",
    }
)
"""Names after the colon that constructs of this library give their states."""
_FEWEST_PARTS = 2
_ASKS = ("describe", "get", "list", "stop", "delete")
"""Beginnings of APIs that do not do the work of a step."""
_OF_A_CHECK = ("Status", "Arn", "State")
"""Endings of the fields that a check of a job's output reads."""


def overview(machine: Json) -> Graph:
    """Make the picture of a state machine at a glance."""
    return _Overview(machine).graph()


@dataclass(slots=True)
class _Step:
    """One node of the picture to be: the states that it stands for, in the order of the way."""

    name: str
    states: list[str]
    polls: bool = False
    out: list[Edge] = field(default_factory=list)


class _Overview:
    def __init__(self, machine: Json) -> None:
        self._start: str = machine["StartAt"]
        self._states: Mapping[str, Json] = machine["States"]
        every = {name: edges_of(name, state, self._states) for name, state in self._states.items()}
        self._edges = self._drawn(every)
        self._names = on_the_way(self._start, self._edges)

    def graph(self) -> Graph:
        steps = self._steps()
        nodes = tuple(self._node(step) for step in steps.values())
        edges = tuple(edge for step in steps.values() for edge in step.out)
        return Graph(nodes, edges)

    def _drawn(self, every: Mapping[str, list[Edge]]) -> dict[str, list[Edge]]:
        """The ways to success, and those by an error that comes back to them further on."""
        well = _reaching(
            {name: [edge.target for edge in edges if not edge.caught] for name, edges in every.items()}, self._ends()
        )
        if self._start not in well:
            well = set(self._states)  # a state machine that only fails is drawn as it is
        onwards = {
            name: [edge for edge in edges if not edge.caught and name in well and edge.target in well]
            for name, edges in every.items()
        }
        main = set(on_the_way(self._start, onwards))
        drawn = dict(onwards)
        reachable: dict[str, set[str]] = {}
        for name in main:
            for edge in every[name]:
                if edge.caught and edge.target in well:
                    reached = reachable.setdefault(edge.target, set()) or set(on_the_way(edge.target, onwards))
                    reachable[edge.target] = reached
                    if name not in reached and reached & main:
                        drawn[name] = [*drawn[name], edge]
        return drawn

    def _ends(self) -> set[str]:
        """The states with which the state machine succeeds."""
        return {
            name
            for name, state in self._states.items()
            if (state["Type"] == "Succeed" or state.get("End"))
            and not str(state.get("Resource", "")).endswith(_REPORTS_A_FAILURE)
        }

    def _steps(self) -> dict[str, _Step]:
        """The steps in the order of the way, with what is between them."""
        step_of = self._with_loops(self._grouped())
        steps = {step_of[name].name: step_of[name] for name in self._names}
        for step in steps.values():
            out: dict[str, Edge] = {}
            for edge in (edge for name in step.states for edge in self._edges[name]):
                target = step_of[edge.target].name
                if target != step.name:
                    out.setdefault(target, replace(edge, source=step.name, target=target))
            step.out = list(out.values())
        start = self._leave_out(steps, step_of[self._start].name)
        for step in steps.values():
            if len(step.out) == 1 and not step.out[0].caught:
                step.out = [Edge(step.name, step.out[0].target)]
        return {name: steps[name] for name in on_the_way(start, {name: step.out for name, step in steps.items()})}

    def _leave_out(self, steps: dict[str, _Step], start: str) -> str:
        """Leave out the steps that say nothing; returns the start, which may be another."""
        before: dict[str, set[str]] = {name: set() for name in steps}
        for edge in (edge for step in steps.values() for edge in step.out):
            before[edge.target].add(edge.source)
        for name in list(steps):
            leading = [steps[other] for other in before[name]]
            if len(steps) > 1 and self._says_nothing(steps[name], leading):
                gone = steps.pop(name)
                onto = gone.out[0] if gone.out else None
                for step in leading:
                    step.out = _past(step, name, onto)
                if onto is not None:
                    before[onto.target] = (before[onto.target] - {name}) | before[name]
                    start = onto.target if start == name else start
        return start

    def _with_loops(self, step_of: dict[str, _Step]) -> dict[str, _Step]:
        """The steps, with one for each loop that only waits and asks."""
        for loop in loops({name: [edge.target for edge in self._edges[name]] for name in self._names}):
            tasks = [name for name in loop if self._states[name]["Type"] == "Task"]
            holds = any(machines_in(self._states[name]) for name in loop)
            if len({step_of[name].name for name in loop}) > 1 and len(tasks) <= 1 and not holds:
                step = _Step((tasks or loop)[0], loop, polls=True)
                step_of = {**step_of, **dict.fromkeys(loop, step)}
        return step_of

    def _grouped(self) -> dict[str, _Step]:
        """Each state's step: those that a construct of this library names alike share one."""
        groups: dict[str, list[str]] = {}
        for name in self._names:
            groups.setdefault(name.partition(": ")[0], []).append(name)
        found: dict[str, _Step] = {}
        for prefix, names in groups.items():
            parts = sum(name.removeprefix(f"{prefix}: ") in _PARTS for name in names)
            inner = [name for name in names if machines_in(self._states[name])]
            if len(names) > 1 and not inner and (prefix in names or parts >= _FEWEST_PARTS):
                found |= dict.fromkeys(names, _Step(prefix, names))
            else:
                found |= {name: _Step(name, [name]) for name in names}
        return found

    def _says_nothing(self, step: _Step, leading: Sequence[_Step]) -> bool:
        """Tell if a step only shapes data, ends, or checks what the step before it has made."""
        if len(step.out) > 1:
            return False
        match {self._states[name]["Type"] for name in step.states}:
            case kinds if kinds == {"Pass"}:
                return bool(step.out or leading)
            case kinds if kinds == {"Succeed"}:
                return bool(leading) and all(len(other.out) == 1 for other in leading)
            case kinds if kinds == {"Choice"}:
                return not step.out or all(_is_a_check(self._states[name]) for name in step.states)
        return False

    def _node(self, step: _Step) -> Node:
        state = self._states[self._main(step)]
        inner = tuple(map(overview, machines_in(state)))
        notes = list(self._notes(step, state))
        if len(inner) == 1 and len(inner[0].nodes) == 1 and not inner[0].nodes[0].inner:
            only = inner[0].nodes[0]
            each = [] if only.name == step.name else [only.name]
            states = (*step.states, *only.states)
            return Node(step.name, only.kind, (*notes, *each, *only.notes), states=states)
        if inner and not any(graph.nodes for graph in inner):
            inner = ()
        return Node(step.name, state["Type"], tuple(notes), inner, tuple(step.states))

    def _main(self, step: _Step) -> str:
        """The state that a step is for."""
        if step.name in step.states:
            return step.name
        tasks = [name for name in step.states if self._states[name]["Type"] == "Task"]
        doing = [name for name in tasks if not self._api(name).startswith(_ASKS)]
        asking = [name for name in tasks if self._api(name).endswith("waitForTaskToken")]
        # What is set up around an endpoint, such as its scaling, comes after it.
        own = [name for name in doing if ":sagemaker:" in str(self._states[name].get("Resource"))]
        return (asking or own[-1:] or doing[-1:] or tasks or step.states)[0]

    def _api(self, name: str) -> str:
        return called(str(self._states[name].get("Resource", ""))).rpartition(":")[2]

    def _notes(self, step: _Step, state: Json) -> Iterator[str]:
        match state:
            case {"Type": "Task", "Resource": str(resource)}:
                api = called(resource).removesuffix(".sync").removesuffix(".sync:2")
                if api.endswith(".waitForTaskToken"):
                    yield f"{api.removesuffix('.waitForTaskToken')}, waits for an answer"
                else:
                    yield f"{api}, polled" if step.polls else api
            case {"Type": "Wait"}:
                yield waits(state)
            case {"Type": "Map"}:
                yield "for each item"
            case {"Type": "Parallel"}:
                yield "in parallel"


def _past(step: _Step, gone: str, onto: Edge | None) -> list[Edge]:
    """The ways out of *step* once another is left out: they lead past it, to what comes next."""
    found: dict[str, Edge] = {}
    for edge in step.out:
        if edge.target != gone:
            found.setdefault(edge.target, edge)
        elif onto is not None and onto.target != step.name:
            found.setdefault(onto.target, replace(edge, target=onto.target, label=edge.label or onto.label))
    return list(found.values())


def _is_a_check(state: Json) -> bool:
    """Tell if a Choice reads statuses and ARNs alone."""
    rules = list(state.get("Choices", ()))
    read = []
    while rules:
        rule = rules.pop()
        rules += [part for key in ("And", "Or") for part in rule.get(key, ()) if isinstance(part, Mapping)]
        rules += [rule["Not"]] if isinstance(rule.get("Not"), Mapping) else []
        read += [str(rule[key]) for key in ("Variable",) if key in rule]
        if "Condition" in rule:
            return False
    return bool(read) and all(variable.endswith(_OF_A_CHECK) for variable in read)


def _reaching(targets: Mapping[str, Iterable[str]], ends: set[str]) -> set[str]:
    """The states that can reach one of *ends*."""
    sources: dict[str, list[str]] = {}
    for name, following in targets.items():
        for target in following:
            sources.setdefault(target, []).append(name)
    found, waiting = set(ends), list(ends)
    while waiting:
        for name in sources.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found
