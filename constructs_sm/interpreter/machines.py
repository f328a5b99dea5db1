"""State machines, made ready to run: every path and expression in them is parsed once."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter.choice import Condition, condition
from constructs_sm.interpreter.resources import Resource, resource_of
from constructs_sm.interpreter.state_errors import QUERY, StateError
from constructs_sm.interpreter.templates import Template, constant, expression, template
from constructs_sm.language.jsonata_tokens import ExpressionError
from constructs_sm.language.jsonpath import Path
from constructs_sm.language.jsonpath import parse as parse_path
from constructs_sm.language.machines import is_in_jsonata
from constructs_sm.rules import definition_rules as rules
from constructs_sm.rules.definitions import violations
from constructs_sm.rules.rule import InvalidDefinitionError, errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.rules.rule import Violation

_IN_NUMBERS: Final = (
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "MaxConcurrency",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Seconds",
    "Timestamp",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrier:
    """One entry of Retry."""

    errors: frozenset[str]
    most: int
    interval: float
    rate: float
    longest: float
    jitters: bool

    def waits(self, attempt: int) -> float:
        """Seconds before the retry that follows so many others of it, at most."""
        try:
            return min(self.interval * self.rate**attempt, self.longest)
        except OverflowError:
            return self.longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """A way out of a state, and what it leaves: a Catch, a rule of a Choice."""

    to: str
    errors: frozenset[str] = frozenset()
    when: Condition | None = None
    assign: Template | None = None
    output: Template | None = None
    result_path: tuple[str | int, ...] | None = ()


@dataclass(slots=True, kw_only=True)
class State:
    """One state."""

    name: str
    kind: str
    jsonata: bool
    next: str | None = None
    """The state behind it; None where it ends its machine."""
    input_path: Path | str | None = ""
    """None: the input is {}; empty: it stays as it is."""
    output_path: Path | str | None = ""
    result_path: tuple[str | int, ...] | None = ()
    """None: the result is dropped; empty: it takes the place of the input."""
    arguments: Template | None = None
    """Parameters, or Arguments."""
    selector: Template | None = None
    """ResultSelector."""
    assign: Template | None = None
    output: Template | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Follow, ...] = ()
    retries: Mapping[str, int] = field(default_factory=dict)
    """By the name of an error: which of Retry is the first to list it."""
    catches: Mapping[str, int] = field(default_factory=dict)
    resource: Resource | None = None
    fields: dict[str, Template] = field(default_factory=dict)
    """Numbers, times and texts that may be evaluated."""
    choices: tuple[Follow, ...] = ()
    default: str | None = None
    branches: tuple[Machine, ...] = ()
    map: MapFields | None = None

    @property
    def keeps_input(self) -> bool:
        """Return True if it hands on the fields of its input, but for that which its result is put into."""
        return not self.jsonata and self.result_path != () and self.output_path == ""

    @property
    def counts_retries(self) -> bool:
        return self.kind in {"Task", "Parallel", "Map"}


@dataclass(slots=True, kw_only=True)
class MapFields:
    """The fields that a Map state has beyond others."""

    processor: Machine
    distributed: bool
    express: bool
    label: str
    items: Template | None
    selector: Template | None
    reader: ReaderFields | None
    batcher: dict[str, Template] | None
    writer: WriterFields | None


@dataclass(slots=True, kw_only=True)
class ReaderFields:
    resource: str
    request: Template
    config: Mapping[str, Template]


@dataclass(slots=True, kw_only=True)
class WriterFields:
    request: Template | None
    transformation: str
    lines: bool


@dataclass(slots=True, kw_only=True)
class Machine:
    """A state machine, or one within a state of another."""

    start: str
    states: dict[str, State]
    timeout_seconds: float | None = None
    express: bool = False
    has_dates: bool = False
    """True if a state in it waits until a date."""
    warned_of: tuple[Violation, ...] = ()
    """Mistakes that Step Functions takes."""

    @classmethod
    def of(cls, definition: Mapping[str, Any] | str, *, express: bool = False) -> Machine:
        """The machine of a definition.

        Raises:
            InvalidDefinitionError: Step Functions would not create it.
        """
        text = definition if isinstance(definition, str) else json.dumps(definition, ensure_ascii=False)
        return _machine_of(text, express)


@functools.lru_cache(maxsize=64)
def _machine_of(text: str, express: bool) -> Machine:
    try:
        definition = json.loads(text)
    except ValueError as error:
        broken = rules.SHAPE.broken("the definition", text, what=f"a definition is JSON ({error})")
        raise InvalidDefinitionError("the state machine", [broken]) from None
    found = violations(definition, express=express)
    if refused := errors(found):
        raise InvalidDefinitionError("the state machine", refused)
    try:
        made = machine(definition, is_in_jsonata(definition))
    except ExpressionError as error:  # what only the engine finds, such as a % that has no parent
        broken = rules.EXPRESSION.broken("an expression", what=f"{rules.EXPRESSION.what}: {error}")
        raise InvalidDefinitionError("the state machine", [broken]) from None
    made.express, made.warned_of = express, tuple(found)
    return made


def machine(definition: Mapping[str, Any], jsonata: bool) -> Machine:
    """A definition that was checked, ready to run."""
    states = {
        name: _state(name, written, jsonata=is_in_jsonata(written, around=jsonata), outer=jsonata)
        for name, written in definition["States"].items()
    }
    return Machine(
        start=definition["StartAt"],
        states=states,
        timeout_seconds=definition.get("TimeoutSeconds") or None,
        has_dates=any(_has_date(state) for state in states.values()),
    )


def _has_date(state: State) -> bool:
    inner = [*state.branches, *([state.map.processor] if state.map else [])]
    return "Timestamp" in state.fields or any(one.has_dates for one in inner)


def _state(name: str, written: Mapping[str, Any], *, jsonata: bool, outer: bool) -> State:
    kind = written["Type"]
    state = State(name=name, kind=kind, jsonata=jsonata, next=written.get("Next"))
    if jsonata:
        state.arguments = _optional(written, "Arguments", jsonata=True)
        state.output = _optional(written, "Output", jsonata=True)
    else:
        state.input_path = _data_path(written, "InputPath")
        state.output_path = _data_path(written, "OutputPath")
        state.result_path = _places(written.get("ResultPath", "$"))
        state.arguments = _optional(written, "Parameters", jsonata=False)
        state.selector = _optional(written, "ResultSelector", jsonata=False)
    state.assign = _optional(written, "Assign", jsonata=jsonata)
    state.retry = tuple(_retrier(one) for one in written.get("Retry", ()))
    state.catch = tuple(_follow(one, "Catch", jsonata=jsonata) for one in written.get("Catch", ()))
    state.retries, state.catches = _first_to_list(state.retry), _first_to_list(state.catch)
    for one in _IN_NUMBERS:
        if f"{one}Path" in written:
            state.fields[one] = expression(written[f"{one}Path"], f"{one}Path", jsonata=False)
        elif one in written:
            state.fields[one] = template(written[one], one, jsonata=jsonata) if jsonata else constant(written[one])
    if (finish := _FINISH.get(kind)) is not None:
        finish(state, written, outer)
    return state


def _first_to_list(listing: Sequence[Retrier | Follow]) -> dict[str, int]:
    return {error: number for number, one in reversed([*enumerate(listing)]) for error in one.errors}


def _optional(written: Mapping[str, Any], name: str, *, jsonata: bool) -> Template | None:
    return template(written[name], name, jsonata=jsonata) if name in written else None


def _data_path(written: Mapping[str, Any], name: str) -> Path | str | None:
    path = written.get(name, "$")
    return "" if path == "$" else None if path is None else parse_path(path)


def _places(path: str | None) -> tuple[str | int, ...] | None:
    return None if path is None else parse_path(path).places


def _retrier(written: Mapping[str, Any]) -> Retrier:
    return Retrier(
        errors=frozenset(written["ErrorEquals"]),
        most=written.get("MaxAttempts", 3),
        interval=written.get("IntervalSeconds", 1),
        rate=written.get("BackoffRate", 2.0),
        longest=written.get("MaxDelaySeconds", float("inf")),
        jitters=written.get("JitterStrategy", "NONE") == "FULL",
    )


def _follow(written: Mapping[str, Any], field_name: str, *, jsonata: bool) -> Follow:
    return Follow(
        to=written["Next"],
        errors=frozenset(written.get("ErrorEquals", ())),
        assign=template(written["Assign"], f"{field_name}/Assign", jsonata=jsonata) if "Assign" in written else None,
        output=template(written["Output"], f"{field_name}/Output", jsonata=jsonata) if "Output" in written else None,
        result_path=_places(written.get("ResultPath", "$")),
    )


def _finish_task(state: State, written: Mapping[str, Any], _outer: bool) -> None:
    state.resource = resource_of(written["Resource"])
    if "Credentials" in written:
        state.fields["Credentials"] = template(written["Credentials"], "Credentials", jsonata=state.jsonata)


def _finish_pass(state: State, written: Mapping[str, Any], _outer: bool) -> None:
    if "Result" in written:
        state.fields["Result"] = constant(written["Result"])


def _finish_fail(state: State, written: Mapping[str, Any], _outer: bool) -> None:
    for name in ("Error", "Cause"):
        if name in written:
            state.fields[name] = (
                template(written[name], name, jsonata=True) if state.jsonata else constant(written[name])
            )
        elif f"{name}Path" in written:
            state.fields[name] = expression(written[f"{name}Path"], f"{name}Path", jsonata=False)


def _finish_choice(state: State, written: Mapping[str, Any], _outer: bool) -> None:
    choices = []
    for number, rule in enumerate(written["Choices"]):
        where = f"Choices[{number}]"
        follow = _follow(rule, where, jsonata=state.jsonata)
        if state.jsonata:
            wanted = template(rule["Condition"], f"{where}/Condition", jsonata=True)
            when: Condition = _true_condition(wanted, f"{where}/Condition")
        else:
            when = condition(rule)
        choices.append(Follow(to=follow.to, when=when, assign=follow.assign, output=follow.output))
    state.choices, state.default = tuple(choices), written.get("Default")


def _true_condition(wanted: Template, where: str) -> Condition:
    def holds(scope: Any) -> bool:
        found = wanted(scope)
        if not isinstance(found, bool):
            raise StateError(QUERY, f"The field '{where}' was expected to be a boolean, but was {json.dumps(found)}")
        return found

    return holds


def _finish_parallel(state: State, written: Mapping[str, Any], outer: bool) -> None:
    state.branches = tuple(machine(branch, outer) for branch in written["Branches"])


def _finish_map(state: State, written: Mapping[str, Any], outer: bool) -> None:
    jsonata = state.jsonata
    processor = written.get("ItemProcessor", written.get("Iterator"))
    config = processor.get("ProcessorConfig", {})
    selector = "ItemSelector" if "ItemSelector" in written or jsonata else "Parameters"
    if not jsonata:
        state.arguments = None
    if "ItemsPath" in written:
        items: Template | None = expression(written["ItemsPath"], "ItemsPath", jsonata=False)
    else:
        items = _optional(written, "Items", jsonata=jsonata)
    state.map = MapFields(
        processor=machine(processor, outer),
        distributed=config.get("Mode") == "DISTRIBUTED",
        express=config.get("ExecutionType") == "EXPRESS",
        label=written.get("Label", ""),
        items=items,
        selector=_optional(written, selector, jsonata=jsonata),
        reader=_reader(written["ItemReader"], jsonata=jsonata) if "ItemReader" in written else None,
        batcher=_batcher(written["ItemBatcher"], jsonata=jsonata) if "ItemBatcher" in written else None,
        writer=_writer(written["ResultWriter"], jsonata=jsonata) if "ResultWriter" in written else None,
    )
    state.map.processor.express = state.map.express


def _evaluated(written: Mapping[str, Any], where: str, *, jsonata: bool) -> dict[str, Template]:
    """Fields that may be given by a path of the same name with Path behind it."""
    fields = {}
    for name, value in written.items():
        if name.endswith("Path"):
            fields[name.removesuffix("Path")] = expression(value, f"{where}/{name}", jsonata=False)
        elif name == "BatchInput":
            fields[name] = template(value, f"{where}/{name}", jsonata=jsonata)
        else:
            fields[name] = template(value, f"{where}/{name}", jsonata=True) if jsonata else constant(value)
    return fields


def _reader(written: Mapping[str, Any], *, jsonata: bool) -> ReaderFields:
    request = written.get("Arguments" if jsonata else "Parameters", {})
    return ReaderFields(
        resource=written["Resource"],
        request=template(request, f"ItemReader/{'Arguments' if jsonata else 'Parameters'}", jsonata=jsonata),
        config=_evaluated(written.get("ReaderConfig", {}), "ItemReader/ReaderConfig", jsonata=jsonata),
    )


def _batcher(written: Mapping[str, Any], *, jsonata: bool) -> dict[str, Template]:
    return _evaluated(written, "ItemBatcher", jsonata=jsonata)


def _writer(written: Mapping[str, Any], *, jsonata: bool) -> WriterFields:
    name = "Arguments" if jsonata else "Parameters"
    config = written.get("WriterConfig", {})
    exports = "Resource" in written
    return WriterFields(
        request=template(written.get(name, {}), f"ResultWriter/{name}", jsonata=jsonata) if exports else None,
        transformation=config.get("Transformation", "NONE" if exports else "COMPACT"),
        lines=config.get("OutputType") == "JSONL",
    )


_FINISH: Final = {
    "Task": _finish_task,
    "Pass": _finish_pass,
    "Fail": _finish_fail,
    "Choice": _finish_choice,
    "Parallel": _finish_parallel,
    "Map": _finish_map,
}
