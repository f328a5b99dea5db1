"""The rules of jobs that read data and train nothing: processing, batch transform, labeling."""

from __future__ import annotations

from typing import Final

from constructs_sm.rules.request_rule import API, ISSUE, request_rule

_SDK: Final = "aws/sagemaker-python-sdk"

PROCESSING_TYPE: Final = request_rule(
    "processing-instance-type",
    "a processing job has one instance type, or several to choose from",
    "give instance_type= or instance_preferences=",
    source=API.format("ProcessingClusterConfig"),
)
PROCESSING_INPUT: Final = request_rule(
    "processing-input-one-source",
    "an input of a processing job has its data from one source",
    "give one of S3Input and DatasetDefinition",
    source=API.format("ProcessingInput"),
)
PROCESSING_OUTPUT: Final = request_rule(
    "processing-output-one-target",
    "an output of a processing job goes to one target",
    "give one of S3Output and FeatureStoreOutput",
    source=API.format("ProcessingOutput"),
)
LOCAL_PATH: Final = request_rule(
    "processing-local-path-missing",
    "an input that SageMaker fetches does not say where in the container it goes",
    "pass local_path=, or app_managed=True where the application fetches it",
    source=API.format("ProcessingS3Input"),
)
LOCAL_PATHS_DIFFER: Final = request_rule(
    "processing-local-paths-differ",
    "two inputs, or an input and an output, share a local path in the container",
    "give each a path of its own below /opt/ml/processing/",
    why="the job fails, with an empty message",
    source=ISSUE.format(_SDK, 4939),
)
FEATURE_STORE: Final = request_rule(
    "feature-store-output-app-managed",
    "an output to a feature group is written by the application",
    "pass app_managed=True",
    source=API.format("ProcessingOutput"),
)
FILTER: Final = request_rule(
    "transform-filter-is-json-path",
    "a filter of a batch transform is no JSONPath",
    "write $.features, or $[1:]",
    source=API.format("DataProcessing"),
)
PAYLOAD: Final = request_rule(
    "transform-payload-total",
    "payloads that are under way at one time exceed 100 MB",
    "lower max_payload= or max_concurrent_transforms=",
    source=API.format("CreateTransformJob"),
)
TRANSFORM_MANIFEST: Final = request_rule(
    "transform-takes-no-augmented-manifest",
    "a batch transform takes no augmented manifest",
    "pass a prefix, or a ManifestFile",
    source=API.format("TransformS3DataSource"),
)
TRANSFORM_MODEL: Final = request_rule(
    "transform-takes-no-model-data-source",
    "a batch transform takes no model whose data is not compressed",
    "pass model_data= as the s3:// URI of a model.tar.gz, not as a ModelDataSource",
    source=ISSUE.format(_SDK, 4777),
)
LABELING_SOURCE: Final = request_rule(
    "labeling-source",
    "a labeling job has its objects from S3, from a topic or from both",
    "give the manifest or the topic",
    source=API.format("LabelingJobDataSource"),
)
LABELING_INTERFACE: Final = request_rule(
    "labeling-interface",
    "a labeling job has a template of its own or an interface of AWS's",
    "give one of them",
    source=API.format("UiConfig"),
)
LABEL_ATTRIBUTE: Final = request_rule(
    "labeling-attribute-name",
    "the name of the label ends in -metadata, which SageMaker adds",
    "end it without -metadata",
    source=API.format("CreateLabelingJob"),
)
