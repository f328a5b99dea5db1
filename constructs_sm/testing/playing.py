"""One execution together with the account that it plays in, so that both can go on in more ways than one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.testing.run import Run, recent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from constructs_sm.interpreter.calls import Call
    from constructs_sm.interpreter.execution import Execution
    from constructs_sm.interpreter.history import Moment
    from constructs_sm.testing.world.account import Account
    from constructs_sm.testing.world.steps import Always, Step

_SECONDS = 60
"""How long an execution may really take, of which nobody says otherwise."""


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
        return self._ended()

    def branches(self, states: Collection[str]) -> tuple[Run, dict[str, Playing]]:
        """Go on to the end, and keep a copy from before the first call of each of *states*."""
        found: dict[str, Playing] = {}

        def is_first(call: Call) -> bool:
            return call.state in states and call.state not in found

        while not self.execution.run(timeout_seconds=_SECONDS, pause=is_first):
            call = self.execution.paused
            assert call is not None  # noqa: S101 - it stands still before one
            found[call.state] = self.copy()
        return self._ended(), found

    def befallen(self, state: str, step: Step | Always) -> Run:
        """The end of a copy in which *step* happens to a state before all that the script says of it."""
        other = self.copy()
        other.account.sagemaker.befall(state, step)
        return other.run()

    def redriven(self, *, timeout_seconds: float = _SECONDS) -> Run:
        """The end of the same execution, begun again where it did not succeed."""
        execution = self.execution.copy(self.account)
        execution.history.watch = self._watch
        self.account.tell(execution.note)
        execution.redrive(self.account)
        other = Playing(execution, self.account, self._reckoned_with, watch=self._watch, before=self._asked)
        return other.run(timeout_seconds=timeout_seconds)

    def _ended(self) -> Run:
        execution = self.execution
        self._asked = tuple(
            [*before, *record[mark:]]
            for before, record, mark in zip(self._before, self.account.records, self._marks, strict=True)
        )
        requests, left_running, calls = self._asked
        history = execution.history
        run = Run(
            status=execution.status,
            output=execution.output,
            error=execution.error,
            cause=execution.cause,
            states=history.states,
            waits=history.retry_waits,
            pauses=history.state_waits,
            requests=requests,
            left_running=left_running,
            calls=calls,
            seconds=execution.now,
            history=history,
            reckoned_with=self._reckoned_with,
            again=self.redriven,
        )
        recent.append(run)
        return run
