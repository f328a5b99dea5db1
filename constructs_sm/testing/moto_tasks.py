"""Task states of moto's interpreter, whose service somebody else plays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm.language.machines import LARGEST_PAYLOAD
from constructs_sm.testing.moto_names import (
    CustomErrorName,
    FailureEvent,
    FailureEventException,
    HistoryEventType,
    ResourceCondition,
    StateTask,
    StateTaskService,
    StateTaskServiceCallback,
    state_task_service_for,
)
from constructs_sm.testing.world.apis import ACTION_OF
from constructs_sm.testing.world.calls import TaskError

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_sm.testing.moto_names import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of a task state, as the interpreter has it."""

    state: str
    service: str
    api: str
    request: Any
    pattern: str
    sdk: bool
    region: str
    account: str
    role: str | None
    """Whom the state's Credentials name."""
    timeout_seconds: float | None
    heartbeat_seconds: float | None
    env: Environment
    submitted: Callable[[], None]
    """To be called when the state begins to wait."""


def _nobody(attempt: Attempt) -> Any:
    message = f"state {attempt.state!r} calls {attempt.service} outside of a rehearsal"
    raise RuntimeError(message)


class Tasks:
    """Where task states find who plays them; parsed programs outlive the rehearsal they were parsed in."""

    play: ClassVar[Callable[[Attempt], Any]] = _nobody
    moto: ClassVar[frozenset[str]] = frozenset()
    """The services that moto plays."""


class _Played(StateTask):
    """What both kinds of played tasks have in common."""

    def _attempt(self, env: Environment, **fields: Any) -> Any:
        """What the player says, or the failure of the state."""
        seconds = [self._seconds(part, env) for part in (self._own_timeout(), self.heartbeat)]
        try:
            fit(fields["request"], f"The input of the state '{self.name}' after its parameters were applied")
            return Tasks.play(
                Attempt(state=self.name, env=env, timeout_seconds=seconds[0], heartbeat_seconds=seconds[1], **fields)
            )
        except TaskError as error:
            raise failure(env, HistoryEventType.TaskFailed, "taskFailedEventDetails", error) from None

    def _own_timeout(self) -> Any:
        return None if self.timeout.is_default_value() else self.timeout

    @staticmethod
    def _seconds(part: Any, env: Environment) -> float | None:
        if part is None:
            return None
        part.eval(env=env)
        return float(env.stack.pop())

    def _role(self, env: Environment) -> str | None:
        return str(self._eval_state_credentials(env).role_arn) if self.credentials else None


class ServiceTask(_Played, StateTaskServiceCallback):
    """arn:aws:states:::*, with and without .sync and .waitForTaskToken."""

    def __init__(self) -> None:
        patterns = {ResourceCondition.Sync, ResourceCondition.Sync2, ResourceCondition.WaitForTaskToken}
        super().__init__(supported_integration_patterns=patterns)  # type: ignore[arg-type]

    @property
    def _sdk(self) -> bool:
        return bool(self.resource.service_name == "aws-sdk")

    def _get_supported_parameters(self) -> set[str] | None:
        """Nothing for what Step Functions does not offer; moto drops what is not in a set, unless it is empty."""
        if self.resource.service_name != "sagemaker":
            return set()
        action = ACTION_OF.get(self.resource.api_action)
        waits = action is not None and self.resource.condition == "sync" and action.sync
        return set() if action and (self.resource.condition is None or waits) else None

    def _get_sfn_resource_type(self) -> str:
        return f"aws-sdk:{self.resource.api_name}" if self._sdk else str(self.resource.service_name)

    def _eval_service_task(
        self,
        env: Environment,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,  # noqa: ARG002 - moto passes it by name
    ) -> None:
        output = self._attempt(
            env,
            service=self.resource.api_name if self._sdk else self.resource.service_name,
            api=self.resource.api_action,
            request=normalised_parameters,
            pattern=str(self.resource.condition or ""),
            sdk=self._sdk,
            region=resource_runtime_part.region,
            account=resource_runtime_part.account,
            role=self._role(env),
            submitted=lambda: self._submitted(env),
        )
        env.stack.append(output)

    def _submitted(self, env: Environment) -> None:
        if self.resource.condition is not None:
            where = {"resource": self._get_sfn_resource(), "resourceType": self._get_sfn_resource_type()}
            details: Any = {"taskSubmittedEventDetails": where}
            env.event_manager.add_event(env.event_history_context, HistoryEventType.TaskSubmitted, details)

    def _after_eval_execution(self, *evaluated: Any, **more: Any) -> None:
        # Past what waits for callbacks: the answer is there.
        StateTaskService._after_eval_execution(self, *evaluated, **more)  # noqa: SLF001


class FunctionTask(_Played):
    """The ARN of a Lambda function or an activity as the state's Resource."""

    def _eval_execution(self, env: Environment) -> None:
        self.resource.eval(env=env)
        where = env.stack.pop()
        if self.parargs:
            self.parargs.eval(env=env)
        request = env.stack.pop()
        is_function = ":function:" in self.resource.resource_arn
        kind = "LambdaFunction" if is_function else "Activity"
        self._tell(env, f"{kind}Scheduled")
        self._tell(env, f"{kind}Started")
        output = self._attempt(
            env,
            service="lambda" if is_function else "activity",
            api="invoke" if is_function else self.resource.resource_arn.rpartition(":")[2],
            request={"FunctionName": self.resource.resource_arn, "Payload": request} if is_function else request,
            pattern="" if is_function else "waitForTaskToken",
            sdk=False,
            region=where.region,
            account=where.account,
            role=self._role(env),
            submitted=lambda: None,
        )
        env.stack.append(output)
        self._tell(env, f"{kind}Succeeded")

    @staticmethod
    def _tell(env: Environment, kind: str) -> None:
        env.event_manager.add_event(env.event_history_context, getattr(HistoryEventType, kind))


def task_for(service_name: str) -> Any:
    """What moto makes of a task state."""
    return state_task_service_for(service_name) if service_name in Tasks.moto else ServiceTask()


def failure(env: Environment, kind: Any, details: str, error: TaskError) -> FailureEventException:
    """*error* as the interpreter raises it."""
    event: Any = {details: {"error": error.error, "cause": error.cause}}
    return FailureEventException(FailureEvent(env, CustomErrorName(error.error), kind, event))


def size(value: Any) -> int:
    """How many bytes of a payload *value* takes."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return len(text.encode())


def fit(value: Any, what: str) -> None:
    """Raise States.DataLimitExceeded if *value* is more than a state may hand on."""
    if (taken := size(value)) > LARGEST_PAYLOAD:
        cause = f"{what} has {taken} bytes, which exceeds the maximum of {LARGEST_PAYLOAD}."
        raise TaskError("States.DataLimitExceeded", cause)
