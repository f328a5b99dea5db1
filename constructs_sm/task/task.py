"""SageMakerTask: the one Task state that calls an action."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.environment import reference_of
from constructs_sm.language.error_names import ALL
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, raise_all
from constructs_sm.language.jsonata_checks import STATES_FIELDS
from constructs_sm.language.late_bound import LATE
from constructs_sm.language.paths import name_of
from constructs_sm.requests.rendering import render
from constructs_sm.rollback import WholeOrNotMade, tell_in_words, undone_by
from constructs_sm.task.changes import Changes, deleted, path_in_state, policy_of
from constructs_sm.task.custom_states import NamedState, is_chainable
from constructs_sm.task.jsii_overrides import make_in_cdk
from constructs_sm.task.overruling import tell
from constructs_sm.task.path_tokens import json_path_of
from constructs_sm.task.task_plan import TaskPlan

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.actions import Action
    from constructs_sm.retry import RetryPolicy
    from constructs_sm.task.arguments import TaskArguments
    from constructs_sm.task.task_state import TaskState

    from constructs import Construct
    from typing_extensions import Unpack

_CHANGED = "Changed"


class SageMakerTask(WholeOrNotMade, NamedState):
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
        self._changes: Changes | None = None
        self._between: sfn.State | None = None
        """A state that stands between it and the one that the CDK knows to follow it."""
        self._is_bound = False
        self._name = state.identity.name
        if self._name != name_of(construct_id):
            self.__class__ = _named_apart(type(self))
        make_in_cdk(self, scope, construct_id, state_json=state.json)
        state.identity.state_id = lambda: self.prefixed_name
        tell(self, state.warnings)

    @property
    def is_jsonata(self) -> bool:
        """Tell whether the state's query language is JSONata."""
        return self._state.jsonata

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

        Raises:
            InvalidInputError: It is no handler, or the errors are no list of names.
        """
        names = () if errors is None else errors
        if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
            use = "pass a list: ['States.TaskFailed']"
            problem = Problem("errors must be a list of names", errors, use, "argument-type")
            raise InvalidInputError(self._where("catch"), [problem])
        if not is_chainable(handler):
            problem = Problem("handler must be a state", handler, "pass a job, a state or a chain", "argument-type")
            raise InvalidInputError(self._where("catch"), [problem])
        try:
            super().add_catch(handler, errors=list(names) or None, **settings)
        except (TypeError, RuntimeError) as error:
            tell_in_words(error, type(self).__name__, (self,))
            raise
        self._catches_all = self._catches_all or not names or ALL in names
        return self

    def add_retry(self, policy: RetryPolicy | None = None, **retrier: Any) -> sfn.CustomState:
        """Retry what *policy*, or what the CDK's `add_retry` takes, says; asked before the retriers it has.

        `States.ALL` goes to the end, where Step Functions wants it.

        Args:
            policy: The retrier.
            retrier: In place of a policy: `errors` (default: `States.ALL`), `interval`, `max_attempts`,
                `backoff_rate`, `max_delay` and `jitter_strategy`, as the CDK has them.

        Raises:
            InvalidInputError: Step Functions takes no such retrier, or a state machine or Map has the task already.
        """
        made = policy_of(self._where("retry"), policy, **retrier)
        self._changed("retry").retriers.append(made)
        return self

    def add_override(self, path: str, value: Any) -> sfn.CustomState:
        r"""Set a field of the state to anything, as Amazon States Language has it: `add_override` of a CfnResource.

        Nothing checks what is set, and no grant follows from it.

        Args:
            path: Names with dots between them: `TimeoutSeconds`, `Retry.0.MaxAttempts`. An item of a list is named by
                its number, a dot in a name is written `\.`.
            value: The value; None is JSON's null. Paths and tokens of the CDK may stand in it.

        Raises:
            InvalidInputError: There is no such path, or a state machine or Map has the task already.
        """
        return self._overridden(path_in_state(self._where("override"), path), value)

    def add_deletion_override(self, path: str) -> sfn.CustomState:
        """Leave a field of the state out. See `add_override`."""
        deleted(self._changed("override"), path_in_state(self._where("override"), path))
        return self

    def add_parameter_override(self, path: str, value: Any) -> sfn.CustomState:
        """Set a field of the request, also one that the model of SageMaker does not know. See `add_override`.

        Args:
            path: As `ResourceConfig.InstanceCount`; `TrainingJobName.$` is set to a path in JSONPath.
            value: The value.
        """
        return self._overridden([self._request_field, *path_in_state(self._where("override"), path)], value)

    def add_parameter_deletion_override(self, path: str) -> sfn.CustomState:
        """Leave a field of the request out. See `add_override`."""
        inside = path_in_state(self._where("override"), path)
        deleted(self._changed("override"), [self._request_field, *inside])
        return self

    @property
    def _request_field(self) -> str:
        return "Arguments" if self._state.jsonata else "Parameters"

    def _overridden(self, path: list[str], value: Any) -> sfn.CustomState:
        changes = self._changed("override")
        if value is None:
            # The bridge drops a null; the CDK has a token for it.
            value = sfn.JsonPath.DISCARD
        else:
            rendered = render(
                {},
                {"value": value},
                scope=self,
                jsonata=self._state.jsonata,
                json_path_of=json_path_of,
                at=path[-1],
                sees=frozenset(STATES_FIELDS),
            )
            raise_all(self._where("override"), rendered.problems)
            self._state.use(rendered.outputs)
            ((name, value),) = rendered.to_state(jsonata=self._state.jsonata).items()
            path = [*path[:-1], f"{path[-1].removesuffix(LATE)}{LATE}"] if name.endswith(LATE) else path
        changes.overrides.append((path, value))
        return self

    def _where(self, change: str) -> str:
        return f"{change} of '{self._state.identity.path}'"

    def _changed(self, change: str) -> Changes:
        if self._is_bound:
            use = "say it before a state machine, or the item_processor of a Map, takes the task"
            problem = Problem("the task is in a state machine already", NOTHING, use, "state-goes-on-already")
            raise InvalidInputError(self._where(change), [problem])
        if self._changes is None:
            self._changes = Changes()
        return self._changes

    def _when_bound_to_graph(self, graph: sfn.StateGraph) -> None:
        self._is_bound = True
        self._state.scope.register(graph, self._state.grants)
        if self._changes is None and self._between is None and not self._state.scope.unseen:
            super()._when_bound_to_graph(graph)
        else:
            _Changed(self, self._changes or Changes(), self._between)._when_bound_to_graph(graph)  # noqa: SLF001  (a state of ours)
        self._state.scope.output_order.run[self._state.identity] = reference_of(graph)
        if not self._catches_all:
            self._state.scope.uncaught.catch(self, graph)


class _Changed(sfn.CustomState):
    """The state that a graph renders in the place of a task that was changed.

    Apart, since a task whose rendering is overridden is a callback for every job, and few are changed.
    """

    def __init__(self, task: SageMakerTask, changes: Changes, between: sfn.State | None) -> None:
        self._task = task
        self._changes = changes
        self._between = between
        super().__init__(task, _CHANGED, state_json={})
        undone_by(lambda: task.node.try_remove_child(_CHANGED))

    @property
    def state_id(self) -> str:
        return self._task.prefixed_name

    def to_state_json(self, top_level_query_language: sfn.QueryLanguage | None = None) -> dict[Any, Any]:
        # All states are in their graphs now, and none of those behind this one is drawn.
        self._task._state.scope.refuse_unseen()  # noqa: SLF001  (a state of ours)
        state = self._task.to_state_json(top_level_query_language)
        if self._between is not None:
            state = {"Next": self._between.state_id, **{key: state[key] for key in state if key not in ("Next", "End")}}
        return self._changes.applied_to(state)


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
