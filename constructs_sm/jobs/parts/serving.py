"""Services of an endpoint besides answering: asynchronous calls, capture of its data, explanations, metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.jobs.parts.fields import each, mebibytes, seconds, text_list
from constructs_sm.requests.rendering import Structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.jobs.parts.fields import Flag, Key, Numeric, Storage, TextList, Time, Topic
    from constructs_sm.values.s3 import S3Data


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncInferenceConfig(Structure):
    """An endpoint that queues its calls and writes the answers to S3.

    Attributes:
        output: Where the answers go. Default, in a `PipelineStack`: its bucket, under the configuration.
        failure_output: Where what is said of failed calls goes. Default: nowhere.
        success_topic: Told of each answer.
        error_topic: Told of each failed call.
        include_response_in: Which of the topics get the answer itself: `SUCCESS_NOTIFICATION_TOPIC`,
            `ERROR_NOTIFICATION_TOPIC`. Default: neither.
        max_concurrent_invocations: Calls at a time, an instance. Default: SageMaker's choice.
        kms_key: Encrypts the answers. Default: S3's own.
    """

    output: S3Data | None = None
    failure_output: S3Data | None = None
    success_topic: Topic | None = None
    error_topic: Topic | None = None
    include_response_in: TextList | None = None
    max_concurrent_invocations: Numeric | None = None
    kms_key: Key | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": self.max_concurrent_invocations},
            "OutputConfig": {
                "S3OutputPath": self.output,
                "S3FailurePath": self.failure_output,
                "KmsKeyId": self.kms_key,
                "NotificationConfig": {
                    "SuccessTopic": self.success_topic,
                    "ErrorTopic": self.error_topic,
                    "IncludeInferenceResponseIn": text_list(self.include_response_in),
                },
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCaptureConfig(Structure):
    """Keep the requests and the answers of an endpoint.

    Attributes:
        sampling_percentage: How much of the traffic.
        destination: Where it goes. Default, in a `PipelineStack`: its bucket, under the configuration.
        capture: `Input`, `Output`, `InputAndOutput`. Default: `Input` and `Output`.
        csv_content_types: Kept as CSV. Default, as for other types: as base64.
        json_content_types: Kept as JSON.
        enabled: Default: True.
        kms_key: Encrypts the capture. Default: S3's own.
    """

    sampling_percentage: Numeric
    destination: S3Data | None = None
    capture: Sequence[str] = ("Input", "Output")
    csv_content_types: TextList | None = None
    json_content_types: TextList | None = None
    enabled: Flag | None = None
    kms_key: Key | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "EnableCapture": self.enabled,
            "InitialSamplingPercentage": self.sampling_percentage,
            "DestinationS3Uri": self.destination,
            "KmsKeyId": self.kms_key,
            "CaptureOptions": each(self.capture, "CaptureMode"),
            "CaptureContentTypeHeader": {
                "CsvContentTypes": text_list(self.csv_content_types),
                "JsonContentTypes": text_list(self.json_content_types),
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarifyShapConfig(Structure):
    """Computation of the share that each feature has in an answer, against a baseline.

    SageMaker Clarify is closed to new customers: use smclarify, or SHAP, in a processing job instead.

    Attributes:
        baseline: The baseline itself, as text.
        baseline_uri: Or where it is.
        baseline_mime_type: `text/csv` (default) or `application/jsonlines`.
        number_of_samples: How many made-up records are asked about.
        use_logit: Explain the logit of the answer. Default: False.
        seed: Of the sampling. Default: a random one.
        text_language: Treat text as text in this language, as `en`; together with *text_granularity*.
        text_granularity: `token`, `sentence` or `paragraph`.
    """

    baseline: str | None = None
    baseline_uri: S3Data | None = None
    baseline_mime_type: str | None = None
    number_of_samples: Numeric | None = None
    use_logit: Flag | None = None
    seed: Numeric | None = None
    text_language: str | None = None
    text_granularity: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "ShapBaselineConfig": {
                "MimeType": self.baseline_mime_type,
                "ShapBaseline": self.baseline,
                "ShapBaselineUri": self.baseline_uri,
            },
            "NumberOfSamples": self.number_of_samples,
            "UseLogit": self.use_logit,
            "Seed": self.seed,
            "TextConfig": {"Language": self.text_language, "Granularity": self.text_granularity},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarifyInferenceConfig(Structure):
    """Calls of the model by the explainer, and the reading of its answers.

    SageMaker Clarify is closed to new customers: use smclarify, or SHAP, in a processing job instead.

    Attributes:
        features_attribute: Where the features are in a record of JSON Lines: JMESPath.
        content_template: A record of JSON Lines with `$features` where they go.
        max_record_count: Of one call of the model.
        max_payload: Of one call of the model.
        probability_index: Where the probability is in a line of CSV.
        label_index: Where the label is in a line of CSV.
        probability_attribute: Where the probability is in JSON Lines: JMESPath.
        label_attribute: Where the label is in JSON Lines: JMESPath.
        label_headers: Names of the labels.
        feature_headers: Names of the features.
        feature_types: `numerical`, `categorical` or `text`, for each feature.
    """

    features_attribute: str | None = None
    content_template: str | None = None
    max_record_count: Numeric | None = None
    max_payload: Storage | None = None
    probability_index: Numeric | None = None
    label_index: Numeric | None = None
    probability_attribute: str | None = None
    label_attribute: str | None = None
    label_headers: TextList | None = None
    feature_headers: TextList | None = None
    feature_types: TextList | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "FeaturesAttribute": self.features_attribute,
            "ContentTemplate": self.content_template,
            "MaxRecordCount": self.max_record_count,
            "MaxPayloadInMB": mebibytes(self.max_payload),
            "ProbabilityIndex": self.probability_index,
            "LabelIndex": self.label_index,
            "ProbabilityAttribute": self.probability_attribute,
            "LabelAttribute": self.label_attribute,
            "LabelHeaders": text_list(self.label_headers),
            "FeatureHeaders": text_list(self.feature_headers),
            "FeatureTypes": text_list(self.feature_types),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarifyExplainerConfig(Structure):
    """Explain the answers of an endpoint with SageMaker Clarify, which is closed to new customers.

    Use the open-source package smclarify, or SHAP, in a processing job instead.

    Attributes:
        shap: How.
        inference: How the explainer talks to the model. Default: CSV.
        enable_explanations: Which records to explain: JMESPath. Default: all.
    """

    shap: ClarifyShapConfig
    inference: ClarifyInferenceConfig | None = None
    enable_explanations: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "EnableExplanations": self.enable_explanations,
            "InferenceConfig": self.inference,
            "ShapConfig": self.shap,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsConfig(Structure):
    """Metrics of an endpoint that go to CloudWatch, and their interval.

    Attributes:
        enhanced_metrics: Also by instance and container. Default: False.
        detailed_observability: Also those of the containers and of each GPU. Default: False.
        publish_frequency: 10 or 30 seconds, or 1 to 5 minutes. Default: 1 minute.
    """

    enhanced_metrics: Flag | None = None
    detailed_observability: Flag | None = None
    publish_frequency: Time | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "EnableEnhancedMetrics": self.enhanced_metrics,
            "EnableDetailedObservability": self.detailed_observability,
            "MetricPublishFrequencyInSeconds": seconds(self.publish_frequency),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossRegionTrafficConfig(Structure):
    """Bound what inference routers of other Regions may ask of an endpoint.

    Attributes:
        max_invocations_per_second_per_instance: What one instance is expected to serve.
        max_cross_region_percent: The part of the endpoint's capacity that others may use.
    """

    max_invocations_per_second_per_instance: Numeric
    max_cross_region_percent: Numeric

    def to_request(self) -> dict[str, Any]:
        return {
            "MaxInvocationsPerSecondPerInstance": self.max_invocations_per_second_per_instance,
            "MaxCrossRegionPercentPerEndpoint": self.max_cross_region_percent,
        }
