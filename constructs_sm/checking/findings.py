"""One fault of a state machine: its rule, its place, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.errors import NOTHING, shown
from constructs_sm.language.paths import INDEX

if TYPE_CHECKING:
    from constructs_sm.checking.scene import Scene
    from constructs_sm.rules.rule import Rule, Violation

_STATE: Final = re.compile(r"state '(.*)'(/.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault.

    Attributes:
        rule: The rule that is broken.
        state: The state; empty where it is the machine's.
        pointer: The JSON pointer to the place in the definition.
        what: The fault.
        got: The value that stands there, as messages have it; empty where one is missing.
        fix: What to do.
    """

    rule: Rule
    state: str
    pointer: str
    what: str
    got: str
    fix: str

    @property
    def message(self) -> str:
        """The fault and the value, in a sentence."""
        return f"{self.what}, got {self.got}" if self.got else self.what

    @property
    def severity(self) -> str:
        """error, warning or info."""
        return self.rule.severity

    def document(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {
            "rule": self.rule.id,
            "severity": self.severity,
            "state": self.state or None,
            "pointer": self.pointer,
            "what": self.what,
            "got": self.got or None,
            "fix": self.fix,
        }


def finding_of(broken: Violation, scene: Scene) -> Finding:
    """The finding that a broken rule is."""
    state, pointer = _placed(broken.where, scene)
    got = "" if broken.got is NOTHING else shown(broken.got)
    return Finding(rule=broken.rule, state=state, pointer=pointer, what=broken.what, got=got, fix=broken.fix)


def _placed(where: str, scene: Scene) -> tuple[str, str]:
    found = _STATE.fullmatch(where)
    if found is None:
        return "", INDEX.sub(r"/\1", where.removeprefix("the state machine").removeprefix("the definition"))
    name, rest = found[1], found[2] or ""
    at = {located.name: located.pointer for located in scene.states}.get(name, "")
    return name, at + INDEX.sub(r"/\1", rest)


def line_of(text: str, finding: Finding, machine: str = "") -> int | None:
    """The line of a file in which the state of a finding begins, or else the machine; None where that is not found."""
    name = re.escape(finding.state or machine)
    if not name:
        return 1 if text else None
    quote = r'(?:\\*")'
    pattern = rf"{quote}{name}{quote}\s*:\s*(?:\{{|$)|^\s*['\"]?{name}['\"]?\s*:(?:\s*$|\s*\{{)"
    found = re.search(pattern, text, re.MULTILINE)
    return None if found is None else text.count("\n", 0, found.end() - len(found[0].lstrip())) + 1
