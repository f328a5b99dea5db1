"""Arguments of a FanOut, checked, and turned into what the CDK's Map does not say of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.data_access import result_grants
from constructs_sm.language.errors import Problem
from constructs_sm.language.jsonata import expression_of, is_plain, jsonata_of, merged, object_of, quoted, without
from constructs_sm.language.jsonata_checks import OPEN
from constructs_sm.language.late_bound import (
    LATE,
    Computed,
    is_altered_number,
    is_json_path,
    is_jsonata,
    is_token,
    unmarked,
)
from constructs_sm.language.late_values import misspelled
from constructs_sm.language.numbers import is_number
from constructs_sm.language.paths import key_of, path_of
from constructs_sm.requests.rendering import Verbatim, argument_of
from constructs_sm.rules.argument_rules import NUMBER_TOKEN
from constructs_sm.steps.batches import ItemBatcher, WriterConfig
from constructs_sm.steps.s3_items import S3Items
from constructs_sm.task.custom_states import catching_in_jsonata
from constructs_sm.values.outputs import JobOutput
from constructs_sm.values.s3 import S3Location, bucket_and_prefix, object_arguments, spelled_in_jsonata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_sm.grants.statements import Grant
    from constructs_sm.task.custom_states import JsonataState
    from constructs_sm.task.scope import JobScope
    from constructs_sm.values.s3 import S3Data

_MOST_INLINE = 40
_ALWAYS_THERE = ("item", "index", "uri", "key", "items")
_BOUNDS: Mapping[str, tuple[float, float | None]] = {
    "max_concurrency": (1, 10_000),
    "tolerated_failure_count": (0, None),
    "tolerated_failure_percentage": (0, 100),
    "max_items": (1, None),
}
_LIMITS = {
    "MaxConcurrency": "max_concurrency",
    "ToleratedFailureCount": "tolerated_failure_count",
    "ToleratedFailurePercentage": "tolerated_failure_percentage",
}
"""Arguments by the names of the Map's fields."""


@dataclass(slots=True)
class ItemPlan:
    """The arguments of a FanOut, to be checked before it is made; see there for each."""

    name: str
    _: KW_ONLY
    items: str | Sequence[Any] | Mapping[str, Any] | S3Items
    selector: Mapping[str, Any] | None
    results: S3Data | None
    distributed: bool | None
    max_concurrency: int | str | None
    tolerated_failure_count: int | str | None
    tolerated_failure_percentage: float | str | None
    max_items: int | str | None
    by_key: bool
    batches: ItemBatcher | None
    writer: WriterConfig | None
    jsonata: bool
    scope: JobScope = field(init=False)
    end: JsonataState | None = field(init=False)
    """The state that every item ends with, if it can be told what that is."""
    writes_to: S3Location | None = field(init=False)

    def stand_in(self, scope: JobScope, folder: str, end: JsonataState | None) -> None:
        """Say where it stands, and what its folder is called, once nothing is wrong."""
        self.scope, self.end, self.writes_to = scope, end, None
        self.selector = dict(self.selector or {})
        if self.results is not None:
            self.writes_to = S3Location.of(self.results)
        elif self.is_distributed and scope.data is not None:
            self.writes_to = scope.data.under(folder)

    @property
    def is_distributed(self) -> bool:
        """Tell whether each item is an execution of its own."""
        return bool(self.distributed) or self._must_be_distributed

    @property
    def _must_be_distributed(self) -> bool:
        return (
            isinstance(self.items, S3Items)
            or self.is_object
            or self.batches is not None
            or self.writer is not None
            or (self.tolerated_failure_count is not None or self.tolerated_failure_percentage is not None)
            or (isinstance(self.max_concurrency, int) and self.max_concurrency > _MOST_INLINE)
            or self.results is not None
        )

    @property
    def is_object(self) -> bool:
        """Tell whether the items are the fields of an object."""
        return self.by_key or isinstance(self.items, Mapping)

    @property
    def key(self) -> str:
        """Key of its result."""
        return key_of(self.name)

    @property
    def used(self) -> list[JobOutput]:
        """The outputs of jobs that it is given."""
        return list(_outputs_in([self.items, self.selector, self.results]))

    def problems(self) -> Iterator[Problem]:
        """Find everything that is wrong with the arguments."""
        yield from self._not_understood()
        yield from self._late()
        if not self.jsonata:
            yield from self._not_in_jsonpath()
        for name, (least, most) in _BOUNDS.items():
            value = getattr(self, name)
            if value is not None and not self._is_computed(value) and not _is_within(value, least, most):
                span = f"{least} or more" if most is None else f"{least} to {most}"
                yield Problem(
                    f"{name} must be {span}",
                    value,
                    "pass a number in that range, a path, or leave it out",
                    "argument-value",
                )
        if self.distributed is False and self._must_be_distributed:
            use = "leave distributed out, or give a list of the input, 40 at a time, and no tolerated failures"
            yield Problem("this takes a distributed map", self.distributed, use, "argument-value")
        if self.results is not None and not self._is_writable(S3Location.of(self.results)):
            yield Problem(
                "results must be a place in S3 that is known",
                self.results,
                "pass a bucket, or 's3://...'",
                "argument-value",
            )
        if self.max_items is not None and not isinstance(self.items, S3Items):
            yield Problem("max_items is of a list in S3", self.max_items, "leave it out", "argument-value")
        yield from self._of_a_distributed_map()

    def _of_a_distributed_map(self) -> Iterator[Problem]:
        """Find what is wrong with objects, batches and how results are written."""
        if self.by_key and isinstance(self.items, (list, tuple, S3Items)):
            yield Problem("by_key is of an object", self.items, "pass a dict, or the path of one", "argument-value")
        for name, value, wanted in (
            ("batches", self.batches, ItemBatcher),
            ("writer_config", self.writer, WriterConfig),
        ):
            if value is not None and not isinstance(value, wanted):
                yield Problem(f"{name} is none", value, f"pass a {wanted.__name__}", "argument-type")
        if isinstance(self.batches, ItemBatcher):
            yield from self.batches.problems(self._is_computed)
        if isinstance(self.writer, WriterConfig):
            yield from self.writer.problems()

    def _is_computed(self, value: object) -> bool:
        """Tell whether a number comes at deployment, or Step Functions computes it in the language of the Map."""
        if isinstance(value, JobOutput):
            return value.json_path is not None
        if is_token(value):
            return not is_altered_number(value)
        if self.jsonata and is_jsonata(value):
            return True
        return is_json_path(value) and str(value).startswith("$") and (not self.jsonata or is_plain(str(value)))

    def _late(self) -> Iterator[Problem]:
        """Find late values that Step Functions cannot read."""
        for argument, value in (("items", self.items), ("item_selector", self.selector)):
            for text in _texts_in([value]):
                if is_altered_number(text):
                    yield Problem(f"{argument}: {NUMBER_TOKEN.what}", text, NUMBER_TOKEN.fix, NUMBER_TOKEN.id)
                    continue
                if not isinstance(text, str):
                    continue
                if self.jsonata and is_json_path(text) and not is_plain(text):
                    use = "write it as JSONata: '{% ... %}'"
                    what = f"{argument} has no plain equivalent in JSONata"
                    yield Problem(what, text, use, "query-language-translation")
                elif (wrong := misspelled(text, jsonata=is_jsonata(text))) is not None:
                    use = "correct it, or pass Verbatim(...) for a text"
                    yield Problem(f"{argument} cannot be read: {wrong}", text, use, "late-value-parses")

    def _is_writable(self, place: S3Location | None) -> bool:
        """Tell whether the Map can be told a place, and the role be granted it: only JSONata takes a late one apart."""
        if place is None:
            return False
        return bucket_and_prefix(place.uri) is not None or (self.jsonata and place.within is not None)

    def _not_understood(self) -> Iterator[Problem]:
        items: object = self.items
        if isinstance(items, JobOutput):
            items = items.spelled(jsonata=self.jsonata)
        if isinstance(items, str) and not (is_json_path(items) or is_jsonata(items)):
            use = "pass '$.items', or S3Items.csv('s3://...')"
            yield Problem("items must be a list, or say where one is", items, use, "argument-type")
        elif not isinstance(items, (str, list, tuple, Mapping, S3Items)) or is_token(items):
            yield Problem(
                "items must be a list, or say where one is",
                items,
                "pass '$.items', as text, or S3Items",
                "argument-type",
            )
        elif not isinstance(items, (str, S3Items)) and (wrong := _not_json(items)):
            yield Problem(f"items cannot be written as JSON: {wrong}", items, "pass texts and numbers", "argument-type")
        if self.selector is not None and not hasattr(self.selector, "items"):
            yield Problem(
                "item_selector must be a mapping", self.selector, "pass a dict from names to values", "argument-type"
            )
        elif taken := [name for name in _ALWAYS_THERE if name in (self.selector or {})]:
            yield Problem("item_selector hides what is there", taken, "use other names", "argument-value")

    def _not_in_jsonpath(self) -> Iterator[Problem]:
        """Find JSONata in a Map in JSONPath, and what a Map in JSONPath cannot be told."""
        items: Any = self.items
        if isinstance(items, JobOutput):
            items = items.spelled(jsonata=False)
            if not items.startswith("$"):
                yield Problem(
                    "items are no path", items, "pass query_language=QueryLanguage.JSONATA", "query-language-of-value"
                )
        for value in _texts_in([items, self.selector]):
            if is_jsonata(value):
                yield Problem(
                    "JSONata in a JSONPath Map",
                    value,
                    "pass query_language=QueryLanguage.JSONATA",
                    "query-language-of-value",
                )

    @property
    def found(self) -> str | None:
        """Expression in JSONata for a state before the Map: JSONPath has no literal lists, and takes no URI apart."""
        if self.jsonata:
            return None
        if isinstance(self.items, S3Items):
            place = object_arguments(self.items.location)
            late = any(map(is_jsonata, place.values()))
            return object_of({name: unmarked(said) for name, said in place.items()}) if late else None
        if isinstance(self.items, str):
            return None
        return json.dumps(self._literal(), ensure_ascii=False)

    def _literal(self) -> Any:
        assert not isinstance(self.items, (str, S3Items))  # noqa: S101  (asked for no others)
        return dict(self.items) if isinstance(self.items, Mapping) else list(self.items)

    def complete(self, state: Mapping[str, Any], *, whole_in_jsonata: bool) -> dict[str, Any]:
        """The state, with what its jobs use of the jobs before it."""
        state = catching_in_jsonata(state) if self.jsonata else state
        processor = state["ItemProcessor"]
        handed: dict[str, Any] = {}
        for place in self.scope.output_order.asked_outside(processor, jsonata=whole_in_jsonata):
            _put(handed, place, "$" + "".join(f"['{name}']" for name in place))
        around = {**handed, **(self.selector or {})}
        selector = {"item": "$$.Map.Item.Value", "index": "$$.Map.Item.Index"}
        if self.is_object:
            selector["key"] = "$$.Map.Item.Key"
        if isinstance(self.items, S3Items) and self.items.lists and self.items.input_type is None:
            selector["uri"] = self._uri()
        if self.batches is None:
            selector.update(around)
        if self.end is not None:
            found = [*around, "items"] if self.batches is not None else [name for name in selector if name != "index"]
            name = self.end.state_id
            states = {**processor["States"], name: {**processor["States"][name], "Output": without(found)}}
            processor = {**processor, "States": states}
        return {
            **state,
            "ItemProcessor": processor,
            **self._source(),
            "ItemSelector": self._spelled(selector),
            **self._batcher(around),
            **self._limits(),
            **self._writer(),
            **({"Output": merged(self.key, "$states.result")} if self.jsonata else {"ResultPath": path_of(self.key)}),
        }

    def _limits(self) -> dict[str, Any]:
        return self._numbers({name: getattr(self, argument) for name, argument in _LIMITS.items()})

    def _numbers(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Numbers in the language of the Map: JSONPath has a field of its own for one that is computed."""
        made: dict[str, Any] = {}
        for name, value in given.items():
            spelled = value.spelled(jsonata=self.jsonata) if isinstance(value, JobOutput) else value
            if self.jsonata and is_json_path(spelled):
                spelled = f"{{% {jsonata_of(spelled)} %}}"
            if spelled is not None:
                made[f"{name}Path" if isinstance(spelled, str) and not self.jsonata else name] = spelled
        return made

    def _batcher(self, around: Mapping[str, Any]) -> dict[str, Any]:
        if self.batches is None:
            return {}
        most = {"MaxItemsPerBatch": self.batches.max_items, "MaxInputBytesPerBatch": self.batches.max_bytes}
        return {"ItemBatcher": {**self._numbers(most), **({"BatchInput": self._spelled(around)} if around else {})}}

    def _spelled(self, template: Mapping[str, Any]) -> dict[str, Any]:
        """A template in the language of the state."""
        made: dict[str, Any] = {}
        for name, value in template.items():
            spelled = self._value(value)
            made[f"{name}{LATE}" if isinstance(spelled, Computed) and not self.jsonata else name] = spelled
        return made

    def _value(self, value: Any) -> Any:  # noqa: PLR0911  (one for each kind of value)
        """A value of a template in the language of the state."""
        text = value.uri if isinstance(value, S3Location) else value
        if isinstance(text, Verbatim):
            as_text = self.jsonata and text.text.startswith(OPEN)
            return Computed(f"{{% {quoted(text.text)} %}}") if as_text else text.text
        if isinstance(text, JobOutput):
            spelled = text.spelled(jsonata=self.jsonata)
            return spelled if text.json_path is None else Computed(spelled)
        if isinstance(text, Mapping):
            return self._spelled(text)
        if isinstance(text, (list, tuple)):
            items = [self._value(item) for item in text]
            late = not self.jsonata and any(isinstance(item, Computed) for item in items)
            return Computed(f"States.Array({', '.join(map(argument_of, items))})") if late else items
        if not isinstance(text, str):
            return text
        if self.jsonata:
            return spelled_in_jsonata(text)
        return Computed(text) if is_json_path(text) else text

    def _uri(self) -> str:
        assert isinstance(self.items, S3Items)  # noqa: S101  (asked for no others)
        bucket = object_arguments(self.items.location)["Bucket"]
        if self.jsonata:
            return f"{{% 's3://' & {expression_of(bucket)} & '/' & $states.context.Map.Item.Value.Key %}}"
        if is_jsonata(bucket):
            return f"States.Format('s3://{{}}/{{}}', {path_of(self.key)}.Bucket, $$.Map.Item.Value.Key)"
        return f"States.Format('s3://{bucket}/{{}}', $$.Map.Item.Value.Key)"

    def _source(self) -> dict[str, Any]:
        if isinstance(self.items, S3Items):
            place = object_arguments(self.items.location)
            if self.found is not None:
                place = {f"{name}{LATE}": f"{path_of(self.key)}.{name}" for name in place}
            most = self._numbers({"MaxItems": self.max_items})
            return {"ItemReader": self.items.to_reader(self.scope.arns, place, self._arguments, most)}
        if self.found is not None:
            return {"ItemsPath": path_of(self.key)}
        if isinstance(self.items, JobOutput):
            spelled = self.items.spelled(jsonata=self.jsonata)
        elif isinstance(self.items, str):
            spelled = spelled_in_jsonata(self.items) if self.jsonata else self.items
        else:
            return {"Items": self._literal()}
        return {"Items": spelled} if self.jsonata else {"ItemsPath": spelled}

    @property
    def _arguments(self) -> str:
        return "Arguments" if self.jsonata else "Parameters"

    def _writer(self) -> dict[str, Any]:
        config = {} if self.writer is None else {"WriterConfig": self.writer.to_state()}
        if self.writes_to is None:
            return {"ResultWriter": config} if config else {}
        place = object_arguments(self.writes_to)
        arguments = {"Bucket": place["Bucket"], "Prefix": place["Key"].rstrip("/")}
        resource = self.scope.arns.integration("s3:putObject")
        return {"ResultWriter": {"Resource": resource, self._arguments: arguments, **config}}

    @property
    def unknown(self) -> bool:
        """Tell whether the list stands where nothing can be granted."""
        return isinstance(self.items, S3Items) and not any(self.items.grants(self.scope.arns))

    def grants(self) -> list[Grant]:
        """Grants that the state machine role needs besides those of the jobs."""
        arns = self.scope.arns
        found = list(self.items.grants(arns)) if isinstance(self.items, S3Items) else []
        return found if self.writes_to is None else [*found, *result_grants(self.writes_to, arns)]


def _not_json(items: Sequence[Any] | Mapping[str, Any]) -> str:
    """Say why items cannot be written as JSON; empty if they can."""
    try:
        json.dumps(dict(items) if isinstance(items, Mapping) else list(items))
    except (TypeError, ValueError, RecursionError) as error:
        return str(error)
    return ""


def _texts_in(value: Any) -> Iterator[Any]:
    """Find the texts and numbers in a value, except outputs, places and what is meant as it stands."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts_in(item)
    elif isinstance(value, (str, int, float)) and not isinstance(value, (bool, JobOutput, S3Location)):
        yield value


def _outputs_in(value: Any) -> Iterator[JobOutput]:
    """Find the outputs of jobs in a value, and the places that are ones."""
    if isinstance(value, S3Location):
        value = value.uri
    if isinstance(value, JobOutput):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _outputs_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _outputs_in(item)


def _put(target: dict[str, Any], place: Sequence[str], value: str) -> None:
    for name in place[:-1]:
        target = target.setdefault(name, {})
    target[place[-1]] = value


def _is_within(value: object, least: float, most: float | None) -> bool:
    return is_number(value) and value >= least and (most is None or value <= most)
