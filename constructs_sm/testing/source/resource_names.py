"""Names and ARNs of resources that are not deployed yet, as CloudFormation would make them up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.language.arns import partition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ARNS = {
    "AWS::Batch::JobDefinition": "arn:{partition}:batch:{region}:{account}:job-definition/{name}:1",
    "AWS::Bedrock::Guardrail": "arn:{partition}:bedrock:{region}:{account}:guardrail/{name}",
    "AWS::CodeBuild::Project": "arn:{partition}:codebuild:{region}:{account}:project/{name}",
    "AWS::DynamoDB::GlobalTable": "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    "AWS::ECS::Service": "arn:{partition}:ecs:{region}:{account}:service/{cluster}/{name}",
    "AWS::ECS::TaskDefinition": "arn:{partition}:ecs:{region}:{account}:task-definition/{name}:1",
    "AWS::EMRServerless::Application": "arn:{partition}:emr-serverless:{region}:{account}:/applications/{name}",
    "AWS::IAM::ManagedPolicy": "arn:{partition}:iam::{account}:policy{path}{name}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role{path}{name}",
    "AWS::Lambda::Function": "arn:{partition}:lambda:{region}:{account}:function:{name}",
    "AWS::Lambda::LayerVersion": "arn:{partition}:lambda:{region}:{account}:layer:{name}:1",
    "AWS::Logs::LogGroup": "arn:{partition}:logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "arn:{partition}:s3:::{name}",
    "AWS::SNS::Topic": "arn:{partition}:sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "arn:{partition}:sqs:{region}:{account}:{name}",
    "AWS::SecretsManager::Secret": "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-abcdef",
    "AWS::Serverless::Function": "arn:{partition}:lambda:{region}:{account}:function:{name}",
    "AWS::Serverless::SimpleTable": "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    "AWS::Serverless::StateMachine": "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
    "AWS::StepFunctions::Activity": "arn:{partition}:states:{region}:{account}:activity:{name}",
    "AWS::StepFunctions::StateMachine": "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
}
"""The ARN of a resource, by its type, where it is not `service:region:account:kind/name`."""
_SERVICES = {"ApiGateway": "apigateway", "EventSchemas": "schemas", "StepFunctions": "states"}
"""Names of services in ARNs that are not their names in types."""
_GLOBAL = ("CloudFront", "IAM", "Route53")
"""Services whose ARNs name no Region."""
_REFERRED_TO_BY_ARN = frozenset(
    {
        "AWS::Batch::ComputeEnvironment",
        "AWS::Batch::JobDefinition",
        "AWS::Batch::JobQueue",
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::IAM::ManagedPolicy",
        "AWS::Lambda::LayerVersion",
        "AWS::SNS::Topic",
        "AWS::SageMaker::Endpoint",
        "AWS::SageMaker::EndpointConfig",
        "AWS::SageMaker::Model",
        "AWS::SageMaker::ModelPackage",
        "AWS::SageMaker::ModelPackageGroup",
        "AWS::SecretsManager::Secret",
        "AWS::Serverless::StateMachine",
        "AWS::StepFunctions::Activity",
        "AWS::StepFunctions::StateMachine",
        "AWS::StepFunctions::StateMachineAlias",
        "AWS::StepFunctions::StateMachineVersion",
    }
)
"""Types of which Ref is the ARN."""
_OF_A_FUNCTION = {"AWS::Lambda::Version": "1", "AWS::Lambda::Alias": "live"}
_OF_A_MACHINE = {"AWS::StepFunctions::StateMachineVersion": "1", "AWS::StepFunctions::StateMachineAlias": "live"}
_NAMED_BY = {
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::ECS::TaskDefinition": "Family",
    "AWS::Serverless::SimpleTable": "TableName",
}
"""The property that names a resource, where that is not called like its type."""
_MAX_NAME = 512
"""No name is longer; names that name each other twice would double with each."""
_BRACES = str.maketrans({"{": "{{", "}": "}}"})


@dataclass(frozen=True, slots=True)
class Place:
    """The account and the Region that something is in."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        return partition_of(self.region)


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a template.

    Attributes:
        logical_id: Its key in the template.
        kind: Its type.
        properties: As the template has them.
        spelled: Evaluates what a property says.
    """

    logical_id: str
    kind: str
    properties: Mapping[str, Any]
    spelled: Callable[[Any], Any]

    def name(self) -> str:
        """The name that the template gives it, or one made of its logical id."""
        return self._given_name() or (self.logical_id if self.kind == "AWS::IAM::Role" else self.logical_id.lower())

    def others(self, place: Place, stack: str) -> tuple[str, ...]:
        """The ARNs that CloudFormation may make up for one without a name: with the stack's name, and without."""
        if self._given_name():
            return ()
        ending = "XXXXXXXXXXXX"
        named = (f"{stack}-{self.logical_id}-{ending}", f"{self.logical_id}-{ending}")
        return tuple(self._arn(place, name.lower() if self.kind == "AWS::S3::Bucket" else name) for name in named)

    def _given_name(self) -> str:
        noun = self.kind.rpartition("::")[2]
        keys = (_NAMED_BY.get(self.kind, f"{noun}Name"), "StateMachineName", "RoleName", "Name")
        given = next((self.properties[key] for key in keys if key in self.properties), None)
        name = None if given is None else self.spelled(given)
        return name[:_MAX_NAME] if isinstance(name, str) else ""

    def arn(self, place: Place) -> str:
        return self._arn(place, self.name())

    def _arn(self, place: Place, name: str) -> str:
        for kinds, attribute in ((_OF_A_FUNCTION, "FunctionName"), (_OF_A_MACHINE, "StateMachineArn")):
            if self.kind in kinds and attribute in self.properties:
                of, alias = str(self.spelled(self.properties[attribute])), self.properties.get("Name", kinds[self.kind])
                whole = of if of.startswith("arn:") else Resource(of, "AWS::Lambda::Function", {}, str).arn(place)
                return f"{whole}:{self.spelled(alias)}"
        path = self.spelled(self.properties.get("Path", "/")) if self.kind.startswith("AWS::IAM::") else "/"
        cluster = self.spelled(self.properties.get("Cluster", "default")) if self.kind == "AWS::ECS::Service" else ""
        return self._form().format(
            partition=place.partition,
            region=place.region,
            account=place.account,
            name=name,
            path=path,
            cluster=str(cluster).rpartition("/")[2],
        )

    def reference(self, place: Place) -> str:
        """The value of Ref."""
        if self.kind in _REFERRED_TO_BY_ARN or self.kind in _OF_A_FUNCTION:
            return self.arn(place)
        if self.kind == "AWS::SQS::Queue":
            suffix = "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com"
            return f"https://sqs.{place.region}.{suffix}/{place.account}/{self.name()}"
        return self.name()

    def attribute(self, name: str, place: Place) -> Any:
        """The value of GetAtt."""
        if name in self.properties and not isinstance(self.spelled(self.properties[name]), (dict, list)):
            return self.spelled(self.properties[name])
        if name.endswith("Arn"):
            return self.arn(place)
        if name == "QueueUrl":
            return self.reference(place)
        return self.name() if name.endswith(("Name", "Id")) else f"{self.name()}-{name.lower()}"

    def _form(self) -> str:
        if known := _ARNS.get(self.kind):
            return known
        # A template may call a kind anything, braces included.
        service, _, noun = self.kind.translate(_BRACES).removeprefix("AWS::").partition("::")
        where = "" if service in _GLOBAL else "{region}"
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", noun.replace("::", "-")).lower() or "resource"
        return f"arn:{{partition}}:{_SERVICES.get(service, service.lower())}:{where}:{{account}}:{kind}/{{name}}"
