"""Kinds of limits: what each makes of a value, and the conditions under which IAM has to deny a call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from constructs_sm.guardrails.patterns import among, is_late
from constructs_sm.values.s3 import bucket_and_prefix

if TYPE_CHECKING:
    from constructs_sm.guardrails.limits import Limits

Conditions: TypeAlias = dict[str, dict[str, Any]]
"""The Condition of a statement: operator, condition key, values."""
Spell: TypeAlias = Callable[[str], str]
"""Function that spells a text of the guardrails as the texts of a definition are."""
REQUIRED: Final = object()
"""In place of what AWS does where a field is absent: the limit does not hold then."""
FREE: Final = object()
"""Likewise: there is nothing to limit then."""


class Kind(ABC):
    """A kind of limit.

    Attributes:
        line: The line of the guardrails.
    """

    line: str

    @abstractmethod
    def allowed(self, limits: Limits) -> str:
        """Say what is allowed, as the remedy of a problem."""

    @abstractmethod
    def holds(self, limits: Limits, value: Any, spell: Spell) -> bool | None:
        """Tell if a value is within the limit; None where that comes out later."""

    def denied(self, limits: Limits, key: str, absent: Any) -> list[Conditions]:
        """The conditions of statements that deny what is beyond the limit.

        Args:
            limits: The guardrails.
            key: The condition key.
            absent: The value that AWS takes where the field is absent, `REQUIRED` or `FREE`.
        """
        raise NotImplementedError(key)

    def admits_absent(self, limits: Limits, absent: Any) -> bool:
        """Tell if the limit holds where the field is absent."""
        return absent is FREE or (absent is not REQUIRED and self.holds(limits, absent, str) is True)


@dataclass(frozen=True, slots=True)
class Among(Kind):
    """Limit to texts that match one of several patterns.

    Attributes:
        line: The line of the guardrails.
        several: Whether its condition key has several values.
        operator: The operator of IAM that compares with patterns.
    """

    line: str
    several: bool = False
    operator: str = "StringNotLike"

    def allowed(self, limits: Limits) -> str:
        return f"use {' or '.join(getattr(limits, self.line))}"

    def holds(self, limits: Limits, value: Any, spell: Spell) -> bool | None:
        return isinstance(value, str) and among(value, map(spell, getattr(limits, self.line)))

    def denied(self, limits: Limits, key: str, absent: Any) -> list[Conditions]:
        patterns = list(getattr(limits, self.line))
        missing: list[Conditions] = [{"Null": {key: "true"}}]
        if self.several:
            return [{f"ForAnyValue:{self.operator}": {key: patterns}}, *(missing if absent is REQUIRED else [])]
        # Without the key, a comparison that is negated holds.
        unless: Conditions = {} if absent is REQUIRED else {"Null": {key: "false"}}
        return [{self.operator: {key: patterns}, **unless}]


@dataclass(frozen=True, slots=True)
class Place(Kind):
    """Limit to places in S3, each with all that is below it.

    Attributes:
        line: The line of the guardrails.
        folder: Whether a place is written to, so that whatever it is called becomes a folder.
    """

    line: str
    folder: bool = False

    def allowed(self, limits: Limits) -> str:
        return f"use a place in {' or '.join(getattr(limits, self.line))}"

    def holds(self, limits: Limits, value: Any, spell: Spell) -> bool | None:
        if not isinstance(value, str):
            return False
        uri = _uri(value)
        uri = f"{uri}/" if self.folder and not uri.endswith("/") and not is_late(uri[-1:]) else uri
        patterns: list[str] = []
        for given in map(spell, getattr(limits, self.line)):
            place = _uri(given)
            patterns += (
                [place]
                if place.endswith("*")
                else [f"{place.rstrip('/')}/*", *([] if place.endswith("/") else [place])]
            )
        return among(uri, patterns)


def _uri(text: str) -> str:
    """A place as `s3://bucket/key`, however it is spelled."""
    found = bucket_and_prefix(text)
    return text if found is None else f"s3://{found[0]}/{found[1]}"


@dataclass(frozen=True, slots=True)
class Compared(Kind):
    """Limit to what compares with one value.

    Attributes:
        line: The line of the guardrails.
    """

    line: str

    def holds(self, limits: Limits, value: Any, spell: Spell) -> bool | None:
        _ = spell
        return None if is_late(value) else self._agrees(value, getattr(limits, self.line))

    def denied(self, limits: Limits, key: str, absent: Any) -> list[Conditions]:
        operator, beyond = self._beyond(getattr(limits, self.line))
        # Without the key it is what AWS takes where nothing is said.
        return [{operator if self.admits_absent(limits, absent) else f"{operator}IfExists": {key: beyond}}]

    @abstractmethod
    def _agrees(self, value: Any, limit: Any) -> bool:
        """Tell if a known value is within the limit."""

    @abstractmethod
    def _beyond(self, limit: Any) -> tuple[str, str]:
        """The operator of IAM that finds what is beyond the limit, and what it compares with."""


@dataclass(frozen=True, slots=True)
class AtMost(Compared):
    """Limit to a number.

    Attributes:
        unit: The unit, in words.
    """

    unit: str

    def allowed(self, limits: Limits) -> str:
        return f"use at most {getattr(limits, self.line)} {self.unit}"

    def _agrees(self, value: Any, limit: Any) -> bool:
        number = number_of(value)
        return number is not None and bool(number <= limit)

    def _beyond(self, limit: Any) -> tuple[str, str]:
        return "NumericGreaterThan", str(limit)


def number_of(value: Any) -> float | None:
    """A number, however JSON spells it; None of what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


@dataclass(frozen=True, slots=True)
class Flag(Compared):
    """Limit to true, or to what the guardrails say where they leave a choice.

    Attributes:
        field: The field, in words.
    """

    field: str

    def allowed(self, limits: Limits) -> str:
        return f"set {self.field} to {str(getattr(limits, self.line)).lower()}"

    def _agrees(self, value: Any, limit: Any) -> bool:
        return str(value).lower() == str(limit).lower()

    def _beyond(self, limit: Any) -> tuple[str, str]:
        return "Bool", str(not limit).lower()


@dataclass(frozen=True, slots=True)
class Without(Kind):
    """Limit to texts without a part.

    Attributes:
        line: The line of the guardrails.
        part: What no text may have in it.
        kind: The value that its condition key has then.
        fix: What to do.
    """

    line: str
    part: str
    kind: str
    fix: str

    def allowed(self, limits: Limits) -> str:
        _ = limits
        return self.fix

    def holds(self, limits: Limits, value: Any, spell: Spell) -> bool | None:
        _ = limits, spell
        if isinstance(value, str) and self.part in value:
            return False
        return None if is_late(value) else True

    def denied(self, limits: Limits, key: str, absent: Any) -> list[Conditions]:
        _ = limits, absent
        return [{"StringEquals": {key: self.kind}}]


@dataclass(frozen=True, slots=True)
class There(Kind):
    """Limit to requests that have a field, or to those that have not.

    Attributes:
        line: The line of the guardrails.
        there: Whether they must have it.
        fix: What to do.
    """

    line: str
    there: bool
    fix: str

    def allowed(self, limits: Limits) -> str:
        _ = limits
        return self.fix

    def holds(self, limits: Limits, value: Any, spell: Spell) -> bool | None:
        _ = limits, spell
        # A field whose value comes later may turn out to be null, and so not there.
        return None if self.there and is_late(value) else self.there

    def denied(self, limits: Limits, key: str, absent: Any) -> list[Conditions]:
        _ = limits, absent
        return [{"Null": {key: str(self.there).lower()}}]


def worst(truths: Iterable[bool | None]) -> bool | None:
    """Tell if all hold: no if one does not, None if one comes out later."""
    known = set(truths)
    return False if False in known else None if None in known else True


TAGS_LINE: Final = "tags"


@dataclass(frozen=True, slots=True)
class Tags(Kind):
    """Limit to requests with certain tags.

    Attributes:
        line: The line of the guardrails.
    """

    line: str = TAGS_LINE

    def allowed(self, limits: Limits) -> str:
        tags: Mapping[str, Any] = limits.tags or {}  # type: ignore[assignment]
        said = [f"{key} ({' or '.join(values)})" if values else key for key, values in tags.items()]
        return f"tag it with {', '.join(said)}"

    def holds(self, limits: Limits, value: Any, spell: Spell) -> bool | None:
        """Judge all tags: a list of each key with the values that it can have."""
        if not isinstance(value, list):
            return None
        given = dict(value)
        tags: Mapping[str, Any] = limits.tags or {}  # type: ignore[assignment]
        truths: list[bool | None] = []
        for key, values in tags.items():
            if key not in given:
                truths.append(None if any(map(is_late, given)) else False)
            elif values is not None:
                truths += [isinstance(each, str) and among(each, map(spell, values)) for each in given[key]]
        return worst(truths)

    def denied(self, limits: Limits, key: str, absent: Any) -> list[Conditions]:
        _ = absent
        tags: Mapping[str, Any] = limits.tags or {}  # type: ignore[assignment]
        return [
            {"Null": {f"{key}{name}": "true"}} if values is None else {"StringNotLike": {f"{key}{name}": list(values)}}
            for name, values in tags.items()
        ]
