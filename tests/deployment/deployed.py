"""What is deployed, as AWS tells it: the definition, and what the state machine's role may do."""

from __future__ import annotations

import json
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .emulator import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .emulator import Emulator

_STATE_MACHINE = "AWS::StepFunctions::StateMachine"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployed state machine."""

    definition: dict[str, Any]
    policy: list[dict[str, Any]]

    @property
    def jobs(self) -> list[str]:
        """The states that wait for a SageMaker job."""
        return list(_waiting(self.definition))


def deployed_state_machine(aws: Emulator, stack_name: str, *, region: str = REGION) -> Deployed:
    """The one state machine of a stack, with all policy documents of its role."""
    stacks = aws.client("cloudformation", region)
    resources = stacks.list_stack_resources(StackName=stack_name)["StackResourceSummaries"]
    (arn,) = (row["PhysicalResourceId"] for row in resources if row["ResourceType"] == _STATE_MACHINE)
    machine = aws.client("stepfunctions", region).describe_state_machine(stateMachineArn=arn)
    role_name = machine["roleArn"].rpartition("/")[2]
    return Deployed(json.loads(machine["definition"]), list(_policy_documents(aws.client("iam"), role_name)))


def _waiting(definition: dict[str, Any]) -> Iterator[str]:
    for name, state in definition.get("States", {}).items():
        resource = state.get("Resource", "")
        if ":sagemaker:" in resource and resource.endswith(".sync"):
            yield name
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {})):
            yield from _waiting(inner)


def _policy_documents(iam: Any, role_name: str) -> Iterator[dict[str, Any]]:
    for name in iam.list_role_policies(RoleName=role_name)["PolicyNames"]:
        yield _document(iam.get_role_policy(RoleName=role_name, PolicyName=name)["PolicyDocument"])
    for attached in iam.list_attached_role_policies(RoleName=role_name)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        yield _document(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _document(document: Any) -> dict[str, Any]:
    """One policy document, which botocore decodes only where the service has encoded it."""
    parsed: dict[str, Any] = json.loads(urllib.parse.unquote(document)) if isinstance(document, str) else document
    return parsed
