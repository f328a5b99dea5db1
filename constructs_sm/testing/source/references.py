"""References of a template that is not deployed, spelled out as something a rehearsal can check."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.source.templates import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")
_ARNS = {
    "AWS::DynamoDB::Table": "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    "AWS::ECR::Repository": "arn:{partition}:ecr:{region}:{account}:repository/{name}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{name}",
    "AWS::KMS::Key": "arn:{partition}:kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "arn:{partition}:lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "arn:{partition}:logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "arn:{partition}:s3:::{name}",
    "AWS::SNS::Topic": "arn:{partition}:sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "arn:{partition}:sqs:{region}:{account}:{name}",
    "AWS::Serverless::Function": "arn:{partition}:lambda:{region}:{account}:function:{name}",
    "AWS::Serverless::StateMachine": "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
    "AWS::StepFunctions::Activity": "arn:{partition}:states:{region}:{account}:activity:{name}",
    "AWS::StepFunctions::StateMachine": "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
}
"""What the Arn of a resource looks like, by its type."""
_REFERRED_TO_BY_ARN = frozenset(
    {
        "AWS::SNS::Topic",
        "AWS::Serverless::StateMachine",
        "AWS::StepFunctions::Activity",
        "AWS::StepFunctions::StateMachine",
    }
)
_NAMES = (
    "BucketName",
    "FunctionName",
    "LogGroupName",
    "QueueName",
    "RoleName",
    "StateMachineName",
    "TableName",
    "TopicName",
)


def partition_of(region: str) -> str:
    """The partition that a Region is in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def references_of(template: Mapping[str, Any], *, region: str, account: str) -> dict[str, str]:
    """What the references of a template stand for: names and ARNs as CloudFormation would make them up."""
    found = {
        name: str(parameter["Default"])
        for name, parameter in template.get("Parameters", {}).items()
        if parameter.get("Default")
    }
    where = {"partition": partition_of(region), "region": region, "account": account}
    for logical_id, resource in template.get("Resources", {}).items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        given = next((properties[name] for name in _NAMES if isinstance(properties.get(name), str)), None)
        name = given or (logical_id if kind == "AWS::IAM::Role" else logical_id.lower())
        if kind in _ARNS:
            arn = _ARNS[kind].format(name=name, **where)
            found |= {f"{logical_id}.Arn": arn, f"{logical_id}.Name": name}
            found[logical_id] = arn if kind in _REFERRED_TO_BY_ARN else name
            if kind == "AWS::SQS::Queue":
                found[logical_id] = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
    return found


def exports_of(templates: Iterable[Mapping[str, Any]], *, region: str, account: str) -> dict[str, str]:
    """What templates export, by the names under which others import it."""
    found: dict[str, str] = {}
    for template in templates:
        references = references_of(template, region=region, account=account)
        for output in template.get("Outputs", {}).values():
            if "Export" in output:
                name, value = text_of(output["Export"]["Name"]), text_of(output["Value"])
                found[resolved(name, references, region=region, account=account)] = resolved(
                    value, references, region=region, account=account
                )
    return found


def resolved(
    value: Any,
    references: Mapping[str, str] | None = None,
    *,
    region: str = "us-east-1",
    account: str = "123456789012",
) -> Any:
    """*value* (a definition, a policy) with every ``${...}`` replaced.

    Args:
        value: Anything JSON can hold.
        references: What to put for ``LogicalId`` or ``LogicalId.Arn``; a resource that is not named here is taken for
            a role where its Arn is asked for, and for something of its own name elsewhere.
        region: For ``AWS::Region``.
        account: For ``AWS::AccountId``.
    """
    known = {
        "AWS::Partition": partition_of(region),
        "AWS::Region": region,
        "AWS::AccountId": account,
        "AWS::URLSuffix": "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com",
        "AWS::StackName": "stack",
        **(references or {}),
    }

    def text(reference: re.Match[str]) -> str:
        logical_id, _, attribute = reference[1].partition(".")
        is_arn = attribute == "Arn"
        assumed = f"arn:{known['AWS::Partition']}:iam::{account}:role/{logical_id}" if is_arn else logical_id.lower()
        return json.dumps(known.get(reference[1], assumed))[1:-1]

    return json.loads(_REFERENCE.sub(text, json.dumps(value)))
