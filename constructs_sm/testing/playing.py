"""One execution together with the account that it plays in, so that both can go on in more ways than one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.testing.run import Run, recent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from constructs_sm.interpreter.calls import Call
    from constructs_sm.interpreter.execution import Execution
    from constructs_sm.interpreter.history import History, Moment
    from constructs_sm.testing.world.account import Account

_SECONDS = 60
"""Seconds that an execution may really take, of which nobody says otherwise."""


class Playing:
    """One execution and its account.

    Args:
        execution: The execution, whose player is *account*.
        account: Its account, in which others may have run before.
        reckoned_with: The errors that each state catches by their names.
        watch: Told each line of the timeline of a redrive.
        before: What the account was asked earlier in the same execution.
    """

    def __init__(
        self,
        execution: Execution,
        account: Account,
        reckoned_with: Mapping[str, frozenset[str]],
        *,
        watch: Callable[[Moment], None] | None = None,
        before: tuple[list[Any], ...] = ([], [], []),
    ) -> None:
        self.execution = execution
        self.account = account
        self._reckoned_with = reckoned_with
        self._watch = watch
        self._before = before
        self._texts: dict[int, tuple[Any, str]] = {}
        self._marks = [len(record) for record in account.records]
        account.tell(execution.note)

    def copy(self) -> Playing:
        """The same as far as it has come, to go on by itself in an account of its own."""
        account = self.account.copy()
        other = object.__new__(Playing)
        other.__dict__.update(self.__dict__)
        other.account, other.execution = account, self.execution.copy(account)
        account.tell(other.execution.note)
        return other

    def run(self, *, timeout_seconds: float = _SECONDS) -> Run:
        """Go on to the end."""
        self.account.tell(self.execution.note)
        self.execution.run(timeout_seconds=timeout_seconds)
        return self.ended()

    def go_on(self, pause: Callable[[Call], bool]) -> Call | None:
        """Go on to the end, or to before a call for which *pause* holds: that call."""
        if self.execution.run(timeout_seconds=_SECONDS, pause=pause):
            return None
        return self.execution.paused

    def called_since(self, earlier: Playing) -> set[str]:
        """The states that have called something since the execution stood where *earlier* stands."""
        requests, _, calls = (
            record[len(before) :] for record, before in zip(self.account.records, earlier.account.records, strict=True)
        )
        return {called[0] for called in (*requests, *calls)}

    def redriven(self, *, timeout_seconds: float = _SECONDS) -> Run:
        """The end of the same execution, begun again where it did not succeed."""
        execution = self.execution.copy(self.account)
        execution.history.watch = self._watch
        self.account.tell(execution.note)
        execution.redrive(self.account)
        other = Playing(execution, self.account, self._reckoned_with, watch=self._watch, before=self._asked)
        return other.run(timeout_seconds=timeout_seconds)

    def ended(self) -> Run:
        """The run that it has become."""
        self._asked = tuple(
            [*before, *record[mark:]]
            for before, record, mark in zip(self._before, self.account.records, self._marks, strict=True)
        )
        execution = self.execution
        return self._run(execution.history, self._asked, execution, execution.output, again=self.redriven)

    def ended_as(self, other: Run, met: Playing, shift: float, output: Any) -> Run:
        """The run that it becomes if it goes on as *other* did from where *met* stands.

        Args:
            other: A run that has ended.
            met: The same as it stood where this one stands.
            shift: Seconds by which this one is later.
            output: What it yields.
        """
        history = self.execution.history
        history.go_on_as(other.history, met.execution.history, shift, self._called)
        ended_with: tuple[list[Any], ...] = other.requests, other.left_running, other.calls
        asked = tuple(
            [*mine[mark:], *others[len(before) - mark :]]
            for mine, others, before, mark in zip(
                self.account.records, ended_with, met.account.records, self._marks, strict=True
            )
        )
        return self._run(history, asked, other, output, seconds=other.seconds + shift)

    @property
    def _called(self) -> str:
        """The state before whose call it stands."""
        return self.execution.paused.state if self.execution.paused else ""

    def _run(
        self,
        history: History,
        asked: tuple[list[Any], ...],
        end: Execution | Run,
        output: Any,
        *,
        seconds: float | None = None,
        again: Callable[[], Run] | None = None,
    ) -> Run:
        requests, left_running, calls = asked
        run = Run(
            status=end.status,
            output=output,
            error=end.error,
            cause=end.cause,
            states=history.states,
            waits=history.retry_waits,
            pauses=history.state_waits,
            requests=requests,
            left_running=left_running,
            calls=calls,
            seconds=self.execution.now if seconds is None else seconds,
            history=history,
            reckoned_with=self._reckoned_with,
            variables=end.variables,
            again=again,
            texts=self._texts,
        )
        recent.append(run)
        return run
