"""All rules of a request asked at once: those of its fields, and those that see it whole, its place and its models."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.rules import containers, serving, tags
from constructs_sm.rules.named_fields import image_fields
from constructs_sm.rules.request_constraints import CONSTRAINTS, TAGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.language.arns import Arns
    from constructs_sm.language.errors import Problem
    from constructs_sm.rules.kinds import Constraint


def broken_rules(
    operation: str,
    request: Mapping[str, Any],
    structures: Mapping[str, Sequence[tuple[Mapping[str, Any], str]]],
    *,
    arns: Arns | None = None,
    models: Sequence[Mapping[str, Any]] = (),
) -> list[Problem]:
    """List a problem for each rule of *operation* that *request* breaks, of every severity.

    Args:
        operation: As `CreateTrainingJob`.
        request: Its fields.
        structures: Every structure in it with its own path, by the path of all its like: `Containers[]`.
        arns: The Region and account of the request, where they are known.
        models: The fields of the models that it names, as far as they are known.
    """
    found: list[Problem] = []
    for at, constraints in _constraints_by_path(operation):
        for structure, path in structures.get(at, ()):
            for constraint, about in constraints:
                if about and about.isdisjoint(structure):
                    continue
                if not constraint.lifted_by or constraint.lifted_by not in request:
                    found += constraint.problems(structure, path)
    images = containers.said_in(request, image_fields(operation))
    found += containers.no_uris(images)
    found += containers.processors_of(operation, request)
    found += tags.of_request(request)
    if arns is not None:
        found += containers.foreign(operation, request, images, arns)
    if models:
        found += serving.of_models(operation, request, models)
    return found


@cache
def _constraints_by_path(operation: str) -> list[tuple[str, list[tuple[Constraint, frozenset[str]]]]]:
    by_path: dict[str, list[tuple[Constraint, frozenset[str]]]] = {}
    for constraint in (*CONSTRAINTS.get(operation, ()), TAGS):
        by_path.setdefault(constraint.at, []).append((constraint, frozenset(constraint.about)))
    return list(by_path.items())
