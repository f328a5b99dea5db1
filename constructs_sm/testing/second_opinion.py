"""AWS's own word on a state machine, state by state: TestState, with what a rehearsal plays as mocks.

It runs no job and costs nothing but the calls. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html and
https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.calls import TaskError, addresses_of
from constructs_sm.language.machines import machines_in
from constructs_sm.testing.world.account import ItemsRead

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

_MOST_STATES = 500
_ENDS = ("Succeed", "Fail")
_GROUPS = ("Map", "Parallel")
_READ_WHOLE = ("JSON", "JSONL", "CSV")
"""Types of an object whose content is what a Map reads, as it is."""
_Path = tuple[str, ...]
_NONE_LEFT: Any = object()


@dataclass(frozen=True, slots=True)
class Opinion:
    """AWS's word on one state.

    Attributes:
        state: Its name.
        status: `SUCCEEDED`, `FAILED`, `RETRIABLE` or `CAUGHT_ERROR`.
        next: The state that it leads to.
        output: What it hands on.
        error: The error that it ends with.
        cause: And why.
        inside: The states around it, the outermost first, each with the number of its branch or item: `Each[2]`.
    """

    state: str
    status: str
    next: str | None = None
    output: Any = None
    error: str | None = None
    cause: str | None = None
    inside: _Path = ()

    def __str__(self) -> str:
        said = f"{self.error}: {self.cause}" if self.error else f"-> {self.next or 'the end'}"
        return f"{' / '.join((*self.inside, self.state))}  {self.status}  {said}"


def opinions(
    client: Any,
    definition: Mapping[str, Any],
    execution_input: Any,
    yielded: Sequence[tuple[str, Any]],
    *,
    validation: str = "STRICT",
    context: Mapping[str, Any] | None = None,
) -> Iterator[Opinion]:
    """Ask AWS about each state that an execution enters, those inside a Map or Parallel as well.

    A Map or Parallel is asked twice: first for the inputs of what is inside, which is walked then; and last with the
    outputs that came of that as its mock. Where nothing is known that could be the mock of a state, the walk ends.

    Args:
        client: Of Step Functions, as botocore or boto3 makes it; it needs `states:TestState` and no other right.
        definition: The state machine, without tokens.
        execution_input: What it is started with.
        yielded: State, and result or TaskError, of each attempt of a task, as `Rehearsal.recorded()` has them: the
            mocks.
        validation: How strictly AWS compares a mock with the API's model: `STRICT`, `PRESENT` or `NONE`.
        context: The context object, which AWS takes beside a mock alone.
    """
    walk = _Walk(client, definition, yielded, validation=validation, context=context or {})
    yield from walk.through(definition, execution_input, "", _Around())


@dataclass(frozen=True, slots=True)
class _Around:
    """The surroundings of a state: groups, and the numbers and items of the Maps among them."""

    inside: _Path = ()
    iterations: tuple[int, ...] = ()
    item: Any = None

    def within(self, group: str, number: int, item: Any, *, is_map: bool) -> _Around:
        inside = (*self.inside, f"{group}[{number}]")
        return _Around(inside, (*self.iterations, number), item) if is_map else replace(self, inside=inside)

    def context(self) -> dict[str, Any]:
        """The part of the context object that the innermost Map adds."""
        return {"Map": {"Item": {"Index": self.iterations[-1], "Value": self.item}}} if self.iterations else {}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A state that is entered.

    Attributes:
        state: Its name.
        fields: Its definition.
        given: Its input.
        variables: The variables, as JSON.
        around: What is around it.
        attempt: How often it was tried before.
    """

    state: str
    fields: Mapping[str, Any]
    given: Any
    variables: str
    around: _Around
    attempt: int = 0


class _Walk:
    def __init__(
        self,
        client: Any,
        definition: Mapping[str, Any],
        yielded: Sequence[tuple[str, Any]],
        *,
        validation: str,
        context: Mapping[str, Any],
    ) -> None:
        self._client = client
        self._text = json.dumps(definition)
        self._validation = validation
        self._context = context
        self._left = _MOST_STATES
        self._mocks: defaultdict[str, deque[Any]] = defaultdict(deque)
        for address, result in yielded:
            self._mocks[address].append(result)

    def through(
        self, machine: Mapping[str, Any], given: Any, variables: str, around: _Around
    ) -> Generator[Opinion, None, Opinion | None]:
        """Walk from the first state of *machine* to its end; None where nobody knows how it goes on."""
        states = machine["States"]
        entry = _Entry(machine["StartAt"], states[machine["StartAt"]], given, variables, around)
        while True:
            kind = entry.fields["Type"]
            answer: dict[str, Any] | None
            if kind in _GROUPS:
                answer = yield from self._group(entry)
            elif kind == "Task":
                mocked = self._mock_of(entry)
                answer = None if mocked is None else self._asked(entry, mocked, {"retrierRetryCount": entry.attempt})
            else:
                answer = self._asked(entry)
            if answer is None:
                return None
            opinion = _opinion(entry, answer)
            yield opinion
            variables = answer.get("inspectionData", {}).get("variables", entry.variables)
            if opinion.status == "RETRIABLE":
                entry = replace(entry, variables=variables, attempt=entry.attempt + 1)
                continue
            if opinion.next is None or opinion.status == "FAILED" or kind in _ENDS:
                return opinion
            entry = _Entry(opinion.next, states[opinion.next], opinion.output, variables, around)

    def _group(self, entry: _Entry) -> Generator[Opinion, None, dict[str, Any] | None]:
        is_map = entry.fields["Type"] == "Map"
        machines = machines_in(entry.fields)
        settings: dict[str, Any] = {"retrierRetryCount": entry.attempt}
        if "ItemReader" in entry.fields:
            read = self._items_read(entry)
            if read is None:
                return None
            settings["mapItemReaderData"] = read
        probe = self._asked(entry, {"result": json.dumps([] if is_map else [{}] * len(machines))}, settings)
        inputs = None if probe is None else _inputs(probe.get("inspectionData", {}), is_map=is_map)
        if inputs is None:
            return None
        is_distributed = is_map and machines[0].get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
        variables = "" if is_distributed else entry.variables
        pairs = [(machines[0], each) for each in inputs] if is_map else [(each, inputs[0]) for each in machines]
        ended: list[Opinion | None] = []
        for number, (machine, value) in enumerate(pairs):
            inside = entry.around.within(entry.state, number, value, is_map=is_map)
            ended.append((yield from self.through(machine, value, variables, inside)))
        failed = [one for one in ended if one is not None and one.status == "FAILED"]
        mocked: dict[str, Any]
        if failed and not is_distributed:
            mocked = {"errorOutput": {"error": failed[0].error, "cause": failed[0].cause}}
            settings["errorCausedByState"] = failed[0].state
        elif (outputs := self._outputs(entry, ended)) is _NONE_LEFT:
            return None
        else:
            mocked = {"result": json.dumps(outputs)}
            if failed:
                settings["mapIterationFailureCount"] = len(failed)
        return self._asked(entry, mocked, settings)

    def _outputs(self, entry: _Entry, ended: Sequence[Opinion | None]) -> Any:
        """The result of a group, before the group makes its own output of it; or `_NONE_LEFT`."""
        if "ResultWriter" in entry.fields:
            return self._taken(entry)
        return _NONE_LEFT if None in ended else [_output(one) for one in ended if one is not None]

    def _asked(
        self, entry: _Entry, mocked: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        if self._left == 0:
            return None
        self._left -= 1
        request: dict[str, Any] = {
            "definition": self._text,
            "stateName": entry.state,
            "input": json.dumps(entry.given),
            "inspectionLevel": "DEBUG",
        }
        if entry.variables:
            request["variables"] = entry.variables
        if mocked is not None:
            request["mock"] = {**mocked, "fieldValidationMode": self._validation}
            request["stateConfiguration"] = settings
            context = {**self._context, **entry.around.context()}
            if context:
                # Of a state without a mock, AWS takes none.
                request["context"] = json.dumps(context)
        answer: dict[str, Any] = self._client.test_state(**request)
        return answer

    def _mock_of(self, entry: _Entry) -> dict[str, Any] | None:
        result = self._taken(entry)
        if isinstance(result, TaskError):
            return {"errorOutput": {"error": result.error, "cause": result.cause}}
        return None if result is _NONE_LEFT else {"result": json.dumps(result)}

    def _taken(self, entry: _Entry) -> Any:
        """The next thing that a state has yielded there, or `_NONE_LEFT`."""
        for address in addresses_of(entry.state, entry.around.iterations):
            if self._mocks[address]:
                return self._mocks[address].popleft()
        return _NONE_LEFT

    def _items_read(self, entry: _Entry) -> str | None:
        """The content of what a Map reads; None if that is not one object whose content is read as it is."""
        config = entry.fields["ItemReader"].get("ReaderConfig", {})
        found = self._mocks[entry.state]
        read = next((one for one in found if isinstance(one, ItemsRead)), None)
        kind = config.get("InputType", "JSON")
        if read is None or kind not in _READ_WHOLE or "Transformation" in config or "ManifestType" in config:
            return None
        found.remove(read)
        return read.text


def _opinion(entry: _Entry, answer: Mapping[str, Any]) -> Opinion:
    return Opinion(
        entry.state,
        answer["status"],
        next=answer.get("nextState"),
        output=json.loads(answer["output"]) if answer.get("output") else None,
        error=answer.get("error"),
        cause=answer.get("cause"),
        inside=entry.around.inside,
    )


def _output(ended: Opinion) -> Any:
    """The output of an item, or what a Map has in its place that tolerates its failure."""
    if ended.status == "FAILED":
        return {"Status": "FAILED", "Error": ended.error, "Cause": ended.cause}
    return ended.output


_ITEMS = ("afterItemBatcher", "afterItemSelector", "afterItemsPointer", "afterItemsPath")
_WHOLE = ("afterArguments", "afterParameters", "afterInputPath", "input")


def _inputs(inspected: Mapping[str, Any], *, is_map: bool) -> list[Any] | None:
    """The inputs of the items of a Map, or the one of all branches of a Parallel; None if AWS does not say."""
    said = next((json.loads(inspected[name]) for name in (_ITEMS if is_map else _WHOLE) if name in inspected), None)
    if not is_map:
        return [said]
    return said if isinstance(said, list) else None


def difference(
    definition: Mapping[str, Any],
    found: Sequence[Opinion],
    entered: Sequence[str],
    output: Any,
    *,
    succeeded: bool,
) -> str | None:
    """Say where AWS goes another way than a rehearsal; None if it goes the same, as far as it was asked.

    Args:
        definition: The state machine.
        found: What AWS says, in order.
        entered: The states that the rehearsal entered.
        output: What the rehearsal yields.
        succeeded: Whether it succeeded.
    """
    outside = [opinion for opinion in found if not opinion.inside]
    last = outside[-1] if outside else None
    is_whole = last is not None and last.next is None and last.status in {"SUCCEEDED", "FAILED"}
    for lane in _lanes(definition):
        if said := lane.difference(found, entered, is_whole=is_whole):
            return said
    if last is None or not is_whole:
        return None
    if (last.status == "SUCCEEDED") != succeeded:
        return f"AWS ends {last.status}, the rehearsal does not"
    if succeeded and last.output != output:
        return f"AWS's output is {json.dumps(last.output)}, the rehearsal's {json.dumps(output)}"
    return None


@dataclass(frozen=True, slots=True)
class _Lane:
    """States of one branch, of all items of a Map, or of the state machine itself."""

    inside: tuple[tuple[str, int | None], ...]
    """The states around it, each with the number of its branch; of a Map's items, None for all."""
    names: frozenset[str]
    of_items: bool
    """Tell whether it runs several times, beside itself."""

    def difference(self, found: Sequence[Opinion], entered: Sequence[str], *, is_whole: bool) -> str | None:
        here = [one for one in found if self._has(one.inside)]
        theirs = [one.state for one in here if one.status != "RETRIABLE"]
        ours = [state for state in entered if state in self.names]
        if not self.of_items:
            return self._parting(theirs, ours, is_whole=is_whole)
        if not is_whole or any(one.status == "FAILED" for one in here):
            # What ran beside it was stopped somewhere.
            return None
        counts, of_ours = Counter(theirs), Counter(ours)
        for state in (*counts, *of_ours):
            if counts[state] != of_ours[state]:
                where = " / ".join(name if number is None else f"{name}[{number}]" for name, number in self.inside)
                return f"inside {where} AWS enters {state} {counts[state]} times, the rehearsal {of_ours[state]} times"
        return None

    def _has(self, inside: _Path) -> bool:
        return len(inside) == len(self.inside) and all(
            one.rpartition("[")[0] == name and number in {None, int(one.rpartition("[")[2].rstrip("]"))}
            for one, (name, number) in zip(inside, self.inside, strict=True)
        )

    def _parting(self, theirs: Sequence[str], ours: Sequence[str], *, is_whole: bool) -> str | None:
        for number, (one, other) in enumerate(zip(theirs, ours, strict=False)):
            if one != other:
                before = theirs[number - 1] if number else "the beginning"
                return f"after {before} AWS goes to {one}, the rehearsal to {other}"
        if is_whole and theirs and len(theirs) < len(ours):
            return f"AWS ends in {theirs[-1]}, the rehearsal goes on to {ours[len(theirs)]}"
        return None


def _lanes(
    machine: Mapping[str, Any], inside: tuple[tuple[str, int | None], ...] = (), *, of_items: bool = False
) -> Iterator[_Lane]:
    yield _Lane(inside, frozenset(machine["States"]), of_items)
    for name, state in machine["States"].items():
        is_map = state["Type"] == "Map"
        for number, inner in enumerate(machines_in(state)):
            place = (name, None if is_map else number)
            yield from _lanes(inner, (*inside, place), of_items=of_items or is_map)
