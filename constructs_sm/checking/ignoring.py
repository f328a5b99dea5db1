"""Findings that somebody has decided to live with: a file with a line each, and the reason."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from constructs_sm.language.errors import InvalidInputError, Problem, did_you_mean
from constructs_sm.rules.catalogue import RULES
from constructs_sm.rules.guardrail_rules import UNTIL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.checking.findings import Finding

FORM: Final = "rule [file][#state] [until 2026-12-31] -- reason"
"""Form of a line."""
_LINE: Final = re.compile(
    r"(?P<rule>\S+)(?:\s+(?P<file>(?!until\s)[^#\s][^#]*?|\*)?(?:#(?P<state>.+?))?)?(?:\s+until\s+(?P<until>\S+))?\s+--\s+(?P<reason>\S.*)"
)


@dataclass(frozen=True, slots=True)
class Ignored:
    """One line of an ignore file.

    Attributes:
        rule: The id of the rule.
        file: A glob of the files that it holds for.
        state: A glob of the states that it holds for.
        reason: Why.
        line: Its number.
        until: The last day on which it holds; None if it has no end.
    """

    rule: str
    file: str
    state: str
    reason: str
    line: int
    until: date | None = None

    def covers(self, file: str, finding: Finding) -> bool:
        """Tell if the line is for a finding."""
        if finding.rule.id != self.rule or not fnmatch.fnmatchcase(finding.state, self.state):
            return False
        return any(fnmatch.fnmatchcase(file, pattern) for pattern in (self.file, f"*/{self.file}"))


def ignored_in(where: str, text: str) -> list[Ignored]:
    """Read an ignore file: `rule [file][#state] [until day] -- reason`, each on a line; # begins a comment.

    Raises:
        InvalidInputError: A line names no rule, or gives no reason; with all that are wrong.
    """
    found: list[Ignored] = []
    problems: list[Problem] = []
    for number, written in enumerate(text.splitlines(), 1):
        line = written.strip()
        if not line or line.startswith("#"):
            continue
        parts = _LINE.fullmatch(line)
        if parts is None:
            use = f"write: {FORM}"
            problems.append(Problem(f"line {number} gives no reason", line, use, "rule-without-reason"))
        elif parts["rule"] not in RULES:
            use = did_you_mean(parts["rule"], [rule.id for rule in RULES]) or "constructs-sm rules lists them all"
            problems.append(Problem(f"line {number} names no rule", parts["rule"], use, "rule-unknown"))
        elif parts["until"] and _day(parts["until"]) is None:
            problems.append(UNTIL.problem(f"line {number} ends on no day", parts["until"]))
        else:
            until = _day(parts["until"] or "")
            place = (parts["file"] or "*", parts["state"] or "*")
            found.append(Ignored(parts["rule"], *place, parts["reason"], number, until))
    if problems:
        raise InvalidInputError(where, problems)
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def ignoring(ignored: Sequence[Ignored], file: str, finding: Finding, as_of: date | None = None) -> Ignored | None:
    """The first line that is for a finding, and has not ended on the day *as_of*; None where the finding stands."""
    lasting = (one for one in ignored if one.until is None or as_of is None or as_of <= one.until)
    return next((one for one in lasting if one.covers(file, finding)), None)
