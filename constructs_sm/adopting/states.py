"""States as classes of the CDK, or raw where none of them is rendered as the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.adopting.adopted import (
    JSONATA,
    TRANSITIONS,
    Adopted,
    Leads,
    caught,
    has_null,
    is_path,
    path_argument,
    retried,
)
from constructs_sm.adopting.conditions import condition
from constructs_sm.adopting.python_text import Call, Code, literal
from constructs_sm.adopting.references import STACK
from constructs_sm.adopting.typed_requests import duration
from constructs_sm.language.late_bound import is_jsonata
from constructs_sm.language.numbers import is_whole_number
from constructs_sm.rules.transitions import targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.adopting.python_text import Place
    from constructs_sm.checking.scene import Located

_PATHS: Final = frozenset({"InputPath", "OutputPath", "ResultPath"})
_INTRINSICS: Final = (
    "States.Format",
    "States.JsonToString",
    "States.ArrayGetItem",
    "States.Base64Encode",
    "States.Base64Decode",
    "States.Hash",
    "States.UUID",
)
"""The intrinsic functions that the CDK takes in a Fail."""
_BOTH: Final = {"Comment": "comment"}
_IN_AND_OUT: Final = {"InputPath": "input_path", "OutputPath": "output_path"}
_RESULT: Final = {"ResultPath": "result_path", "ResultSelector": "result_selector", "Parameters": "parameters"}
_ITEMS: Final = {
    "ItemsPath": "items_path",
    "ItemSelector": "item_selector",
    "MaxConcurrencyPath": "max_concurrency_path",
}
_IN_JSON_PATH: Final[Mapping[str, Mapping[str, str]]] = {
    "Pass": {
        **_IN_AND_OUT,
        "Parameters": "parameters",
        "Result": "result",
        "ResultPath": "result_path",
        "Assign": "assign",
    },
    "Wait": {
        "Assign": "assign",
        "Seconds": "time",
        "SecondsPath": "time",
        "Timestamp": "time",
        "TimestampPath": "time",
    },
    "Succeed": _IN_AND_OUT,
    "Fail": {"Error": "error", "Cause": "cause", "ErrorPath": "error_path", "CausePath": "cause_path"},
    "Choice": {**_IN_AND_OUT, "Assign": "assign"},
    "Parallel": {**_IN_AND_OUT, **_RESULT, "Assign": "assign"},
    "Map": {
        **_IN_AND_OUT,
        **_RESULT,
        **_ITEMS,
        # The name that it had before.
        "Parameters": "item_selector",
        "MaxConcurrency": "max_concurrency",
        "Assign": "assign",
    },
}
_IN_JSONATA: Final[Mapping[str, Mapping[str, str]]] = {
    "Pass": {"Output": "outputs", "Assign": "assign"},
    "Wait": {"Assign": "assign", "Seconds": "time", "Timestamp": "time"},
    "Succeed": {"Output": "outputs"},
    "Fail": {"Error": "error", "Cause": "cause"},
    "Choice": {"Output": "outputs", "Assign": "assign"},
    "Parallel": {"Arguments": "arguments", "Output": "outputs", "Assign": "assign"},
    "Map": {
        "Items": "items",
        "ItemSelector": "item_selector",
        "MaxConcurrency": "max_concurrency",
        "Output": "outputs",
        "Assign": "assign",
    },
}
"""The arguments of the CDK's classes by the fields of states, for each type of them."""
_SHAPED: Final = frozenset({"Parameters", "ResultSelector", "ItemSelector", "Assign"})
"""Fields that the CDK takes objects for."""
_ELSEWHERE: Final = TRANSITIONS | frozenset(
    {"Type", "QueryLanguage", "Catch", "Retry", "Choices", "Default", "Branches", "ItemProcessor", "Iterator"}
)
"""Fields that no argument of a constructor says."""
_ASK_THE_LANGUAGE: Final = frozenset({"Choice", "Parallel", "Map"})
"""Types that do not render their parts by the language of the state machine."""
_INLINE: Final[tuple[Mapping[str, str], ...]] = ({}, {"Mode": "INLINE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StateWriter:
    """Writes states.

    Attributes:
        place: Puts expressions into texts.
        in_jsonata: True where the language of the whole state machine is JSONata.
    """

    place: Place
    in_jsonata: bool

    def state(self, located: Located, variable: str, construct_id: str) -> Adopted:
        """A state as a class of the CDK, or as it is."""
        made = self._of_the_cdk(located, variable, construct_id) if located.kind in _IN_JSON_PATH else None
        return made or self._custom(located, variable, construct_id) or self._raw(located, variable, construct_id)

    def _of_the_cdk(self, located: Located, variable: str, construct_id: str) -> Adopted | None:
        state, kind = located.state, located.kind
        arguments = {**_BOTH, **(_IN_JSONATA if located.jsonata else _IN_JSON_PATH)[kind]}
        if not state.keys() <= arguments.keys() | _ELSEWHERE:
            return None
        named: dict[str, Any] = {}
        for field in state:
            if field in arguments:
                value = self._argument(located, field)
                if value is None:
                    return None
                if value is not _USUAL:
                    named[_renamed(arguments[field], state[field])] = value
        if located.jsonata and (kind in _ASK_THE_LANGUAGE or not self.in_jsonata):
            named["query_language"] = JSONATA
        if construct_id != located.name:
            named = {"state_name": located.name, **named}
        made = Adopted(located.name, variable, Call(f"sfn.{kind}", (Code(STACK), construct_id), named))
        return made if self._adds_parts(made, located) else None

    def _argument(self, located: Located, field: str) -> Any:  # noqa: PLR0911 - one for each kind of field
        """The argument that says a field; None if none does, `_USUAL` if it says what is so anyway."""
        value = located.state[field]
        if field in _PATHS:
            return _USUAL if value == "$" else path_argument(value, self.place) if is_path(value) else None
        if has_null(value) or (field in _SHAPED and not isinstance(value, dict) and not _is_expression(field, value)):
            return None
        match field:
            case "Result":
                return _result(literal(value, self.place), value)
            case "Seconds" | "SecondsPath" | "Timestamp" | "TimestampPath":
                return self._time(field, value) if len(_TIMES & located.state.keys()) == 1 else None
            case "MaxConcurrency" if value == 0 and not isinstance(value, bool):
                return _USUAL
            case "MaxConcurrency":
                return literal(value, self.place) if is_whole_number(value, least=0) or is_jsonata(value) else None
            case "Items":
                return self._items(value)
            case "ErrorPath" | "CausePath":
                known = isinstance(value, str) and value.startswith(("$", *_INTRINSICS))
                return self.place(value) if known else None
            case "Comment" | "Error" | "Cause" | "ItemsPath" | "MaxConcurrencyPath":
                return self.place(value) if isinstance(value, str) else None
        return literal(value, self.place)

    def _time(self, field: str, value: Any) -> Any:
        if field == "Seconds" and is_whole_number(value, least=0):
            return Call("sfn.WaitTime.duration", (duration(value),))
        if not isinstance(value, str) or (field == "Seconds" and not is_jsonata(value)):
            return None
        function = {"SecondsPath": "seconds_path", "TimestampPath": "timestamp_path"}.get(field, field.lower())
        return Call(f"sfn.WaitTime.{function}", (self.place(value),))

    def _items(self, value: Any) -> Any:
        if is_jsonata(value):
            return Call("sfn.ProvideItems.jsonata", (self.place(value),))
        return Call("sfn.ProvideItems.json_array", (literal(value, self.place),)) if isinstance(value, list) else None

    def _adds_parts(self, made: Adopted, located: Located) -> bool:
        """Add what is called on a state of the CDK; False if it would be rendered otherwise."""
        state = located.state
        if located.kind == "Choice":
            return self._adds_choices(made, located)
        if located.kind in {"Parallel", "Map"}:
            retriers = retried(state, self.place)
            catchers = caught(state, self.place, jsonata=located.jsonata)
            if retriers is None or catchers is None or (located.kind == "Map" and not _is_inline(state)):
                return False
            made.calls += retriers
            made.led_to += catchers
        return True

    def _adds_choices(self, made: Adopted, located: Located) -> bool:
        for rule in located.state["Choices"]:
            asked = condition(rule, self.place)
            more = {key: rule[key] for key in ("Comment", "Assign", "Output") if key in rule}
            if asked is None or has_null(rule) or ("Output" in more and not located.jsonata):
                return False
            arguments = {"Comment": "comment", "Assign": "assign", "Output": "outputs"}
            named = {arguments[key]: literal(value, self.place) for key, value in more.items()}
            made.led_to.append(Leads("when", (rule["Next"],), (asked,), named))
        if "Default" in located.state:
            made.led_to.append(Leads("otherwise", (located.state["Default"],)))
        return True

    def _custom(self, located: Located, variable: str, construct_id: str) -> Adopted | None:
        """A state as a CustomState; None if the CDK would render it otherwise."""
        state = {key: value for key, value in located.state.items() if key not in TRANSITIONS | {"Catch"}}
        catchers = caught(located.state, self.place, jsonata=located.jsonata)
        of_its_own = located.kind in {"Choice", "Map", "Parallel", "Succeed", "Fail"}
        has_output = located.jsonata and any("Output" in each for each in located.state.get("Catch", ()))
        if construct_id != located.name or of_its_own or has_output or catchers is None or has_null(state):
            return None
        call = Call("sfn.CustomState", (Code(STACK), construct_id), {"state_json": literal(state, self.place)})
        return Adopted(located.name, variable, call, led_to=catchers, stays="CustomState")

    def _raw(self, located: Located, variable: str, construct_id: str) -> Adopted:
        """A state as it is."""
        left_out = TRANSITIONS | ({"Branches"} if located.kind == "Parallel" else {"Iterator"})
        state = {key: value for key, value in located.state.items() if key not in left_out}
        inner = located.state.get("ItemProcessor", located.state.get("Iterator"))
        if isinstance(inner, dict):
            state["ItemProcessor"] = {key: value for key, value in inner.items() if key not in {"StartAt", "States"}}
        elsewhere = {name for _, name in targets(located.state)} - {located.state.get("Next")}
        named: dict[str, Any] = {"state_json": literal(state, self.place)}
        if construct_id != located.name:
            named = {"state_name": located.name, **named}
        call = Call("RawState", (Code(STACK), construct_id), named)
        leads = [Leads("leads_to", tuple(sorted(elsewhere)))] if elsewhere else []
        return Adopted(located.name, variable, call, led_to=leads, stays="RawState")


_TIMES: Final = frozenset({"Seconds", "SecondsPath", "Timestamp", "TimestampPath"})
_USUAL: Final = Code("")


def _is_expression(field: str, value: Any) -> bool:
    return field == "ItemSelector" and is_jsonata(value)


def _renamed(argument: str, value: Any) -> str:
    """The argument of an expression, which the CDK names apart."""
    return f"jsonata_{argument}" if argument in {"max_concurrency", "item_selector"} and is_jsonata(value) else argument


def _result(shown: Any, value: Any) -> Any:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return Call(f"sfn.Result.from_{kinds[type(value)]}", (shown,))


def _is_inline(state: Mapping[str, Any]) -> bool:
    inner = state.get("ItemProcessor", state.get("Iterator"))
    return isinstance(inner, dict) and inner.get("ProcessorConfig", {}) in _INLINE


def inner_machines(state: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The state machines within a state, each with the method that takes it."""
    for branch in state.get("Branches", ()):
        yield "branch", branch
    inner = state.get("ItemProcessor", state.get("Iterator"))
    if isinstance(inner, dict):
        yield "item_processor", inner
