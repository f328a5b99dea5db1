"""What jobs that stand in one scope share: an execution role, the beginning of their names, and policy statements."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from constructs_sm.errors import InvalidInputError, Problem
from constructs_sm.iam import Arns, Grant, execution_base_grants

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import IConstruct

    from constructs_sm.s3 import S3Location

_SCOPES: WeakKeyDictionary[IConstruct, JobScope] = WeakKeyDictionary()


class JobScope:
    """The surroundings of jobs: a stack, or what was opened around them (a pipeline stack).

    Args:
        owner: Where the shared execution role is made, should a job need one.
        name_prefix: The literal beginning of the default name of every job in here, so that one statement an API serves
            them all, however many they are. None: every job keeps its own.
        data: Where jobs write that are not told where.
    """

    def __init__(
        self, owner: IConstruct, *, name_prefix: str | None = None, data: S3Location | None = None
    ) -> None:
        self._owner = owner
        self.name_prefix = name_prefix
        self.data = data
        stack = Stack.of(owner)
        self.arns = Arns(stack.partition, stack.region, stack.account)
        self._execution_role: iam.Role | None = None
        self._execution_grants: dict[Grant, None] = {}
        self._statements: dict[Grant, iam.PolicyStatement] = {}
        self._registered: WeakKeyDictionary[sfn.StateGraph, set[Grant]] = WeakKeyDictionary()
        _SCOPES[owner] = self

    @staticmethod
    def of(scope: IConstruct) -> JobScope:
        """The innermost JobScope around *scope*; a stack is one by itself."""
        found = _SCOPES.get(scope)
        if found is None:
            parent = None if Stack.is_stack(scope) else scope.node.scope
            if parent is None and not Stack.is_stack(scope):
                raise InvalidInputError(
                    f"{type(scope).__name__} '{scope.node.path}'",
                    [Problem("a job must stand in a stack", scope.node.path, "pass a stack, or something in one, as scope")],
                )
            found = JobScope(scope) if parent is None else JobScope.of(parent)
            _SCOPES[scope] = found
        return found

    def execution_role(self) -> iam.Role:
        """The role SageMaker runs the jobs of this scope under: made once, with least privilege."""
        if self._execution_role is None:
            self._execution_role = iam.Role(
                self._owner,
                "SageMakerExecutionRole",
                assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
                description="Assumed by SageMaker to run the jobs of this stack",
            )
            pending = (*execution_base_grants(self.arns), *self._execution_grants)
            self._execution_grants = dict.fromkeys(pending)
            for grant in pending:
                self._execution_role.add_to_policy(self.statement(grant))
        return self._execution_role

    def grant_execution(self, grants: Iterable[Grant]) -> None:
        """Let the execution role of this scope do more; kept until there is one.

        A batch transform has no role of its own: it reads and writes under its model's, which may be made later, or may
        stand elsewhere.
        """
        for grant in grants:
            if grant not in self._execution_grants:
                self._execution_grants[grant] = None
                if self._execution_role is not None:
                    self._execution_role.add_to_policy(self.statement(grant))

    def register(self, graph: sfn.StateGraph, grants: Iterable[Grant]) -> None:
        """Give *grants* to the state machine that *graph* ends up in."""
        registered = self._registered.setdefault(graph, set())
        for grant in grants:
            if grant not in registered:
                registered.add(grant)
                graph.register_policy_statement(self.statement(grant))

    def statement(self, grant: Grant) -> iam.PolicyStatement:
        """*grant* as the CDK knows it: one object, however many jobs have it."""
        statement = self._statements.get(grant)
        if statement is None:
            statement = self._statements[grant] = iam.PolicyStatement.from_json(grant.to_policy())
        return statement
