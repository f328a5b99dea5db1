"""The text of a definition in a template: read as JSON with its references in it, and written again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BEGINS, _ENDS = "\ue000", "\ue001"
_MARK = re.compile(rf"{_BEGINS}(\d+){_ENDS}")
_BARE = re.compile(rf"(?<=[:,\[])({_BEGINS}\d+{_ENDS})(?=[,}}\]])")
"""A reference that is a number or the like, outside of a text."""


@dataclass(slots=True)
class DefinitionText:
    """A definition with a mark for each reference in it.

    Attributes:
        definition: The definition; its texts have marks in them.
        references: What each mark stands for, as a template has it.
    """

    definition: dict[str, Any]
    references: list[Any]
    _bare: frozenset[str]

    @classmethod
    def of(cls, resolved: Any) -> DefinitionText | None:
        """Read what a template has; None if the definition stands elsewhere, or is no JSON."""
        references: list[Any] = []
        text = _marked(resolved, references)
        bare: frozenset[str] = frozenset()
        try:
            definition = json.loads(text)
        except ValueError:
            bare = frozenset(match[1] for match in _BARE.finditer(text))
            try:
                definition = json.loads(_BARE.sub(r'"\1"', text))
            except ValueError:
                return None
        return cls(definition, references, bare) if isinstance(definition, dict) else None

    def mark(self, resolved: Any) -> str:
        """Return what stands for a value of a template in the definition."""
        return _marked(resolved, self.references)

    def reference(self, text: object) -> Any:
        """Return what a text stands for that is one reference and nothing else; otherwise None."""
        match = _MARK.fullmatch(str(text))
        return None if match is None else self.references[int(match[1])]

    def marks_of(self, is_wanted: Callable[[Any], bool]) -> set[str]:
        """Return the marks of some of the references."""
        return {f"{_BEGINS}{number}{_ENDS}" for number, each in enumerate(self.references) if is_wanted(each)}

    def resolved(self, definition: Mapping[str, Any]) -> Any:
        """*definition*, which may have these marks in it, as a template has it."""
        text = json.dumps(definition, separators=(",", ":"), ensure_ascii=False)
        for mark in self._bare:
            text = text.replace(f'"{mark}"', mark)
        pieces = _MARK.split(text)
        parts = [self.references[int(piece)] if number % 2 else piece for number, piece in enumerate(pieces)]
        if len(parts) == 1:
            return text
        return {"Fn::Join": ["", [part for part in parts if part != ""]]}


def _marked(resolved: Any, references: list[Any]) -> str:
    if isinstance(resolved, str):
        return resolved
    if isinstance(resolved, dict) and isinstance(joined := resolved.get("Fn::Join"), list) and len(joined) == 2:  # noqa: PLR2004
        separator, parts = joined
        if isinstance(parts, list):
            return str(separator).join(_marked(part, references) for part in parts)
    references.append(resolved)
    return f"{_BEGINS}{len(references) - 1}{_ENDS}"
