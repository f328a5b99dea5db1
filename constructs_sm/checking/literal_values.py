"""Values that look like paths, and are sent as the texts that they are; and values that are too large."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.machines import LARGEST_PAYLOAD
from constructs_sm.rules import machine_rules as rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.checking.scene import Located, Scene
    from constructs_sm.rules.rule import Violation

_PATH: Final = re.compile(
    r"\$(?:\$\.(?:Execution|State|StateMachine|Task|Map)\b.*|(?:\.[A-Za-z_][\w-]*(?:\[\d+\])?)+)"
    r"|States\.(?:Format|UUID|Array\w*|JsonToString|StringToJson|JsonMerge|Math\w+|Base64\w+|Hash|StringSplit)\(.*\)",
    re.DOTALL,
)
_EXPRESSION: Final = re.compile(r"\$states\.(?:input|result|context|errorOutput)\b[\w.\[\]]*")
_FIELDS: Final = {
    False: ("Parameters", "ResultSelector", "ItemSelector", "Result", "Assign", "Credentials"),
    True: ("Arguments", "Output", "Assign", "ItemSelector", "Items"),
}
"""The fields of a state whose values are sent or handed on, by whether it is in JSONata."""
_TAKES_PATHS: Final = re.compile(
    r"(Filter|JsonPath|JSONPath|InputPath|InputPathsMap|OutputPath|ResultPath|Attribute|Path)$"
)
"""Fields of services that want a path as a text, as DataProcessing.InputFilter of a transform job."""


def texts(scene: Scene) -> Iterator[Violation]:
    """Find texts that were meant as paths, and values that no state may hand on."""
    for located in scene.states:
        for field in _FIELDS[located.jsonata]:
            if field in located.state:
                value = located.state[field]
                yield from _walk(value, f"{located.where}/{field}", field, located)
                if len(json.dumps(value, default=str)) > LARGEST_PAYLOAD:
                    yield rules.PAYLOAD.broken(f"{located.where}/{field}", what=f"{rules.PAYLOAD.what}: 262,144 bytes")


def _walk(value: Any, where: str, key: str, located: Located) -> Iterator[Violation]:
    if isinstance(value, dict):
        for name, item in value.items():
            if not (isinstance(name, str) and name.endswith(".$")) and name != "Definition":
                yield from _walk(item, f"{where}/{name}", str(name), located)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(item, f"{where}[{number}]", key, located)
    elif isinstance(value, str) and not _TAKES_PATHS.search(key):
        found = _EXPRESSION.fullmatch(value) if located.jsonata else None
        if found or _PATH.fullmatch(value):
            yield rules.TEXT_LIKE_PATH.broken(where, value, fix=_fix(value, where, key, jsonata=located.jsonata))


def _fix(value: str, where: str, key: str, *, jsonata: bool) -> str:
    if jsonata:
        found = _EXPRESSION.fullmatch(value)
        return f"write {{% {value} %}}" if found else "write an expression of JSONata: {% $states.input... %}"
    if where.endswith("]"):
        return "build the list with States.Array in a field whose name ends in .$"
    if "/Result/" in f"{where}/":
        return "use Parameters with a field whose name ends in .$: a Result is plain"
    return f"call the field {key}.$"
