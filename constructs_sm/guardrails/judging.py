"""One call of SageMaker, held against guardrails: what is beyond them, and what comes later."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.grants.access import named_at
from constructs_sm.guardrails.kinds import REQUIRED, TAGS_LINE, number_of, worst
from constructs_sm.guardrails.patterns import Spelling, is_late
from constructs_sm.guardrails.rails import RAILS, fields_of
from constructs_sm.guardrails.reading import found, texts
from constructs_sm.language.errors import NOTHING, Problem
from constructs_sm.language.late_bound import Computed
from constructs_sm.language.paths import of_any_item
from constructs_sm.requests.model_check import fields_of_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_sm.guardrails.limits import Limits
    from constructs_sm.guardrails.rails import Rail
    from constructs_sm.guardrails.reading import Found, Part
    from constructs_sm.requests.request import Request

_SHOWN_LATE: Final = "what comes later"
_CONFIGURATION: Final = "EndpointConfigName"
_MAKES_CONFIGURATION: Final = "CreateEndpointConfig"
_OF_A_CONFIGURATION: Final = frozenset({"CreateEndpoint", "UpdateEndpoint"})


def makes_configuration(resources: Iterable[str]) -> bool:
    """Tell whether a Task of one of these Resources makes an endpoint configuration, which is judged there."""
    return any(resource.rpartition(":")[2].lower() == _MAKES_CONFIGURATION.lower() for resource in resources)


@dataclass(frozen=True, slots=True)
class Fault:
    """One value of a request that is beyond a rail, or that comes later.

    Attributes:
        rail: The rail.
        path: The field.
        got: The value that stands there; `NOTHING` where one is missing.
        late: Whether it comes later.
        limited: Whether IAM has a condition key for the field.
    """

    rail: Rail
    path: str
    got: object
    late: bool = False
    limited: bool = False

    def problem(self, limits: Limits, *, why: str = "", ended: str = "", where: str = "") -> Problem:
        """The fault in words: the field, what stands there, what is allowed, the reason, and who to ask.

        Args:
            limits: The guardrails.
            why: Why a value that comes later is not limited then.
            ended: The day on which an exception ended.
            where: The place, before the field.
        """
        what = f"comes later, and {why}" if self.late else self.rail.rule.what
        over = f"; the exception ended on {ended}" if ended else ""
        use = f"{self.rail.kind.allowed(limits)}: {limits.why(self.rail.line)}{over}"
        return Problem(f"{where}{self.path or 'the whole request'}: {what}", self.got, use, self.rail.rule.id)


@dataclass(slots=True)
class Verdict:
    """The judgement of one call by one rail.

    Attributes:
        broken: What is beyond it.
        late: What comes later.
        lacks: Whether the call is within it without the condition key, where IAM would deny a call without.
    """

    broken: list[Fault] = field(default_factory=list)
    late: list[Fault] = field(default_factory=list)
    lacks: bool = False

    def add(self, other: Verdict) -> None:
        """Take what another judgement by the same rail has found."""
        self.broken += other.broken
        self.late += other.late
        self.lacks = self.lacks or other.lacks


def rails_of(limits: Limits) -> list[Rail]:
    """The rails that guardrails set."""
    lines = frozenset(limits.lines)
    return [rail for rail in RAILS if rail.line in lines]


class Judge:
    """Guardrails, ready to judge the calls of one definition.

    Args:
        limits: The guardrails.
        spelling: The texts of the definition.
        resolve: Gives what a template has for a text of the guardrails in which there are tokens.
    """

    def __init__(
        self, limits: Limits, spelling: Spelling | None = None, resolve: Callable[[str], Any] | None = None
    ) -> None:
        self.limits = limits
        self.rails = rails_of(limits)
        self._spelling = spelling or Spelling()
        self._resolve = resolve
        self._spelled: dict[str, str] = {}
        self._truths: dict[tuple[Rail, type, Any], tuple[bool | None, Any]] = {}
        self._about: dict[str, list[tuple[Rail, tuple[Part, ...]]]] = {}

    def verdicts(self, operation: str, request: Request) -> Iterator[tuple[Rail, Verdict]]:
        """Judge one request by every rail that is about it."""
        if operation not in self._about:
            about = [(rail, fields_of(rail, operation)) for rail in self.rails]
            self._about[operation] = [(rail, fields) for rail, fields in about if fields or rail.names]
        named: dict[str, list[Found]] | None = None
        verdict = Verdict()
        for rail, fields in self._about[operation]:
            if rail.derived is not None:
                self._take(verdict, rail, rail.derived(self.limits, operation, request.fields, self._spelling))
            elif rail.names:
                named = _named(operation, request) if named is None else named
                self._take(verdict, rail, named.get(rail.names, ()))
            else:
                self._read(verdict, rail, operation, fields, request.fields)
            if verdict.broken or verdict.late or verdict.lacks:
                yield rail, verdict
                verdict = Verdict()

    def of_configuration(self, operation: str, request: Request) -> Iterator[tuple[Rail, Verdict]]:
        """Judge the endpoint configuration that a call names, where nothing makes it that could be judged.

        A name that is known is somebody's choice; of one that comes later, nobody knows what it leads to.
        """
        if operation not in _OF_A_CONFIGURATION or isinstance(request.fields, str):
            return
        name = request.fields.get(_CONFIGURATION)
        if isinstance(name, Computed) or is_late(name):
            for rail in self.rails:
                named = any(rail.names in names for names in _naming(_MAKES_CONFIGURATION).values())
                if rail.line != TAGS_LINE and (named or fields_of(rail, _MAKES_CONFIGURATION)):
                    yield rail, Verdict(late=[Fault(rail, _CONFIGURATION, _shown(str(name)), late=True)])

    def _read(
        self, verdict: Verdict, rail: Rail, operation: str, fields: tuple[Part, ...], request: Mapping[str, Any]
    ) -> None:
        there = False
        per_variant: list[list[Found]] = []
        for part in fields:
            for place, holder in found(request, part.place) if part.place else (("", request),):
                if isinstance(holder, str):
                    verdict.late.append(Fault(rail, place, _shown(holder), late=True, limited=part.keyed))
                    there = True
                    continue
                # Of a structure that comes later, several fields are found in one place.
                values = dict(
                    each for steps in part.fields if steps[0] in holder for each in found(holder, steps, place)
                )
                there = there or bool(values)
                if not values:
                    if part.wanted:
                        self._absent(
                            verdict, rail, holder, ".".join(filter(None, (place, *part.fields[0]))), part.keyed
                        )
                elif rail.line == TAGS_LINE:
                    self._tags(verdict, rail, values.items(), part.keyed)
                elif rail.total == "variants":
                    per_variant.append([*values.items()])
                elif rail.total == "groups":
                    self._groups(verdict, rail, [*values.items()])
                else:
                    self._take(verdict, rail, values.items(), part.keyed)
        if per_variant:
            self._total(verdict, rail, [max(values, key=self._largest) for values in per_variant])
        verdict.lacks = (
            not there and not verdict.broken and rail.absent is REQUIRED and operation not in dict(rail.unless)
        )

    def _absent(self, verdict: Verdict, rail: Rail, holder: Mapping[str, Any], path: str, limited: bool) -> None:
        excused = False if rail.excused is None else rail.excused(holder)
        if excused or rail.kind.admits_absent(self.limits, rail.absent):
            return
        faults = verdict.late if excused is None else verdict.broken
        faults.append(Fault(rail, path, NOTHING, late=excused is None, limited=limited))

    def _take(self, verdict: Verdict, rail: Rail, values: Iterable[Found], limited: bool = False) -> None:
        for path, value in values:
            # Most jobs have the same values. Those that cannot be looked up are no texts or numbers.
            known = (rail, type(value), value) if isinstance(value, (str, int)) else None
            found_out = self._truths.get(known) if known else None
            if found_out is None:
                found_out = self._truth(rail, value)
                if known:
                    self._truths[known] = found_out
            truth, got = found_out
            if truth is not True:
                self._note(verdict, Fault(rail, path, _shown(got), late=truth is None, limited=limited), truth)

    def _truth(self, rail: Rail, value: Any) -> tuple[bool | None, Any]:
        """Tell if a value is within a rail; of several between which a condition chooses, with the one at fault."""
        values = self._spelling.values(value)
        truths = [rail.kind.holds(self.limits, each, self._spell) for each in values]
        return worst(truths), values[truths.index(False)] if len(values) > 1 and False in truths else value

    def _note(self, verdict: Verdict, fault: Fault, truth: bool | None) -> None:
        if truth is not True:
            (verdict.late if truth is None else verdict.broken).append(fault)

    def _groups(self, verdict: Verdict, rail: Rail, values: list[Found]) -> None:
        grouped = [each for each in values if "InstanceGroups[" in each[0]]
        self._take(verdict, rail, [each for each in values if each not in grouped])
        if grouped:
            self._total(verdict, rail, grouped)

    def _total(self, verdict: Verdict, rail: Rail, values: list[Found]) -> None:
        """Judge a sum: what is known of it may be too much already."""
        largest = [self._largest(each) for each in values]
        total = int(sum(each for each in largest if each != float("inf")))
        truth = rail.kind.holds(self.limits, total, self._spell)
        path = values[0][0] if len(values) == 1 else of_any_item(values[0][0])
        late = next((value for each, value in zip(largest, values, strict=True) if each == float("inf")), None)
        if truth and late is not None:
            self._note(verdict, Fault(rail, late[0], _shown(late[1]), late=True), None)
        else:
            self._note(verdict, Fault(rail, path, total), truth)

    def _largest(self, value: Found) -> float:
        """The largest number that a value can be."""
        numbers = [number_of(each) for each in self._spelling.values(value[1])]
        return max(float("inf") if each is None else each for each in numbers)

    def _tags(self, verdict: Verdict, rail: Rail, values: Iterable[Found], limited: bool) -> None:
        for path, value in values:
            given = value
            if isinstance(value, list):
                tags = [tag for tag in value if isinstance(tag, Mapping)]
                # What is no tag may become any.
                given = [
                    (each, self._spelling.values(tag.get("Value", "")))
                    for tag in tags
                    for each in self._spelling.values(tag.get("Key"))
                ]
            truth = rail.kind.holds(self.limits, given, self._spell)
            got = [tag.get("Key") for tag in value if isinstance(tag, Mapping)] if isinstance(value, list) else value
            self._note(verdict, Fault(rail, path, _shown(got), late=truth is None, limited=limited), truth)

    def _spell(self, text: str) -> str:
        """A text of the guardrails as those of the definition are."""
        if self._resolve is None:
            return text
        if text not in self._spelled:
            self._spelled[text] = self._spelling.reference(self._resolve(text))
        return self._spelled[text]


@cache
def _naming(operation: str) -> dict[str, frozenset[str]]:
    """The fields of a request in which there is something named, and what; see `named_at`."""
    naming: dict[str, frozenset[str]] = {}
    for path in fields_of_request(operation):
        field = path.partition(".")[0].removesuffix("[]")
        # Among hyperparameters there may be the place of the code.
        names = named_at(operation, f"{path}.sagemaker_submit_directory" if path == "HyperParameters" else path)
        naming[field] = naming.get(field, frozenset()) | names
    return {field: names for field, names in naming.items() if names}


def _named(operation: str, request: Request) -> dict[str, list[Found]]:
    """The values of fields by what they name, and what comes later and may have such fields; see `named_at`."""
    named: dict[str, list[Found]] = {}
    if isinstance(request.fields, str):
        return {name: [("", request.fields)] for names in _naming(operation).values() for name in names}
    found_in: list[Found] = []
    for name in _naming(operation):
        if name in request.fields:
            texts(request.fields[name], name, found_in)
    for path, value in found_in:
        for name in named_at(operation, path):
            said = value if isinstance(value, Computed) else value.strip('"')
            named.setdefault(name, []).append((path, said))
    return named


def _shown(value: object) -> object:
    """A value in a message: what comes later, as it is written, and references of a template as such."""
    if isinstance(value, str):
        return re.sub("\ue000\\d+\ue001", "${...}", value) if not is_late(value) else _SHOWN_LATE
    return value
