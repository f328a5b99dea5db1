"""The order of outputs: a check that what a job leaves is there where a state uses it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_sm.language.flow import Container, Point, calls_sagemaker, points, result_place, root_of
from constructs_sm.language.late_bound import LATE
from constructs_sm.language.machines import Json, machines_in
from constructs_sm.language.paths import Place, keys_before
from constructs_sm.rollback import undone_by
from constructs_sm.rules.argument_rules import OUTPUT_THERE, PLACES_SHARED
from constructs_sm.task.output_spelling import ASKED_ELSEWHERE, spelling_problems

if TYPE_CHECKING:
    from constructs_sm.grants.statements import Grant
    from constructs_sm.language.errors import Problem
    from constructs_sm.task.step import Step
    from constructs_sm.values.outputs import JobOutput, TaskIdentity

    from constructs import IConstruct

_PASSED_ON = ("Pass", "Wait", "Choice", "Succeed")
"""Types of states whose result is their input, unless a Pass says another."""
_OF_THE_RESULT = ("Assign", "ResultSelector")
"""Fields in which a state in JSONPath finds what it has made itself."""
_WRITTEN = re.compile("Output|Checkpoint")
_EXECUTION_NAME = re.compile(r"s3://.*(?:\$\$|\$states\.context)\.Execution\.Name")


@dataclass(frozen=True, slots=True)
class Asked:
    """An output that somebody asked for, and how states refer to it."""

    producer: TaskIdentity
    name: str
    place: Place
    """Of the producer's result."""
    inside: Place
    """From there on."""
    is_input: bool = False
    """Tell whether it is an input of the execution: a short path, at which an item of a Map may have its own."""


@dataclass(slots=True)
class OutputOrder:
    """Outputs of jobs and the states that use them, in one stack."""

    _asked: dict[str, list[Asked]] = field(default_factory=dict)
    """By how states refer to it: jobs of one id, told apart by prefixes, leave their outputs at one place."""
    _spelled: dict[str, list[Asked]] = field(default_factory=dict)
    """Outputs that are computed from the input, by how states spell them: where they are read does not matter."""
    _used: dict[tuple[TaskIdentity, TaskIdentity, str], None] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    """Of the tasks that it knows, by the names of their states."""
    _names: Counter[str] = field(default_factory=Counter)
    tasks: dict[TaskIdentity, IConstruct] = field(default_factory=dict)
    """All tasks of the stack that call SageMaker, each with the construct it was made in."""
    jobs: dict[TaskIdentity, IConstruct] = field(default_factory=dict)
    """Jobs, by their tasks."""
    tagging: dict[TaskIdentity, Grant] = field(default_factory=dict)
    """Grants that tasks need for tags that they do not have when they are made."""
    run: dict[TaskIdentity, str] = field(default_factory=dict)
    """Tasks that stand in a state machine, each with the graph of states it is in."""
    steps: dict[Step, None] = field(default_factory=dict)
    """Constructs that are no jobs, in the order in which they were made."""
    watched: bool = False

    def knows(self, task: TaskIdentity, scope: IConstruct | None = None) -> None:
        """Take note of a state, and of the scope that it is made in if it calls SageMaker."""
        if scope is not None:
            self.tasks[task] = scope
        if is_new := task.name not in self.paths:
            self.paths[task.name] = task.path
        self._names[task.name] += 1
        undone_by(partial(self._forget_task, task, named=is_new))

    def _forget_task(self, task: TaskIdentity, *, named: bool) -> None:
        self.tasks.pop(task, None)
        self._names.subtract([task.name])
        if named:
            self.paths.pop(task.name, None)

    def ask(
        self,
        producer: TaskIdentity,
        name: str,
        result_path: str,
        references: Iterable[str],
        *,
        is_input: bool = False,
    ) -> None:
        """An output is asked for; in a definition it is spelled as one of *references*."""
        asked = Asked(producer, name, keys_before(result_path)[0], keys_before(f"$.{name}")[0], is_input)
        for reference in references:
            known = self._asked.get(reference, [])
            if asked not in known:
                self._asked[reference] = [*known, asked]
                undone_by(partial(self._forget, reference, asked))

    def spell(self, producer: TaskIdentity, name: str, references: Iterable[str]) -> None:
        """Take note of an output that is computed from the input as one of *references* says."""
        for reference in references:
            if reference not in self._spelled:
                self._spelled[reference] = [Asked(producer, name, (), (), is_input=True)]
                undone_by(partial(self._spelled.pop, reference, None))

    def use(self, user: TaskIdentity, outputs: Iterable[JobOutput]) -> None:
        """A request has *outputs* in it."""
        for output in outputs:
            use = (user, output.producer, output.name)
            if use not in self._used:
                self._used[use] = None
                undone_by(partial(self._used.pop, use, None))

    def _forget(self, reference: str, asked: Asked) -> None:
        self._asked[reference].remove(asked)
        if not self._asked[reference]:
            del self._asked[reference]

    @property
    def linked(self) -> set[tuple[TaskIdentity, TaskIdentity]]:
        """Users and makers of outputs that stand in requests."""
        return {(user, producer) for user, producer, _ in self._used}

    @property
    def is_asked(self) -> bool:
        """Tell whether somebody has asked for an output."""
        return bool(self._asked or self._spelled)

    def asked_outside(self, processor: Json, *, jsonata: bool) -> list[Place]:
        """Places of results that the states of an ItemProcessor use, and none of them leaves.

        Args:
            processor: Its definition.
            jsonata: Whether the whole state machine is written in JSONata.
        """
        inside = points({**processor, "QueryLanguage": "JSONata"} if jsonata else processor)
        everything = [asked for found in self._asked.values() for asked in found]
        left_inside = {asked.place for asked in everything if asked.producer.name in inside}
        used = dict.fromkeys(asked.place for _, found in self._uses(inside) for asked in found)
        return [place for place in used if place and place not in left_inside]

    def problems(self, definitions: Iterable[Json], paths: Mapping[str, str] | None = None) -> list[Problem]:
        """Every use of an output that is not certainly there.

        Args:
            definitions: The state machines.
            paths: Of tasks, by the names of their states, for what is said of them. Default: those that it knows.
        """
        paths = self.paths if paths is None else paths
        machines = [points(definition) for definition in definitions]
        names: dict[TaskIdentity, str] = {}
        found: dict[Problem, None] = {}
        for machine in machines:
            for name, around in _shared_places(machine):
                what = f"{paths.get(name, name)} writes to one place for the whole execution"
                use = "give it a place of the item's own, or make the map a distributed one"
                what = f"{what}, and items of '{around}' would write over each other"
                found[PLACES_SHARED.problem(what, fix=use)] = None
            for user, meant in self._uses(machine):
                # The list of a FanOut stands where its results will.
                others = [
                    each for each in meant if not each.is_input and (each.producer.api or each.producer.name != user)
                ]
                whys = [_missing(machine, user, self._name(each.producer, machines, names), each) for each in others]
                # Whose it is, of jobs of one id, is not to be told from the reference: one that is there will do.
                if whys and all(whys):
                    used = f"{others[0].name} of {others[0].producer.path}"
                    found[_there(f"{paths.get(user, user)} uses {used}, {whys[0]}")] = None
            found.update(dict.fromkeys(self._misread(machine, paths)))
            if self.is_asked:
                spelled = {**self._spelled, **self._asked}
                found.update(dict.fromkeys(spelling_problems(machine, spelled, _reference(spelled), paths)))
        for task, producer, what in self._used:
            user, maker = (self._name(each, machines, names) for each in (task, producer))
            # Two state machines may each have a state of that name: one in which all is well will do.
            asked = self._asked_of(producer, what)
            whys = [
                _missing(machine, user, maker, asked)
                if asked is not None and asked.is_input
                else _not_before(machine, user, maker)
                or self._replaced(machine, user, maker, () if asked is None else asked.place)
                for machine in machines
                if user in machine
            ]
            if whys and all(whys):
                found[_there(f"{task.path} uses {what} of {producer.path}, {whys[0]}")] = None
        return list(found)

    def _misread(self, machine: Mapping[str, Point], paths: Mapping[str, str]) -> Iterator[Problem]:
        """Find fields that ask for an output where a state finds what it has made itself, and nothing else."""
        reference = _reference(self._asked)
        for name, point in machine.items() if self._asked else ():
            own = _own_result(point)
            if own is None:
                continue
            for field_name in _OF_THE_RESULT:
                texts = _expressions(point.state.get(field_name), jsonata=False, late=False)
                for meant in (self._asked[match[0]] for text in texts for match in reference.finditer(text)):
                    theirs = [each for each in meant if not each.is_input and each.producer.name != name]
                    if theirs and not any(not each.place or each.place[0] in own for each in meant):
                        said = f"{theirs[0].name} of {theirs[0].producer.path}"
                        what = f"the {field_name} of {paths.get(name, name)} asks for {said}, and finds its own result"
                        yield OUTPUT_THERE.problem(what, fix="assign it in a Pass before")

    def _asked_of(self, producer: TaskIdentity, name: str) -> Asked | None:
        found = (asked for each in self._asked.values() for asked in each)
        return next((asked for asked in found if (asked.producer, asked.name) == (producer, name)), None)

    def _replaced(self, machine: Mapping[str, Point], user: str, producer: str, place: Place) -> str | None:
        """Reason why another result stands in place of that of *producer* when *user* starts; None if none does."""
        for name, point in machine.items():
            if (
                place
                and name not in (producer, user)
                and calls_sagemaker(point.state)
                and result_place(point) == place
                and producer in point.before.ended
                and (name in machine[user].before.ended or _leads_to(machine, name, user))
            ):
                return f"in whose place '{name}' puts its own; give one of them a result_path, or another id"
        return None

    def _uses(self, machine: Mapping[str, Point]) -> Iterator[tuple[str, list[Asked]]]:
        if not self._asked:
            return
        reference = _reference(self._asked)
        for name, point in machine.items():
            # What a Fail says is said where it is decided.
            if point.state["Type"] == "Fail":
                continue
            for text in _read(point):
                for match in reference.finditer(text):
                    yield name, self._asked[match[0]]

    def _name(self, task: TaskIdentity, machines: Sequence[Mapping[str, Point]], names: dict[TaskIdentity, str]) -> str:
        """The name of its state. To ask the CDK for it goes over the bridge, so only where it is not plain."""
        if task not in names:
            alone = self._names[task.name] <= 1
            there = [machine[task.name].state for machine in machines if task.name in machine]
            plain = alone and any(f":sagemaker:{task.api}" in str(state.get("Resource")) for state in there)
            names[task] = task.name if plain else task.state_id()
        return names[task]


def _reference(asked: Iterable[str]) -> re.Pattern[str]:
    """Return what an output that is asked for is spelled as, in either language."""
    longest_first = sorted(asked, key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})(?![\w`])")


def _there(sentence: str) -> Problem:
    """An output that is not certainly there, of which the sentence says the remedy already."""
    what, _, use = sentence.partition("; ")
    return OUTPUT_THERE.problem(what, fix=use)


def _shared_places(machine: Mapping[str, Point]) -> Iterator[tuple[str, str]]:
    """Jobs in an inline Map that write under the name of the execution, which the items share."""
    for name, point in machine.items():
        request = point.state.get("Arguments" if point.jsonata else "Parameters")
        if not calls_sagemaker(point.state) or not _writes_under_execution(request, written=False):
            continue
        for container, _ in reversed(point.containers):
            state = machine[container].state
            if state["Type"] == "Map":
                config = machines_in(state)[0].get("ProcessorConfig", {})
                # The child executions of a distributed map have names of their own.
                if config.get("Mode") != "DISTRIBUTED":
                    yield name, container
                break


def _writes_under_execution(value: Any, *, written: bool) -> bool:
    if isinstance(value, Mapping):
        return any(
            _writes_under_execution(item, written=written or _WRITTEN.search(key) is not None)
            for key, item in value.items()
        )
    if isinstance(value, (list, tuple)):
        return any(_writes_under_execution(item, written=written) for item in value)
    return written and isinstance(value, str) and _EXECUTION_NAME.search(value) is not None


def _expressions(value: Any, *, jsonata: bool, late: bool = True) -> Iterator[str]:
    """Every text in a state that may refer to its input."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in ASKED_ELSEWHERE or (key == "Assign" and not jsonata):
                continue
            computed = jsonata or isinstance(item, (Mapping, list)) or key.endswith((LATE, "Path", "Variable"))
            yield from _expressions(item, jsonata=jsonata, late=computed)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _expressions(item, jsonata=jsonata, late=jsonata)
    elif isinstance(value, str) and late and "$" in value:
        yield value


def _own_result(point: Point) -> set[str] | None:
    """Keys of a result that a state makes of something else than its input; None where that is its input."""
    state = point.state
    if point.jsonata:
        return None
    if state["Type"] in ("Task", "Map", "Parallel"):
        return set()
    made = state.get("Parameters", state.get("Result")) if state["Type"] == "Pass" else None
    return {key.removesuffix(LATE) for key in made} if isinstance(made, Mapping) else None


def _read(point: Point) -> Iterator[str]:
    """Every text in a state that refers to what it is started with."""
    state = point.state
    if point.jsonata:
        yield from _expressions(state, jsonata=True)
        return
    if state.get("InputPath", "$") != "$":
        # All else is asked of what stands there.
        yield from _expressions({"InputPath": state["InputPath"]}, jsonata=False)
        return
    yield from _expressions(state, jsonata=False)
    if state["Type"] in _PASSED_ON and not ("Parameters" in state or "Result" in state):
        for assigned in (state, *state.get("Choices", ())):
            yield from _expressions(assigned.get("Assign"), jsonata=False)
        yield from _expressions({"Path": state.get("OutputPath")}, jsonata=False)


def _missing(machine: Mapping[str, Point], user: str, producer: str, asked: Asked) -> str | None:
    """Reason why an output may not be there when *user* starts; None if it certainly is."""
    why = _not_before(machine, user, producer)
    if why:
        return why
    before = machine[user].before
    place = asked.place or (root_of(producer),)
    whole = (*place, *asked.inside)
    if before.results is None or any(whole[: len(there)] == there for there in before.results):
        return None
    return _lost(machine, user, producer)


def _not_before(machine: Mapping[str, Point], user: str, producer: str) -> str | None:
    if producer in machine[user].before.ended:
        return None
    if producer not in machine:
        return "which does not run in its state machine; chain it before"
    inside = _beyond(machine[producer].containers, machine[user].containers)
    maps = [name for name in inside if machine[name].state["Type"] == "Map"]
    if maps:
        return f"which runs for each item of '{maps[0]}' and leaves a list; use that list"
    beside = {name for name, _ in machine[user].containers}.intersection(inside)
    if beside:
        return f"which runs beside it in another branch of '{beside.pop()}'; chain it after"
    if _leads_to(machine, producer, user):
        return "which does not end well on every way there; chain it after, or let the other ways not come to it"
    return "which does not run before it; chain it after"


def _lost(machine: Mapping[str, Point], user: str, producer: str) -> str:
    """Reason why the result of a job that has run is not at its place."""
    made, used = machine[producer].containers, machine[user].containers
    for name in _beyond(made, used):
        if machine[name].state["Type"] == "Parallel":
            use = "use ParallelJobs, or a result_selector that keeps it"
            return f"whose result is in the list that '{name}' leaves; {use}"
    for name in _beyond(used, made):
        if machine[name].state["Type"] == "Map":
            return f"but finds only its item in '{name}'; use FanOut, or an item_selector that hands it on"
    return "whose result another state has put its own in place of; give that a result_path"


def _beyond(containers: Sequence[Container], others: Sequence[Container]) -> list[str]:
    return [container[0] for container in containers if container not in others]


def _leads_to(machine: Mapping[str, Point], start: str, target: str) -> bool:
    """Tell whether a way leads from one state to another that stands beside it, or in one beside it."""
    level = machine[start].containers
    if machine[target].containers[: len(level)] != level:
        return False
    goal = (*(name for name, _ in machine[target].containers), target)[len(level)]
    seen, waiting = {start}, [start]
    while waiting:
        state = machine[waiting.pop()].state
        following = [state.get("Next"), state.get("Default"), *(rule["Next"] for rule in state.get("Choices", ()))]
        new = {name for name in following if name is not None and name not in seen}
        if goal in new:
            return True
        seen |= new
        waiting += new
    return False
