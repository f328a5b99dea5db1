"""A second reading of IAM's documentation: decides what `constructs_sm.testing.allows` does, and has no line of it.

It is written for likeness to the documentation, not for speed: wildcards by steps through a text, not by expressions,
and numbers as fractions. It takes what is no error of grammar, and knows no unknown keys.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import ipaddress
import operator
import re
from fractions import Fraction
from typing import Any

STAR, ONE = object(), object()
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "arnequals": "arnlike",
    "arnnotequals": "arnlike",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
}
_ORDERS = {
    "equals": operator.eq,
    "lessthan": operator.lt,
    "lessthanequals": operator.le,
    "greaterthan": operator.gt,
    "greaterthanequals": operator.ge,
}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_FIVE_DIGITS = 5


class UnresolvedError(Exception):
    """A variable has no value, or several."""


def symbols(text: str, keys: dict[str, Any], *, variables: bool, wild: bool) -> list[Any]:
    """A text of a policy as characters, stars and question marks."""
    found: list[Any] = []
    while text:
        if variables and text.startswith("${"):
            inner, _, text = text[2:].partition("}")
            if inner and inner in "*?$":
                found.append(inner)
                continue
            defaulted = re.fullmatch(r"\s*([^,]*?)\s*,\s*'(.*)'\s*", inner)
            value = keys.get((defaulted[1] if defaulted else inner).lower())
            value = defaulted[2] if value is None and defaulted else value
            if not isinstance(value, str):
                raise UnresolvedError
            found += value
            continue
        each, text = text[0], text[1:]
        found.append(STAR if wild and each == "*" else ONE if wild and each == "?" else each)
    return found


def matches(pattern: list[Any], text: str, *, fold: bool = False) -> bool:
    """Go through a text with all places of the pattern that it may have come to."""

    def with_stars(places: set[int]) -> set[int]:
        found = set()
        for place in places:
            at = place
            found.add(at)
            while at < len(pattern) and pattern[at] is STAR:
                at += 1
                found.add(at)
        return found

    places = with_stars({0})
    for each in text:
        further = set()
        for place in places:
            wanted = pattern[place] if place < len(pattern) else None
            if wanted is STAR:
                further.add(place)
            elif wanted is ONE or (isinstance(wanted, str) and _alike(wanted, each, fold=fold)):
                further.add(place + 1)
        places = with_stars(further)
    return len(pattern) in places


def _alike(one: str, other: str, *, fold: bool) -> bool:
    return one.lower() == other.lower() if fold else one == other


def number(text: str) -> Fraction | None:
    return Fraction(text.strip()) if _NUMBER.fullmatch(text.strip()) else None


def moment(text: str) -> Fraction | None:
    text = text.strip()
    if _NUMBER.fullmatch(text) and len(text) >= _FIVE_DIGITS:
        return Fraction(text)
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    parts = (int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0))
    try:
        seconds = Fraction(dt.datetime(*parts, tzinfo=dt.timezone.utc).timestamp())
    except ValueError:
        return None
    seconds += Fraction(int((fraction or "0")[:6].ljust(6, "0")), 10**6)
    if zone and zone not in "Zz":
        away = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
        seconds -= away if zone[0] == "+" else -away
    return seconds


def network(text: str) -> Any:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def content(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None


def compared(kind: str, wanted: str, given: str, keys: dict[str, Any], *, variables: bool) -> bool | None:
    """One value of a policy against one of a request; None where one of them is not of the kind."""
    try:
        if kind.startswith("string"):
            pattern = symbols(wanted, keys, variables=variables, wild=kind == "stringlike")
            return matches(pattern, given, fold=kind == "stringequalsignorecase")
        if kind == "arnlike":
            parts = re.split(r":(?![^{}]*\})", wanted, maxsplit=5) if variables else wanted.split(":", 5)
            if len(parts) != len(given.split(":", 5)) or len(parts) < len("parts:"):
                return None
            pairs = [
                matches(symbols(part, keys, variables=variables, wild=True), text)
                for part, text in zip(parts, given.split(":", 5), strict=True)
            ]
            return all(pairs)
    except UnresolvedError:
        return None
    return in_order(kind, given, wanted)


def within(given: str, wanted: str) -> bool | None:
    """One address or network in another; None where one of them is none."""
    inner, outer = network(given), network(wanted)
    if inner is None or outer is None:
        return None
    return bool(inner.version == outer.version and inner.subnet_of(outer))


def in_order(kind: str, given: str, wanted: str) -> bool | None:
    """Two addresses, numbers, dates, truths or contents; None where one of them is none."""
    if kind == "ipaddress":
        return within(given, wanted)
    read, compare = next(
        (read, order)
        for beginning, read, order in (
            ("numeric", number, _ORDERS.get(kind.removeprefix("numeric"))),
            ("date", moment, _ORDERS.get(kind.removeprefix("date"))),
            ("binaryequals", content, operator.eq),
            ("bool", lambda text: {"true": True, "false": False}.get(text.lower()), operator.eq),
        )
        if kind.startswith(beginning)
    )
    one, other = read(given), read(wanted)
    return None if one is None or other is None or compare is None else compare(one, other)


def holds(name: str, key: str, wanted: list[str], keys: dict[str, Any], *, variables: bool) -> bool:
    """One operator with one key."""
    quantifier, _, plain = name.lower().rpartition(":")
    if_exists, plain = plain.endswith("ifexists"), plain.removesuffix("ifexists")
    given = keys.get(key.lower())
    if plain == "null":
        return any((each.lower() == "true") is (given is None or given == []) for each in wanted)
    kind, negated = _NEGATED.get(plain, plain), "not" in plain
    if given is None:
        return if_exists or quantifier == "forallvalues" or (negated and not quantifier)

    def meets(value: str) -> bool:
        found = [compared(kind, each, value, keys, variables=variables) for each in wanted]
        return all(each is False for each in found) if negated else any(each is True for each in found)

    if quantifier:
        return (all if quantifier == "forallvalues" else any)(map(meets, given if isinstance(given, list) else [given]))
    return not isinstance(given, list) and meets(given)


def about(pattern: str, arn: str, keys: dict[str, Any], *, variables: bool) -> bool | None:
    """One text of a Resource element: a part at a time, but that a star at the end of one goes on beyond the colon."""
    if pattern == "*":
        return True
    fields = pattern.split(":", 5)
    fields += ["*"] * (6 - len(fields))

    def from_part(index: int, rest: str) -> bool:
        if index == len(fields) - 1:
            # Of an ARN of another service, whatever a variable has for a value.
            return matches(symbols(fields[index], keys, variables=variables, wild=True), rest)
        part = symbols(fields[index], {}, variables=False, wild=True)
        for at, each in enumerate(rest):
            if each == ":":
                within = rest[:at]
                inside, _, beyond = within.partition(":")
                fits = matches(part, inside) if not beyond and ":" not in within else False
                fits = fits or (part[-1:] == [STAR] and matches(part, inside))
                if fits and from_part(index + 1, rest[at + 1 :]):
                    return True
        return False

    try:
        return from_part(0, arn)
    except UnresolvedError:
        return None


def listed(given: Any) -> list[str]:
    return [spelled(each) for each in (given if isinstance(given, list) else [given])]


def spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def applies(said: dict[str, Any], action: str, arn: str, keys: dict[str, Any], *, variables: bool) -> bool:
    def named(element: str) -> bool:
        patterns = (symbols(each, {}, variables=False, wild=True) for each in listed(said[element]))
        return any(matches(each, action, fold=True) for each in patterns)

    if not (named("Action") if "Action" in said else not named("NotAction")):
        return False
    meant = [
        about(each, arn, keys, variables=variables) for each in listed(said.get("Resource", said.get("NotResource")))
    ]
    if not (any(meant) if "Resource" in said else all(each is False for each in meant)):
        return False
    return all(
        holds(name, key, listed(wanted), keys, variables=variables)
        for name, tests in said.get("Condition", {}).items()
        for key, wanted in tests.items()
    )


def allowed(question: dict[str, Any]) -> bool:
    """Whether the policies of a question allow its action, and its boundary does."""
    keys = {
        key.lower(): listed(value) if isinstance(value, list) else spelled(value)
        for key, value in question["context"].items()
    }

    def by(documents: list[dict[str, Any]]) -> bool:
        found = [
            said["Effect"]
            for document in documents
            for said in document["Statement"]
            if applies(
                said,
                question["action"],
                question["resource"],
                keys,
                variables=document.get("Version") == "2012-10-17",
            )
        ]
        return "Allow" in found and "Deny" not in found

    return by(question["policies"]) and (question["boundary"] is None or by([question["boundary"]]))
