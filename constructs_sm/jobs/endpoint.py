"""EndpointConfig, Endpoint and EndpointUpdate: createEndpointConfig, createEndpoint, updateEndpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.actions import ENDPOINT, ENDPOINT_CONFIG, ENDPOINT_UPDATE
from constructs_sm.job import JobArguments, SageMakerJob
from constructs_sm.jobs.fields import instance, tag_list
from constructs_sm.jobs.model import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.jobs.fields import InstanceType, Key

    from constructs import Construct
    from typing_extensions import Unpack


class EndpointConfig(SageMakerJob):
    """Say what an endpoint serves, and on what: one model on instances of one type.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        model: A `Model`, or the name of one.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        variant_name: Of the one production variant. Default: `AllTraffic`.
        kms_key: Encrypts the instances' volumes. Default: SageMaker's own.
        tags: Of the configuration.
        arguments: See `JobArguments`; `parameters` take every other field, `ProductionVariants` whole. A *role* becomes
            `ExecutionRoleArn`; none is made.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: CreateEndpointConfig on this configuration, ListTags, AddTags, PassRole of a given role.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model | str | None = None,
        instance_type: InstanceType | None = None,
        instance_count: int | None = None,
        variant_name: str | None = None,
        kms_key: Key | None = None,
        tags: Mapping[str, str] | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        variant = {
            "ModelName": model.model_name if isinstance(model, Model) else model,
            "InstanceType": instance(instance_type),
            "InitialInstanceCount": instance_count,
            "VariantName": variant_name,
        }
        typed = any(value is not None for value in variant.values())
        filled = {"VariantName": "AllTraffic", **({"InitialInstanceCount": 1} if instance_type else {})}
        filled |= {field: value for field, value in variant.items() if value is not None}
        super().__init__(
            scope,
            construct_id,
            action=ENDPOINT_CONFIG,
            given={
                "ProductionVariants": [filled] if typed else None,
                "KmsKeyId": kms_key,
                "Tags": tag_list(tags),
            },
            **arguments,
        )

    @property
    def endpoint_config_name(self) -> str:
        """The configuration's name, literal or late-bound, for a state that runs after this one."""
        return self.resource_name


class Endpoint(SageMakerJob):
    """Create an endpoint. Step Functions goes on as soon as SageMaker has begun: InService comes minutes later.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        endpoint_config: An `EndpointConfig`, or the name of one.
        tags: Of the endpoint.
        arguments: See `JobArguments`; `parameters` take every other field. With the default `job_name` every execution
            makes a further endpoint, which costs until it is deleted; a fixed name makes one.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: CreateEndpoint on this endpoint and on the configuration, ListTags, AddTags.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_config: EndpointConfig | str | None = None,
        tags: Mapping[str, str] | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            action=ENDPOINT,
            given={"EndpointConfigName": _name_of(endpoint_config), "Tags": tag_list(tags)},
            **arguments,
        )

    @property
    def endpoint_name(self) -> str:
        """The endpoint's name, literal or late-bound, for a state that runs after this one."""
        return self.resource_name


class EndpointUpdate(SageMakerJob):
    """Let an endpoint serve another configuration. Step Functions goes on as soon as SageMaker has begun.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        endpoint_config: An `EndpointConfig`, or the name of one.
        arguments: See `JobArguments`; `job_name` names the endpoint, and there is no default; `parameters` take every
            other field.

    Raises:
        InvalidInputError: No endpoint is named, SageMaker's model refuses the request, or an argument is wrong.

    Grants: UpdateEndpoint on the endpoint and on the configuration, ListTags.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_config: EndpointConfig | str | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            action=ENDPOINT_UPDATE,
            given={"EndpointConfigName": _name_of(endpoint_config)},
            **arguments,
        )


def _name_of(endpoint_config: EndpointConfig | str | None) -> str | None:
    if isinstance(endpoint_config, EndpointConfig):
        return endpoint_config.endpoint_config_name
    return endpoint_config
