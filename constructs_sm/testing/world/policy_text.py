"""Text of a policy that may hold wildcards and policy variables, matched against text of a request.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from constructs_sm.testing.world.truth import RESOURCE, Truth, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_sm.testing.world.condition_keys import ConditionKeys


@dataclass(frozen=True, slots=True)
class Variable:
    """A policy variable, `${aws:PrincipalTag/team, 'none'}`."""

    key: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Literal:
    """Characters that are no wildcards, though they may look like some: `${*}`."""

    text: str


Part: TypeAlias = str | Variable | Literal
"""Text, where `*` and `?` are wildcards if the place allows any; a variable; or text without wildcards."""


_OPENING = "${"
_ESCAPED: Final = frozenset("*?$")
_DEFAULT = re.compile(r"\s*(?P<key>[^,']*?)\s*,\s*'(?P<default>[^']*)'\s*")
_KEY = re.compile(r"[A-Za-z0-9_-]+:[\w./:@=+-]+(?: [\w./:@=+-]+)*")


@functools.lru_cache(maxsize=8192)
def parts_of(text: str) -> tuple[Part, ...]:
    """Return what *text* is made of, read as version 2012-10-17 reads it.

    Raises:
        ValueError: A variable is not written as one; the message says how.
    """
    return tuple(_parts(text))


def variables_in(*texts: str) -> frozenset[str]:
    """The condition keys that stand in *texts* as variables, in lower case."""
    return frozenset(part.key.lower() for text in texts for part in parts_of(text) if isinstance(part, Variable))


def _parts(text: str) -> Iterator[Part]:
    rest = text
    while _OPENING in rest:
        before, _, after = rest.partition(_OPENING)
        if before:
            yield before
        if "}" not in after:
            raise ValueError(f"a variable has no closing brace: ${{{after}")
        inner, _, rest = after.partition("}")
        yield _inner(inner)
    if rest:
        yield rest


def _inner(inner: str) -> Part:
    if inner in _ESCAPED:
        return Literal(inner)
    if not inner.strip():
        raise ValueError("a variable is empty: ${}")
    defaulted = _DEFAULT.fullmatch(inner)
    key, default = (defaulted["key"], defaulted["default"]) if defaulted else (inner, None)
    if not defaulted and "'" in inner:
        raise ValueError(f"the default of a variable is not in single quotes after a comma: ${{{inner}}}")
    if not _KEY.fullmatch(key):
        raise ValueError(f"a variable names no condition key: ${{{inner}}}")
    return Variable(key, default)


class PolicyText:
    """Text of a policy, ready to be compared.

    Args:
        text: As the policy has it.
        variables: Whether the policy's version knows variables.
        wildcards: Whether `*` and `?` stand for other characters here.
        fold: Whether case matters not.
        after: An expression for what stands before the text.
    """

    __slots__ = ("_after", "_flags", "_parts", "_pattern", "_wildcards", "plain")

    def __init__(
        self, text: str, *, variables: bool, wildcards: bool = True, fold: bool = False, after: str = ""
    ) -> None:
        self.plain = text
        self._after = after
        self._wildcards = wildcards
        self._flags = re.DOTALL | (re.IGNORECASE if fold else 0)
        self._parts: tuple[Part, ...] = parts_of(text) if variables else (text,)
        late = any(isinstance(part, Variable) for part in self._parts)
        self._pattern = None if late else self._compiled(self._parts)

    def matches(self, value: str, keys: ConditionKeys) -> Truth | None:
        """Tell if *value* is what the text says; None where a variable in it has no value to compare with."""
        if self._pattern is not None:
            return self._pattern.fullmatch(value) is not None
        parts: list[Part] = []
        for part in self._parts:
            if not isinstance(part, Variable):
                parts.append(part)
                continue
            if not keys.is_known(part.key):
                return unknown(part.key)
            found = keys.get(part.key)
            # A key with several values cannot stand for one text.
            if isinstance(found, tuple) or (found is None and part.default is None):
                return None
            parts.append(Literal(part.default or "" if found is None else found))
        return self._compiled(parts).fullmatch(value) is not None

    def _compiled(self, parts: Iterable[Part]) -> re.Pattern[str]:
        stretches = [self._after]
        for part in parts:
            if isinstance(part, Literal) or not self._wildcards:
                stretches[-1] += re.escape(part.text if isinstance(part, Literal) else str(part))
                continue
            first, *others = str(part).split("*")
            stretches[-1] += _one_for_one(first)
            stretches += map(_one_for_one, others)
        return _pattern(tuple(stretches), self._flags)


def _one_for_one(text: str) -> str:
    return re.escape(text).replace(r"\?", ".")


@functools.lru_cache(maxsize=16384)
def _pattern(stretches: tuple[str, ...], flags: int) -> re.Pattern[str]:
    """An expression for *stretches* with anything between them.

    Each stretch but the last is taken where it first occurs and not tried again, which finds what there is to find in
    one pass: a policy full of stars costs no more than another.
    """
    if len(stretches) == 1:
        return re.compile(stretches[0], flags)
    first, *middle, last = stretches
    found = "".join(rf"(?=(?P<s{index}>.*?{stretch}))(?P=s{index})" for index, stretch in enumerate(middle) if stretch)
    return re.compile(f"{first}{found}.*{last}", flags)


_RESOURCE_AT = 5
"""The colons before the resource of an ARN."""


class ArnPattern:
    """An ARN in a Resource element.

    Wildcards stay within a part of it, but that a `*` at the end of one can reach beyond the colon.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """

    __slots__ = ("_head", "_whole", "plain")

    def __init__(self, text: str, *, variables: bool) -> None:
        self.plain = text
        fields = text.split(":", _RESOURCE_AT)
        # A short ARN means whatever follows.
        fields += ["*"] * (_RESOURCE_AT + 1 - len(fields))
        head = "".join(f"{_field(field)}:" for field in fields[:_RESOURCE_AT])
        self._head = re.compile(head, re.DOTALL)
        self._whole = PolicyText(fields[_RESOURCE_AT], variables=variables, after=head)

    def matches(self, arn: str | None, keys: ConditionKeys) -> Truth | None:
        """Tell if *arn* is meant; of a resource that is not known only if everything is."""
        if self.plain == "*":
            return True
        if arn is None:
            return unknown(RESOURCE)
        # Of another service or account, whatever a variable is.
        return self._whole.matches(arn, keys) if self._head.match(arn) else False


def _field(field: str) -> str:
    within = re.escape(re.sub(r"\*+", "*", field)).replace(r"\*", "[^:]*").replace(r"\?", "[^:]")
    return re.sub(r"\[\^:\]\*$", ".*", within)
