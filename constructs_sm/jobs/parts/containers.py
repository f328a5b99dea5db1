"""What a model is made of: containers, and the data they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from constructs_sm.jobs.parts.fields import first, seconds, switch
from constructs_sm.jobs.parts.script_mode import script_environment, serving_script
from constructs_sm.requests.rendering import Structure

if TYPE_CHECKING:
    from constructs_sm.jobs.parts.fields import Flag, Function, Image, Texts, Time
    from constructs_sm.jobs.parts.script_mode import Script, SourceCode
    from constructs_sm.language.errors import Problem
    from constructs_sm.values.s3 import S3Data


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDataSource(Structure):
    """Model data that are more than one `model.tar.gz`: files as they are, a gated model, a model of a hub.

    Attributes:
        data: Where they are.
        data_type: `S3Prefix` (default) or `S3Object`.
        compression_type: `None` (default), as a string, or `Gzip`.
        accept_eula: Accept the terms of a gated model, which whoever passes True has read. Default: it has none.
        hub_content_arn: The model of a hub that the data belong to.
        manifest: Lists the files under a prefix.
        e_tag: The data must have it. Default: any.
        manifest_e_tag: The manifest must have it. Default: any.
    """

    data: S3Data
    data_type: str = "S3Prefix"
    compression_type: str = "None"
    accept_eula: Flag | None = None
    hub_content_arn: str | None = None
    manifest: S3Data | None = None
    e_tag: str | None = None
    manifest_e_tag: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "S3DataSource": {
                "S3Uri": self.data,
                "S3DataType": self.data_type,
                "CompressionType": self.compression_type,
                "ModelAccessConfig": {"AcceptEula": self.accept_eula},
                "HubAccessConfig": {"HubContentArn": self.hub_content_arn},
                "ManifestS3Uri": self.manifest,
                "ETag": self.e_tag,
                "ManifestEtag": self.manifest_e_tag,
            }
        }


ModelData: TypeAlias = Union["S3Data", ModelDataSource]
"""A `model.tar.gz`, as `train.model_artifacts`; or a ModelDataSource that says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container(Structure):
    """A container of a model, or one step of an inference pipeline.

    Attributes:
        image: The inference container.
        model_data: A `model.tar.gz`, as `train.model_artifacts`, or ModelDataSource. With *multi_model*, the prefix the
            models are under.
        additional_model_data: Further data by channel: the container finds them in
            `/opt/ml/additional-model-data-sources/<name>`.
        environment: Any scalars, SageMaker gets strings.
        code: A script of your own for an image of scikit-learn or XGBoost: a file or folder on this machine, or a
            tar.gz in S3. Other frameworks look for it in the model, under `code/`.
        entry_point: The file of *code* that is imported. Default: *code* itself, where that is a file.
        hostname: What other containers of the pipeline, and calls of one container, know it by.
        model_package: The name or ARN of a package, in place of image and data.
        inference_specification: Which specification of the package. Default: its only one.
        multi_model: Serve every model under *model_data*, each loaded when it is asked for. Default: False.
        model_cache: Keep loaded models in memory. Default: True, with *multi_model*.
        repository_access: `Vpc` for a private registry that is reached through the model's VPC. Default: `Platform`.
        repository_credentials: The function that logs in to the private registry.
        metrics_path: Where the container shows its metrics. Default: `/metrics`, with *metrics_frequency*.
        metrics_frequency: How often they are published. Default: every minute, with *metrics_path*.
    """

    image: Image | None = None
    model_data: ModelData | None = None
    additional_model_data: Mapping[str, ModelData] | None = None
    environment: Texts | None = None
    code: SourceCode | None = None
    entry_point: str | None = None
    hostname: str | None = None
    model_package: str | None = None
    inference_specification: str | None = None
    multi_model: bool | None = None
    model_cache: bool | None = None
    repository_access: str | None = None
    repository_credentials: Function | None = None
    metrics_path: str | None = None
    metrics_frequency: Time | None = None

    def script(self, problems: list[Problem], *, isolated: Flag | None = None) -> Script | None:
        """The script that the container serves with, in a model that may be *isolated*."""
        return serving_script(self.code, self.entry_point, self.image, self.environment, problems, isolated=isolated)

    def to_request(self) -> dict[str, Any]:
        metrics = {
            # SageMaker's own default, which its model does not know of.
            "MetricsEndpointPath": first(self.metrics_path, "/metrics"),
            "MetricPublishFrequencyInSeconds": seconds(self.metrics_frequency),
        }
        data = self.model_data
        return {
            "ContainerHostname": self.hostname,
            "Image": self.image,
            "ImageConfig": {
                "RepositoryAccessMode": self.repository_access,
                "RepositoryAuthConfig": {"RepositoryCredentialsProviderArn": self.repository_credentials},
            },
            "Mode": switch(self.multi_model, "MultiModel", "SingleModel"),
            "ModelDataUrl": None if isinstance(data, ModelDataSource) else data,
            "ModelDataSource": data if isinstance(data, ModelDataSource) else None,
            "AdditionalModelDataSources": _channels(self.additional_model_data),
            "Environment": script_environment(self.environment, self.script([])),
            "ModelPackageName": self.model_package,
            "InferenceSpecificationName": self.inference_specification,
            "MultiModelConfig": {"ModelCacheSetting": switch(self.model_cache, "Enabled", "Disabled")},
            "ContainerMetricsConfig": {
                "MetricsEndpoints": [metrics] if first(self.metrics_path, self.metrics_frequency) is not None else None
            },
        }


def _channels(data: Any) -> Any:
    """Data by channel as SageMaker lists them; anything else as it is, for SageMaker's model to judge."""
    if not isinstance(data, Mapping):
        return data
    return [
        {"ChannelName": name, **(one if isinstance(one, ModelDataSource) else ModelDataSource(data=one)).to_request()}
        for name, one in data.items()
    ]
