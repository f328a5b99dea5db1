"""Cloud assemblies: the templates in a folder, and what each stack is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.language.document_text import content_of, text_at
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.testing.source.documents import template_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CLOUDFORMATION_STACK = "aws:cloudformation:stack"
_OTHER_FOLDERS = ("template.yaml", "template.yml", "template.json")
"""Templates that a folder without a cloud assembly may have: what `sam build` writes."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of a cloud assembly.

    Attributes:
        names: Display name, artifact id and name of the stack; whoever chooses one may use any.
        template: Its template.
        account: Account that it is for; None if it may be any.
        region: Likewise.
    """

    names: tuple[str, ...]
    template: Path
    account: str | None = None
    region: str | None = None


def stacks_in(folder: Path) -> list[Stack]:
    """The stacks of a cloud assembly, those of its stages and nested ones included; of another folder, its template.

    Raises:
        InvalidInputError: The folder has neither.
    """
    manifests = sorted(folder.rglob("manifest.json")) if (folder / "manifest.json").is_file() else []
    found = [stack for manifest in manifests for stack in _stacks(manifest)]
    found += [Stack((path.name.split(".")[0],), path) for path in sorted(folder.glob("*.nested.template.json"))]
    found += [Stack((path.stem,), path) for name in _OTHER_FOLDERS if (path := folder / name).is_file()]
    if not found:
        got, use = "no manifest.json with a stack", "give the cdk.out that `cdk synth` writes, or a template in it"
        raise InvalidInputError(
            str(folder), [Problem("the folder is no cloud assembly", got, use, "source-of-rehearsal")]
        )
    return found


def stack_of(template: Path) -> Stack | None:
    """The stack of a cloud assembly that a template lies in; None if it lies in none."""
    manifest = template.parent / "manifest.json"
    found = _stacks(manifest) if manifest.is_file() else ()
    return next((stack for stack in found if stack.template.name == template.name), None)


def templates_beside(template: Path) -> Iterator[Mapping[str, Any]]:
    """The templates of the assembly that a template lies in, for what they export."""
    if (template.parent / "manifest.json").is_file():
        for path in sorted(template.parent.glob("*.template.json")):
            yield template_at(path).content


def _stacks(manifest: Path) -> Iterator[Stack]:
    where = str(manifest)
    content = content_of(where, text_at(manifest))
    artifacts = content.get("artifacts", {}) if isinstance(content, Mapping) else {}
    for artifact_id, artifact in artifacts.items() if isinstance(artifacts, Mapping) else ():
        is_stack = isinstance(artifact, Mapping) and artifact.get("type") == _CLOUDFORMATION_STACK
        properties = artifact.get("properties") if is_stack else None
        if not isinstance(properties, Mapping):
            continue
        file = properties.get("templateFile")
        if not isinstance(file, str):
            problem = Problem(
                f"stack {artifact_id} has no templateFile", file, "synthesize it again", "source-of-rehearsal"
            )
            raise InvalidInputError(where, [problem])
        account, _, region = str(artifact.get("environment", "")).removeprefix("aws://").partition("/")
        names = (artifact.get("displayName", artifact_id), artifact_id, properties.get("stackName", artifact_id))
        yield Stack(tuple(map(str, names)), manifest.parent / file, _known(account), _known(region))


def _known(part: str) -> str | None:
    return None if part.startswith("unknown-") else part or None
