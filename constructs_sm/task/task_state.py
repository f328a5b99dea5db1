"""A checked Task state as one dictionary of Amazon States Language, and what later states may ask of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from constructs_sm.actions import DESCRIBED, WRITTEN
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem
from constructs_sm.language.jsonata import is_plain, jsonata_of, merged, named, only, quoted
from constructs_sm.language.late_bound import Computed, is_json_path, is_jsonata, unmarked
from constructs_sm.language.paths import key_in, path_of
from constructs_sm.requests import model_check
from constructs_sm.task.output_check import Status
from constructs_sm.task.path_tokens import spelled_paths, token_of
from constructs_sm.values.names import arn_suffix
from constructs_sm.values.outputs import JobOutput, Metric, TaskIdentity
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from constructs_sm.actions import Action
    from constructs_sm.grants.statements import Grant
    from constructs_sm.requests.request import Fields, Request
    from constructs_sm.task.output_check import Output
    from constructs_sm.task.reuse_plan import ReusePlan
    from constructs_sm.task.scope import JobScope

    from aws_cdk import aws_iam as iam

_METRICS = "FinalMetricDataList"
_Output = TypeVar("_Output", bound=JobOutput)


@dataclass(frozen=True, slots=True)
class TaskState:
    """A checked Task state, and what goes with it."""

    action: Action
    json: dict[str, Any]
    grants: tuple[Grant, ...]
    """Permissions that the state machine role needs."""
    scope: JobScope
    output: Output | None
    """Place where later states find the job's output; None: it is not kept."""
    jsonata: bool
    role: iam.IRole | None
    """The execution role that was given."""
    own_role: bool
    """True where the request names the role that is made for the scope."""
    kept: Collection[str] | None
    """The fields that are kept of the output; None: all of them."""
    warnings: tuple[Problem, ...]
    """Problems that are told, not refused."""
    identity: TaskIdentity
    sent: Request
    reuse: ReusePlan | None = None
    """Plan of its reuse; None: it runs each time."""

    @property
    def request(self) -> Fields:
        """Fields that SageMaker is sent; those that Step Functions computes are a `Computed`."""
        return self.sent.fields

    def place(self, path: str) -> S3Location | None:
        """Read the place in S3 that a field of the request says, as `OutputDataConfig.S3OutputPath`."""
        return S3Location.of(self.sent.get(path))

    def with_grants(self, *grants: Grant) -> TaskState:
        """The same state, whose state machine role needs more."""
        return replace(self, grants=(*self.grants, *grants))

    @property
    def waits(self) -> bool:
        """Tell whether Step Functions waits for the job itself, and hands its output on."""
        return str(self.json["Resource"]).endswith(".sync")

    def later(self, field_name: str) -> JobOutput:
        """A field of the output, for states that run after this one, those of the CDK among them.

        Raises:
            InvalidInputError: It is not kept where later states find it.
        """
        return self.for_states(self.found(field_name))

    def for_states(self, output: _Output) -> _Output:
        """The output as states of the CDK take it: one message over the bridge for each path."""
        return output.tokened(token_of, in_jsonata=self.jsonata)

    def found(self, field_name: str, *, members: tuple[str, ...] = ()) -> JobOutput:
        """A field of the output, for jobs alone.

        One that the output is not known to hold is read by the job's Describe.

        Args:
            field_name: Dotted.
            members: Of a list: the members of its items that are read, where all of it is not needed.

        Raises:
            InvalidInputError: It is not kept where later states find it, or cannot be asked for any more.
        """
        described = self.waits and not self.action.hands_on(field_name)
        if self.action.sync and self._status is Status.NONE and field_name != self.action.arn_field:
            use = f"wait for the job, or use its {self.action.arn_field}"
            problem = Problem("the job is not waited for, and has no such output", field_name, use, "output-is-kept")
            raise InvalidInputError(f"output of '{self.identity.path}'", [problem])
        first = self._needed_for(field_name, described=described)
        if self.output is None or not (first is None or self._keeps(first)):
            what = f"{field_name} of an output that is not kept"
            where = f"output of '{self.identity.path}'"
            if self.output is None:
                use = f"let the job keep it: result_path='$.{self.identity.name}'"
            elif isinstance(self.kept, list):
                use = f"pass keep=['{first}']"
            else:
                use = f"keep {first}, where later states find it"
            raise InvalidInputError(where, [Problem(what, NOTHING, use, "output-is-kept")])
        if described:
            self._ask(field_name, members)
        inside = self.action.found_at(field_name) if described else field_name
        json_path, jsonata = f"{self.output.path}.{inside}", f"{self.output.expression}.{inside}"
        self.scope.watch_order()
        self.scope.output_order.ask(self.identity, field_name, self.output.path, (json_path, jsonata))
        return JobOutput.late(self.identity, field_name, json_path=json_path, jsonata=jsonata, in_jsonata=self.jsonata)

    @property
    def _status(self) -> Status | None:
        return None if self.output is None else self.output.status

    def _needed_for(self, field_name: str, *, described: bool) -> str | None:
        """The field that must be kept of the output for another to be found; None: none need be."""
        if not described:
            return field_name.partition(".")[0]
        literal = self.request.get(self.action.name_field)
        return self.action.name_field if literal is None or isinstance(literal, Computed) else None

    def _ask(self, field_name: str, members: tuple[str, ...]) -> None:
        description = self.identity.description
        if description.is_read and not description.has(field_name):
            use = "ask for it before a state machine, or the item_processor of a Map, takes the job"
            problem = Problem("the job is in a state machine already", field_name, use, "output-is-kept")
            raise InvalidInputError(f"output of '{self.identity.path}'", [problem])
        if not description.is_read:
            description.ask(field_name, members=members)

    def unknown(self, path: str) -> list[Problem]:
        """List what is wrong with a field of the output that the class of the job does not know of."""
        return model_check.unknown_output(self.action, [path]) if self.waits else []

    def result(self, path: str) -> JobOutput:
        """A field of the output that a state cannot do without."""
        output = self.later(path)
        self._want(output.name, path)
        return output

    def metric(self, name: str) -> Metric:
        """The last value of a metric."""
        metric = Metric.among(self.found(_METRICS, members=("MetricName", "Value")), name)
        self._want(metric.name, _METRICS, member=f"MetricName={quoted(name)}")
        return self.for_states(metric)

    def _want(self, said: str, path: str, *, member: str = "") -> None:
        if self.waits and not self.action.hands_on(path):
            self.identity.description.want(said, path, member=member)

    @property
    def trimmed(self) -> str | None:
        """The input with the output cut down to what is kept (JSONata), where JSONPath has kept all of it."""
        if self.jsonata or self.output is None or not isinstance(self.kept, list):
            return None
        key = key_in(self.output.path)
        # What has ended well has no reason for a failure.
        kept = [*(name for name in self.kept if name != "FailureReason"), DESCRIBED]
        return None if key is None else merged(key, only(kept, self.output.expression))

    def _keeps(self, name: str) -> bool:
        return self.kept is None or name in self.kept

    def resource_name(self) -> JobOutput:
        """The name SageMaker knows the job or resource by, for states that run after this one."""
        literal = self.request.get(self.action.name_field)
        if literal is not None and not isinstance(literal, Computed):
            return self.said(self.action.name_field, str(literal))
        if self.output is not None and self.output.status is Status.REQUIRED:
            return self.later(self.action.name_field)
        # The answer to a mere call holds no name, only the ARN that ends in it.
        name = self.found(self.action.arn_field).within(
            "States.ArrayGetItem(States.StringSplit(<>, '/'), 1)", "$split(<>, '/')[1]"
        )
        return self.for_states(name)

    @property
    def literal_name(self) -> str:
        """The name, or its beginning, as far as it is known at synthesis."""
        name = self.request.get(self.action.name_field) or ""
        return arn_suffix(str(name), run_time=isinstance(name, Computed)).rstrip("*-")

    def said(self, name: str, text: str) -> JobOutput:
        """Something of the job that is known before it runs, and is there when it has."""
        return JobOutput.literal(self.identity, name, text)

    def use(self, outputs: Sequence[JobOutput]) -> None:
        """Take note that the state uses *outputs* of other jobs, as in a field that was overridden."""
        if outputs:
            self.scope.output_order.use(self.identity, outputs)
            self.scope.watch_order()

    def written(self, name: str, place: S3Location) -> S3Location:
        """A place that a job which may be reused has written to, in this execution or in an earlier one.

        Args:
            name: The name that it is kept by.
            place: Where the job writes if it runs: what is granted.
        """
        return S3Location(self.for_states(self.place_written(name)), place.within, place.key)

    def place_written(self, name: str) -> JobOutput:
        """The same as other jobs take it."""
        assert self.output is not None  # noqa: S101  (what is reused is kept)
        inside = f"{WRITTEN}{path_of(name)[1:]}"
        json_path, jsonata = f"{self.output.path}.{inside}", f"{self.output.expression}.{WRITTEN}.{named(name)}"
        self.scope.watch_order()
        self.scope.output_order.ask(self.identity, inside, self.output.path, (json_path, jsonata))
        return JobOutput.late(self.identity, inside, json_path=json_path, jsonata=jsonata, in_jsonata=self.jsonata)

    def data(self, name: str, place: S3Location, spelled_in: Callable[[bool], S3Location | None]) -> S3Location:
        """Data that the job writes, for states that run after this one.

        Args:
            name: What of the job it is.
            place: Where, as the request says it.
            spelled_in: The same place in a query language (True: JSONata), if it is one that both can say.
        """
        if isinstance(place.uri, JobOutput) and place.uri.json_path is not None:
            return place
        place = spelled_paths(place)
        if not is_json_path(place.uri) and not is_jsonata(place.uri):
            return S3Location(self.said(name, place.uri), place.within, place.key)
        if is_jsonata(place.uri):
            # Inside of a text, where nobody computes it, it is found by what it reads.
            self.scope.watch_order()
            self.scope.output_order.spell(self.identity, name, [unmarked(place.uri)])
            return place
        json_path, jsonata = spelled_in(False), spelled_in(True)
        if json_path is not None and jsonata is not None:
            spellings = (json_path.uri, jsonata.uri[3:-3])
        elif is_json_path(place.uri) and is_plain(place.uri):
            # Where the input has said, which later states still find there.
            spellings = (place.uri, jsonata_of(place.uri))
        else:
            return place
        uri = JobOutput.late(self.identity, name, json_path=spellings[0], jsonata=spellings[1], in_jsonata=self.jsonata)
        self.scope.watch_order()
        self.scope.output_order.spell(self.identity, name, spellings)
        return S3Location(self.for_states(uri), place.within, place.key)
