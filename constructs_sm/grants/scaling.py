"""Needs of the scaling of endpoints: Application Auto Scaling works with the rights of its caller.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.grants.state_machine_role import sagemaker_grant
from constructs_sm.grants.statements import Grant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.language.arns import Arns

SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
LINKED_ROLE = f"aws-service-role/{SERVICE}/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
"""The role that Application Auto Scaling makes once in an account, and scales under."""
ALARMS = ("cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms")
"""The actions by which a policy that tracks a target has alarms of its own."""
_TARGETS = "Application Auto Scaling names targets itself, at random; namespace and dimension bound it"


def scaling_grants(
    arns: Arns,
    resource_id: str,
    dimension: str,
    *,
    tracks: bool,
    puts_policies: bool,
    schedules: bool,
    alarms: tuple[str, ...] = (),
) -> Iterator[Grant]:
    """Let the state machine role register a target with its policies.

    Args:
        arns: Where the resources are.
        resource_id: Of the target: `endpoint/churn/variant/AllTraffic`; as far as it is known, with `*` for the rest.
        dimension: What of it is scaled.
        tracks: Whether a policy tracks a metric, which takes alarms of Application Auto Scaling's.
        puts_policies: Whether there are policies.
        schedules: Whether there are scheduled actions.
        alarms: The names of alarms that are made for policies of steps.
    """
    actions = ["application-autoscaling:RegisterScalableTarget"]
    actions += ["application-autoscaling:PutScalingPolicy"] if puts_policies else []
    actions += ["application-autoscaling:PutScheduledAction"] if schedules else []
    yield Grant(
        tuple(actions),
        (arns.of("application-autoscaling", "scalable-target/*"),),
        (
            ("StringEquals", "application-autoscaling:service-namespace", "sagemaker"),
            ("StringEquals", "application-autoscaling:scalable-dimension", dimension),
        ),
        wildcard=_TARGETS,
    )
    yield Grant(
        ("iam:CreateServiceLinkedRole",),
        (f"arn:{arns.partition}:iam::{arns.account}:role/{LINKED_ROLE}",),
        (("StringEquals", "iam:AWSServiceName", SERVICE),),
    )
    kind, name, *_ = resource_id.split("/")
    for operation in operations_of(kind):
        yield sagemaker_grant(arns, operation, kind, name)
    if kind == "endpoint":
        yield Grant(("sagemaker:DescribeEndpointConfig",), (arns.of("sagemaker", "endpoint-config/*"),), wildcard=_OLD)
    if tracks:
        named = arns.of("cloudwatch", f"alarm:TargetTracking-{resource_id}-*")
        yield Grant(ALARMS, (named,), wildcard="Application Auto Scaling ends the names of its alarms at random")
    if alarms:
        yield Grant(("cloudwatch:PutMetricAlarm",), tuple(arns.of("cloudwatch", f"alarm:{name}") for name in alarms))


def scaling_needs(
    operation: str, request: Mapping[str, Any], arns: Arns
) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Action, resource and context of all that a call about the scaling of SageMaker needs.

    Args:
        operation: Of Application Auto Scaling, on a scalable target.
        request: What is sent, with `*` for what comes at run time.
        arns: Where the resources are.
    """
    where = str(request.get("ResourceId", "*"))
    context = {
        "application-autoscaling:service-namespace": str(request.get("ServiceNamespace", "*")),
        "application-autoscaling:scalable-dimension": str(request.get("ScalableDimension", "*")),
    }
    known = {key: value for key, value in context.items() if "*" not in value}
    yield f"application-autoscaling:{operation}", arns.of("application-autoscaling", "scalable-target/*"), known
    if operation == "RegisterScalableTarget":
        role = f"arn:{arns.partition}:iam::{arns.account}:role/{LINKED_ROLE}"
        yield "iam:CreateServiceLinkedRole", role, {"iam:AWSServiceName": SERVICE}
        kind, _, rest = where.partition("/")
        for of in _KINDS if "*" in kind else (kind,):
            for api in operations_of(of):
                yield f"sagemaker:{api}", arns.of("sagemaker", f"{of}/{rest.partition('/')[0] or '*'}"), {}
        if kind != "inference-component":
            yield "sagemaker:DescribeEndpointConfig", arns.of("sagemaker", "endpoint-config/*"), {}
    if request.get("PolicyType") == "TargetTrackingScaling":
        for action in ALARMS:
            yield action, arns.of("cloudwatch", f"alarm:TargetTracking-{where}-*"), {}


_KINDS = ("endpoint", "inference-component")
_OLD = "The configuration that the endpoint has by then"


def operations_of(kind: str) -> tuple[str, str]:
    """The operations by which Application Auto Scaling sees and changes a number."""
    if kind == "endpoint":
        return "DescribeEndpoint", "UpdateEndpointWeightsAndCapacities"
    return "DescribeInferenceComponent", "UpdateInferenceComponentRuntimeConfig"
