"""A rule, and where it is broken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Severity: TypeAlias = Literal["error", "warning", "info"]
PREFIX: Final = "constructs-sm"
"""Prefix of an id where those of other tools may stand too, as in `Validations.of(...).acknowledge(...)`."""
ACKNOWLEDGED: Final = f"{PREFIX}:acknowledged"
"""The key of a template's metadata that holds the reasons: by path of the scope, then by rule."""
ACKNOWLEDGED_STATES: Final = f"{PREFIX}:acknowledged-states"
"""The key of the metadata that says which states each path covers: by logical id of their state machine."""
EVERY_STATE: Final = "*"
"""There, in place of the names of all states."""
EVERYWHERE: Final = "the app"
"""There, in place of the path of an app, which is empty."""
_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Something that must hold.

    Args:
        id: Names it in messages, and where it is overruled: `asl-unreachable-state`.
        what: The fault, in a sentence without a full stop.
        why: What happens then.
        source: Who says so.
        fix: What to do.
        severity: An error is refused, a warning is told, an info is told to whoever asks.
        protects: Why nobody can overrule it; empty: it can be acknowledged.
        by_check: True of a rule that `constructs-sm check` alone asks, of a definition.
    """

    id: str
    what: str
    why: str
    source: str
    fix: str
    severity: Severity = "error"
    protects: str = ""
    by_check: bool = False

    def __post_init__(self) -> None:
        if _ID.fullmatch(self.id) is None:
            raise ValueError(f"the id of a rule is words with dashes between them, got {self.id!r}")

    def broken(self, where: str, got: object = NOTHING, *, what: str = "", fix: str = "") -> Violation:
        """One place where the rule is broken.

        Args:
            where: The place: `state 'Train'`.
            got: The value that stands there.
            what: The fault, where that can be said more closely.
            fix: What to do, likewise.
        """
        return Violation(self, where, got, what or self.what, fix or self.fix)

    def problem(self, what: str = "", got: object = NOTHING, fix: str = "") -> Problem:
        """The rule as a problem of an `InvalidInputError`, where the construct at fault says where."""
        return Problem(what or self.what, got, fix or self.fix, self.id)


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
        return Problem(f"{self.where}: {self.what}", self.got, self.fix, self.rule.id)

    def __str__(self) -> str:
        return str(self.problem)


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

    def get(self, rule_id: str) -> Rule | None:
        """The rule of an id; None if there is none."""
        return self._rules.get(rule_id)

    def __contains__(self, rule_id: object) -> bool:
        return rule_id in self._rules

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)

    def named(self, rule_id: object, where: str) -> Rule:
        """The rule of an id, with or without the prefix of this library.

        Raises:
            InvalidInputError: There is none; with the nearest that there is.
        """
        bare = (
            (rule_id if isinstance(rule_id, str) else shown(rule_id))
            .removeprefix(f"{PREFIX}::")
            .removeprefix(f"{PREFIX}:")
        )
        if bare not in self._rules:
            (near,) = get_close_matches(bare, list(self._rules), n=1, cutoff=0)
            use = f"did you mean {near}? docs/rules.md lists all"
            raise InvalidInputError(where, [Problem("no such rule", rule_id, use, "rule-unknown")])
        return self._rules[bare]


RULES: Final = Rulebook()
"""The one space of ids."""


class InvalidDefinitionError(InvalidInputError):
    """Step Functions would not create this state machine.

    Attributes:
        violations: Everything that is wrong with it, each with its rule and its place.
    """

    def __init__(self, where: str, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(where, [violation.problem for violation in violations])


def errors(violations: Iterable[Violation]) -> list[Violation]:
    """Rules that are refused."""
    return [violation for violation in violations if violation.rule.severity == "error"]
