"""Description: fields of a job that later states ask for, and that its output is not known to hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from constructs_sm.language.jsonata import quoted

_RESULT = "$states.result"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A field, or a member of a list, that a state cannot do without.

    Attributes:
        path: Of the field in the description.
        member: Condition on a member of it; empty: the field itself is wanted.
    """

    path: str
    member: str = ""

    def is_there(self, place: str) -> str:
        """Spell the test that it is there as JSONata, for a description that stands at *place*."""
        return f"$exists({place}.{self.path}{f'[{self.member}]' if self.member else ''})"


@dataclass(slots=True)
class Description:
    """Fields that are read by one call of the job's Describe, however many states use them.

    Attributes:
        is_read: Whether the state that reads them is made, so that no more can be asked for.
    """

    is_read: bool = False
    _fields: dict[tuple[str, ...], dict[str, None] | None] = field(default_factory=dict)
    """Members of the items of a list that are read, by the path of the field; None: all of it."""
    _wanted: dict[str, tuple[_Wanted, int]] = field(default_factory=dict)
    """By what a message calls it, with how often it was asked for."""
    _met: dict[str, dict[int, Any]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return bool(self._fields)

    def has(self, path: str) -> bool:
        """Tell whether a dotted field is asked for."""
        keys = _keys(path)
        return any(keys[: len(known)] == known for known in self._fields)

    def ask(self, path: str, *, members: tuple[str, ...] = ()) -> None:
        """Ask for a field.

        Args:
            path: Dotted. Of one inside a list, the whole list is read.
            members: Of each item of it, where it is a list: these alone. Default: all.
        """
        keys = _keys(path)
        known = self._fields.get(keys, {})
        self._fields[keys] = {**known, **dict.fromkeys(members)} if members and known is not None else None

    def want(self, said: str, path: str, *, member: str = "") -> None:
        """Take note that a state uses a field, and fails where there is none.

        Args:
            said: The name of it in messages.
            path: Of the field.
            member: Condition, in JSONata, on the item of a list that is wanted.
        """
        wanted = _Wanted(".".join(_keys(path)), member)
        self._wanted[said] = (wanted, self._wanted.get(said, (wanted, 0))[1] + 1)

    def meet(self, said: str, by: Any) -> None:
        """Take note that whoever has *by*, the value, says itself what is wrong where there is none."""
        self._met.setdefault(said, {})[id(by)] = by

    @property
    def unmet(self) -> dict[str, _Wanted]:
        """Fields that some state uses which does not say what is wrong without them, by their names in messages."""
        return {said: wanted for said, (wanted, times) in self._wanted.items() if times > len(self._met.get(said, {}))}

    def all_there(self, place: str) -> str:
        """Spell the test that all is there that any state uses, as JSONata; empty if none uses any."""
        return " and ".join(wanted.is_there(place) for wanted, _ in self._wanted.values())

    @property
    def selected(self) -> str:
        """The fields that are asked for, of the result of Describe, as JSONata: an object."""
        tree: dict[str, Any] = {}
        # A field that is read whole has those inside it.
        whole = [keys for keys in self._fields if not any(keys[:n] in self._fields for n in range(1, len(keys)))]
        for keys in whole:
            inside = tree
            for key in keys[:-1]:
                inside = inside.setdefault(key, {})
            inside[keys[-1]] = _read(keys, self._fields[keys])
        return _spelled(tree)

    def missing(self, place: str) -> str:
        """Spell the names of those that are wanted and not there, joined by commas, as JSONata."""
        each = ", ".join(f"{wanted.is_there(place)} ? '' : {quoted(said)}" for said, wanted in self.unmet.items())
        return f"$join($filter([{each}], function($name) {{ $name != '' }}), ', ')"

    def are_there(self, place: str) -> str:
        """Spell the test that all that is wanted is there, as JSONata."""
        return " and ".join(wanted.is_there(place) for wanted in self.unmet.values())


def _keys(path: str) -> tuple[str, ...]:
    keys: list[str] = []
    for key in path.split("."):
        name, bracket, _ = key.partition("[")
        keys.append(name)
        if bracket:
            break
    return tuple(keys)


def _read(keys: tuple[str, ...], members: dict[str, None] | None) -> str:
    value = ".".join((_RESULT, *keys))
    if members is None:
        return value
    # In brackets, one item is a list too, and none an empty one.
    return f"[{value}.{{{', '.join(f'{quoted(name)}: {name}' for name in members)}}}]"


def _spelled(tree: dict[str, Any]) -> str:
    inside = {key: _spelled(value) if isinstance(value, dict) else value for key, value in tree.items()}
    return f"{{{', '.join(f'{quoted(key)}: {value}' for key, value in inside.items())}}}"
