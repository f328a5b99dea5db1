"""State machines in templates that guardrails have not judged: raw resources, and overridden definitions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import CfnResource, Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from constructs import IConstruct

_TYPES: Final = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_DEFINITIONS: Final = ("DefinitionString", "Definition", "DefinitionUri", "DefinitionS3Location")


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A definition as it was read: the template that it is in, the resource, and its text there."""

    template: str
    logical_id: str
    resolved: Any


@dataclass(frozen=True, slots=True, eq=False)
class Unguarded:
    """A state machine whose definition in the template nobody has read.

    Attributes:
        construct: The resource; the stack where there is none of that logical id.
        stack: The stack.
    """

    construct: Any
    stack: Stack


def unguarded(app: IConstruct, read: Iterable[Read], templates: Sequence[str]) -> Iterator[Unguarded]:
    """Find the state machines in templates that have another definition than the one that was read, or an unread one.

    Args:
        app: The app.
        read: The definitions that were read, or of which it is known that nobody can.
        templates: The paths of the templates.
    """
    known = {(each.template, each.logical_id): each.resolved for each in read}
    for path in templates:
        template = json.loads(Path(path).read_text(encoding="utf-8"))
        for logical_id, resource in template.get("Resources", {}).items():
            if resource.get("Type") not in _TYPES:
                continue
            named = (Path(path).name, logical_id)
            properties = resource.get("Properties", {})
            written = [properties[name] for name in _DEFINITIONS if name in properties]
            if named not in known or (known[named] is not None and written != [known[named]]):
                yield _at(app, *named)


def _at(app: IConstruct, template: str, logical_id: str) -> Unguarded:
    stack = next(each for each in app.node.find_all() if isinstance(each, Stack) and each.template_file == template)
    of_stack = (each for each in stack.node.find_all() if isinstance(each, CfnResource))
    found = next((each for each in of_stack if stack.resolve(each.logical_id) == logical_id), None)
    return Unguarded(found or stack, stack)
