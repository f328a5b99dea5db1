"""InputGuard: nothing runs, and nothing costs, before the execution's input is what it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import raise_all, where_of
from constructs_sm.task.fragment import CheckedFragment, ClosingCheck
from constructs_sm.task.path_tokens import token_of
from constructs_sm.task.query_language import is_jsonata_language
from constructs_sm.task.scope import JobScope
from constructs_sm.values.input_schema import InputSchema
from constructs_sm.values.names import LONGEST_STATE_NAME, id_problems
from constructs_sm.values.outputs import ExecutionInput, TaskIdentity

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.values.inputs import Input

    from constructs import Construct

_CHECK = "{}: ValidateInput"
_REFUSED = "{}: InvalidInput"
_LONGEST_ID = LONGEST_STATE_NAME - len(_CHECK.format(""))
_JSONATA = sfn.QueryLanguage.JSONATA


def input_of(
    scope: Construct,
    schema: InputSchema,
    guard: TaskIdentity,
    name: str,
    query_language: sfn.QueryLanguage | None,
) -> ExecutionInput:
    """Make an input that later states are given, and take note that it is asked for.

    Args:
        scope: Where the states that check the input are, or will be.
        schema: The inputs that there are.
        guard: These states.
        name: Of the input.
        query_language: That of a state of the CDK.

    Raises:
        InvalidInputError: There is no such input.
    """
    schema.named(name, guard.path)
    found = ExecutionInput.of(guard, name)
    jobs = JobScope.of(scope)
    jobs.watch_order()
    jobs.output_order.ask(guard, name, f"$.{name}", (f"$.{name}", f"$states.input.{name}"), is_input=True)
    return found.tokened(token_of, in_jsonata=is_jsonata_language(query_language))


class InputGuard(CheckedFragment):
    """The first states of a state machine: fill in the defaults, and end FAILED with what is wrong with the input.

    Three states: a Pass, named like the construct; a Choice, `<id>: ValidateInput`; and a Fail, `<id>: InvalidInput`,
    whose cause names every wrong input, what was got and what was wanted. They are in JSONata, in a state machine of
    either query language. What is chained after it finds the input, completed with the defaults.

    An input that was not declared is refused, unless *others_allowed*: misspelt, it would be replaced by its default
    without a word. Null is a value like any other, and none that an input may have.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the first state; at most 65 characters.
        inputs: Each input, by its key: `{"rounds": Input.integer(1, 500, default=100)}`.
        others_allowed: Whether the execution's input may hold more, as one that an event starts. Default: no.

    Raises:
        InvalidInputError: An input has no plain name, or is no Input, or the construct id is too long.

    Example:
        `guard = InputGuard(stack, "CheckInput", inputs={"dataset": Input.string()})`, then
        `TrainingJob(..., inputs={"train": guard["dataset"]})` and `guard.next(train)`.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, inputs: Mapping[str, Input], others_allowed: bool = False
    ) -> None:
        self._schema = InputSchema(inputs, others_allowed)
        self._where = where_of(type(self).__name__, scope, construct_id)
        raise_all(self._where, [*self._schema.problems(), *id_problems(construct_id, _LONGEST_ID)])
        super().__init__(scope, construct_id)
        checked = {
            "Type": "Pass",
            "QueryLanguage": "JSONata",
            "Comment": self._schema.text(),
            "Output": self._schema.checked(),
        }
        self._read = sfn.CustomState(self, construct_id, state_json=checked)
        self._choice = ClosingCheck(self, _CHECK.format(construct_id), _JSONATA, self)
        self._refused = sfn.Fail(
            self,
            _REFUSED.format(construct_id),
            query_language=_JSONATA,
            error="InvalidInput",
            cause="{% $join($states.input.problems, '; ') %}",
        )
        self._identity = TaskIdentity(self._where, construct_id, "", lambda: self._read.state_id)
        self._read.next(self._choice)

    def __getitem__(self, name: str) -> ExecutionInput:
        """An input as later states say it, in JSONPath.

        Raises:
            InvalidInputError: There is no such input.
        """
        return self.value(name)

    def value(self, name: str, *, query_language: sfn.QueryLanguage | None = None) -> ExecutionInput:
        """An input for later states. Jobs spell it in their own language; states of the CDK are told in which.

        A state inside a Map sees the item in place of the input: hand the input on by the Map's item selector. A FanOut
        does so by itself.

        Args:
            name: As it was declared.
            query_language: That of a state of the CDK. Default: JSONPath.

        Raises:
            InvalidInputError: There is no such input.
        """
        return input_of(self, self._schema, self._identity, name, query_language)

    @property
    def description(self) -> str:
        """All inputs in one line, as for the comment of a state machine."""
        return self._schema.text()

    @property
    def json_schema(self) -> dict[str, Any]:
        """All inputs as JSON Schema."""
        return self._schema.json_schema()

    @property
    def start_state(self) -> sfn.State:
        return self._read

    def _accept(self, state: sfn.State) -> None:
        accepted = sfn.Condition.jsonata("{% $count($states.input.problems) = 0 %}")
        self._choice.when(accepted, state, outputs="{% $states.input.input %}")

    def _close(self) -> None:
        self._succeed(self._read)
        self._choice.otherwise(self._refused)
