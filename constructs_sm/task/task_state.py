"""A checked Task state as one dictionary of Amazon States Language, and what later states may ask of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, raise_all
from constructs_sm.language.jsonata import merged, only
from constructs_sm.language.late_bound import LATE, is_json_path, is_jsonata
from constructs_sm.language.paths import key_in
from constructs_sm.requests import model_check
from constructs_sm.task.output_check import Status
from constructs_sm.values.outputs import JobOutput, TaskIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from constructs_sm.actions import Action
    from constructs_sm.grants.statements import Grant
    from constructs_sm.retry import RetryPolicy
    from constructs_sm.task.output_check import Output
    from constructs_sm.task.scope import JobScope
    from constructs_sm.values.names import JobName
    from constructs_sm.values.s3 import S3Data, S3Location

    from aws_cdk import Duration
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_stepfunctions as sfn


class TaskArguments(TypedDict, total=False):
    """What every task and job takes, besides the fields of its request."""

    parameters: Mapping[str, Any] | None
    """Fields of the request in SageMaker's own words, as they stand in Amazon States Language (`Field.$` for JSONPath).

    Enough alone for every job. A field given here and as an argument is an error.
    """
    job_name: str | JobName | None
    """A string is a fixed name, or late-bound. Default: `JobName.unique` with a prefix from the construct id."""
    role: iam.IRole | None
    """The execution role; it is passed, and nothing is added to it.

    Default: one role for all jobs of the stack, made with what they need and nothing else.
    """
    integration_pattern: sfn.IntegrationPattern | None
    """Default: wait for the job (`.sync`) where Step Functions offers it, otherwise go on when SageMaker has
    answered."""
    retry: Sequence[RetryPolicy]
    """Default: `retry.DEFAULT`. `()` turns retries off."""
    result_path: str | None
    """Where the output goes in the state's input. Default: `$.<construct id>`, so that the input stays."""
    result_selector: Mapping[str, Any] | None
    """What is kept of the output (JSONPath only). A field it names must be there, or the execution fails."""
    keep: Sequence[str] | None
    """More fields of a job's output to keep, besides its name, ARN, status, failure reason and results.

    Default: none; an output is one to two kilobytes of the 256 a payload has room for. A job in JSONPath keeps all of
    its output where it has no `OutputCheck.completed()`, or its result is not under one key.
    """
    state_output: Any
    """The state's `Output` (JSONata only). Default: the input, with the job's output under the construct id."""
    assign: Mapping[str, Any] | None
    """Variables to set, as Amazon States Language has them."""
    timeout: Duration | str | None
    """When Step Functions gives up on the task and stops the job; a string is JSONPath or JSONata. Default: never."""
    heartbeat: Duration | None
    """With `.waitForTaskToken`: the longest silence of whoever holds the token."""
    query_language: sfn.QueryLanguage | None
    """Default: JSONPath."""
    reads: Sequence[S3Data]
    """More places in S3 that the execution role made here may read, as those of the objects that a manifest lists.

    Default: what the request names.
    """
    allow_unknown_fields: bool | Sequence[str]
    """Fields of *parameters* that botocore's model of SageMaker does not know, passed on purpose: their names or paths.

    `True` passes all. Default: none.
    """
    comment: str | None


@dataclass(frozen=True, slots=True)
class TaskState:
    """A checked Task state, and what goes with it."""

    action: Action
    json: dict[str, Any]
    grants: tuple[Grant, ...]
    """What the state machine role must be allowed."""
    scope: JobScope
    output: Output | None
    """Where later states find the job's output; None: it is not kept."""
    jsonata: bool
    role: iam.IRole | None
    """The execution role that was given."""
    own_role: bool
    """Whether the request names the role that is made for the scope."""
    kept: Collection[str] | None
    """The fields that are kept of the output; None: all of them."""
    warnings: tuple[Problem, ...]
    """The problems that are told, not refused."""
    identity: TaskIdentity

    @property
    def request(self) -> dict[str, Any]:
        """What SageMaker is sent."""
        request: dict[str, Any] = self.json["Arguments" if self.jsonata else "Parameters"]
        return request

    def with_grants(self, *grants: Grant) -> TaskState:
        """The same state, whose state machine role needs more."""
        return replace(self, grants=(*self.grants, *grants))

    def later(self, field_name: str) -> JobOutput:
        """A field of the output, for states that run after this one.

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
        return self.kept is None or name in self.kept or f"{name}{LATE}" in self.kept

    def resource_name(self) -> JobOutput:
        """The name SageMaker knows the job or resource by, for states that run after this one."""
        literal = self.request.get(self.action.name_field)
        if literal is not None and not is_jsonata(literal):
            return self.said(self.action.name_field, str(literal))
        if self.output is not None and self.output.status is Status.REQUIRED:
            return self.later(self.action.name_field)
        # The answer to a mere call holds no name, only the ARN that ends in it.
        return self.later(self.action.arn_field).within(
            "States.ArrayGetItem(States.StringSplit(<>, '/'), 1)", "$split(<>, '/')[1]"
        )

    def said(self, name: str, text: str) -> JobOutput:
        """Something of the job that is known before it runs, and is there when it has."""
        return JobOutput.literal(self.identity, name, text)

    def data(self, name: str, place: S3Location, spelled_in: Callable[[bool], S3Location | None]) -> S3Location:
        """Data that the job writes, for states that run after this one.

        Args:
            name: What of the job it is.
            place: Where, as the request says it.
            spelled_in: The same place in a query language (True: JSONata), if it is one that both can say.
        """
        if not is_json_path(place.uri) and not is_jsonata(place.uri):
            return replace(place, uri=self.said(name, place.uri))
        json_path, jsonata = spelled_in(False), spelled_in(True)
        if json_path is None or jsonata is None or isinstance(place.uri, JobOutput):
            return place
        uri = JobOutput.late(
            self.identity, name, json_path=json_path.uri, jsonata=jsonata.uri[3:-3], in_jsonata=self.jsonata
        )
        return replace(place, uri=uri)
