"""SageMakerTask: the one Task state that calls an action."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.language.error_names import ALL
from constructs_sm.language.paths import name_of
from constructs_sm.rollback import WholeOrNotMade
from constructs_sm.task.overruling import tell
from constructs_sm.task.task_plan import TaskPlan

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.actions import Action
    from constructs_sm.task.arguments import TaskArguments
    from constructs_sm.task.task_state import TaskState

    from constructs import Construct
    from typing_extensions import Unpack


class SageMakerTask(WholeOrNotMade, sfn.CustomState):
    """One Task state that calls a SageMaker API, with retries, and with grants for the state machine it ends up in.

    It is a plain state: chain it, catch its errors, put it in a Map. A job (`TrainingJob`, ...) is this with a check of
    the output behind it.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state, and the key of its result.
        action: A row of `constructs_sm.actions.ACTIONS`.
        arguments: See `TaskArguments`. `parameters` hold the whole request but for name and role.

    Raises:
        InvalidInputError: The integration pattern is not offered, a name is none SageMaker takes, a field is given
            twice, or a setting does not go with the query language. The request itself is checked by jobs only.

    Grants: to the state machine role, AWS's documented statements for the API, scoped to the job's name, and
        `sagemaker:AddTags`; to the execution role, if none is given, what the request reads, writes, pulls and
        decrypts.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, action: Action, **arguments: Unpack[TaskArguments]
    ) -> None:
        plan = TaskPlan(type(self).__name__, scope, construct_id, action, arguments)
        plan.check()
        self._be(scope, construct_id, plan.state())

    def _be(self, scope: Construct, construct_id: str, state: TaskState) -> None:
        self._state = state
        self._catches_all = False
        self._name = state.identity.name
        if self._name != name_of(construct_id):
            self.__class__ = _named_apart(type(self))
        super().__init__(scope, construct_id, state_json=state.json)
        state.identity.state_id = lambda: self.prefixed_name
        tell(self, state.warnings)

    @property
    def is_jsonata(self) -> bool:
        """Tell whether the state's query language is JSONata."""
        return self._state.jsonata

    @property
    def prefixed_name(self) -> str:
        """The state's name with its prefixes: as `state_id`, without a message over the bridge."""
        return self._name

    def add_prefix(self, x: str) -> None:
        """Put *x* before the state's name, as the CDK does for `prefix_states`."""
        self._name = f"{x}{self._name}"
        super().add_prefix(x)

    @property
    def catches_all(self) -> bool:
        """Tell whether every error of it that can be caught is caught."""
        return self._catches_all

    def add_catch(
        self, handler: sfn.IChainable, *, errors: Sequence[str] | None = None, **settings: Any
    ) -> sfn.CustomState:
        """Go on to *handler* when the task fails for good.

        Args:
            handler: What to do then.
            errors: Error names. Default: `States.ALL`.
            settings: `assign` and `result_path`, as the CDK has them.
        """
        self._catches_all = self._catches_all or not errors or ALL in errors
        return super().add_catch(handler, errors=list(errors) if errors else None, **settings)

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        super()._when_bound_to_graph(graph)
        self._state.scope.register(graph, self._state.grants)
        self._state.scope.wiring.run.add(self._state.identity)
        if not self._catches_all:
            self._state.scope.uncaught.catch(self, graph)


@cache
def _named_apart(task: type[SageMakerTask]) -> type[SageMakerTask]:
    """Make the class of tasks whose states are not named by their ids, which a CustomState of the CDK cannot be.

    Apart, since what is overridden costs every task that does not need it.
    """

    class NamedApart(task):  # type: ignore[valid-type, misc]
        @property
        def state_id(self) -> str:
            return str(self.prefixed_name)

    NamedApart.__name__ = task.__name__
    return NamedApart
