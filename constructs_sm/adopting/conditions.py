"""Rules of a Choice as conditions of the CDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.adopting.python_text import Call
from constructs_sm.language.late_bound import is_jsonata

if TYPE_CHECKING:
    from constructs_sm.adopting.python_text import Place

_COMPARED: Final = {
    **{
        f"{kind}{relation}{end}": f"{prefix}_{called}{'_json_path' if end else ''}"
        for kind, prefix in (("String", "string"), ("Numeric", "number"), ("Timestamp", "timestamp"))
        for relation, called in (
            ("Equals", "equals"),
            ("LessThan", "less_than"),
            ("LessThanEquals", "less_than_equals"),
            ("GreaterThan", "greater_than"),
            ("GreaterThanEquals", "greater_than_equals"),
        )
        for end in ("", "Path")
    },
    "BooleanEquals": "boolean_equals",
    "BooleanEqualsPath": "boolean_equals_json_path",
    "StringMatches": "string_matches",
}
"""The condition of the CDK that compares, by the operator of Amazon States Language."""
_ASKED: Final = {
    "IsPresent": "present",
    "IsNull": "null",
    "IsBoolean": "boolean",
    "IsNumeric": "numeric",
    "IsString": "string",
    "IsTimestamp": "timestamp",
}
_OF_THE_RULE: Final = {"Next", "Comment", "Assign", "Output"}
_VALUES: Final = (("Numeric", (int, float)), ("Boolean", (bool,)))


def condition(rule: Mapping[str, Any], place: Place) -> Call | None:
    """The condition of a rule, without where it leads; None if the CDK has none that is rendered as it."""
    given = {key: value for key, value in rule.items() if key not in _OF_THE_RULE}
    match given:
        case {"Condition": str(expression), **rest} if not rest and is_jsonata(expression):
            return Call("sfn.Condition.jsonata", (place(expression),))
        case {"Not": Mapping() as inner, **rest} if not rest:
            return _compound("not_", [inner], place)
        case {"And": list(inner), **rest} if not rest and inner:
            return _compound("and_", inner, place)
        case {"Or": list(inner), **rest} if not rest and inner:
            return _compound("or_", inner, place)
        case {"Variable": str(path), **rest} if len(rest) == 1 and path.startswith("$"):
            ((operator, value),) = rest.items()
            return _comparison(path, operator, value, place)
    return None


def _compound(operator: str, inner: list[Any], place: Place) -> Call | None:
    made = [condition(each, place) if isinstance(each, Mapping) else None for each in inner]
    return None if None in made else Call(f"sfn.Condition.{operator}", tuple(made))


def _comparison(path: str, operator: str, value: Any, place: Place) -> Call | None:
    if operator in _ASKED and isinstance(value, bool):
        return Call(f"sfn.Condition.is_{'' if value else 'not_'}{_ASKED[operator]}", (place(path),))
    if operator not in _COMPARED:
        return None
    compared = () if operator.endswith("Path") else (kinds for name, kinds in _VALUES if operator.startswith(name))
    kinds = next(iter(compared), (str,))
    is_flag = isinstance(value, bool)
    if not isinstance(value, kinds) or is_flag is not (bool in kinds):
        return None
    shown = place(value) if isinstance(value, str) else value
    return Call(f"sfn.Condition.{_COMPARED[operator]}", (place(path), shown))
