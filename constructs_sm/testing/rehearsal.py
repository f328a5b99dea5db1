"""Rehearsal: one SageMaker account, one policy, and the runs of a state machine against them."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.apis import APIS
from constructs_sm.testing.interpreter import Interpreter
from constructs_sm.testing.sagemaker import SageMaker

from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.testing.steps import Step

    from typing_extensions import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution, from its end.

    Args:
        states: Every state entered, in order.
        waits: Seconds that each retry would have slept.
        pauses: Seconds that each Wait state would have slept.
        requests: Every attempt to call SageMaker: the state's name, and the request.
        left_running: ARNs of jobs that their state gave up on and could not stop.
    """

    status: str
    output: Any
    error: str | None
    cause: str | None
    states: list[str]
    waits: list[float]
    pauses: list[float]
    requests: list[tuple[str, dict[str, Any]]]
    left_running: list[str]


class Rehearsal:
    """Run state machines offline; nothing sleeps, and nothing outside the ``with`` block changes.

    Calls of other services go to moto, so a test may make queues and topics with boto3 inside the block.

    Args:
        policy: Statements (or documents) of the state machine's role; None allows everything.
    """

    def __init__(self, policy: Any = None, *, region: str = "us-east-1", account: str = "123456789012") -> None:
        self._sagemaker = SageMaker(policy)
        self._interpreter = Interpreter(self._sagemaker)
        self._where = {"region": region, "account": account}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            opened.enter_context(mock_aws())
            opened.enter_context(self._interpreter)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def script(self, target: str, *steps: Step) -> None:
        """Let the next attempts of *target* go as *steps* say, one each; after the last step calls succeed.

        Args:
            target: Name of a state, or of an API ("createTrainingJob") for every state without steps of its own.
            *steps: What happens, such as ``Throttled()`` or ``Failed("reason")``.
        """
        self._sagemaker.script(target, *steps)

    def run(
        self, definition: Mapping[str, Any] | str, execution_input: Any = None, *, timeout_seconds: float = 30
    ) -> Run:
        """Execute *definition*; jobs of earlier runs in this rehearsal keep their names."""
        machine = json.loads(definition) if isinstance(definition, str) else definition
        self._check_script(machine)
        before = self._recorded
        marks = [len(record) for record in before]
        given = {} if execution_input is None else execution_input
        execution = self._interpreter.run(json.dumps(machine), given, timeout_seconds=timeout_seconds, **self._where)
        waits, pauses, requests, left_running = (record[mark:] for record, mark in zip(before, marks, strict=True))
        return Run(
            status=execution.status,
            output=execution.output,
            error=execution.error,
            cause=execution.cause,
            states=execution.states,
            waits=waits,
            pauses=pauses,
            requests=requests,
            left_running=left_running,
        )

    @property
    def _recorded(self) -> tuple[list[Any], ...]:
        interpreter, sagemaker = self._interpreter, self._sagemaker
        return interpreter.retry_waits, interpreter.state_waits, sagemaker.requests, sagemaker.left_running

    def _check_script(self, definition: Mapping[str, Any]) -> None:
        known = {*APIS, *_sagemaker_states(definition)}
        if unknown := [target for target in self._sagemaker.scripted if target not in known]:
            raise LookupError(
                f"the script is for {unknown}, but the definition's SageMaker states are {sorted(known - {*APIS})}"
            )


def _sagemaker_states(definition: Mapping[str, Any]) -> Iterator[str]:
    for name, state in definition.get("States", {}).items():
        if ":sagemaker:" in state.get("Resource", ""):
            yield name
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {}), state.get("Iterator", {})):
            yield from _sagemaker_states(inner)
