"""Write `constructs_sm/images.json`: the image URI data that the SageMaker Python SDK publishes, made compact.

Raise `VERSION` and run it for newer images. The data come from the SDK's wheel alone, which is downloaded and read, not
installed; how the parts of a tag follow from them is the SDK's `image_uris.retrieve`, said once more in `_tags`.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import botocore
from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PACKAGE = "sagemaker-core"
VERSION = "2.27.0"
TARGET = Path(__file__).parent.parent / "constructs_sm" / "images.json"
_CONFIGS = re.compile(r"sagemaker/core/image_uri_config/(?P<family>[^/]+)\.json")
_LEFT_OUT = {
    "instance_gpu_info": "no images",
    "sagemaker-base-python": "of Studio; no job runs it",
    "pytorch-smp": "the CUDA part of its tags is in the SDK's code, by version and instance",
}
_NEURON = re.compile(r".*-(neuronx?)")
_USUAL_SUFFIX = "amazonaws.com"

Tag = tuple[str | None, str | None, str | None, str]
"""Processor, base framework, Python version (None: not in the tag), and the tag; `{}` is the version as asked for."""
_Selectors: TypeAlias = "tuple[list[str | None], list[str | None]]"
"""Base frameworks, the full name first, and Python versions."""


def main() -> None:
    """Download, compact and write."""
    with tempfile.TemporaryDirectory() as folder:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*download, "--dest", folder, f"{PACKAGE}=={VERSION}"], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        configs = dict(_configs(wheel))
    TARGET.write_text(spelled(compact(configs)))


def compact(configs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what `constructs_sm.images` needs of the SDK's configurations, by family."""
    accounts: dict[str, dict[str, str]] = {}
    families = {family: _family(family, config, accounts) for family, config in sorted(configs.items())}
    registries, by_registry = _merged(accounts)
    return {
        "source": f"{PACKAGE} {VERSION}; suffixes: botocore {botocore.__version__}",
        "suffixes": _suffixes({region for known in accounts.values() for region in known}),
        "registries": registries,
        "accounts": by_registry,
        "families": families,
    }


def spelled(data: Mapping[str, Any]) -> str:
    """*data* as JSON, one row a line, so that a newer version shows as a readable difference."""
    lines = [f"{json.dumps(key)}: {_spelled(value, _DEPTHS.get(key, 1))}" for key, value in data.items()]
    return "{{\n{}\n}}\n".format(",\n".join(lines))


_DEPTHS = {"source": 0, "suffixes": 0, "families": 3}


def _configs(wheel: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            match = _CONFIGS.fullmatch(name)
            if match and match["family"] not in _LEFT_OUT:
                yield match["family"], json.loads(archive.read(name))


def _family(family: str, config: Mapping[str, Any], accounts: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Rows by scope; scopes whose images are the same stand together."""
    if "versions" in config:
        config = dict.fromkeys(config["scope"], config)
    scopes: dict[str, list[str]] = {}
    rows_by_text: dict[str, list[Any]] = {}
    for scope, of_scope in sorted(config.items()):
        rows = _rows(family, scope, of_scope, accounts)
        if rows:
            text = json.dumps(rows)
            rows_by_text[text] = rows
            scopes.setdefault(text, []).append(scope)
    return {" ".join(together): rows_by_text[text] for text, together in scopes.items()}


def _rows(family: str, scope: str, config: Mapping[str, Any], accounts: dict[str, dict[str, str]]) -> list[Any]:
    """Versions, repository, key of the accounts, tags: versions that differ in nothing else share a row."""
    aliases: dict[str, list[str]] = {}
    for alias, version in config.get("version_aliases", {}).items():
        aliases.setdefault(version, []).append(alias)
    shared: dict[str, list[str]] = {}
    for version, given in config["versions"].items():
        images: dict[tuple[str, str], list[Tag]] = {}
        for image, selectors in _images(family, given):
            key = _key(image["registries"], accounts)
            tags = images.setdefault((image["repository"], key), [])
            arm, processors = scope == "inference_graviton", config.get("processors")
            tags.extend(_tags(family, version, image, arm=arm, processors=processors, selectors=selectors))
        for (repository, key), tags in images.items():
            if tags:
                # An alias that is a version itself means the other one, as it does to the SDK.
                own = [] if version in config.get("version_aliases", {}) else [version]
                versions = shared.setdefault(json.dumps([repository, key, tags]), [])
                versions += [*own, *aliases.get(version, ())]
    rows = [[sorted(set(versions), key=_age), *json.loads(text)] for text, versions in shared.items() if versions]
    return sorted(rows, key=lambda row: [_age(row[0][-1]), row[1:]])


def _images(family: str, version: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], _Selectors]]:
    """The images of one version, each with what chooses it: itself, or one a Python version or base framework."""
    if "repository" in version:
        pythons = version.get("py_versions") or [None]
        yield version, ([None], [None, *pythons] if family == "spark" else pythons)
        return
    aliases = version.get("version_aliases", {})
    for name, image in version.items():
        if re.fullmatch(r"py\d+", name):
            yield image, ([None], [name])
        elif "registries" in image:
            short = [alias for alias, full in aliases.items() if full == name]
            yield image, ([name, *short], image["py_versions"])


def _tags(
    family: str,
    version: str,
    image: Mapping[str, Any],
    *,
    arm: bool,
    processors: list[str] | None,
    selectors: _Selectors,
) -> Iterator[Tag]:
    repository: str = image["repository"]
    bases, pythons = selectors
    containers = image.get("container_version")
    if bases != [None] and (not containers or repository.endswith("training-neuronx")):
        return  # The rest of the tag is in the SDK's code, or missing there.
    prefix = _prefix(family, version, image, bases[0], arm=arm)
    for processor in processors or image.get("processors") or [None]:
        if containers and processor not in containers:
            continue  # The SDK has no URI for it either.
        container = containers[processor] if containers else None
        if _NEURON.fullmatch(repository):
            # The latest; compared as strings, as the SDK does.
            container = f"{max(image['sdk_versions'])}-{container}"
        if repository in {f"{family}-inference-graviton", f"{family}-inference-arm64"}:
            container = f"{container}-sagemaker"
        shown = _shown(family, image, processor)
        for base, python in product(bases, pythons):
            yield processor, base, python, "-".join(filter(None, (prefix, shown, python, container)))


def _prefix(family: str, version: str, image: Mapping[str, Any], base: str | None, *, arm: bool) -> str:
    prefix: str = image.get("tag_prefix", "{}" if version else "")
    if base is not None:
        transformers = "{}" if "trcomp" in image["repository"] else version
        prefix = f"{re.sub('^[a-z]+', '', base)}-transformers{transformers}"
    return f"{prefix}-arm64" if arm and family in {"sklearn", "xgboost"} else prefix


def _shown(family: str, image: Mapping[str, Any], processor: str | None) -> str | None:
    """The processor as the tag has it."""
    if not image.get("processor_in_tag", True) or (family == "sagemaker-tritonserver" and processor == "gpu"):
        return None
    neuron = _NEURON.fullmatch(image["repository"])
    return neuron[1] if neuron else processor


def _key(known: Mapping[str, str], accounts: dict[str, dict[str, str]]) -> str:
    """A name for this map of accounts that stays when others come and go."""
    ordered = dict(sorted(known.items()))
    key = hashlib.sha256(json.dumps(ordered).encode()).hexdigest()[:6]
    if accounts.setdefault(key, ordered) != ordered:
        message = f"two maps of accounts have the key {key}"
        raise ValueError(message)
    return key


def _merged(accounts: Mapping[str, Mapping[str, str]]) -> tuple[list[dict[str, str]], dict[str, list[Any]]]:
    """Few registries, of which each map of accounts is one, less some Regions: most differ in nothing else."""
    registries: list[dict[str, str]] = []
    chosen: dict[str, int] = {}
    for key, known in sorted(accounts.items(), key=lambda item: (-len(item[1]), item[0])):
        chosen[key] = next((i for i, registry in enumerate(registries) if _agree(known, registry)), len(registries))
        registries += [{}] * (chosen[key] == len(registries))
        registries[chosen[key]] = {**registries[chosen[key]], **known}
    less = {key: " ".join(sorted(registries[chosen[key]].keys() - accounts[key].keys())) for key in sorted(chosen)}
    return [dict(sorted(r.items())) for r in registries], {key: [chosen[key], less[key]] for key in less}


def _agree(known: Mapping[str, str], registry: Mapping[str, str]) -> bool:
    common = known.keys() & registry.keys()
    return 2 * len(common) >= len(known) and all(known[region] == registry[region] for region in common)


def _suffixes(regions: Iterable[str]) -> dict[str, str]:
    """The domain of the Regions that are not in the usual one."""
    partitions = Loader().load_data("partitions")["partitions"]
    found = {
        region: partition["outputs"]["dnsSuffix"]
        for region in sorted(regions)
        for partition in partitions
        if re.fullmatch(partition["regionRegex"], region)
    }
    return {region: suffix for region, suffix in found.items() if suffix != _USUAL_SUFFIX}


def _age(version: str) -> list[tuple[int, int, str]]:
    """For sorting: older versions first, numbers as numbers."""
    parts = re.findall(r"\d+|[a-z]+", version)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]


def _spelled(value: Any, levels: int) -> str:
    if not levels:
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, list):
        return "[\n{}\n]".format(",\n".join(_spelled(item, levels - 1) for item in value))
    return "{{\n{}\n}}".format(",\n".join(f"{json.dumps(key)}: {_spelled(value[key], levels - 1)}" for key in value))


if __name__ == "__main__":
    main()
