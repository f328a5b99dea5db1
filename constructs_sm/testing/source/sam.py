"""Policy templates of AWS SAM, from the data of its own translator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import did_you_mean

if TYPE_CHECKING:
    from constructs_sm.testing.source.evaluation import Template


def policy(template: Template, title: str, values: Any) -> tuple[str, Mapping[str, Any] | None]:
    """Name and document of a policy template with its parameters filled in; no document where the data is missing."""
    known = _policy_templates()
    if known is None:
        return f"SAM's {title} (to read it: pip install 'constructs-sm[cli]')", None
    if title not in known:
        near = did_you_mean(title, known) or "see SAM's list of policy templates"
        template.refuse("SAM has no such policy template", title, near)
    given = values if isinstance(values, Mapping) else {}
    if missing := sorted(known[title].get("Parameters", {}).keys() - given.keys()):
        template.refuse(f"SAM's {title} needs {', '.join(missing)}", list(given), "give each of them")
    return title, template.value(_filled(known[title]["Definition"], given))


def _filled(value: Any, given: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_filled(item, given) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"} and value["Ref"] in given:
        return given[value["Ref"]]
    return {key: _filled(item, given) for key, item in value.items()}


@cache
def _policy_templates() -> dict[str, Any] | None:
    """The templates by name. The file is read as it is: to import the translator takes longer than all else here."""
    package = find_spec("samtranslator")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "policy_templates_data" / "policy_templates.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))["Templates"]) if path.is_file() else None
