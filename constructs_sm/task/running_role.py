"""The role of a state machine, to grant to before there is one: what its states may do besides what they need."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_sm.environment import arns_of, reference_of, stack_of
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, where_of
from constructs_sm.rollback import undone_by

import jsii
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct

_RULE = "execution-role-of-ours"


@jsii.implements(iam.IPrincipal)
class RunningRole:
    """The role of the state machine, or machines, that states of ours end up in.

    What is granted is kept until the states are bound to a graph, with which it comes to the role.

    Args:
        states: The construct that they are in.
    """

    def __init__(self, states: Construct) -> None:
        self._states = states
        self._where = where_of(type(states).__name__, states)
        self._account = arns_of(stack_of(states)).account
        self._statements: list[iam.PolicyStatement] = []
        self._graphs: set[str] = set()

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The principal itself."""
        return self

    @property
    def assume_role_action(self) -> str:
        """The action by which Step Functions gets the role."""
        return "sts:AssumeRole"

    @property
    def principal_account(self) -> str | None:
        """The account of the states, which is that of the role."""
        return self._account

    @property
    def policy_fragment(self) -> iam.PrincipalPolicyFragment:
        """The role in a policy of a resource: it is not known yet.

        Raises:
            InvalidInputError: Always.
        """
        use = "grant to the state machine or pipeline once it is made"
        raise self._wrong("the role is not there yet, for the policy of a resource to name", use)

    def add_to_policy(self, statement: iam.PolicyStatement) -> bool:
        """Let the state machine do more; always done."""
        return bool(self.add_to_principal_policy(statement).statement_added)

    def add_to_principal_policy(self, statement: iam.PolicyStatement) -> iam.AddToPrincipalPolicyResult:
        """Let the state machine do more.

        Raises:
            InvalidInputError: It is made already.
        """
        if self._graphs:
            use = "grant to that: bucket.grant_read(pipeline), or to the sfn.StateMachine"
            raise self._wrong("a state machine has been made of it already", use)
        self._statements.append(statement)
        return iam.AddToPrincipalPolicyResult(statement_added=True, policy_dependable=self._states)

    def bind_to_graph(self, graph: sfn.StateGraph) -> None:
        """Give all that is granted to the state machine that *graph* ends up in."""
        reference = reference_of(graph)
        if reference not in self._graphs:
            self._graphs.add(reference)
            undone_by(partial(self._graphs.discard, reference))
            for statement in self._statements:
                graph.register_policy_statement(statement)

    def _wrong(self, what: str, use: str) -> InvalidInputError:
        return InvalidInputError(self._where, [Problem(what, NOTHING, use, _RULE)])


class RunsInMachine:
    """States that call services under the role of the state machine they end up in, and are granted as that role."""

    _running_role: RunningRole | None = None

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The state machine role, for grants before there is one: `bucket.grant_read(gate)`.

        Raises:
            InvalidInputError: It calls nothing.
        """
        states: Any = self
        if not self._is_granted:
            problem = Problem("it calls nothing that could be granted", NOTHING, "grant to the pipeline", _RULE)
            raise InvalidInputError(where_of(type(self).__name__, states), [problem])
        if self._running_role is None:
            self._running_role = RunningRole(states)
        return self._running_role

    @property
    def _is_granted(self) -> bool:
        """Tell whether a state of it comes with grants."""
        return True

    def bind_grants(self, graph: sfn.StateGraph) -> None:
        """Hand what is granted on to the state machine that *graph* ends up in."""
        if self._running_role is not None:
            self._running_role.bind_to_graph(graph)
