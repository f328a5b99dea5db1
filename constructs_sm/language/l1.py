"""L1 constructs, as CfnKey: told by their names, and refused where one of the library takes the L2 or its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from constructs_sm.language.errors import NOTHING, Problem, shown

L1: Final = "an L1 construct"
"""The words by which messages say so."""
_INSTEAD: Final = {
    "CfnKey": "its .attr_arn, or kms.Key.from_key_arn(scope, id, key.attr_arn)",
    "CfnAlias": "kms.Alias.from_alias_name(scope, id, alias.alias_name)",
    "CfnBucket": "s3.Bucket.from_cfn_bucket(bucket)",
    "CfnRole": "iam.Role.from_role_arn(scope, id, role.attr_arn)",
    "CfnTopic": "sns.Topic.from_topic_arn(scope, id, topic.attr_topic_arn)",
    "CfnVPC": "ec2.Vpc.from_vpc_attributes(scope, id, vpc_id=vpc.attr_vpc_id, ...)",
    "CfnSubnet": "its .attr_subnet_id",
    "CfnSecurityGroup": "its .attr_group_id",
    "CfnRepository": "ecr.Repository.from_repository_name(scope, id, repository.ref)",
    "CfnFunction": "lambda_.Function.from_function_arn(scope, id, function.attr_arn)",
    "CfnStateMachine": "JobPipeline.from_state_machine_arn(scope, id, machine.attr_arn)",
    "CfnManagedPolicy": "iam.ManagedPolicy.from_managed_policy_arn(scope, id, policy.ref)",
}
_OTHERWISE: Final = "the L2 construct, or its ARN, id or name as a text"
_DEEPEST: Final = 4


def l1_problem(name: str, value: object) -> Problem | None:
    """The problem of an argument that is an L1 construct; None if it is none."""
    kinds = [kind.__name__ for kind in type(value).__mro__]
    if "CfnElement" not in kinds:
        return None
    kind = next((kind for kind in kinds if kind in _INSTEAD), kinds[0])
    use = f"pass {_INSTEAD.get(kind, _OTHERWISE)}"
    return Problem(f"{name} is a {kind}, {L1}", NOTHING, use, "argument-type")


def l1_problems(arguments: Mapping[str, Any]) -> Iterator[Problem]:  # noqa: C901  (a call less for every value)
    """Find the L1 constructs among arguments, and in what these are made of."""
    # No recursion: every construct is made through here.
    waiting: list[tuple[str, Any, int]] = []
    for name, value in reversed(list(arguments.items())):
        waiting.append((name, value, 0))
    while waiting:
        name, value, depth = waiting.pop()
        if value is None or isinstance(value, (str, int, float)) or depth > _DEEPEST:
            continue
        if isinstance(value, Mapping):
            for key in reversed(list(value)):
                spelled = repr(key) if type(key) is str else shown(key)
                waiting.append((f"{name}[{spelled}]", value[key], depth + 1))
        elif isinstance(value, (list, tuple)):
            for number in range(len(value) - 1, -1, -1):
                waiting.append((f"{name}[{number}]", value[number], depth + 1))  # noqa: PERF401
        elif fields := getattr(type(value), "__dataclass_fields__", None):
            for field in reversed(list(fields)):
                waiting.append((f"{name}.{field}", getattr(value, field, None), depth + 1))  # noqa: PERF401
        elif type(value).__module__.startswith("aws_cdk") and (problem := l1_problem(name, value)) is not None:
            yield problem
