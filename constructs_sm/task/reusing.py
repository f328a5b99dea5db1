"""Reusing: the states around a job that look for its result before it runs, and keep it when it has run."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import DESCRIBED, REUSE, WRITTEN
from constructs_sm.language.error_names import ALL
from constructs_sm.language.flow import ARTIFACT, KEEPS, LOOKS, VERSIONS
from constructs_sm.language.jsonata import UNCHANGED, expression_of, merged_at, named, object_of, quoted
from constructs_sm.language.paths import keys_in
from constructs_sm.task.custom_states import OptionalState
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
    RETRY,
    RUN_INPUT,
    TAKEN,
)
from constructs_sm.task.output_check import Output
from constructs_sm.task.reuse_checks import NOT_REUSED, Versions
from constructs_sm.values.s3 import spelled_in_jsonata

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from constructs_sm.task.output_check import OutputCheck
    from constructs_sm.task.reuse_checks import Artifact
    from constructs_sm.task.task_state import TaskState

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct


_NOW = "$floor($millis() / 1000)"
_HERE = "$states.context.Execution.Name"


@dataclass(slots=True)
class _Names:
    """States that are led to, whose names are asked for when the state machine is drawn."""

    job: Any = None
    follower: Any = None

    @property
    def of_job(self) -> str:
        return _name(self.job)

    @property
    def of_follower(self) -> str:
        return _name(self.follower)


def _name(state: Any) -> str:
    """The name of a state; our own know it without a message over the bridge."""
    return str(getattr(state, "prefixed_name", None) or state.state_id)


class Reusing:
    """Look for a result of a job before it runs, and keep the one that it comes to.

    `<id>: Reuse` asks the table for the item of the job's key. What is good enough becomes the job's result, and the
    state machine goes on behind the job. Anything else is an error that is caught, and leads to the job: that nothing
    is kept, or too long, or that the table does not answer. `<id>: Keep` stands behind the check of the output, and
    puts what has been accepted into the table; should that fail, the state machine goes on all the same.

    Both are in JSONata, in a state machine of either query language. Where an execution may run a part of the pipeline,
    what was reused is kept as well, under the name of the execution.

    Args:
        job: The fragment of the job.
        name: The beginning of the names.
        state: The task.
        check: The check of the output, which what is kept must stand as well.
        places: Tells the places that the job writes to, by name, once that is known.
        artifact: What the job leaves in S3, if that is known.

    Attributes:
        first: The first of the states before the job.
        keep: The state behind it.
    """

    def __init__(
        self,
        job: Construct,
        name: str,
        state: TaskState,
        *,
        check: OutputCheck,
        places: Callable[[], Mapping[str, str]],
        artifact: Artifact | None,
    ) -> None:
        plan, output = state.reuse, state.output
        assert plan is not None  # noqa: S101  (or nothing is reused)
        assert output is not None  # noqa: S101  (or the plan had refused it)
        self._state, self._output, self._check, self._written = state, output, check, places
        self._reuse, self._table, self._keys = plan.reuse, state.scope.kept, keys_in(output.path)
        variable = sha256(state.identity.path.encode()).hexdigest()[:8]
        self._why = f"why_{variable}"
        self._names = _Names()
        versions = f"versions_{variable}" if self._reuse.data_versions else None
        self._key = plan.comparison(state.action, state.request).key(*([f"${versions}"] if versions else []))
        self._look = OptionalState(job, f"{name}{LOOKS}", self._looking)
        self.keep = OptionalState(job, f"{name}{KEEPS}", self._keeping)
        before = [self._look]
        self._artifact: OptionalState | None = None
        if artifact is not None and self._reuse.check_artifacts:
            self._artifact = OptionalState(job, f"{name}{ARTIFACT}", lambda: self._checking(artifact))
            before.append(self._artifact)
        if versions:
            listing = Versions(state, versions)
            made = OptionalState(job, f"{name}{VERSIONS}", lambda: self._listing(made, listing))
            before.insert(0, made)
        self._before: Sequence[OptionalState] = before

    @property
    def first(self) -> sfn.State:
        """The first of the states before the job."""
        return self._before[0]

    def stand_before(self, task: sfn.State) -> None:
        """Let the states before the job lead to it."""
        self._names.job = task
        for state, following in zip(self._before, [*self._before[1:], task], strict=True):
            state.next(following)

    def lead_to(self, state: sfn.State) -> None:
        """Let them go on to *state* behind the job."""
        self._names.follower = state
        self.keep.next(state)

    @property
    def _behind(self) -> str:
        """The state that comes where the job does not run."""
        return self.keep.prefixed_name if self._table.parts else self._names.of_follower

    def _caught(self, otherwise: str, **assigned: str) -> list[dict[str, Any]]:
        """Catchers that lead to the job, and say why it runs: as the state has said itself, or *otherwise*."""
        error, cause = "$states.errorOutput.Error", "$states.errorOutput.Cause"
        said = f"$substringBefore($substringAfter({cause}, {NOT_REUSED}), ']')"
        whys = {"States.QueryEvaluationError": said, ALL: f"{quoted(f'{otherwise}: ')} & {error} & ': ' & {cause}"}
        return [
            {
                "ErrorEquals": [name],
                "Assign": {self._why: f"{{% {why} %}}", **assigned},
                "Output": UNCHANGED,
                "Next": self._names.of_job,
            }
            for name, why in whys.items()
        ]

    def _listing(self, state: OptionalState, versions: Versions) -> dict[str, Any]:
        # Nothing is looked for, or found later, under the key of what could not be listed.
        caught = self._caught("the data was not listed", **{versions.variable: "unknown"})
        return {**versions.fields(state.prefixed_name), "Next": self._look.prefixed_name, "Catch": caught}

    def _checking(self, artifact: Artifact) -> dict[str, Any]:
        fields = artifact.fields(self._state.scope.arns, self._output.expression)
        return {**fields, "Next": self._behind, "Catch": self._caught("S3 was not asked")}

    def _call(self, api: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        resource = self._state.scope.arns.integration(f"aws-sdk:dynamodb:{api}")
        return {"Type": "Task", "Resource": resource, "Arguments": dict(arguments), "Retry": [RETRY.to_state()]}

    @property
    def _is_taken(self) -> str:
        """JSONata: whether the execution runs a part, to which the job does not belong."""
        return f"{quoted(self._names.of_job)} in ${TAKEN}"

    def _looking(self) -> dict[str, Any]:
        sought = f"{self._is_taken} ? {KEY_OF_PART} : {self._key}" if self._table.parts else self._key
        key = {JOB: {"S": self._state.identity.path}, KEY: {"S": f"{{% {sought} %}}"}}
        return {
            **self._call("getItem", {"TableName": self._table.name, "Key": key, "ConsistentRead": True}),
            "Output": merged_at(self._keys, self._found()),
            "Next": self._behind if self._artifact is None else self._artifact.prefixed_name,
            "Catch": self._caught("the table was not asked"),
        }

    def _found(self) -> str:
        """JSONata: the result that was found; or an error that says why there is none."""
        whys = " : ".join(f"{wrong} ? {quoted(why)}" for wrong, why in self._faults())
        origin = object_of({"From": f"$item.{EXECUTION}.S", "KeptAt": f"$item.{KEPT_AT}.N"})
        return (
            f"($item := $states.result.Item; $kept := $exists($item) ? $parse($item.{RESULT}.S) : {{}}; "
            f"$why := {whys} : ''; "
            f"$why = '' ? $merge([$kept, {object_of({REUSE: origin})}]) : $error({NOT_REUSED} & $why & ']'))"
        )

    def _faults(self) -> list[tuple[str, str]]:
        """Each condition under which the result is not good enough, and what is said then."""
        check = self._check.condition(self._state.action, Output("$kept", self._output.status, jsonata=True))
        wanted = [f"$exists($kept.{WRITTEN}.{named(name)})" for name in self._written()]
        described = self._state.identity.description.all_there(f"$kept.{DESCRIBED}")
        complete = " and ".join([check, *wanted, *([described] if described else [])])
        faults = [("$not($exists($item))", "nothing is kept under its key")]
        # What is taken for a run of a part is taken whatever its age, and forced or not.
        unless_taken = f"$not({self._is_taken}) and " if self._table.parts else ""
        if self._table.parts:
            faults.insert(0, (f"{unless_taken}{RUN_INPUT}.force = true", "the run is forced"))
        if self._reuse.seconds is not None:
            age = f"{_NOW} - $number($item.{KEPT_AT}.N)"
            faults.append((f"{unless_taken}{age} >= {self._reuse.seconds}", "what is kept has expired"))
        return [*faults, (f"$not({complete})", "what is kept is not complete")]

    def _keeping(self) -> dict[str, Any]:
        failed = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause"
        to = self._names.of_follower
        return {
            **self._put(),
            "Output": self._left(f"{{'Ran': ${self._why}}}"),
            "Next": to,
            "Catch": [
                {
                    "ErrorEquals": [ALL],
                    "Output": self._left(f"{{'Ran': ${self._why}, 'NotKept': {failed}}}"),
                    "Next": to,
                }
            ],
        }

    def _put(self) -> dict[str, Any]:
        """Keep the result under the job's key; for runs of a part, as the last one and as that of the execution too.

        What was reused has its own key already, and its own age.
        """
        reused = f"{self._output.expression}.{REUSE}"
        origin, since = _HERE, f"$string({_NOW})"
        if self._table.parts:
            origin = f"($exists({reused}.From) ? {reused}.From : {origin})"
            since = f"($exists({reused}.From) ? {reused}.KeptAt : {since})"
        attributes = {
            JOB: ("S", quoted(self._state.identity.path)),
            RESULT: ("S", f"$string({self._kept})"),
            EXECUTION: ("S", origin),
            KEPT_AT: ("N", since),
        }
        if self._reuse.seconds is not None:
            attributes[EXPIRES] = ("N", f"$string($number({since}) + {self._reuse.seconds})")
        if not self._table.parts:
            attributes[KEY] = ("S", self._key)
            item = {name: {kind: f"{{% {value} %}}"} for name, (kind, value) in attributes.items()}
            return self._call("putItem", {"TableName": self._table.name, "Item": item})
        item_of = object_of({name: object_of({kind: value}) for name, (kind, value) in attributes.items()})
        keys = f"$append($exists({reused}.From) ? [] : {self._key}, ['{LATEST}', '{OF_EXECUTION}' & {_HERE}])"
        put = object_of({"TableName": quoted(self._table.name), "Item": f"$merge([$item, {{'{KEY}': {{'S': $}}}}])"})
        items = f"($item := {item_of}; [{keys}.{{'Put': {put}}}])"
        return self._call("transactWriteItems", {"TransactItems": f"{{% {items} %}}"})

    @property
    def _kept(self) -> str:
        """JSONata: the result as it is kept."""
        result = self._output.expression
        if self._table.parts:
            result = f"$sift({result}, function($v, $k) {{ $k != {quoted(REUSE)} }})"
        return f"$merge([{self._places}, {result}])" if self._places else result

    def _left(self, reuse: str) -> str:
        """JSONata: the result as later states find it, with what is said of its reuse."""
        result = self._output.expression
        said = [self._places] if self._places else []
        # What has been reused says so already, and where it was written.
        return merged_at(self._keys, f"$merge([{', '.join([*said, object_of({REUSE: reuse}), result])}])")

    @property
    def _places(self) -> str:
        """JSONata: the places that the job has written to, as a field of its result; empty if there are none."""
        places = self._written()
        if not places:
            return ""
        said = {name: expression_of(spelled_in_jsonata(uri)) for name, uri in places.items()}
        return object_of({WRITTEN: object_of(said)})
