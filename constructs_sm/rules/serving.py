"""Judgements of endpoints and batch transforms, together with the models that they serve."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from constructs_sm.language.fields import join
from constructs_sm.rules import processing_rules, serving_rules
from constructs_sm.rules.containers import processors, types_in
from constructs_sm.rules.kinds import structures, text_of, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from constructs_sm.language.errors import Problem
    from constructs_sm.rules.kinds import Found, Structure
    from constructs_sm.rules.rule import Rule

VARIANTS: Final = ("ProductionVariants[]", "ShadowProductionVariants[]")
_CONTAINERS: Final = ("PrimaryContainer", "Containers[]")


def _is_serverless(request: Structure) -> bool:
    return any("ServerlessConfig" in variant for variants in VARIANTS for variant, _ in structures(request, variants))


def serverless_without(field: str) -> Any:
    """A judgement of a field that a serverless endpoint does not take."""

    def find(rule: Rule, request: Structure, path: str) -> Found:
        if _is_serverless(request) and field in request and value_of(request, field) not in (False, None):
            yield rule.problem(f"{join(path, field)}: {rule.what}")

    return find


def serverless_capture(rule: Rule, request: Structure, path: str) -> Found:
    """Capture of data, unless it is turned off."""
    if _is_serverless(request):
        for capture, place in structures(request, "DataCaptureConfig", path):
            if value_of(capture, "EnableCapture") is not False:
                yield rule.problem(f"{place}: {rule.what}")


def serverless_alone(rule: Rule, request: Structure, path: str) -> Found:
    """More variants than a serverless endpoint has."""
    variants = [place for kind in VARIANTS for _, place in structures(request, kind, path)]
    if _is_serverless(request) and len(variants) > 1:
        yield rule.problem(f"{' and '.join(variants)}: {rule.what}")


def of_models(operation: str, request: Structure, models: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """Everything that is wrong with a request only because of the models that it names."""
    if operation == "CreateTransformJob":
        for model in models:
            yield from _transformed(request, model)
    elif operation == "CreateEndpointConfig":
        for model in models:
            if _is_serverless(request):
                yield from _serverless(model)
        if len(models) == 1:
            yield from _on(models[0], partial(types_in, request, VARIANTS))


def _transformed(request: Structure, model: Structure) -> Iterator[Problem]:
    for container, _ in _containers(model):
        if "ModelDataSource" in container:
            yield processing_rules.TRANSFORM_MODEL.problem("ModelName: the model has a ModelDataSource")
    yield from _on(model, partial(types_in, request, ("TransformResources",)))


def _serverless(model: Structure) -> Iterator[Problem]:
    where = "the model of a serverless variant"
    containers = list(_containers(model))
    if "VpcConfig" in model:
        yield serving_rules.SERVERLESS_VPC.problem(f"{where} has a VpcConfig")
    if value_of(model, "EnableNetworkIsolation") is True:
        yield serving_rules.SERVERLESS_ISOLATION.problem(f"{where} has EnableNetworkIsolation", got=True)
    if len(containers) > 1:
        yield serving_rules.SERVERLESS_PIPELINE.problem(f"{where} has several containers", len(containers))
    for container, _ in containers:
        if value_of(container, "Mode") == "MultiModel":
            yield serving_rules.SERVERLESS_MULTI_MODEL.problem(f"{where} has Mode MultiModel", "MultiModel")
        for config, _ in structures(container, "ImageConfig"):
            if value_of(config, "RepositoryAccessMode") == "Vpc":
                yield serving_rules.SERVERLESS_REGISTRY.problem(f"{where} has an image of a private registry", "Vpc")


def _on(model: Structure, types_of: Callable[[], Iterable[object]]) -> Iterator[Problem]:
    images = [text_of(container, "Image") for container, _ in _containers(model)]
    yield from processors(images, types_of, "the model's Image")


def _containers(model: Structure) -> Iterator[tuple[Structure, str]]:
    for at in _CONTAINERS:
        yield from structures(model, at)
