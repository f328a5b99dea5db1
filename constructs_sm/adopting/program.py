"""The program that builds a definition: imports, parameters, states and their order, the state machine, its grants."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import constructs_sm
from constructs_sm.adopting.adopted import JSONATA
from constructs_sm.adopting.jobs import JobWriter, NoJobError
from constructs_sm.adopting.names import Names
from constructs_sm.adopting.permissions import statements_for
from constructs_sm.adopting.python_text import WIDTH, Call, Code, Text, assigned, written
from constructs_sm.adopting.references import MACHINE, STACK, References
from constructs_sm.adopting.states import StateWriter, inner_machines
from constructs_sm.adopting.typed_arguments import OF_ACTIONS
from constructs_sm.adopting.typed_requests import duration
from constructs_sm.checking.scene import Scene
from constructs_sm.language.machines import is_in_jsonata
from constructs_sm.language.paths import name_of

if TYPE_CHECKING:
    from constructs_sm.adopting.adopted import Adopted
    from constructs_sm.adopting.improvements import Improvements
    from constructs_sm.checking.scene import Located

_OF_THE_CDK: Final = ("App", "Aws", "CfnParameter", "Duration", "Size", "Stack")
_MODULES: Final = {"iam": "aws_iam", "sfn": "aws_stepfunctions"}
_BESIDE_STATES: Final = ("app", STACK, MACHINE, "retry", *_MODULES)
_NEXT: Final = "next"
_LONGEST_TITLE: Final = 60


@dataclass(slots=True)
class Program:
    """A program, and what is to be said of it.

    Attributes:
        text: The program.
        improved: What it does better than the definition.
        left: Why a state is no job or class of the CDK, by its name.
        parameters: The logical id of each parameter of the stack, by the reference that it stands for.
    """

    text: str
    improved: Improvements
    left: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


def program(definition: Mapping[str, Any], *, title: str, express: bool, improvements: Improvements) -> Program:
    """Write the program that builds a definition.

    Args:
        definition: Amazon States Language that Step Functions takes, with its references as `${Name}`.
        title: What it is called.
        express: True of an Express workflow.
        improvements: What it does better.
    """
    return _Writer(definition, title=title, express=express, improvements=improvements).written()


class _Writer:
    def __init__(self, definition: Mapping[str, Any], *, title: str, express: bool, improvements: Improvements) -> None:
        self._definition = definition
        self._title = title
        self._express = express
        self._scene = Scene(definition, express)
        self._variables = Names({*_BESIDE_STATES, *_OF_THE_CDK, *_public_names()})
        # Ids of states are names that people have chosen, so that what else there is makes room.
        self._ids = {name_of(located.name) for located in self._scene.states}
        self._constructs = Names(self._ids)
        self._references = References(self._variables, self._constructs)
        self._roles: dict[str, tuple[str, Call]] = {}
        place = self._references.placed
        self._in_jsonata = is_in_jsonata(definition)
        self._states = StateWriter(place=place, in_jsonata=self._in_jsonata)
        self._jobs = JobWriter(place=place, role=self._role, retries=improvements.retries, names=improvements.names)
        self._improvements = improvements
        self._left: dict[str, str] = {}
        self._are_jobs: list[str] = []
        self._adopted = {located.name: self._state(located) for located in self._scene.states}

    def written(self) -> Program:
        """The whole program."""
        states = [*self._machine(self._definition)]
        machine = [*self._state_machine()]
        parameters = [_Line(call, name) for name, call in self._references.parameters.items()]
        if parameters:
            parameters = [_Line(comment="Put your own constructs in place of these parameters."), *parameters, _Line()]
        roles = [_Line(call, name) for name, call in self._roles.values()]
        lines = [
            _Line(Call("App"), "app"),
            _Line(Call(STACK_CLASS, (Code("app"), Names().construct(self._title, "Stack"))), STACK),
            _Line(),
            *parameters,
            *roles,
            *([_Line()] if roles else []),
            *states,
            _Line(),
            *machine,
            _Line(Call("app.synth")),
        ]
        title = f'"""The state machine {_plain(self._title)[:_LONGEST_TITLE]}, adopted by constructs-sm."""'
        body = _without_double_gaps(line.text for line in lines)
        text = "\n".join([title, "", *_imports(lines), "", *body, ""])
        return Program(text, self._improvements.of(self._are_jobs), self._left, self._references.named)

    def _role(self, arn: str) -> Code:
        """The variable of a role; two ARNs have two."""
        if arn not in self._roles:
            name = "execution_role" if not self._roles else arn.rpartition("/")[2]
            call = Call(
                "iam.Role.from_role_arn",
                (Code(STACK), self._constructs.construct("ExecutionRole", "Role"), self._references.placed(arn)),
            )
            self._roles[arn] = (self._variables.variable(name, "role"), call)
        return Code(self._roles[arn][0])

    def _state(self, located: Located) -> Adopted:
        variable = self._variables.variable(located.name, "state")
        construct_id = self._construct_id(located.name)
        try:
            made = self._jobs.job(located, variable, construct_id)
            self._are_jobs.append(located.name)
        except NoJobError as error:
            made = self._states.state(located, variable, construct_id)
            if made.stays:
                called = located.called
                is_job = called is not None and called.action in OF_ACTIONS and not called.sdk
                reason = str(error) if is_job else ""
                self._left[located.name] = f"{made.stays}{f': {reason}' if reason else ''}"
        return made

    def _construct_id(self, name: str) -> str:
        """The id of a state: its name, unless that has a slash, which parts the path of a construct."""
        found = name_of(name)
        if found == name:
            return name
        while found in {located.name for located in self._scene.states}:
            found += "-"
        return found

    def _machine(self, machine: Mapping[str, Any]) -> Iterator[_Line]:
        """The states of a state machine, and what follows what."""
        states = machine["States"]
        for name, state in states.items():
            adopted = self._adopted[name]
            yield _Line(adopted.call, adopted.variable)
            for call in adopted.calls:
                yield _Line(Call(f"{adopted.variable}.{call.function}", call.arguments, call.named))
            for method, inner in inner_machines(state):
                yield _Line()
                said = "For each item of" if method == "item_processor" else "A branch of"
                yield _Line(comment=f"{said} {written(name)}:")
                yield from self._machine(inner)
                start = Code(self._adopted[inner["StartAt"]].variable)
                yield _Line(Call(f"{adopted.variable}.{method}", (start,)))
                yield _Line()
        transitions = [*self._chains(states), *self._other_ways(states)]
        yield from ([_Line(), *transitions] if transitions else [])

    def _chains(self, states: Mapping[str, Any]) -> Iterator[_Line]:
        """The states by what follows each, as many to a line as it holds."""
        left = {
            name: str(state["Next"]) for name, state in states.items() if "Next" in state and state["Type"] != "Choice"
        }
        while left:
            name = next(iter(left))
            text = self._adopted[name].variable
            while name in left:
                more = f"{text}.{_NEXT}({self._adopted[left[name]].variable})"
                if len(more) > WIDTH and ")" in text:
                    break
                text, name = more, left.pop(name)
            yield _Line(Code(text))

    def _other_ways(self, states: Mapping[str, Any]) -> Iterator[_Line]:
        for name in states:
            adopted = self._adopted[name]
            for leads in adopted.led_to:
                to = tuple(Code(self._adopted[target].variable) for target in leads.targets)
                yield _Line(Call(f"{adopted.variable}.{leads.function}", (*leads.before, *to), leads.named))

    def _state_machine(self) -> Iterator[_Line]:
        definition, place = self._definition, self._references.placed
        start = Code(self._adopted[definition["StartAt"]].variable)
        named: dict[str, Any] = {"definition_body": Call("sfn.DefinitionBody.from_chainable", (start,))}
        if isinstance(definition.get("Comment"), str):
            named["comment"] = place(definition["Comment"])
        if "TimeoutSeconds" in definition:
            named["timeout"] = duration(definition["TimeoutSeconds"])
        if self._in_jsonata:
            named["query_language"] = JSONATA
        if self._express:
            named["state_machine_type"] = Code("sfn.StateMachineType.EXPRESS")
        call = Call("sfn.StateMachine", (Code(STACK), self._constructs.construct("StateMachine", "M")), named)
        granted = statements_for(self._definition, frozenset(self._left), place, express=self._express)
        policies = [*self._policies(granted.usual, granted.of_itself)]
        yield _Line(call, MACHINE if policies else "")
        yield from policies
        for state, reason in granted.unknown.items():
            yield _Line(comment=f"What {written(state)} needs is not known: {_plain(reason)}.")

    def _policies(self, usual: list[Any], of_itself: list[Any]) -> Iterator[_Line]:
        for statement in usual:
            yield _Line(Call(f"{MACHINE}.add_to_role_policy", (Call("iam.PolicyStatement", named=statement),)))
        if of_itself:
            # Apart: the state machine waits for the policy that its role begins with.
            named = {
                "roles": [Code(f"{MACHINE}.role")],
                "statements": [Call("iam.PolicyStatement", named=statement) for statement in of_itself],
            }
            construct_id = self._constructs.construct("DistributedMap", "Policy")
            yield _Line(Call("iam.Policy", (Code(STACK), construct_id), named))


STACK_CLASS: Final = "Stack"


@dataclass(frozen=True, slots=True)
class _Line:
    """A statement, a comment, or an empty line."""

    node: Any = None
    name: str = ""
    comment: str = ""

    @property
    def text(self) -> str:
        if self.comment:
            return "\n".join(f"# {line}" for line in textwrap.wrap(self.comment, WIDTH - len("# ")))
        if self.node is None:
            return ""
        return assigned(self.name, self.node) if self.name else written(self.node)


def _without_double_gaps(lines: Iterable[str]) -> Iterator[str]:
    """The lines, with one empty line where several follow one another."""
    before = ""
    for line in lines:
        if line or before:
            yield line
        before = line


def _imports(lines: list[_Line]) -> list[str]:
    """The imports of what the lines use; ours first, since it provides Node before the CDK starts it."""
    used = {name for line in lines for name in _heads(line.node)}
    ours = sorted(used & {*_public_names()}, key=_sorted_as_imports)
    theirs = [name for name in _OF_THE_CDK if name in used]
    modules = [f"from aws_cdk import {module} as {name}" for name, module in _MODULES.items() if name in used]
    own = [_import("constructs_sm", ours), ""] if ours else []
    return [*own, _import("aws_cdk", theirs), *modules]


def _import(module: str, names: Sequence[str]) -> str:
    flat = f"from {module} import {', '.join(names)}"
    if len(flat) <= WIDTH:
        return flat
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _sorted_as_imports(name: str) -> tuple[bool, str]:
    return (name[0].islower(), name)


def _heads(node: Any) -> Iterator[str]:
    """The first names of the expressions in a statement."""
    if isinstance(node, Code):
        yield from re.findall(r"\A\w+", node.text)
    elif isinstance(node, Call):
        yield node.function.partition(".")[0]
        for each in (*node.arguments, *node.named.values()):
            yield from _heads(each)
    elif isinstance(node, Text):
        for part in node.parts:
            yield from _heads(part)
    elif isinstance(node, Mapping):
        for key, item in node.items():
            yield from _heads(key)
            yield from _heads(item)
    elif isinstance(node, list):
        for item in node:
            yield from _heads(item)


def _public_names() -> list[str]:
    names: list[str] = vars(constructs_sm)["__all__"]
    return names


def _plain(text: str) -> str:
    """A text for a comment or a docstring: one line, and nothing that ends it."""
    return re.sub(r"[^\w .,:;()/+-]+", " ", text).strip()
