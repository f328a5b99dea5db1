"""What a user has said of a task, checked, and turned into a Task state with the grants it needs.

Everything that can be wrong with the arguments is found here, before any construct is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import MODEL, Action
from constructs_sm.grants.access import access_of
from constructs_sm.grants.execution_role import execution_grants, self_passing_grant
from constructs_sm.grants.state_machine_role import polled_grants, state_machine_grants
from constructs_sm.language.error_names import ALL
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, did_you_mean
from constructs_sm.language.fields import spelled
from constructs_sm.language.late_bound import LATE, TOKEN, is_json_path, is_jsonata, is_token
from constructs_sm.language.paths import name_of
from constructs_sm.polled_actions import PolledAction
from constructs_sm.requests import model_check
from constructs_sm.requests.rendering import Rendered, render
from constructs_sm.requests.role_fields import are_late_bound, named_roles, set_roles
from constructs_sm.retry import DEFAULT, SDK, RetryPolicy
from constructs_sm.rules import script_mode
from constructs_sm.rules.argument_rules import CALLBACK, LATE_ACCESS
from constructs_sm.rules.model_rules import UNKNOWN as UNKNOWN_FIELD
from constructs_sm.rules.request_rules import MANIFEST
from constructs_sm.task.overruling import refuse
from constructs_sm.task.scope import JobScope, construct_path
from constructs_sm.task.task_result import TaskResult
from constructs_sm.task.task_state import TaskArguments, TaskState
from constructs_sm.values.names import LONGEST_STATE_NAME, JobName, id_problems, name_problems, slug, unique_prefix_max
from constructs_sm.values.outputs import JobOutput, TaskIdentity
from constructs_sm.values.s3 import S3Location

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_sm.grants.statements import Grant
    from constructs_sm.task.output_check import OutputCheck

    from constructs import Construct

_SUFFIX = {
    sfn.IntegrationPattern.REQUEST_RESPONSE: "",
    sfn.IntegrationPattern.RUN_JOB: ".sync",
    sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN: ".waitForTaskToken",
}
_TASK_TOKEN = re.compile(r"\$\$\.Task\.Token|\$states\.context\.Task\.Token")
_ROLE_TO_COME = "${Token[Role.0]}"
"""Stands for the execution role while the request is checked, before any role is made."""


class TaskPlan:
    """The arguments of a task or job, to be checked and turned into a TaskState.

    Args:
        kind: The class a user has called, for the message of an error.
        scope: Where the task will stand.
        construct_id: What it, its state and its result are called.
        action: The row of the table.
        arguments: What every task takes.
        given: Fields of the request from typed arguments.
        defaults: What fills the request where typed arguments are used and say nothing.
        own_arguments: What the class takes besides, to suggest it for a misspelt one.
        check: What will be checked of the output, which must then be kept.
        whole_request: Whether the request is checked against SageMaker's model.
        longest_id: How long the construct id may be, with what further states add to it.
        role_is_foreign: Whether SageMaker runs it under a role that is not ours, which the request does not show.
        argument_of: Which argument says a field of the request, by the field's path.
        problems: What the caller has found wrong already.
    """

    def __init__(
        self,
        kind: str,
        scope: Construct,
        construct_id: str,
        action: Action,
        arguments: TaskArguments,
        *,
        given: Mapping[str, Any] | None = None,
        defaults: Mapping[str, Any] | None = None,
        own_arguments: Iterable[str] = (),
        check: OutputCheck | None = None,
        whole_request: bool = False,
        longest_id: int = LONGEST_STATE_NAME,
        role_is_foreign: bool = False,
        argument_of: Mapping[str, str] | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        self._kind = kind
        self._scope = scope
        self._id = construct_id
        self._action = action
        self._arguments = arguments
        self._given = given or {}
        self._defaults = defaults or {}
        self._check = check
        self._whole_request = whole_request
        self._longest_id = longest_id
        self._role_is_foreign = role_is_foreign
        self._argument_of = argument_of or {}
        self._problems = [*_unknown(arguments, own_arguments), *problems]
        self._jsonata = arguments.get("query_language") is sfn.QueryLanguage.JSONATA
        self._told: list[Problem] = []
        """What is worth a warning."""
        self._reads: list[S3Location] = []

    def check(self) -> None:
        """Find what is wrong, before anything is made.

        Raises:
            InvalidInputError: With everything that is wrong.
        """
        # Asked of the class: of the construct it would be a message over the bridge.
        if not hasattr(type(self._scope), "node") or not isinstance(self._action, Action):
            self._wrong(
                "scope or action",
                [self._scope, self._action],
                "pass a construct, and a row of ACTIONS",
                "argument-type",
            )
            raise InvalidInputError(f"{self._kind} '{self._id}'", self._problems)
        self._job_scope = job_scope = JobScope.of(self._scope)
        self._role_arn = self._arn_of_role(job_scope)
        self._reads = self._further_reads()
        self._state = self._settings() | self._retries() | self._times()
        self._result = TaskResult(
            self._id,
            action=self._action,
            arguments=self._arguments,
            pattern=self._pattern,
            check=self._check,
            with_paths=self._with_paths,
        )
        self._problems += self._result.problems
        self._identity = TaskIdentity(self._path(), name_of(str(self._id)), self._action.api)
        self._rendered = rendered = self._request(job_scope)
        self._role_needed = self._needs_role(rendered.request)
        if self._role_needed:
            set_roles(rendered.request, self._action.role_path, _ROLE_TO_COME)
        if self._whole_request:
            self._problems += self._of_the_request(job_scope)
        if self._problems:
            path = self._path()
            self._told = refuse(self._scope, f"{self._kind} '{path}'", self._problems, path=path)

    def _of_the_request(self, job_scope: JobScope) -> Iterator[Problem]:
        """What SageMaker's model and the rules say of the request."""
        request, allowed = self._rendered.request, self._arguments.get("allow_unknown_fields", False)
        models = [used.producer.request for used in self._rendered.outputs if used.producer.api == MODEL.api]
        for problem in model_check.found_in(self._action, request, arns=job_scope.arns, models=models):
            # The name has been judged, and more strictly.
            judged = problem.what.startswith(f"{self._action.name_field} ")
            on_purpose = problem.rule == UNKNOWN_FIELD.id and (
                allowed
                if isinstance(allowed, bool)
                else bool({str(problem.got), problem.what.partition(" ")[0]} & set(allowed))
            )
            if not judged and not on_purpose:
                yield self._in_arguments(problem)

    def state(self, made: Mapping[str, str] | None = None) -> TaskState:
        """The TaskState, checked before.

        Args:
            made: What stands in the request for what was not made before the check, and what that is.
        """
        job_scope, rendered = self._job_scope, self._rendered
        if made:
            rendered.request = _with_made(rendered.request, made)
        access = access_of(self._action, rendered)
        access.reads += self._reads
        self._identity.request = rendered.request
        if self._role_needed:
            set_roles(rendered.request, self._action.role_path, job_scope.execution_role_arn(), over=_ROLE_TO_COME)
        # An endpoint, as a batch transform, runs under its model's role unless its configuration names one.
        nameless = not self._action.role_path or self._action.role_optional
        named = self._role_arn is not None or named_roles(rendered.request, self._action.role_path)
        ours = self._role_needed or (nameless and not named and not self._role_is_foreign)
        job_scope.wiring.knows(self._identity)
        if rendered.outputs:
            job_scope.wiring.use(self._identity, rendered.outputs)
            job_scope.watch_wiring()
        if ours:
            job_scope.grant_execution(execution_grants(access, job_scope.arns))
        if self._role_needed and access.passes_itself:
            job_scope.grant_execution([self_passing_grant(job_scope.execution_role_arn())])
        return TaskState(
            action=self._action,
            json={
                "Type": "Task",
                "Resource": job_scope.arns.integration(
                    f"{self._action.integration}:{self._action.api}{_SUFFIX[self._pattern]}"
                ),
                "Arguments" if self._jsonata else "Parameters": rendered.request,
                **self._state,
                **self._result.fields,
            },
            grants=self._grants(rendered.request, job_scope, access.caller_keys),
            scope=job_scope,
            output=self._result.output,
            jsonata=self._jsonata,
            role=self._arguments.get("role"),
            own_role=self._role_needed,
            kept=self._result.kept,
            identity=self._identity,
            warnings=tuple(self._warnings(access.unknown, ours=ours)),
        )

    def _grants(self, request: Mapping[str, Any], job_scope: JobScope, keys: Sequence[str]) -> tuple[Grant, ...]:
        action, arns, shared_prefix = self._action, job_scope.arns, job_scope.name_prefix
        roles = self._passed_roles(request, job_scope)
        if isinstance(action, PolledAction):
            return polled_grants(action, request, roles, arns, shared_prefix=shared_prefix)
        sync = self._pattern is sfn.IntegrationPattern.RUN_JOB
        return state_machine_grants(action, request, roles, arns, sync=sync, shared_prefix=shared_prefix, keys=keys)

    def _in_arguments(self, problem: Problem) -> Problem:
        """*problem* as one with the arguments, where these and not the parameters have made the request."""
        if problem.got is not NOTHING or self._arguments.get("parameters") is not None:
            return problem
        # Of fields that exclude each other, the first is the usual one.
        argument = self._argument_of.get(problem.what.partition(" ")[0])
        return replace(problem, use=f"pass {argument}") if argument else problem

    def _wrong(self, what: str, got: object, use: str, rule: str) -> None:
        self._problems.append(Problem(what, got, use, rule))

    def _path(self) -> str:
        return "/".join(filter(None, (construct_path(self._scope), str(self._id))))

    @property
    def _pattern(self) -> sfn.IntegrationPattern:
        given = self._arguments.get("integration_pattern")
        if given is not None:
            return given
        return sfn.IntegrationPattern.RUN_JOB if self._action.sync else sfn.IntegrationPattern.REQUEST_RESPONSE

    def _settings(self) -> dict[str, Any]:
        self._problems += id_problems(self._id, self._longest_id)
        if self._pattern not in _SUFFIX or (self._pattern is sfn.IntegrationPattern.RUN_JOB and not self._action.sync):
            self._wrong(
                f"{self._action.api} does not offer this integration_pattern",
                getattr(self._pattern, "name", self._pattern),
                f"use one of {', '.join(p.name for p in _SUFFIX if self._action.sync or _SUFFIX[p] != '.sync')}",
                "integration-pattern",
            )
        language = self._arguments.get("query_language")
        if language is not None and not isinstance(language, sfn.QueryLanguage):
            self._wrong(
                "query_language must be a QueryLanguage", language, "pass sfn.QueryLanguage.JSONATA", "argument-type"
            )
        state: dict[str, Any] = {"QueryLanguage": "JSONata"} if self._jsonata else {}
        comment, assign = self._arguments.get("comment"), self._arguments.get("assign")
        if comment is not None and not isinstance(comment, str):
            self._wrong("comment must be a string", comment, "write it as text", "argument-type")
        elif comment:
            state["Comment"] = comment
        if assign is not None and not isinstance(assign, Mapping):
            self._wrong("assign must be a mapping", assign, "pass a dict from variables to values", "argument-type")
        elif assign:
            state["Assign"] = dict(assign) if self._jsonata else self._with_paths(dict(assign))
        return state

    def _arn_of_role(self, job_scope: JobScope) -> str | None:
        role = self._arguments.get("role")
        if role is None:
            return None
        try:
            return job_scope.arn_of(role)
        except (AttributeError, TypeError):
            self._wrong(
                "role must be an iam.IRole",
                role,
                "use iam.Role.from_role_arn for a role you have the ARN of",
                "argument-type",
            )
            return None

    def _further_reads(self) -> list[S3Location]:
        given = self._arguments.get("reads", ())
        found = [S3Location.of(place) for place in given] if isinstance(given, (list, tuple)) else [None]
        known = [place for place in found if place is not None and place.within is not None]
        if len(known) < len(found):
            self._wrong("reads must be a list of places in S3", given, "pass ['s3://bucket/prefix/']", "argument-type")
        return known

    def _retries(self) -> dict[str, Any]:
        by_default = SDK if isinstance(self._action, PolledAction) else DEFAULT
        policies = self._arguments.get("retry", by_default)
        if not isinstance(policies, (list, tuple)) or not all(isinstance(policy, RetryPolicy) for policy in policies):
            self._wrong(
                "retry must be a sequence of RetryPolicy",
                policies,
                "pass retry.DEFAULT, or () for no retries",
                "argument-type",
            )
            return {}
        if any(ALL in policy.errors for policy in policies[:-1]):
            self._wrong(
                "States.ALL must come last",
                [list(policy.errors) for policy in policies],
                "move it to the end",
                "retry-policy",
            )
        return {"Retry": [policy.to_state() for policy in policies]} if policies else {}

    def _times(self) -> dict[str, Any]:
        state: dict[str, Any] = {}
        for argument, name in (("timeout", "TimeoutSeconds"), ("heartbeat", "HeartbeatSeconds")):
            value = self._arguments.get(argument)
            if value is None:
                continue
            if isinstance(value, JobOutput):
                value = value.spelled(jsonata=self._jsonata)
            path = self._with_paths({"path": value}).get(f"path{LATE}", value) if is_token(value) else value
            seconds = _whole_seconds(value)
            if seconds is not None:
                state[name] = seconds
            elif is_jsonata(path) and self._jsonata:
                state[name] = path
            elif is_json_path(path) and not self._jsonata:
                state[f"{name}Path"] = path
            else:
                use = "pass Duration.hours(1), or a path in the query language"
                self._wrong(f"{argument} must be a Duration of whole seconds", value, use, "argument-type")
        if (
            self._arguments.get("heartbeat") is not None
            and self._pattern is not sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN
        ):
            self._wrong(
                "heartbeat needs a holder of the task token",
                self._pattern.name,
                "use WAIT_FOR_TASK_TOKEN",
                "task-token",
            )
        return state

    def _request(self, job_scope: JobScope) -> Rendered:
        parameters = self._arguments.get("parameters")
        if parameters is not None and not isinstance(parameters, Mapping):
            self._wrong(
                "parameters must be a mapping", parameters, "pass a dict with SageMaker's field names", "argument-type"
            )
            parameters = None
        defaults = job_scope.defaults(self._action, self._defaults)
        rendered = render(self._given, defaults, parameters, scope=self._scope, jsonata=self._jsonata)
        self._problems += rendered.problems
        self._name(rendered, job_scope)
        if self._role_arn is not None and self._action.role_path:
            if named_roles(rendered.request, self._action.role_path):
                self._wrong(
                    f"{self._action.role_field} is given twice",
                    self._role_arn,
                    "give the argument or the parameter",
                    "argument-given-twice",
                )
            set_roles(rendered.request, self._action.role_path, self._role_arn)
        if not self._jsonata:
            rendered.request = self._with_paths(rendered.request)
        token = self._pattern is sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN
        if token and not _hands_out_token(rendered.request):
            self._wrong(
                "nobody gets the task token",
                NOTHING,
                "put sfn.JsonPath.task_token into the request, as in its Environment",
                "task-token",
            )
        return rendered

    def _name(self, rendered: Rendered, job_scope: JobScope) -> None:
        request, field_name, given = rendered.request, self._action.name_field, self._arguments.get("job_name")
        there = spelled(request, field_name)
        if there is not None:
            if given is not None:
                self._wrong(
                    f"{field_name} is given twice",
                    [given, request[there]],
                    "give job_name or the parameter",
                    "argument-given-twice",
                )
            if there == field_name:
                self._problems += name_problems(request[there], self._action.name_max)
            return
        if given is None and self._action.verb == "Update":
            self._wrong(
                "job_name is missing", NOTHING, f"name the {self._action.arn_type} to update", "argument-missing"
            )
            return
        if given is not None and not isinstance(given, (str, JobName)):
            self._wrong("job_name must be a string", given, "pass a str or a JobName", "argument-type")
            return
        name = JobName.unique(self._default_prefix(job_scope)) if given is None else JobName.of(given)
        self._problems += name.problems(self._action.name_max)
        if isinstance(name.value, JobOutput):
            rendered.outputs.append(name.value)
        expression = name.expression(self._action.name_max, jsonata=self._jsonata)
        request[f"{field_name}{LATE}" if is_json_path(expression) and not self._jsonata else field_name] = expression

    def _default_prefix(self, job_scope: JobScope) -> str:
        shared = f"{job_scope.name_prefix}-" if job_scope.name_prefix else ""
        room = unique_prefix_max(self._action.name_max) - len(shared)
        return f"{shared}{slug(str(self._id), room, self._action.arn_type)}"

    def _with_paths(self, request: dict[str, Any]) -> dict[str, Any]:
        """*request* with the CDK's JSONPath tokens spelled as Step Functions wants them."""
        if not _holds_paths(request):
            return request
        try:
            return dict(sfn.FieldUtils.render_object(request) or {})
        except RuntimeError as error:
            self._wrong(
                "a JSONPath stands where Step Functions takes none",
                str(error),
                "make it the value of a field",
                "query-language-of-value",
            )
            return request

    def _needs_role(self, request: Mapping[str, Any]) -> bool:
        path = self._action.role_path
        needed = bool(path) and not self._action.role_optional and not named_roles(request, path)
        return needed and not are_late_bound(request, self._action.role_path)

    def _passed_roles(self, request: Mapping[str, Any], job_scope: JobScope) -> list[str]:
        found = named_roles(request, self._action.role_path) if self._role_arn is None else [self._role_arn]
        if not found and are_late_bound(request, self._action.role_path):
            found = ["$.role"]
        any_role = f"arn:{job_scope.arns.partition}:iam::{job_scope.arns.account}:role/*"
        return [any_role if is_json_path(arn) or is_jsonata(arn) else arn for arn in dict.fromkeys(found)]

    def _warnings(self, unknown: Sequence[str], *, ours: bool) -> Iterator[Problem]:
        if self._pattern is sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN:
            yield CALLBACK.problem(f"{CALLBACK.what}: {self._action.api}")
        if unknown and ours:
            what = f"The execution role is not granted what the request does not show: {', '.join(unknown)}"
            yield LATE_ACCESS.problem(what)
        granted = not ours or self._reads
        yield from (told for told in self._told if not (granted and told.rule == MANIFEST.id))
        yield from script_mode.warnings(self._rendered.request)


@cache
def _is_path_token(token: str) -> bool:
    """Whether a token is a JSONPath, not something known at deployment. Asked once, since it goes over the bridge."""
    return bool(sfn.JsonPath.is_encoded_json_path(token))


def _holds_paths(value: Any) -> bool:
    """Whether a JSONPath of the CDK's stands in *value*; in doubt, as with numbers and lists, yes."""
    if isinstance(value, Mapping):
        return any(map(_holds_paths, value.values()))
    if isinstance(value, str):
        return any(map(_is_path_token, TOKEN.findall(value)))
    return is_token(value) or (isinstance(value, (list, tuple)) and any(map(_holds_paths, value)))


def _hands_out_token(value: Any, *, computed: bool = False) -> bool:
    """Whether the task token stands where Step Functions computes a value, not as mere text."""
    if isinstance(value, Mapping):
        return any(_hands_out_token(item, computed=str(key).endswith(LATE)) for key, item in value.items())
    if isinstance(value, list):
        return any(map(_hands_out_token, value))
    return isinstance(value, str) and (computed or is_jsonata(value)) and _TASK_TOKEN.search(value) is not None


def _whole_seconds(value: object) -> int | None:
    return _seconds_of(value) if isinstance(value, Duration) else None


@cache
def _seconds_of(duration: Duration) -> int | None:
    """Whole seconds, of which there are some. Asked once of a Duration that many jobs have."""
    try:
        return int(duration.to_seconds()) or None
    except RuntimeError:
        return None


def _with_made(value: Any, made: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_made(item, made) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_made(item, made) for item in value]
    if isinstance(value, str):
        for stand_in, real in made.items():
            value = value.replace(stand_in, real)
    return value


def _unknown(arguments: Mapping[str, Any], own_arguments: Iterable[str]) -> Iterator[Problem]:
    known = [*TaskArguments.__annotations__, *own_arguments]
    for name in arguments:
        if name not in TaskArguments.__annotations__:
            yield Problem(
                "unknown argument",
                name,
                did_you_mean(name, known) or f"use one of {', '.join(known)}",
                "argument-unknown",
            )
