"""The permissions of the execution roles in a template."""

from __future__ import annotations

from constructs_sm.testing.source.templates import spelled_out

from aws_cdk.assertions import Template

PULL = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}


def granted(stack):
    """What execution roles may do: actions by resource."""
    resources: dict[str, set[str]] = {}
    template = Template.from_stack(stack)
    for policy in template.find_resources("AWS::IAM::Policy").values():
        if "SageMakerExecutionRole" not in str(policy["Properties"]["Roles"]):
            continue
        for statement in spelled_out(policy["Properties"]["PolicyDocument"]["Statement"]):
            for resource in listed(statement["Resource"]):
                resources.setdefault(resource, set()).update(listed(statement["Action"]))
    return resources


def statements_with(stack, action):
    template = Template.from_stack(stack)
    return [
        statement
        for policy in template.find_resources("AWS::IAM::Policy").values()
        for statement in spelled_out(policy["Properties"]["PolicyDocument"]["Statement"])
        if action in listed(statement["Action"])
    ]


def listed(value):
    return [value] if isinstance(value, str) else value
