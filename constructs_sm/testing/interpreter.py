"""The one place that knows moto's private names: its interpreter of Amazon States Language, with SageMaker put in.

moto forwards only some request-response calls to its own SageMaker and knows no ``.sync`` for it, sleeps through
retries and waits, evaluates no JSONata, lets ``States.ALL`` catch what Step Functions lets nobody catch, and takes a
missing path in a Choice for a value. Each of these is replaced for the duration of a ``with`` block; retries, catchers,
choices, paths, intrinsic functions, Map and Parallel are moto's own.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import types
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

from constructs_sm.testing.apis import APIS
from constructs_sm.testing.calls import Call, TaskError, TaskTimeoutError
from constructs_sm.testing.expressions import ExpressionError, evaluate

import moto

_WRITTEN_FOR = "5.2.5"

try:
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.api import StateMachineType as Type
    from moto.stepfunctions.parser.asl.component.common.error_name import custom_error_name
    from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEvent,
        FailureEventException,
    )
    from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
    from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
    from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
        StringJSONata,
        StringVariableSample,
    )
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_func import ComparisonFuncValue
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (
        ComparisonOperatorType,
    )
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
        StateTaskService,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
        StateTaskServiceAwsSdk,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_factory import (
        state_task_service_for,
    )
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
    from moto.stepfunctions.parser.asl.eval import program_state
    from moto.stepfunctions.parser.asl.eval.evaluation_details import (
        AWSExecutionDetails,
        EvaluationDetails,
        ExecutionDetails,
        StateMachineDetails,
    )
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
    from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
    from moto.stepfunctions.parser.backend.execution_worker_comm import ExecutionWorkerCommunication

    _moto_compare: Callable[..., None] = ComparisonFuncValue._eval_body  # noqa: SLF001
except (ImportError, AttributeError) as moved:
    raise ImportError(
        f"{__name__} uses private names of moto {_WRITTEN_FOR}; {moto.__version__} lacks one: {moved}"
    ) from moved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import StateCredentials
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceRuntimePart
    from moto.stepfunctions.parser.asl.eval.environment import Environment
    from typing_extensions import Self

_STATUS = {
    program_state.ProgramEnded: "SUCCEEDED",
    program_state.ProgramError: "FAILED",
    program_state.ProgramTimedOut: "TIMED_OUT",
    program_state.ProgramStopped: "ABORTED",
}
_NEVER_MATCHED = "States.Runtime"
_WILDCARDS = {
    "States.ALL": {"States.DataLimitExceeded"},
    "States.TaskFailed": {"States.DataLimitExceeded", "States.Timeout"},
}
"""What the two wildcards of ErrorEquals do not match."""


class InvalidDefinitionError(ValueError):
    """Step Functions would not create this state machine."""


@dataclass(slots=True, kw_only=True)
class Execution:
    """How an execution ended, and what it did on the way."""

    status: str
    output: Any = None
    error: str | None = None
    cause: str | None = None
    states: list[str] = field(default_factory=list)


class Interpreter:
    """Run definitions while the ``with`` block lasts; what was replaced in moto is back in place afterwards.

    Args:
        sagemaker: Plays SageMaker.
    """

    def __init__(self, sagemaker: Callable[[Call], dict[str, Any]]) -> None:
        self.retry_waits: list[float] = []
        self.state_waits: list[float] = []
        self._sagemaker = sagemaker
        self._broken: list[Exception] = []
        self._replaced = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as replaced:
            for owner, name, replacement in self.replacements():
                if name not in vars(owner):
                    raise ImportError(
                        f"{__name__} replaces {owner}.{name} of moto {_WRITTEN_FOR}; {moto.__version__} has none"
                    )
                replaced.enter_context(mock.patch.object(owner, name, replacement))
            replaced.enter_context(_quiet(logging.getLogger("moto.stepfunctions.parser")))
            self._replaced = replaced.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._replaced.close()

    def run(
        self, definition: str, execution_input: Any, *, region: str, account: str, timeout_seconds: float
    ) -> Execution:
        """Execute *definition* to its end."""
        program = _parsed(definition)
        worker = _Worker(program, _details(definition, execution_input, region, account))
        worker.start()  # type: ignore[no-untyped-call]
        if not worker.ended.wait(timeout_seconds):
            worker.stop(stop_date=datetime.now(tz=timezone.utc), error=None, cause=None)
            worker.ended.wait(1)
            raise TimeoutError(f"the execution did not end within {timeout_seconds} s")
        if self._broken:
            raise self._broken[0]
        return _execution(worker.env)

    def replacements(self) -> Sequence[tuple[Any, str, Any]]:
        """What is replaced in moto: owner, name and what takes its place."""
        clock = types.SimpleNamespace(sleep=self.retry_waits.append)
        return (
            (_Tasks, "handler", staticmethod(self._handle)),
            (state_task_factory, "state_task_service_for", _task_for),
            (retrier_decl, "time", clock),
            (WaitFunction, "_wait_interval", self._wait),
            (StringJSONata, "_eval_body", _evaluate_jsonata),
            (StringVariableSample, "_eval_body", _evaluate_variable),
            (ErrorEqualsDecl, "_eval_body", _match_error),
            (ComparisonFuncValue, "_eval_body", _compare),
            # A Fail state may pass on a States.* error by ErrorPath: no name is illegal.
            (custom_error_name, "ILLEGAL_CUSTOM_ERROR_PREFIX", ()),
        )

    def _wait(self, **wait: Any) -> None:
        self.state_waits.append(wait["wait_seconds"])

    def _handle(self, call: Call) -> dict[str, Any]:
        try:
            return self._sagemaker(call)
        except (TaskError, TaskTimeoutError):
            raise
        except Exception as broken:  # moto would make a States.Runtime of it
            self._broken.append(broken)
            raise


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Silence *logger*: moto logs a failing state once for every level of its program."""
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _nobody(call: Call) -> dict[str, Any]:
    raise RuntimeError(f"state {call.state!r} calls SageMaker outside of a rehearsal")


class _Tasks:
    """Where task states find who plays SageMaker; parsed programs outlive the block they were parsed in."""

    handler: ClassVar[Callable[[Call], dict[str, Any]]] = _nobody


class _SageMakerTask(StateTaskService):
    """arn:aws:states:::sagemaker:*, with and without .sync."""

    def _get_supported_parameters(self) -> set[str] | None:
        api = APIS.get(self.resource.api_action)
        is_offered = api is not None and (self.resource.condition is None or (_is_sync(self) and api.waits))
        return set() if is_offered else None  # moto drops what is not in a set, unless the set is empty

    def _get_sfn_resource(self) -> str:
        return f"{self.resource.api_action}.sync" if _is_sync(self) else str(self.resource.api_action)

    def _eval_service_task(
        self,
        env: Environment,
        resource_runtime_part: ResourceRuntimePart,
        normalised_parameters: dict[str, Any],
        state_credentials: StateCredentials,  # noqa: ARG002 - moto passes it by name
    ) -> None:
        _play(self, env, resource_runtime_part, normalised_parameters)


class _SdkTask(StateTaskServiceAwsSdk):
    """arn:aws:states:::aws-sdk:*, of which only sagemaker is played here."""

    def _eval_service_task(
        self,
        env: Environment,
        resource_runtime_part: ResourceRuntimePart,
        normalised_parameters: dict[str, Any],
        state_credentials: StateCredentials,
    ) -> None:
        if self.resource.api_name == "sagemaker":
            _play(self, env, resource_runtime_part, normalised_parameters)
        else:
            super()._eval_service_task(env, resource_runtime_part, normalised_parameters, state_credentials)


_TASKS: dict[str, Callable[[], Any]] = {"sagemaker": _SageMakerTask, "aws-sdk": _SdkTask}


def _task_for(service_name: str) -> Any:
    task = _TASKS.get(service_name)
    return task() if task else state_task_service_for(service_name)


def _is_sync(task: StateTaskService) -> bool:
    return bool(task.resource.condition == "sync")


def _play(task: StateTaskService, env: Environment, where: ResourceRuntimePart, request: dict[str, Any]) -> None:
    call = Call(
        state=task.name,
        api=task.resource.api_action,
        request=request,
        region=where.region,
        account=where.account,
        sync=_is_sync(task),
        sdk=isinstance(task, _SdkTask),
    )
    try:
        env.stack.append(_Tasks.handler(call))
    except TaskTimeoutError:
        raise TimeoutError from None
    except TaskError as error:
        resource = {"resource": task.resource.api_action, "resourceType": task.resource.service_name}
        details = {"error": error.error, "cause": error.cause, **resource}
        raise _failure(env, HistoryEventType.TaskFailed, taskFailedEventDetails=details) from None


def _failure(env: Environment, kind: HistoryEventType, **event: Any) -> FailureEventException:
    (details,) = event.values()
    event_details: Any = event
    return FailureEventException(FailureEvent(env, CustomErrorName(details["error"]), kind, event_details))


def _match_error(decl: ErrorEqualsDecl, env: Environment) -> None:
    error = getattr(env.stack.pop(), "error_name", None)
    listed = {name.error_name for name in decl.error_names}
    env.stack.append(_is_matched(error, listed))


def _is_matched(error: str | None, listed: set[str | None]) -> bool:
    if error == _NEVER_MATCHED:
        return False
    return error in listed or any(wildcard in listed and error not in spared for wildcard, spared in _WILDCARDS.items())


def _compare(comparison: ComparisonFuncValue, env: Environment) -> None:
    variable = env.stack[-1]
    if isinstance(variable, NoSuchVariable) and comparison.operator_type != ComparisonOperatorType.IsPresent:
        path = variable.path.split(",")[0]
        cause = f"Invalid path '{path}': The choice state's condition path references an invalid value."
        details = {"error": _NEVER_MATCHED, "cause": cause}
        raise _failure(env, HistoryEventType.ExecutionFailed, executionFailedEventDetails=details)
    _moto_compare(comparison, env)


def _evaluate_jsonata(string: StringJSONata, env: Environment) -> None:
    env.stack.append(_value(string.expression, env, _variables(env) | {"states": _states(env)}))


def _evaluate_variable(string: StringVariableSample, env: Environment) -> None:
    in_jsonata = string.query_language_mode == QueryLanguageMode.JSONata
    env.stack.append(_value(string.expression, env, _variables(env) | ({"states": _states(env)} if in_jsonata else {})))


def _value(expression: str, env: Environment, variables: dict[str, Any]) -> Any:
    try:
        return evaluate(expression, variables)
    except ExpressionError as error:
        details = {"error": "States.QueryEvaluationError", "cause": str(error)}
        raise _failure(env, HistoryEventType.EvaluationFailed, evaluationFailedEventDetails=details) from error


def _states(env: Environment) -> dict[str, Any]:
    """$states: a result or an error is there only once there is one."""
    data: Any = env.states._states_data  # noqa: SLF001 - moto offers it only as text
    return {name: value for name, value in data.items() if value is not None or name == "input"}


def _variables(env: Environment) -> dict[str, Any]:
    store = env.variable_store
    return {**store._outer_scope, **store._inner_scope}  # noqa: SLF001 - as above


class _Ending(ExecutionWorkerCommunication):
    def __init__(self, ended: threading.Event) -> None:
        self._ended = ended

    def terminated(self) -> None:
        self._ended.set()


class _Worker(ExecutionWorker):
    """One execution, in a thread of its own."""

    env: Environment

    def __init__(self, program: Any, details: EvaluationDetails) -> None:
        self.ended = threading.Event()
        self._program = program
        super().__init__(details, _Ending(self.ended), cloud_watch_logging_session=None, activity_store={})

    def _get_evaluation_entrypoint(self) -> Any:
        return self._program

    def _get_evaluation_environment(self) -> Environment:
        env = super()._get_evaluation_environment()
        execution: Any = env.states.context_object.context_object_data["Execution"]
        execution["RedriveCount"] = 0  # part of the context object, which moto does not know yet
        return env


@functools.lru_cache(maxsize=64)
def _parsed(definition: str) -> Any:
    """Parsing takes longer than most executions, and a program keeps no state of its own."""
    try:
        return AmazonStateLanguageParser.parse(definition)[0]
    except Exception as error:
        raise InvalidDefinitionError(str(error)) from error


def _details(definition: str, execution_input: Any, region: str, account: str) -> EvaluationDetails:
    name = str(uuid.uuid4())
    role = f"arn:aws:iam::{account}:role/StateMachine"
    prefix = f"arn:aws:states:{region}:{account}"
    started = datetime.now(tz=timezone.utc).isoformat()
    return EvaluationDetails(
        AWSExecutionDetails(account, region, role),
        ExecutionDetails(f"{prefix}:execution:Rehearsal:{name}", name, role, execution_input, started),
        StateMachineDetails(f"{prefix}:stateMachine:Rehearsal", "Rehearsal", Type.STANDARD, definition),
    )


def _execution(env: Environment) -> Execution:
    end = env.program_state()
    entered = [event.get("stateEnteredEventDetails") for event in env.event_manager.get_event_history()]
    failure = getattr(end, "error", None) or {}
    status = _STATUS[type(end)]
    return Execution(
        status=status,
        output=env.states.get_input() if status == "SUCCEEDED" else None,
        error=failure.get("error"),
        cause=failure.get("cause"),
        states=[details["name"] for details in entered if details],
    )
