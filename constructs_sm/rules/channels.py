"""Judgements of what a training or a processing job reads: input modes, manifests, instance groups, local paths."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from constructs_sm.language.errors import NOTHING
from constructs_sm.language.fields import join
from constructs_sm.language.late_bound import is_late_bound
from constructs_sm.rules.kinds import UNKNOWN, hides, steps_of, structures, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.rules.kinds import Found, Structure
    from constructs_sm.rules.rule import Rule

_S3: Final = "DataSource.S3DataSource"
_ALGORITHM: Final = "AlgorithmSpecification"
_MANIFESTS: Final = ("ManifestFile", "AugmentedManifestFile")


def compressed(rule: Rule, definition: Structure, path: str) -> Found:
    """Channels of compressed data that are not read in a pipe."""
    return _without_pipe(rule, definition, path, ("", "CompressionType", "Gzip"))


def wrapped(rule: Rule, definition: Structure, path: str) -> Found:
    """Channels whose objects are wrapped in records, and that are not read in a pipe."""
    return _without_pipe(rule, definition, path, ("", "RecordWrapperType", "RecordIO"))


def augmented(rule: Rule, definition: Structure, path: str) -> Found:
    """Channels of augmented manifests that are not read in a pipe."""
    return _without_pipe(rule, definition, path, (_S3, "S3DataType", "AugmentedManifestFile"))


def _without_pipe(rule: Rule, definition: Structure, path: str, asks: tuple[str, str, str]) -> Found:
    holder, field, value = asks
    below = f".{holder}" if holder else ""
    asking = [
        at for channel, at in structures(definition, f"InputDataConfig[]{below}", path) if channel.get(field) == value
    ]
    for channel, place in structures(definition, "InputDataConfig[]", path) if asking else ():
        at = f"{place}{below}"
        if at in asking and (mode := _mode(definition, channel)) not in (None, UNKNOWN, "Pipe"):
            yield rule.problem(f"{join(at, field)} {value} needs input mode Pipe", mode)


def _mode(definition: Structure, channel: Structure) -> object:
    """Return how a channel is read: by its own word, or the job's."""
    own = value_of(channel, "InputMode")
    if own is not None:
        return own
    modes = [value_of(algorithm, "TrainingInputMode") for algorithm, _ in structures(definition, _ALGORITHM)]
    return modes[0] if modes else None


def manifests(rule: Rule, structure: Structure, path: str) -> Found:
    """A source in S3 that is a manifest: what it lists is read too."""
    if value_of(structure, "S3DataType") in _MANIFESTS:
        what = f"{join(path, 'S3Uri')} is a manifest, and the objects that it lists are not granted"
        yield rule.problem(what, _shown(structure, "S3Uri"))


def manifest_of_objects(rule: Rule, structure: Structure, path: str) -> Found:
    """A manifest of what is to be labeled."""
    if "ManifestS3Uri" in structure:
        what = f"{join(path, 'ManifestS3Uri')}: the objects that it lists are not granted"
        yield rule.problem(what, _shown(structure, "ManifestS3Uri"))


def _shown(structure: Structure, field: str) -> object:
    return structure.get(field, NOTHING)


def channels_of_groups(rule: Rule, definition: Structure, path: str) -> Found:
    """Channels that name no instance groups, beside others that do."""
    sources = list(structures(definition, f"InputDataConfig[].{_S3}", path))
    naming = [place for source, place in sources if "InstanceGroupNames" in source]
    for source, place in sources:
        if naming and "InstanceGroupNames" not in source:
            what = f"{join(place, 'InstanceGroupNames')} is missing"
            yield rule.problem(what, fix=f"give it in all channels, as in {naming[0]}, or in none")


def unknown_groups(rule: Rule, definition: Structure, path: str) -> Found:
    """Names of instance groups that the cluster does not have."""
    sources = structures(definition, f"InputDataConfig[].{_S3}", path)
    naming = [(source["InstanceGroupNames"], place) for source, place in sources if "InstanceGroupNames" in source]
    if not naming or hides(definition, steps_of("ResourceConfig.InstanceGroups[]")):
        return
    groups = [group for group, _ in structures(definition, "ResourceConfig.InstanceGroups[]")]
    names = [value_of(group, "InstanceGroupName") for group in groups]
    if UNKNOWN in names:
        return
    for named, place in naming:
        for name in named if isinstance(named, list) else ():
            if name not in names and isinstance(name, str) and not is_late_bound(name):
                known = f"name one of {', '.join(map(str, names))}" if names else "the cluster has no instance groups"
                yield rule.problem(f"{join(place, 'InstanceGroupNames')} names no instance group", name, known)


def local_paths(rule: Rule, request: Structure, path: str) -> Found:
    """Local paths that two inputs have, or an input and an output."""
    inputs: dict[str, str] = {}
    for local, place in _local_paths(request, path, "ProcessingInputs[]", ("S3Input", "DatasetDefinition")):
        if local in inputs:
            yield rule.problem(f"{place} is that of {inputs[local]} too", local)
        inputs.setdefault(local, place)
    for local, place in _local_paths(request, path, "ProcessingOutputConfig.Outputs[]", ("S3Output",)):
        if local in inputs:
            yield rule.problem(f"{place} is that of {inputs[local]} too", local)


def _local_paths(request: Structure, path: str, items: str, kinds: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for item, at in structures(request, items, path):
        for kind in kinds:
            for structure, place in structures(item, kind, at):
                local = value_of(structure, "LocalPath")
                if isinstance(local, str) and local:
                    yield posixpath.normpath(local), join(place, "LocalPath")


def instances_in_vpc(rule: Rule, definition: Structure, path: str) -> Found:
    """Several instances of one training, in a VPC."""
    if "VpcConfig" not in definition:
        return
    for resources, place in structures(definition, "ResourceConfig", path):
        groups = [value_of(group, "InstanceCount") for group, _ in structures(resources, "InstanceGroups[]")]
        choices = [value_of(choice, "InstanceCount") for choice, _ in structures(resources, "InstancePreferences[]")]
        alone = value_of(resources, "InstanceCount")
        for name, counts in (("InstanceCount", [alone]), ("InstanceGroups", groups), ("InstancePreferences", choices)):
            known = [count for count in counts if isinstance(count, int)]
            # Groups work together, and of several types to choose from there is one.
            count = sum(known) if name == "InstanceGroups" else max(known, default=0)
            if count > 1:
                yield rule.problem(f"{join(place, name)}: {rule.what}", count)


def spot_without_checkpoints(rule: Rule, definition: Structure, path: str) -> Found:
    """A training on spot capacity that keeps nothing of what it has done."""
    if value_of(definition, "EnableManagedSpotTraining") is True and "CheckpointConfig" not in definition:
        yield rule.problem(f"{join(path, 'CheckpointConfig')} is missing: {rule.what}")
