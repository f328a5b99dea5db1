"""Input: what a value must be that an execution is started with, its type, bounds and default.

The rules are written in JSONata, which knows the type of a value and a regular expression; a JSONPath state machine
takes a JSONata state as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from constructs_sm.language.errors import Problem, raise_all
from constructs_sm.language.numbers import is_finite_number

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["string", "integer", "number", "boolean", "array", "object"]

_NOT_PORTABLE = re.compile(r"\(\?(?!:|=|!)|\\[AZzGQE]|\{%|%\}|[*+?}]\+")
"""Of regular expressions: what Python, Java and JavaScript do not all take, and the marks of JSONata."""
_ARTICLED = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input of an execution. Made by `string`, `integer`, `number`, `boolean`, `array` or `anything`.

    Without a default it must be given.
    """

    kind: Kind | None
    default: Any = None
    """None: there is none, since no input may be null."""
    description: str = ""
    pattern: str | None = None
    choices: tuple[Any, ...] = ()
    least: float | None = None
    """The smallest number, or the least number of characters or items."""
    most: float | None = None
    of: Input | None = None
    """The type of each item of a list."""

    def __post_init__(self) -> None:
        raise_all(f"Input.{self.kind if isinstance(self.kind, str) else 'anything'}", list(self._problems()))

    @classmethod
    def string(
        cls,
        *,
        pattern: str | None = None,
        choices: Sequence[str] = (),
        min_length: int = 1,
        max_length: int | None = None,
        default: str | None = None,
        description: str = "",
    ) -> Input:
        """Text; by default not empty.

        Args:
            pattern: A regular expression that all of it must match, of what Python, Java and JavaScript share.
            choices: The only values.
            min_length: In characters.
            max_length: In characters.
            default: What it is when it is not given. Default: none, it must be given.
            description: For whoever starts an execution.
        """
        return cls(
            kind="string",
            pattern=pattern,
            choices=_listed(choices),
            least=min_length or None,
            most=max_length,
            default=default,
            description=description,
        )

    @classmethod
    def integer(
        cls,
        minimum: int | None = None,
        maximum: int | None = None,
        *,
        choices: Sequence[int] = (),
        default: int | None = None,
        description: str = "",
    ) -> Input:
        """A whole number, from *minimum* to *maximum*."""
        return cls(
            kind="integer",
            least=minimum,
            most=maximum,
            choices=_listed(choices),
            default=default,
            description=description,
        )

    @classmethod
    def number(
        cls,
        minimum: float | None = None,
        maximum: float | None = None,
        *,
        choices: Sequence[float] = (),
        default: float | None = None,
        description: str = "",
    ) -> Input:
        """A number, from *minimum* to *maximum*."""
        return cls(
            kind="number",
            least=minimum,
            most=maximum,
            choices=_listed(choices),
            default=default,
            description=description,
        )

    @classmethod
    def boolean(cls, *, default: bool | None = None, description: str = "") -> Input:
        """`true` or `false`."""
        return cls(kind="boolean", default=default, description=description)

    @classmethod
    def array(
        cls,
        of: Input | None = None,
        *,
        min_items: int = 1,
        max_items: int | None = None,
        default: list[Any] | None = None,
        description: str = "",
    ) -> Input:
        """A list of *of*, as a Map takes; by default not empty."""
        return cls(
            kind="array",
            of=of,
            least=min_items or None,
            most=max_items,
            default=default,
            description=description,
        )

    @classmethod
    def anything(cls, *, default: Any = None, description: str = "") -> Input:
        """Any value but null: a structure that the jobs themselves make sense of."""
        return cls(kind=None, default=default, description=description)

    @property
    def required(self) -> bool:
        """Return whether an execution cannot begin without it."""
        return self.default is None

    @property
    def wanted(self) -> str:
        """The accepted values in words: `a whole number from 1 to 500`."""
        if self.choices:
            return f"one of {', '.join(json.dumps(choice) for choice in self.choices)}"
        words = [_ARTICLED[self.kind] if self.kind else "any value but null", *self._bounds()]
        if self.pattern is not None:
            words.append(f"that matches {self.pattern}")
        return " ".join(words) + ("" if self.of is None else f", each {self.of.wanted}")

    def accepts(self, value: Any) -> bool:
        """Return whether *value* is accepted; as `condition`, for values that are known at synthesis."""
        if value is None or (self.choices and value not in self.choices):
            return False
        if not self._is_of_kind(value):
            return False
        size = len(value) if self.kind in ("string", "array") else value
        if self.least is not None and size < self.least:
            return False
        if self.most is not None and size > self.most:
            return False
        if self.of is not None and not all(map(self.of.accepts, value)):
            return False
        return self.pattern is None or re.fullmatch(self.pattern, value) is not None

    def condition(self, value: str = "$v") -> str:
        """Return the JSONata condition that the value of the variable *value* is accepted."""
        kind = "number" if self.kind == "integer" else self.kind
        rules = [f"$type({value}) = '{kind}'" if kind else f"$type({value}) != 'null'"]
        if self.kind == "integer":
            rules.append(f"$floor({value}) = {value}")
        if self.choices:
            rules.append(f"{value} in {json.dumps(list(self.choices))}")
        size = {"string": f"$length({value})", "array": f"$count({value})"}.get(self.kind or "", value)
        rules += [
            f"{size} {sign} {_number(bound)}"
            for sign, bound in ((">=", self.least), ("<=", self.most))
            if bound is not None
        ]
        if self.pattern is not None:
            # Not $, before which a line may end.
            rules.append(rf"$contains({value}, /^(?:{_slashed(self.pattern)})(?![\s\S])/)")
        if self.of is not None:
            inner = f"{value}i"
            # Counted, not filtered: of lists within, one that is left would be taken for its items.
            wrong = f"$map({value}, function({inner}) {{ {self.of.condition(inner)} ? 0 : 1 }})"
            rules.append(f"$sum($append(0, {wrong})) = 0")
        # One after the other: the size of what is no string is an error, and `and` need not stop early.
        condition = rules.pop()
        for rule in reversed(rules):
            condition = f"({rule} ? {condition} : false)"
        return condition

    def schema(self) -> dict[str, Any]:
        """Return the input as JSON Schema."""
        least, most = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}.get(
            self.kind or "", ("minimum", "maximum")
        )
        schema = {
            "type": self.kind,
            "description": self.description or None,
            "enum": list(self.choices) or None,
            "pattern": None if self.pattern is None else f"^(?:{self.pattern})$",
            least: self.least,
            most: self.most,
            "items": None if self.of is None else self.of.schema(),
        }
        given = {name: value for name, value in schema.items() if value is not None}
        return given if self.required else {**given, "default": self.default}

    def _bounds(self) -> list[str]:
        unit = {"string": " characters", "array": " items"}.get(self.kind or "", "")
        if unit and self.least == 1 and self.most is None:
            return [] if self.pattern else ["that is not empty"]
        if self.least is not None and self.most is not None:
            return [f"{'of' if unit else 'from'} {_number(self.least)} to {_number(self.most)}{unit}"]
        if self.least is not None:
            return [f"of at least {_number(self.least)}{unit}"]
        return [] if self.most is None else [f"of at most {_number(self.most)}{unit}"]

    def _is_of_kind(self, value: Any) -> bool:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return {
            "string": isinstance(value, str),
            "integer": whole and not isinstance(value, bool),
            "number": is_finite_number(value),
            "boolean": isinstance(value, bool),
            "array": isinstance(value, list),
            "object": isinstance(value, Mapping),
        }.get(self.kind or "", True)

    def _problems(self) -> Iterator[Problem]:  # noqa: C901, PLR0911, PLR0912  (one case for each thing that is said)
        if not (self.kind is None or (isinstance(self.kind, str) and self.kind in _ARTICLED)):
            yield Problem("no such kind", self.kind, f"use one of {', '.join(_ARTICLED)}", "input-declaration")
            return
        if not isinstance(self.choices, tuple):
            yield Problem("choices must be a list", self.choices, "pass ['a', 'b']", "input-declaration")
            return
        if not isinstance(self.description, str):
            yield Problem("the description must be a text", self.description, "write one", "input-declaration")
        if self.pattern is not None and self.kind != "string":
            yield Problem("a pattern is of text", self.pattern, "use Input.string", "input-declaration")
            return
        if self.pattern is not None and not _is_portable(self.pattern):
            use = "use what Python, Java and JavaScript share, with a backslash before a bracket that is meant"
            yield Problem("pattern is no regular expression for all", self.pattern, use, "input-declaration")
            return
        for name, bound in (("least", self.least), ("most", self.most)):
            whole = self.kind != "number"
            if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int if whole else (int, float))):
                yield Problem(
                    f"the {name} must be a {'whole ' if whole else ''}number",
                    bound,
                    "pass one, or None",
                    "input-declaration",
                )
                return
            if bound is not None and not is_finite_number(bound):
                use = "leave it out for none"
                yield Problem(f"the {name} must be a finite number", bound, use, "input-declaration")
                return
        if self.least is not None and self.most is not None and self.least > self.most:
            yield Problem(
                "nothing is in the range", [self.least, self.most], "pass the smaller bound first", "input-declaration"
            )
            return
        if self.of is not None and not isinstance(self.of, Input):
            yield Problem("a list is of an Input", self.of, "pass Input.string(), say", "input-declaration")
            return
        try:
            json.dumps([self.choices, self.default])
        except (TypeError, ValueError, RecursionError):
            got = [type(each).__name__ for each in (*self.choices, self.default) if each is not None]
            yield Problem("choices or default are no JSON", got, "pass texts, numbers, lists", "input-declaration")
            return
        for choice in self.choices:
            if not self.accepts(choice):
                yield Problem(
                    "a choice is none of its own", choice, f"pass {self._without_choices()}", "input-declaration"
                )
        if not self.required and not self.accepts(self.default):
            yield Problem("the default is refused", self.default, f"pass {self.wanted}", "input-declaration")

    def _without_choices(self) -> str:
        return Input(kind=self.kind, pattern=self.pattern, least=self.least, most=self.most).wanted


def _listed(choices: Any) -> Any:
    """Choices as a tuple; what is no list is left for the input to refuse."""
    return (choices,) if isinstance(choices, str) else tuple(choices) if isinstance(choices, (list, tuple)) else choices


def _number(bound: float) -> str:
    return json.dumps(int(bound) if isinstance(bound, float) and bound.is_integer() else bound)


def _slashed(pattern: str) -> str:
    """A pattern as it stands between slashes."""
    return re.sub(r"(\\.)|/", lambda found: found[1] or r"\/", pattern)


def _is_portable(pattern: Any) -> bool:
    # JSONata counts brackets to find the end of an expression, and each but one behind a backslash.
    brackets = re.findall(r"(?<!\\)[()\[\]{}]", pattern) if isinstance(pattern, str) else []
    if not isinstance(pattern, str) or _NOT_PORTABLE.search(pattern) or not _is_balanced(brackets):
        return False
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _is_balanced(brackets: Sequence[str]) -> bool:
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in "([{" else -1
        if depth < 0:
            return False
    return depth == 0
