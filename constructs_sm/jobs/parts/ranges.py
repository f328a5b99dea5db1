"""Search space of a tuning job: ranges of hyperparameters, from Python values or said in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.jobs.parts.fields import named, text_list, texts
from constructs_sm.language.errors import Problem
from constructs_sm.language.late_bound import is_token
from constructs_sm.language.numbers import is_number
from constructs_sm.requests.rendering import Structure

if TYPE_CHECKING:
    from constructs_sm.jobs.parts.fields import Scalar, TextList

_ENDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interval(Structure):
    min_value: Scalar
    max_value: Scalar
    scaling_type: str | None = None

    def to_request(self) -> dict[str, Any]:
        ends = texts({"MinValue": self.min_value, "MaxValue": self.max_value})
        return {**ends, "ScalingType": self.scaling_type}


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerParameterRange(_Interval):
    """A hyperparameter that is a whole number, with the scale it is searched by.

    Attributes:
        min_value: The lowest.
        max_value: The highest.
        scaling_type: `Auto` (SageMaker's default), `Linear` or `Logarithmic`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuousParameterRange(_Interval):
    """A hyperparameter that is a real number, with the scale it is searched by.

    Attributes:
        min_value: The lowest.
        max_value: The highest.
        scaling_type: `Auto` (SageMaker's default), `Linear`, `Logarithmic` or `ReverseLogarithmic`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoricalParameterRange(Structure):
    """A hyperparameter with a list of choices.

    Attributes:
        values: All of them.
    """

    values: TextList

    def to_request(self) -> dict[str, Any]:
        return {"Values": text_list(self.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoParameter(Structure):
    """A hyperparameter whose range SageMaker's Autotune chooses.

    Attributes:
        value_hint: A value that may do.
    """

    value_hint: Scalar

    def to_request(self) -> dict[str, Any]:
        return texts({"ValueHint": self.value_hint}) or {}


Range: TypeAlias = (
    tuple[int, int]
    | tuple[float, float]
    | Sequence[str]
    | IntegerParameterRange
    | ContinuousParameterRange
    | CategoricalParameterRange
    | AutoParameter
)
"""`(3, 10)` integers, `(0.1, 0.5)` real numbers, `["a", "b"]` choices; or a range that says more."""

_FIELDS: dict[type[Structure], str] = {
    IntegerParameterRange: "IntegerParameterRanges",
    ContinuousParameterRange: "ContinuousParameterRanges",
    CategoricalParameterRange: "CategoricalParameterRanges",
    AutoParameter: "AutoParameters",
}


def parameter_ranges(ranges: Any, problems: list[Problem]) -> dict[str, list[dict[str, Any]]]:
    """ParameterRanges, as SageMaker sorts them: by the type of their values, the ends written as strings."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, values in named(ranges, "ranges", problems).items():
        range_ = _range(values)
        if range_ is None:
            use = "pass (lowest, highest), or a list of choices"
            problems.append(Problem(f"ranges['{name}'] is no range", values, use, "argument-value"))
            continue
        if isinstance(range_, _Interval) and (wrong := _wrong_ends(range_)):
            what, use = wrong
            problems.append(Problem(f"ranges['{name}'] {what}", values, use, "argument-value"))
        found.setdefault(_FIELDS[type(range_)], []).append({"Name": name, **range_.to_request()})
    return found


def _range(values: Any) -> Structure | None:
    if type(values) in _FIELDS:
        return values  # type: ignore[no-any-return]
    if isinstance(values, list) and values:
        return CategoricalParameterRange(values=values)
    if isinstance(values, tuple) and len(values) == _ENDS and all(map(is_number, values)):
        whole = all(isinstance(end, int) for end in values)
        cls = IntegerParameterRange if whole else ContinuousParameterRange
        return cls(min_value=values[0], max_value=values[1])
    return None


def _wrong_ends(interval: _Interval) -> tuple[str, str] | None:
    """Say what is wrong with the ends, and what to do; None of ends that come later, or are right."""
    low, high = interval.min_value, interval.max_value
    if not is_number(low) or not is_number(high) or is_token(low) or is_token(high):
        return None
    if low > high:
        return "ends before it begins", f"pass ({high}, {low})"
    if interval.scaling_type == "Logarithmic" and low <= 0:
        return "cannot be searched by a logarithmic scale", "begin it above 0, or take scaling_type='Linear'"
    return None
