"""A template whose references stay as they are, for a program that is to have them too."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.testing.source.evaluation import Template

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS: Final = re.compile(r"[^A-Za-z0-9]+")
_ALONE: Final = frozenset({"Fn::Select", "Fn::Split", "Fn::FindInMap", "Fn::ImportValue", "Fn::GetAZs", "Fn::Cidr"})
"""Functions that are a reference themselves where they are given one."""


class Referring(Template):
    """A template with `${LogicalId}`, `${LogicalId.Arn}` and `${AWS::Region}` in place of what they stand for.

    Numbers and lists among its parameters have their values: nothing can stand in their place in JSON. Conditions are
    decided, as they are in `Template`.
    """

    _deciding = 0

    def ref(self, name: str) -> Any:
        """Return the reference itself, but for what cannot be one."""
        known = super().ref(name)
        is_number = isinstance(known, str) and re.fullmatch(r"-?\d+(\.\d+)?", known) is not None
        if self._deciding or not isinstance(known, str) or (is_number and not name.startswith("AWS::")):
            return known
        return f"${{{name}}}"

    def get_att(self, logical_id: str, attribute: str) -> Any:
        """Return the reference itself."""
        return super().get_att(logical_id, attribute) if self._deciding else f"${{{logical_id}.{attribute}}}"

    def condition(self, name: str) -> bool:
        """Decide a condition, by values."""
        with self._by_values():
            return super().condition(name)

    def _function(self, name: str, operand: Any) -> Any:
        if name not in _ALONE or self._deciding:
            return super()._function(name, operand)
        said = str(operand)
        if "Ref" in said or "Fn::" in said or name == "Fn::ImportValue":
            words = _WORDS.sub(" ", f"{name.removeprefix('Fn::')} {self.text(operand)}").strip()
            return f"${{{words}}}"
        return super()._function(name, operand)

    @contextmanager
    def _by_values(self) -> Iterator[None]:
        self._deciding += 1
        try:
            yield
        finally:
            self._deciding -= 1
