"""One execution of a state machine, in virtual time: what comes first happens first, and nobody waits.

All that an execution is stands in data, so that a copy of a running one can go on by itself, with another player.
"""

from __future__ import annotations

import copy
import heapq
import random
import time
import uuid
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter import catching, groups, steps, tasks
from constructs_sm.interpreter.branches import ABORTED, FAILED, RUNNING, SUCCEEDED, TIMED_OUT, Branch, copies
from constructs_sm.interpreter.history import ENDED_WELL, MAX_EVENTS, History
from constructs_sm.interpreter.history import Moment as Line
from constructs_sm.interpreter.moments import Moment
from constructs_sm.interpreter.scope import ABSENT, Reads, Scope
from constructs_sm.interpreter.sections import STOPPED, WHOLE
from constructs_sm.interpreter.state_errors import DATA_LIMIT, RUNTIME, TIMEOUT, StateError
from constructs_sm.interpreter.timestamps import after, written
from constructs_sm.interpreter.values import Sizes, as_json
from constructs_sm.language.intrinsics import Surroundings
from constructs_sm.language.jsonpath import DEADLINE
from constructs_sm.language.machines import LARGEST_PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from constructs_sm.interpreter.calls import Call, Player
    from constructs_sm.interpreter.machines import Machine
    from constructs_sm.interpreter.sections import Section

EXPRESS_SECONDS: Final = 300
"""The longest time of an Express execution."""
MOST_OF_VARIABLES: Final = 10 * 1024 * 1024
"""Bytes of all variables of an execution."""
HISTORY_FULL: Final = f"The execution reached the maximum number of history events ({MAX_EVENTS})."


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Account, Region and name that a definition runs under."""

    machine_arn: str = "arn:aws:states:us-east-1:123456789012:stateMachine:Machine"
    region: str = "us-east-1"
    account: str = "123456789012"
    role: str = ""
    seed: int = 0
    """The beginning of chance: the same seed, the same execution."""
    later: float = 0
    """Seconds that have passed before it begins."""


class Execution:
    """One execution.

    Args:
        machine: What to run.
        given: The execution's input.
        player: Plays the services.
        setting: Where it runs.
        watch: Told each line of the timeline as it comes.
        abort_after_seconds: When somebody aborts it, in virtual time. Default: nobody does.
        section: The part of the state machine that it runs. Default: all of it.
    """

    def __init__(
        self,
        machine: Machine,
        given: Any,
        player: Player,
        setting: Setting | None = None,
        *,
        watch: Callable[[Line], None] | None = None,
        abort_after_seconds: float | None = None,
        section: Section = WHOLE,
    ) -> None:
        self.machine = machine
        self._section = section
        self.setting = setting or Setting()
        self.player = player
        self.history = History(watch)
        self.now = 0.0
        """Seconds since the execution began."""
        self.status = RUNNING
        self.output: Any = None
        self.error: str | None = None
        self.cause: str | None = None
        self.variables: dict[str, Any] = {}
        """The variables as the state would see them that it has stopped before."""
        self.redrives = 0
        self.paused: Call | None = None
        """The call before which it stands still."""
        self.numbers = random.Random(self.setting.seed)  # noqa: S311 - not for secrets
        self.sizes = Sizes()
        self.reads = Reads()
        self._around = Surroundings(self.numbers)
        self._pause: Callable[[Call], bool] | None = None
        self._deadline = float("inf")
        self.turns: list[tuple[float, int, str, Branch, int | None]] = []
        self._order = 0
        self.ready: deque[tuple[str, Branch, int | None]] = deque()
        self.root = self._rooted(as_json(given, "the execution's input"))
        self._start(abort_after_seconds)

    def _rooted(self, given: Any) -> Branch:
        setting = self.setting
        name = self.new_id()
        kind = ":express:" if self.machine.express else ":execution:"
        arn = f"{setting.machine_arn.replace(':stateMachine:', kind)}:{name}"
        context = {
            "Id": arn,
            "Input": given,
            "Name": name,
            "RoleArn": setting.role or f"arn:aws:iam::{setting.account}:role/StateMachine",
            "StartTime": written(after(setting.later)),
            "RedriveCount": 0,
        }
        at_start = given if self._section.state_input is ABSENT else self._section.state_input
        variables = dict(self._section.variables)
        return Branch(self.machine, at_start, variables, context, self.history, express=self.machine.express)

    def _start(self, abort_after_seconds: float | None) -> None:
        limit = self.machine.timeout_seconds
        if self.machine.express:
            limit = min(limit or EXPRESS_SECONDS, EXPRESS_SECONDS)
        if limit is not None:
            self.plan(self.now + limit, "expire", self.root, turn=None)
        if abort_after_seconds is not None:
            self.plan(self.now + abort_after_seconds, "abort", self.root, turn=None)
        self.history.events += 1
        self.weigh(self.root.input, "input", "")
        self.go(self.root, self._section.start_at or self.machine.start)

    # What others ask of an execution.

    @property
    def ended(self) -> bool:
        return self.status != RUNNING

    @property
    def time(self) -> datetime:
        """The virtual time."""
        return after(self.setting.later + self.now)

    def note(self, state: str, text: str) -> None:
        """Put a line of one's own into the timeline."""
        self.history.add(Line(self.now, state, text))

    def run(self, *, timeout_seconds: float = 60, pause: Callable[[Call], bool] | None = None) -> bool:
        """Go on to the end, or to before a call.

        Args:
            timeout_seconds: How long this may really take.
            pause: Asked before each call whether to stand still before it; `run` goes on behind it.

        Returns:
            True if the execution has ended.

        Raises:
            TimeoutError: It took longer.
        """
        self._deadline = time.monotonic() + timeout_seconds
        self._pause = pause
        before = DEADLINE.set(self._deadline)
        try:
            while self.status == RUNNING:
                if time.monotonic() > self._deadline:
                    raise TimeoutError(f"the execution did not end within {timeout_seconds} s")
                if not self._next():
                    return False
        finally:
            DEADLINE.reset(before)
        return True

    def copy(self, player: Player) -> Execution:
        """The same execution as far as it has come, to go on by itself with *player*."""
        other = copy.copy(self)
        other.player = player
        other.history = self.history.copy()
        other.numbers = copy.copy(self.numbers)
        other.reads = self.reads.copy()
        other._settle(self.history)  # noqa: SLF001 - another of its kind
        return other

    def _settle(self, history: History) -> None:
        """Have all that was shared with the execution that this is a copy of, and *history* of, once more."""
        self._around = Surroundings(self.numbers)
        self._pause = None
        self.root, known = copies(self.root)
        for made in known.values():
            if made.counter is history:
                made.counter = self.history
        turns = ((at, order, action, known.get(id(branch)), turn) for at, order, action, branch, turn in self.turns)
        self.turns = [(at, order, action, branch, turn) for at, order, action, branch, turn in turns if branch]
        heapq.heapify(self.turns)
        ready = ((action, known.get(id(branch)), turn) for action, branch, turn in self.ready)
        self.ready = deque((action, branch, turn) for action, branch, turn in ready if branch)

    def redrive(self, player: Player | None = None) -> None:
        """Begin again where it did not succeed, with what had succeeded until then: run it anew.

        Raises:
            ValueError: Step Functions redrives no such execution.
        """
        if self.machine.express:
            raise ValueError("an Express execution cannot be redriven; start a new one")
        if self.status not in {FAILED, TIMED_OUT, ABORTED}:
            raise ValueError(f"an execution that is {self.status} cannot be redriven; only one that did not succeed")
        if self.history.events >= MAX_EVENTS - 1:
            raise ValueError(
                f"an execution with {self.history.events:,} history events cannot be redriven; start a new one"
            )
        self.player = player or self.player
        self.redrives += 1
        self.status, self.output, self.error, self.cause = RUNNING, None, None, None
        self.turns.clear()
        self.ready.clear()
        self.root.execution = {**self.root.execution, "RedriveCount": self.redrives, "RedriveTime": written(self.time)}
        self.history.events += 1
        self.note("", "redriven")
        if self.machine.timeout_seconds is not None:
            self.plan(self.now + self.machine.timeout_seconds, "expire", self.root, turn=None)
        groups.resume(self, self.root)

    # What the parts of the interpreter ask of it.

    @property
    def seconds_left(self) -> float:
        """Seconds that the execution may really go on."""
        return max(self._deadline - time.monotonic(), 0.001)

    @property
    def moment(self) -> Moment:
        return Moment(self.time.timestamp() * 1000, self.numbers, self.seconds_left)

    def new_id(self) -> str:
        """A UUID."""
        return str(uuid.UUID(int=self.numbers.getrandbits(128), version=4))

    def plan(self, at: float, action: str, branch: Branch, *, turn: int | None) -> None:
        """Let something happen to a branch at a time, unless its turn is over by then."""
        self._order += 1
        heapq.heappush(self.turns, (at, self._order, action, branch, turn))

    def soon(self, action: str, branch: Branch, *, first: bool = True) -> None:
        """Let something happen to a branch now, before or after all else that is to happen now."""
        (self.ready.appendleft if first else self.ready.append)((action, branch, branch.turn))

    def go(self, branch: Branch, state: str) -> None:
        """Let a branch enter a state."""
        branch.to = state
        self.soon("enter", branch)

    def stands_before(self, call: Call) -> bool:
        return self._pause is not None and self._pause(call)

    def count(self, branch: Branch, events: int) -> None:
        """Take down so many events.

        Raises:
            StateError: The history is full: States.Runtime.
        """
        counter = branch.counter
        if counter.events + events >= MAX_EVENTS and not branch.express:
            counter.events = MAX_EVENTS - 1
            raise StateError(RUNTIME, HISTORY_FULL)
        counter.events += events

    def scope(self, branch: Branch, value: Any, item: dict[str, Any] | None = None) -> Scope:
        """Return all that a field of the branch's state sees, where $ is *value*."""
        return Scope(
            value,
            branch.variables,
            lambda: self.context(branch, item),
            lambda: self.moment,
            self._around,
            reads=self.reads,
        )

    def context(self, branch: Branch, item: dict[str, Any] | None = None) -> dict[str, Any]:
        """The context object."""
        state = branch.state
        name = state.name if state else ""
        told: dict[str, Any] = {"EnteredTime": written(after(branch.entered_at)), "Name": name}
        if state is not None and state.counts_retries:
            told["RetryCount"] = branch.attempt
        arn = branch.machine_arn or self.setting.machine_arn
        found = {
            "Execution": branch.execution,
            "StateMachine": {"Id": arn, "Name": arn.rpartition(":")[2]},
            "State": told,
        }
        if (of_map := item or branch.item) is not None:
            found["Map"] = {"Item": of_map}
        if state is not None and state.resource is not None and state.resource.waits:
            branch.token = branch.token or self.new_id()
            found["Task"] = {"Token": branch.token}
        return found

    def weigh(self, value: Any, what: str, state: str) -> int:
        """The size of a payload, which is taken down."""
        size = self.sizes.of(value)
        self.history.weigh(size, what, state)
        return size

    def fit(self, branch: Branch, value: Any) -> None:
        """Refuse what is more than a state may hand on."""
        name = branch.state.name if branch.state else ""
        if self.weigh(value, "output", name) > LARGEST_PAYLOAD:
            told = "returned a result with a size exceeding the maximum number of bytes service limit."
            raise StateError(DATA_LIMIT, f"The state/task '{name}' {told}")

    def leave(self, branch: Branch, output: Any, to: str | None, *, kept: bool = False) -> None:
        """Leave the state that a branch is in.

        Args:
            branch: The branch.
            output: What the state hands on.
            to: The state behind it; None where it is the last.
            kept: Whether what nobody read of the input is still there.
        """
        self.fit(branch, output)
        if not kept and output is not branch.input and branch.parent is None:
            self.reads.note_loss()
        self.count(branch, 1)
        steps.over(self, branch, ENDED_WELL)
        branch.input, branch.group = output, None
        if to is not None:
            self.go(branch, to)
            return
        branch.status, branch.output = SUCCEEDED, output
        branch.turn += 1
        if branch.parent is not None:
            groups.succeeded(self, branch)
            return
        self.history.events += 1
        self.status, self.output = SUCCEEDED, output

    def assign(self, branch: Branch, variables: dict[str, Any]) -> None:
        """Give values to variables, behind all that still sees the ones before."""
        if sum(map(self.sizes.of, variables.values())) > LARGEST_PAYLOAD:
            told = f"The variables {', '.join(variables)} are larger than {LARGEST_PAYLOAD} bytes together."
            raise StateError(DATA_LIMIT, told)
        branch.variables = {**branch.variables, **variables}
        if sum(map(self.sizes.of, branch.variables.values())) > MOST_OF_VARIABLES:
            raise StateError(DATA_LIMIT, f"All variables together are larger than {MOST_OF_VARIABLES} bytes.")

    def end(self, status: str, error: str | None = None, cause: str | None = None) -> None:
        """Let the execution end without an output."""
        self.status, self.error, self.cause = status, error, cause
        self.history.events += 1

    # How an execution goes on.

    def _next(self) -> bool:
        """Let the next thing happen; False before a call where it is to stand still."""
        if self.ready:
            action, branch, turn = self.ready.popleft()
        elif self.turns:
            at, _, action, branch, turn = heapq.heappop(self.turns)
            if turn is not None and turn != branch.turn:
                return True
            self.now = max(self.now, at)
        else:
            raise RuntimeError("the execution waits for something that never comes")
        if turn is not None and turn != branch.turn:
            return True
        call = branch.call if action == "play" else None
        if call is not None and self.paused is not call and self.stands_before(call):
            self.paused = call
            self.soon("play", branch)
            return False
        self.paused = None
        try:
            _ACTIONS[action](self, branch)
        except StateError as error:
            catching.failed(self, branch, catching.told(branch, error))
        return True

    def enter(self, branch: Branch) -> None:
        """Enter the state that a branch goes to, or stop before it."""
        if branch.to != self._section.stop_before:
            steps.enter(self, branch)
            return
        self.note("", f"stopped before {branch.to}")
        self.status, self.output, self.variables = STOPPED, branch.input, branch.variables

    def expire(self, branch: Branch) -> None:
        """End what has taken as long as it may."""
        if branch is self.root:
            groups.stop(self, branch)
            self.end(TIMED_OUT)
        elif branch.status == RUNNING:
            groups.stop(self, branch)
            branch.status = FAILED
            groups.failed(self, branch, StateError(TIMEOUT))

    def abort(self, branch: Branch) -> None:
        """End as if somebody had stopped the execution."""
        groups.stop(self, branch)
        self.note("", "aborted")
        self.end(ABORTED)


_ACTIONS: Final[dict[str, Any]] = {
    "enter": Execution.enter,
    "again": steps.attempt,
    "play": tasks.play,
    "ended": tasks.ended,
    "timeout": tasks.timed_out,
    "waited": steps.waited,
    "iterate": groups.iterate,
    "joined": groups.joined,
    "expire": Execution.expire,
    "abort": Execution.abort,
}
"""Everything that can happen to a branch."""
