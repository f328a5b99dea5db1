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
from constructs_sm.language.leaves import with_leaves
from constructs_sm.language.machines import states_of
from constructs_sm.requests.called import called_by

if TYPE_CHECKING:
    from constructs_sm.adopting.python_text import Place
    from constructs_sm.checking.needed import Needed

_HERE: Final = Arns("${AWS::Partition}", "${AWS::Region}", "${AWS::AccountId}")
_ITSELF: Final = f"${{{ITSELF}}}"
_MARK: Final = "reference{}of9f2c"
"""Stands for a reference, so that what is put in at deployment is a name or an ARN like any other."""
_FUNCTION: Final = "arn:aws:lambda:::function:"
_ARNS: Final = {"lambda": _FUNCTION, "sns": "arn:aws:sns:::"}
"""Beginnings of ARNs that are known by their service alone."""
_BEGINNINGS: Final = "|".join(map(re.escape, _ARNS.values()))
_MARKED: Final = re.compile(f"(?:{_BEGINNINGS})?" + _MARK.format(r"(\d+)"), re.IGNORECASE)
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


def statements_for(definition: Mapping[str, Any], states: frozenset[str], place: Place, *, express: bool) -> Granted:
    """The statements that some states of a definition need.

    Args:
        definition: The definition, with its references as `${Name}`.
        states: The states.
        place: Puts expressions into texts.
        express: True of an Express workflow.
    """
    marked, references = _marked(definition)
    needs = needs_of(Scene(marked, express), _HERE, machine=_HERE.of("states", f"stateMachine:{_ITSELF}"))
    usual: list[Needed] = []
    of_itself: list[Needed] = []
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
        argument: literal(with_leaves(put_back, statement[key]), place)
        for key, argument in _ARGUMENTS.items()
        if key in statement
    }


def _marked(definition: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A definition with a mark for each reference that is known to be a name or an ARN, and the references."""
    marks = _Marks([])
    marked = copy.deepcopy(dict(definition))
    for _, state in states_of(marked):
        if not isinstance(state, dict) or state.get("Type") != "Task":
            continue
        resource = str(state.get("Resource"))
        if is_reference_alone(resource):
            # A Resource that is put in whole is the ARN of a function.
            state["Resource"] = f"{_FUNCTION}{marks.of(resource)}"
        called = called_by(state)
        for field in sorted({"Parameters", "Arguments"} & state.keys()):
            state[field] = marks.marked(state[field], "" if called is None else called.service)
    return marked, marks.references


@dataclass(frozen=True, slots=True)
class _Marks:
    """The marks of references.

    Attributes:
        references: By the numbers of the marks.
    """

    references: list[str]

    def of(self, text: str) -> str:
        """A text with a mark for each reference."""
        for name in references_in(text):
            if name not in self.references:
                self.references.append(name)
            text = text.replace(f"${{{name}}}", _MARK.format(self.references.index(name)))
        return text

    def marked(self, value: Any, service: str, field: str = "") -> Any:
        """A request with marks. What is an ARN of a form that is not known here stays a reference."""
        if isinstance(value, Mapping):
            return {key: self.marked(item, service, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.marked(item, service, field) for item in value]
        if not isinstance(value, str) or not references_in(value):
            return value
        if not is_reference_alone(value) or not (field.lower().endswith("arn") or value.lower().endswith("arn}")):
            return self.of(value)
        return f"{_ARNS[service]}{self.of(value)}" if service in _ARNS else value
