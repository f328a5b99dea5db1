"""Limits that a state machine meets: what AWS refuses at deployment for its size, and waits longer than an execution.

The CDK itself refuses a stack of more than 500 resources. Of a template that is too large it only tells, and it splits
the policy of a role into managed ones until nothing takes them any more.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from constructs_sm.environment import reference_of
from constructs_sm.language.errors import Problem
from constructs_sm.language.machines import LARGEST_DEFINITION, states_of
from constructs_sm.values.names import LONGEST_STATE_NAME

from aws_cdk import CfnResource
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aws_cdk import Stack

TEMPLATE_BYTES = 1_000_000
"""CloudFormation's page says 1 MB; the service names the number: https://github.com/aws-samples/aws-vpc-cidr-mgmt/issues/10."""
_LARGE = 900_000
MANAGED_POLICIES = 10
"""Of a role; on request 20."""
_NEST = "run a part of it as a pipeline of its own, in a stack of its own, with JobPipeline.task"
DAY = 86_400
"""Seconds of an execution, where nobody says otherwise."""
_FEWER_NAMES = "let its jobs share a prefix: make them in the pipeline, or in a PipelineStack"


def of_machine(
    resource: sfn.CfnStateMachine, stack: Stack, resolved: Any, definition: Mapping[str, Any]
) -> Iterator[Problem]:
    """Find what of a state machine is more than AWS takes, or longer than its own time.

    Args:
        resource: The state machine.
        stack: The stack that it is in.
        resolved: Its definition as the template has it.
        definition: The same, read.
    """
    around = resource.node.scope
    here = f"state machine '{resource.node.path if around is None else around.node.path}'"
    found = [
        *problems_of(resolved, lambda: _bytes_beside(stack, resource)),
        *unnameable(definition),
        *cut_short(definition),
    ]
    # What has no room in the inline policy of a role, the CDK puts into managed ones of these names.
    overflowing = f"OverflowPolicy{MANAGED_POLICIES + 1}"
    if isinstance(around, sfn.StateMachine) and around.role.node.try_find_child(overflowing) is not None:
        what = f"IAM takes {MANAGED_POLICIES} managed policies for the state machine role"
        found.append(Problem(what, f"{MANAGED_POLICIES + 1} or more", _FEWER_NAMES, "limit-managed-policies"))
    for problem in found:
        yield replace(problem, what=f"{here}: {problem.what}")


def _bytes_beside(stack: Stack, machine: sfn.CfnStateMachine) -> int:
    """Count the bytes that the properties of all other resources of a template have at least."""
    own = reference_of(machine)
    resources = [found for found in stack.node.find_all() if isinstance(found, CfnResource)]
    others = [found._cfn_properties for found in resources if reference_of(found) != own]  # noqa: SLF001  (protected)
    properties = stack.resolve(others)
    return len(json.dumps(properties, separators=(",", ":"), ensure_ascii=False).encode())


def unnameable(definition: Mapping[str, Any]) -> Iterator[Problem]:
    """The states whose names are too long: a prefix is put before what was short enough."""
    for name, _ in states_of(definition):
        if len(name) > LONGEST_STATE_NAME:
            what = f"Step Functions takes state names of {LONGEST_STATE_NAME} characters"
            yield Problem(
                what,
                name,
                "shorten the construct id, or the prefix: to_single_state(prefix_states=...)",
                "limit-state-name",
            )


def problems_of(definition: Any, beside: Callable[[], int] = int) -> Iterator[Problem]:
    """Find problems with the size of a definition: a text, or a `Fn::Join` of texts and references.

    A reference counts as what it is at least: nothing. So nothing is refused that AWS would take.

    Args:
        definition: As the template has it.
        beside: Tells how many bytes of the template are something else. Asked where it can matter, since that takes a
            message a resource. Default: none are.
    """
    parts = definition["Fn::Join"][1] if isinstance(definition, dict) else [definition]
    size = sum(len(part.encode()) for part in parts if isinstance(part, str))
    if size > LARGEST_DEFINITION:
        what = f"Step Functions takes definitions of {LARGEST_DEFINITION:,} bytes"
        yield Problem(what, size, _NEST, "limit-definition-size")
    in_the_template = len(json.dumps(definition, ensure_ascii=False).encode())
    if in_the_template > _LARGE:
        in_the_template += beside()
    if in_the_template > TEMPLATE_BYTES:
        what = f"CloudFormation takes templates of {TEMPLATE_BYTES:,} bytes, and the definition is a part of one"
        yield Problem(what, in_the_template, _NEST, "limit-template-size")


def cut_short(definition: Mapping[str, Any]) -> Iterator[Problem]:
    """The states of *definition* whose timeout is never reached, since the execution ends before."""
    limit = definition.get("TimeoutSeconds")
    if limit is None:
        return
    for name, state in states_of(definition):
        seconds = state.get("TimeoutSeconds")
        if isinstance(seconds, int) and seconds >= limit:
            what = f"'{name}' may wait more seconds than the {limit} after which the execution ends"
            use = f"pass timeout=Duration.days({seconds // DAY + 1}) to the pipeline, or let the state wait less"
            yield Problem(what, seconds, use, "timeout-never-reached")
