"""Where Step Functions does otherwise than moto's interpreter, in the interpreter's own terms."""

from __future__ import annotations

import copy
import functools
import json
import re
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from constructs_sm.language.machines import LARGEST_PAYLOAD
from constructs_sm.testing.expressions import ExpressionError, evaluate
from constructs_sm.testing.moto_names import (
    ComparisonFuncValue,
    ComparisonOperatorType,
    DistributedIterationComponent,
    HistoryEventType,
    InlineIterationComponent,
    IntrinsicParser,
    NoSuchVariable,
    QueryLanguageMode,
    StringIntrinsicFunction,
    moto_compare,
    moto_inner_string,
    moto_map,
    moto_map_run,
    moto_parse_path,
    moto_parse_result_path,
)
from constructs_sm.testing.moto_tasks import failure, size
from constructs_sm.testing.world.calls import TaskError

if TYPE_CHECKING:
    from constructs_sm.testing.moto_names import (
        Environment,
        ErrorEqualsDecl,
        IterationWorker,
        StringJSONata,
        StringVariableSample,
    )

_NEVER_MATCHED = "States.Runtime"
_WILDCARDS = {
    "States.ALL": {"States.DataLimitExceeded"},
    "States.TaskFailed": {"States.DataLimitExceeded", "States.Timeout", "States.HeartbeatTimeout"},
}
"""What the two wildcards of ErrorEquals do not match."""


def as_moto_reads(machine: Any) -> Any:
    """A definition, with the numbers that moto's grammar has as fractions written as such.

    And with an InputType for a list of objects, which has none.
    """
    if isinstance(machine, dict):
        return {name: _as_moto_reads(name, value) for name, value in machine.items()}
    return [as_moto_reads(item) for item in machine] if isinstance(machine, list) else machine


LISTING = ":listObjectsV2"


def _as_moto_reads(name: str, value: Any) -> Any:
    if name == "ToleratedFailurePercentage":
        return float(value)
    if name == "ItemReader" and "ReaderConfig" in value and value["Resource"].endswith(LISTING):
        return {**as_moto_reads(value), "ReaderConfig": {"InputType": "JSON", **value["ReaderConfig"]}}
    return as_moto_reads(value)


def inner_string(parser_rule_context: Any) -> Any:
    """A string of the definition: a name, a path. moto leaves in it what JSON escapes."""
    text = parser_rule_context.getText()
    return json.loads(text, strict=False) if text.startswith('"') else moto_inner_string(parser_rule_context)


def intrinsic_function(_: Any, ctx: Any) -> StringIntrinsicFunction:
    """An intrinsic function; likewise."""
    text = json.loads(ctx.STRINGINTRINSICFUNC().getText(), strict=False)
    return StringIntrinsicFunction(intrinsic_function_derivation=text, function=IntrinsicParser.parse(text)[0])


@functools.lru_cache(maxsize=1024)
def parse_path(path: str) -> Any:
    """A JSONPath: moto makes a parser for each time that one is read."""
    found = moto_parse_path(_bracketed(path))
    return _OnePlace(found) if _ONE_PLACE.fullmatch(path) else found


_ONE_PLACE = re.compile(r"""\$(?:\.[^\s.\[\]*?'"]+|\[(?:\d+|'[^']*'|"[^"]*")\])*""")


class _OnePlace:
    """A path that can only lead to one value, which is that value: moto makes a list of it behind an index."""

    def __init__(self, path: Any) -> None:
        self._path = path

    def find(self, data: Any) -> list[Any]:
        return [SimpleNamespace(value=found.value, path=None, context=None) for found in self._path.find(data)]


@functools.lru_cache(maxsize=1024)
def parse_result_path(path: str) -> Any:
    """The same of a ResultPath."""
    return moto_parse_result_path(_bracketed(path))


_DOTTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|(?<=[\w\])$@])\.(?P<name>[^\W\d][\w-]*)""")
_WORDS_OF_THE_PARSER = frozenset({"where", "wherenot"})


def _bracketed(path: str) -> str:
    """*path*, with names in brackets that the parser does not take behind a dot: its own words, and more than ASCII."""

    def spelled(part: re.Match[str]) -> str:
        name = part["name"]
        takes = name is None or (name.isascii() and name not in _WORDS_OF_THE_PARSER)
        return part[0] if takes else f"['{name}']"

    return _DOTTED.sub(spelled, path)


_ATOMS = frozenset({str, int, float, bool, type(None)})


def copied(value: Any) -> Any:
    """A payload once more: most are copied several times a state, and most of that is to look for what no JSON has."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is dict:
        return {name: copied(member) for name, member in value.items()}
    return [copied(item) for item in value] if kind is list else copy.deepcopy(value)


def match_error(decl: ErrorEqualsDecl, env: Environment) -> None:
    """Whether a retrier or catcher is for an error: States.ALL is not for all."""
    error = getattr(env.stack.pop(), "error_name", None)
    listed = {name.error_name for name in decl.error_names}
    env.stack.append(_is_matched(error, listed))


def _is_matched(error: str | None, listed: set[str | None]) -> bool:
    if error == _NEVER_MATCHED:
        return False
    if error == "States.HeartbeatTimeout" and "States.Timeout" in listed:
        return True
    return error in listed or any(wildcard in listed and error not in spared for wildcard, spared in _WILDCARDS.items())


def compare(comparison: ComparisonFuncValue, env: Environment) -> None:
    """A comparison in a Choice: of a missing path only IsPresent may be asked."""
    variable = env.stack[-1]
    if isinstance(variable, NoSuchVariable) and comparison.operator_type != ComparisonOperatorType.IsPresent:
        path = variable.path.split(",")[0]
        cause = f"Invalid path '{path}': The choice state's condition path references an invalid value."
        error = TaskError(_NEVER_MATCHED, cause)
        raise failure(env, HistoryEventType.ExecutionFailed, "executionFailedEventDetails", error)
    moto_compare(comparison, env)


def is_within_size_quota(value: Any) -> bool:
    """Whether a payload may be handed on: its JSON is counted as short as it can be written."""
    return size(value) <= LARGEST_PAYLOAD


def evaluate_jsonata(string: StringJSONata, env: Environment) -> None:
    """A JSONata expression, which moto does not evaluate."""
    env.stack.append(_value(string.expression, env, _variables(env) | {"states": _states(env)}))


def evaluate_variable(string: StringVariableSample, env: Environment) -> None:
    """A variable, whatever text it holds."""
    in_jsonata = string.query_language_mode == QueryLanguageMode.JSONata
    env.stack.append(_value(string.expression, env, _variables(env) | ({"states": _states(env)} if in_jsonata else {})))


def _value(expression: str, env: Environment, variables: dict[str, Any]) -> Any:
    try:
        return evaluate(expression, variables)
    except ExpressionError as error:
        told = TaskError("States.QueryEvaluationError", str(error))
        raise failure(env, HistoryEventType.EvaluationFailed, "evaluationFailedEventDetails", told) from error


def _states(env: Environment) -> dict[str, Any]:
    """$states: a result or an error is there only once there is one."""
    data: Any = env.states._states_data  # noqa: SLF001 - moto offers it only as text
    return {name: value for name, value in data.items() if value is not None or name == "input"}


def _variables(env: Environment) -> dict[str, Any]:
    store = env.variable_store
    return {**store._outer_scope, **store._inner_scope}  # noqa: SLF001 - as above


def map_all(component: InlineIterationComponent, env: Environment) -> None:
    """A Map: when one iteration fails, the others are stopped."""
    try:
        moto_map(component, env)
    except Exception:
        _stop_frames(env)
        raise


def run_map(component: DistributedIterationComponent, env: Environment, eval_input: Any) -> None:
    """A run of a distributed Map: it fails when more child workflows fail than it tolerates."""
    record = eval_input.map_run_record
    moto_map_run(component, env=env, eval_input=eval_input)
    failed, total = record.item_counter.failed.get(), record.item_counter.total.get()
    tolerated = max(eval_input.tolerated_failure_count, total * eval_input.tolerated_failure_percentage / 100)
    if failed > tolerated:
        cause = f"{failed} of {total} child workflow executions failed: the tolerated failure threshold is exceeded."
        error = TaskError("States.ExceedToleratedFailureThreshold", cause)
        raise failure(env, HistoryEventType.MapRunFailed, "mapRunFailedEventDetails", error)


def _stop_frames(env: Environment) -> None:
    for frame in list(env._frames):  # noqa: SLF001
        frame.set_stop(stop_date=datetime.now(tz=timezone.utc), cause=None, error=None)


def work_off(worker: IterationWorker, job: Any, worker_frame: Environment) -> None:
    """One worker of an inline Map: a loop, where moto recurses and so ends after some hundred items."""
    own, pool = worker._env, worker._job_pool  # noqa: SLF001
    while job is not None:
        frame = worker_frame.open_inner_frame()
        worker._eval_job(env=frame, job=job)  # noqa: SLF001
        worker_frame.close_frame(frame)
        over = isinstance(job.job_output, Exception) or worker._stop_signal_received  # noqa: SLF001
        following = None if over else pool.next_job()
        if following is None:
            if not over:
                worker_frame.event_history_context.source_event_id = frame.event_history_context.last_published_event_id
            own.close_frame(worker_frame)
            pool.close_job(job)
            return
        pool.close_job(job)
        job = following
    own.close_frame(worker_frame)


def work_off_distributed(worker: IterationWorker, job: Any, worker_frame: Environment) -> None:
    """The same of a distributed Map, whose child workflows keep their histories to themselves."""
    own, pool = worker._env, worker._job_pool  # noqa: SLF001
    while job is not None:
        frame = worker_frame.open_inner_frame()
        worker._eval_job(env=frame, job=job)  # noqa: SLF001
        worker_frame.delete_frame(frame)
        pool.close_job(job)
        over = isinstance(job.job_output, Exception) or worker._stop_signal_received  # noqa: SLF001
        job = None if over else pool.next_job()
    own.delete_frame(worker_frame)
