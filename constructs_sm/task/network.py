"""Security groups of a job: those it was given, or one of its own where only a VPC was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, where_of
from constructs_sm.language.late_bound import Computed

import jsii

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct

GROUPS = "SecurityGroupIds"
_COUNT = "InstanceCount"


class Connectable:
    """Stand for `ec2.IConnectable` where jsii is told what a class implements.

    The interface itself would bring its module with it, 20 MiB of memory that few pipelines have any use for.
    """

    __jsii_type__ = "aws-cdk-lib.aws_ec2.IConnectable"

    @property
    @jsii.member(jsii_name="connections")
    def connections(self) -> ec2.Connections:
        """The security groups."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class OwnSecurityGroup:
    """Stand in a request for the security group that a job makes in *vpc* once nothing is wrong."""

    vpc: ec2.IVpc

    @property
    def security_group_id(self) -> str:
        """The text in its place until then: a token to whoever checks it."""
        return f"${{Token[SecurityGroup.{id(self.vpc)}]}}"

    def make(self, job: Construct, number: int) -> ec2.SecurityGroup:
        """Make it, the *number*th of the job."""
        from aws_cdk import aws_ec2 as ec2  # noqa: PLC0415 - see Connectable

        name = f"SecurityGroup{number if number > 1 else ''}"
        return ec2.SecurityGroup(job, name, vpc=self.vpc, description=f"Of {job.node.path}")


def groups_in(fields: Mapping[str, Any] | None) -> list[Any]:
    """Find the security groups in the fields of a request, as they were given."""
    found: list[Any] = []
    left: list[Any] = [fields]
    while left:
        value = left.pop()
        if isinstance(value, (list, tuple)):
            left += value
        elif isinstance(value, Mapping):
            groups = value.get(GROUPS, ())
            found += groups if isinstance(groups, (list, tuple)) else [groups]
            left += value.values()
    return found


def works_together(fields: Any) -> bool:
    """Tell whether a request has instances that talk to each other: more than one for one job, or perhaps so."""
    if isinstance(fields, (list, tuple)):
        return any(map(works_together, fields))
    if not isinstance(fields, Mapping):
        return False
    if _COUNT in fields:
        return bool(fields[_COUNT] != 1)
    return len(fields.get("InstanceGroups") or ()) > 1 or any(map(works_together, fields.values()))


def admit_members(group: ec2.ISecurityGroup) -> None:
    """Let the members of a group talk to each other, as AWS demands of distributed jobs.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html
    """
    from aws_cdk import aws_ec2 as ec2  # noqa: PLC0415 - see Connectable

    # Groups made here are open outbound, so that a rule for that as well would be warned of as having no effect.
    group.add_ingress_rule(group, ec2.Port.all_traffic(), "Instances of one job")


def groups_path(job: Construct, request: Mapping[str, Any], path: Sequence[str]) -> str:
    """Give the path of the groups in the request of a job, as an override names it.

    Args:
        job: The job.
        request: Its request.
        path: Where the API has the VPC of the one job that it begins.

    Raises:
        InvalidInputError: The request has more than that one.
    """
    there: Any = request
    for name in path:
        there = there.get(name) if isinstance(there, Mapping) else None
    if not path or not isinstance(there, Mapping):
        use = "pass security_groups= where each of its networks is said"
        problem = Problem("a job in several networks is put into no further group", NOTHING, use, "job-in-vpc")
        raise InvalidInputError(where_of(type(job).__name__, job), [problem])
    return ".".join((*path, GROUPS))


def connections_of(job: Construct, ids: Sequence[Any], known: Sequence[ec2.ISecurityGroup]) -> ec2.Connections:
    """Make the connections of a job in the groups *ids*, of which it has *known* as constructs.

    Raises:
        InvalidInputError: It is in no VPC, or in groups that are known at run time only.
    """
    from aws_cdk import aws_ec2 as ec2  # noqa: PLC0415 - see Connectable

    where = where_of(type(job).__name__, job)
    if not ids:
        use = "pass vpc= to the job, or to its PipelineStack"
        raise InvalidInputError(where, [Problem("a job in no VPC has no connections", NOTHING, use, "job-in-vpc")])
    if any(isinstance(each, Computed) for each in ids):
        use = "pass the groups at synthesis, or open their connections where they are made"
        raise InvalidInputError(where, [Problem("security groups are known at run time only", ids, use, "job-in-vpc")])
    by_id = {group.security_group_id: group for group in known}
    imported = [each for each in dict.fromkeys(ids) if each not in by_id]
    groups = [by_id[each] for each in dict.fromkeys(ids) if each in by_id]
    groups += [
        ec2.SecurityGroup.from_security_group_id(job, f"GivenSecurityGroup{number or ''}", str(each))
        for number, each in enumerate(imported)
    ]
    return ec2.Connections(security_groups=groups)
