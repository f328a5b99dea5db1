"""The limits that a platform team sets, as one frozen value: read from arguments, a mapping, or a file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from constructs_sm.guardrails.patterns import HOLE, HOLES, among, may_fit
from constructs_sm.language.document_text import content_of, text_at
from constructs_sm.language.durations import seconds_of
from constructs_sm.language.errors import InvalidInputError, Problem, choose_from, did_you_mean, raise_all, raise_unless
from constructs_sm.language.late_bound import is_token
from constructs_sm.language.numbers import is_number, is_whole_number
from constructs_sm.language.offering import offers
from constructs_sm.rules.guardrail_rules import VALUE
from constructs_sm.values.s3 import bucket_and_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_cdk import Duration
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_stepfunctions as sfn
    from typing_extensions import Self

_LISTS: Final = (
    "instance_types",
    "subnets",
    "security_groups",
    "volume_keys",
    "output_keys",
    "images",
    "inputs",
    "outputs",
)
_KEYS: Final = ("volume_keys", "output_keys")
_LIKE: Final = {
    "instance_types": "ml.",
    "subnets": "subnet-",
    "security_groups": "sg-",
    "images": "",
    "inputs": "s3://",
    "outputs": "s3://",
}
"""Lists of patterns, and the beginning of all that they can be compared with."""
_ANY: Final = re.compile(r"[*?]")
_KEY_ARN: Final = re.compile(r"arn:[^:]+:kms:[^:]+:[^:]+:[^:]+")
_COUNTS: Final = ("most_instances", "most_endpoint_instances")
_FLAGS: Final = ("network_isolation", "traffic_encryption", "public_work_teams", "public_endpoints")
_WORDS: Final = ("reason", "contact")
_NO_RAILS: Final = frozenset({*_WORDS, "reasons", "late", "rates"})
_LONGEST_PATH: Final = 4_096
"""Characters of a path that an operating system opens."""
_GIVE: Final = "give guardrails in JSON or YAML"
_LATE: Final = ("refuse", "warn")
_DURATION: Final = re.compile(r"P(?=.*\d)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SECONDS: Final = (86_400, 3_600, 60, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Everything that guardrails limit; see `constructs_sm.Guardrails`, which applies it to constructs."""

    instance_types: Sequence[str] | None = None
    most_instances: int | None = None
    longest_runtime: Duration | sfn.Timeout | int | str | None = None
    subnets: Sequence[str] | None = None
    security_groups: Sequence[str] | None = None
    volume_keys: Sequence[str | kms.IKey] | None = None
    output_keys: Sequence[str | kms.IKey] | None = None
    network_isolation: bool = False
    traffic_encryption: bool = False
    images: Sequence[str] | None = None
    tags: Mapping[str, Sequence[str] | None] | Sequence[str] | None = field(default=None, hash=False)
    inputs: Sequence[str] | None = None
    outputs: Sequence[str] | None = None
    spot: bool | None = None
    public_work_teams: bool = True
    most_endpoint_instances: int | None = None
    public_endpoints: bool = True
    budget: float | None = None
    rates: Mapping[str, float] | None = field(default=None, hash=False)
    reason: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict, hash=False)
    contact: str = ""
    late: Literal["refuse", "warn"] = "refuse"

    def __post_init__(self) -> None:
        raise_all(type(self).__name__, list(self._problems()))
        for name in _LISTS:
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, tuple(getattr(each, "key_arn", each) for each in given))
        tags = self.tags
        if tags is not None:
            named = tags if isinstance(tags, Mapping) else dict.fromkeys(tags)
            kept = {key: None if values is None else tuple(values) for key, values in named.items()}
            object.__setattr__(self, "tags", kept)
        for name in ("reasons", "rates"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, dict(getattr(self, name)))
        if self.longest_runtime is not None:
            object.__setattr__(self, "longest_runtime", _seconds(self.longest_runtime))

    def __hash__(self) -> int:
        """Hash what can be hashed: equal ones have it alike."""
        return hash((self.instance_types, self.most_instances, self.longest_runtime, self.images, self.reason))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read guardrails from a file in JSON or YAML: the arguments by their names.

        Args:
            path: The file.

        Raises:
            InvalidInputError: It cannot be read, or says what no guardrails can be.
            ImportError: It is YAML, and PyYAML is not installed.
        """
        raise_unless("Guardrails.from_file", path=(path, (str, os.PathLike), "the path of a file"))
        where = str(path)
        if len(where) > _LONGEST_PATH:
            problem = Problem("no file has such a long name", path, _GIVE, VALUE.id)
            raise InvalidInputError("guardrails", [problem])
        try:
            content = content_of(where, text_at(Path(path), use=_GIVE))
        except InvalidInputError as error:
            found = [replace(each, rule=VALUE.id) for each in error.problems]
            raise InvalidInputError(where, found) from error
        return cls.from_mapping(content, where)

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any], where: str = "guardrails") -> Self:
        """Make guardrails of what JSON or YAML says.

        Args:
            given: The arguments by their names.
            where: The place in messages.

        Raises:
            InvalidInputError: With everything in it that no guardrails can be.
        """
        names = [each.name for each in fields(cls)]
        if not isinstance(given, Mapping):
            raise InvalidInputError(
                where, [Problem("guardrails are a mapping", given, f"write {names[0]}: [...]", VALUE.id)]
            )
        unknown = [
            Problem(
                "guardrails have no such line",
                name,
                choose_from(names, name),
                VALUE.id,
            )
            for name in given
            if name not in names
        ]
        raise_all(where, unknown)
        try:
            return cls(**given)
        except InvalidInputError as error:
            raise InvalidInputError(where, error.problems) from error

    @property
    def longest_seconds(self) -> int | None:
        """The longest runtime in seconds."""
        return _seconds(self.longest_runtime)

    @property
    def lines(self) -> tuple[str, ...]:
        """The names of what is limited."""
        return tuple(
            each.name
            for each in fields(self)
            if each.name not in _NO_RAILS and not _is(getattr(self, each.name), each.default)
        )

    def why(self, line: str) -> str:
        """The reason of a line, and who to ask, as messages quote it."""
        asked = f" (ask {self.contact})" if self.contact else ""
        return f"{self.reasons.get(line, self.reason)}{asked}"

    def _problems(self) -> Iterator[Problem]:
        for name in _LISTS:
            given = getattr(self, name)
            if given is not None and not _is_list(given, name):
                yield _wrong(f"{name} must be a list of texts, of which none is empty", given, f"write {name}=['...']")
        for name in _COUNTS:
            if (given := getattr(self, name)) is not None and not _is_count(given):
                yield _wrong(f"{name} must be a whole number", given, "write 1 or more")
        for name in _FLAGS:
            if not isinstance(given := getattr(self, name), bool):
                yield _wrong(f"{name} is either true or false", given, "write one of them")
        if self.spot is not None and not isinstance(self.spot, bool):
            yield _wrong("spot is either required or forbidden", self.spot, "write true or false, or leave it out")
        if self.longest_runtime is not None and _seconds(self.longest_runtime) is None:
            use = "write seconds, 'PT6H', or Duration.hours(6)"
            yield _wrong("longest_runtime must be a time of whole seconds", self.longest_runtime, use)
        yield from self._problems_of_patterns()
        yield from self._problems_of_keys()
        yield from self._problems_of_tags()
        yield from self._problems_of_budget()
        yield from self._problems_of_words()

    def _problems_of_patterns(self) -> Iterator[Problem]:
        """Patterns that nothing can be like."""
        for name, like in _LIKE.items():
            given = getattr(self, name)
            for each in given if _is_list(given, name) else ():
                if like and not (is_token(each) or bucket_and_prefix(each) or may_fit(f"{like}{HOLE}", each)):
                    yield _wrong(f"{name} begin with {like}, so nothing is like this", each, f"begin it with {like}")

    def _problems_of_keys(self) -> Iterator[Problem]:
        for name in _KEYS:
            given = getattr(self, name)
            for each in given if _is_list(given, name) else ():
                if isinstance(each, str) and not is_token(each) and _KEY_ARN.fullmatch(each) is None:
                    use = "write 'arn:aws:kms:eu-west-1:123456789012:key/...', with * where it may be any"
                    yield _wrong(f"{name} are named by their ARNs, as IAM compares them", each, use)

    def _problems_of_tags(self) -> Iterator[Problem]:
        tags = self.tags
        use = "write {'team': ['ml', 'risk']}, or ['team'] for any value"
        if tags is None:
            return
        if isinstance(tags, Mapping):
            right = all(
                isinstance(key, str) and key and (values is None or _is_list(values)) for key, values in tags.items()
            )
        else:
            right = _is_list(tags)
        if not right or not tags:
            yield _wrong("tags must name keys, and the values that each may have", tags, use)

    def _problems_of_budget(self) -> Iterator[Problem]:
        rates = self.rates
        if rates is not None and not (
            isinstance(rates, Mapping)
            and rates
            and all(_is_text(kind) and _is_amount(rate) for kind, rate in rates.items())
        ):
            use = "write {'ml.m5.large': 0.115}, with your own prices"
            yield _wrong("rates must say what an hour of an instance type costs", rates, use)
        if self.budget is not None and not _is_amount(self.budget):
            yield _wrong("budget must be a number above 0", self.budget, "write it in the currency of rates")
        if (self.budget is None) != (rates is None):
            missing, there = ("rates", "budget") if rates is None else ("budget", "rates")
            yield _wrong(f"{there} needs {missing}", getattr(self, there), f"give {missing} too")
        elif _is_list(self.instance_types) and isinstance(rates, Mapping) and all(map(_is_text, rates)):
            types = [_ANY.sub(HOLE, each) for each in self.instance_types or ()]
            bare = [HOLES.sub("*", each) for each in types if among(each, rates) is False]
            if bare:
                yield _wrong("an allowed instance type has no rate", bare, "add it to rates")

    def _problems_of_words(self) -> Iterator[Problem]:
        for name in _WORDS:
            if not isinstance(given := getattr(self, name), str):
                yield _wrong(f"{name} must be a text", given, "write a sentence")
        if not isinstance(self.late, str) or self.late not in _LATE:
            yield _wrong("late is what becomes of values that IAM cannot limit", self.late, "write 'refuse' or 'warn'")
        reasons = self.reasons
        lines = [each.name for each in fields(self) if each.name not in _NO_RAILS]
        if not isinstance(reasons, Mapping):
            yield _wrong("reasons must be a mapping", reasons, "write {'instance_types': '...'}")
            return
        for line, reason in reasons.items():
            if line not in lines:
                yield _wrong("reasons are for lines of the guardrails", line, did_you_mean(line, lines) or "correct it")
            elif not _is_text(reason):
                yield _wrong(f"the reason of {line} must be a text", reason, "write a sentence")
        if not _is_text(self.reason) and (bare := [line for line in self.lines if line not in reasons]):
            use = "give reasons={...} for each, or reason= for all: messages quote it"
            yield _wrong("a line has no reason", bare, use)


def _wrong(what: str, got: object, use: str) -> Problem:
    return Problem(what, got, use, VALUE.id)


def _is(value: object, default: object) -> bool:
    """Tell whether an argument was left out; what is of another type may compare as it likes, as arrays do."""
    return type(value) is type(default) and value == default


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_list(value: object, name: str = "") -> bool:
    if isinstance(value, str) or not isinstance(value, (list, tuple)) or not value:
        return False
    return all(_is_text(each) or (name.endswith("_keys") and offers(each, "key_arn")) for each in value)


def _is_count(value: object) -> bool:
    return is_whole_number(value, least=1)


def _is_amount(value: object) -> bool:
    return is_number(value) and isfinite(value) and value > 0


def _seconds(value: Any) -> int | None:
    if not isinstance(value, str):
        return seconds_of(value)
    found = _DURATION.fullmatch(value)
    total = sum(int(count or 0) * unit for count, unit in zip(found.groups(), _SECONDS, strict=True)) if found else 0
    return total or None
