"""One state as it stands in a program, and what several modules say of states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.adopting.python_text import Call, Code, literal
from constructs_sm.adopting.typed_requests import duration
from constructs_sm.language.error_names import ALL

if TYPE_CHECKING:
    from constructs_sm.adopting.python_text import Place

DISCARD: Final = Code("sfn.JsonPath.DISCARD")
JSONATA: Final = Code("sfn.QueryLanguage.JSONATA")
TRANSITIONS: Final = frozenset({"Next", "End"})
_RETRIERS: Final = {
    "ErrorEquals": "errors",
    "IntervalSeconds": "interval",
    "MaxAttempts": "max_attempts",
    "BackoffRate": "backoff_rate",
    "MaxDelaySeconds": "max_delay",
    "JitterStrategy": "jitter_strategy",
}
_CATCHERS: Final = frozenset({"ErrorEquals", "Next", "ResultPath", "Assign", "Output"})


@dataclass(slots=True)
class Adopted:
    """One state of a definition in a program.

    Attributes:
        name: Its name in the definition.
        variable: Its variable.
        call: The expression that makes it.
        calls: What is called on it before it is chained: retriers, inner states.
        led_to: The calls that say where else it leads: function, what is passed before the state, its name, the rest.
        stays: Why it is no job and no class of the CDK for its type; empty where it is one.
    """

    name: str
    variable: str
    call: Call
    calls: list[Call] = field(default_factory=list)
    led_to: list[Leads] = field(default_factory=list)
    stays: str = ""


@dataclass(frozen=True, slots=True)
class Leads:
    """A call that says where a state leads.

    Attributes:
        function: As `when`.
        before: The arguments before the states.
        targets: The names of the states.
        named: Named arguments.
    """

    function: str
    targets: tuple[str, ...]
    before: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)


def path_argument(path: Any, place: Place) -> Any:
    """A path of a state: None is JSON's null, which discards."""
    return DISCARD if path is None else place(path)


def is_path(path: Any) -> bool:
    """Tell whether the CDK takes it as a path."""
    return path is None or (isinstance(path, str) and path.startswith("$"))


def has_null(value: Any) -> bool:
    """Tell whether there is a null in a value, which does not cross the bridge to the CDK."""
    if isinstance(value, Mapping):
        return any(map(has_null, value.values()))
    return any(map(has_null, value)) if isinstance(value, list) else value is None


def caught(state: Mapping[str, Any], place: Place, *, jsonata: bool, on: str = "") -> list[Leads] | None:
    """The catchers of a state as calls of `add_catch`; None if the CDK would render one otherwise.

    Args:
        state: The state.
        place: Puts expressions into its texts.
        jsonata: True of a state in JSONata.
        on: The attribute that takes variables and outputs, where the state itself does not.
    """
    found = []
    for catcher in state.get("Catch", ()):
        errors, path = catcher["ErrorEquals"], catcher.get("ResultPath", "$")
        usual = {"ResultPath"} if jsonata else {"Output"}
        if not catcher.keys() <= _CATCHERS - usual or not is_path(path) or (ALL in errors and len(errors) > 1):
            return None
        if has_null({key: value for key, value in catcher.items() if key != "ResultPath"}):
            return None
        named: dict[str, Any] = {} if errors == [ALL] else {"errors": literal(errors, place)}
        if path != "$":
            named["result_path"] = path_argument(path, place)
        more = {
            argument: literal(catcher[key], place)
            for key, argument in (("Assign", "assign"), ("Output", "outputs"))
            if key in catcher
        }
        function = f"{on}.add_catch" if on and more else "add_catch"
        found.append(Leads(function, (catcher["Next"],), named={**named, **more}))
    return found


def retried(state: Mapping[str, Any], place: Place) -> list[Call] | None:
    """The retriers of a state as calls of the CDK's `add_retry`; None if it would render one otherwise."""
    found = []
    for retrier in state.get("Retry", ()):
        if not retrier.keys() <= _RETRIERS.keys() or has_null(retrier):
            return None
        named: dict[str, Any] = {}
        for key, argument in _RETRIERS.items():
            if key not in retrier:
                continue
            value = retrier[key]
            match key:
                case "IntervalSeconds" | "MaxDelaySeconds" if isinstance(value, int):
                    named[argument] = duration(value)
                case "JitterStrategy" if value in {"FULL", "NONE"}:
                    named[argument] = Code(f"sfn.JitterType.{value}")
                case "ErrorEquals":
                    named[argument] = literal(value, place)
                case "MaxAttempts" | "BackoffRate" if isinstance(value, (int, float)):
                    named[argument] = value
                case _:
                    return None
        if named.get("errors") == [ALL]:
            del named["errors"]
        found.append(Call("add_retry", named=named))
    return found
