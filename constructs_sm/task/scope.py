"""What jobs that stand in one scope share: an execution role, the beginning of their names, and policy statements."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.environment import arns_of, parent_of, stack_of
from constructs_sm.grants.execution_role import execution_base_grants
from constructs_sm.grants.statements import Grant, listed
from constructs_sm.task.wiring import Wiring

import jsii
from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import IValidation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from constructs_sm.actions import Action
    from constructs_sm.values.s3 import S3Location

    from constructs import Construct, IConstruct

_SCOPES: dict[IConstruct, JobScope] = {}
_WIRINGS: dict[IConstruct, Wiring] = {}


class JobScope:
    """The surroundings of jobs: a stack, or what was opened around them (a pipeline stack).

    Args:
        owner: Where the shared execution role is made, should a job need one.
        name_prefix: The literal beginning of the default name of every job in here, so that one statement an API serves
            them all, however many they are. None: every job keeps its own.
        data: Where jobs write that are not told where.
        vpc: Where jobs run that are not told where, as SageMaker's VpcConfig.
    """

    def __init__(
        self,
        owner: Construct,
        *,
        name_prefix: str | None = None,
        data: S3Location | None = None,
        vpc: Mapping[str, Any] | None = None,
    ) -> None:
        self._owner = owner
        self.name_prefix = name_prefix
        self.data = data
        stack = self._stack = stack_of(owner)
        self.wiring = _WIRINGS.setdefault(stack, Wiring())
        self._vpc = vpc
        self.arns = arns_of(stack)
        self._execution_role: iam.Role | None = None
        self._role_arns: dict[iam.IRole, str] = {}
        self._execution_grants: dict[Grant, None] = {}
        self._statements: dict[Grant, iam.PolicyStatement] = {}
        self._registered: dict[str, dict[Grant, None]] = {}
        self._acknowledged: set[Grant] = set()
        self._folders: dict[str, str] = {}
        self.starts_executions = False
        """Whether there is a distributed map of ours, or a task that runs another pipeline."""
        _SCOPES[owner] = self

    @staticmethod
    def of(scope: IConstruct) -> JobScope:
        """The innermost JobScope around *scope*; a stack is its own scope."""
        found = _SCOPES.get(scope)
        if found is None:
            found = JobScope(stack_of(scope)) if Stack.is_stack(scope) else JobScope.of(parent_of(scope))
            _SCOPES[scope] = found
        return found

    def watch_wiring(self) -> None:
        """Have it checked, when the stack is synthesized, that what jobs leave is there where it is used."""
        if not self.wiring.watched:
            self.wiring.watched = True
            self._stack.node.add_validation(_Wired(self._stack, self.wiring))

    def defaults(self, action: Action, defaults: Mapping[str, Any]) -> Mapping[str, Any]:
        """What fills a request of *action* in here: its own *defaults*, and the VPC."""
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
                "SageMakerExecutionRole",
                assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
                description="Assumed by SageMaker to run the jobs of this stack",
            )
            pending = (*execution_base_grants(self.arns), *self._execution_grants)
            self._execution_grants = dict.fromkeys(pending)
            for grant in pending:
                self._execution_role.add_to_policy(self.statement(grant))
        return self._execution_role

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
                if self._execution_role is not None:
                    self._execution_role.add_to_policy(self.statement(grant))

    def folder(self, name: str, path: str) -> str:
        """The folder that the construct at *path* would call *name*: its own, where another has that name already."""
        if self._folders.setdefault(name, path) == path:
            return name
        return f"{name}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"

    def register(self, graph: sfn.StateGraph, grants: Iterable[Grant]) -> None:
        """Give *grants* to the state machine that *graph* ends up in."""
        reference = reference_of(graph)
        registered = self._registered.get(reference)
        if registered is None:
            registered = self._registered[reference] = {}
            # A state machine takes shape: the jobs are there, and so is all they need of their role.
            self._acknowledge_execution()
        for grant in grants:
            if grant not in registered:
                registered[grant] = None
                graph.register_policy_statement(self.statement(grant))

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


@jsii.implements(IValidation)
class _Wired:
    def __init__(self, stack: Stack, wiring: Wiring) -> None:
        self._stack = stack
        self._wiring = wiring

    def validate(self) -> list[str]:
        machines = [found for found in self._stack.node.find_all() if isinstance(found, sfn.CfnStateMachine)]
        texts = self._stack.resolve([machine.definition_string for machine in machines])
        return self._wiring.problems(filter(None, map(definition_of, texts)))


def definition_of(resolved: Any) -> dict[str, Any] | None:
    """A state machine's definition, with a word for each reference in it; None if it stands elsewhere."""
    if isinstance(resolved, dict):
        separator, parts = resolved.get("Fn::Join", ("", ()))
        resolved = separator.join(part if isinstance(part, str) else "reference" for part in parts)
    try:
        definition = json.loads(resolved)
    except (TypeError, ValueError):
        return None
    return definition if isinstance(definition, dict) else None


@cache
def construct_path(scope: IConstruct) -> str:
    """Where a construct stands. Asked once, however many jobs stand in it: two messages."""
    return str(scope.node.path)


def reference_of(value: Any) -> str:
    """What tells an object of the CDK from all others: the same one may come over the bridge as several of ours."""
    return str(value.__jsii_ref__.ref)


def acknowledge_wildcards(role: iam.IRole, grants: Iterable[Grant]) -> None:
    """Say to cdk-nag, if it ever asks, why resources in the policy of *role* are not spelled out.

    Only of those that *grants* gave it: what others add to the role is theirs to explain.
    """
    policy = role.node.try_find_child("DefaultPolicy")
    if not isinstance(policy, iam.Policy):
        return
    reasons: dict[str, dict[str, None]] = {}
    for grant in grants:
        for resource in grant.resources:
            if "*" in resource:
                reasons.setdefault(resource, {})[grant.wildcard] = None
    given, document = Stack.of(role).resolve([list(reasons), policy.document])
    spelled = _resources_of(document)
    _acknowledge(
        role,
        {
            said: "; ".join(why)
            for said, why in zip(map(_as_nag_spells, given), reasons.values(), strict=True)
            if said in spelled
        },
    )


@jsii.implements(IValidation)
class AcknowledgedExecutions:
    """The same of what the CDK grants on executions of a distributed map or another pipeline: they have no names yet.

    As a validation, since only at synthesis is it settled how a state machine of another stack is spelled.
    """

    def __init__(self, machine: sfn.StateMachine) -> None:
        self._machine = machine

    def validate(self) -> list[str]:
        machine = self._machine
        for holder, name in ((machine, "DistributedMapPolicy"), (machine.role, "DefaultPolicy")):
            policy = holder.node.try_find_child(name)
            if isinstance(policy, iam.Policy):
                document = Stack.of(machine).resolve(policy.document)
                of_executions = [s for s in document["Statement"] if str(listed(s["Action"])[0]).startswith("states:")]
                resources = _resources_of({"Statement": of_executions})
                why = "Step Functions names the executions; the CDK grants them"
                _acknowledge(policy, {resource: why for resource in resources if "*" in resource[1:]})
        return []


def _resources_of(document: Mapping[str, Any]) -> list[str]:
    return [_as_nag_spells(resource) for s in document["Statement"] for resource in listed(s["Resource"])]


def _acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    acknowledgments = [
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-IAM5[Resource::{resource}]", reason=why)
        for resource, why in reasons.items()
    ]
    if acknowledgments:
        Validations.of(construct).acknowledge(*acknowledgments)


def _as_nag_spells(value: Any) -> str:
    """A resolved ARN as cdk-nag writes it in the id of a finding: references as `<LogicalId.Arn>`."""
    if isinstance(value, str):
        return value
    ((function, operand),) = value.items()
    if function == "Fn::Join":
        return str(operand[0]).join(_as_nag_spells(part) for part in operand[1])
    if function == "Fn::Sub" and isinstance(operand, str):
        return re.sub(r"\$\{([^}]+)\}", r"<\1>", operand)
    if function in ("Ref", "Fn::GetAtt"):
        return f"<{operand if isinstance(operand, str) else '.'.join(operand)}>"
    return json.dumps(value, separators=(",", ":"))
