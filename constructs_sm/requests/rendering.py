"""From what a user gave to a request: CDK objects become SageMaker's words, and what JSON cannot say is refused."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem
from constructs_sm.language.jsonata import is_plain, jsonata_of, quoted
from constructs_sm.language.jsonata_checks import OPEN, SEEN
from constructs_sm.language.late_bound import (
    LATE,
    Computed,
    escaped,
    is_altered_number,
    is_json_path,
    is_jsonata,
    is_token,
)
from constructs_sm.language.late_values import misspelled_expression, misspelled_path
from constructs_sm.language.offering import offers
from constructs_sm.language.sizes import DEEPEST, not_finite, too_deep
from constructs_sm.requests.request import MOST_EXACT, Fields, Request, no_name, no_value, plain_number, too_long
from constructs_sm.rules.argument_rules import NUMBER_TOKEN
from constructs_sm.values.outputs import JobOutput
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from constructs import IConstruct

    Defaults: TypeAlias = Callable[[Request], Mapping[str, Any]]
    """Function of what fills a request, as far as it is there."""

_REFERENCES = ("key_arn", "role_arn", "subnet_id", "security_group_id", "topic_arn", "function_arn")
_MAY_BE_LATE = re.compile(r"\$|States\.|\{%|.*(?:[$#]\{(?:Token\[|AWS::)|[eE]\+28\d|\d{281})", re.DOTALL).match
"""Match of a text that may be more than it says. Most are not, which is told without a call of ours."""
_INPUT, _RESULT = "$states.input", "$states.result"
_PSEUDO_PARAMETER = re.compile(r"\$\{AWS::\w+\}")


class Structure(ABC):
    """A part of a request that has typed arguments of its own: `CheckpointConfig`, as SageMaker calls it."""

    __slots__ = ()

    @abstractmethod
    def to_request(self) -> dict[str, Any]:
        """Say it in SageMaker's words; CDK objects, further structures and None may still stand in it."""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A text that is what it says, though Step Functions would read it: `$.features` to SageMaker, a chat template.

    Attributes:
        text: The text, as SageMaker is to have it.
    """

    text: str


def render(
    given: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    defaults: Defaults | None = None,
    *,
    scope: IConstruct,
    jsonata: bool,
    json_path_of: Callable[[Any], str | None],
    at: str = "",
    sees: frozenset[str] = SEEN,
) -> Request:
    """Make the request of *given* (from typed arguments) and *parameters* (in SageMaker's words) together.

    A field given both ways is a problem.

    Args:
        given: Fields by name; those that are None are not given.
        parameters: Fields as they stand in Amazon States Language.
        defaults: What fills the request where it has nothing, except where *parameters* stand alone: those are a
            complete request and are left as they are.
        scope: Where the request is made.
        jsonata: Whether the state is in JSONata.
        json_path_of: Reads the JSONPath that a token of the CDK stands for; None for other tokens.
        at: The path of the request itself, as problems spell it.
        sees: The fields of `$states` that an expression in it may read.
    """
    request = Request()
    walk = _Walk(request, scope, jsonata, json_path_of, sees)
    typed = request.fields = walk.mapping(given, at, typed=True)
    raw = walk.mapping(parameters, at, typed=False) if parameters else {}
    # Parameters that stand alone are left as they are.
    fills = defaults is not None and not (raw and _says_nothing(typed))
    _merge(typed, raw, "", request.problems)
    # A default may have something for a structure that says nothing, so they are there when it is asked.
    filling = _filling(request, defaults, walk) if defaults is not None and fills else None
    for structure, name in walk.empty:
        if not structure[name]:
            del structure[name]
    if filling is not None:
        filled: list[str] = []
        _fill(typed, filling.fields, "", filled)
        within = tuple([f"{path}{end}" for path in filled for end in ".["])
        for place, known in filling.objects.items():
            if place in filled or place.startswith(within):
                request.objects[place] = known
    return request


def _filling(request: Request, defaults: Defaults, walk: _Walk) -> Request:
    filling = Request(problems=request.problems, outputs=request.outputs)
    filling.fields = replace(walk, request=filling, empty=[]).mapping(defaults(request), "", typed=True)
    return filling


@dataclass(slots=True)
class _Walk:
    request: Request
    scope: IConstruct
    jsonata: bool
    json_path_of: Callable[[Any], str | None]
    sees: frozenset[str]
    empty: list[tuple[Fields, str]] = field(default_factory=list)
    """Structures that say nothing yet, innermost first: a default may have something for them."""
    _around: set[int] = field(default_factory=set)

    def mapping(self, values: Mapping[str, Any], path: str, *, typed: bool) -> Fields:
        """Render the fields of a structure. A plain value costs no call: requests are made of them."""
        result: Fields = {}
        if id(values) in self._around or len(self._around) > DEEPEST:
            self.request.problems.append(too_deep(path, values))
            return result
        self._around.add(id(values))
        for key, value in values.items():
            kind = type(value)
            if type(key) is not str or key[-2:] == LATE:
                self._marked(result, key, value, path)
            elif value is None:
                if not typed:
                    result[key] = None
            elif typed and kind is dict and [*value.values()].count(None) == len(value):
                # A structure of arguments that were not given.
                continue
            elif (
                (kind is int and -MOST_EXACT <= value <= MOST_EXACT)
                or kind is bool
                or (kind is str and not _MAY_BE_LATE(value))
            ):
                result[key] = value
            else:
                here = f"{path}.{key}" if path else key
                begun = len(self.empty)
                item = (self.mapping if kind is dict else self.value)(value, here, typed=typed)
                if typed and (len(self.empty) > begun or (item == {} and isinstance(value, Structure))):
                    self.empty.append((result, key))
                elif typed and item == {}:
                    continue
                result[key] = item
        self._around.discard(id(values))
        return result

    def value(  # noqa: C901, PLR0911  (one case for each kind of value)
        self, value: Any, path: str, *, typed: bool, listed: bool = False
    ) -> Any:
        """Render one value of a structure or list."""
        if isinstance(value, JobOutput):
            self.request.outputs.append(value)
            text = value.spelled(jsonata=self.jsonata)
            return text if value.json_path is None else Computed(text)
        if isinstance(value, S3Location):
            return self._reference(value, path)
        if isinstance(value, str):
            return self._text(value, path, typed=typed, listed=listed)
        if isinstance(value, Structure):
            return self.mapping(value.to_request(), path, typed=True)
        if isinstance(value, Mapping):
            return self.mapping(value, path, typed=typed)
        if isinstance(value, (list, tuple)) and not is_token(value):
            return self._list(value, path, typed=typed)
        if isinstance(value, Verbatim):
            return self._verbatim(value.text, path, listed=listed)
        if is_token(value):
            return self._token(value, path, listed=listed)
        if is_altered_number(value):
            return self._altered(value, path)
        if value is None or isinstance(value, (int, float)):
            return self._number(value, path)
        return self._reference(value, path)

    def _number(self, value: float | None, path: str) -> Any:
        problem = None
        if isinstance(value, float):
            problem = None if isfinite(value) else not_finite(path, value)
        elif value is not None and not -MOST_EXACT <= value <= MOST_EXACT:
            problem = too_long(path, value)
        if problem is None:
            return value if value is None else plain_number(value)
        self.request.problems.append(problem)
        return Computed()

    def _verbatim(self, text: str, path: str, *, listed: bool) -> Any:
        if is_token(text):
            return self._token(text, path, listed=listed)
        if is_altered_number(text):
            return self._altered(text, path)
        # An expression that gives the text, where the text would be one, or the beginning of one.
        return Computed(f"{{% {quoted(text)} %}}") if self.jsonata and text.startswith(OPEN) else text

    def _marked(self, result: Fields, key: Any, value: Any, path: str) -> None:
        """Take a key that is no plain name: in Amazon States Language `Field.$` is a computed one."""
        if not isinstance(key, str):
            self.request.problems.append(no_name(path, key))
            return
        here = f"{path}.{key}" if path else key
        name, bare = key.removesuffix(LATE), here.removesuffix(LATE)
        if self.jsonata and name != key:
            self.wrong(
                f"{bare} is JSONPath in a JSONata state",
                value,
                "write '{% ... %}' in a field without .$",
                "query-language-of-value",
            )
        item = self.value(value, bare, typed=False)
        if name in result:
            self.wrong(
                f"{bare} is given twice", [result[name], item], f"give {name} or {name}{LATE}", "argument-given-twice"
            )
        elif name == key:
            result[name] = item
        elif isinstance(item, str) and (isinstance(item, Computed) or is_token(item)):
            result[name] = Computed(item)
        elif isinstance(item, str):
            if not self.jsonata:
                self._judge(misspelled_path(item), item, here)
            result[name] = Computed(item)
        else:
            self.wrong(
                f"{here} must be a path or an intrinsic function", value, "write it as a string", "value-of-request"
            )

    def _list(self, values: Any, path: str, *, typed: bool) -> Any:
        result: list[Any] = []
        if id(values) in self._around or len(self._around) > DEEPEST:
            self.request.problems.append(too_deep(path, values))
            return result
        self._around.add(id(values))
        for value in values:
            kind = type(value)
            if (
                (kind is int and -MOST_EXACT <= value <= MOST_EXACT)
                or kind is bool
                or (kind is str and not _MAY_BE_LATE(value))
            ):
                result.append(value)
            elif kind is dict:
                result.append(self.mapping(value, f"{path}[{len(result)}]", typed=typed))
            else:
                result.append(self.value(value, f"{path}[{len(result)}]", typed=typed, listed=True))
        self._around.discard(id(values))
        if self.jsonata or Computed not in map(type, result):
            return result
        return self._array(result, path)

    def _array(self, items: list[Any], path: str) -> Any:
        """Spell a list with computed items in JSONPath: an item by itself cannot be marked as computed."""
        if all(isinstance(item, (str, bool, int, float)) for item in items):
            return Computed(f"States.Array({', '.join(map(argument_of, items))})")
        late = next(index for index, item in enumerate(items) if isinstance(item, Computed))
        self.wrong(
            f"{path}[{late}] is JSONPath beside structures",
            items[late],
            "make the whole list a path",
            "value-of-request",
        )
        return items

    def _text(  # noqa: PLR0911  (one for each kind of text)
        self, value: str, path: str, *, typed: bool, listed: bool
    ) -> Any:
        # In parameters "$.x" is a literal unless its field says otherwise, as in Amazon States Language; what is
        # ours knows what it is.
        if isinstance(value, Computed):
            return value
        if is_json_path(value):
            if self.jsonata and typed:
                expression = jsonata_of(value) if is_plain(value) else "$states.input..."
                use = f"write '{{% {expression} %}}', or Verbatim(...) for a text"
                self.wrong(f"{path} is JSONPath in a JSONata state", value, use, "query-language-of-value")
            if not typed or self.jsonata:
                return value
            self._judge(misspelled_path(value), value, path)
            return Computed(value)
        if is_jsonata(value):
            if not self.jsonata:
                self.wrong(
                    f"{path} is JSONata in a JSONPath state",
                    value,
                    "pass query_language=QueryLanguage.JSONATA, or Verbatim(...) for a text",
                    "query-language-of-value",
                )
            else:
                self._judge(misspelled_expression(value, self.sees), value, path)
            return Computed(value)
        if is_altered_number(value):
            return self._altered(value, path)
        if self.jsonata and value.startswith(OPEN):
            use = "end it with %}, or pass Verbatim(...) for a text"
            self.wrong(f"{path} begins as an expression and does not end as one", value, use, "late-value-parses")
            return Computed(value)
        if found := _PSEUDO_PARAMETER.search(value):
            use = "write stack.region, Aws.REGION and the like, or Verbatim(...) for this very text"
            what = f"{path}: CloudFormation does not replace {found[0]} here"
            self.wrong(what, value, use, "pseudo-parameter-in-text")
        return self._token(value, path, listed=listed) if is_token(value) else value

    def _altered(self, value: Any, path: str) -> Computed:
        """Refuse what Python has made of a number token."""
        if isinstance(value, Computed):
            return value
        self.wrong(f"{path}: {NUMBER_TOKEN.what}", value, NUMBER_TOKEN.fix, NUMBER_TOKEN.id)
        return Computed()

    def _judge(self, problem: str | None, value: str, path: str) -> None:
        """Refuse what Step Functions cannot read."""
        if problem is not None:
            use = "correct it, or pass Verbatim(...) for a text"
            self.wrong(f"{path} cannot be read: {problem}", value, use, "late-value-parses")

    def _token(self, value: Any, path: str, *, listed: bool) -> Any:
        """Read a token: a JSONPath of the CDK's as Step Functions spells it; as it is if it is known at deployment."""
        try:
            found = self.json_path_of([value] if listed else value)
        except RuntimeError as error:
            if isinstance(value, (int, float)):
                return self._altered(value, path)
            what = f"{path}: a JSONPath stands where Step Functions takes none"
            self.wrong(what, str(error), "make it the value of a field", "query-language-of-value")
            return value
        if found is None:
            return value
        if not self.jsonata:
            return Computed(found)
        try:
            said = jsonata_of(found)
        except InvalidInputError as error:
            problem = error.problems[0]
            self.wrong(f"{path}: {problem.what}", found, problem.use, problem.rule)
            return Computed()
        if "result" in self.sees and _INPUT in said:
            use = f"write '{{% {said.replace(_INPUT, _RESULT)} %}}', or {_INPUT} for what the state was given"
            what = f"{path}: a path of JSONPath may mean the result here, or the input"
            self.wrong(what, found, use, "query-language-of-value")
        return Computed(f"{{% {said} %}}")

    def _reference(self, value: Any, path: str) -> Any:
        """Name a CDK object as the API does. Recognized by what it offers, so that no CDK module is imported for it."""
        location = S3Location.of(value)
        if location is not None:
            self.request.objects[path] = location
            return self.value(location.uri, path, typed=True)
        if offers(value, "uri_in"):
            return self._of_this_region(value, path)
        if offers(value, "image_uri"):
            self.request.objects[path] = value.repository
            return value.image_uri
        if offers(value, "repository_uri"):
            self.request.objects[path] = value
            return value.repository_uri
        if offers(value, "alias_name"):
            value = _target_of(value)
        for reference in _REFERENCES:
            if offers(value, reference):
                return getattr(value, reference)
        if value is NOTHING:
            self.wrong(f"{path} has no value", None, "give it one, or leave the key out", "value-of-request")
        else:
            self.request.problems.append(no_value(path, value))
        # What has been refused is judged no further.
        return Computed()

    def _of_this_region(self, image: Any, path: str) -> Any:
        try:
            return image.uri_in(self.scope)
        except InvalidInputError as error:
            for problem in error.problems:
                self.wrong(f"{path}: {problem.what}", problem.got, problem.use, problem.rule)
            # What has been refused is judged no further.
            return Computed()

    def wrong(self, what: str, got: object, use: str, rule: str) -> None:
        """Note a problem."""
        self.request.problems.append(Problem(what, got, use, rule))


def argument_of(value: str | float) -> str:
    """Spell an argument of an intrinsic function."""
    if not isinstance(value, str):
        return json.dumps(value)
    return str(value) if isinstance(value, Computed) else f"'{escaped(value)}'"


def _target_of(alias: Any) -> Any:
    """Find the key behind an alias: IAM takes no alias for a resource. One known only by name stays as it is."""
    try:
        return alias.alias_target_key
    except RuntimeError:
        return alias


def _merge(typed: Fields, raw: Fields, path: str, problems: list[Problem]) -> None:
    """Put the fields of *raw* beside those of *typed*."""
    for key, value in raw.items():
        if key not in typed:
            typed[key] = value
            continue
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict) and isinstance(typed[key], dict):
            _merge(typed[key], value, here, problems)
        else:
            use = "give the argument or the parameter"
            problems.append(Problem(f"{here} is given twice", [typed[key], value], use, "argument-given-twice"))


def _says_nothing(structure: Fields) -> bool:
    """Tell whether nothing but structures stands in a structure."""
    for value in structure.values():  # noqa: SIM110  (a generator would be a call for each field)
        if not isinstance(value, dict) or not _says_nothing(value):
            return False
    return True


def _fill(request: Fields, defaults: Fields, path: str, filled: list[str]) -> None:
    """Put *defaults* where the request has nothing; the paths where they were put go to *filled*."""
    for key, value in defaults.items():
        here = f"{path}.{key}" if path else key
        there = request.get(key, NOTHING)
        if there is NOTHING:
            request[key] = value
            filled.append(here)
        elif isinstance(there, dict) and isinstance(value, dict):
            _fill(there, value, here, filled)
        elif isinstance(there, list) and isinstance(value, list):
            for number, (item, default) in enumerate(zip(there, value, strict=False)):
                if isinstance(item, dict) and isinstance(default, dict):
                    _fill(item, default, f"{here}[{number}]", filled)
