"""CreateEndpointConfig, CreateEndpoint and UpdateEndpoint: createEndpointConfig, createEndpoint, updateEndpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm.actions import ENDPOINT, ENDPOINT_CONFIG, ENDPOINT_UPDATE
from constructs_sm.jobs.parts.fields import each, tag_list, vpc_config
from constructs_sm.jobs.parts.update_policies import deployment_config
from constructs_sm.jobs.variants import Variant
from constructs_sm.language.errors import NOTHING, Problem
from constructs_sm.task.job import JobArguments, SageMakerJob
from constructs_sm.task.output_folders import data_under

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.model import CreateModel
    from constructs_sm.jobs.parts.fields import Flag, InstanceType, Key, Numeric, SecurityGroups, Subnets
    from constructs_sm.jobs.parts.serving import (
        AsyncInferenceConfig,
        ClarifyExplainerConfig,
        CrossRegionTrafficConfig,
        DataCaptureConfig,
        MetricsConfig,
    )
    from constructs_sm.jobs.parts.update_policies import Alarm, UpdatePolicy
    from constructs_sm.jobs.variants import ServerlessConfig
    from constructs_sm.requests.request import Request
    from constructs_sm.values.s3 import S3Location

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack

_ALL_TRAFFIC = "AllTraffic"


class CreateEndpointConfig(SageMakerJob):
    """Create an endpoint configuration: what an endpoint serves, one model or several variants, and on which machines.

    The endpoint runs under the execution roles of its models. If one of them is the role made for this stack, it is
    granted what the endpoint writes.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        model: A `CreateModel`, or the name of one, to be served by one variant. For more of a variant than is here,
            pass *variants*.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        serverless: In place of instances.
        variant_name: Of the one variant. Default: `AllTraffic`.
        variants: What is served, by several variants, or by one of which there is more to say.
        shadow_variants: What gets a copy of the traffic, without being heard.
        async_inference: Queue calls, and leave the answers in S3. Default: a call waits for its answer.
        data_capture: Keep what the endpoint was asked and answered. Default: nothing is kept.
        explainer: Explain the answers with SageMaker Clarify, which is closed to new customers: use smclarify, or SHAP,
            in a processing job instead. Default: they are not explained.
        metrics: Default: those of the endpoint, every minute.
        cross_region_traffic: Bound what inference routers of other Regions ask. Default: not bounded.
        vpc: Where the instances are reachable, with a *role*; its private subnets, unless *subnets* says otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Default, in a VPC: a group of its own.
        network_isolation: Cut the containers off the network, with a *role*. Default: False.
        kms_key: Encrypts the instances' volumes. Default: SageMaker's own.
        tags: Of the configuration.
        arguments: See `JobArguments`; `parameters` take every other field. A *role* becomes `ExecutionRoleArn`, for
            endpoints of inference components; none is made.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: CreateEndpointConfig on this configuration, ListTags, AddTags, PassRole of a given role; to the role of the
        models, if it is made here, S3 write of what is captured, and of the answers of asynchronous calls.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
    """

    _ARGUMENT_OF: ClassVar = {
        "ProductionVariants": "model=",
        "ProductionVariants[].ModelName": "model=",
        "ProductionVariants[].InstanceType": "instance_type= or serverless=",
    }

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: CreateModel | str | None = None,
        instance_type: InstanceType | None = None,
        instance_count: Numeric | None = None,
        serverless: ServerlessConfig | None = None,
        variant_name: str | None = None,
        variants: Sequence[Variant] | None = None,
        shadow_variants: Sequence[Variant] | None = None,
        async_inference: AsyncInferenceConfig | None = None,
        data_capture: DataCaptureConfig | None = None,
        explainer: ClarifyExplainerConfig | None = None,
        metrics: MetricsConfig | None = None,
        cross_region_traffic: CrossRegionTrafficConfig | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Subnets | None = None,
        security_groups: SecurityGroups | None = None,
        network_isolation: Flag | None = None,
        kms_key: Key | None = None,
        tags: Mapping[str, str] | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        problems: list[Problem] = []
        one = {
            "model": model,
            "instance_type": instance_type,
            "instance_count": instance_count,
            "serverless": serverless,
            "variant_name": variant_name,
        }
        given = {name: value for name, value in one.items() if value is not None}
        if given and variants is not None:
            use = "say it in the variants"
            what = f"variants and {', '.join(given)} exclude each other"
            problems.append(Problem(what, list(given.values()), use, "argument-given-twice"))
        elif given:
            name = variant_name or _ALL_TRAFFIC
            variants = [
                Variant(
                    name=name,
                    model=model,
                    instance_type=instance_type,
                    instance_count=instance_count,
                    serverless=serverless,
                )
            ]
        data = data_under(scope, construct_id)
        super().__init__(
            scope,
            construct_id,
            action=ENDPOINT_CONFIG,
            given={
                "ProductionVariants": variants,
                "ShadowProductionVariants": shadow_variants,
                "AsyncInferenceConfig": async_inference,
                "DataCaptureConfig": data_capture,
                "ExplainerConfig": {"ClarifyExplainerConfig": explainer},
                "MetricsConfig": metrics,
                "CrossRegionTrafficConfig": cross_region_traffic,
                "VpcConfig": vpc_config(vpc, subnets, security_groups, problems),
                "EnableNetworkIsolation": network_isolation,
                "KmsKeyId": kms_key,
                "Tags": tag_list(tags),
            },
            defaults=lambda request: _defaults(request, data),
            runs_under=_owner_of_the_role(variants, shadow_variants),
            problems=problems,
            **arguments,
        )

    @property
    def endpoint_config_name(self) -> str:
        """The configuration's name, literal or late-bound, for a state that runs after this one."""
        return self.resource_name


class CreateEndpoint(SageMakerJob):
    """Create an endpoint. Step Functions goes on as soon as SageMaker has begun: InService comes minutes later.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        endpoint_config: A `CreateEndpointConfig`, or the name of one.
        update_policy: How traffic moves to new instances when the endpoint is updated. Default: all at once.
        rollback_alarms: Alarms, or their names: if one goes off during an update, the old instances stay.
        tags: Of the endpoint.
        arguments: See `JobArguments`; `parameters` take every other field. With the default `job_name` every execution
            makes a further endpoint, which costs until it is deleted; a fixed name makes one.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: CreateEndpoint on this endpoint and on the configuration, ListTags, AddTags.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
    """

    _ARGUMENT_OF: ClassVar = {
        "EndpointConfigName": "endpoint_config=",
    }

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_config: CreateEndpointConfig | str | None = None,
        update_policy: UpdatePolicy | None = None,
        rollback_alarms: Sequence[Alarm] | None = None,
        tags: Mapping[str, str] | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            action=ENDPOINT,
            given={
                "EndpointConfigName": _name_of(endpoint_config),
                "DeploymentConfig": deployment_config(update_policy, rollback_alarms),
                "Tags": tag_list(tags),
            },
            **arguments,
        )

    @property
    def endpoint_name(self) -> str:
        """The endpoint's name, literal or late-bound, for a state that runs after this one."""
        return self.resource_name


class UpdateEndpoint(SageMakerJob):
    """Update an endpoint to another configuration. Step Functions goes on as soon as SageMaker has begun.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        endpoint_config: A `CreateEndpointConfig`, or the name of one.
        update_policy: How traffic moves to the new instances. Default: all at once.
        rollback_alarms: Alarms, or their names: if one goes off during the update, the old instances stay.
        retain_variant_properties: Keep what was changed of the running variants, as their number of instances, and not
            what the configuration says. Default: False.
        exclude_retained_variant_properties: Except `DesiredInstanceCount`, `DesiredWeight`, `DataCaptureConfig`.
        retain_deployment_config: Move the traffic as the last time. Default: False.
        arguments: See `JobArguments`; `job_name` names the endpoint, and there is no default; `parameters` take every
            other field.

    Raises:
        InvalidInputError: No endpoint is named, SageMaker's model refuses the request, or an argument is wrong.

    Grants: UpdateEndpoint on the endpoint and on the configuration, ListTags.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
    """

    _ARGUMENT_OF: ClassVar = {
        "EndpointConfigName": "endpoint_config=",
    }

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_config: CreateEndpointConfig | str | None = None,
        update_policy: UpdatePolicy | None = None,
        rollback_alarms: Sequence[Alarm] | None = None,
        retain_variant_properties: Flag | None = None,
        exclude_retained_variant_properties: Sequence[str] | None = None,
        retain_deployment_config: Flag | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            action=ENDPOINT_UPDATE,
            given={
                "EndpointConfigName": _name_of(endpoint_config),
                "DeploymentConfig": deployment_config(update_policy, rollback_alarms),
                "RetainAllVariantProperties": retain_variant_properties,
                "ExcludeRetainedVariantProperties": each(exclude_retained_variant_properties, "VariantPropertyType"),
                "RetainDeploymentConfig": retain_deployment_config,
            },
            **arguments,
        )


def _defaults(request: Request, data: S3Location | None) -> dict[str, Any]:
    answers = request.fields.get("AsyncInferenceConfig")
    output = answers.get("OutputConfig", {}) if isinstance(answers, dict) else None
    if data is None:
        if isinstance(output, dict) and "S3OutputPath" not in output:
            # To SageMaker's model it is no mistake.
            use = "pass AsyncInferenceConfig(output=...), or use a PipelineStack"
            request.problems.append(Problem("the answers go nowhere", NOTHING, use, "async-answers-go-nowhere"))
        return {}
    return {
        "AsyncInferenceConfig": None if output is None else {"OutputConfig": {"S3OutputPath": data.under("answers/")}},
        "DataCaptureConfig": (
            {"DestinationS3Uri": data.under("captured/")} if "DataCaptureConfig" in request.fields else None
        ),
    }


def _name_of(endpoint_config: CreateEndpointConfig | str | None) -> str | None:
    if isinstance(endpoint_config, CreateEndpointConfig):
        return endpoint_config.endpoint_config_name
    return endpoint_config


def _owner_of_the_role(*lists: Any) -> CreateModel | None:
    """A model of the variants whose role is the one made here, if any is; otherwise any model of ours."""
    variants = [variant for listed in lists if isinstance(listed, (list, tuple)) for variant in listed]
    models = [model for variant in variants if isinstance(variant, Variant) for model in variant.models]
    return next((model for model in models if model.shares_the_role), models[0] if models else None)
