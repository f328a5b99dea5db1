"""One execution for moto's interpreter: where it runs, as what, and from which definition."""

from __future__ import annotations

import functools
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from constructs_sm.testing import moto_names as names
from constructs_sm.testing.transitions import flaws
from constructs_sm.testing.world.calls import RehearsalError

if TYPE_CHECKING:
    from constructs_sm.testing.moto_names import Environment

STARTS = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
"""When every rehearsed execution starts."""


class InvalidDefinitionError(RehearsalError, ValueError):
    """Step Functions would not create this state machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and as what a definition runs."""

    machine_arn: str
    region: str
    account: str


class _Silent(names.ExecutionWorkerCommunication):
    def terminated(self) -> None:
        pass


class Worker(names.ExecutionWorker):
    """One execution, in the thread that asks for it."""

    env: Environment

    def __init__(self, program: Any, details: Any) -> None:
        self._program = program
        super().__init__(details, _Silent(), cloud_watch_logging_session=None, activity_store={})

    def execute(self) -> None:
        self._execution_logic()  # type: ignore[no-untyped-call]

    def _get_evaluation_entrypoint(self) -> Any:
        return self._program

    def _get_evaluation_environment(self) -> Environment:
        env = super()._get_evaluation_environment()
        execution: Any = env.states.context_object.context_object_data["Execution"]
        execution["RedriveCount"] = 0  # part of the context object, which moto does not know yet
        return env


@functools.lru_cache(maxsize=64)
def parsed(definition: str) -> Any:
    """Parsing takes longer than most executions, and a program keeps no state of its own."""
    # A stack of all parsers together, on which one that fails leaves what it has put there.
    names.Preprocessor._query_language_per_scope.clear()  # noqa: SLF001
    try:
        program = names.AmazonStateLanguageParser.parse(definition)[0]
    except Exception as error:
        raise InvalidDefinitionError(str(error)) from error
    if found := list(flaws(json.loads(definition))):
        raise InvalidDefinitionError("; ".join(found))
    return program


def details_of(definition: str, execution_input: Any, setting: Setting) -> Any:
    execution = str(uuid.uuid4())
    role = f"arn:aws:iam::{setting.account}:role/StateMachine"
    machine = setting.machine_arn.rpartition(":")[2]
    arn = f"{setting.machine_arn.replace(':stateMachine:', ':execution:')}:{execution}"
    return names.EvaluationDetails(
        names.AWSExecutionDetails(setting.account, setting.region, role),
        names.ExecutionDetails(arn, execution, role, execution_input, STARTS.isoformat()),
        names.StateMachineDetails(setting.machine_arn, machine, names.Type.STANDARD, definition),
    )
