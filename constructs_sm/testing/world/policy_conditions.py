"""Condition operators, as IAM evaluates them.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.testing.world.policy_text import PolicyText, variables_in
from constructs_sm.testing.world.truth import Truth, all_of, any_of, opposite, unknown

if TYPE_CHECKING:
    from constructs_sm.testing.world.condition_keys import ConditionKeys

Match: TypeAlias = Callable[[str, "ConditionKeys"], "Truth | None"]
"""Compare a value of the request with one of the policy; None where one of them is not of the operator's kind."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator, without what may stand before and behind its name.

    Attributes:
        name: As IAM's documentation spells it.
        match: Makes the comparison with one value of the policy; takes the value, and whether variables are known.
        negated: Whether it holds where no value of the policy matches.
        takes_variables: Whether a policy variable may stand in its values.
    """

    name: str
    match: Callable[[str, bool], Match]
    negated: bool = False
    takes_variables: bool = False


def _text(*, wildcards: bool = False, fold: bool = False) -> Callable[[str, bool], Match]:
    def of(wanted: str, variables: bool) -> Match:
        return PolicyText(wanted, variables=variables, wildcards=wildcards, fold=fold).matches

    return of


_ARN_PARTS = 6


def _arn(wanted: str, variables: bool) -> Match:
    """Each of the six parts by itself."""
    # Colons within a variable divide nothing.
    fields = re.split(r":(?![^{}]*\})", wanted, maxsplit=_ARN_PARTS - 1) if variables else wanted.split(":", 5)
    parts = [PolicyText(field, variables=variables) for field in fields]

    def match(value: str, keys: ConditionKeys) -> Truth | None:
        given = value.split(":", _ARN_PARTS - 1)
        if len(parts) != _ARN_PARTS or len(given) != _ARN_PARTS:
            return None
        found = [part.matches(text, keys) for part, text in zip(parts, given, strict=True)]
        return None if None in found else all_of(truth for truth in found if truth is not None)

    return match


def _compared(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Callable[[str, bool], Match]:
    """Comparison of what *read* makes of both texts; neither is compared where it makes nothing."""

    def of(wanted: str, _: bool) -> Match:
        expected = read(wanted)

        def match(value: str, _: ConditionKeys) -> Truth | None:
            given = read(value)
            return None if given is None or expected is None else compare(given, expected)

        return match

    return of


_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_MICROSECONDS = 6
_YEAR_DIGITS = 4


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text.strip()) else None


def _date(text: str) -> Decimal | None:
    """Seconds since 1970 of a time in ISO 8601 as W3C has it, or of seconds."""
    text = text.strip()
    if len(text) > _YEAR_DIGITS and _NUMBER.fullmatch(text):
        return Decimal(text)
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    zone = (found["zone"] or "Z").upper().replace("Z", "+00:00")
    zone = zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    fraction = (found["fraction"] or "").ljust(_MICROSECONDS, "0")[:_MICROSECONDS]
    moment = (
        f"{found['year']}-{found['month'] or '01'}-{found['day'] or '01'}"
        f"T{found['hour'] or '00'}:{found['minute'] or '00'}:{found['second'] or '00'}.{fraction}{zone}"
    )
    try:
        return Decimal(repr(datetime.fromisoformat(moment).astimezone(timezone.utc).timestamp()))
    except (ValueError, OverflowError):
        return None


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _within(given: Any, expected: Any) -> bool:
    return given.version == expected.version and bool(given.subnet_of(expected))


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def _ordered(kind: str, read: Callable[[str], Any]) -> list[Operator]:
    ordered = [Operator(f"{kind}{name}", _compared(read, compare)) for name, compare in _ORDERS.items()]
    return [*ordered, Operator(f"{kind}NotEquals", _compared(read, operator.eq), negated=True)]


def _both(yes: str, no: str, match: Callable[[str, bool], Match], *, takes_variables: bool = True) -> list[Operator]:
    return [
        Operator(yes, match, takes_variables=takes_variables),
        Operator(no, match, negated=True, takes_variables=takes_variables),
    ]


_ALL: tuple[Operator, ...] = (
    *_both("StringEquals", "StringNotEquals", _text()),
    *_both("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _text(fold=True)),
    *_both("StringLike", "StringNotLike", _text(wildcards=True)),
    *_both("ArnEquals", "ArnNotEquals", _arn),
    *_both("ArnLike", "ArnNotLike", _arn),
    *_ordered("Numeric", _number),
    *_ordered("Date", _date),
    Operator("Bool", _compared(_boolean, operator.eq)),
    Operator("BinaryEquals", _compared(_bytes, operator.eq)),
    *_both("IpAddress", "NotIpAddress", _compared(_network, _within), takes_variables=False),
    Operator("Null", _compared(_boolean, operator.eq)),
)
OPERATORS: dict[str, Operator] = {each.name.lower(): each for each in _ALL}
"""Every operator by its name in lower case: IAM takes any case."""
NULL = OPERATORS["null"]
QUANTIFIERS: dict[str, str] = {each.lower(): each for each in ("ForAllValues", "ForAnyValue")}
IF_EXISTS = "ifexists"


@dataclass(frozen=True, slots=True)
class Spelled:
    """A condition operator as a policy writes it.

    Attributes:
        operator: What is compared.
        quantifier: `ForAllValues` or `ForAnyValue`; empty if the key has one value.
        if_exists: Whether it holds where the request has no such key.
    """

    operator: Operator
    quantifier: str
    if_exists: bool

    @classmethod
    def of(cls, text: str) -> Spelled | None:
        """The operator that *text* spells; None if IAM has none such."""
        quantifier, colon, name = text.lower().rpartition(":")
        if_exists = name.endswith(IF_EXISTS)
        found = OPERATORS.get(name.removesuffix(IF_EXISTS))
        if found is None or (colon and quantifier not in QUANTIFIERS) or (found is NULL and if_exists):
            return None
        return cls(found, QUANTIFIERS.get(quantifier, ""), if_exists)


class Condition:
    """One condition key with its operator and the values that a policy gives it.

    Args:
        spelled: The operator.
        key: The condition key.
        values: The policy's values; one of them has to match, or none where the operator is negated.
        variables: Whether the policy's version knows variables.
    """

    __slots__ = ("_key", "_matches", "_spelled", "_wanted", "keys")

    def __init__(self, spelled: Spelled, key: str, values: list[str], *, variables: bool) -> None:
        self._key = key
        self._spelled = spelled
        self._wanted = values
        self._matches = [spelled.operator.match(value, variables) for value in values]
        late = variables_in(*values) if variables and spelled.operator.takes_variables else ()
        self.keys = frozenset((key.lower(), *late))
        """The condition keys that it asks for, in lower case."""

    def holds(self, keys: ConditionKeys) -> Truth:
        """Tell if the condition is met by a request that has *keys*."""
        if not keys.is_known(self._key):
            return unknown(self._key)
        value = keys.get(self._key)
        if self._spelled.operator is NULL:
            # A key that has no value is null too, as AWS says of `false`: "exists and its value is not null".
            return any(_boolean(wanted) is (value is None or value == ()) for wanted in self._wanted)
        quantifier = self._spelled.quantifier
        if value is None:
            return self._without_key()
        if not quantifier:
            # A key with several values needs a quantifier; without one nothing is compared.
            return False if isinstance(value, tuple) else self._meets(value, keys)
        met = [self._meets(each, keys) for each in ((value,) if isinstance(value, str) else value)]
        return all_of(met) if quantifier == "ForAllValues" else any_of(met)

    def _without_key(self) -> bool:
        if self._spelled.if_exists or self._spelled.quantifier == "ForAllValues":
            return True
        # ForAnyValue is not met by nothing, negated or not.
        return self._spelled.operator.negated and not self._spelled.quantifier

    def _meets(self, value: str, keys: ConditionKeys) -> Truth:
        """A value that is not of the operator's kind meets no condition, be it negated."""
        found = [match(value, keys) for match in self._matches]
        if self._spelled.operator.negated:
            return all_of(False if truth is None else opposite(truth) for truth in found)
        return any_of(False if truth is None else truth for truth in found)
