"""The machines of jobs: one instance type, groups of several, or several to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.jobs.parts.fields import CLUSTER, REFUSED, cluster, gibibytes, instance, listed, may_be_key, seconds
from constructs_sm.requests.rendering import Structure
from constructs_sm.rules.instances import has_local_storage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.jobs.parts.fields import Flag, InstanceType, Key, Numeric, Storage, Time


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceGroup(Structure):
    """A group of a heterogeneous cluster.

    Attributes:
        instance_group_name: By which channels say where their data goes.
        instance_type: As `ml.m5.xlarge`.
        instance_count: How many of them.
    """

    instance_group_name: str
    instance_type: InstanceType
    instance_count: Numeric = 1

    def to_request(self) -> dict[str, Any]:
        return {
            "InstanceGroupName": self.instance_group_name,
            "InstanceType": instance(self.instance_type),
            "InstanceCount": self.instance_count,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePreference(Structure):
    """One of several instance types, of which SageMaker takes the first that it has.

    Attributes:
        instance_type: As `ml.p5.48xlarge`.
        instance_count: Given in each preference, or in none and once for the job.
        training_plan_arn: Reserved capacity of this type. SageMaker's default: on demand.
    """

    instance_type: InstanceType
    instance_count: Numeric | None = None
    training_plan_arn: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "InstanceType": instance(self.instance_type),
            "InstanceCount": self.instance_count,
            "TrainingPlanArns": None if self.training_plan_arn is None else [self.training_plan_arn],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementSpecification(Structure):
    """Number of instances on one UltraServer.

    Attributes:
        instance_count: How many.
        ultra_server_id: On which. SageMaker's default: any.
    """

    instance_count: Numeric
    ultra_server_id: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {"InstanceCount": self.instance_count, "UltraServerId": self.ultra_server_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePlacementConfig(Structure):
    """Placement of instances on UltraServers.

    Attributes:
        enable_multiple_jobs: Share UltraServers with other jobs. SageMaker's default: False.
        placement_specifications: Instances by UltraServer.
    """

    enable_multiple_jobs: Flag | None = None
    placement_specifications: Sequence[PlacementSpecification] | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "EnableMultipleJobs": self.enable_multiple_jobs,
            "PlacementSpecifications": self.placement_specifications,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningInstanceConfig(Structure):
    """One of several clusters for the trainings of a tuning job.

    Attributes:
        instance_type: As `ml.m5.xlarge`.
        instance_count: How many of them.
        volume_size: Storage of each instance. Default: 30 GiB.
    """

    instance_type: InstanceType
    instance_count: Numeric = CLUSTER["InstanceCount"]
    volume_size: Storage | None = None

    def to_request(self) -> dict[str, Any]:
        size = CLUSTER["VolumeSizeInGB"] if self.volume_size is None else gibibytes(self.volume_size)
        return {**cluster(self.instance_type, self.instance_count, None, None), "VolumeSizeInGB": size}


def resources(
    instance_type: InstanceType | None,
    instance_count: Numeric | None,
    volume_size: Storage | None,
    key: Key | None,
    *,
    keep_alive: Time | None,
    instance_groups: Sequence[InstanceGroup] | None,
    instance_preferences: Sequence[InstancePreference] | None,
    instance_placement: InstancePlacementConfig | None,
    training_plan_arn: str | None,
) -> dict[str, Any]:
    """ResourceConfig of a training."""
    return {
        **cluster(instance_type, instance_count, volume_size, key),
        "KeepAlivePeriodInSeconds": seconds(keep_alive),
        "InstanceGroups": instance_groups,
        "InstancePreferences": instance_preferences,
        "InstancePlacementConfig": instance_placement,
        "TrainingPlanArn": training_plan_arn,
    }


def volume_key(volume_kms_key: Key | None, kms_key: Key | None, instance_type: Any, *several: Any) -> Any:
    """The key of the volumes: *volume_kms_key*, or *kms_key* unless all types have local storage instead of volumes.

    With types of both kinds *kms_key* stays: better a request that is refused than a volume without its key.

    Args:
        volume_kms_key: For the volumes alone.
        kms_key: For the volumes and whatever else there is.
        instance_type: The one type.
        several: Lists of what has a type each.
    """
    types = [instance_type] if instance_type is not None else []
    types += [getattr(item, "instance_type", None) for items in several for item in listed(items)]
    local = types and all(has_local_storage(instance(one)) for one in types)
    if volume_kms_key is not None or local:
        return volume_kms_key
    # What is no key is refused once, where it encrypts the rest.
    return kms_key if kms_key is None or may_be_key(kms_key) else REFUSED


def resource_defaults(resources: Any) -> dict[str, Any]:
    """Fill a ResourceConfig that says what machines it wants."""
    if not isinstance(resources, dict) or not any(resources.get(name) for name in _MACHINES):
        return {}
    counted = resources.get("InstanceGroups") or any(map(_has_count, listed(resources.get("InstancePreferences"))))
    return {name: value for name, value in CLUSTER.items() if name != "InstanceCount" or not counted}


_MACHINES = ("InstanceType", "InstancePreferences", "InstanceGroups")


def _has_count(preference: Any) -> bool:
    return isinstance(preference, dict) and "InstanceCount" in preference
