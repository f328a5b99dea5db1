"""A player whose answers stand in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.calls import Player, TaskError, Waiting
from constructs_sm.interpreter.execution import Execution, Setting
from constructs_sm.interpreter.machines import Machine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.interpreter.calls import Call, Reading, Writing

LAMBDA = "arn:aws:states:::lambda:invoke"


class Played(Player):
    """Answers with what a test says, state by state; after the last answer always that."""

    def __init__(self, answers: Mapping[str, Any] | None = None, objects: Mapping[str, Any] | None = None) -> None:
        self.answers = {state: list(given) for state, given in (answers or {}).items()}
        self.objects = objects or {}
        self.calls: list[Call] = []
        self.given_up: list[str] = []
        self.writings: list[Writing] = []
        self.map_runs: list[str] = []

    def begin(self, call: Call) -> Any:
        self.calls.append(call)
        left = self.answers.get(call.state) or [{}]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(call) if callable(answer) else answer

    def end(self, call: Call, waiting: Waiting) -> Any:
        self.calls.append(call)
        if isinstance(waiting.what, Exception):
            raise waiting.what
        return waiting.what

    def give_up(self, call: Call, _: Waiting) -> None:
        self.given_up.append(call.state)

    def content(self, state: str, bucket: str, key: str) -> bytes | str:
        found: bytes | str = self.objects[f"{bucket}/{key}"]
        return found

    def listing(self, state: str, bucket: str, prefix: str) -> list[dict[str, Any]]:
        keys = [name.partition("/")[2] for name in self.objects if name.startswith(f"{bucket}/{prefix}")]
        return [{"Key": key, "Size": len(self.objects[f"{bucket}/{key}"])} for key in keys]

    def items(self, reading: Reading) -> list[Any] | None:
        return None

    def map_run(self, state: str) -> None:
        self.map_runs.append(state)

    def results(self, writing: Writing) -> None:
        self.writings.append(writing)


def execution(
    definition: Any, given: Any = None, player: Player | None = None, *, express: bool = False, **options: Any
) -> Execution:
    """An execution that has not begun to run."""
    machine = Machine.of(definition, express=express)
    return Execution(machine, {} if given is None else given, player or Played(), Setting(), **options)


def ran(definition: Any, given: Any = None, player: Player | None = None, **options: Any) -> Execution:
    """An execution that has come to its end."""
    made = execution(definition, given, player, **options)
    made.run()
    return made


def in_order(*states: tuple[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A machine of states one after the other."""
    written = dict(states)
    names = list(written)
    for name, after in zip(names, [*names[1:], None], strict=True):
        if written[name]["Type"] not in {"Succeed", "Fail", "Choice"} and not written[name].keys() & {"Next", "End"}:
            written[name] = {**written[name], **({"End": True} if after is None else {"Next": after})}
    return {**more, "StartAt": names[0], "States": written}


def task(**fields: Any) -> dict[str, Any]:
    """A task that calls a function."""
    return {"Type": "Task", "Resource": LAMBDA, "Parameters": {"FunctionName": "work"}, **fields}


def failing(error: str, cause: str = "why") -> TaskError:
    return TaskError(error, cause)
