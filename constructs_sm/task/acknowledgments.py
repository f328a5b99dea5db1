"""Reasons for what checks of templates would warn of in vain: wildcards in policies, and `${}` in definitions."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any, cast

from constructs_sm.grants.statements import listed

import jsii
from aws_cdk import Acknowledgment, CfnElement, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import IValidation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs_sm.grants.statements import Grant
    from constructs_sm.language.machines import Json

    from aws_cdk import aws_stepfunctions as sfn
    from constructs import IConstruct

_PLACEHOLDER = re.compile(r"\$\{([^${}]+)\}")


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
            if "*" in resource and grant.wildcard:
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


def acknowledge_texts(machine: sfn.CfnStateMachine, definition: Json) -> None:
    """Say to the CDK's check of templates that `${HOME}` in a definition is meant for a shell, and not for Fn::Sub.

    Not where CloudFormation has something of that name: whoever wrote it there may believe that it is replaced.
    """
    names = set(_PLACEHOLDER.findall(json.dumps(definition)))
    replaceable = {name for name in names if name.startswith("AWS::")}
    if names and not replaceable and names.isdisjoint(_logical_ids(machine)):
        acknowledgment = Acknowledgment(
            id="CloudFormation-Validate::E1029",
            reason="what stands in ${} in this definition is text, for whoever the state machine hands it to",
        )
        # An older CDK does not know the check, nor its id.
        with contextlib.suppress(RuntimeError):
            Validations.of(machine).acknowledge(acknowledgment)


def _logical_ids(machine: sfn.CfnStateMachine) -> set[str]:
    stack = Stack.of(machine)
    elements = [cast("CfnElement", each) for each in stack.node.find_all() if CfnElement.is_cfn_element(each)]
    return {str(stack.resolve(element.logical_id)) for element in elements if Stack.of(element) == stack}


def _resources_of(document: Mapping[str, Any]) -> list[str]:
    return [_as_nag_spells(resource) for s in document["Statement"] for resource in listed(s["Resource"])]


def _acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    acknowledgments = [
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-IAM5[Resource::{resource}]", reason=why)
        for resource, why in reasons.items()
    ]
    if not acknowledgments:
        return
    try:
        Validations.of(construct).acknowledge(*acknowledgments)
    except RuntimeError as refused:
        # An older CDK takes no id of one resource, and so none of its findings can be acknowledged one by one.
        if "InvalidValidationId" not in str(refused):
            raise


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
