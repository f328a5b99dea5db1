"""SageMakerTask: the one Task state that calls an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.state import TaskArguments, TaskPlan, TaskState

from aws_cdk import Annotations
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from constructs_sm.actions import Action

    from constructs import Construct
    from typing_extensions import Unpack


class SageMakerTask(sfn.CustomState):
    """The one state that calls a SageMaker API: a Task with retries, and grants wherever it ends up.

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
        super().__init__(scope, construct_id, state_json=state.json)
        state.identity.state_id = lambda: self.state_id
        for identifier, warning in state.warnings:
            Annotations.of(self).add_warning_v2(f"constructs-sm:{identifier}", warning)

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        super()._when_bound_to_graph(graph)
        self._state.scope.register(graph, self._state.grants)
