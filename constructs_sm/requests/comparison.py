"""Comparison: the part of a request in which two jobs with one result are alike, and the key that says so.

What is known at synthesis is written in one form, whatever the order of keys and the spelling of numbers, and only its
hash goes into the definition. What is not known is written in the same form by JSONata when the job's turn comes, in a
state machine of either query language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.jsonata import jsonata_of, named, quoted
from constructs_sm.language.late_bound import Computed, is_jsonata, is_token, unmarked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_sm.actions import Action

_PLACE_OF_A_RUN: Final = re.compile(r"(?:^CheckpointConfig\.S3Uri|\.S3OutputPath)$")
"""Compared fields that say where something is written."""
_EXECUTION: Final = re.compile(r"(?:\$\$|\$states\.context)\.(?:Execution\.(?:Id|Name|StartTime)|State\.EnteredTime)")
_ANEW: Final = re.compile(rf"{_EXECUTION.pattern}|States\.(?:UUID|MathRandom)\(|\$(?:uuid|random|now|millis)\(")
"""Values that are others in each execution."""
_HOLE: Final = "<>"
"""Stands in the known part for what is not: no JSON has it outside of a text."""
CANONICAL: Final = (
    "$canonical := function($v) { "
    "$type($v) = 'object' ? '{' & $join($map($sort($append([], $keys($v))), "
    "function($k) { $string([$k]) & $canonical($lookup($v, $k)) })) & '}' : "
    "$type($v) = 'array' ? '[' & $join($map($v, function($i) { $canonical($i) })) & ']' : "
    "$exists($v) ? $string([$v]) : 'nothing' }; "
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The values that are compared, known and not.

    Attributes:
        known: Hash of all that is known at synthesis.
        late: The rest: where it stands, and JSONata without its marks.
        anew: Where a value stands that is another in each execution.
    """

    known: str
    late: tuple[tuple[str, str], ...]
    anew: tuple[str, ...]

    @classmethod
    def of(
        cls,
        action: Action,
        request: Mapping[str, Any],
        *,
        also: Any = None,
        models: Iterable[tuple[Action, Mapping[str, Any]]] = (),
    ) -> Comparison:
        """Compare requests of an API.

        Args:
            action: The API.
            request: The request; a value that Step Functions computes is a `Computed`.
            also: What is compared besides.
            models: The models that the request names, and that states of ours make: each API with its request.

        Raises:
            InvalidInputError: JSONata cannot say a value.
        """
        served = [_compared(model, fields) for model, fields in models]
        compared = _compared(action, {k: v for k, v in request.items() if not (served and k == "ModelName")})
        form = _Form()
        text = form.text({"api": action.operation, "request": compared, "models": served, "also": also}, "")
        return cls(sha256(text.encode()).hexdigest(), tuple(form.late), tuple(form.anew))

    def key(self, *besides: str) -> str:
        """Spell the key as JSONata without its marks: one text for all that is alike.

        Args:
            besides: Further values that are compared, in JSONata.
        """
        late = [*(value for _, value in self.late), *besides]
        if not late:
            return quoted(self.known)
        values = " & ".join(f"$canonical({value})" for value in late)
        return f"({CANONICAL}$hash({quoted(self.known)} & {values}, 'SHA-256'))"


def _compared(action: Action, request: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path in action.compared if (value := _at(request, path)) is not None}


@dataclass(frozen=True, slots=True)
class _Part:
    """A field of what Step Functions computes."""

    whole: Computed
    path: str


def _at(value: Any, path: str) -> Any:
    """Read what stands at a path; of a list, of each item."""
    name, _, rest = path.partition(".")
    field = name.removesuffix("[]")
    inner = value.get(field) if isinstance(value, Mapping) else None
    if inner is None or not rest:
        return inner
    if isinstance(inner, Computed):
        return _Part(inner, rest)
    if name != field:
        return [_at(item, rest) for item in inner] if isinstance(inner, list) else None
    return _at(inner, rest)


class _Form:
    """Writes values in one form.

    Attributes:
        late: What is not known: where, and JSONata.
        anew: Where a value stands that is another in each execution.
    """

    def __init__(self) -> None:
        self.late: list[tuple[str, str]] = []
        self.anew: list[str] = []

    def text(self, value: Any, path: str) -> str:
        """The form of a value, in which a hole stands for what is not known."""
        if isinstance(value, Mapping):
            fields = (f"{json.dumps(key)}:{self.text(value[key], _under(path, key))}" for key in sorted(value))
            return f"{{{','.join(fields)}}}"
        if isinstance(value, (list, tuple)) and not is_token(value):
            return f"[{','.join(self.text(item, f'{path}[{number}]') for number, item in enumerate(value))}]"
        if isinstance(value, (Computed, _Part)):
            whole = value.whole if isinstance(value, _Part) else value
            if _PLACE_OF_A_RUN.search(path.removeprefix("request.")) and _EXECUTION.search(whole):
                # Where an execution writes for itself is no difference.
                return json.dumps(str(whole))
            if _ANEW.search(whole):
                self.anew.append(path)
            return self._hole(path, _expression(value))
        if isinstance(value, str) and is_token(value):
            return self._hole(path, quoted(value))
        return _known(value)

    def _hole(self, path: str, expression: str) -> str:
        self.late.append((path, expression))
        return _HOLE


def _under(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _expression(value: Computed | _Part) -> str:
    if isinstance(value, _Part):
        inside = "".join(f".{named(key)}" for key in _steps(value.path))
        return f"({_expression(value.whole)}){inside}"
    return unmarked(value) if is_jsonata(value) else jsonata_of(str(value))


def _steps(path: str) -> Iterator[str]:
    return (key.removesuffix("[]") for key in path.split("."))


def _known(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value)
