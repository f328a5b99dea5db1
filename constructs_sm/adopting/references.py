"""References and placeholders of a definition, `${Name}`, as expressions of a program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.adopting.python_text import Call, Code, Text
from constructs_sm.language.late_bound import Computed
from constructs_sm.language.leaves import with_leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.adopting.names import Names

_REFERENCE: Final = re.compile(r"\$\{([^${}]+)\}")
_OF_THE_STACK: Final = {
    "AWS::AccountId": "stack.account",
    "AWS::Partition": "stack.partition",
    "AWS::Region": "stack.region",
    "AWS::StackId": "stack.stack_id",
    # That of a stack is a text, which is another in another stack.
    "AWS::StackName": "Aws.STACK_NAME",
    "AWS::URLSuffix": "stack.url_suffix",
}
"""Expressions, by the pseudo parameter that each stands for."""
STACK: Final = "stack"
MACHINE: Final = "machine"
ITSELF: Final = "this state machine"
"""The reference that is the name of the state machine itself."""


def is_reference_alone(text: str) -> bool:
    """Tell whether a text is one reference and nothing else."""
    return _REFERENCE.fullmatch(text) is not None


def without_references(text: str) -> str:
    """A text with a dash in place of each reference."""
    return _REFERENCE.sub("-", text)


def references_in(text: str) -> list[str]:
    """The references in a text."""
    return _REFERENCE.findall(text)


def with_references_computed(value: Any) -> Any:
    """A value of a definition whose texts with references are marked as what comes later."""
    return with_leaves(_computed, value)


def _computed(leaf: Any) -> Any:
    return Computed(leaf) if isinstance(leaf, str) and _REFERENCE.search(leaf) else leaf


class References:
    """The references of a definition: each is a parameter of the stack, or something that the stack knows.

    Args:
        variables: Gives names to the parameters.
        constructs: Likewise, to their constructs.
    """

    def __init__(self, variables: Names, constructs: Names) -> None:
        self._variables = variables
        self._constructs = constructs
        self._made: dict[str, tuple[str, str]] = {}

    def placed(self, text: str) -> str | Code | Text:
        """A text of a definition, with an expression for each reference in it."""
        parts = [part for part in self._parts(text) if part != ""]
        if len(parts) == 1:
            return parts[0]
        if all(isinstance(part, str) for part in parts):
            return text
        return Text(tuple(parts))

    def _parts(self, text: str) -> Iterator[str | Code]:
        at = 0
        for found in _REFERENCE.finditer(text):
            yield text[at : found.start()]
            yield self._expression(found[1].strip())
            at = found.end()
        yield text[at:]

    def _expression(self, name: str) -> Code:
        if name == ITSELF:
            return Code(f"{MACHINE}.state_machine_name")
        if name in _OF_THE_STACK:
            return Code(_OF_THE_STACK[name])
        if name not in self._made:
            words = name.replace(".", "_").replace("::", "_")
            self._made[name] = (self._variables.variable(words, "parameter"), self._constructs.construct(name, "P"))
        return Code(self._made[name][0])

    @property
    def parameters(self) -> dict[str, Call]:
        """The parameters: an expression that makes each, by the name of its variable."""
        return {
            variable: Call("CfnParameter", (Code(STACK), construct_id), attribute="value_as_string")
            for variable, construct_id in self._made.values()
        }

    @property
    def named(self) -> dict[str, str]:
        """The logical id of each parameter, by what the definition calls it."""
        return {name: construct_id for name, (_, construct_id) in self._made.items()}
