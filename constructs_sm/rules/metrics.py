"""Judgements of metrics: expressions that find them in a log, and objectives that none of them yields."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.fields import join
from constructs_sm.rules.kinds import UNKNOWN, structures, text_of, value_of
from constructs_sm.rules.published import ecr_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.rules.kinds import Found, Structure
    from constructs_sm.rules.rule import Rule

_JOB: Final = "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective"
_FOREIGN: Final = (
    (re.compile(r"\\Q.*?(?:\\E|\Z)", re.DOTALL), "x"),
    (re.compile(r"\\(?:[pPx]\{[^{}]*\}|[kg](?:<\w+>|'\w+'|\{\w+\})|c.|[pP][A-Z]|[1-9]\d*|0[0-7]{0,3})"), "x"),
    (re.compile(r"((?<!\\)(?:\\\\)*)\\[ac-zAC-Z]"), r"\1x"),
    (re.compile(r"\(\?[a-zA-Z^]*(?:-[a-zA-Z]+)?\)|\(\?(?:R|[+-]?\d+|&\w+|P[>=]\w+)\)"), ""),
    (re.compile(r"\(\?(?:[a-zA-Z^]*(?:-[a-zA-Z]+)?:|[>|=!]|<[=!]|P?<\w+>|'\w+')"), "(?:"),
    (re.compile(r"([*+?}])\+"), r"\1"),
)
"""Spellings of other engines than Python's, each with what stands for it here."""
_OF_ALL: Final = (
    "missing )",
    "missing -, : or )",
    "unbalanced parenthesis",
    "unterminated character set",
    "nothing to repeat",
    "multiple repeat",
    "bad character range",
    "bad escape (end of pattern)",
    "min repeat greater than max repeat",
)
"""Errors of every engine, in the words of Python's. Which engine reads the logs, AWS does not say."""


def expressions(rule: Rule, definition: Structure, path: str) -> Found:
    """Expressions that no engine takes."""
    for metric, place in structures(definition, "AlgorithmSpecification.MetricDefinitions[]", path):
        written = value_of(metric, "Regex")
        error = _error(written) if isinstance(written, str) else None
        if error:
            yield rule.problem(f"{join(place, 'Regex')} does not compile: {error}", written)


@cache
def _error(written: str) -> str | None:
    for form, spelling in _FOREIGN:
        written = form.sub(spelling, written)
    try:
        with warnings.catch_warnings():
            # Of what means something else in other engines.
            warnings.simplefilter("ignore")
            re.compile(written)
    except re.error as error:
        return error.msg if error.msg.startswith(_OF_ALL) else None
    return None


def objectives(rule: Rule, request: Structure, path: str) -> Found:
    """Objectives of a tuning that the metric definitions of its trainings do not yield."""
    shared = [(value_of(objective, "MetricName"), place) for objective, place in structures(request, _JOB, path)]
    for kind in ("TrainingJobDefinition", "TrainingJobDefinitions[]"):
        for definition, at in structures(request, kind, path):
            own = structures(definition, "TuningObjective", at)
            named = (
                [(value_of(objective, "MetricName"), place) for objective, place in own]
                if "TuningObjective" in definition
                else shared
            )
            for name, place in named:
                if isinstance(name, str) and not yields(definition, name):
                    yield _undefined(rule, definition, join(place, "MetricName"), name)


def undefined(rule: Rule, training: Structure, name: str) -> Found:
    """A metric that is read after a training, and that this does not yield."""
    if not yields(training, name):
        yield _undefined(rule, training, "the metric", name)


def _undefined(rule: Rule, definition: Structure, where: str, name: str) -> Any:
    known = _defined(definition)
    use = f"name one of {', '.join(known)}, or define it: metric_definitions=" if known else ""
    return rule.problem(f"{where} is yielded by no metric definition", name, use)


def yields(definition: Structure, name: str) -> bool:
    """Tell whether a training may report a metric, as far as its request shows."""
    for algorithm, _ in structures(definition, "AlgorithmSpecification"):
        metrics = value_of(algorithm, "MetricDefinitions")
        if metrics is UNKNOWN:
            return True
        if metrics:
            names = [value_of(metric, "Name") for metric, _ in structures(algorithm, "MetricDefinitions[]")]
            return name in names or UNKNOWN in names or len(names) < len(list(_listed(metrics)))
        return _defines_itself(text_of(algorithm, "TrainingImage"))
    return True


def _listed(value: object) -> Iterator[object]:
    if isinstance(value, (list, tuple)):
        yield from value


def _defined(definition: Structure) -> list[str]:
    found = structures(definition, "AlgorithmSpecification.MetricDefinitions[]")
    return [name for metric, _ in found if isinstance(name := value_of(metric, "Name"), str)]


def _defines_itself(image: str | None) -> bool:
    """Tell whether an image may report metrics without definitions: all but the frameworks that AWS publishes."""
    found = ecr_image(image)
    return found is None or not found.is_published or found.is_algorithm
