"""Fields that botocore's model does not know, and that somebody passes on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem
from constructs_sm.language.paths import INDEX, of_any_item
from constructs_sm.rules.argument_rules import NEVER_FIRED
from constructs_sm.rules.model_rules import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator


class AllowedFields:
    """The fields that `allow_unknown_fields` names: each by its name, or by its path, with or without the numbers."""

    @classmethod
    def of(cls, given: Any) -> AllowedFields:
        """Return what is given, where several requests share it, or make it."""
        return given if isinstance(given, cls) else cls(given)

    def __init__(self, given: Any) -> None:
        names = given if isinstance(given, (list, tuple)) else ()
        self._is_right = isinstance(given, bool) or (names is given and all(isinstance(name, str) for name in names))
        self._all = given is True or not self._is_right
        self._left: dict[str, None] = dict.fromkeys(names) if self._is_right else {}
        self._names = frozenset(self._left)
        self._given = given

    def passes(self, problem: Problem) -> bool:
        """Tell whether a problem is of a field that may be passed."""
        if problem.rule != UNKNOWN.id:
            return False
        path = problem.what.partition(" ")[0]
        named = self._names & {str(problem.got), path, of_any_item(path), INDEX.sub("", path)}
        for name in named:
            self._left.pop(name, None)
        return self._all or bool(named)

    def misfit(self) -> Iterator[Problem]:
        """Say what is no list of fields."""
        if not self._is_right:
            use = "pass ['NewField'], or True for all"
            yield Problem("allow_unknown_fields must be a list of fields", self._given, use, "argument-type")

    def in_vain(self) -> Iterator[Problem]:
        """Say which fields no request has, or the model knows by now."""
        for name in self._left:
            yield NEVER_FIRED.problem("allow_unknown_fields names a field that is not unknown", name, "take it out")
