"""Reusing: the states around a job that look for its result before it runs, and keep it when it has run."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import DESCRIBED, REUSE, WRITTEN
from constructs_sm.language.error_names import ALL
from constructs_sm.language.flow import LOOKS
from constructs_sm.language.jsonata import UNCHANGED, merged_at, named, object_of, quoted
from constructs_sm.language.paths import keys_in
from constructs_sm.retry import RetryPolicy
from constructs_sm.task.kept_results import (
    EXECUTION,
    EXPIRES,
    JOB,
    KEPT_AT,
    KEY,
    KEY_OF_PART,
    LATEST,
    OF_EXECUTION,
    RESULT,
    RUN_INPUT,
    TAKEN,
)
from constructs_sm.task.output_check import Output
from constructs_sm.values.s3 import spelled_in_jsonata

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from constructs_sm.task.output_check import OutputCheck
    from constructs_sm.task.reuse_plan import ReusePlan
    from constructs_sm.task.task_state import TaskState

    from constructs import Construct

STATES = (_REUSE, _KEEP) = (f"{{}}{LOOKS}", "{}: Keep")
"""Names of the states, before and behind those of the job."""
_FAULTS = tuple(
    f"DynamoDb.{name}Exception"
    for name in ("InternalServerError", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "Throttling")
)
# Soon over, or the job runs.
_RETRY = [RetryPolicy(errors=_FAULTS, interval_seconds=1, max_attempts=3, backoff_rate=2, jitter=True).to_state()]
_NOT_REUSED = "'[not ' & 'reused: '"
"""Beginning of the reason, which the text of the expression itself does not have in it: AWS repeats that."""
_NOW = "$floor($millis() / 1000)"


class TableTask(sfn.CustomState):
    """A call of the table, whose failure never is the execution's: written in Python when the state machine is drawn.

    By that the CDK is told of it in three messages.
    """

    def __init__(self, scope: Construct, construct_id: str, fields: Callable[[], dict[str, Any]]) -> None:
        self._name = construct_id
        self._fields = fields
        super().__init__(scope, construct_id, state_json={})

    @property
    def prefixed_name(self) -> str:
        """The state's name with its prefixes: as `state_id`, without a message over the bridge."""
        return self._name

    def add_prefix(self, x: str) -> None:
        self._name = f"{x}{self._name}"
        super().add_prefix(x)

    def to_state_json(self, top_level_query_language: sfn.QueryLanguage | None = None) -> dict[Any, Any]:  # noqa: ARG002
        return {"Type": "Task", "QueryLanguage": "JSONata", **self._fields()}


@dataclass(slots=True)
class _Names:
    """Names of the states that are led to, asked for when the state machine is drawn."""

    job: Any
    follower: Any = None

    def of(self, state: Any) -> str:
        """The name of a state; our own know it without a message over the bridge."""
        return str(getattr(state, "prefixed_name", None) or state.state_id)


class Reusing:
    """Look for a result of a job before it runs, and keep the one that it comes to.

    `<id>: Reuse` asks the table for the item of the job's key. What is good enough becomes the job's result, and the
    state machine goes on behind the job. Anything else is an error that is caught, and leads to the job: that nothing
    is kept, or too long, or that the table does not answer. `<id>: Keep` stands behind the check of the output, and
    puts what has been accepted into the table; should that fail, the state machine goes on all the same.

    Both are in JSONata, in a state machine of either query language.

    Args:
        job: The fragment of the job.
        name: The beginning of the names.
        state: The task.
        plan: What is compared.
        check: The check of the output, which what is kept must stand as well.
        places: Tells the places that the job writes to, by name, once that is known.

    Attributes:
        look: The state before the job.
        keep: The state behind it.
    """

    def __init__(
        self,
        job: Construct,
        name: str,
        state: TaskState,
        plan: ReusePlan,
        check: OutputCheck,
        places: Callable[[], Mapping[str, str]],
    ) -> None:
        assert state.output is not None  # noqa: S101  (or the plan had refused it)
        self._state, self._output, self._check, self._places = state, state.output, check, places
        self._reuse = plan.reuse
        self._keys = keys_in(state.output.path)
        self._table = state.scope.kept
        self._key = plan.comparison(state.action, state.request).key
        self._why = f"why_{sha256(state.identity.path.encode()).hexdigest()[:8]}"
        self.look = TableTask(job, _REUSE.format(name), self._looking)
        self.keep = TableTask(job, _KEEP.format(name), self._keeping)
        self._names = _Names(self.look)

    def stand_before(self, task: sfn.State) -> None:
        """Let the state before the job lead to it."""
        self._names.job = task
        self.look.next(task)

    def lead_to(self, state: sfn.State) -> None:
        """Let both go on to *state*."""
        self._names.follower = state
        self.keep.next(state)

    def _call(self, api: str, arguments: dict[str, Any]) -> dict[str, Any]:
        resource = self._state.scope.arns.integration(f"aws-sdk:dynamodb:{api}")
        return {"Resource": resource, "Arguments": arguments, "Retry": _RETRY}

    def _item_key(self, key: str) -> dict[str, Any]:
        return {JOB: {"S": self._state.identity.path}, KEY: {"S": f"{{% {key} %}}"}}

    @property
    def _is_taken(self) -> str:
        """JSONata: whether the execution runs a part, to which the job does not belong."""
        return f"{quoted(self._names.of(self._names.job))} in ${TAKEN}"

    @property
    def _key_looked_for(self) -> str:
        return f"{self._is_taken} ? {KEY_OF_PART} : {self._key}" if self._table.parts else self._key

    def _looking(self) -> dict[str, Any]:
        error, cause = "$states.errorOutput.Error", "$states.errorOutput.Cause"
        said = f"$substringBefore($substringAfter({cause}, {_NOT_REUSED}), ']')"
        to_job = self._names.of(self._names.job)
        return {
            **self._call("getItem", {"TableName": self._table.name, "Key": self._item_key(self._key_looked_for), "ConsistentRead": True}),
            "Output": merged_at(self._keys, self._found()),
            "Next": self._names.of(self._names.follower),
            "Catch": [
                # What the expression of the Output says itself.
                self._caught(["States.QueryEvaluationError"], said, to_job),
                self._caught([ALL], f"'the table was not asked: ' & {error} & ': ' & {cause}", to_job),
            ],
        }

    def _caught(self, errors: list[str], why: str, to: str) -> dict[str, Any]:
        return {"ErrorEquals": errors, "Assign": {self._why: f"{{% {why} %}}"}, "Output": UNCHANGED, "Next": to}

    def _found(self) -> str:
        """JSONata: the result that was found; or an error that says why there is none."""
        whys = " : ".join(f"{wrong} ? {quoted(why)}" for wrong, why in self._faults())
        origin = object_of({"From": f"$item.{EXECUTION}.S", "KeptAt": f"$item.{KEPT_AT}.N"})
        return (
            f"($item := $states.result.Item; $kept := $exists($item) ? $parse($item.{RESULT}.S) : {{}}; "
            f"$why := {whys} : ''; "
            f"$why = '' ? $merge([$kept, {{{quoted(REUSE)}: {origin}}}]) : $error({_NOT_REUSED} & $why & ']'))"
        )

    def _faults(self) -> list[tuple[str, str]]:
        """Each condition under which the result is not good enough, and what is said then."""
        check = self._check.condition(self._state.action, Output("$kept", self._output.status, jsonata=True))
        wanted = [f"$exists($kept.{WRITTEN}.{named(name)})" for name in self._places()]
        described = self._state.identity.description.all_there(f"$kept.{DESCRIBED}")
        complete = " and ".join([check, *wanted, *([described] if described else [])])
        faults = [("$not($exists($item))", "nothing is kept under its key")]
        # What is taken for a run of a part is taken whatever its age, and forced or not.
        unless_taken = f"$not({self._is_taken}) and " if self._table.parts else ""
        if self._table.parts:
            faults.append((f"{unless_taken}{RUN_INPUT}.force = true", "the run is forced"))
        if self._reuse.seconds is not None:
            age = f"{_NOW} - $number($item.{KEPT_AT}.N)"
            faults.append((f"{unless_taken}{age} >= {self._reuse.seconds}", "what is kept has expired"))
        return [*faults, (f"$not({complete})", "what is kept is not complete")]

    def _put(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """The call that puts an item under the job's key; for runs of a part, as the last one and the execution's too."""
        if not self._table.parts:
            return self._call("putItem", {"TableName": self._table.name, "Item": {**self._item_key(self._key), **item}})
        keys = (self._key, quoted(LATEST), f"{quoted(OF_EXECUTION)} & $states.context.Execution.Name")
        items = [{"TableName": self._table.name, "Item": {**self._item_key(key), **item}} for key in keys]
        return self._call("transactWriteItems", {"TransactItems": [{"Put": each} for each in items]})

    def _keeping(self) -> dict[str, Any]:
        item: dict[str, Any] = {
            RESULT: {"S": f"{{% $string({self._kept}) %}}"},
            EXECUTION: {"S": "{% $states.context.Execution.Name %}"},
            KEPT_AT: {"N": f"{{% $string({_NOW}) %}}"},
        }
        if self._reuse.seconds is not None:
            item[EXPIRES] = {"N": f"{{% $string({_NOW} + {self._reuse.seconds}) %}}"}
        to = self._names.of(self._names.follower)
        failed = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause"
        return {
            **self._put(item),
            "Output": self._left({"Ran": f"${self._why}"}),
            "Next": to,
            "Catch": [
                {
                    "ErrorEquals": [ALL],
                    "Output": self._left({"Ran": f"${self._why}", "NotKept": failed}),
                    "Next": to,
                }
            ],
        }

    @property
    def _kept(self) -> str:
        """JSONata: the result as it is kept."""
        places = self._places()
        if not places:
            return self._output.expression
        return f"$merge([{self._output.expression}, {object_of({WRITTEN: _written(places)})}])"

    def _left(self, reuse: Mapping[str, str]) -> str:
        """JSONata: the result as later states find it, with what is said of its reuse."""
        said = {REUSE: object_of(reuse)}
        places = self._places()
        if places:
            said[WRITTEN] = _written(places)
        return merged_at(self._keys, f"$merge([{self._output.expression}, {object_of(said)}])")


def _written(places: Mapping[str, str]) -> str:
    """JSONata: the places by name."""
    expressions = {}
    for name, uri in places.items():
        spelled = spelled_in_jsonata(uri)
        expressions[name] = spelled[2:-2].strip() if spelled.startswith("{%") else quoted(spelled)
    return object_of(expressions)
