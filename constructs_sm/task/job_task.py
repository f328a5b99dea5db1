"""JobTask: the task of a job, which lets the job end itself before the state machine is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.task.custom_states import catching_in_jsonata, with_output
from constructs_sm.task.task import SageMakerTask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from constructs_sm.task.job import SageMakerJob
    from constructs_sm.task.task_state import TaskState

    from aws_cdk import aws_stepfunctions as sfn


class JobTask(SageMakerTask):
    """The task of a job, which lets the job end itself before the state machine is drawn."""

    def __init__(self, job: SageMakerJob, construct_id: str, state: TaskState) -> None:
        self._job = job
        self._is_closed = False
        self.refusals: tuple[sfn.State, str] | None = None
        self.catch_beside: Callable[[sfn.State], None] = _nobody
        """Lets another state of the job lead to the handler of refusals."""
        self._catchers: list[tuple[sfn.IChainable, list[str] | None, dict[str, Any]]] = []
        self._be(job, construct_id, state)

    @property
    def kept_as(self) -> str | None:
        """The job as the table of kept results has it; None: nothing is kept of it."""
        return None if self._state.reuse is None else self._state.identity.path

    @property
    def catchers(self) -> list[tuple[sfn.IChainable, list[str] | None, dict[str, Any]]]:
        """The catchers of the user's: handler, errors and settings."""
        handler = None if self.refusals is None else self.refusals[0]
        return [catcher for catcher in self._catchers if catcher[0] is not handler]

    def add_catch(
        self, handler: sfn.IChainable, *, errors: Sequence[str] | None = None, **settings: Any
    ) -> sfn.CustomState:
        """Go on to *handler* when the task fails for good, or its job cannot be described."""
        added = super().add_catch(handler, errors=errors, **settings)
        self._catchers.append((handler, list(errors) if errors else None, settings))
        return added

    def lead_refusals(self, handler: sfn.State, variable: str, catch: Callable[[sfn.State], None]) -> None:
        """Let an output that is refused go to *handler*, which finds job, error and cause in *variable*.

        Args:
            handler: The first state of what handles failures.
            variable: Read by it.
            catch: Lets another state lead there.
        """
        self.refusals, self.catch_beside = (handler, variable), catch
        if self._is_closed:
            self._job._hand_over()  # noqa: SLF001  (one thing in two classes)
            self._job._hand_description_over()  # noqa: SLF001

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        described = self._job._described()  # noqa: SLF001
        self._between = None if described is None else described.task
        # First, what handles its failures: the job asks for it when it closes.
        super()._when_bound_to_graph(graph)
        self._is_closed = True
        with self._job.unnoticed():
            self._job._close_description()  # noqa: SLF001
            self._job._close()  # noqa: SLF001
        if described is not None:
            # The CDK does not know that the task leads there. Last, since what a Choice gets later stays outside.
            described.task.bind_to_graph(graph)


def _nobody(_: sfn.State) -> None:
    """Handle nothing."""


class _JsonataJobTask(JobTask):
    """The same in JSONata. Apart, since what is overridden costs every job that does not need it."""

    def add_catch(
        self, handler: sfn.IChainable, *, errors: Sequence[str] | None = None, **settings: Any
    ) -> sfn.CustomState:
        """Go on to *handler*; `outputs` say what it gets."""
        return super().add_catch(handler, errors=errors, **with_output(settings))

    def to_state_json(self, top_level_query_language: sfn.QueryLanguage | None = None) -> dict[Any, Any]:
        return catching_in_jsonata(super().to_state_json(top_level_query_language))


def task_of(job: SageMakerJob, construct_id: str, state: TaskState) -> JobTask:
    """Make the task of *job*, in its query language."""
    return (_JsonataJobTask if state.jsonata else JobTask)(job, construct_id, state)
