"""FanOut: the same jobs for each item of a list."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem, raise_all, where_of
from constructs_sm.language.jsonata import UNCHANGED, merged, place_of
from constructs_sm.language.paths import key_of, name_of, path_of
from constructs_sm.rollback import undone_by
from constructs_sm.rules.argument_rules import LATE_ACCESS
from constructs_sm.steps.batches import ItemBatcher
from constructs_sm.steps.fan_out_plan import ItemPlan
from constructs_sm.task.changes import Changes, policy_of
from constructs_sm.task.custom_states import JsonataState, is_chainable
from constructs_sm.task.fragment import CheckedFragment, Fragment
from constructs_sm.task.output_folders import folder_of
from constructs_sm.task.overruling import tell
from constructs_sm.task.path_tokens import naming, spelled_paths, token_of
from constructs_sm.task.query_language import is_jsonata_language
from constructs_sm.task.running_role import RunsInMachine
from constructs_sm.task.scope import JobScope
from constructs_sm.task.step import Step
from constructs_sm.values.names import LONGEST_STATE_NAME, id_problems
from constructs_sm.values.outputs import JobOutput, TaskIdentity

import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_sm.retry import RetryPolicy
    from constructs_sm.steps.batches import WriterConfig
    from constructs_sm.steps.s3_items import S3Items
    from constructs_sm.values.s3 import S3Data

    from constructs import Construct
    from typing_extensions import Self

_LONGEST_ID = LONGEST_STATE_NAME - len(": Result")


@jsii.implements(iam.IGrantable)
class FanOut(RunsInMachine, Fragment):
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
        items: A path of the input (`$.datasets`, or JSONata), an output of a job, a list, a dict, or `S3Items`. Of a
            dict each run finds `$.key` as well.
        max_concurrency: Items at a time; this and the other numbers may come from the input (`$.at_once`). Default: as
            many as Step Functions takes: 40, or 10,000.
        distributed: Whether each item is an execution of its own. Default: where it must be.
        tolerated_failure_count: How many items may fail. Default: none.
        tolerated_failure_percentage: How many of a hundred may fail. Default: none.
        item_selector: More for each run to find: values, paths of the input (`$.threshold`), outputs of jobs.
        results: Where a distributed map writes what its items leave. Default, in a `PipelineStack`: its bucket.
        max_items: No more of a list in S3 than these.
        by_key: Whether the path in *items* leads to an object, whose fields are the items.
        batches: Let each run have several items, as `ItemBatcher(max_items=50)`: `$.items` in place of `$.item`.
        writer_config: How the results are written. Default: as Step Functions does.
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
        items: str | Sequence[Any] | Mapping[str, Any] | S3Items,
        max_concurrency: int | str | None = None,
        distributed: bool | None = None,
        tolerated_failure_count: int | str | None = None,
        tolerated_failure_percentage: float | str | None = None,
        item_selector: Mapping[str, Any] | None = None,
        results: S3Data | None = None,
        max_items: int | str | None = None,
        by_key: bool = False,
        batches: ItemBatcher | None = None,
        writer_config: WriterConfig | None = None,
        query_language: sfn.QueryLanguage | None = None,
        comment: str | None = None,
    ) -> None:
        where = where_of(type(self).__name__, scope, construct_id)
        with naming(where):
            items, item_selector, results = spelled_paths([items, item_selector, results])
            numbers = [max_concurrency, tolerated_failure_count, tolerated_failure_percentage, max_items]
            max_concurrency, tolerated_failure_count, tolerated_failure_percentage, max_items = spelled_paths(numbers)
            if isinstance(batches, ItemBatcher):
                most, largest = spelled_paths([batches.max_items, batches.max_bytes])
                batches = ItemBatcher(max_items=most, max_bytes=largest)
        plan = ItemPlan(
            construct_id,
            items=items,
            selector=item_selector,
            results=results,
            distributed=distributed,
            max_concurrency=max_concurrency,
            tolerated_failure_count=tolerated_failure_count,
            tolerated_failure_percentage=tolerated_failure_percentage,
            max_items=max_items,
            by_key=by_key,
            batches=batches,
            writer=writer_config,
            jsonata=is_jsonata_language(query_language),
        )
        raise_all(where, [*_problems(construct_id, each), *plan.problems()])
        super().__init__(scope, construct_id)
        self._scope = around = JobScope.of(self)
        self._jsonata = plan.jsonata
        self._identity = TaskIdentity(f"{self.node.path}", construct_id, "", lambda: self._map.state_id)
        kind = _DistributedItems if plan.is_distributed else _InlineItems
        self._map: Any = kind(self, construct_id, plan, comment)
        # What is made runs on into an end of ours, which it cannot be freed of again: so not before all else is there.
        plan.stand_in(around, folder_of(scope, construct_id), self._ended(each))
        self._map.item_processor(each if batches is None else self._unpacked(each))
        self._start: Any = self._map
        if plan.found is not None:
            name = f"{construct_id}: Items"
            self._start = JsonataState(self, name, Type="Pass", Output=merged(plan.key, plan.found))
            self._start.next(self._map)
        around.output_order.knows(self._identity)
        self._map.step.is_known()
        if plan.used:
            around.output_order.use(self._identity, plan.used)
        if plan.used or not plan.is_distributed:
            around.watch_order()
        if plan.unknown:
            tell(
                self,
                [
                    LATE_ACCESS.problem(
                        "The state machine role is not granted the list, which is known at run time only",
                        fix="grant it: bucket.grant_read(fan_out)",
                    )
                ],
            )

    @property
    def map(self) -> sfn.Map | sfn.DistributedMap:
        """The state."""
        state: sfn.Map | sfn.DistributedMap = self._map
        return state

    @property
    def results(self) -> JobOutput:
        """Results of the items, for a state that runs after this one."""
        key = key_of(self._id)
        json_path, jsonata = path_of(key), place_of(key)
        self._scope.watch_order()
        self._scope.output_order.ask(self._identity, "results", json_path, (json_path, jsonata))
        results = JobOutput.late(self._identity, "results", json_path=json_path, jsonata=jsonata, in_jsonata=False)
        return results.tokened(token_of, in_jsonata=self._jsonata)

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
        end = JsonataState(self, self._named("Result"), Type="Pass", Output=UNCHANGED)
        for state in ends:
            state.next(end)
        return end

    def _unpacked(self, each: sfn.IChainable) -> sfn.IChainable:
        """Put what a batch has in common, and its items, where the states of an item find theirs."""
        unpacked = "{% $merge([$states.input.BatchInput, {'items': $states.input.Items}]) %}"
        batch = JsonataState(self, self._named("Batch"), Type="Pass", Output=unpacked)
        return sfn.Chain.start(batch).next(each)

    @property
    def _calls(self) -> Sequence[Any]:
        return [self._map]

    @property
    def _is_granted(self) -> bool:
        return isinstance(self._map, _DistributedItems)

    def add_retry(self, policy: RetryPolicy | None = None, **retrier: Any) -> Self:
        """Run the map anew, with all of its items, as *policy* says, or as the CDK's `add_retry` takes it.

        Args:
            policy: The retrier.
            retrier: In place of a policy: `errors` (default: `States.ALL`), `interval`, `max_attempts`,
                `backoff_rate`, `max_delay` and `jitter_strategy`.

        Raises:
            InvalidInputError: Step Functions takes no such retrier.
        """
        self._map.changes.retriers.append(policy_of(where_of("FanOut", self), policy, **retrier))
        return self

    @property
    def end_states(self) -> list[sfn.INextable]:
        return [self._map]


def _language_of(plan: ItemPlan) -> sfn.QueryLanguage | None:
    # To say JSONPath would let the CDK refuse it, in a JSONata state machine, before we can say what to do.
    return sfn.QueryLanguage.JSONATA if plan.jsonata else None


class _InlineItems(sfn.Map):
    """The Map of a FanOut."""

    def __init__(self, scope: Construct, name: str, plan: ItemPlan, comment: str | None) -> None:
        super().__init__(scope, "Map", state_name=name, query_language=_language_of(plan), comment=comment)
        self._plan = plan
        self.changes = Changes()
        self.step = Step(scope, name_of(name), lambda: self.state_id)

    def to_state_json(self, query_language: sfn.QueryLanguage | None = None) -> Any:
        # Drawn, it stands in one: to be told when it is bound would be another callback.
        self.step.is_bound = True
        whole_in_jsonata = is_jsonata_language(query_language)
        state = self._plan.complete(super().to_state_json(query_language), whole_in_jsonata=whole_in_jsonata)
        return self.changes.applied_to(state)


class _DistributedItems(sfn.DistributedMap):
    """The distributed map of a FanOut."""

    def __init__(self, scope: FanOut, name: str, plan: ItemPlan, comment: str | None) -> None:
        super().__init__(scope, "Map", state_name=name, query_language=_language_of(plan), comment=comment)
        self._fan_out = scope
        self._plan = plan
        self.changes = Changes()
        self.step = Step(scope, name_of(name), lambda: self.state_id, calls=True)

    def to_state_json(self, state_machine_query_language: sfn.QueryLanguage | None = None) -> Any:
        whole_in_jsonata = is_jsonata_language(state_machine_query_language)
        whole = super().to_state_json(state_machine_query_language)
        return self.changes.applied_to(self._plan.complete(whole, whole_in_jsonata=whole_in_jsonata))

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        super()._when_bound_to_graph(graph)
        self.step.is_bound = True
        self._plan.scope.register(graph, self._plan.grants())
        self._fan_out.bind_grants(graph)
        around = self._plan.scope
        undone_by(partial(setattr, around, "starts_executions", around.starts_executions))
        around.starts_executions = True


def _problems(construct_id: object, each: Any) -> Iterator[Problem]:
    yield from id_problems(construct_id, _LONGEST_ID)
    if not is_chainable(each):
        yield Problem("nothing to run for each item", each, "pass a job, or a chain", "fan-out-nothing-to-run")
    elif any(isinstance(end, CheckedFragment) and end.goes_on for end in each.end_states):
        yield Problem(
            "what runs for each item goes on already",
            each,
            "chain after the FanOut what is to follow",
            "state-goes-on-already",
        )
