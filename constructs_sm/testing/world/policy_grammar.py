"""IAM's grammar of policies: what a policy says, or all that is wrong with it.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html and the errors of
https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from constructs_sm.grants.statements import VERSION
from constructs_sm.language.errors import Problem, did_you_mean, raise_all
from constructs_sm.testing.world.policy_conditions import NULL, OPERATORS, QUANTIFIERS, Condition, Spelled
from constructs_sm.testing.world.policy_text import parts_of

_VERSIONS = (VERSION, "2008-10-17")
_DOCUMENT = ("Version", "Id", "Statement")
_SAID = ("Sid", "Effect", "Action", "NotAction", "Condition")
_PRINCIPALS = ("Principal", "NotPrincipal")
_RESOURCES = ("Resource", "NotResource")
_EFFECTS = ("Allow", "Deny")
_KINDS_OF_PRINCIPAL = ("AWS", "Service", "Federated", "CanonicalUser")

_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?_-]+")
_SID = re.compile(r"[A-Za-z0-9]*")
_PARTITION = re.compile(r"aws(?:-[a-z]+)*|[a-z-]*[*?][a-z*?-]*")
_SERVICE = re.compile(r"[a-z0-9-]+")
_ARN_PARTS = 6
_CONDITION_KEY = re.compile(r"[A-Za-z0-9_.-]+:.+", re.DOTALL)
_TOO_LARGE = 10**100
_SHOWN = 80
"""Characters of a value that a message shows."""

Problems: TypeAlias = list[Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStatement:
    """Contents of one statement.

    Attributes:
        place: The document and the statement in it, counted from 0.
        allows: Whether its effect is Allow.
        actions: Patterns of actions.
        but_actions: Whether the statement is about all other actions.
        resources: ARNs, or `*`; empty in a trust policy.
        but_resources: Whether the statement is about all other resources.
        conditions: What must hold besides.
        principals: Kind and name of each principal; None where the statement has none.
        but_principals: Whether the statement is about all other principals.
        variables: Whether `${...}` is a policy variable in it.
    """

    place: tuple[int, int]
    allows: bool
    actions: tuple[str, ...]
    but_actions: bool
    resources: tuple[str, ...]
    but_resources: bool
    conditions: tuple[Condition, ...]
    principals: tuple[tuple[str, str], ...] | None
    but_principals: bool
    variables: bool


class _Shown:
    """A value in a message, cut where it is long, and never with its address."""

    def __init__(self, value: object) -> None:
        text = f"a {type(value).__name__}"
        if value is None or isinstance(value, (str, int, float, list, tuple, dict)):
            # Some numbers are too long to be written, some lists nested too deep.
            with contextlib.suppress(ValueError, RecursionError):
                text = repr(value)
        self._text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."

    def __repr__(self) -> str:
        return self._text


def read(
    policies: Any, *, where: str = "policy", trust: bool = False, names: bool = False
) -> tuple[ReadStatement, ...]:
    """The statements of *policies*.

    Args:
        policies: A document, a statement by itself, JSON of either, or a sequence of those. A statement by itself is
            of version 2012-10-17.
        where: What an error begins with.
        trust: Whether these are trust policies, which name principals and no resources.
        names: Whether resources may be names, as `resolved` writes for references.

    Raises:
        InvalidInputError: All that IAM would refuse in them.
    """
    problems: Problems = []
    found: list[ReadStatement] = []
    for index, document in enumerate(_documents(policies, problems)):
        found += _Reader(index, trust=trust, names=names, problems=problems).statements(document)
    raise_all(where, problems)
    return tuple(found)


def _documents(policies: Any, problems: Problems) -> Iterator[Mapping[Any, Any]]:
    if isinstance(policies, str):
        try:
            policies = json.loads(policies, object_pairs_hook=_without_doubles, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            say = str(error) or "it is nested too deep"
            problems.append(
                Problem(
                    f"a policy is no JSON: {say}",
                    _Shown(policies),
                    "write it as IAM's grammar has it",
                    "policy-question",
                )
            )
            return
    if isinstance(policies, Mapping):
        yield policies
    elif isinstance(policies, str):
        use = "give the JSON of a mapping, once made a text"
        problems.append(Problem("a policy is JSON of a text", _Shown(policies), use, "policy-question"))
    elif isinstance(policies, Sequence) and not isinstance(policies, (bytes, bytearray)):
        for policy in policies:
            if isinstance(policy, (list, tuple)):
                problems.append(
                    Problem("a policy is a list", _Shown(policy), "give each document by itself", "policy-question")
                )
            else:
                yield from _documents(policy, problems)
    else:
        problems.append(
            Problem(
                "a policy is no document", _Shown(policies), "give a mapping, or the JSON of one", "policy-question"
            )
        )


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} is there twice")
    return made


class _Reader:
    """Reads one document.

    Args:
        index: Of the document among those given.
        trust: Whether it is a trust policy.
        names: Whether resources may be names.
        problems: Gets what is wrong.
    """

    def __init__(self, index: int, *, trust: bool, names: bool, problems: Problems) -> None:
        self._index = index
        self._trust = trust
        self._names = names
        self._problems = problems
        self._variables = True
        self._sids: set[str] = set()

    def statements(self, document: Mapping[Any, Any]) -> Iterator[ReadStatement]:
        bare = bool(document) and not any(name in document for name in _DOCUMENT)
        if bare:
            yield from self._statement(0, document, f"policy {self._index}")
            return
        where = f"policy {self._index}"
        self._elements(where, document, _DOCUMENT)
        version = document.get("Version", _VERSIONS[-1])
        if version not in _VERSIONS:
            self._add(f"{where}: Version is none of IAM's", version, f"write {VERSION}")
        # Without a version, IAM reads a policy as of 2008, which knows no variables.
        self._variables = version != _VERSIONS[-1]
        if not isinstance(document.get("Id", ""), str):
            self._add(f"{where}: Id is no text", document["Id"], "write text")
        if "Statement" not in document:
            self._add(f"{where} has no Statement", sorted(map(str, document)), "give it a list of statements")
            return
        said = document["Statement"]
        if not isinstance(said, (Mapping, list, tuple)):
            self._add(f"{where}: Statement is no statement", said, "give a statement, or a list of them")
            return
        for number, statement in enumerate([said] if isinstance(said, Mapping) else said):
            at = f"{where}, statement {number}"
            if isinstance(statement, Mapping):
                yield from self._statement(number, statement, at)
            else:
                self._add(f"{at} is no mapping", statement, "give its Effect, Action and Resource")

    def _add(self, what: str, got: object, use: str) -> None:
        self._problems.append(Problem(what, _Shown(got), use, "policy-question"))

    def _elements(self, where: str, given: Mapping[Any, Any], known: Sequence[str]) -> None:
        for name in given:
            if name not in known:
                use = did_you_mean(name, known) or f"IAM knows {', '.join(known)}"
                self._add(f"{where} has an element that IAM does not know here", name, use)

    def _statement(self, number: int, said: Mapping[Any, Any], where: str) -> Iterator[ReadStatement]:
        before = len(self._problems)
        self._elements(
            where,
            {name: 0 for name in said if name not in (*_PRINCIPALS, *_RESOURCES)},
            (*_SAID, *_PRINCIPALS, *_RESOURCES),
        )
        self._sid(where, said)
        effect = said.get("Effect")
        if "Effect" not in said:
            self._add(f"{where} has no Effect", sorted(map(str, said)), "write Allow or Deny")
        elif effect not in _EFFECTS:
            self._add(f"{where}: Effect is neither Allow nor Deny", effect, "write one of them, in this case")
        actions, but_actions = self._one_of(where, said, "Action", self._action)
        resources: tuple[str, ...] = ()
        but_resources = False
        if self._trust:
            self._none_of(where, said, _RESOURCES, "a trust policy is about the role that has it")
        else:
            self._none_of(where, said, _PRINCIPALS, "an identity policy is about whoever has it")
            resources, but_resources = self._one_of(where, said, "Resource", self._resource)
        principals = self._principals(where, said) if self._trust else None
        conditions = tuple(self._conditions(where, said.get("Condition", {})))
        if len(self._problems) == before:
            yield ReadStatement(
                place=(self._index, number),
                allows=effect == "Allow",
                actions=actions,
                but_actions=but_actions,
                resources=resources,
                but_resources=but_resources,
                conditions=conditions,
                principals=principals,
                but_principals="NotPrincipal" in said,
                variables=self._variables,
            )

    def _none_of(self, where: str, said: Mapping[Any, Any], elements: Iterable[str], why: str) -> None:
        for element in elements:
            if element in said:
                self._add(f"{where} has {element}", said[element], f"leave it out: {why}")

    def _sid(self, where: str, said: Mapping[Any, Any]) -> None:
        sid = said.get("Sid", "")
        if not isinstance(sid, str) or (not _SID.fullmatch(sid) and not self._trust):
            self._add(f"{where}: Sid is not made of letters and digits", sid, "use A-Z, a-z and 0-9 alone")
        elif sid and sid in self._sids:
            self._add(f"{where}: Sid is another statement's too", sid, "give each statement its own")
        else:
            self._sids.add(sid)

    def _one_of(
        self, where: str, said: Mapping[Any, Any], element: str, check: Callable[[str, str], None]
    ) -> tuple[tuple[str, ...], bool]:
        negated = f"Not{element}"
        given = [name for name in (element, negated) if name in said]
        if len(given) != 1:
            what = (
                f"{where} has both {element} and {negated}" if given else f"{where} has neither {element} nor {negated}"
            )
            self._add(what, sorted(map(str, said)), "give one of them")
            return (), False
        (name,) = given
        texts = self._texts(f"{where}: {name}", said[name])
        for text in texts:
            check(f"{where}: {name}", text)
        return texts, name == negated

    def _texts(self, where: str, given: Any) -> tuple[str, ...]:
        items = given if isinstance(given, (list, tuple)) else [given]
        if not items:
            self._add(f"{where} is an empty list", given, "IAM refuses it; leave the statement out")
        wrong = [item for item in items if not isinstance(item, str)]
        for item in wrong:
            self._add(f"{where} is no text", item, "write text, or a list of texts")
        return () if wrong else tuple(items)

    def _action(self, where: str, text: str) -> None:
        if "${" in text:
            self._add(
                f"{where} has a policy variable", text, "write it out; variables are for resources and conditions"
            )
        elif not _ACTION.fullmatch(text):
            self._add(f"{where} is no action", text, "write * or service:Action, as sagemaker:CreateTrainingJob")

    def _resource(self, where: str, text: str) -> None:
        if text == "*" or self._names:
            return
        fields = text.split(":", _ARN_PARTS - 1)
        short = len(fields) < _ARN_PARTS and not any(wild in text for wild in "*?")
        if fields[0] != "arn" or len(fields) == 1 or short:
            self._add(f"{where} is no ARN", text, "write * or arn:partition:service:region:account:resource")
            return
        self._variables_in(where, fields[-1] if len(fields) == _ARN_PARTS else "", text)
        if self._variables and "${" in ":".join(fields[: _ARN_PARTS - 1]):
            self._add(f"{where} has a variable before its fifth colon", text, "IAM takes them in the resource alone")
        elif not _PARTITION.fullmatch(fields[1]) and fields[1:] != ["*"]:
            self._add(f"{where} has no partition of AWS's", text, "write aws, aws-cn or aws-us-gov after arn")
        elif len(fields) > 2 and not _SERVICE.fullmatch(fields[2]) and fields[2:] != ["*"]:  # noqa: PLR2004
            self._add(f"{where} names no service", text, "write it out in small letters; IAM takes no wildcard there")

    def _variables_in(self, where: str, text: str, got: str) -> None:
        if not self._variables:
            return
        try:
            parts_of(text)
        except ValueError as error:
            self._add(f"{where}: {error}", got, "write ${service:key}, ${service:key, 'default'} or ${*}")

    def _principals(self, where: str, said: Mapping[Any, Any]) -> tuple[tuple[str, str], ...]:
        given = [name for name in _PRINCIPALS if name in said]
        if len(given) != 1:
            what = f"{where} has both {' and '.join(given)}" if given else f"{where} has no Principal"
            self._add(what, sorted(map(str, said)), "say once who may assume the role")
            return ()
        principal = said[given[0]]
        if principal == "*":
            return (("AWS", "*"),)
        if not isinstance(principal, Mapping) or not principal:
            self._add(
                f"{where}: {given[0]} is no principal", principal, 'write {"Service": "..."}, {"AWS": "..."} or *'
            )
            return ()
        self._elements(f"{where}: {given[0]}", principal, _KINDS_OF_PRINCIPAL)
        return tuple(
            (str(kind), name)
            for kind, names in principal.items()
            for name in self._texts(f"{where}: {given[0]}.{kind}", names)
        )

    def _conditions(self, where: str, block: Any) -> Iterator[Condition]:
        if not isinstance(block, Mapping):
            self._add(f"{where}: Condition is no mapping", block, "write {operator: {key: value}}")
            return
        for name, tests in block.items():
            at = f"{where}: {name}"
            spelled = Spelled.of(name) if isinstance(name, str) else None
            if spelled is None:
                self._add(f"{where}: Condition has an operator that IAM does not know", name, _near(name))
            if not isinstance(tests, Mapping):
                self._add(f"{at} is no mapping", tests, "write {key: value} under the operator")
                continue
            seen: set[str] = set()
            for key, wanted in tests.items():
                if not isinstance(key, str) or not _CONDITION_KEY.fullmatch(key):
                    self._add(f"{at} has what is no condition key", key, "write service:key, as aws:RequestedRegion")
                    continue
                if key.lower() in seen:
                    self._add(f"{at} has one key twice", key, "case does not matter in keys; give all values together")
                seen.add(key.lower())
                values = self._values(f"{at}: {key}", wanted, spelled)
                if spelled is not None and values is not None:
                    yield Condition(spelled, key, values, variables=self._variables)

    def _values(self, where: str, wanted: Any, spelled: Spelled | None) -> list[str] | None:
        items = wanted if isinstance(wanted, (list, tuple)) else [wanted]
        before = len(self._problems)
        if not items:
            self._add(f"{where} is an empty list", wanted, "give the values that the key may have")
        for item in items:
            if not isinstance(item, (str, int, float)) or not _is_written(item):
                self._add(f"{where} has no value that IAM knows", item, "write text, a number or a boolean")
            elif isinstance(item, str) and "${" in item and self._variables and spelled is not None:
                if spelled.operator.takes_variables:
                    self._variables_in(where, item, item)
                else:
                    self._add(
                        f"{where} has a policy variable",
                        item,
                        "IAM takes them with operators of text and of ARNs alone",
                    )
        if spelled is not None and spelled.operator is NULL and len(self._problems) == before:
            for item in items:
                if str(item).lower() not in {"true", "false"}:
                    self._add(
                        f"{where} is neither true nor false", item, "write one of them: Null asks if a key is absent"
                    )
        return None if len(self._problems) > before else [_spelled(item) for item in items]


def _is_written(item: float | str) -> bool:
    """Tell if JSON has a way to write *item*, in fewer characters than a policy has."""
    return isinstance(item, str) or -_TOO_LARGE < item < _TOO_LARGE


def _spelled(item: Any) -> str:
    return str(item).lower() if isinstance(item, bool) else str(item)


def _near(name: object) -> str:
    text = str(name)
    if text.lower() == "nullifexists":
        return "Null says by itself if a key exists; take IfExists away"
    quantifier, colon, plain = text.rpartition(":")
    if colon and quantifier.lower() not in QUANTIFIERS:
        return did_you_mean(quantifier, QUANTIFIERS.values()) or "before a colon IAM knows ForAllValues and ForAnyValue"
    known = {each.name: each.name for each in OPERATORS.values()}
    return did_you_mean(re.sub("IfExists$", "", plain), known) or f"IAM knows {', '.join(known)}"
