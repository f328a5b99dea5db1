"""Things that the jobs of one scope share: an execution role, the beginning of their names, and policy statements."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol

from constructs_sm.environment import arns_of, parent_of, reference_of, stack_of
from constructs_sm.grants.execution_role import execution_base_grants
from constructs_sm.rollback import once_kept, undone_by
from constructs_sm.task.acknowledgments import acknowledge_wildcards
from constructs_sm.task.kept_results import KeptResults
from constructs_sm.task.machines import watch_machines
from constructs_sm.task.output_order import OutputOrder
from constructs_sm.task.overruling import watch
from constructs_sm.task.path_tokens import refuse_misplaced

from aws_cdk import PhysicalName, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from constructs_sm.actions import Action
    from constructs_sm.grants.statements import Grant
    from constructs_sm.values.s3 import S3Location

    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_sns as sns
    from constructs import Construct, IConstruct

_SCOPES: dict[IConstruct, JobScope] = {}
_ORDERS: dict[IConstruct, OutputOrder] = {}
_UNCAUGHT: dict[IConstruct, Uncaught] = {}
_PLAIN_TOPICS: dict[IConstruct, list[sns.Topic]] = {}
_EXECUTION_ROLE = "SageMakerExecutionRole"


@cache
def _named_if_needed() -> str:
    """A name that only what is used in another account or Region gets."""
    return PhysicalName.GENERATE_IF_NEEDED


class Handler(Protocol):
    """Handler of the tasks that have no catch for all errors, among the states of one graph."""

    def catch(self, state: Any) -> None:
        """Let a state lead there."""


class Uncaught:
    """The handlers of what nobody has caught: one for each graph of the state machine that is being made.

    The branches of a Parallel become graphs only then, and the CDK tells of a graph to the states in it alone.
    """

    def __init__(self) -> None:
        self._made: Callable[[str], Handler] | None = None
        self._handlers: dict[str, Handler] = {}

    @contextmanager
    def lead_to(self, make: Callable[[str], Handler]) -> Iterator[None]:
        """Let uncaught tasks lead to a handler, while a state machine is made.

        Args:
            make: Makes that of a graph, and is told the name of the first such task in it.
        """
        self._made, self._handlers = make, {}
        try:
            yield
        finally:
            self._made, self._handlers = None, {}

    def catch(self, state: Any, graph: sfn.StateGraph) -> None:
        """Let a task lead to the handler of its graph, if one is being made."""
        if self._made is None:
            return
        reference = reference_of(graph)
        if reference not in self._handlers:
            self._handlers[reference] = self._made(str(state.prefixed_name))
        self._handlers[reference].catch(state)


class JobScope:
    """The surroundings of jobs: a stack, or what was opened around them (a pipeline stack).

    Args:
        owner: Where the shared execution role is made, should a job need one.
        name_prefix: The literal beginning of the default name of every job in here, so that one statement an API serves
            them all, however many they are. None: every job keeps its own.
        data: Where jobs write that are not told where.
        vpc: Where jobs run that are not told where, as SageMaker's VpcConfig.
        security_group: The group in that VpcConfig, where it was made here.
    """

    def __init__(
        self,
        owner: Construct,
        *,
        name_prefix: str | None = None,
        data: S3Location | None = None,
        vpc: Mapping[str, Any] | None = None,
        security_group: ec2.ISecurityGroup | None = None,
    ) -> None:
        self._owner = owner
        self.name_prefix = name_prefix
        self.data = data
        stack = self._stack = stack_of(owner)
        self.arns = arns_of(stack)
        if stack not in _ORDERS:
            order = _ORDERS[stack] = OutputOrder()
            watch_machines(stack, order)
        self.output_order = _ORDERS[stack]
        # Of the app: jobs of several stacks may stand in one state machine.
        app = stack.node.root
        self.uncaught = _UNCAUGHT.setdefault(app, Uncaught())
        self.plain_topics = _PLAIN_TOPICS.setdefault(app, [])
        """Topics of the app that steps have made without a key, which a pipeline that runs them may have."""
        self._vpc = vpc
        self._security_group = security_group
        self.key: kms.IKey | None = None
        """Encrypts the topics that are made in here; None: none does."""
        self.job_key: str | None = None
        """Encrypts volumes and outputs of jobs that name no key, by its ARN; None: none does."""
        watch(stack)
        watch(owner)
        self._execution_role: iam.Role | None = None
        self._role_arns: dict[iam.IRole, str] = {}
        self._execution_grants: dict[Grant, None] = {}
        self._statements: dict[Grant, iam.PolicyStatement] = {}
        self._registered: dict[str, dict[Grant, None]] = {}
        self.unseen: dict[str, sfn.StateGraph] = {}
        """Graphs with states in which a path may be misplaced, and which the CDK shows when it draws the first."""
        self._acknowledged: set[Grant] = set()
        self._folders: dict[str, str] = {}
        self.kept = KeptResults(owner)
        self.starts_executions = False
        """Tell whether there is a distributed map of ours, or a task that runs another pipeline."""
        _SCOPES[owner] = self

    @staticmethod
    def of(scope: IConstruct) -> JobScope:
        """The innermost JobScope around *scope*; a stack is its own scope."""
        found = _SCOPES.get(scope)
        if found is None:
            found = JobScope(stack_of(scope)) if Stack.is_stack(scope) else JobScope.of(parent_of(scope))
            _SCOPES[scope] = found
        return found

    def watch_order(self) -> None:
        """Have it checked, when the stack is synthesized, that what jobs leave is there where it is used."""
        self.output_order.watched = True

    def groups_of(self, ids: Sequence[Any]) -> list[ec2.ISecurityGroup]:
        """Find the groups among *ids* that jobs have from here."""
        if self._security_group is None or not self._vpc or self._vpc["SecurityGroupIds"][0] not in ids:
            return []
        return [self._security_group]

    def defaults(self, action: Action, defaults: Mapping[str, Any]) -> Mapping[str, Any]:
        """Defaults of a request of *action* in here: its own *defaults*, and the VPC."""
        if self._vpc is None or not action.vpc_path:
            return defaults
        *outer, name = action.vpc_path
        vpc: Mapping[str, Any] = {name: self._vpc}
        for key in outer:
            begun = defaults.get(key, {})
            if begun is None:
                # The job is described in another structure than this one.
                return defaults
            vpc = {key: {**begun, **vpc}}
        return {**defaults, **vpc}

    def execution_role(self) -> iam.Role:
        """The role SageMaker runs the jobs of this scope under: made once, with least privilege."""
        if self._execution_role is None:
            self._execution_role = iam.Role(
                self._owner,
                _EXECUTION_ROLE,
                # Else the CDK's own words about it come before ours about jobs of another Region than their machine.
                role_name=_named_if_needed(),
                assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com", conditions=self._own_resources()),
                description="Assumed by SageMaker to run the jobs of this stack",
            )
            undone_by(partial(self._forget_role, self._execution_grants))
            pending = (*execution_base_grants(self.arns), *self._execution_grants)
            self._execution_grants = dict.fromkeys(pending)
            for grant in pending:
                self._execution_role.add_to_policy(self.statement(grant))
        return self._execution_role

    def _own_resources(self) -> dict[str, dict[str, str]]:
        """Have SageMaker assume a role for resources of this account and Region alone, not for anybody else's."""
        return {
            "StringEquals": {"aws:SourceAccount": self.arns.account},
            "ArnLike": {"aws:SourceArn": self.arns.of("sagemaker", "*")},
        }

    def _forget_role(self, grants: dict[Grant, None]) -> None:
        self._owner.node.try_remove_child(_EXECUTION_ROLE)
        self._execution_role, self._execution_grants = None, grants

    def execution_role_arn(self) -> str:
        """The ARN of that role."""
        return self.arn_of(self.execution_role())

    def arn_of(self, role: iam.IRole) -> str:
        """The ARN of a role that was given; asked for once, however many jobs have the role."""
        if role not in self._role_arns:
            self._role_arns[role] = role.role_arn
        return self._role_arns[role]

    def grant_execution(self, grants: Iterable[Grant]) -> None:
        """Let the execution role of this scope do more; kept until there is one.

        A batch transform has no role of its own: it reads and writes under its model's, which may be made later, or may
        stand elsewhere.
        """
        for grant in grants:
            if grant not in self._execution_grants:
                self._execution_grants[grant] = None
                undone_by(partial(self._execution_grants.pop, grant, None))
                if self._execution_role is not None:
                    once_kept(partial(self._execution_role.add_to_policy, self.statement(grant)))

    def folder(self, name: str, path: str) -> str:
        """The folder that the construct at *path* would call *name*: its own, where another has that name already."""
        if name not in self._folders:
            self._folders[name] = path
            undone_by(partial(self._folders.pop, name, None))
        if self._folders[name] == path:
            return name
        return f"{name}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"

    def register(self, graph: sfn.StateGraph, grants: Iterable[Grant]) -> None:
        """Give *grants* to the state machine that *graph* ends up in."""
        reference = reference_of(graph)
        registered = self._registered.get(reference)
        if registered is None:
            registered = self._registered[reference] = {}
            undone_by(partial(self._registered.pop, reference, None))
            # A state machine takes shape: the jobs are there, and so is all they need of their role.
            self._acknowledge_execution()
            if self.output_order.is_asked and not refuse_misplaced(graph.start_state):
                self.unseen[reference] = graph
                undone_by(partial(self.unseen.pop, reference, None))
        for grant in grants:
            if grant not in registered:
                registered[grant] = None
                graph.register_policy_statement(self.statement(grant))

    def refuse_unseen(self) -> None:
        """Refuse what could not be seen before the state machine is drawn.

        Raises:
            InvalidInputError: A path stands where no state takes one.
        """
        while self.unseen:
            refuse_misplaced(self.unseen.popitem()[1].start_state)

    def state_machine_grants(self) -> Iterator[Grant]:
        """All that state machines have been given for jobs of this scope."""
        for grants in self._registered.values():
            yield from grants

    def _acknowledge_execution(self) -> None:
        if self._execution_role is not None:
            new = [grant for grant in self._execution_grants if grant not in self._acknowledged]
            self._acknowledged.update(new)
            acknowledge_wildcards(self._execution_role, new)

    def statement(self, grant: Grant) -> iam.PolicyStatement:
        """*grant* as the CDK knows it: one object, however many jobs have it."""
        statement = self._statements.get(grant)
        if statement is None:
            statement = self._statements[grant] = iam.PolicyStatement.from_json(grant.to_policy())
        return statement


@cache
def construct_path(scope: IConstruct) -> str:
    """Path of a construct. Asked once, however many jobs stand in it: two messages."""
    return str(scope.node.path)
