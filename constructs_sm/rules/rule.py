"""A rule, and where it is broken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
_LONGEST_GOT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Something that must hold.

    Args:
        id: Names it in messages, and where it is overruled: `asl-unreachable-state`.
        what: What is wrong where it is broken.
        why: What happens then.
        source: Who says so.
        fix: What to do.
        severity: An error is refused, a warning is told.
    """

    id: str
    what: str
    why: str
    source: str
    fix: str
    severity: Literal["error", "warning"] = "error"

    def __post_init__(self) -> None:
        if _ID.fullmatch(self.id) is None:
            raise ValueError(f"the id of a rule is words with dashes between them, got {self.id!r}")

    def broken(self, where: str, got: object = NOTHING, *, what: str = "", fix: str = "") -> Violation:
        """One place where the rule is broken.

        Args:
            where: The place: `state 'Train'`.
            got: What stands there.
            what: What is wrong, where that can be said more closely.
            fix: What to do, likewise.
        """
        return Violation(self, where, got, what or self.what, fix or self.fix)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that is broken, and where."""

    rule: Rule
    where: str
    got: object
    what: str
    fix: str

    @property
    def problem(self) -> Problem:
        """The same as a problem of an `InvalidInputError`."""
        return Problem(f"{self.where}: {self.what}", self.got, f"{self.fix} [{self.rule.id}]")

    def __str__(self) -> str:
        got = "" if self.got is NOTHING else f", got {_shown(self.got)}"
        return f"{self.where}: {self.what}{got}; {self.fix} [{self.rule.id}]"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_GOT else f"{text[: _LONGEST_GOT - 3]}..."


class Rulebook:
    """All rules, by id."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}

    def add(self, *rules: Rule) -> None:
        """Take rules up.

        Raises:
            ValueError: There is one of that id.
        """
        for rule in rules:
            if rule.id in self._rules:
                raise ValueError(f"there are two rules with the id {rule.id!r}")
            self._rules[rule.id] = rule

    def __getitem__(self, rule_id: str) -> Rule:
        return self._rules[rule_id]

    def __contains__(self, rule_id: object) -> bool:
        return rule_id in self._rules

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)


RULES: Final = Rulebook()
"""The one space of ids."""


class InvalidDefinitionError(InvalidInputError):
    """Step Functions would not create this state machine.

    Attributes:
        violations: Everything that is wrong with it, each with its rule and its place.
    """

    def __init__(self, where: str, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        self.where = where
        self.problems = tuple(violation.problem for violation in violations)
        lines = [str(violation) for violation in violations]
        ValueError.__init__(self, f"{where}: {lines[0]}" if len(lines) == 1 else "\n  - ".join([f"{where}:", *lines]))


def errors(violations: Iterable[Violation]) -> list[Violation]:
    """Those that are refused."""
    return [violation for violation in violations if violation.rule.severity == "error"]
