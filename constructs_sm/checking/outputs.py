"""Choices on fields that the output of a job may not have, and Maps that hand on whole descriptions of jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language import flow
from constructs_sm.language.paths import keys_before
from constructs_sm.requests.api_model import output_shape
from constructs_sm.rules import machine_rules as rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.actions import Action
    from constructs_sm.checking.scene import Scene
    from constructs_sm.rules.rule import Violation

_NEVER_THERE: Final = frozenset({"FinalMetricDataList", "FinalHyperParameterTuningJobObjectiveMetric"})
"""Fields of the Describe output that the output of `.sync` was never seen with."""
_ADDED: Final = frozenset({"Tags"})
"""Fields that Step Functions adds to an output."""


def outputs(scene: Scene) -> Iterator[Violation]:
    """Find Choices on what is not there, and Maps whose results are too large."""
    made = _made(scene)
    if made:
        found = flow.points(scene.definition)
        for located in scene.states:
            point = found.get(located.name)
            if located.kind == "Choice" and point is not None and not located.jsonata:
                for number, rule in enumerate(located.state.get("Choices", ())):
                    yield from _read(
                        rule, f"{located.where}/Choices[{number}]", point.before.results, made, frozenset()
                    )
    yield from _maps(scene)


def _made(scene: Scene) -> dict[tuple[str, ...], tuple[Action, bool] | None]:
    """The action whose output stands at a place, and whether it was waited for; None where several may."""
    made: dict[tuple[str, ...], tuple[Action, bool] | None] = {}
    for located in scene.states:
        called = located.called
        path = located.state.get("ResultPath", "$")
        if located.jsonata or not isinstance(path, str):
            continue
        place: tuple[str, ...] = keys_before(path)[0]
        output = None
        if (
            called is not None
            and not called.sdk
            and called.action is not None
            and "ResultSelector" not in located.state
        ):
            output = (called.action, called.pattern == "sync")
        if not place:
            if output is not None and located.state.get("OutputPath", "$") == "$":
                made[(flow.root_of(located.name),)] = output
            continue
        made[place] = output if made.get(place, output) == output else None
    return {place: output for place, output in made.items() if output is not None}


def _read(
    rule: Any, where: str, results: flow.Places, made: Mapping[tuple[str, ...], Any], asked: frozenset[str]
) -> Iterator[Violation]:
    if not isinstance(rule, dict) or results is None:
        return
    if "And" in rule and isinstance(rule["And"], list):
        for number, part in enumerate(rule["And"]):
            yield from _read(part, f"{where}/And[{number}]", results, made, asked)
            if isinstance(part, dict) and part.get("IsPresent") is True:
                asked |= {str(part.get("Variable"))}
        return
    for name in ("Or", "Not"):
        parts = rule.get(name)
        for number, part in enumerate(parts if isinstance(parts, list) else [parts] if parts else ()):
            yield from _read(
                part, f"{where}/{name}[{number}]" if name == "Or" else f"{where}/Not", results, made, asked
            )
    variable = rule.get("Variable")
    if isinstance(variable, str) and "IsPresent" not in rule and variable not in asked:
        yield from _variable(variable, where, results, made)


def _variable(
    variable: str, where: str, results: frozenset[tuple[str, ...]], made: Mapping[tuple[str, ...], Any]
) -> Iterator[Violation]:
    keys = keys_before(variable)[0]
    roots = [place for place in results if len(place) == 1 and place[0].startswith("$")]
    for place, output in made.items():
        inside = keys[len(place) :] if keys[: len(place)] == place and place in results else ()
        if roots == [place]:
            inside = keys
            if any(keys[: len(other)] == other for other in results if other != place):
                continue
        if not inside:
            continue
        action, waited = output
        field = inside[0]
        told = _doubt(action, waited=waited, field=field)
        missing = next((name for name in inside if name in _NEVER_THERE), None)
        if waited and missing:
            told = f"the output of .sync has no {missing}: ask for it with aws-sdk:sagemaker:describe{action.noun}"
        if told:
            yield rules.PATH_MISSING.broken(f"{where}/Variable", variable, what=told)


def _doubt(action: Action, *, waited: bool, field: str) -> str:
    if field in _ADDED:
        return ""
    operation = action.describe if waited else action.operation
    shape = output_shape(operation)
    if field not in shape.members:
        what = f"the output of {action.api}{'.sync' if waited else ''} has no {field}"
        waits = action.sync and not waited and field in output_shape(action.describe).members
        return f"{what}: only .sync waits for it" if waits else what
    if waited and field not in shape.required_members:
        return f"not every output of {action.api}.sync has {field}: {rules.PATH_MISSING.what}"
    return ""


def _maps(scene: Scene) -> Iterator[Violation]:
    for located in scene.states:
        if located.kind != "Map" or "ResultWriter" in located.state:
            continue
        result = located.state.get("ResultPath", "$")
        output = json.dumps(located.state.get("Output", "$states.result"))
        selected = "ResultSelector" in located.state
        if result is None or selected or "$states.result" not in output:
            continue
        for inner in scene.states:
            called = inner.called
            ends = inner.around[-1:] == (located,) and inner.state.get("End") is True
            kept = {"ResultSelector", "Output", "OutputPath"}.isdisjoint(inner.state) and inner.state.get(
                "ResultPath", "$"
            )
            if ends and kept and called and called.action and called.pattern == "sync":
                yield rules.PAYLOAD_GROWS.broken(inner.where, what=f"{rules.PAYLOAD_GROWS.what}: '{located.name}'")
