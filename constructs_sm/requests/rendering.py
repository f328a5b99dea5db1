"""From what a user gave to the request of a Task state: CDK objects become SageMaker's words."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.fields import join, spelled
from constructs_sm.language.late_bound import LATE, escaped, is_json_path, is_jsonata, is_token
from constructs_sm.values.outputs import JobOutput
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import IConstruct

_REFERENCES = ("key_arn", "role_arn", "subnet_id", "security_group_id", "topic_arn", "function_arn")


class Structure(ABC):
    """A part of a request that has typed arguments of its own: `CheckpointConfig`, as SageMaker calls it."""

    __slots__ = ()

    @abstractmethod
    def to_request(self) -> dict[str, Any]:
        """The structure in SageMaker's words; CDK objects, further structures and None may still stand in it."""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A text that is what it says, though Step Functions' own paths look the same: `$.features` to SageMaker."""

    text: str


@dataclass(slots=True)
class Rendered:
    """A request in SageMaker's words."""

    request: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    """The S3Locations and image repositories that stood in it, by path: they know more than their spelling says."""
    outputs: list[JobOutput] = field(default_factory=list)
    """What other jobs have left, and stands in it."""
    problems: list[Problem] = field(default_factory=list)


def render(
    given: Mapping[str, Any],
    defaults: Mapping[str, Any],
    parameters: Mapping[str, Any] | None,
    *,
    scope: IConstruct,
    jsonata: bool,
) -> Rendered:
    """The request that *given* (from typed arguments) and *parameters* (in SageMaker's words) make together.

    A field given both ways is a problem. *defaults* fill what is still missing, except where *parameters* stand alone:
    those are a complete request and are left as they are.
    """
    rendered = Rendered()
    walk = _Walk(rendered, scope, jsonata=jsonata)
    typed = walk.mapping(given, "", typed=True)
    raw = walk.mapping(parameters or {}, "", typed=False)
    rendered.request = _merge(typed, raw, "", rendered.problems)
    if typed or not raw:
        filling = Rendered()
        _fill(rendered, _Walk(filling, scope, jsonata=jsonata).mapping(defaults, "", typed=True), filling.objects)
    return rendered


@dataclass(frozen=True, slots=True)
class _Walk:
    rendered: Rendered
    scope: IConstruct
    jsonata: bool

    def mapping(self, values: Mapping[str, Any], path: str, *, typed: bool) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in values.items():
            if value is None and typed:
                continue
            if isinstance(value, Verbatim):
                result[key] = value.text
                continue
            here = join(path, key)
            if self.jsonata and str(key).endswith(LATE):
                self.wrong(
                    f"{here} is JSONPath in a JSONata state",
                    value,
                    "write '{% ... %}' in a field without .$",
                    "query-language-of-value",
                )
            item = self.value(value, here, typed=typed)
            if item == {} and typed:
                continue
            # In parameters "$.x" is a literal unless its field says otherwise, as in Amazon States Language; what is
            # ours knows what it is.
            computed = not self.jsonata and (typed or _is_ours(value))
            if computed:
                item = _computed(item)
            late = computed and is_json_path(item)
            result[f"{key}{LATE}" if late and not str(key).endswith(LATE) else key] = item
        return result

    def value(self, value: Any, path: str, *, typed: bool) -> Any:
        if isinstance(value, Structure):
            return self.mapping(value.to_request(), path, typed=True)
        if isinstance(value, Mapping):
            return self.mapping(value, path, typed=typed)
        if isinstance(value, (list, tuple)):
            return [self.value(item, f"{path}[{index}]", typed=typed) for index, item in enumerate(value)]
        if isinstance(value, str):
            return self._text(value, path, typed=typed)
        if value is None or isinstance(value, (bool, int, float)) or is_token(value):
            return value
        return self._reference(value, path)

    def _text(self, value: str, path: str, *, typed: bool) -> str:
        if isinstance(value, JobOutput):
            self.rendered.outputs.append(value)
            return value.spelled(jsonata=self.jsonata)
        self._language(value, path, typed=typed)
        return value

    def _language(self, value: str, path: str, *, typed: bool) -> None:
        if self.jsonata and typed and is_json_path(value):
            self.wrong(
                f"{path} is JSONPath in a JSONata state",
                value,
                "write '{% $states.input... %}'",
                "query-language-of-value",
            )
        elif not self.jsonata and is_jsonata(value):
            self.wrong(
                f"{path} is JSONata in a JSONPath state",
                value,
                "pass query_language=QueryLanguage.JSONATA",
                "query-language-of-value",
            )

    def _reference(self, value: Any, path: str) -> Any:
        """What the API calls a CDK object. Recognized by what it offers, so that no CDK module is imported for it."""
        location = S3Location.of(value)
        if location is not None:
            self.rendered.objects[path] = location
            return self.value(location.uri, path, typed=True)
        if hasattr(value, "uri_in"):
            return self._of_this_region(value, path)
        if hasattr(value, "image_uri"):
            self.rendered.objects[path] = value.repository
            return value.image_uri
        if hasattr(value, "repository_uri"):
            self.rendered.objects[path] = value
            return value.repository_uri
        if hasattr(value, "alias_name"):
            value = _target_of(value)
        for reference in _REFERENCES:
            if hasattr(value, reference):
                return getattr(value, reference)
        self.wrong(
            f"{path} is nothing a request can hold", value, "pass a JSON value or a CDK construct", "value-of-request"
        )
        return None

    def _of_this_region(self, image: Any, path: str) -> Any:
        try:
            return image.uri_in(self.scope)
        except InvalidInputError as error:
            for problem in error.problems:
                self.wrong(f"{path}: {problem.what}", problem.got, problem.use, problem.rule)
            return image.repository

    def wrong(self, what: str, got: object, use: str, rule: str) -> None:
        self.rendered.problems.append(Problem(what, got, use, rule))


def _is_ours(value: Any) -> bool:
    return isinstance(value, (JobOutput, S3Location)) or (isinstance(value, list) and any(map(_is_ours, value)))


def _computed(value: Any) -> Any:
    """A list with paths in it as `States.Array(...)`: an item by itself cannot be marked as late-bound."""
    if not isinstance(value, list) or not any(map(is_json_path, value)):
        return value
    if not all(isinstance(item, (str, bool, int, float)) for item in value):
        return value
    return f"States.Array({', '.join(map(_argument, value))})"


def _argument(value: str | float) -> str:
    """An argument of an intrinsic function."""
    if not isinstance(value, str):
        return json.dumps(value)
    return value if is_json_path(value) else f"'{escaped(value)}'"


def _target_of(alias: Any) -> Any:
    """The key behind an alias: IAM takes no alias for a resource. One that is only known by name stays as it is."""
    try:
        return alias.alias_target_key
    except RuntimeError:
        return alias


def _merge(typed: dict[str, Any], raw: dict[str, Any], path: str, problems: list[Problem]) -> dict[str, Any]:
    merged = dict(typed)
    for key, value in raw.items():
        here = join(path, key)
        there = spelled(typed, str(key).removesuffix(LATE))
        if there is None:
            merged[key] = value
        elif there == key and isinstance(value, dict) and isinstance(typed[key], dict):
            merged[key] = _merge(typed[key], value, here, problems)
        else:
            problems.append(
                Problem(
                    f"{here} is given twice",
                    [typed[there], value],
                    "give the argument or the parameter",
                    "argument-given-twice",
                )
            )
    return merged


def _fill(rendered: Rendered, defaults: Mapping[str, Any], objects: Mapping[str, Any]) -> None:
    """Put *defaults* where the request has nothing, and with them the *objects* they were made of."""
    for path in _filled(rendered.request, defaults, ""):
        rendered.objects |= {at: known for at, known in objects.items() if at == path or at.startswith(f"{path}.")}


def _filled(request: dict[str, Any], defaults: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, value in defaults.items():
        here = join(path, key)
        there = spelled(request, key.removesuffix(LATE))
        if there is None:
            request[key] = value
            yield here
        elif isinstance(value, dict) and isinstance(request[there], dict):
            yield from _filled(request[there], value, here)
