"""The spelling of outputs: states that would be sent the path of an output, or read it where it is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.errors import InvalidInputError
from constructs_sm.language.intrinsics import call_in, is_intrinsic
from constructs_sm.language.jsonata import expression_of, jsonata_of
from constructs_sm.language.jsonata_checks import is_expression
from constructs_sm.language.late_bound import JOIN, LATE, is_json_path
from constructs_sm.language.machines import is_in_jsonata
from constructs_sm.language.translation import translated
from constructs_sm.rules.argument_rules import OUTPUT_SPELLED
from constructs_sm.rules.definition_rules import OF_THE_OTHER_LANGUAGE
from constructs_sm.rules.state_checks import late_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_sm.language.errors import Problem
    from constructs_sm.language.flow import Point
    from constructs_sm.language.machines import Json
    from constructs_sm.task.output_order import Asked

_STATES_INSIDE: Final = ("Branches", "ItemProcessor", "Iterator")
_SENT: Final = ("Parameters", "Arguments", "ItemSelector", "BatchInput", "Output", "Assign", "Result")
"""Fields that hold what is sent or left, whose keys are somebody else's."""
ASKED_ELSEWHERE: Final = (*_STATES_INSIDE, "ResultSelector", "ResultPath", "OutputPath", "Comment")
"""Fields that do not read the input of the state."""
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_READ: Final = (
    "give it where a path is read: under a key that ends in .$, in parameters= of a Pass, in cause_path= of a Fail, "
    "in a ..._json_path condition of a Choice"
)
_KEEP: Final = (
    "keep it before: sfn.Pass(..., parameters={'value': output}, result_path='$.kept'), and read '$.kept.value'; "
    "a QualityGate compares it as it is"
)


def spelling_problems(
    machine: Mapping[str, Point],
    asked: Mapping[str, Sequence[Asked]],
    reference: re.Pattern[str],
    paths: Mapping[str, str],
) -> Iterator[Problem]:
    """Find every state of a machine in which an output is not read as it was meant.

    Args:
        machine: The states, by name.
        asked: Outputs that somebody has asked for, by how states refer to them.
        reference: Finds such a reference.
        paths: Of tasks, by the names of their states.
    """
    for name, point in machine.items():
        sent = [text for text in _texts_sent(point.state, jsonata=point.jsonata) if reference.search(text)]
        for text in dict.fromkeys(sent):
            for match in reference.finditer(text):
                meant = asked[match[0]]
                # A path that is as short as `$.features` may be meant for SageMaker.
                if point.jsonata or not all(each.is_input for each in meant):
                    yield _sent(paths.get(name, name), meant[0], text, whole=text == match[0], jsonata=point.jsonata)
        yield from _refused(name, point, sent, reference)


def functions_sent(states: Mapping[str, Json], *, jsonata: bool) -> Iterator[Problem]:
    """Find calls of intrinsic functions that Step Functions would send as they are written.

    What they are given may be known already, as a name that is fixed, so that no path in them tells.

    Args:
        states: Those of the CDK, by name: in a request of ours such a text is meant.
        jsonata: Whether the state machine is in JSONata.
    """
    for name, state in states.items():
        in_jsonata = is_in_jsonata(state, around=jsonata)
        for text in dict.fromkeys(_texts_sent(state, jsonata=in_jsonata, marks="States.")):
            if call_in(text) is not None:
                use = _in_jsonata(text) if in_jsonata else _READ
                yield OUTPUT_SPELLED.problem(f"state '{name}' would send an intrinsic function as a text", text, use)


def _in_jsonata(call: str) -> str:
    """Tell how to write a call of an intrinsic function in JSONata."""
    try:
        said = translated(call, jsonata_of, expression_of)
    except InvalidInputError:
        said = None
    return f"{JOIN}, or write an expression in JSONata" if said is None else f"write it in JSONata: '{{% {said} %}}'"


def _sent(user: str, meant: Asked, text: str, *, whole: bool, jsonata: bool) -> Problem:
    if jsonata:
        use = "pass its .in_jsonata" if whole else _in_jsonata(text) if is_intrinsic(text) else JOIN
    elif is_expression(text):
        use = "pass its .in_json_path"
    else:
        use = _READ if whole or is_json_path(text) else JOIN
    what = f"{user} would send the path of {meant.name} of {meant.producer.path} as a text"
    return OUTPUT_SPELLED.problem(what, text, fix=use)


def _refused(name: str, point: Point, sent: Sequence[str], reference: re.Pattern[str]) -> Iterator[Problem]:
    """Find values with an output in them that Step Functions refuses: a path that is none, two expressions in one."""
    if not any(reference.search(text) for text in _texts(point.state)):
        return
    for broken in late_values(point.state, f"state '{name}'", jsonata=point.jsonata):
        text = str(broken.got)
        of_language = broken.rule is OF_THE_OTHER_LANGUAGE
        if of_language or (reference.search(text) and text not in sent):
            use = broken.fix if of_language else _KEEP if is_json_path(text) and not point.jsonata else JOIN
            yield OUTPUT_SPELLED.problem(
                f"{broken.where}: {broken.what if of_language else broken.rule.what}", broken.got, use
            )


def _texts(value: Any) -> Iterator[str]:
    """Every text in a state, but for those of the states in it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _STATES_INSIDE and key != "Comment":
                yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str) and "$" in value:
        yield value


def _texts_sent(value: Any, *, jsonata: bool, plain: bool = True, own: bool = True, marks: str = "$") -> Iterator[str]:
    """Every text in a state that Step Functions sends as it is written, or that an expression or call has in quotes.

    Args:
        value: The state, or what it holds.
        jsonata: Whether it is in JSONata.
        plain: Whether a text is sent, and not computed from.
        own: Whether its keys are fields of states, and not of what is sent.
        marks: Part of the texts that are wanted.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in ASKED_ELSEWHERE:
                continue
            late = not jsonata and key.endswith(LATE)
            computed = late or (own and key.endswith(("Path", "Variable")))
            sent = not computed or isinstance(item, (Mapping, list))
            yield from _texts_sent(item, jsonata=jsonata, plain=sent, own=own and key not in _SENT, marks=marks)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts_sent(item, jsonata=jsonata, own=own, marks=marks)
    elif isinstance(value, str) and marks in value:
        if plain and not (jsonata and is_expression(value)):
            yield value
        elif "{%" in value[2:] or (not jsonata and is_intrinsic(value)):
            yield from (found[0][1:-1] for found in _QUOTED.finditer(value))
