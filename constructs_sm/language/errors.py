"""The one exception of the library, and the shape of its message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ADDRESS: Final = re.compile(r"<(?:[\w<>]+\.)*(\w+)(?: object)? at 0x[0-9a-f]+>")
_LONGEST: Final = 300


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()
"""What was got where something is missing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an argument, and the way out.

    Attributes:
        what: The place and what is wrong there.
        got: The value at fault; `NOTHING` where one is missing.
        use: The remedy.
        rule: The id of the rule that is broken, as `constructs_sm.rules` and docs/rules.md list it.
    """

    what: str
    got: object
    use: str
    rule: str

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, without the id of the rule."""
        got = "" if self.got is NOTHING else f", got {shown(self.got)}"
        return f"{self.what}{got}; {self.use}"

    def __str__(self) -> str:
        return f"{self.sentence} [{self.rule}]"


def shown(value: object) -> str:
    """*value* as a message has it: short, and never an object's address."""
    text = _ADDRESS.sub(r"\1", repr(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


class InvalidInputError(ValueError):
    """Arguments that can never work, found before anything is made of them.

    Attributes:
        where: The construct or call at fault, as `TrainingJob 'Stack/Train'`.
        problems: Everything that is wrong with it, not only the first thing.
    """

    def __init__(self, where: str, problems: Sequence[Problem]) -> None:
        self.where = where
        self.problems = tuple(problems)
        lines = [str(problem) for problem in problems]
        super().__init__(f"{where}: {lines[0]}" if len(lines) == 1 else "\n  - ".join([f"{where}:", *lines]))


def raise_all(where: str, problems: Sequence[Problem]) -> None:
    """Raise InvalidInputError if there are *problems*."""
    if problems:
        raise InvalidInputError(where, problems)


def did_you_mean(written: object, known: Iterable[str]) -> str:
    """The way out of a name that is not known, in words; empty if nothing known is near.

    Args:
        written: The name.
        known: The names there are. As a mapping, it has each under what *written* is compared with.
    """
    names = known if isinstance(known, Mapping) else {name: name for name in known}
    near = get_close_matches(str(written), names, n=1)
    return f"did you mean {names[near[0]]}?" if near else ""


def where_of(kind: str, scope: Any, construct_id: object = "") -> str:
    """Begin an error of a construct: one to be made in *scope*, or without *construct_id* the scope itself."""
    path = scope.node.path if hasattr(scope, "node") else ""
    return f"{kind} '{'/'.join(filter(None, (path, str(construct_id))))}'"
