"""Every definition in the data of the tests, whatever it stands in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conftest import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPLATES = sorted(path.name for path in (DATA / "templates").iterdir())
FOLDERS = ("asl", "conformance", "published")
DEFINITIONS = sorted(str(path.relative_to(DATA)) for folder in FOLDERS for path in (DATA / folder).glob("*.json"))


def definition_at(name: str) -> dict[str, Any]:
    """The definition in a file; states that stand there alone are made one, each after the other."""
    content = json.loads((DATA / name).read_text())
    definition = next(iter(_definitions(content)), None)
    if definition is not None:
        return definition
    return {"StartAt": next(iter(content)), "States": content}


def _definitions(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, Mapping):
        if {"StartAt", "States"} <= content.keys():
            yield dict(content)
            return
        for value in content.values():
            yield from _definitions(value)


def template_at(name: str) -> Path:
    """The path of a template."""
    return DATA / "templates" / name
