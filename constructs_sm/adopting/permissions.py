"""The permissions of states that bring none: what no job and no class of the CDK grants."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.adopting.python_text import literal
from constructs_sm.adopting.references import ITSELF, is_reference_alone, references_in
from constructs_sm.checking.needed import needs_of, statements_of
from constructs_sm.checking.scene import Scene
from constructs_sm.language.arns import Arns
from constructs_sm.language.machines import states_of

if TYPE_CHECKING:
    from constructs_sm.adopting.python_text import Place

_HERE: Final = Arns("${AWS::Partition}", "${AWS::Region}", "${AWS::AccountId}")
_ITSELF: Final = f"${{{ITSELF}}}"
_MARK: Final = "reference{}of9f2c"
"""Stands for a reference, so that what is put in at deployment is a name or an ARN like any other."""
_MARKED: Final = re.compile(r"(?:arn:aws:lambda:|arn:)?reference(\d+)of9f2c", re.IGNORECASE)
_ARGUMENTS: Final = {"Action": "actions", "Resource": "resources", "Condition": "conditions"}


@dataclass(frozen=True, slots=True)
class Granted:
    """Statements as arguments of `iam.PolicyStatement`.

    Attributes:
        usual: Those that the role begins with.
        of_itself: Those about the state machine itself, which can be made when it is there.
        unknown: Why the needs of a state are not known, by its name.
    """

    usual: list[dict[str, Any]]
    of_itself: list[dict[str, Any]]
    unknown: Mapping[str, str]


def statements_for(
    definition: Mapping[str, Any], states: frozenset[str], place: Place, *, express: bool
) -> Granted:
    """The statements that some states of a definition need.

    Args:
        definition: The definition, with its references as `${Name}`.
        states: The states.
        place: Puts expressions into texts.
        express: True of an Express workflow.
    """
    marked, references = _marked(definition)
    needs = needs_of(Scene(marked, express), _HERE, machine=_HERE.of("states", f"stateMachine:{_ITSELF}"))
    usual, of_itself = [], []
    for one in needs.needed:
        if one.state in states:
            (of_itself if any(_ITSELF in each for each in one.resources) else usual).append(one)
    unknown = {state: why for state, why in needs.unknown.items() if state in states}
    made = [[_statement(each, references, place) for each in statements_of(part)] for part in (usual, of_itself)]
    return Granted(made[0], made[1], unknown)


def _statement(statement: Mapping[str, Any], references: list[str], place: Place) -> dict[str, Any]:
    def put_back(text: str) -> str:
        return _MARKED.sub(lambda found: f"${{{references[int(found[1])]}}}", text)

    return {
        argument: literal(_mapped(statement[key], put_back), place)
        for key, argument in _ARGUMENTS.items()
        if key in statement
    }


def _marked(definition: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A definition with a mark for each reference, and the references by the numbers of the marks."""
    references: list[str] = []

    def mark(text: str) -> str:
        for name in references_in(text):
            if name not in references:
                references.append(name)
            # What is called an ARN is one.
            beginning = "arn:" if name.lower().endswith("arn") and is_reference_alone(text) else ""
            text = text.replace(f"${{{name}}}", f"{beginning}{_MARK.format(references.index(name))}")
        return text

    marked = _mapped(copy.deepcopy(dict(definition)), mark)
    for _, state in states_of(marked):
        if isinstance(state, dict) and _MARKED.fullmatch(str(state.get("Resource"))):
            # A Resource that is put in whole is the ARN of a function.
            found = _MARKED.fullmatch(str(state["Resource"]))
            assert found is not None  # noqa: S101 - asked just before
            state["Resource"] = f"arn:aws:lambda:{_MARK.format(found[1])}"
    return marked, references


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return change(value) if isinstance(value, str) else value
