"""Steps: constructs of ours that are no jobs, as it is judged whether a state machine comes to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_sm.rollback import undone_by
from constructs_sm.task.scope import JobScope

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs import IConstruct


@dataclass(eq=False, slots=True)
class Step:
    """A construct that is no job, and one of its states.

    Attributes:
        construct: The construct.
        state_name: The name of the state, without what is put before it: an execution that comes to the construct
            comes to this state.
        state_id: Asks for the name with what is put before it.
        calls: Whether its states call services, in the account and Region of the state machine.
        is_bound: Whether it stands in a state machine, a Map or a Parallel.
    """

    construct: IConstruct
    state_name: str
    state_id: Callable[[], str]
    calls: bool = False
    is_bound: bool = False

    def is_known(self) -> Step:
        """Take note of it, to name it if nothing runs it."""
        steps = JobScope.of(self.construct).output_order.steps
        steps[self] = None
        undone_by(self.forget)
        return self

    def forget(self) -> None:
        """Do not name it, whether something runs it or not."""
        JobScope.of(self.construct).output_order.steps.pop(self, None)
