"""PolledJob: a job that Step Functions cannot wait for by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

from constructs_sm.grants.state_machine_role import polled_tagging_grant, polling_grant
from constructs_sm.grants.statements import passing_grant
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, where_of
from constructs_sm.language.jsonata import UNCHANGED, jsonata_of, listed, merged, place_of, said
from constructs_sm.language.late_bound import Computed, is_json_path
from constructs_sm.language.paths import key_of, path_of
from constructs_sm.polled_actions import PolledAction
from constructs_sm.requests.model_check import unknown_output
from constructs_sm.requests.polled_rows import SDK_OF_SAGEMAKER, row_problems
from constructs_sm.requests.values_by_shape import role_arns
from constructs_sm.retry import SDK, RetryPolicy
from constructs_sm.task.arguments import wrong_of_class
from constructs_sm.task.custom_states import JsonataTask, holds
from constructs_sm.task.describing import call_beside
from constructs_sm.task.job import SageMakerJob
from constructs_sm.task.output_check import Output, OutputCheck, Status
from constructs_sm.task.polling import Polling, Polls

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.requests.rendering import Defaults
    from constructs_sm.settings import Time
    from constructs_sm.task.arguments import StateTime, TaskCredentials
    from constructs_sm.task.task_plan import TaskPlan
    from constructs_sm.task.task_state import TaskState
    from constructs_sm.values.names import JobName
    from constructs_sm.values.s3 import S3Data

    from aws_cdk import aws_iam as iam
    from constructs import Construct
    from typing_extensions import Unpack

_TIMED_OUT = "TimedOut"
_NOT_OF_A_POLLED_JOB = (
    "integration_pattern",
    "heartbeat_timeout",
    "result_path",
    "result_selector",
    "output_path",
    "state_output",
    "assign",
)


class PolledJobArguments(TypedDict, total=False):
    """Arguments that every polled job takes, besides the fields of its request. See `TaskArguments`."""

    parameters: Mapping[str, Any] | None
    job_name: str | JobName | None
    role: iam.IRole | None
    retry: Sequence[RetryPolicy]
    """Of each call. Default: `retry.SDK`. `()` turns retries off."""
    task_timeout: StateTime | None
    """Of the call that begins the job. The job itself has *timeout*."""
    input_path: str | None
    credentials: TaskCredentials | None
    """The role that Step Functions assumes for each call."""
    passed_roles: Sequence[iam.IRole | str]
    """The roles that may be passed where that of the request is known at run time."""
    reads: Sequence[S3Data]
    """More places in S3 that the execution role made here may read."""
    allow_unknown_fields: bool | Sequence[str]
    """Fields that botocore's model of SageMaker does not know, passed on purpose: their names or paths."""
    query_language: sfn.QueryLanguage | None
    state_name: str | None
    comment: str | None
    output_check: OutputCheck


class PolledJob(SageMakerJob):
    """Begin a job of an API without `.sync`, and describe it again and again until it has ended well.

    As any other job: a fresh name on every attempt, retries, a check of ARN and status, a Fail that says SageMaker's
    reason. Its states are the task, named like the construct; `<id>: Describe`, the Choice `<id>: ValidateOutput` and
    `<id>: Wait`, which are the loop; and the Fails `<id>: InvalidOutput` and `<id>: TimedOut`. A job that takes too
    long is stopped (`<id>: Stop`) before the execution fails. Who aborts the execution has to stop the job himself:
    Step Functions knows nothing of it.

    What later states find under the construct id is the job's name, ARN, status and results, and what *keep* names.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        action: A row of `constructs_sm.polled_actions`, as `polled_actions.AUTO_ML_JOB_V2`.
        interval: Between polls. Default: 1 minute. Each takes 9 of the 25,000 events that an execution may have.
        timeout: When the job is given up and stopped. Default: 12 hours.
        keep: More fields of the description that later states find. Default: its name, ARN, status, failure reason and
            results.
        given: Fields of the request that typed arguments said.
        defaults: Gives the fields that fill a request, as far as it is there.
        problems: What the class has found wrong with its arguments.
        arguments: See `PolledJobArguments`. `parameters` alone are a complete request, but for name and role. A role
            is made only for APIs whose request says all that is done under it; others require one.

    Raises:
        InvalidInputError: With everything that is wrong; nothing has been made then.

    Grants: to the state machine role, the call, its Describe and its Stop on this job, PassRole of the role, and
        `sagemaker:AddTags` if the request has tags.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        action: PolledAction,
        interval: Time | None = None,
        timeout: Time | None = None,
        keep: Sequence[str] | None = None,
        given: Mapping[str, Any] | None = None,
        defaults: Defaults | None = None,
        problems: Sequence[Problem] = (),
        **arguments: Unpack[PolledJobArguments],
    ) -> None:
        if not isinstance(action, PolledAction):
            use = "pass a row of polled_actions, as polled_actions.AUTO_ML_JOB_V2"
            where = where_of(type(self).__name__, scope, construct_id)
            raise InvalidInputError(where, [Problem("no API to poll", action, use, "argument-type")])
        if unlike := row_problems(action):
            raise InvalidInputError(where_of(type(self).__name__, scope, construct_id), unlike)
        if wrong := wrong_of_class({"given": given, "defaults": defaults, "problems": problems}):
            raise InvalidInputError(where_of(type(self).__name__, scope, construct_id), wrong)
        found = list(problems or ())
        found += [
            Problem(
                f"a polled job takes no {name}",
                arguments[name],  # type: ignore[literal-required]
                "its result stands under its construct id",
                "polled-job-argument",
            )
            for name in _NOT_OF_A_POLLED_JOB
            if name in arguments
        ]
        named = isinstance(keep, (list, tuple)) and all(isinstance(name, str) for name in keep)
        if keep is not None and not named:
            found.append(
                Problem("keep must be a list of fields", keep, f"write ['{action.arn_field}']", "argument-type")
            )
            keep = None
        found += unknown_output(action, keep or ())
        if arguments.get("output_check", NOTHING) is None:
            found.append(
                Problem("a job that is waited for is checked", None, "leave output_check out", "polled-job-argument")
            )
        self._polls = Polls.of(
            {"interval": interval, "timeout": timeout}, {"interval": 60, "timeout": 12 * 3600}, found
        )
        self._action = action
        self._key = key_of(str(construct_id))
        self._retries = arguments.get("retry", SDK)
        self._keep = tuple(keep or ())
        super().__init__(
            scope, construct_id, action=action, given=given, defaults=defaults, problems=found, **arguments
        )

    @property
    def _calls(self) -> Sequence[Any]:
        return [self._task, self._polling.task]

    def _checked(self, plan: TaskPlan, made: Mapping[str, str] | None) -> TaskState:
        begun = plan.state(made)
        around = begun.scope
        if "Credentials" not in begun.json:
            looking = polling_grant(self._action, begun.request, around.arns, shared_prefix=around.name_prefix)
            tagging = polled_tagging_grant(self._action, begun.request, around.arns, shared_prefix=around.name_prefix)
            around.output_order.tagging[begun.identity] = tagging
            # Roles elsewhere in the request than its own.
            apart = self._action.integration == SDK_OF_SAGEMAKER
            roles = role_arns(self._action.operation, begun.request) if apart else ()
            begun = begun.with_grants(looking, *(passing_grant(arn) for arn in roles))
        kept = dict.fromkeys((*self._action.kept_fields, *self._keep))
        return replace(begun, kept=tuple(kept))

    def _to_check(self) -> tuple[Output, sfn.INextable]:
        action, key = self._action, self._key
        place = place_of(key)
        self._polling = Polling(
            self,
            names=(self._named("Describe"), self._named("Wait")),
            call=self._call(action.describe, self._identification()),
            key=key,
            record={
                **{field: f"$states.result.{field}" for field in self._state.kept or ()},
                # As the call has said it: the next look needs it.
                action.arn_field: f"{place}.{action.arn_field}",
            },
            polls=self._polls,
        )
        self._task.next(self._polling.task)
        self._timed_out = sfn.Fail(
            self,
            self._named("TimedOut"),
            query_language=sfn.QueryLanguage.JSONATA,
            error=_TIMED_OUT,
            cause=said(
                f"{self._state_name}: {action.api} had not ended after {self._polls.total}: ", f"$string({place})"
            ),
        )
        self._given_up = self._stop() if action.stop else self._timed_out
        return Output(path_of(key), Status.REQUIRED, jsonata=True), self._polling.task

    def _stop(self) -> sfn.State:
        action = self._action
        token = {action.token_field: "{% $uuid() %}"} if action.token_field else {}
        stop = JsonataTask(
            self,
            self._named("Stop"),
            **self._call(action.stop or "", {**self._identification(), **token}),
            Output=UNCHANGED,
        )
        # One that has ended by now cannot be stopped, which changes nothing.
        stop.add_catch(self._timed_out, result_path=path_of(f"{self._key}: Stop"))
        stop.next(self._timed_out)
        return stop

    def _turn_away(self, choice: sfn.Choice) -> None:
        action, place = self._action, place_of(self._key)
        status = f"{place}.{action.status_field}"
        goes_on = f"$type({status}) = 'string' and $not({status} in {listed(action.terminal_statuses)})"
        choice.when(holds(f"{goes_on} and {self._polling.is_exhausted}"), self._given_up)
        choice.when(holds(goes_on), self._polling.wait)
        super()._turn_away(choice)

    @property
    def _accepted_output(self) -> str | None:
        return merged(self._key, f"$sift({place_of(self._key)}, function($v, $k) {{ $k != 'Looks' }})")

    def _identification(self) -> dict[str, str]:
        """Fields that tell Describe and Stop which job: its ARN, or the name that ends it."""
        action = self._action
        arn = f"{place_of(self._key)}.{action.arn_field}"
        if action.described_by:
            return {action.described_by: f"{{% {arn} %}}"}
        literal = self._state.request.get(action.name_field)
        late = literal is None or isinstance(literal, Computed)
        name = {action.name_field: f"{{% $split({arn}, '/')[-1] %}}" if late else str(literal)}
        if action.asked_with is None:
            return name
        besides = self._state.request.get(action.asked_with)
        if isinstance(besides, Computed):
            besides = f"{{% {jsonata_of(besides)} %}}" if is_json_path(besides) else str(besides)
        return {**name, action.asked_with: str(besides)}

    def _call(self, operation: str, arguments: Mapping[str, str]) -> dict[str, Any]:
        return call_beside(self._state, operation, arguments, self._retries, integration=self._action.integration)
