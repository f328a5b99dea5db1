"""Faults for which Step Functions refuses one state, whatever stands around it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.error_names import ALL
from constructs_sm.language.jsonata_checks import OPEN, RESULT_SEEN, SEEN, is_expression
from constructs_sm.language.numbers import is_number
from constructs_sm.rules import definition_rules as rules
from constructs_sm.rules import field_checks as check
from constructs_sm.rules import state_fields as fields
from constructs_sm.rules.map_checks import map_state
from constructs_sm.rules.task_checks import task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from constructs_sm.rules.rule import Violation

_LONGEST_WAIT: Final = 99_999_999
_MOST_ATTEMPTS: Final = 99_999_999
_LONGEST_DELAY: Final = 31_622_400
_COMBINED: Final = ("And", "Or", "Not")
_COMPARISON: Final = re.compile(
    r"(?:String|Numeric|Timestamp)(?:Equals|LessThan|GreaterThan|LessThanEquals|GreaterThanEquals)(?:Path)?|"
    r"BooleanEquals(?:Path)?|StringMatches|Is(?:Null|Present|Numeric|String|Boolean|Timestamp)"
)
_VARIABLE: Final = re.compile(r"[^\W\d_]\w{0,79}")
_RESULT_STATES: Final = frozenset({"Task", "Parallel", "Map"})
_WITH_ERROR: Final = SEEN | {"errorOutput"}


def state(written: Mapping[str, Any], where: str, *, jsonata: bool) -> Iterator[Violation]:
    """Check one state, without the states in it."""
    kind = written.get("Type")
    if not isinstance(kind, str) or kind not in fields.COMMON:
        yield rules.SHAPE.broken(
            f"{where}/Type", kind, what=f"the Type of a state is one of {', '.join(fields.COMMON)}"
        )
        return
    yield from _fields(written, kind, where, jsonata=jsonata)
    yield from _ways_on(written, kind, where)
    yield from _retriers(written, where, kind)
    yield from _catchers(written, where, kind, jsonata=jsonata)
    yield from _values(written, kind, where, jsonata=jsonata)
    own = _OWN.get(kind)
    if own is not None:
        yield from own(written, where, jsonata)
    if kind == "Task":
        yield from _credentials(written, where, jsonata=jsonata)
        yield from task(written, where, jsonata=jsonata)


def late_values(written: Mapping[str, Any], where: str, *, jsonata: bool) -> Iterator[Violation]:
    """Check the fields of one state that hold paths and expressions: not what it calls, nor where it leads."""
    kind = written["Type"]
    yield from _fields(written, kind, where, jsonata=jsonata)
    yield from _catchers(written, where, kind, jsonata=jsonata)
    yield from _values(written, kind, where, jsonata=jsonata)
    own = _OWN.get(kind)
    if own is not None:
        yield from own(written, where, jsonata)


def _fields(written: Mapping[str, Any], kind: str, where: str, *, jsonata: bool) -> Iterator[Violation]:
    own, other = (fields.JSONATA, fields.JSON_PATH) if jsonata else (fields.JSON_PATH, fields.JSONATA)
    language = "JSONPath" if jsonata else "JSONata"
    allowed = fields.COMMON[kind] | own[kind]
    for name in written:
        if name in allowed:
            continue
        if name in other[kind]:
            yield check.of_the_other_language(name, language, where)
        else:
            fix = f"take it out; a {kind} state has {', '.join(sorted(allowed))}"
            yield rules.FIELD.broken(where, what=f"Field '{name}' is not supported", fix=fix)


def _ways_on(written: Mapping[str, Any], kind: str, where: str) -> Iterator[Violation]:
    if "End" not in fields.COMMON[kind]:
        return
    if "End" in written and written["End"] is not True:
        yield rules.VALUE.broken(f"{where}/End", written["End"], what="End is true, or is left out")
    elif ("Next" in written) == ("End" in written):
        given = "both" if "Next" in written else "neither"
        yield rules.NEXT_OR_END.broken(where, what=f"a state has Next or End, and this has {given}")


def _retriers(written: Mapping[str, Any], where: str, kind: str) -> Iterator[Violation]:
    if "Retry" not in written or "Retry" not in fields.COMMON[kind]:
        return
    if not isinstance(written["Retry"], list):
        yield rules.VALUE.broken(f"{where}/Retry", written["Retry"], what="Retry is a list")
        return
    for number, retrier in enumerate(written["Retry"]):
        at = f"{where}/Retry[{number}]"
        if not isinstance(retrier, dict):
            yield rules.SHAPE.broken(at, retrier)
            continue
        yield from check.known(retrier, fields.RETRIER, at)
        yield from _errors(retrier, at, is_last=number == len(written["Retry"]) - 1)
        for name, least, most, whole in (
            ("IntervalSeconds", 0, _MOST_ATTEMPTS, True),
            ("MaxAttempts", 0, _MOST_ATTEMPTS, True),
            ("BackoffRate", 1, float("inf"), False),
            ("MaxDelaySeconds", 1, _LONGEST_DELAY, True),
        ):
            if name in retrier:
                yield from check.number(retrier[name], f"{at}/{name}", least=least, most=most, whole=whole)
        if retrier.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
            got = retrier["JitterStrategy"]
            yield rules.VALUE.broken(f"{at}/JitterStrategy", got, what="JitterStrategy is FULL or NONE")


def _errors(handler: Mapping[str, Any], at: str, *, is_last: bool) -> Iterator[Violation]:
    listed = handler.get("ErrorEquals")
    if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
        yield rules.MISSING.broken(at, what="ErrorEquals is a list of errors, at least one")
    elif ALL in listed and (len(listed) > 1 or not is_last):
        yield rules.ERROR_EQUALS.broken(f"{at}/ErrorEquals", listed)


def _catchers(written: Mapping[str, Any], where: str, kind: str, *, jsonata: bool) -> Iterator[Violation]:
    if "Catch" not in written or "Catch" not in fields.COMMON[kind]:
        return
    if not isinstance(written["Catch"], list):
        yield rules.VALUE.broken(f"{where}/Catch", written["Catch"], what="Catch is a list")
        return
    for number, catcher in enumerate(written["Catch"]):
        at = f"{where}/Catch[{number}]"
        if not isinstance(catcher, dict):
            yield rules.SHAPE.broken(at, catcher)
            continue
        yield from check.known_in(catcher, fields.CATCHER, at, jsonata=jsonata)
        yield from _errors(catcher, at, is_last=number == len(written["Catch"]) - 1)
        if "Next" not in catcher:
            yield rules.MISSING.broken(at, what="Field 'Next' is missing")
        if "ResultPath" in catcher and not jsonata:
            yield from check.reference(catcher["ResultPath"], f"{at}/ResultPath", may_be_null=True)
        yield from _left(catcher, at, _WITH_ERROR, jsonata=jsonata)


def _left(written: Mapping[str, Any], where: str, allowed: frozenset[str], *, jsonata: bool) -> Iterator[Violation]:
    """Check what a state, a rule or a catcher assigns and puts out."""
    if "Assign" in written:
        given = written["Assign"]
        at = f"{where}/Assign"
        if not isinstance(given, dict):
            yield rules.VALUE.broken(at, given, what="Assign is an object")
        else:
            for name in given:
                plain = name if jsonata else name.removesuffix(".$")
                if _VARIABLE.fullmatch(plain) is None or plain == "states":
                    told = "a variable has a name of letters, digits and _, which begins with a letter"
                    yield rules.VALUE.broken(at, plain, what=told)
            yield from check.expressions(given, at, allowed) if jsonata else check.payload(given, at)
    if "Output" in written and jsonata:
        yield from check.expressions(written["Output"], f"{where}/Output", allowed)


def _values(written: Mapping[str, Any], kind: str, where: str, *, jsonata: bool) -> Iterator[Violation]:
    allowed = RESULT_SEEN if kind in _RESULT_STATES else SEEN
    yield from _left(written, where, allowed, jsonata=jsonata)
    if jsonata:
        for name in ("Arguments", "Items", "ItemSelector", "Credentials"):
            if name in written:
                yield from check.expressions(written[name], f"{where}/{name}", SEEN)
    else:
        for name in ("Parameters", "ResultSelector", "ItemSelector", "Credentials"):
            if name in written:
                yield from check.payload(written[name], f"{where}/{name}")
        for name in ("InputPath", "OutputPath"):
            if name in written and name in fields.JSON_PATH[kind]:
                yield from check.path(written[name], f"{where}/{name}", may_be_null=True)
        if "ResultPath" in written and "ResultPath" in fields.JSON_PATH[kind]:
            yield from check.reference(written["ResultPath"], f"{where}/ResultPath", may_be_null=True)
    yield from _numbers(written, kind, where, jsonata=jsonata)


_NUMBERS: Final = (
    ("TimeoutSeconds", 1, _LONGEST_WAIT, True),
    ("HeartbeatSeconds", 1, _LONGEST_WAIT, True),
    ("MaxConcurrency", 0, float("inf"), True),
    ("ToleratedFailureCount", 0, float("inf"), True),
    ("ToleratedFailurePercentage", 0, 100, False),
)


def _numbers(written: Mapping[str, Any], kind: str, where: str, *, jsonata: bool) -> Iterator[Violation]:
    for name, least, most, whole in _NUMBERS:
        if name not in fields.COMMON[kind]:
            continue
        if name in written:
            yield from check.number(
                written[name], f"{where}/{name}", least=least, most=most, whole=whole, jsonata=jsonata
            )
        if f"{name}Path" in written and not jsonata:
            yield from check.place(written[f"{name}Path"], f"{where}/{name}Path", of_context=kind == "Task")
            if name in written:
                yield rules.ONE_OF.broken(where, [name, f"{name}Path"])
    timeout, heartbeat = written.get("TimeoutSeconds"), written.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        told = "HeartbeatSeconds is below TimeoutSeconds"
        yield rules.VALUE.broken(f"{where}/HeartbeatSeconds", heartbeat, what=told)


def _wait(written: Mapping[str, Any], where: str, jsonata: bool) -> Iterator[Violation]:
    names = ["Seconds", "Timestamp"] + ([] if jsonata else ["SecondsPath", "TimestampPath"])
    given = [name for name in names if name in written]
    if len(given) != 1:
        yield rules.ONE_OF.broken(where, given, what=f"a Wait has exactly one of {', '.join(names)}")
    if "Seconds" in written:
        yield from check.number(written["Seconds"], f"{where}/Seconds", least=0, most=_LONGEST_WAIT, jsonata=jsonata)
    if "Timestamp" in written:
        yield from _timestamp(written["Timestamp"], f"{where}/Timestamp", jsonata=jsonata)
    for name in ("SecondsPath", "TimestampPath"):
        if name in written and not jsonata:
            yield from check.place(written[name], f"{where}/{name}", of_context=True)


_SECOND: Final = len("2026-01-01T00:00:00")
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def _is_timestamp(value: Any) -> bool:
    if not isinstance(value, str) or _TIMESTAMP.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value[:_SECOND])
    except ValueError:
        return False
    return True


def _timestamp(value: Any, where: str, *, jsonata: bool) -> Iterator[Violation]:
    if jsonata and isinstance(value, str) and value.startswith(OPEN):
        yield from check.expressions(value, where, SEEN)
    elif not _is_timestamp(value):
        yield rules.VALUE.broken(where, value, what="a Timestamp is written like 2026-01-01T00:00:00Z")


def _fail(written: Mapping[str, Any], where: str, jsonata: bool) -> Iterator[Violation]:
    for name in ("Error", "Cause"):
        if name in written:
            if not isinstance(written[name], str):
                yield rules.VALUE.broken(f"{where}/{name}", written[name], what=f"{name} is a text")
            elif jsonata:
                yield from check.expressions(written[name], f"{where}/{name}", SEEN)
        if f"{name}Path" in written and not jsonata:
            yield from check.computed(written[f"{name}Path"], f"{where}/{name}Path")
            if name in written:
                yield rules.ONE_OF.broken(where, [name, f"{name}Path"])


def _choice(written: Mapping[str, Any], where: str, jsonata: bool) -> Iterator[Violation]:
    choices = written.get("Choices")
    if not isinstance(choices, list) or not choices:
        yield rules.MISSING.broken(where, what="a Choice has Choices, at least one")
        return
    for number, rule in enumerate(choices):
        at = f"{where}/Choices[{number}]"
        if not isinstance(rule, dict):
            yield rules.SHAPE.broken(at, rule)
            continue
        of_the_other = [name for name in rule if _is_of_the_other(name, jsonata=jsonata)]
        if of_the_other:
            language = "JSONPath" if jsonata else "JSONata"
            yield from (check.of_the_other_language(name, language, at) for name in of_the_other)
            continue
        if "Next" not in rule:
            yield rules.MISSING.broken(at, what="Field 'Next' is missing")
        yield from _left(rule, at, SEEN, jsonata=jsonata)
        if jsonata:
            yield from check.known(rule, fields.RULE["JSONata"], at)
            yield from _condition_of_jsonata(rule, at)
        else:
            yield from _condition(rule, at, is_outer=True)


def _is_of_the_other(name: str, *, jsonata: bool) -> bool:
    """Tell whether a field of a rule is one of the other query language."""
    if not jsonata:
        return name in fields.RULE["JSONata"] - fields.RULE["JSONPath"]
    return name == "Variable" or name in _COMBINED or _COMPARISON.fullmatch(name) is not None


def _condition_of_jsonata(rule: Mapping[str, Any], at: str) -> Iterator[Violation]:
    if "Condition" not in rule:
        yield rules.MISSING.broken(at, what="Field 'Condition' is missing")
    elif isinstance(rule["Condition"], bool):
        return
    elif not is_expression(rule["Condition"]) and not str(rule["Condition"]).startswith(OPEN):
        yield rules.VALUE.broken(f"{at}/Condition", rule["Condition"], what="a Condition is an expression")
    else:
        yield from check.expressions(rule["Condition"], f"{at}/Condition", SEEN)


def _condition(rule: Any, at: str, *, is_outer: bool) -> Iterator[Violation]:
    if not isinstance(rule, dict):
        yield rules.SHAPE.broken(at, rule)
        return
    outer = fields.RULE["JSONPath"] - {"Variable"} if is_outer else frozenset({"Comment"})
    names = [name for name in rule if name not in outer and name != "Variable"]
    unknown = [name for name in names if name not in _COMBINED and _COMPARISON.fullmatch(name) is None]
    for name in unknown:
        yield rules.FIELD.broken(at, what=f"Field '{name}' is not supported")
    known = [name for name in names if name not in unknown]
    if len(known) != 1:
        if not unknown or known:
            yield rules.ONE_OF.broken(at, known, what="a rule has one comparison, or one of And, Or and Not")
        return
    name = known[0]
    if name in _COMBINED:
        if "Variable" in rule:
            yield rules.ONE_OF.broken(at, ["Variable", name], what=f"a rule with {name} has no Variable of its own")
        parts = [rule[name]] if name == "Not" else rule[name]
        if not isinstance(parts, list) or not parts:
            yield rules.VALUE.broken(f"{at}/{name}", parts, what=f"{name} is a list of rules, at least one")
            return
        for number, part in enumerate(parts):
            yield from _condition(part, f"{at}/{name}[{number}]" if name != "Not" else f"{at}/Not", is_outer=False)
        return
    if "Variable" not in rule:
        yield rules.MISSING.broken(at, what="Field 'Variable' is missing")
    else:
        yield from check.path(rule["Variable"], f"{at}/Variable")
    yield from _compared(name, rule[name], f"{at}/{name}")


def _compared(name: str, value: Any, where: str) -> Iterator[Violation]:
    if name.endswith("Path"):
        yield from check.path(value, where)
    elif name.startswith(("Is", "Boolean")):
        if not isinstance(value, bool):
            yield rules.VALUE.broken(where, value, what=f"{name} is true or false")
    elif name.startswith("Numeric"):
        if not is_number(value):
            yield rules.VALUE.broken(where, value, what=f"{name} is a number")
    elif not isinstance(value, str):
        yield rules.VALUE.broken(where, value, what=f"{name} is a text")
    elif name.startswith("Timestamp") and not _is_timestamp(value):
        yield rules.VALUE.broken(where, value, what=f"{name} is a time like 2026-01-01T00:00:00Z")


def _credentials(written: Mapping[str, Any], where: str, *, jsonata: bool) -> Iterator[Violation]:
    given = written.get("Credentials", {"RoleArn": ""})
    names = {"RoleArn"} if jsonata else {"RoleArn", "RoleArn.$"}
    if jsonata and is_expression(given):
        return
    if not isinstance(given, dict) or not names & given.keys():
        yield rules.VALUE.broken(f"{where}/Credentials", given, what="Credentials are an object with a RoleArn")


def _parallel(written: Mapping[str, Any], where: str, _: bool) -> Iterator[Violation]:
    if not isinstance(written.get("Branches"), list) or not written["Branches"]:
        yield rules.MISSING.broken(where, what="a Parallel has Branches, at least one")


_OWN: Final[dict[str, Callable[[Mapping[str, Any], str, bool], Iterator[Violation]]]] = {
    "Wait": _wait,
    "Fail": _fail,
    "Choice": _choice,
    "Map": map_state,
    "Parallel": _parallel,
}
