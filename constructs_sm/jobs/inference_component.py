"""CreateInferenceComponent: a model with a share of an endpoint's instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm.jobs.model import CreateModel
from constructs_sm.jobs.parts.fields import mebibytes, seconds, tag_list
from constructs_sm.polled_actions import INFERENCE_COMPONENT
from constructs_sm.task.polled_job import PolledJob, PolledJobArguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.jobs.parts.fields import Numeric, Storage, Time
    from constructs_sm.settings import Time as Wait

    from constructs import Construct
    from typing_extensions import Unpack


class CreateInferenceComponent(PolledJob):
    """Put copies of a model onto an endpoint that other models share, and wait until they are in service.

    The endpoint's configuration has a role and a variant without a model. The copies can scale, down to none:
    `RegisterScalableTarget`. What later states find under the construct id is `InferenceComponentName`,
    `InferenceComponentArn`, `InferenceComponentStatus`, `EndpointName` and `RuntimeConfig`.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        endpoint_name: The endpoint's, which must be in service.
        variant_name: Of the endpoint. Default: `AllTraffic`.
        model: A `CreateModel`, or the name of one.
        base: Another inference component, whose model an adapter is for, in place of *model*.
        copies: To begin with. Default: 1.
        memory: At least, for each copy.
        max_memory: At most, for each copy. Default: no bound.
        cpus: For each copy. Default: what is there.
        accelerators: For each copy. Default: none.
        model_download_timeout: How long the model data may take to an instance.
        startup_timeout: How long a container may take to answer its first health check.
        tags: Of the component.
        interval: Between polls. Default: 30 seconds.
        timeout: When it is given up. Default: 1 hour.
        arguments: See `PolledJob`; `parameters` take every other field.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: CreateInferenceComponent on the component and its endpoint, DescribeInferenceComponent.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateInferenceComponent.html
    """

    _ARGUMENT_OF: ClassVar = {"EndpointName": "endpoint_name="}

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str | None = None,
        variant_name: str | None = None,
        model: CreateModel | str | None = None,
        base: str | None = None,
        copies: Numeric | None = None,
        memory: Storage | None = None,
        max_memory: Storage | None = None,
        cpus: Numeric | None = None,
        accelerators: Numeric | None = None,
        model_download_timeout: Time | None = None,
        startup_timeout: Time | None = None,
        tags: Mapping[str, str] | None = None,
        interval: Wait | None = None,
        timeout: Wait | None = None,
        **arguments: Unpack[PolledJobArguments],
    ) -> None:
        given: dict[str, Any] = {
            "EndpointName": endpoint_name,
            "VariantName": variant_name,
            "Specification": {
                "ModelName": model.model_name if isinstance(model, CreateModel) else model,
                "BaseInferenceComponentName": base,
                "ComputeResourceRequirements": {
                    "MinMemoryRequiredInMb": mebibytes(memory),
                    "MaxMemoryRequiredInMb": mebibytes(max_memory),
                    "NumberOfCpuCoresRequired": cpus,
                    "NumberOfAcceleratorDevicesRequired": accelerators,
                },
                "StartupParameters": {
                    "ModelDataDownloadTimeoutInSeconds": seconds(model_download_timeout),
                    "ContainerStartupHealthCheckTimeoutInSeconds": seconds(startup_timeout),
                },
            },
            "RuntimeConfig": {"CopyCount": copies},
            "Tags": tag_list(tags),
        }
        defaults: dict[str, Any] = {"RuntimeConfig": {"CopyCount": 1}}
        if base is None:
            defaults["VariantName"] = "AllTraffic"
        super().__init__(
            scope,
            construct_id,
            action=INFERENCE_COMPONENT,
            interval=30 if interval is None else interval,
            timeout=3600 if timeout is None else timeout,
            given=given,
            defaults=lambda _: defaults,
            **arguments,
        )
