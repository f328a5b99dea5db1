"""The one exception of the library, and the shape of its message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from reprlib import Repr
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_ADDRESS: Final = re.compile(r"<(?:[\w<>]+ )?(?:[\w<>]+\.)*<?(\w+)>?(?: object)? at 0x[0-9a-f]+(?: [^>]*)?>")
_AT: Final = re.compile(r" at 0x[0-9a-f]+")
_LONGEST: Final = 300
_LONGEST_PART: Final = 2_000
"""Characters of what is wrong, or of the remedy: lists of names are long."""
_LONGEST_NAME: Final = 150
_MOST_PROBLEMS: Final = 100
"""Problems that a message has; who has more has made one mistake many times."""
_DEEPEST: Final = 6
_MOST: Final = 40


class _Short(Repr):
    """Spells as much of a value as a message has room for, whatever its size: of 10 MB nobody reads more."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = _DEEPEST
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = _MOST
        self.maxlong = self.maxstring = self.maxother = _LONGEST

    def repr_str(self, x: str, _: int) -> str:
        return repr(x) if len(x) <= _LONGEST else repr(x[:_LONGEST])

    def repr_int(self, x: int, _: int) -> str:
        # Python itself does not spell larger ones.
        return repr(x) if x.bit_length() <= _WIDEST else f"a number of {x.bit_length()} bits"

    def repr_dict(self, x: Any, level: int) -> str:
        # In the order in which it was written, not sorted.
        if level <= 0 and x:
            return "{...}"
        shown_items = [
            f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}" for key, value in _first(x.items())
        ]
        return f"{{{', '.join(shown_items)}{', ...' if len(x) > _MOST else ''}}}"

    def repr_bytes(self, x: bytes, _: int) -> str:
        return repr(x[:_LONGEST])

    def repr_bytearray(self, x: bytearray, _: int) -> str:
        return repr(x[:_LONGEST])

    def repr_instance(self, x: Any, _: int) -> str:
        try:
            return repr(x)
        except Exception:  # noqa: BLE001  (somebody else's repr)
            # A repr of somebody else's may do anything.
            return type(x).__name__


def _first(items: Iterable[Any]) -> list[Any]:
    return list(islice(items, _MOST))


_WIDEST: Final = 1024
_SHORT: Final = _Short()


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()
"""Value that was got where something is missing."""


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
        """Return what is wrong and what to do, without the id of the rule."""
        got = "" if self.got is NOTHING else f", got {shown(self.got)}"
        return f"{_cut(_without_address(self.what))}{got}; {_cut(self.use)}"

    def __str__(self) -> str:
        return f"{self.sentence} [{self.rule}]"


def _cut(text: str) -> str:
    """*text* without its middle, where it is longer than anybody reads."""
    return text if len(text) <= _LONGEST_PART else f"{text[:_LONGEST]}...{text[-_LONGEST:]}"


def shown(value: object) -> str:
    """*value* as a message has it: short, and never an object's address."""
    text = encodable(_without_address(_SHORT.repr(value)))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _without_address(text: str) -> str:
    return _AT.sub("", _ADDRESS.sub(r"\1", text)) if " at 0x" in text else text


def printable(text: str) -> str:
    """*text* on one line, with what would steer a terminal spelled out."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def encodable(text: str) -> str:
    """*text* with halves of characters spelled out, which no terminal and no file takes."""
    return text.encode("utf-8", "backslashreplace").decode()


class InvalidInputError(ValueError):
    """Arguments that can never work, found before anything is made of them.

    Attributes:
        where: The construct or call at fault, as `TrainingJob 'Stack/Train'`.
        problems: Everything that is wrong with it, not only the first thing.
    """

    def __init__(self, where: str, problems: Sequence[Problem]) -> None:
        # A value that stands for a name there may be any.
        self.where = _without_address(str(where))
        self.problems = tuple(problems)
        lines = [str(problem) for problem in problems[:_MOST_PROBLEMS]]
        if more := len(problems) - len(lines):
            lines.append(f"and {more:,} more")
        text = f"{self.where}: {lines[0]}" if len(lines) == 1 else "\n  - ".join([f"{self.where}:", *lines])
        super().__init__(encodable(text))


def raise_all(where: str, problems: Sequence[Problem]) -> None:
    """Raise InvalidInputError if there are *problems*."""
    if problems:
        raise InvalidInputError(where, problems)


def raise_unless(where: str, **wanted: tuple[object, type | tuple[type, ...], str]) -> None:
    """Raise InvalidInputError if an argument is of another type than it must be.

    Args:
        where: The call.
        wanted: By the name of the argument: its value, the types that it may have, and what to pass, in words.
    """
    found = [
        Problem(f"{name} must be {said}", value, "pass one", "argument-type")
        for name, (value, kinds, said) in wanted.items()
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool)
    ]
    raise_all(where, found)


def did_you_mean(written: object, known: Iterable[str]) -> str:
    """The way out of a name that is not known, in words; empty if nothing known is near.

    Args:
        written: The name.
        known: The names there are. As a mapping, it has each under what *written* is compared with.
    """
    if not isinstance(written, str):
        return ""
    names = known if isinstance(known, Mapping) else {name: name for name in known}
    text = written[:_LONGEST_NAME]
    near = _nearest(text, names)
    if near:
        return f"did you mean {names[near]}?"
    # What is in capitals by mistake is like nothing, letter by letter.
    small = {str(name).lower(): meant for name, meant in names.items()}
    near = _nearest(text.lower(), small)
    return f"did you mean {small[near]}?" if near else ""


def _nearest(text: str, names: Iterable[str]) -> str:
    """The name that is like a text: of several, one with the same letters, since two are easily swapped."""
    near = get_close_matches(text, names)
    return min(near, key=lambda name: sorted(name) != sorted(text), default="")


def choose_from(known: Collection[str], written: object, *, verb: str = "use") -> str:
    """The way out of a name that is not known, in words: the nearest that is, or all of them.

    Args:
        known: The names there are, as for `did_you_mean`.
        written: The name.
        verb: What to do with one of them.
    """
    names = dict.fromkeys(known.values() if isinstance(known, Mapping) else known)
    return did_you_mean(written, known) or f"{verb} one of {', '.join(names) or 'none: there is none'}"


def where_of(kind: str, scope: Any, construct_id: object = "") -> str:
    """Begin an error of a construct: one to be made in *scope*, or without *construct_id* the scope itself."""
    path = scope.node.path if hasattr(type(scope), "node") else ""
    name = construct_id if isinstance(construct_id, str) else shown(construct_id)
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
    return f"{kind} '{'/'.join(filter(None, (path, name)))}'"
