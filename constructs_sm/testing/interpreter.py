"""moto's interpreter of Amazon States Language, in virtual time and with somebody else playing the services.

moto forwards only some request-response calls to its own SageMaker and knows no ``.sync`` for it, sleeps through
retries and waits, evaluates no JSONata, lets ``States.ALL`` catch what Step Functions lets nobody catch, and takes a
missing path in a Choice for a value. Each of these is replaced for the duration of a ``with`` block; retries, catchers,
choices, paths, intrinsic functions, Map and Parallel are moto's own.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import types
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from unittest import mock

from constructs_sm.testing import moto_fixes as fixes
from constructs_sm.testing import moto_names as names
from constructs_sm.testing.clock import FOREVER, Clock
from constructs_sm.testing.expressions import speaking_at
from constructs_sm.testing.history import MAX_EVENTS, History, Moment
from constructs_sm.testing.moto_tasks import FunctionTask, Tasks, failure, task_for
from constructs_sm.testing.moto_worker import STARTS, InvalidDefinitionError, Setting, Worker, details_of, parsed
from constructs_sm.testing.world.calls import Call, TaskError

import moto

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from constructs_sm.testing.moto_names import Environment
    from constructs_sm.testing.moto_tasks import Attempt

    from typing_extensions import Self

__all__ = ["Execution", "Interpreter", "InvalidDefinitionError", "Setting"]

_STATUS = {
    names.program_state.ProgramEnded: "SUCCEEDED",
    names.program_state.ProgramError: "FAILED",
    names.program_state.ProgramTimedOut: "TIMED_OUT",
    names.program_state.ProgramStopped: "ABORTED",
}


@dataclass(slots=True, kw_only=True)
class Execution:
    """How an execution ended, and what it did on the way."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    seconds: float
    history: History


class Interpreter:
    """Run definitions while the ``with`` block lasts; what was replaced in moto is back in place afterwards.

    Args:
        play: Plays the services.
        items: The items a Map state would read from S3; None where moto's S3 has them.
        map_run: Told the Map state before its child workflows are started.
        results: Told the Map state, and the bucket and key that its results would be written to.
        moto_services: Services whose tasks are left to moto.
        watch: Told each line of a timeline as it comes.
    """

    def __init__(
        self,
        play: Callable[[Call], Any],
        *,
        items: Callable[[str, Mapping[str, Any]], list[Any] | None] = lambda _state, _request: None,
        map_run: Callable[[str], None] = lambda _state: None,
        results: Callable[[str, str, str], None] = lambda _state, _bucket, _key: None,
        moto_services: Sequence[str] = (),
        watch: Callable[[Moment], None] | None = None,
    ) -> None:
        self.history = History()
        self._play = play
        self._items = items
        self._map_run = map_run
        self._results = results
        self._watch = watch
        self._moto_services = frozenset(moto_services)
        self._clock = Clock()
        self._asleep: dict[int, Callable[[], None]] = {}
        self._own_events: Any = None
        self._replaced = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as replaced:
            for owner, name, replacement in self.replacements():
                if name not in vars(owner):
                    message = (
                        f"{__name__} replaces {owner}.{name} of moto {names.WRITTEN_FOR}; {moto.__version__} has none"
                    )
                    raise ImportError(message)
                replaced.enter_context(mock.patch.object(owner, name, replacement))
            replaced.enter_context(_quiet(logging.getLogger("moto.stepfunctions.parser")))
            self._replaced = replaced.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._replaced.close()

    def run(
        self,
        machine: Mapping[str, Any],
        execution_input: Any,
        setting: Setting,
        *,
        timeout_seconds: float,
        abort_after_seconds: float | None = None,
    ) -> Execution:
        """Execute *machine* to its end, or until somebody aborts it."""
        definition = json.dumps(fixes.as_moto_reads(machine), ensure_ascii=False)
        self.history, self._clock, self._own_events = History(self._watch), Clock(), None
        self._asleep.clear()
        worker = Worker(parsed(definition), details_of(definition, execution_input, setting))

        def lead() -> None:
            if abort_after_seconds is not None:
                self._clock.thread(target=self._abort, args=(worker, abort_after_seconds)).start()
            worker.execute()

        with speaking_at(lambda: self.now):
            self._clock.run(lead, timeout_seconds=timeout_seconds)
        return self._execution(worker.env)

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return STARTS + timedelta(seconds=self._clock.now)

    def note(self, state: str, text: str) -> None:
        """Put a line of one's own into the timeline."""
        self.history.add(Moment(self._clock.now, state, text))

    def replacements(self) -> Sequence[tuple[Any, str, Any]]:
        """What is replaced in moto: owner, name and what takes its place."""
        threads = types.SimpleNamespace(
            Thread=lambda **options: self._clock.thread(**options),  # noqa: PLW0108 - each run has its own clock
            Event=lambda: self._clock.event(),  # noqa: PLW0108
            Lock=threading.Lock,
        )
        dates = types.SimpleNamespace(datetime=_VirtualDates(self), timezone=timezone)
        threaded = (
            names.program,
            names.execute_state,
            names.inline_iteration_component,
            names.branch_worker,
        )
        return (
            (Tasks, "play", staticmethod(self._handle)),
            (Tasks, "moto", self._moto_services),
            (names.state_task_factory, "state_task_service_for", task_for),
            (names.state_task_factory, "StateTaskLambda", FunctionTask),
            (names.state_task_factory, "StateTaskActivity", FunctionTask),
            (names.state_task_service, "is_within_size_quota", fixes.is_within_size_quota),
            (names.state, "is_within_size_quota", fixes.is_within_size_quota),
            (names.state, "datetime", dates),
            (names.timestamp, "datetime", dates),
            *((module, "threading", threads) for module in (*threaded, names.branches_decl, names.job)),
            *((module, "TMP_THREADS", deque(maxlen=0)) for module in threaded),
            (names.execute_state, "Thread", threads.Thread),
            (names.retrier_decl, "time", types.SimpleNamespace(sleep=self._wait_to_retry)),
            (names.WaitFunction, "_wait_interval", lambda _, env, wait_seconds: self._wait(env, wait_seconds)),
            (names.EventManager, "add_event", _wrapped(names.moto_add_event, self._record)),
            (names.EventManager, "_get_current_timestamp", staticmethod(lambda: self.now)),
            *((names.Environment, name, _followed(ending, self._wake)) for name, ending in names.MOTO_ENDINGS.items()),
            (names.Preprocessor, "_inner_string_of", staticmethod(fixes.inner_string)),
            (names.Preprocessor, "visitString_intrinsic_function", fixes.intrinsic_function),
            (names.ItemReader, "_eval_body", _wrapped(names.moto_read_items, self._read_items)),
            (names.ResultWriter, "_eval_body", lambda writer, env: self._write_results(writer, env)),  # noqa: PLW0108 - bound
            (names.InlineIterationComponent, "_eval_body", fixes.map_all),
            (names.DistributedIterationComponent, "_map_run", _wrapped(fixes.run_map, self._run_map)),
            (names.IterationWorker, "_eval_pool", fixes.work_off),
            (names.DistributedItemProcessorWorker, "_eval_pool", fixes.work_off_distributed),
            (names.DistributedIteratorWorker, "_eval_pool", fixes.work_off_distributed),
            (names.StringJSONata, "_eval_body", fixes.evaluate_jsonata),
            (names.StringVariableSample, "_eval_body", fixes.evaluate_variable),
            (names.ErrorEqualsDecl, "_eval_body", fixes.match_error),
            (names.ComparisonFuncValue, "_eval_body", fixes.compare),
            # A Fail state may pass on a States.* error by ErrorPath: no name is illegal.
            (names.custom_error_name, "ILLEGAL_CUSTOM_ERROR_PREFIX", ()),
            # As moto does it, and faster.
            *((module, "copy", types.SimpleNamespace(deepcopy=fixes.copied)) for module in names.COPYING),
            (names.json_path, "parse", fixes.parse_path),
            (names.result_path, "parse", fixes.parse_result_path),
        )

    def _handle(self, attempt: Attempt) -> Any:
        call = Call(
            state=attempt.state,
            service=attempt.service,
            api=attempt.api,
            request=attempt.request,
            region=attempt.region,
            account=attempt.account,
            at=self.now,
            pattern=attempt.pattern,
            sdk=attempt.sdk,
            role=attempt.role,
            timeout_seconds=attempt.timeout_seconds,
            heartbeat_seconds=attempt.heartbeat_seconds,
            wait=lambda seconds, give_up: self._await(attempt, seconds, give_up),
        )
        try:
            return self._play(call)
        except (TaskError, TimeoutError):
            raise
        except Exception as broken:  # noqa: BLE001 - moto would make a States.Runtime of it
            raise self._clock.stop(broken) from None

    def _await(self, attempt: Attempt, seconds: float | None, give_up: Callable[[], None]) -> None:
        """Let time pass for a task; leave it for good when its state is given up meanwhile.

        A state without TimeoutSeconds that waits for ever is given up when Step Functions would.
        """
        attempt.submitted()
        woken = self._clock.event()

        def wake() -> None:
            woken.set()
            give_up()

        self._asleep[id(attempt.env)] = wake
        gives_up = seconds is None and attempt.timeout_seconds is None
        if woken.wait(FOREVER - 1 if gives_up else seconds):
            raise self._clock.abandoned()
        self._asleep.pop(id(attempt.env), None)
        if gives_up:
            give_up()
            raise TimeoutError

    def _wake(self, env: Environment) -> None:
        wake = self._asleep.pop(id(env), None)
        if wake:
            wake()

    def _abort(self, worker: Worker, after_seconds: float) -> None:
        self._clock.sleep(after_seconds)
        worker.stop(stop_date=self.now, error=None, cause=None)
        self.note("", "aborted")
        raise self._clock.stop()

    def _wait_to_retry(self, seconds: float) -> None:
        self.history.retry_waits.append(seconds)
        self.note(self._clock.current.state or "", f"waits {seconds:g} s to retry")
        self._clock.sleep(seconds)

    def _wait(self, _env: Environment, seconds: float) -> None:
        self.history.state_waits.append(seconds)
        self.note(self._clock.current.state or "", f"waits {seconds:g} s")
        self._clock.sleep(seconds)

    def _record(
        self, add: Callable[..., int], manager: Any, context: Any, event_type: str, *rest: Any, **more: Any
    ) -> int:
        """Take an event down, unless the history is full; only the end of an execution may still follow."""
        details = more.get("event_details", rest[0] if rest else None) or {}
        said: dict[str, Any] = next(iter(details.values()), {}) or {}
        self._own_events = self._own_events or manager
        thread = self._clock.current
        if event_type.endswith("StateEntered"):
            thread.state = said["name"]
        if manager is self._own_events:
            if self.history.events >= MAX_EVENTS - 1 and not event_type.startswith("Execution"):
                raise names.FailureEventException(_history_is_full())
            self.history.events += 1
        self.history.event(self._clock.now, thread.state or "", event_type, said)
        return add(manager, context, event_type, *rest, **more)

    def _read_items(self, read: Callable[..., None], reader: Any, env: Environment) -> None:
        """A Map's items: from the script, or from what is in moto's S3."""
        with self._asked(env) as state:
            reader.parargs.eval(env=env) if reader.parargs else env.stack.append({})
            items = self._items(state, {**env.stack.pop(), "Resource": reader.resource.resource_arn})
        if items is None and not reader.resource.resource_arn.endswith(fixes.LISTING):
            read(reader, env)
            return
        if items is None:
            reader.parargs.eval(env=env)
            reader.resource_eval.eval_resource(env=env)
            items = env.stack.pop()
        if reader.reader_config:
            reader.reader_config.max_items_decl.eval(env=env)
            items = items[: env.stack.pop()]
        env.stack.append(items)

    def _run_map(self, run: Callable[..., None], component: Any, env: Environment, eval_input: Any) -> None:
        with self._asked(env) as state:
            self._map_run(state)
        run(component, env, eval_input)

    def _write_results(self, writer: Any, env: Environment) -> None:
        """What a Map that writes its results says of them; nothing is written."""
        with self._asked(env) as state:
            writer.parargs.eval(env=env)
            request = env.stack.pop()
            env.stack.pop()
            run = env.map_run_record_pool_manager.get_all()[-1].map_run_arn
            folder = "/".join(part for part in (request.get("Prefix", "").rstrip("/"), run.rpartition(":")[2]) if part)
            details = {"Bucket": request["Bucket"], "Key": f"{folder}/manifest.json"}
            self._results(state, details["Bucket"], details["Key"])
        env.stack.append({"MapRunArn": run, "ResultWriterDetails": details})

    @contextlib.contextmanager
    def _asked(self, env: Environment) -> Iterator[str]:
        """The Map state that somebody else is asked for something; what that raises, as the interpreter has it."""
        try:
            yield self._clock.current.state or ""
        except TaskError as error:
            raise failure(env, names.HistoryEventType.MapRunFailed, "mapRunFailedEventDetails", error) from None
        except names.FailureEventException:
            raise
        except Exception as broken:  # noqa: BLE001 - moto would make a States.Runtime of it
            raise self._clock.stop(broken) from None

    def _execution(self, env: Environment) -> Execution:
        end = env.program_state()
        told = getattr(end, "error", None) or {}
        status = _STATUS[type(end)]
        succeeded = status == "SUCCEEDED"
        return Execution(
            status=status,
            output=env.states.get_input() if succeeded else None,
            error=None if succeeded or isinstance(told, str) else told.get("error"),
            cause=None if succeeded or isinstance(told, str) else told.get("cause"),
            seconds=self._clock.now,
            history=self.history,
        )


class _VirtualDates:
    """A `datetime.datetime` whose now is the interpreter's."""

    strptime = datetime.strptime

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    def now(self, tz: Any = None) -> datetime:
        return self._interpreter.now if tz else self._interpreter.now.replace(tzinfo=None)


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Silence *logger*: moto logs a failing state once for every level of its program."""
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _wrapped(original: Callable[..., Any], around: Callable[..., Any]) -> Callable[..., Any]:
    """A method that *around* does, and is given the original for."""

    def method(*arguments: Any, **more: Any) -> Any:
        return around(original, *arguments, **more)

    return method


def _followed(original: Callable[..., Any], after: Callable[[Any], None]) -> Callable[..., Any]:
    """A method, and then *after* of the same object."""

    def method(owner: Any, *arguments: Any, **more: Any) -> None:
        original(owner, *arguments, **more)
        after(owner)

    return method


def _history_is_full() -> Any:
    cause = f"The execution reached the maximum number of history events ({MAX_EVENTS})."
    event: Any = {"executionFailedEventDetails": {"error": "States.Runtime", "cause": cause}}
    stand_in: Any = types.SimpleNamespace(
        next_state_name="", event_history_context=types.SimpleNamespace(source_event_id=MAX_EVENTS)
    )
    # Not as ExecutionFailed: that event the history still takes, and the state would put it there.
    kind = names.HistoryEventType.TaskFailed
    return names.FailureEvent(stand_in, names.CustomErrorName("States.Runtime"), kind, event)
