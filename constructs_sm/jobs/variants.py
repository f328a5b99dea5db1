"""Variants of an endpoint: instances or serverless, how many, and how they share the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.jobs.model import CreateModel
from constructs_sm.jobs.parts.fields import gibibytes, instance, mebibytes, minutes, seconds, switch, text_list
from constructs_sm.requests.rendering import Structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.jobs.parts.fields import Flag, InstanceType, Key, Numeric, Storage, TextList, Time
    from constructs_sm.values.s3 import S3Data


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerlessConfig(Structure):
    """A variant without instances: SageMaker provides the capacity.

    Attributes:
        memory_size: Of each worker: 1 to 6 GiB, whole ones.
        max_concurrency: Calls at a time.
        provisioned_concurrency: Workers that are always warm, and paid for. Default: none.
    """

    memory_size: Storage
    max_concurrency: Numeric
    provisioned_concurrency: Numeric | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "MemorySizeInMB": mebibytes(self.memory_size),
            "MaxConcurrency": self.max_concurrency,
            "ProvisionedConcurrency": self.provisioned_concurrency,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedInstanceScaling(Structure):
    """Let SageMaker change the number of instances with the load.

    Attributes:
        min_instances: Never fewer.
        max_instances: Never more.
        enabled: Default: True.
        scale_in_strategy: Which instances go: `IDLE_RELEASE` or `CONSOLIDATION`.
        scale_in_max_step: How many may go at a time.
        scale_in_cooldown: How long before more go.
    """

    min_instances: Numeric | None = None
    max_instances: Numeric | None = None
    enabled: bool = True
    scale_in_strategy: str | None = None
    scale_in_max_step: Numeric | None = None
    scale_in_cooldown: Time | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "Status": switch(self.enabled, "ENABLED", "DISABLED"),
            "MinInstanceCount": self.min_instances,
            "MaxInstanceCount": self.max_instances,
            "ScaleInPolicy": {
                "Strategy": self.scale_in_strategy,
                "MaximumStepSize": self.scale_in_max_step,
                "CooldownInMinutes": minutes(self.scale_in_cooldown),
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePool(Structure):
    """An instance type with a priority: it is taken where no type of a better priority is available.

    Attributes:
        instance_type: As `ml.g5.xlarge`.
        priority: 1 comes first.
        model: A `CreateModel`, or the name of one, made for these instances. Default: that of the variant.
    """

    instance_type: InstanceType
    priority: Numeric
    model: CreateModel | str | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "InstanceType": instance(self.instance_type),
            "Priority": self.priority,
            "ModelNameOverride": _name_of(self.model),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixAwareRoutingConfig(Structure):
    """Send calls that share the beginning of their prompt to the instance that knows it.

    Attributes:
        prefix_length: How much of the prompt is compared, in bytes.
        concurrency_threshold: With so many calls in flight on an instance, another one gets the next.
    """

    prefix_length: Numeric
    concurrency_threshold: Numeric

    def to_request(self) -> dict[str, Any]:
        return {
            "RoutingStrategy": "PREFIX_AWARE",
            "PrefixAwareRoutingConfig": {
                "PrefixLength": self.prefix_length,
                "ConcurrencyThreshold": self.concurrency_threshold,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(Structure):
    """One model of an endpoint, what it runs on, and its share of the traffic.

    Attributes:
        name: Unlike that of any other variant.
        model: A `CreateModel`, or the name of one. Default: none, for an endpoint of inference components.
        instance_type: As `ml.m5.xlarge`.
        instance_count: To begin with. Default: 1, with *instance_type*.
        instance_pools: In place of *instance_type*: several types, by priority.
        serverless: In place of instances.
        weight: Its traffic is its weight's share of all. Default: 1.
        managed_instance_scaling: Let SageMaker change the number of instances. Default: it stays.
        routing: `LEAST_OUTSTANDING_REQUESTS`, `RANDOM`, `KV_AWARE`, or PrefixAwareRoutingConfig. Default: `RANDOM`.
        volume_size: Storage of each instance. Default: what its type has.
        accelerator_type: Of Elastic Inference, which is no longer available: take a type with an accelerator.
        accelerator_partitions: How each GPU is divided, as `mig-3g.40gb`. Default: not at all.
        provision_timeout: How long instances are waited for.
        model_download_timeout: How long the model data may take to an instance.
        startup_timeout: How long a container may take to answer its first health check.
        core_dump: Where the memory of a crashed container goes. Default: nowhere.
        core_dump_kms_key: Encrypts it. Default: S3's own.
        ssm_access: Let administrators reach the containers by AWS Systems Manager. Default: False.
        inference_ami_version: The system of the instances. Default: SageMaker's choice.
        capacity_reservation: The ARN of reserved capacity.
        capacity_reservation_preference: `capacity-reservations-only`: no other.
    """

    name: str
    model: CreateModel | str | None = None
    instance_type: InstanceType | None = None
    instance_count: Numeric | None = None
    instance_pools: Sequence[InstancePool] | None = None
    serverless: ServerlessConfig | None = None
    weight: Numeric | None = None
    managed_instance_scaling: ManagedInstanceScaling | None = None
    routing: str | PrefixAwareRoutingConfig | None = None
    volume_size: Storage | None = None
    accelerator_type: str | None = None
    accelerator_partitions: TextList | None = None
    provision_timeout: Time | None = None
    model_download_timeout: Time | None = None
    startup_timeout: Time | None = None
    core_dump: S3Data | None = None
    core_dump_kms_key: Key | None = None
    ssm_access: Flag | None = None
    inference_ami_version: str | None = None
    capacity_reservation: str | None = None
    capacity_reservation_preference: str | None = None

    @property
    def models(self) -> list[CreateModel]:
        """The models of ours that it serves."""
        pools = self.instance_pools if isinstance(self.instance_pools, (list, tuple)) else ()
        served = [self.model, *(pool.model for pool in pools if isinstance(pool, InstancePool))]
        return [model for model in served if isinstance(model, CreateModel)]

    def to_request(self) -> dict[str, Any]:
        count = 1 if self.instance_count is None and self.instance_type is not None else self.instance_count
        routing = self.routing
        return {
            "VariantName": self.name,
            "ModelName": _name_of(self.model),
            "InstanceType": instance(self.instance_type),
            "InitialInstanceCount": count,
            "InstancePools": self.instance_pools,
            "ServerlessConfig": self.serverless,
            "InitialVariantWeight": self.weight,
            "ManagedInstanceScaling": self.managed_instance_scaling,
            "RoutingConfig": (
                routing if isinstance(routing, PrefixAwareRoutingConfig) else {"RoutingStrategy": routing}
            ),
            "VolumeSizeInGB": gibibytes(self.volume_size),
            "AcceleratorType": self.accelerator_type,
            "AcceleratorPartitionLayouts": (
                None
                if self.accelerator_partitions is None
                else [{"AcceleratorPartitionTypes": text_list(self.accelerator_partitions)}]
            ),
            "VariantInstanceProvisionTimeoutInSeconds": seconds(self.provision_timeout),
            "ModelDataDownloadTimeoutInSeconds": seconds(self.model_download_timeout),
            "ContainerStartupHealthCheckTimeoutInSeconds": seconds(self.startup_timeout),
            "CoreDumpConfig": {"DestinationS3Uri": self.core_dump, "KmsKeyId": self.core_dump_kms_key},
            "EnableSSMAccess": self.ssm_access,
            "InferenceAmiVersion": self.inference_ami_version,
            "CapacityReservationConfig": {
                "MlReservationArn": self.capacity_reservation,
                "CapacityReservationPreference": self.capacity_reservation_preference,
            },
        }


def _name_of(model: CreateModel | str | None) -> str | None:
    return model.model_name if isinstance(model, CreateModel) else model
