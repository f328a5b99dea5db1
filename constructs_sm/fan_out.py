"""FanOut: the same jobs for each item of a list."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.errors import Problem, raise_all, where_of
from constructs_sm.fragment import Fragment
from constructs_sm.iam import Grant, result_grants
from constructs_sm.jsonata import UNCHANGED, merged, object_of, place_of, quoted
from constructs_sm.keys import key_of, path_of
from constructs_sm.late_bound import is_json_path, is_jsonata, is_token
from constructs_sm.outputs import JobOutput, TaskIdentity
from constructs_sm.places import folder_of
from constructs_sm.s3 import S3Location, object_arguments, spelled_in_jsonata
from constructs_sm.s3_items import S3Items
from constructs_sm.scope import JobScope
from constructs_sm.states import JsonataState

from aws_cdk import Annotations
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_sm.s3 import S3Data

    from constructs import Construct

_MOST_INLINE = 40
_MOST_CHILDREN = 10_000
_LONGEST_ID = 80 - len(": Result")
_ALWAYS_THERE = ("item", "index", "uri")


class FanOut(Fragment):
    """Run a job, or a chain, for each item of a list.

    `FanOut(stack, "Each data set", train, items="$.datasets", max_concurrency=5)`

    In the list's place each run finds `$.item`, its `$.index`, and what *item_selector* adds; of the jobs before the
    FanOut it finds what it uses, which is handed on by itself: `train.model_artifacts` means the same inside. Names of
    jobs that nobody gave are unique, so items never collide; places of outputs that nobody gave are one an execution,
    which is refused where the items share it.

    A list of the input is worked off inside the execution: at most 40 items at a time, and all their events count
    among its 25,000, so some thousand items of one job. A list in S3, tolerated failures, or more than 40 at a time
    make it a distributed map: each item is an execution of its own, up to 10,000 at a time, each with 25,000 events.
    Either way every state that an item enters is a paid state transition. How many jobs run at once is up to
    SageMaker's quotas of instances, long before that; what is over them waits by the jobs' own retries.

    What the items leave stands under the construct id, as a list in their order, without what they were handed. Results
    of a distributed map go to S3 where *results* says, and under the construct id stand `MapRunArn` and
    `ResultWriterDetails`; with no place for them they are the list, which must be smaller than 256 KiB.

    Every item ends in `<id>: Result`, which drops what the item was handed. Where JSONPath cannot say where the list
    is, `<id>: Items` says it before the Map.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result.
        each: A job, or a chain.
        items: A path of the input (`$.datasets`, or JSONata), an output of a job, a list, or `S3Items`.
        max_concurrency: Items at a time. Default: as many as Step Functions takes: 40, or 10,000.
        distributed: Whether each item is an execution of its own. Default: where it must be.
        tolerated_failure_count: How many items may fail. Default: none.
        tolerated_failure_percentage: How many of a hundred may fail. Default: none.
        item_selector: More for each run to find: values, paths of the input (`$.threshold`), outputs of jobs.
        results: Where a distributed map writes what its items leave. Default, in a `PipelineStack`: its bucket.
        max_items: No more of a list in S3 than these.
        query_language: Of the Map; in a state machine that is JSONata throughout it must be, and then so must be all
            that is inside. Default: JSONPath.
        comment: For whoever reads the definition.

    Raises:
        InvalidInputError: With everything that is wrong.

    Grants: to the state machine role, what the jobs inside need, also in child executions; to start, stop and describe
        those; to read the list (that file, or to list that prefix) and to write *results*.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
        https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        each: sfn.IChainable,
        *,
        items: str | Sequence[Any] | S3Items,
        max_concurrency: int | None = None,
        distributed: bool | None = None,
        tolerated_failure_count: int | None = None,
        tolerated_failure_percentage: float | None = None,
        item_selector: Mapping[str, Any] | None = None,
        results: S3Data | None = None,
        max_items: int | None = None,
        query_language: sfn.QueryLanguage | None = None,
        comment: str | None = None,
    ) -> None:
        must = (
            isinstance(items, S3Items)
            or (tolerated_failure_count is not None or tolerated_failure_percentage is not None)
            or (isinstance(max_concurrency, int) and max_concurrency > _MOST_INLINE)
            or results is not None
        )
        problems = [
            *_problems(construct_id, each, items, item_selector),
            *_in_jsonpath(query_language, items, item_selector),
            *_out_of_range(
                max_concurrency=(max_concurrency, 1, _MOST_CHILDREN),
                tolerated_failure_count=(tolerated_failure_count, 0, None),
                tolerated_failure_percentage=(tolerated_failure_percentage, 0, 100),
                max_items=(max_items, 1, None),
            ),
        ]
        if distributed is False and must:
            use = "leave distributed out, or give a list of the input, 40 at a time, and no tolerated failures"
            problems.append(Problem("this takes a distributed map", distributed, use))
        if max_items is not None and not isinstance(items, S3Items):
            problems.append(Problem("max_items is of a list in S3", max_items, "leave it out"))
        raise_all(where_of(type(self).__name__, scope, construct_id), problems)
        super().__init__(scope, construct_id)
        around = JobScope.of(self)
        self._end = self._ended(each)
        plan = _Plan(
            scope=around,
            key=key_of(construct_id),
            items=items,
            selector=dict(item_selector or {}),
            results=_results(around, construct_id, results) if must or distributed else None,
            limits={
                "MaxConcurrency": max_concurrency,
                "ToleratedFailureCount": tolerated_failure_count,
                "ToleratedFailurePercentage": tolerated_failure_percentage,
            },
            max_items=max_items,
            jsonata=query_language is sfn.QueryLanguage.JSONATA,
            end=self._end,
        )
        self._identity = TaskIdentity(f"{self.node.path}", construct_id, "", lambda: self._map.state_id)
        self._scope = around
        kind = _DistributedItems if must or distributed else _InlineItems
        self._map: Any = kind(self, construct_id, plan, comment)
        self._map.item_processor(each)
        self._start: Any = self._map
        if plan.found is not None:
            name = f"{construct_id}: Items"
            self._start = JsonataState(self, name, Type="Pass", Output=merged(plan.key, plan.found))
            self._start.next(self._map)
        around.wiring.knows(self._identity)
        if not (must or distributed):
            around.watch_wiring()
        used = [value for value in (items, *(item_selector or {}).values()) if isinstance(value, JobOutput)]
        if used:
            around.wiring.use(self._identity, used)
            around.watch_wiring()
        if plan.unknown:
            Annotations.of(self).add_warning_v2(
                "constructs-sm:lateBoundAccess",
                "The state machine role is not granted the list, which is known at run time only. "
                "Grant it: bucket.grant_read(state_machine).",
            )

    @property
    def map(self) -> sfn.Map | sfn.DistributedMap:
        """The state."""
        state: sfn.Map | sfn.DistributedMap = self._map
        return state

    @property
    def results(self) -> JobOutput:
        """What the items have left, for a state that runs after this one."""
        key = key_of(self._construct_id)
        json_path, jsonata = path_of(key), place_of(key)
        self._scope.watch_wiring()
        self._scope.wiring.ask(self._identity, "results", json_path, (json_path, jsonata))
        return JobOutput.late(self._identity, "results", json_path=json_path, jsonata=jsonata, in_jsonata=False)

    @property
    def start_state(self) -> sfn.State:
        state: sfn.State = self._start
        return state

    def _ended(self, each: sfn.IChainable) -> JsonataState | None:
        """The state that drops what an item was handed, where *each* goes on: a job would end in a Succeed there."""
        ends = each.end_states
        if not ends:
            return None
        # What it keeps is said when it is known what was handed on.
        end = JsonataState(self, f"{self._construct_id}: Result", Type="Pass", Output=UNCHANGED)
        for state in ends:
            state.next(end)
        return end

    @property
    def end_states(self) -> list[sfn.INextable]:
        return [self._map]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the CDK's Map does not say of itself."""

    scope: JobScope
    key: str
    items: str | Sequence[Any] | S3Items
    selector: Mapping[str, Any]
    results: S3Location | None
    limits: Mapping[str, Any]
    max_items: int | None
    jsonata: bool
    end: JsonataState | None
    """The state that every item ends with, if it can be told what that is."""

    @property
    def found(self) -> str | None:
        """What a state before the Map finds out, as JSONata: JSONPath has no literal lists, and takes no URI apart."""
        if self.jsonata:
            return None
        if isinstance(self.items, S3Items):
            place = object_arguments(self.items.location)
            late = any(map(is_jsonata, place.values()))
            return object_of({name: said[2:-2].strip() for name, said in place.items()}) if late else None
        return None if isinstance(self.items, str) else json.dumps(list(self.items), ensure_ascii=False)

    def complete(self, state: Mapping[str, Any], *, whole_in_jsonata: bool) -> dict[str, Any]:
        """The state, with what its jobs use of the jobs before it."""
        processor = state["ItemProcessor"]
        handed: dict[str, Any] = {}
        for place in self.scope.wiring.asked_outside(processor, jsonata=whole_in_jsonata):
            _put(handed, place, "$" + "".join(f"['{name}']" for name in place))
        selector = {"item": "$$.Map.Item.Value", "index": "$$.Map.Item.Index", **handed, **self.selector}
        if isinstance(self.items, S3Items) and self.items.input_type is None:
            selector["uri"] = self._uri()
        if self.end is not None:
            dropped = ", ".join(quoted(name) for name in selector if name != "index")
            kept = f"{{% $sift($states.input, function($value, $name) {{ $not($name in [{dropped}]) }}) %}}"
            name = self.end.state_id
            states = {**processor["States"], name: {**processor["States"][name], "Output": kept}}
            processor = {**processor, "States": states}
        return {
            **state,
            "ItemProcessor": processor,
            **self._source(),
            "ItemSelector": self._spelled(selector),
            **{name: value for name, value in self.limits.items() if value is not None},
            **self._writer(),
            **({"Output": merged(self.key, "$states.result")} if self.jsonata else {"ResultPath": path_of(self.key)}),
        }

    def _spelled(self, template: Mapping[str, Any]) -> dict[str, Any]:
        """A template in the language of the state."""
        made: dict[str, Any] = {}
        for name, value in template.items():
            text = value.uri if isinstance(value, S3Location) else value
            text = text.spelled(jsonata=self.jsonata) if isinstance(text, JobOutput) else text
            if isinstance(text, dict):
                made[name] = self._spelled(text)
            elif self.jsonata:
                made[name] = spelled_in_jsonata(text) if isinstance(text, str) else text
            else:
                made[f"{name}.$" if is_json_path(text) else name] = text
        return made

    def _uri(self) -> str:
        assert isinstance(self.items, S3Items)  # noqa: S101  (asked for no others)
        bucket = object_arguments(self.items.location)["Bucket"]
        if self.jsonata:
            said = bucket[2:-2].strip() if is_jsonata(bucket) else quoted(bucket)
            return f"{{% 's3://' & {said} & '/' & $states.context.Map.Item.Value.Key %}}"
        if is_jsonata(bucket):
            return f"States.Format('s3://{{}}/{{}}', {path_of(self.key)}.Bucket, $$.Map.Item.Value.Key)"
        return f"States.Format('s3://{bucket}/{{}}', $$.Map.Item.Value.Key)"

    def _source(self) -> dict[str, Any]:
        if isinstance(self.items, S3Items):
            place = object_arguments(self.items.location)
            if self.found is not None:
                place = {f"{name}.$": f"{path_of(self.key)}.{name}" for name in place}
            return {
                "ItemReader": self.items.to_reader(self.scope.arns.partition, place, self._arguments, self.max_items)
            }
        if self.found is not None:
            return {"ItemsPath": path_of(self.key)}
        if isinstance(self.items, JobOutput):
            spelled = self.items.spelled(jsonata=self.jsonata)
        elif isinstance(self.items, str):
            spelled = spelled_in_jsonata(self.items) if self.jsonata else self.items
        else:
            return {"Items": list(self.items)}
        return {"Items": spelled} if self.jsonata else {"ItemsPath": spelled}

    @property
    def _arguments(self) -> str:
        return "Arguments" if self.jsonata else "Parameters"

    def _writer(self) -> dict[str, Any]:
        if self.results is None:
            return {}
        place = object_arguments(self.results)
        arguments = {"Bucket": place["Bucket"], "Prefix": place["Key"].rstrip("/")}
        resource = f"arn:{self.scope.arns.partition}:states:::s3:putObject"
        return {"ResultWriter": {"Resource": resource, self._arguments: arguments}}

    @property
    def unknown(self) -> bool:
        """Whether the list stands where nothing can be granted."""
        return isinstance(self.items, S3Items) and not any(self.items.grants(self.scope.arns))

    def grants(self) -> list[Grant]:
        """What the state machine role needs besides what the jobs do."""
        arns = self.scope.arns
        found = list(self.items.grants(arns)) if isinstance(self.items, S3Items) else []
        return found if self.results is None else [*found, *result_grants(self.results, arns)]


class _InlineItems(sfn.Map):
    """The Map of a FanOut."""

    def __init__(self, scope: Construct, name: str, plan: _Plan, comment: str | None) -> None:
        super().__init__(scope, "Map", state_name=name, query_language=_language(plan), comment=comment)
        self._plan = plan

    def to_state_json(self, query_language: sfn.QueryLanguage | None = None) -> Any:
        state = super().to_state_json(query_language)
        return self._plan.complete(state, whole_in_jsonata=query_language is sfn.QueryLanguage.JSONATA)


class _DistributedItems(sfn.DistributedMap):
    """The distributed map of a FanOut."""

    def __init__(self, scope: Construct, name: str, plan: _Plan, comment: str | None) -> None:
        super().__init__(scope, "Map", state_name=name, query_language=_language(plan), comment=comment)
        self._plan = plan

    def to_state_json(self, state_machine_query_language: sfn.QueryLanguage | None = None) -> Any:
        whole_in_jsonata = state_machine_query_language is sfn.QueryLanguage.JSONATA
        state = super().to_state_json(state_machine_query_language)
        return self._plan.complete(state, whole_in_jsonata=whole_in_jsonata)

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        super()._when_bound_to_graph(graph)
        self._plan.scope.register(graph, self._plan.grants())
        self._plan.scope.starts_executions = True


def _language(plan: _Plan) -> sfn.QueryLanguage:
    return sfn.QueryLanguage.JSONATA if plan.jsonata else sfn.QueryLanguage.JSON_PATH


def _put(target: dict[str, Any], place: Sequence[str], value: str) -> None:
    for name in place[:-1]:
        target = target.setdefault(name, {})
    target[place[-1]] = value


def _results(around: JobScope, construct_id: str, results: S3Data | None) -> S3Location | None:
    if results is not None:
        return S3Location.of(results)
    return around.data and around.data.under(folder_of(construct_id))


def _problems(construct_id: object, each: object, items: object, selector: object) -> Iterator[Problem]:
    if not isinstance(construct_id, str) or not 1 <= len(construct_id) <= _LONGEST_ID:
        yield Problem("the construct id names the state", construct_id, f"use 1 to {_LONGEST_ID} characters")
    if not hasattr(each, "start_state"):
        yield Problem("nothing to run for each item", each, "pass a job, or a chain")
    if isinstance(items, str) and not (is_json_path(items) or is_jsonata(items)):
        yield Problem("items must be a list, or say where one is", items, "pass '$.items', or S3Items.csv('s3://...')")
    elif not isinstance(items, (str, list, tuple, S3Items)) or is_token(items):
        yield Problem("items must be a list, or say where one is", items, "pass '$.items', as text, or S3Items")
    if selector is not None and not hasattr(selector, "items"):
        yield Problem("item_selector must be a mapping", selector, "pass a dict from names to values")
    taken = [name for name in _ALWAYS_THERE if hasattr(selector, "items") and name in selector]  # type: ignore[operator]
    if taken:
        yield Problem("item_selector hides what is there", taken, "use other names")


def _in_jsonpath(language: object, items: object, selector: Any) -> Iterator[Problem]:
    """What is JSONata in a Map that is not, or nothing a Map in JSONPath can be told."""
    if language is sfn.QueryLanguage.JSONATA:
        return
    if isinstance(items, JobOutput):
        items = items.spelled(jsonata=False)
        if not items.startswith("$"):
            yield Problem("items are no path", items, "pass query_language=QueryLanguage.JSONATA")
    values = selector.values() if hasattr(selector, "values") else ()
    for value in (items, *(value for value in values if not isinstance(value, JobOutput))):
        if is_jsonata(value):
            yield Problem("JSONata in a JSONPath Map", value, "pass query_language=QueryLanguage.JSONATA")


def _out_of_range(**limits: tuple[Any, float, float | None]) -> Iterator[Problem]:
    for name, (value, least, most) in limits.items():
        if value is None:
            continue
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or value < least or (most is not None and value > most):
            span = f"{least} or more" if most is None else f"{least} to {most}"
            yield Problem(f"{name} must be {span}", value, "pass a number in that range, or leave it out")
