"""Tags of the constructs around a job, as the CDK would give them to a resource in its place.

A job is a state, so no aspect reaches it: what `Tags.of(scope)` has put on the constructs around is read when the app
is synthesized. Each construct is asked once for what was put on it, and all of that is read with one message.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aws_cdk import Aspects, RemoveTag, Stack, Stage, Tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from constructs import IConstruct

_STACK = "aws:cdk:stack"
_OF_THE_STACK = 50
"""Priority of the tags that a stack was given when it was made."""
_ADDED, _REMOVED = 100, 200


class KnownToCdk:
    """A construct that takes note when it is given to the CDK after it was made, as to `Tags.of`.

    To ask the CDK whether a job has tags is two messages over the bridge: of most it is known without them.
    """

    jsii_reference: Any = None
    """Reference of the CDK to it, for those that do not give it to the CDK."""
    _is_kept = False
    is_whole = False
    given_to_cdk = False

    @property
    def __jsii_ref__(self) -> Any:
        """Return what the CDK knows it by."""
        if self.jsii_reference is None:
            raise AttributeError("__jsii_ref__")
        # First when it is whole, jsii itself asks, to keep it by that.
        self.given_to_cdk = self.given_to_cdk or self._is_kept
        self._is_kept = self._is_kept or self.is_whole
        return self.jsii_reference

    @__jsii_ref__.setter
    def __jsii_ref__(self, ref: Any) -> None:
        self.jsii_reference = ref

    @contextmanager
    def unnoticed(self) -> Iterator[None]:
        """Give it to the CDK as a part of its making."""
        before = self.given_to_cdk
        yield
        self.given_to_cdk = before


@dataclass(frozen=True, slots=True)
class _Said:
    """A tag that is added to what is in a construct, or taken from it."""

    key: str
    value: str | None
    """None: it is taken away."""
    priority: float
    include: Collection[str]
    exclude: Collection[str]
    order: float = 0
    """Of the aspect: a lower one is asked first."""

    def is_for(self, kind: str) -> bool:
        return kind not in self.exclude and (not self.include or kind in self.include)


class TagsAround:
    """Tags of constructs, asked for once: of one synthesis, since they may be others in the next.

    Args:
        stacks: The stacks of the jobs.
    """

    def __init__(self, stacks: Iterable[Stack]) -> None:
        self._stacks = list(stacks)
        self._scopes: dict[IConstruct, list[IConstruct]] = {}
        self._said: dict[IConstruct, list[_Said]] = {}
        self._ordered: dict[IConstruct, list[_Said]] = {}
        self._of_stacks: dict[IConstruct, dict[str, str]] = {}
        self._found: dict[tuple[IConstruct, str], dict[str, str]] = {}

    def read(self, scopes: Iterable[IConstruct], jobs: Iterable[IConstruct]) -> None:
        """Read what was put on *scopes* and the constructs around them, and on *jobs* in them."""
        around = dict.fromkeys([*(each for scope in scopes for each in self._around(scope)), *jobs])
        put = {each: [one for one in Aspects.of(each).all if isinstance(one, (Tag, RemoveTag))] for each in around}
        aspects = [one for found in put.values() for one in found]
        # The CDK writes an object of its own as what is in it: one message for all of them, and not ten for each.
        fields = iter(self._stacks[0].resolve(aspects)) if aspects else iter(())
        self._said = {each: [_said(one, next(fields)) for one in found] for each, found in put.items()}

    def of(self, scope: IConstruct, kind: str, *within: IConstruct) -> dict[str, str]:
        """The tags that a resource in *scope* would have.

        Args:
            scope: Where it stands; of what was read.
            kind: The type of the resource, as CloudFormation writes it.
            within: Constructs in *scope* that it stands in, with tags of their own.
        """
        found = self._found.get((scope, kind))
        if found is None or within:
            around = [*self._around(scope), *within]
            given = next((self._of_stack(each) for each in around if _is_outer_stack(each)), {})
            found = _applied(self._in_order(around), kind, given)
            if not within:
                self._found[scope, kind] = found
        return found

    def _around(self, scope: IConstruct) -> list[IConstruct]:
        """The constructs around one, from the stage: the CDK's aspects do not reach into a stage."""
        if scope not in self._scopes:
            scopes = list(scope.node.scopes)
            stages = [number for number, each in enumerate(scopes) if isinstance(each, Stage)]
            self._scopes[scope] = scopes[max(stages, default=0) :]
        return self._scopes[scope]

    def _in_order(self, around: Sequence[IConstruct]) -> list[_Said]:
        """Tags said on constructs, the outermost first; where two have a word on a key, as aspects are asked."""
        said = [one for each in around for one in self._said[each]]
        keys = [one.key for one in said]
        if len(set(keys)) == len(keys):
            return said
        return sorted((one for each in around for one in self._with_order(each)), key=lambda one: one.order)

    def _with_order(self, construct: IConstruct) -> list[_Said]:
        if construct not in self._ordered:
            said = self._said[construct]
            applied = Aspects.of(construct).applied if said else ()
            orders = [each.priority for each in applied if isinstance(each.aspect, (Tag, RemoveTag))]
            self._ordered[construct] = [replace(one, order=order) for one, order in zip(said, orders, strict=True)]
        return self._ordered[construct]

    def _of_stack(self, stack: Any) -> dict[str, str]:
        """Tags that a stack was given when it was made: CloudFormation puts them on all that it makes."""
        if stack not in self._of_stacks:
            values = dict(stack.tags.tag_values())
            by_aspects = _applied(self._in_order(self._around(stack)), _STACK, {}) if values else {}
            self._of_stacks[stack] = {key: value for key, value in values.items() if by_aspects.get(key) != value}
        return self._of_stacks[stack]


def _is_outer_stack(construct: Any) -> bool:
    return isinstance(construct, Stack)


def _said(aspect: Tag | RemoveTag, fields: Mapping[str, Any]) -> _Said:
    """Read what an aspect says; a text of the CDK's that is known later is asked for as it is."""
    key, props = fields["key"], fields["props"]
    value, by_default = (fields["value"], _ADDED) if isinstance(aspect, Tag) else (None, _REMOVED)
    return _Said(
        key=key if isinstance(key, str) else aspect.key,
        value=aspect.value if isinstance(aspect, Tag) and not isinstance(value, str) else value,
        priority=props.get("priority", by_default),
        include=props.get("includeResourceTypes", ()),
        exclude=props.get("excludeResourceTypes", ()),
    )


def _applied(said: Sequence[_Said], kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Tags that are left when all is applied: of one key that of the highest priority, of these the last."""
    found: dict[str, str] = dict(given)
    priorities: dict[str, float] = dict.fromkeys(given, _OF_THE_STACK)
    for each in said:
        if each.is_for(kind) and each.priority >= priorities.get(each.key, 0):
            priorities[each.key] = each.priority
            if each.value is None:
                found.pop(each.key, None)
            else:
                found[each.key] = each.value
    return dict(sorted(found.items()))
