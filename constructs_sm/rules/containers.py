"""Judgements of container images and roles: what their texts say, and what stands in another Region or account."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.fields import join
from constructs_sm.language.late_bound import is_late_bound, is_token
from constructs_sm.language.versions import nearest_versions
from constructs_sm.rules import image_rules, published
from constructs_sm.rules.instances import processor_of
from constructs_sm.rules.kinds import structures, text_of, value_of
from constructs_sm.rules.named_fields import NamedField, role_fields
from constructs_sm.rules.published import ecr_image, families

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from constructs_sm.language.arns import Arns
    from constructs_sm.language.errors import Problem
    from constructs_sm.rules.kinds import Found, Structure
    from constructs_sm.rules.rule import Rule

_TRAINING: Final = NamedField("AlgorithmSpecification", "AlgorithmSpecification", "TrainingImage")
_TUNED: Final = ("TrainingJobDefinition", "TrainingJobDefinitions[]")
_CLUSTER: Final = ("", "InstanceGroups[]", "InstancePreferences[]")
RUNS_ON: Final = {
    "CreateTrainingJob": (("", tuple(f"ResourceConfig{f'.{at}' if at else ''}" for at in _CLUSTER)),),
    "CreateHyperParameterTuningJob": tuple(
        (
            definition,
            tuple(
                f"{resources}{f'.{at}' if at else ''}"
                for resources in ("ResourceConfig", "HyperParameterTuningResourceConfig")
                for at in (*_CLUSTER, "InstanceConfigs[]")
            ),
        )
        for definition in _TUNED
    ),
    "CreateProcessingJob": (
        ("", tuple(f"ProcessingResources.ClusterConfig{f'.{at}' if at else ''}" for at in _CLUSTER)),
    ),
}
_IMAGE_OF: Final = {
    "CreateTrainingJob": (_TRAINING,),
    "CreateHyperParameterTuningJob": (_TRAINING,),
    "CreateProcessingJob": (NamedField("AppSpecification", "AppSpecification", "ImageUri"),),
}
_ACCELERATED: Final = "eia"
_ACCOUNT_OF_ROLE: Final = re.compile(r"arn:[^:]*:iam::(\d{12}):role/")
_HOST: Final = re.compile(r"[^/]*[.:][^/]*/|localhost/")
_SHORT: Final = re.compile(r"[a-z][a-z0-9]+(?:[._/-][a-z0-9]+)*(?::[\w.-]+)?", re.ASCII)
"""A name as other tools know images by: it lacks the registry."""


def said_in(request: Structure, fields: Iterable[NamedField], path: str = "") -> list[tuple[str, str]]:
    """The texts of some fields of a request, each with its path."""
    said = []
    for first, at, name in fields:
        # Most requests have few of them.
        if first in request:
            for structure, place in structures(request, at, path):
                value = text_of(structure, name)
                if value is not None:
                    said.append((value, join(place, name)))
    return said


def no_uris(images: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """Images whose texts have no registry in them."""
    for value, path in images:
        if _SHORT.fullmatch(value) and not _HOST.match(value) and not is_late_bound(value):
            use = _published_as(value, "training" if path.endswith(_TRAINING.name) else "inference")
            broken = image_rules.IMAGE_URI if use else image_rules.IMAGE_REGISTRY
            yield broken.problem(f"{path} is no URI of an image", value, use)


def _published_as(value: str, wanted: str) -> str:
    """The way to say an image of AWS's that is written as in a settings file; empty: it is none.

    Args:
        value: As `xgboost:1.7`, of which there is a 1.7-1.
        wanted: Its use, which is said of a family that has several.
    """
    family, _, version = value.partition(":")
    known = {name.removeprefix("sagemaker-"): name for name in families()}
    name = known.get(family.removeprefix("sagemaker-"))
    if name is None:
        return ""
    there, scopes = published.versions(name), published.image_scopes(name)
    near = nearest_versions(version, there) if version and version not in there else ()
    said = [name, *([near[0] if near else version] if version else [])]
    scope = f", image_scope={wanted!r}" if wanted in scopes else ""
    return f"pass images.image({', '.join(map(repr, said))}{scope}), or the whole URI"


def is_for(field: str, *, wanted: str, unwanted: str) -> Any:
    """A judgement of an image that AWS publishes for another use than this."""

    def find(rule: Rule, structure: Structure, path: str) -> Found:
        image = ecr_image(text_of(structure, field))
        scopes = {scope.partition("_")[0] for scope in image.image_scopes} if image else set()
        if unwanted in scopes and wanted not in scopes:
            yield rule.problem(f"{join(path, field)} is an image for {unwanted}", text_of(structure, field))

    return find


def is_of(field: str, name: str) -> Any:
    """A judgement of an image that belongs to a service of AWS's, known by its repository."""

    def find(rule: Rule, structure: Structure, path: str) -> Found:
        image = ecr_image(text_of(structure, field))
        if image is not None and image.repository.startswith(name) and image.is_published:
            yield rule.problem(f"{join(path, field)}: {rule.what}")

    return find


def is_for_accelerators(field: str) -> Any:
    """A judgement of an image that AWS publishes for accelerators of Elastic Inference."""

    def find(rule: Rule, structure: Structure, path: str) -> Found:
        image = ecr_image(text_of(structure, field))
        if image is not None and image.image_scopes == {_ACCELERATED}:
            yield rule.problem(f"{join(path, field)}: {rule.what}")

    return find


def foreign(operation: str, request: Structure, images: Iterable[tuple[str, str]], arns: Arns) -> Iterator[Problem]:
    """Images of another Region, and roles of another account, than a request is made in."""
    if not is_token(arns.region):
        for value, path in images:
            image = ecr_image(value)
            if image is not None and not is_token(image.region) and image.region != arns.region:
                what = f"{path} is of the Region {image.region}, not {arns.region}"
                yield image_rules.IMAGE_REGION.problem(what, value)
    if not is_token(arns.account):
        for value, path in said_in(request, role_fields(operation)):
            account = _ACCOUNT_OF_ROLE.match(value)
            if account is not None and account[1] != arns.account:
                what = f"{path} is of the account {account[1]}, not {arns.account}"
                yield image_rules.ROLE_ACCOUNT.problem(what, value)


def processors(images: Iterable[object], types_of: Callable[[], Iterable[object]], path: str) -> Iterator[Problem]:
    """Images for one kind of processor, on instances that all have the other; their types are asked for if need be."""
    for value in images:
        image = ecr_image(value)
        made_for = image.processor if image else None
        if made_for is None:
            continue
        types = list(dict.fromkeys(map(str, types_of())))
        kinds = set(map(processor_of, types))
        if len(kinds) == 1 and not kinds & {None, made_for}:
            rule = image_rules.GPU_IMAGE if made_for == "gpu" else image_rules.CPU_IMAGE
            what = f"{path} is an image for {made_for.upper()}s, and {', '.join(types)} has another processor"
            yield rule.problem(what, value)


def types_in(structure: Structure, places: Iterable[str]) -> list[object]:
    """The instance types that stand at some places of a structure."""
    types = [value_of(at, "InstanceType") for place in places for at, _ in structures(structure, place)]
    return [found for found in types if found is not None]


def processors_of(operation: str, request: Structure) -> Iterator[Problem]:
    """The same of a request that names both."""
    for definition, cluster in RUNS_ON.get(operation, ()):
        for structure, path in structures(request, definition):
            for image, place in said_in(structure, _IMAGE_OF[operation], path):
                yield from processors([image], partial(types_in, structure, cluster), place)
