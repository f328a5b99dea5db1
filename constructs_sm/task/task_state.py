"""A checked Task state as one dictionary of Amazon States Language, and what later states may ask of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, raise_all
from constructs_sm.language.jsonata import merged, only
from constructs_sm.language.late_bound import Computed, is_json_path, is_jsonata
from constructs_sm.language.paths import key_in
from constructs_sm.requests import model_check
from constructs_sm.task.output_check import Status
from constructs_sm.task.path_tokens import token_of
from constructs_sm.values.names import arn_suffix
from constructs_sm.values.outputs import JobOutput, TaskIdentity
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from constructs_sm.actions import Action
    from constructs_sm.grants.statements import Grant
    from constructs_sm.requests.request import Fields, Request
    from constructs_sm.task.output_check import Output
    from constructs_sm.task.scope import JobScope

    from aws_cdk import aws_iam as iam

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

    def later(self, field_name: str) -> JobOutput:
        """A field of the output, for states that run after this one, those of the CDK among them.

        Raises:
            InvalidInputError: It is not kept where later states find it.
        """
        return self.for_states(self.found(field_name))

    def for_states(self, output: _Output) -> _Output:
        """The output as states of the CDK take it: one message over the bridge for each path."""
        return output.tokened(token_of, in_jsonata=self.jsonata)

    def found(self, field_name: str) -> JobOutput:
        """A field of the output, for jobs alone.

        Raises:
            InvalidInputError: It is not kept where later states find it.
        """
        first = field_name.partition(".")[0]
        if self.output is None or not self._keeps(first):
            what = f"{field_name} of an output that is not kept"
            where = f"output of '{self.identity.path}'"
            if self.output is None:
                use = f"let the job keep it: result_path='$.{self.identity.name}'"
            elif isinstance(self.kept, list):
                use = f"pass keep=['{first}']"
            else:
                use = f"keep {first}, where later states find it"
            raise InvalidInputError(where, [Problem(what, NOTHING, use, "output-is-kept")])
        json_path, jsonata = f"{self.output.path}.{field_name}", f"{self.output.expression}.{field_name}"
        self.scope.watch_wiring()
        self.scope.wiring.ask(self.identity, field_name, self.output.path, (json_path, jsonata))
        return JobOutput.late(self.identity, field_name, json_path=json_path, jsonata=jsonata, in_jsonata=self.jsonata)

    def field(self, path: str) -> JobOutput:
        """A field of the output that the class of the job does not know of."""
        whole = self.json["Resource"].endswith(".sync")
        problems = model_check.unknown_output(self.action, [path]) if whole else []
        raise_all(f"output of '{self.identity.path}'", problems)
        return self.later(path)

    @property
    def trimmed(self) -> str | None:
        """The input with the output cut down to what is kept (JSONata), where JSONPath has kept all of it."""
        if self.jsonata or self.output is None or not isinstance(self.kept, list):
            return None
        key = key_in(self.output.path)
        # What has ended well has no reason for a failure.
        kept = [name for name in self.kept if name != "FailureReason"]
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
            self.scope.wiring.use(self.identity, outputs)
            self.scope.watch_wiring()

    def data(self, name: str, place: S3Location, spelled_in: Callable[[bool], S3Location | None]) -> S3Location:
        """Data that the job writes, for states that run after this one.

        Args:
            name: What of the job it is.
            place: Where, as the request says it.
            spelled_in: The same place in a query language (True: JSONata), if it is one that both can say.
        """
        if not is_json_path(place.uri) and not is_jsonata(place.uri):
            return S3Location(self.said(name, place.uri), place.within, place.key)
        json_path, jsonata = spelled_in(False), spelled_in(True)
        if json_path is None or jsonata is None or isinstance(place.uri, JobOutput):
            return place
        uri = JobOutput.late(
            self.identity, name, json_path=json_path.uri, jsonata=jsonata.uri[3:-3], in_jsonata=self.jsonata
        )
        return S3Location(self.for_states(uri), place.within, place.key)
