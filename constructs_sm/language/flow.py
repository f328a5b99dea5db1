"""Data-flow analysis of Amazon States Language: what is certain at each state of a state machine.

For every state: which states have certainly ended before it, and at which places of its input a result certainly
stands, on every path from the start. Where somebody else's state puts an unknown value in place of the whole input,
anything may stand there, and nothing is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, TypeAlias

from constructs_sm.language.intrinsics import items_in
from constructs_sm.language.late_bound import LATE
from constructs_sm.language.machines import Json, is_in_jsonata, machines_in
from constructs_sm.language.paths import Place, item_in, keys_before

Container: TypeAlias = tuple[str, int]
"""A Map or Parallel, and which of its branches."""
Places: TypeAlias = frozenset[Place] | None
"""Places where results stand; None: anywhere."""

_JSONATA = re.compile(r"\{%\s*(.*?)\s*%\}", re.DOTALL)
_MERGED_INPUT = re.compile(r"\$merge\(\[\s*\$states\.input\b")
_MERGED_RESULT = re.compile(r"\$merge\(\s*\$states\.result\s*\)")
_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'[^']*'|\w+)\s*:""")
_OURS = ":states:::sagemaker:"
_OWN_ANSWER = re.compile(
    r":states:::(?:sns|sqs|dynamodb|events|glue|batch|ecs|codebuild|athena):\w+(?:\.sync(?::2)?)?$"
)
"""Resources that answer with fields of their own, and with nothing that the state was given."""
_FAILS = ":sendTaskFailure.waitForTaskToken"
"""End of the resource of a task that reports its own failure: it ends the execution, or redriven leads back."""
REDRIVEN = "Redriven: "
"""Beginning of the error that leads a redriven execution back to the job that failed."""
LOOKS = ": Reuse"
"""End of the name of a state that searches for a result of a job, which does not run if there is one."""
KEEPS = ": Keep"
"""End of the name of the state behind it, which keeps its result."""
ARTIFACT = ": Artifact"
"""End of the name of a state that asks whether what a job has left is still in S3."""
VERSIONS, VERSION = ": Versions", ": List"
"""Ends of the names of the states that list what is in the data of a job: of all of it, and of one input."""
OPTIONAL = (ARTIFACT, KEEPS, LOOKS, VERSION, VERSIONS)
"""Ends of the names of states whose failure never is the execution's."""
_LOOKED_UP = ":dynamodb:getItem"
_NOWHERE: frozenset[Place] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts that are certain at a point of a state machine."""

    ended: frozenset[str] = frozenset()
    results: Places = _NOWHERE

    def meet(self, other: Facts) -> Facts:
        """Keep what is certain whichever of two ways was taken."""
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
    _Machine(found, is_in_jsonata(definition)).run(definition, Facts(), ())
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
            jsonata = is_in_jsonata(state, around=self.jsonata)
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
        """Ways that lead on from a state, and what is certain then; to None where the state machine ends."""
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
            yield state.get("Next"), replace(left, ended=left.ended | {name, stands_for(name, state)})

    def _left_by(self, name: str, point: Point) -> Facts | None:
        """Facts that are certain when a state has ended well; None if it never does."""
        state, facts, jsonata = point.state, point.before, point.jsonata
        taken = _taken(state, facts.results, jsonata=jsonata)
        match state["Type"]:
            case "Parallel":
                branches = [
                    self.run(branch, replace(facts, results=taken), (*point.containers, (name, index)))
                    for index, branch in enumerate(machines_in(state))
                ]
                ends = [end for end in branches if end is not None]
                if len(ends) < len(branches):
                    return None
                results = _after(state, facts.results, _NOWHERE, jsonata, [end.results for end in ends])
                return Facts(facts.ended.union(*(end.ended for end in ends)), results)
            case "Map":
                self.run(
                    machines_in(state)[0],
                    replace(facts, results=_item(state, taken, jsonata=jsonata)),
                    (*point.containers, (name, 0)),
                )
                return replace(facts, results=_after(state, facts.results, _NOWHERE, jsonata))
            case "Task":
                left = frozenset({(root_of(name),)}) if calls_sagemaker(state) else _answered(state)
                return replace(facts, results=_after(state, facts.results, left, jsonata))
            case "Pass" if not jsonata:
                made = taken
                if "Parameters" in state or "Result" in state:
                    made = _template(state.get("Parameters", state.get("Result")), taken)
                return replace(facts, results=_after(state, facts.results, made, jsonata))
        return replace(facts, results=_after(state, facts.results, taken, jsonata))


def may_come_before(machine: Mapping[str, Point], first: str, second: str) -> bool | None:
    """Tell whether a way leads from one state to another, failures included; None if they run beside each other."""
    before, after = machine[first].containers, machine[second].containers
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    # What stands at the level that both are in: a state itself, or what it is inside of.
    start, goal = ((*(name for name, _ in each), own)[common] for each, own in ((before, first), (after, second)))
    if start == goal:
        return None
    seen, waiting = {start}, [start]
    while waiting:
        new = {following for following in _led_to(machine[waiting.pop()].state) if following not in seen}
        if goal in new:
            return True
        seen |= new
        waiting += new
    return False


def _led_to(state: Json) -> Iterator[str]:
    """The states that a state may lead to."""
    yield from (state[name] for name in ("Next", "Default") if name in state)
    yield from (each["Next"] for name in ("Choices", "Catch") for each in state.get(name, ()))


def stands_for(name: str, state: Json) -> str:
    """The state that need not run where this one has ended well: it has left the result of an earlier run."""
    return name.removesuffix(LOOKS) if _LOOKED_UP in str(state.get("Resource")) else name


def calls_sagemaker(state: Json) -> bool:
    """Tell whether a state is a task of ours."""
    return _OURS in str(state.get("Resource"))


def _answered(state: Json) -> Places:
    """Places of results in what a task of another service answers: of a Lambda, anywhere."""
    return _NOWHERE if _OWN_ANSWER.search(str(state.get("Resource"))) else None


def root_of(state: str) -> str:
    """The place of a result that is the whole payload."""
    return f"${state}"


def _taken(state: Json, results: Places, *, jsonata: bool) -> Places:
    """Results in what a state takes of its input."""
    if jsonata:
        return results if "Arguments" not in state else _template(state["Arguments"], results)
    path = state.get("InputPath", "$")
    taken = _NOWHERE if path is None else _under(results, path)
    if state["Type"] in ("Parallel", "Map") and "Parameters" in state and "Iterator" not in state:
        return _template(state["Parameters"], taken)
    return taken


def _item(state: Json, taken: Places, *, jsonata: bool) -> Places:
    """Results that the states of a Map find: in the item, or in what is selected for it."""
    if "ItemBatcher" in state:
        return None
    selector = state.get("ItemSelector", None if jsonata else state.get("Parameters"))
    return _NOWHERE if selector is None else _template(selector, taken)


def _after(state: Json, before: Places, result: Places, jsonata: bool, branches: Sequence[Places] = ()) -> Places:
    """Places of results after a state (or a catcher) whose own result is *result*."""
    if jsonata:
        return _computed(state["Output"], before, result, branches) if "Output" in state else result
    selected = result if "ResultSelector" not in state else _template(state["ResultSelector"], result, branches)
    path = state.get("ResultPath", "$")
    if path is None:
        results = before
    else:
        place = keys_before(path)[0]
        results = selected if not place else _with(before, place)
    path = state.get("OutputPath", "$")
    return _NOWHERE if path is None else _under(results, path)


def _with(results: Places, place: Place) -> Places:
    return None if results is None else results | {place}


def _computed(value: Any, before: Places, result: Places, branches: Sequence[Places]) -> Places:
    """Places of results in what an Output in JSONata makes."""
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
    return _under(before, text) if text.startswith("$states.input") else None


def result_place(point: Point) -> Place:
    """Place where a task puts its result in its input; nowhere in particular if that is not plain."""
    if not point.jsonata:
        return keys_before(point.state.get("ResultPath") or "$")[0]
    expression = _JSONATA.fullmatch(str(point.state.get("Output", "")).strip())
    key = _KEY.search(expression[1]) if expression and _MERGED_INPUT.match(expression[1]) else None
    return (_unquoted(key[1]),) if key else ()


def _unquoted(key: str) -> str:
    return str(json.loads(key)) if key.startswith('"') else key.strip("'")


def _template(value: Any, results: Places, branches: Sequence[Places] = ()) -> Places:
    """Places of results in what a template makes of an input; what others compute may be anything, so is there."""
    if isinstance(value, str):
        expression = _JSONATA.fullmatch(value.strip())
        return _computed(value, results, None, branches) if expression else None
    if not isinstance(value, Mapping):
        return _NOWHERE
    places: set[Place] = set()
    for key, item in value.items():
        name = key.removesuffix(LATE)
        inner = _handed_on(name, item, results, branches, late=name != key)
        if inner is None:
            places.add((name,))
        else:
            places |= {(name, *place) for place in inner}
    return frozenset(places)


def _handed_on(name: str, value: Any, results: Places, branches: Sequence[Places], *, late: bool) -> Places:
    """Places of results under one key of a template."""
    if isinstance(value, Mapping):
        return _template(value, results, branches)
    text = str(value)
    expression = _JSONATA.fullmatch(text.strip())
    if not late and expression is None:
        return _NOWHERE
    text = expression[1] if expression else text
    if branches and text.startswith("States.JsonMerge("):
        return _union(branches[index] for index in items_in(text) if index < len(branches))
    branch = item_in(text)
    if branch and branch[0] < len(branches):
        return _under_keys(branches[branch[0]], branch[1])
    keys, rest = keys_before(text)
    if rest:
        return None
    handed = _under_keys(results, keys)
    # A key that says where it comes from is as good as that; any other is its author's.
    return _NOWHERE if handed is None and results is not None and keys == (name,) else handed


def _union(branches: Iterable[Places]) -> Places:
    places: frozenset[Place] = _NOWHERE
    for branch in branches:
        if branch is None:
            return None
        places |= branch
    return places


def _under(results: Places, path: str) -> Places:
    """Places of *results* under a path: None, anything, if the path is not one that results are known of."""
    keys, rest = keys_before(path)
    return None if rest else _under_keys(results, keys)


def _under_keys(results: Places, keys: Place) -> Places:
    if results is None or not keys:
        return results
    inner = frozenset(place[len(keys) :] for place in results if place[: len(keys)] == keys)
    # Inside a result: a part of it, as long as the result is there.
    return inner or (frozenset({()}) if any(keys[: len(place)] == place for place in results) else None)
