"""Arguments of every task and job besides the fields of its request, and those that are fields of the state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any, TypedDict

from constructs_sm.grants.statements import Grant
from constructs_sm.language.durations import seconds_of
from constructs_sm.language.errors import InvalidInputError, Problem, choose_from
from constructs_sm.language.jsonata_checks import RESULT_SEEN, SEEN
from constructs_sm.language.late_bound import Computed, is_json_path, is_token
from constructs_sm.language.late_values import misspelled_path
from constructs_sm.language.offering import offers
from constructs_sm.language.paths import is_reference
from constructs_sm.polled_actions import PolledAction
from constructs_sm.retry import DEFAULT, SDK, RetryPolicy, problems_of
from constructs_sm.values.s3 import S3Location

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Protocol, TypeAlias

    from constructs_sm.actions import Action
    from constructs_sm.requests.request import Request
    from constructs_sm.task.scope import JobScope
    from constructs_sm.values.names import JobName
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import Duration
    from aws_cdk import aws_iam as iam

    class Rendered(Protocol):
        """Renders fields in the query language of a state: typed ones, and such as Amazon States Language has them."""

        def __call__(
            self,
            given: Mapping[str, Any],
            parameters: Mapping[str, Any] | None = None,
            *,
            at: str = "",
            sees: frozenset[str] = SEEN,
        ) -> Request: ...

    StateTime: TypeAlias = Duration | sfn.Timeout | int | str
    """A Duration, an `sfn.Timeout`, or seconds; a string is JSONPath or JSONata."""
    TaskCredentials: TypeAlias = sfn.Credentials | sfn.TaskRole | iam.IRole

_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_MOST_NAMED = 10
"""Unknown arguments that are told one by one: what is nearest to each takes a search."""
_LONGEST_TIME = 99_999_999
"""Seconds, of Amazon States Language."""


class TaskArguments(TypedDict, total=False):
    """Arguments of every task and job, besides the fields of its request."""

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
    passed_roles: Sequence[iam.IRole | str]
    """Execution roles that the job may be given, where the input says which: roles, or their ARNs.

    Default: none; without them the state machine role may pass every role of the account, which is warned of.
    """
    integration_pattern: sfn.IntegrationPattern | None
    """Default: wait for the job (`.sync`) where Step Functions offers it, otherwise go on when SageMaker has
    answered."""
    retry: Sequence[RetryPolicy]
    """Default: `retry.DEFAULT`. `()` turns retries off."""
    task_timeout: StateTime | None
    """Time after which Step Functions gives up on the task and stops the job. Default: never."""
    heartbeat_timeout: StateTime | None
    """With `.waitForTaskToken`: the longest silence of whoever holds the token. Default: any."""
    input_path: str | None
    """The part of its input that the task sees (JSONPath only), or `sfn.JsonPath.DISCARD`. Default: all of it."""
    result_path: str | None
    """Place of the output in the state's input. Default: `$.<construct id>`, so that the input stays."""
    result_selector: Mapping[str, Any] | None
    """The part of the output that is kept (JSONPath only). A field it names must be there, or the execution fails."""
    output_path: str | None
    """The part of the input and output together that the next state gets (JSONPath only). Default: all of it."""
    keep: Sequence[str] | None
    """More fields of a job's output to keep, besides its name, ARN, status, failure reason and results.

    Default: none; an output is one to two kilobytes of the 256 a payload has room for. A job in JSONPath keeps all of
    its output where it has no `OutputCheck.completed()`, or its result is not under one key.
    """
    state_output: Any
    """The state's `Output` (JSONata only). Default: the input, with the job's output under the construct id."""
    assign: Mapping[str, Any] | None
    """Variables to set, as Amazon States Language has them."""
    credentials: TaskCredentials | None
    """The role that Step Functions assumes for the call, as of another account. Default: the state machine's own.

    That one may then do no more than assume this, which needs the permissions of the call and of polling, and must
    trust it. `constructs-sm grants` prints its policy; if the role is made in the app, `permissions()` names what it
    lacks."""
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
    state_name: str | None
    """The name of the state, and the beginning of those beside it. Default: the construct id."""
    comment: str | None
    """The comment of the state, in the definition."""


class StateFields:
    """Fields of a Task state that say neither what is called nor what becomes of the result.

    Args:
        arguments: Those of the task.
        action: The row of the table.
        pattern: How the task is called.
        scope: The surroundings of the task.
        rendered: Renders fields in the query language of the state.
        jsonata: Whether that is JSONata.

    Attributes:
        fields: By name.
        grants: What the state machine role needs for them.
        problems: What is wrong with the arguments.
    """

    def __init__(
        self,
        arguments: Mapping[str, Any],
        *,
        action: Action,
        pattern: sfn.IntegrationPattern,
        scope: JobScope,
        rendered: Rendered,
        jsonata: bool,
    ) -> None:
        self._arguments = arguments
        self._rendered = rendered
        self._jsonata = jsonata
        self.problems: list[Problem] = []
        self.grants: tuple[Grant, ...] = ()
        self.fields: dict[str, Any] = {"QueryLanguage": "JSONata"} if jsonata else {}
        self._settings()
        self._retries(SDK if isinstance(action, PolledAction) else DEFAULT)
        self._times(pattern)
        self._input_path()
        if arguments.get("credentials") is not None:
            self._credentials(scope, arguments["credentials"])

    def _wrong(self, what: str, got: object, use: str, rule: str) -> None:
        self.problems.append(Problem(what, got, use, rule))

    def _settings(self) -> None:
        comment, assign = self._arguments.get("comment"), self._arguments.get("assign")
        if comment is not None and not isinstance(comment, str):
            self._wrong("comment must be a string", comment, "write it as text", "argument-type")
        elif comment:
            self.fields["Comment"] = comment
        if assign is not None and not isinstance(assign, Mapping):
            self._wrong("assign must be a mapping", assign, "pass a dict from variables to values", "argument-type")
        elif assign:
            rendered = self._rendered({}, assign, at="assign", sees=RESULT_SEEN)
            self.problems += rendered.problems
            self.fields["Assign"] = rendered.to_state(jsonata=self._jsonata)

    def _retries(self, by_default: Sequence[RetryPolicy]) -> None:
        policies = self._arguments.get("retry", by_default)
        found = problems_of(policies)
        self.problems += found
        if found:
            return
        if policies:
            self.fields["Retry"] = [policy.to_state() for policy in policies]

    def _times(self, pattern: sfn.IntegrationPattern) -> None:
        timeout = self._time("task_timeout", "TimeoutSeconds")
        heartbeat = self._time("heartbeat_timeout", "HeartbeatSeconds")
        if self._arguments.get("heartbeat_timeout") is None:
            return
        if pattern is not sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN:
            name = getattr(pattern, "name", pattern)
            self._wrong(
                "heartbeat_timeout needs a holder of the task token", name, "use WAIT_FOR_TASK_TOKEN", "task-token"
            )
        if timeout is not None and heartbeat is not None and heartbeat >= timeout:
            self._wrong(
                "heartbeat_timeout must be shorter than task_timeout",
                heartbeat,
                f"pass less than {timeout}",
                "task-token",
            )

    def _time(self, argument: str, field: str) -> int | None:
        given = self._arguments.get(argument)
        if given is None:
            return None
        seconds = seconds_of(given)
        if seconds is not None:
            if seconds > _LONGEST_TIME:
                self._wrong(
                    f"{argument} is too long", seconds, f"pass at most {_LONGEST_TIME} seconds", "argument-value"
                )
            self.fields[field] = seconds
            return seconds
        path = given.path if isinstance(given, sfn.Timeout) else given
        spelled = self._computed(argument, path) if isinstance(path, str) or is_token(path) else None
        if spelled is None:
            use = "pass Duration.hours(1), seconds, or a path in the query language"
            self._wrong(f"{argument} must be a Duration of whole seconds", given, use, "argument-type")
        else:
            self.fields[field if self._jsonata else f"{field}Path"] = spelled
        return None

    def _computed(self, argument: str, path: Any) -> str | None:
        """Spell a value that comes from the input; None if it is none, or an intrinsic function in JSONPath."""
        rendered = self._rendered({argument: path})
        self.problems += rendered.problems
        value = rendered.fields.get(argument)
        late = isinstance(value, Computed) and (self._jsonata or value.startswith("$"))
        # What is in the wrong language has been said.
        return str(value) if late or rendered.problems else None

    def _input_path(self) -> None:
        given = self._arguments.get("input_path")
        if given is None:
            return
        if self._jsonata:
            self._wrong(
                "input_path is JSONPath", given, "say it in the arguments of a JSONata state", "query-language-of-value"
            )
            return
        path = json_path("input_path", given, self._rendered, self.problems)
        if path is not None:
            self.fields["InputPath"] = path

    def _credentials(self, scope: JobScope, given: Any) -> None:
        role = getattr(given, "role", given)
        if isinstance(role, sfn.TaskRole):
            arn, resource = role.role_arn, role.resource
        elif offers(role, "role_arn"):
            arn = resource = scope.arn_of(role)
        else:
            self._wrong(
                "credentials must have a role",
                given,
                "pass the iam.IRole to assume, or sfn.Credentials of it",
                "argument-type",
            )
            return
        rendered = self._rendered({"RoleArn": arn})
        self.problems += rendered.problems
        self.fields["Credentials"] = rendered.to_state(jsonata=self._jsonata)
        self.grants = (Grant(("sts:AssumeRole",), (resource,), wildcard="The role to assume is known at run time"),)


def json_path(
    argument: str, given: Any, rendered: Rendered, problems: list[Problem], *, one_place: bool = False
) -> str | None:
    """Spell a path of a state in JSONPath; None if it is none, which goes to *problems*.

    Args:
        argument: What the path was given as.
        given: The path: a text, or a token of the CDK.
        rendered: Renders fields in JSONPath.
        problems: Told what is wrong.
        one_place: Whether it must lead to one place in the input, as that of a result.
    """
    # Told apart by its form first: to name it is a message over the bridge.
    if is_token(given) and given == sfn.JsonPath.DISCARD:
        return str(given)
    path = rendered({argument: given}).fields.get(argument) if isinstance(given, str) else None
    if path is not None and not one_place and is_json_path(path) and (wrong := misspelled_path(path)) is not None:
        problems.append(Problem(f"{argument} cannot be read: {wrong}", given, "correct it", "late-value-parses"))
        return None
    if path is not None and (is_reference(path) or (not one_place and is_json_path(path) and path[0] == "$")):
        return str(path)
    what = f"{argument} must be a path to one place" if one_place else f"{argument} must be a path"
    problems.append(Problem(what, given, f"write '$.{argument[:-5]}', or use sfn.JsonPath.DISCARD", "result-path"))
    return None


def arn_of_role(arguments: Mapping[str, Any], scope: JobScope, problems: list[Problem]) -> str | None:
    """Read the ARN of the execution role that was given; None if none was, or what is none, which is a problem."""
    role = arguments.get("role")
    if role is None:
        return None
    if not offers(role, "role_arn"):
        use = "use iam.Role.from_role_arn for a role you have the ARN of"
        problems.append(Problem("role must be an iam.IRole", role, use, "argument-type"))
        return None
    return scope.arn_of(role)


def passable_roles(arguments: Mapping[str, Any], scope: JobScope, problems: list[Problem]) -> list[str]:
    """Read the ARNs of the roles that may be passed where the role is known at run time; what is none is a problem."""
    given = arguments.get("passed_roles")
    if given is None:
        return []
    found = [_role_arn(role, scope) for role in given] if isinstance(given, (list, tuple)) else []
    arns = [arn for arn in found if arn is not None]
    if not arns or len(arns) < len(found):
        use = "pass [role], or ['arn:aws:iam::...:role/name']"
        problems.append(Problem("passed_roles must be a list of roles", given, use, "argument-type"))
    return arns


def _role_arn(role: Any, scope: JobScope) -> str | None:
    if isinstance(role, str):
        return role if is_token(role) or _ROLE_ARN.fullmatch(role) else None
    return scope.arn_of(role) if offers(role, "role_arn") else None


def wrong_of_class(own: Mapping[str, Any]) -> list[Problem]:
    """List what is wrong with what a class of jobs tells its base, where somebody else does."""
    found: list[Problem] = []
    for name, got in own.items():
        if got is None or (isinstance(got, tuple) and not got):
            continue
        wanted, right = _OF_A_CLASS[name]
        if not (isinstance(got, right) if isinstance(right, type) else right(got)):
            found.append(Problem(f"{name} cannot be used", got, f"pass {wanted}", "argument-type"))
    return found


def mapping_of(name: str, made: Any) -> Mapping[str, Any]:
    """Give what a function of a class of jobs has made, if it is a mapping.

    Raises:
        InvalidInputError: It is no mapping.
    """
    if not isinstance(made, Mapping):
        use = f"let it return {_OF_A_CLASS[name][0].partition('which gives ')[2]} in a mapping"
        raise InvalidInputError("SageMakerJob", [Problem(f"{name} gives no mapping", made, use, "argument-type")])
    return made


def _takes_one(value: Any) -> bool:
    """Tell whether *value* can be called with one argument; of what says nothing of itself it is taken to be so."""
    if not callable(value):
        return False
    try:
        signature(value).bind(None)
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def _are_problems(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(problem, Problem) for problem in value)


_OF_A_CLASS: dict[str, tuple[str, type | Callable[[Any], bool]]] = {
    "given": ("a mapping from fields to values", Mapping),
    "defaults": ("a function of the request, which gives fields", _takes_one),
    "problems": ("a list of Problem", _are_problems),
    "runs_under": ("a job", lambda value: hasattr(type(value), "shares_the_role")),
    "make": ("a function of the job, which gives what stands for what", _takes_one),
}


def further_reads(arguments: Mapping[str, Any], problems: list[Problem]) -> list[S3Location]:
    """Read the places in S3 that a job reads besides those of its request; what is none is a problem."""
    given = arguments.get("reads")
    if given is None:
        return []
    found = [S3Location.of(place) for place in given] if isinstance(given, (list, tuple)) else [None]
    known = [place for place in found if place is not None and place.within is not None]
    if len(known) < len(found):
        use = "pass ['s3://bucket/prefix/']"
        problems.append(Problem("reads must be a list of places in S3", given, use, "argument-type"))
    return known


def unknown_arguments(arguments: Mapping[str, Any], own_arguments: Iterable[str]) -> Iterator[Problem]:
    """Find arguments that no task and no job of the class takes."""
    known = [*TaskArguments.__annotations__, *own_arguments]
    unknown = [name for name in arguments if name not in TaskArguments.__annotations__]
    for name in unknown[:_MOST_NAMED]:
        use = choose_from(known, name)
        yield Problem("unknown argument", name, use, "argument-unknown")
    if further := unknown[_MOST_NAMED:]:
        yield Problem("further arguments that are unknown", further, "take them out", "argument-unknown")
