"""InputSchema: what an execution may be started with, as named inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.values.inputs import Input

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STARTED_BY = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
"""The field in which a state machine that starts another names its own execution, beside the inputs."""
_MOST_SHOWN = 100
"""Characters of a wrong value that a message repeats."""


@dataclass(frozen=True, slots=True)
class InputSchema:
    """All inputs of a state machine, by name.

    Args:
        inputs: Each input, by its key in the execution's input.
        others_allowed: Whether there may be more. Default: no, since a misspelt input would be replaced by its default
            without a word.
    """

    inputs: Mapping[str, Input] = field(default_factory=dict)
    others_allowed: bool = False

    def problems(self) -> list[Problem]:
        """Return what is wrong with the declaration."""
        if not isinstance(self.inputs, Mapping):
            return [
                Problem(
                    "inputs must be a mapping",
                    self.inputs,
                    "pass {'rounds': Input.integer(1, 500)}",
                    "input-declaration",
                )
            ]
        found = []
        for name, declared in self.inputs.items():
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                found.append(
                    Problem("an input has a plain name", name, "use letters, digits and _", "input-declaration")
                )
            if not isinstance(declared, Input):
                found.append(
                    Problem(
                        f"input '{name}' must be an Input", declared, "pass Input.string(), say", "input-declaration"
                    )
                )
        return found

    def named(self, name: str, where: str) -> Input:
        """The input of that name.

        Raises:
            InvalidInputError: There is none.
        """
        if not isinstance(name, str) or name not in self.inputs:
            known = ", ".join(self.inputs) or "none: declare it with inputs="
            raise InvalidInputError(
                where, [Problem("no such input", name, f"the inputs are {known}", "trigger-inputs")]
            )
        return self.inputs[name]

    def defaults(self) -> dict[str, Any]:
        """The values of inputs that the execution is not started with."""
        return {name: declared.default for name, declared in self.inputs.items() if not declared.required}

    def text(self) -> str:
        """All of it for a reader, in one line."""
        if not self.inputs:
            return "No inputs"
        return "Inputs: " + "; ".join(
            f"{name}: {declared.wanted}"
            + ("" if declared.required else f", default {json.dumps(declared.default)}")
            + (f" ({declared.description})" if declared.description else "")
            for name, declared in self.inputs.items()
        )

    def json_schema(self) -> dict[str, Any]:
        """All of it as JSON Schema."""
        return {
            "type": "object",
            "properties": {name: declared.schema() for name, declared in self.inputs.items()},
            "required": [name for name, declared in self.inputs.items() if declared.required],
            "additionalProperties": self.others_allowed,
        }

    def checked(self) -> str:
        """JSONata: the input with its defaults under `input`, and under `problems` a sentence for each wrong one."""
        got = (
            "$got := function($v) { $substring($type($v) = 'string' ? '\"' & $v & '\"' : $string($v), 0, "
            f"{_MOST_SHOWN}) }}"
        )
        problems = ", ".join(
            ["$isObject ? () : 'the input must be an object, got ' & $got($states.input)", *self._rules()]
        )
        return (
            "{% ("
            "$isObject := $type($states.input) = 'object'; "
            f"$given := $merge([{json.dumps(self.defaults())}, $isObject ? $states.input : {{}}]); "
            f"{got}; "
            f"{{'input': $given, 'problems': [{problems}]}}"
            ") %}"
        )

    def _rules(self) -> Iterator[str]:
        for name, declared in self.inputs.items():
            wanted = json.dumps(f"{declared.wanted}, got ")
            missing = json.dumps(f"{name} is missing: give {declared.wanted}")
            yield (
                f"$isObject ? ($v := $lookup($given, '{name}'); $exists($v) ? "
                f"({declared.condition()} ? () : '{name} must be ' & {wanted} & $got($v)) : {missing}) : ()"
            )
        if not self.others_allowed:
            known = json.dumps([*self.inputs, _STARTED_BY])
            use = json.dumps(f"; the inputs are {', '.join(self.inputs) or 'none'}")
            yield (
                f"$isObject ? ($others := $filter($keys($given), function($k) {{ $not($k in {known}) }}); "
                f"$count($others) = 0 ? () : 'there is no input ' & $join($others, ', ') & {use}) : ()"
            )
