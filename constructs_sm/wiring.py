"""Whether what a job leaves is there where a state uses it: a data-flow analysis of Amazon States Language.

For every state: which states have certainly ended before it, and at which places of its input a result certainly
stands, on every path from the start. Where somebody else's state puts an unknown value in place of the whole input,
anything may stand there, and nothing is said.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from constructs_sm.outputs import JobOutput, TaskIdentity

Json: TypeAlias = Mapping[str, Any]
Place: TypeAlias = tuple[str, ...]
"""Keys from the root of a payload."""
Container: TypeAlias = tuple[str, int]
"""A Map or Parallel, and which of its branches."""
Places: TypeAlias = frozenset[Place] | None
"""Where results stand; None: anywhere."""

_STEP = r"\.(\w+)|\.`([^`]+)`|\[['\"]([^'\"]+)['\"]\]"
_STEPS = re.compile(_STEP)
_PATH = re.compile(rf"\$(?:states\.input)?((?:{_STEP})*)")
_BRANCH = re.compile(rf"\$\[(\d+)\]((?:{_STEP})*)")
_JSONATA = re.compile(r"\{%\s*(.*?)\s*%\}", re.DOTALL)
_MERGED_INPUT = re.compile(r"\$merge\(\[\s*\$states\.input\b")
_MERGED_RESULT = re.compile(r"\$merge\(\s*\$states\.result\s*\)")
_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'[^']*'|\w+)\s*:""")
_ASKED_ELSEWHERE = ("Branches", "ItemProcessor", "Iterator", "ResultSelector", "ResultPath", "OutputPath", "Comment")
_OURS = ":states:::sagemaker:"
_FAILS = ":sendTaskFailure.waitForTaskToken"
"""How a task is called that reports its own failure: it ends the execution, or redriven leads back with what was."""
REDRIVEN = "Redriven: "
"""How the error begins that leads a redriven execution back to the job that failed."""
_WRITTEN = re.compile("Output|Checkpoint")
_EXECUTION_NAME = re.compile(r"s3://.*(?:\$\$|\$states\.context)\.Execution\.Name")
_NOWHERE: frozenset[Place] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is certain at a point of a state machine."""

    ended: frozenset[str] = frozenset()
    results: Places = _NOWHERE

    def meet(self, other: Facts) -> Facts:
        """What is certain whichever of two ways was taken."""
        if self.results is None:
            results = other.results
        else:
            results = self.results if other.results is None else self.results & other.results
        return Facts(self.ended & other.ended, results)


@dataclass(frozen=True, slots=True)
class Point:
    """A state, where it stands, and what is certain when it starts."""

    state: Json
    before: Facts
    containers: tuple[Container, ...]
    jsonata: bool


def points(definition: Json) -> dict[str, Point]:
    """Every state of a state machine that an execution can come to, by name."""
    found: dict[str, Point] = {}
    _Machine(found, definition.get("QueryLanguage") == "JSONata").run(definition, Facts(), ())
    return found


@dataclass(frozen=True, slots=True)
class _Machine:
    found: dict[str, Point]
    jsonata: bool

    def run(self, machine: Json, start: Facts, containers: tuple[Container, ...]) -> Facts | None:
        """Follow every path; what is certain at the end, None if it cannot be reached."""
        states: Mapping[str, Json] = machine["States"]
        before = {machine["StartAt"]: start}
        waiting = [machine["StartAt"]]
        ends: dict[str, Facts] = {}
        # What is certain only ever gets less, so this comes to an end.
        while waiting:
            name = waiting.pop()
            state, facts = states[name], before[name]
            jsonata = state.get("QueryLanguage", "JSONata" if self.jsonata else "JSONPath") == "JSONata"
            self.found[name] = Point(state, facts, containers, jsonata)
            for target, then in self._edges(name, self.found[name]):
                if target is None:
                    ends[name] = then
                    continue
                known = before.get(target)
                met = then if known is None else known.meet(then)
                if met != known:
                    before[target] = met
                    waiting.append(target)
        end: Facts | None = None
        for facts in ends.values():
            end = facts if end is None else end.meet(facts)
        return end

    def _edges(self, name: str, point: Point) -> Iterator[tuple[str | None, Facts]]:
        """Where it goes on from a state, and what is certain then; to None where the state machine ends."""
        state, facts = point.state, point.before
        if str(state.get("Resource")).endswith(_FAILS):
            return
        for catcher in state.get("Catch", ()):
            if catcher["ErrorEquals"][0].startswith(REDRIVEN):
                # Back to where the execution has been, with what was there: nothing less is certain for it.
                continue
            yield catcher["Next"], replace(facts, results=_after(catcher, facts.results, _NOWHERE, point.jsonata))
        if state["Type"] == "Fail":
            return
        if state["Type"] == "Choice":
            then = replace(facts, ended=facts.ended | {name})
            for rule in state.get("Choices", ()):
                here = {**state, **rule} if point.jsonata else state
                yield rule["Next"], replace(then, results=_after(here, facts.results, facts.results, point.jsonata))
            if "Default" in state:
                passed = _after(state, facts.results, facts.results, point.jsonata)
                yield state["Default"], replace(then, results=passed)
            return
        left = self._left_by(name, point)
        if left is not None:
            yield state.get("Next"), replace(left, ended=left.ended | {name})

    def _left_by(self, name: str, point: Point) -> Facts | None:
        """What is certain when a state has ended well; None if it never does."""
        state, facts, jsonata = point.state, point.before, point.jsonata
        taken = _taken(state, facts.results, jsonata=jsonata)
        match state["Type"]:
            case "Parallel":
                branches = [
                    self.run(branch, replace(facts, results=taken), (*point.containers, (name, index)))
                    for index, branch in enumerate(state["Branches"])
                ]
                ends = [end for end in branches if end is not None]
                if len(ends) < len(branches):
                    return None
                results = _after(state, facts.results, _NOWHERE, jsonata, [end.results for end in ends])
                return Facts(facts.ended.union(*(end.ended for end in ends)), results)
            case "Map":
                self.run(
                    state.get("ItemProcessor") or state["Iterator"],
                    replace(facts, results=_item(state, taken, jsonata=jsonata)),
                    (*point.containers, (name, 0)),
                )
                return replace(facts, results=_after(state, facts.results, _NOWHERE, jsonata))
            case "Task":
                ours = _OURS in str(state.get("Resource"))
                return replace(
                    facts,
                    results=_after(state, facts.results, frozenset({(_root_of(name),)}) if ours else None, jsonata),
                )
            case "Pass" if not jsonata:
                made = taken
                if "Parameters" in state or "Result" in state:
                    made = _template(state.get("Parameters", state.get("Result")), taken)
                return replace(facts, results=_after(state, facts.results, made, jsonata))
        return replace(facts, results=_after(state, facts.results, taken, jsonata))


def _root_of(state: str) -> str:
    """The place of a result that is the whole payload."""
    return f"${state}"


def _taken(state: Json, results: Places, *, jsonata: bool) -> Places:
    """What a state takes of its input."""
    if jsonata:
        return results if "Arguments" not in state else _template(state["Arguments"], results)
    path = state.get("InputPath", "$")
    taken = _NOWHERE if path is None else _under(results, path)
    if state["Type"] in ("Parallel", "Map") and "Parameters" in state and "Iterator" not in state:
        return _template(state["Parameters"], taken)
    return taken


def _item(state: Json, taken: Places, *, jsonata: bool) -> Places:
    """What the states of a Map find: the item, or what is selected for it."""
    if "ItemBatcher" in state:
        return None
    selector = state.get("ItemSelector", None if jsonata else state.get("Parameters"))
    return _NOWHERE if selector is None else _template(selector, taken)


def _after(state: Json, before: Places, result: Places, jsonata: bool, branches: Sequence[Places] = ()) -> Places:
    """Where results stand after a state (or a catcher) whose own result is *result*."""
    if jsonata:
        return _computed(state["Output"], before, result, branches) if "Output" in state else result
    selected = result if "ResultSelector" not in state else _template(state["ResultSelector"], result, branches)
    path = state.get("ResultPath", "$")
    if path is None:
        results = before
    else:
        place = steps(path)
        results = selected if not place else _with(before, place)
    path = state.get("OutputPath", "$")
    return _NOWHERE if path is None else _under(results, path)


def _with(results: Places, place: Place) -> Places:
    return None if results is None else results | {place}


def _computed(value: Any, before: Places, result: Places, branches: Sequence[Places]) -> Places:
    """What an Output in JSONata makes."""
    expression = _JSONATA.fullmatch(value.strip()) if isinstance(value, str) else None
    if expression is None:
        return _template(value, before)
    text = expression[1]
    if text == "$states.result" or text.startswith("$states.result.{"):
        return result
    if branches and _MERGED_RESULT.fullmatch(text):
        return _union(branches)
    if _MERGED_INPUT.match(text):
        return None if before is None else before | {(_unquoted(key),) for key in _KEY.findall(text)}
    path = _PATH.fullmatch(text)
    return _under(before, text) if path and text.startswith("$states.input") else None


def _unquoted(key: str) -> str:
    return str(json.loads(key)) if key.startswith('"') else key.strip("'")


def _template(value: Any, results: Places, branches: Sequence[Places] = ()) -> Places:
    """Where results stand in what a template makes of an input; what others compute may be anything, so is there."""
    if isinstance(value, str):
        expression = _JSONATA.fullmatch(value.strip())
        return _computed(value, results, None, branches) if expression else None
    if not isinstance(value, Mapping):
        return _NOWHERE
    places: set[Place] = set()
    for key, item in value.items():
        name = key.removesuffix(".$")
        inner = _handed_on(name, item, results, branches, late=name != key)
        if inner is None:
            places.add((name,))
        else:
            places |= {(name, *place) for place in inner}
    return frozenset(places)


def _handed_on(name: str, value: Any, results: Places, branches: Sequence[Places], *, late: bool) -> Places:
    """What stands under one key of a template."""
    if isinstance(value, Mapping):
        return _template(value, results, branches)
    text = str(value)
    expression = _JSONATA.fullmatch(text.strip())
    if not late and expression is None:
        return _NOWHERE
    text = expression[1] if expression else text
    if branches and text.startswith("States.JsonMerge("):
        return _union(branches[int(index)] for index, *_ in _BRANCH.findall(text) if int(index) < len(branches))
    branch = _BRANCH.fullmatch(text)
    if branch and branches and int(branch[1]) < len(branches):
        return _under(branches[int(branch[1])], f"${branch[2]}")
    if not _PATH.fullmatch(text):
        return None
    handed = _under(results, text)
    # A key that says where it comes from is as good as that; any other is its author's.
    return _NOWHERE if handed is None and results is not None and steps(text) == (name,) else handed


def _union(branches: Iterable[Places]) -> Places:
    places: frozenset[Place] = _NOWHERE
    for branch in branches:
        if branch is None:
            return None
        places |= branch
    return places


def steps(path: str) -> Place:
    """The keys of a path from the root, in either query language, as far as they are plain."""
    found = _PATH.match(path)
    return tuple("".join(step) for step in _STEPS.findall(found[1])) if found else ()


def _under(results: Places, path: str) -> Places:
    """What of *results* stands under a path: None, anything, if the path is not one that results are known of."""
    whole = _PATH.fullmatch(path)
    at = steps(path)
    if results is None or whole is None or not at:
        return results if whole and not at else None
    inner = frozenset(place[len(at) :] for place in results if place[: len(at)] == at)
    # Inside a result: a part of it, as long as the result is there.
    return inner or (frozenset({()}) if any(at[: len(place)] == place for place in results) else None)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An output somebody asked for, and how states refer to it."""

    producer: TaskIdentity
    name: str
    place: Place
    """Of the producer's result."""
    inside: Place
    """From there on."""


@dataclass(slots=True)
class Wiring:
    """Who uses which output of whom, in one stack."""

    _asked: dict[str, _Asked] = field(default_factory=dict)
    _used: dict[tuple[TaskIdentity, TaskIdentity, str], None] = field(default_factory=dict)
    _paths: dict[str, str] = field(default_factory=dict)
    _names: Counter[str] = field(default_factory=Counter)
    watched: bool = False

    def knows(self, task: TaskIdentity) -> None:
        """That there is such a task."""
        self._paths.setdefault(task.name, task.path)
        self._names[task.name] += 1

    def ask(self, producer: TaskIdentity, name: str, result_path: str, references: Iterable[str]) -> None:
        """An output is asked for; in a definition it is spelled as one of *references*."""
        asked = _Asked(producer, name, steps(result_path), steps(f"$.{name}"))
        for reference in references:
            self._asked.setdefault(reference, asked)

    def use(self, user: TaskIdentity, outputs: Iterable[JobOutput]) -> None:
        """A request has *outputs* in it."""
        for output in outputs:
            self._used[user, output.producer, output.name] = None

    def asked_outside(self, processor: Json, *, jsonata: bool) -> list[Place]:
        """Where the results stand that the states of an ItemProcessor use, and none of them leaves.

        Args:
            processor: Its definition.
            jsonata: Whether the whole state machine is written in JSONata.
        """
        inside = points({**processor, "QueryLanguage": "JSONata"} if jsonata else processor)
        left_inside = {asked.place for asked in self._asked.values() if asked.producer.name in inside}
        used = dict.fromkeys(asked.place for _, asked in self._uses(inside))
        return [place for place in used if place and place not in left_inside]

    def problems(self, definitions: Iterable[Json]) -> list[str]:
        """Every use of an output that is not certainly there, as a sentence."""
        machines = [points(definition) for definition in definitions]
        names: dict[TaskIdentity, str] = {}
        found: dict[str, None] = {}
        for machine in machines:
            for name, around in _shared_places(machine):
                what = f"{self._paths.get(name, name)} writes to one place for the whole execution"
                use = "give it a place of the item's own, or make the map a distributed one"
                found[f"{what}, and items of '{around}' would write over each other; {use}"] = None
            for user, asked in self._uses(machine):
                why = _missing(machine, user, self._name(asked.producer, machines, names), asked)
                if why:
                    found[f"{self._paths.get(user, user)} uses {asked.name} of {asked.producer.path}, {why}"] = None
        for task, producer, what in self._used:
            user, maker = (self._name(each, machines, names) for each in (task, producer))
            # Two state machines may each have a state of that name: one in which all is well will do.
            whys = [_not_before(machine, user, maker) for machine in machines if user in machine]
            if whys and all(whys):
                found[f"{task.path} uses {what} of {producer.path}, {whys[0]}"] = None
        return list(found)

    def _uses(self, machine: Mapping[str, Point]) -> Iterator[tuple[str, _Asked]]:
        if not self._asked:
            return
        longest_first = sorted(self._asked, key=len, reverse=True)
        reference = re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})(?![\w`])")
        for name, point in machine.items():
            # What a Fail says is said where it is decided.
            if point.state["Type"] == "Fail":
                continue
            if not point.jsonata and point.state.get("InputPath", "$") != "$":
                continue
            for text in _expressions(point.state, jsonata=point.jsonata):
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


def _shared_places(machine: Mapping[str, Point]) -> Iterator[tuple[str, str]]:
    """Jobs in an inline Map that write under the name of the execution, which the items share."""
    for name, point in machine.items():
        request = point.state.get("Arguments" if point.jsonata else "Parameters")
        if _OURS not in str(point.state.get("Resource")) or not _writes_under_execution(request, written=False):
            continue
        for container, _ in reversed(point.containers):
            state = machine[container].state
            if state["Type"] == "Map":
                config = (state.get("ItemProcessor") or state["Iterator"]).get("ProcessorConfig", {})
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
            if key in _ASKED_ELSEWHERE or (key == "Assign" and not jsonata):
                continue
            computed = jsonata or isinstance(item, (Mapping, list)) or key.endswith((".$", "Path", "Variable"))
            yield from _expressions(item, jsonata=jsonata, late=computed)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _expressions(item, jsonata=jsonata, late=jsonata)
    elif isinstance(value, str) and late and "$" in value:
        yield value


def _missing(machine: Mapping[str, Point], user: str, producer: str, asked: _Asked) -> str | None:
    """Why an output may not be there when *user* starts; None if it certainly is."""
    why = _not_before(machine, user, producer)
    if why:
        return why
    before = machine[user].before
    place = asked.place or (_root_of(producer),)
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
    """Why the result of a job that has run is not at its place."""
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
    """Whether a way leads from one state to another that stands beside it, or in one beside it."""
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
