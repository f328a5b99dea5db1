"""Arguments of a task, as a user gave them, checked, and turned into a Task state with the grants it needs.

Everything that can be wrong with the arguments is found here, before any construct is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from constructs_sm.actions import MODEL, Action
from constructs_sm.grants.access import access_of
from constructs_sm.grants.execution_role import execution_grants, self_passing_grant
from constructs_sm.grants.state_machine_role import polled_grants, state_machine_grants
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem
from constructs_sm.language.jsonata_checks import SEEN
from constructs_sm.language.late_bound import Computed, is_jsonata
from constructs_sm.language.paths import name_of, of_any_item
from constructs_sm.polled_actions import MODEL_PACKAGE, PolledAction
from constructs_sm.requests.encryption import encrypt
from constructs_sm.requests.model_check import problems_of
from constructs_sm.requests.rendering import render
from constructs_sm.requests.role_fields import are_late_bound, lacks_role, named_roles, set_roles
from constructs_sm.rules import script_mode
from constructs_sm.rules.argument_rules import ANY_ROLE, CALLBACK, LATE_ACCESS
from constructs_sm.rules.model_rules import UNKNOWN as UNKNOWN_FIELD
from constructs_sm.rules.training_rules import MANIFEST
from constructs_sm.task.arguments import (
    StateFields,
    TaskArguments,
    arn_of_role,
    further_reads,
    mapping_of,
    passable_roles,
    unknown_arguments,
)
from constructs_sm.task.overruling import refuse
from constructs_sm.task.path_tokens import json_path_of
from constructs_sm.task.query_language import is_jsonata_language
from constructs_sm.task.scope import JobScope, construct_path
from constructs_sm.task.task_result import TaskResult
from constructs_sm.task.task_state import TaskState
from constructs_sm.task.unknown_fields import AllowedFields
from constructs_sm.values.names import LONGEST_STATE_NAME, JobName, id_problems, name_problems, slug, unique_prefix_max
from constructs_sm.values.outputs import JobOutput, TaskIdentity

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_sm.grants.access import Access
    from constructs_sm.grants.statements import Grant
    from constructs_sm.requests.rendering import Defaults
    from constructs_sm.requests.request import Request
    from constructs_sm.task.output_check import OutputCheck
    from constructs_sm.task.reuse_plan import ReusePlan

    from constructs import Construct

_SUFFIX = {
    sfn.IntegrationPattern.REQUEST_RESPONSE: "",
    sfn.IntegrationPattern.RUN_JOB: ".sync",
    sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN: ".waitForTaskToken",
}
_TASK_TOKEN = re.compile(r"\$\$\.Task\.Token|\$states\.context\.Task\.Token")
_ROLE_TO_COME = "${Token[Role.0]}"
"""Stands in the request for the execution role, which is made once all is checked."""


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
        argument_of: Which argument says a field of the request, by the field's path: `Variants[].ModelName`.
        problems: What the caller has found wrong already.
        reuse: How the job is reused. Default: it runs each time.
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
        defaults: Defaults | None = None,
        own_arguments: Iterable[str] = (),
        check: OutputCheck | None = None,
        whole_request: bool = False,
        longest_id: int = LONGEST_STATE_NAME,
        role_is_foreign: bool = False,
        argument_of: Mapping[str, str] | None = None,
        problems: Sequence[Problem] = (),
        reuse: ReusePlan | None = None,
    ) -> None:
        self._kind = kind
        self._scope = scope
        self._id = construct_id
        self._action = action
        self._arguments = arguments
        self._given = given or {}
        self._defaults = defaults
        self._check = check
        self._reuse = reuse
        self._whole_request = whole_request
        self._unread = False
        self._longest_id = longest_id
        self._role_is_foreign = role_is_foreign
        self._argument_of = argument_of or {}
        self._problems = [*unknown_arguments(arguments, own_arguments), *problems]
        name = arguments.get("state_name")
        self.name = construct_id if name is None else name
        """The name of the state: the one given, or the construct id."""
        self._jsonata = is_jsonata_language(arguments.get("query_language"))
        self._outputs: list[JobOutput] = []
        self._told: list[Problem] = []
        """Problems that are told, not refused."""

    def check(self) -> None:
        """Find what is wrong, before anything is made.

        Raises:
            InvalidInputError: With everything that is wrong.
        """
        # Asked of the class: of the construct it would be a message over the bridge.
        if not hasattr(type(self._scope), "node") or not isinstance(self._action, Action):
            use = "pass a construct, and a row of ACTIONS"
            self._wrong("the scope or the action cannot be used", [self._scope, self._action], use, "argument-type")
            raise InvalidInputError(f"{self._kind} '{self._id}'", self._problems)
        self._job_scope = job_scope = JobScope.of(self._scope)
        self._role_arn = arn_of_role(self._arguments, job_scope, self._problems)
        self._passable = passable_roles(self._arguments, job_scope, self._problems)
        self._reads = further_reads(self._arguments, self._problems)
        self._settings()
        # Kept is what they say, not they: they know the plan.
        state = StateFields(
            self._arguments,
            action=self._action,
            pattern=self._pattern,
            scope=job_scope,
            rendered=self._rendered,
            jsonata=self._jsonata,
        )
        result = TaskResult(
            self._id,
            action=self._action,
            arguments=self._arguments,
            pattern=self._pattern,
            check=self._check,
            rendered=self._rendered,
        )
        self._problems += state.problems + result.problems
        self._fields, self._state_grants = {**state.fields, **result.fields}, state.grants
        self._output, self._kept = result.output, result.kept
        self._identity = TaskIdentity(
            self._path(), str(self.name) if self.name != self._id else name_of(str(self._id)), self._action.api
        )
        if self._reuse is not None:
            self._reuse = self._reusable(self._reuse)
        self.request = request = self._whole(job_scope)
        self._role_needed = lacks_role(self._action, request.fields)
        if self._role_needed:
            set_roles(request.fields, self._action.role_path, _ROLE_TO_COME)
        request.index()
        if self._pattern is sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN and not _hands_out_token(request):
            use = "put sfn.JsonPath.task_token into the request, as in its Environment"
            self._wrong("nobody gets the task token", NOTHING, use, "task-token")
        self._problems += request.problems
        if self._whole_request:
            self._problems += self._of_the_request(request)
        if self._reuse is not None:
            self._problems += self._reuse.judged(self._action, request, self._outputs)
        if self._problems:
            path = self._path()
            self._told = refuse(self._scope, f"{self._kind} '{path}'", self._problems, path=path)

    def _reusable(self, plan: ReusePlan) -> ReusePlan | None:
        """The plan, unless no job of this kind can be reused; what else is wrong with it is a problem."""
        if not plan.is_own and not plan.can_be(self._action, self._output):
            return None
        found = list(plan.problems(self._action, self._arguments, self._output, self._check, self._rendered))
        self._problems += found
        return None if found else plan

    def _of_the_request(self, request: Request) -> Iterator[Problem]:
        """Find what SageMaker's model and the rules say of the request."""
        given: Any = self._arguments.get("allow_unknown_fields", False)
        allowed = None if given is False else AllowedFields.of(given)
        models = [used.producer.request for used in self._outputs if used.producer.api == MODEL.api]
        # With credentials, the job runs where their role is.
        arns = None if self._arguments.get("credentials") else self._job_scope.arns
        for problem in problems_of(self._action.operation, request, arns=arns, models=models):
            # The name has been judged, and more strictly; what is missing may stand in what could not be read.
            judged = problem.what.startswith(f"{self._action.name_field} ") or (self._unread and problem.got is NOTHING)
            if judged or (allowed is not None and allowed.passes(problem)):
                continue
            if problem.rule == UNKNOWN_FIELD.id:
                # What an argument says is a field, if not one that this model knows.
                given_raw = self._arguments.get("parameters") is not None
                use = problem.use if given_raw else f"install a botocore after {version('botocore')}"
                use += "" if use.endswith("?") else ","
                yield replace(problem, use=f"{use} or pass it on purpose: allow_unknown_fields=['{problem.got}']")
            else:
                yield self._in_arguments(problem)
        if allowed is not None and allowed is not given:
            yield from (*allowed.misfit(), *allowed.in_vain())

    def state(self, made: Mapping[str, str] | None = None) -> TaskState:
        """Make the TaskState, checked before.

        Args:
            made: What stands in the request for what was not made before the check, and what that is.
        """
        job_scope, request, action = self._job_scope, self.request, self._action
        stands_for = dict(made or {})
        if self._role_needed:
            stands_for[_ROLE_TO_COME] = job_scope.execution_role_arn()
        if stands_for:
            request.make(stands_for)
        access = self._identity.access = access_of(action, request)
        if access.unknown or self._reads:
            self._show_elsewhere(access, request)
        self._identity.request = request.fields
        roles = named_roles(request.fields, action.role_path)
        # An endpoint, as a batch transform, runs under its model's role unless its configuration names one.
        nameless = not action.role_path or action.role_optional
        named = self._role_arn is not None or roles
        ours = self._role_needed or (nameless and not named and not self._role_is_foreign)
        job_scope.output_order.knows(self._identity, self._scope)
        if self._outputs:
            job_scope.output_order.use(self._identity, self._outputs)
            job_scope.watch_order()
        if ours:
            self._identity.role_scope = job_scope
            job_scope.grant_execution(execution_grants(access, job_scope.arns))
        if self._role_needed and access.passes_itself:
            job_scope.grant_execution([self_passing_grant(job_scope.execution_role_arn())])
        passed = self._passed_roles(request, roles)
        state = TaskState(
            action=action,
            json={
                "Type": "Task",
                "Resource": job_scope.arns.integration(f"{action.integration}:{action.api}{_SUFFIX[self._pattern]}"),
                "Arguments" if self._jsonata else "Parameters": request.to_state(jsonata=self._jsonata),
                **self._fields,
            },
            grants=(*self._grants(request, passed, access), *self._state_grants),
            scope=job_scope,
            output=self._output,
            jsonata=self._jsonata,
            role=self._arguments.get("role"),
            own_role=self._role_needed,
            kept=self._kept,
            identity=self._identity,
            warnings=tuple(self._warnings(access.unknown, ours=ours, any_role=self._every_role in passed)),
            sent=request,
            reuse=self._reuse,
        )
        request.forget()
        return state

    def _grants(self, request: Request, passed: Sequence[str], access: Access) -> tuple[Grant, ...]:
        action, arns, shared_prefix = self._action, self._job_scope.arns, self._job_scope.name_prefix
        if "Credentials" in self._fields:
            # The call is that of the role that is assumed: its own policies decide, and no others.
            return ()
        if isinstance(action, PolledAction):
            return polled_grants(action, request.fields, passed, arns, shared_prefix=shared_prefix)
        sync = self._pattern is sfn.IntegrationPattern.RUN_JOB
        return state_machine_grants(
            action,
            request.fields,
            passed,
            arns,
            sync=sync,
            shared_prefix=shared_prefix,
            keys=access.caller_keys,
            plans=access.plans,
        )

    def _in_arguments(self, problem: Problem) -> Problem:
        """*problem* as one with the arguments, where these and not the parameters have made the request."""
        if problem.got is not NOTHING or self._arguments.get("parameters") is not None:
            return problem
        # Of fields that exclude each other, the first is the usual one.
        argument = self._argument_of.get(of_any_item(problem.what.partition(" ")[0]))
        return replace(problem, use=f"pass {argument}") if argument else problem

    def _wrong(self, what: str, got: object, use: str, rule: str) -> None:
        self._problems.append(Problem(what, got, use, rule))

    def _path(self) -> str:
        return "/".join(filter(None, (construct_path(self._scope), str(self._id))))

    def _rendered(
        self,
        given: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        at: str = "",
        sees: frozenset[str] = SEEN,
    ) -> Request:
        request = render(
            given, parameters, scope=self._scope, jsonata=self._jsonata, json_path_of=json_path_of, at=at, sees=sees
        )
        self._outputs += request.outputs
        return request

    def _settings(self) -> None:
        self._problems += id_problems(self._id, LONGEST_STATE_NAME if self.name != self._id else self._longest_id)
        if self.name != self._id:
            self._problems += id_problems(self.name, self._longest_id, "state_name")
        given = self._arguments.get("integration_pattern")
        default = sfn.IntegrationPattern.RUN_JOB if self._action.sync else sfn.IntegrationPattern.REQUEST_RESPONSE
        self._pattern = default if given is None else given
        known = isinstance(self._pattern, sfn.IntegrationPattern)
        if not known or (self._pattern is sfn.IntegrationPattern.RUN_JOB and not self._action.sync):
            self._wrong(
                f"{self._action.api} does not offer this integration_pattern",
                getattr(self._pattern, "name", self._pattern),
                f"use one of {', '.join(p.name for p in _SUFFIX if self._action.sync or _SUFFIX[p] != '.sync')}",
                "integration-pattern",
            )
        if not known:
            self._pattern = default
        language = self._arguments.get("query_language")
        if language is not None and not isinstance(language, sfn.QueryLanguage):
            self._wrong(
                "query_language must be a QueryLanguage", language, "pass sfn.QueryLanguage.JSONATA", "argument-type"
            )

    def _whole(self, job_scope: JobScope) -> Request:
        """Render the request, with its name and the role that was given."""
        parameters = self._arguments.get("parameters")
        if parameters is not None and not isinstance(parameters, Mapping):
            self._wrong(
                "parameters must be a mapping", parameters, "pass a dict with SageMaker's field names", "argument-type"
            )
            parameters, self._unread = None, True
        request = render(
            self._given,
            parameters,
            self._filling,
            scope=self._scope,
            jsonata=self._jsonata,
            json_path_of=json_path_of,
        )
        self._outputs += request.outputs
        self._name(request, job_scope)
        if job_scope.job_key is not None:
            self._problems += encrypt(self._action.operation, request.fields, job_scope.job_key)
        path = self._action.role_path
        if self._role_arn is not None and path:
            if named_roles(request.fields, path):
                use = "give the argument or the parameter"
                self._wrong(f"{self._action.role_field} is given twice", self._role_arn, use, "argument-given-twice")
            set_roles(request.fields, path, self._role_arn)
        if self._outputs and self._fields.get("InputPath", "$") != "$":
            said = sorted({output.said for output in self._outputs if output.json_path is not None})
            if said:
                self._wrong("input_path hides what other jobs leave", said, "leave input_path out", "output-is-kept")
        return request

    def _filling(self, request: Request) -> Mapping[str, Any]:
        made = self._defaults(request) if self._defaults else {}
        if not isinstance(made, Mapping):
            made = mapping_of("defaults", made)
        return self._job_scope.defaults(self._action, made)

    def _name(self, request: Request, job_scope: JobScope) -> None:
        field_name, given = self._action.name_field, self._arguments.get("job_name")
        if field_name in request.fields:
            there = request.fields[field_name]
            if given is not None:
                self._wrong(
                    f"{field_name} is given twice",
                    [given, there],
                    "give job_name or the parameter",
                    "argument-given-twice",
                )
            if not isinstance(there, Computed):
                self._problems += name_problems(there, self._action.name_max)
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
            self._outputs.append(name.value)
        named = self._rendered({field_name: name.expression(self._action.name_max, jsonata=self._jsonata)})
        self._problems += named.problems
        request.fields |= named.fields

    def _default_prefix(self, job_scope: JobScope) -> str:
        shared = f"{job_scope.name_prefix}-" if job_scope.name_prefix else ""
        room = unique_prefix_max(self._action.name_max) - len(shared)
        return f"{shared}{slug(str(self._id), room, self._action.arn_type)}"

    def _show_elsewhere(self, access: Access, request: Request) -> None:
        """Find what fields known at run time lead to: packages that jobs before have made, places that are said."""
        packages = {
            used.spelled(jsonata=self._jsonata): used.producer.access
            for used in self._outputs
            if used.producer.api == MODEL_PACKAGE.api
        }
        for path in [path for path in access.unknown if request.leaves.get(path) in packages]:
            access.is_shown(path, packages[request.leaves[path]])
        access.is_said(self._reads)

    @property
    def _every_role(self) -> str:
        arns = self._job_scope.arns
        return f"arn:{arns.partition}:iam::{arns.account}:role/*"

    def _passed_roles(self, request: Request, roles: Sequence[str]) -> list[str]:
        # Where the input says which, those it may be; any, if nobody has said.
        if self._role_arn is not None:
            return self._chosen if _is_computed(self._role_arn) else [self._role_arn]
        known = [arn for arn in roles if not isinstance(arn, Computed)]
        late = len(known) < len(roles) or (not roles and are_late_bound(request.fields, self._action.role_path))
        return list(dict.fromkeys([*known, *(self._chosen if late else ())]))

    @property
    def _chosen(self) -> list[str]:
        return [*self._passable] or [self._every_role]

    def _warnings(self, unknown: Sequence[str], *, ours: bool, any_role: bool) -> Iterator[Problem]:
        if any_role:
            yield ANY_ROLE.problem()
        if self._pattern is sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN:
            yield CALLBACK.problem(f"{CALLBACK.what}: {self._action.api}")
        if unknown and ours:
            what = f"The execution role is not granted what the request does not show: {', '.join(unknown)}"
            yield LATE_ACCESS.problem(what)
        granted = not ours or self._reads
        yield from (told for told in self._told if not (granted and told.rule == MANIFEST.id))
        yield from script_mode.warnings(self.request.structures)


def _is_computed(role: str) -> bool:
    return isinstance(role, Computed) or is_jsonata(role)


def _hands_out_token(request: Request) -> bool:
    """Tell whether the task token stands where Step Functions computes a value, not as mere text."""
    return any(isinstance(value, Computed) and _TASK_TOKEN.search(value) for value in request.leaves.values())
