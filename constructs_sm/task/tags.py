"""Tags of the constructs around a job, as the CDK would give them to a resource in its place.

A job is a state, so no aspect reaches it: what `Tags.of(scope)` has put on the constructs around is read when the app
is synthesized, once for each construct and for each tag, however many jobs there are.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Aspects, RemoveTag, Stack, Stage, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs import IConstruct

_STACK = "aws:cdk:stack"
_OF_THE_STACK = 50
"""Priority of the tags that a stack was given when it was made."""
_ADDED, _REMOVED = 100, 200
_DEFAULT_PRIORITY = 500


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
    order: float
    """Of the aspect: a lower one is asked first."""
    include: Sequence[str]
    exclude: Sequence[str]

    def is_for(self, kind: str) -> bool:
        return kind not in self.exclude and (not self.include or kind in self.include)


class TagsAround:
    """Tags of constructs, asked for once: of one synthesis, since they may be others in the next."""

    def __init__(self, stage: IConstruct) -> None:
        self._stage = stage
        self._scopes: dict[IConstruct, list[IConstruct]] = {}
        self._said: dict[IConstruct, list[_Said]] = {}
        self._of_stacks: dict[IConstruct, dict[str, str]] = {}
        self._found: dict[tuple[IConstruct, str], dict[str, str]] = {}

    def of(self, scope: IConstruct, kind: str, *within: IConstruct) -> dict[str, str]:
        """The tags that a resource in *scope* would have.

        Args:
            scope: Where it stands.
            kind: The type of the resource, as CloudFormation writes it.
            within: Constructs in *scope* that it stands in, with tags of their own.
        """
        found = self._found.get((scope, kind))
        if found is None or within:
            around = [*self._around(scope), *within]
            given = next((self._of_stack(each) for each in around if _is_outer_stack(each)), {})
            found = _applied([said for each in around for said in self._said_on(each)], kind, given)
            if not within:
                self._found[scope, kind] = found
        return found

    def _around(self, scope: IConstruct) -> list[IConstruct]:
        """The constructs around one, from the stage: the CDK's aspects do not reach into a stage."""
        if scope not in self._scopes:
            scopes = list(scope.node.scopes)
            stages = [number for number, each in enumerate(scopes) if Stage.is_stage(each)] if len(scopes) > 1 else [0]
            self._scopes[scope] = scopes[max(stages, default=0) :]
        return self._scopes[scope]

    def _said_on(self, construct: IConstruct) -> list[_Said]:
        if construct not in self._said:
            applied = Aspects.of(construct).applied
            self._said[construct] = [
                _said(each.aspect, each.priority) for each in applied if isinstance(each.aspect, (Tag, RemoveTag))
            ]
        return self._said[construct]

    def _of_stack(self, stack: Any) -> dict[str, str]:
        """Tags that a stack was given when it was made: CloudFormation puts them on all that it makes."""
        if stack not in self._of_stacks:
            values = dict(stack.tags.tag_values())
            said = [said for each in self._around(stack) for said in self._said_on(each)] if values else []
            by_aspects = _applied(said, _STACK, {})
            self._of_stacks[stack] = {key: value for key, value in values.items() if by_aspects.get(key) != value}
        return self._of_stacks[stack]


def _is_outer_stack(construct: Any) -> bool:
    return isinstance(construct, Stack)


def _said(aspect: Any, order: float) -> _Said:
    props = aspect._props  # noqa: SLF001  (protected, and the only place of what it is for)
    added = isinstance(aspect, Tag)
    by_default = _ADDED if added else _REMOVED
    return _Said(
        key=aspect.key,
        value=aspect.value if added else None,
        priority=by_default if props.priority is None else props.priority,
        order=order,
        include=tuple(props.include_resource_types or ()),
        exclude=tuple(props.exclude_resource_types or ()),
    )


def _applied(said: Sequence[_Said], kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Tags that are left when all is applied: of one key that of the highest priority, of these the last."""
    found: dict[str, str] = dict(given)
    priorities: dict[str, float] = dict.fromkeys(given, _OF_THE_STACK)
    for each in _in_order(said):
        if each.is_for(kind) and each.priority >= priorities.get(each.key, 0):
            priorities[each.key] = each.priority
            if each.value is None:
                found.pop(each.key, None)
            else:
                found[each.key] = each.value
    return dict(sorted(found.items()))


def _in_order(said: Sequence[_Said]) -> Iterator[_Said]:
    return iter(sorted(said, key=lambda each: each.order))
