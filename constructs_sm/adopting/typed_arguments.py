"""Typed arguments of the jobs, by the field of the request that each says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from constructs_sm import actions

MACHINES: Final = (
    ("instance_type", "InstanceType", "text"),
    ("instance_count", "InstanceCount", "number"),
    ("volume_size", "VolumeSizeInGB", "gibibytes"),
    ("volume_kms_key", "VolumeKmsKeyId", "text"),
)
_TRAINING: Final = (
    ("image", "AlgorithmSpecification.TrainingImage", "text"),
    ("algorithm_name", "AlgorithmSpecification.AlgorithmName", "text"),
    ("input_mode", "AlgorithmSpecification.TrainingInputMode", "text"),
    ("metric_definitions", "AlgorithmSpecification.MetricDefinitions", "metrics"),
    ("inputs", "InputDataConfig", "channels"),
    ("output", "OutputDataConfig.S3OutputPath", "text"),
    ("output_compression", "OutputDataConfig.CompressionType", "text"),
    ("output_kms_key", "OutputDataConfig.KmsKeyId", "text"),
    *((argument, f"ResourceConfig.{path}", kind) for argument, path, kind in MACHINES),
    ("keep_alive", "ResourceConfig.KeepAlivePeriodInSeconds", "seconds"),
    ("training_plan_arn", "ResourceConfig.TrainingPlanArn", "text"),
    ("environment", "Environment", "texts"),
    ("max_runtime", "StoppingCondition.MaxRuntimeInSeconds", "seconds"),
    ("max_wait", "StoppingCondition.MaxWaitTimeInSeconds", "seconds"),
    ("max_pending", "StoppingCondition.MaxPendingTimeInSeconds", "seconds"),
    ("spot", "EnableManagedSpotTraining", "flag"),
    ("max_retry_attempts", "RetryStrategy.MaximumRetryAttempts", "number"),
    ("subnets", "VpcConfig.Subnets", "list"),
    ("security_groups", "VpcConfig.SecurityGroupIds", "list"),
    ("network_isolation", "EnableNetworkIsolation", "flag"),
    ("inter_container_traffic_encryption", "EnableInterContainerTrafficEncryption", "flag"),
)
"""Of a training job, and of the definition of a tuning job."""
_WITHIN_A_SEARCH: Final = "TrainingJobDefinition"
_SPOT: Final = ("EnableManagedSpotTraining", "StoppingCondition.MaxWaitTimeInSeconds")


@dataclass(frozen=True, slots=True)
class TypedArguments:
    """The typed arguments of one class of jobs.

    Attributes:
        construct: The class.
        rows: Argument, dotted path of the field, kind of value.
        filled: The fields that the class fills with defaults of its own: where one is missing, the request is complete
            without typed arguments alone.
        filled_if: Likewise, those that it fills where another field is there.
        together: Arguments that are given together or not at all.
    """

    construct: str
    rows: tuple[tuple[str, str, str], ...]
    filled: tuple[str, ...] = ()
    filled_if: tuple[tuple[str, str], ...] = ()
    together: tuple[str, ...] = ("subnets", "security_groups")


OF_ACTIONS: Final = {
    actions.TRAINING_JOB: TypedArguments(
        "TrainingJob",
        (
            *_TRAINING,
            ("hyperparameters", "HyperParameters", "texts"),
            ("metrics_time_series", "AlgorithmSpecification.EnableSageMakerMetricsTimeSeries", "flag"),
            ("container_entrypoint", "AlgorithmSpecification.ContainerEntrypoint", "list"),
            ("container_arguments", "AlgorithmSpecification.ContainerArguments", "list"),
            ("remote_debug", "RemoteDebugConfig.EnableRemoteDebug", "flag"),
            ("infra_check", "InfraCheckConfig.EnableInfraCheck", "flag"),
            ("session_tag_chaining", "SessionChainingConfig.EnableSessionTagChaining", "flag"),
            ("tags", "Tags", "tags"),
        ),
        filled=(
            "AlgorithmSpecification.TrainingInputMode",
            "ResourceConfig.InstanceCount",
            "ResourceConfig.VolumeSizeInGB",
            "StoppingCondition.MaxRuntimeInSeconds",
        ),
        filled_if=(
            _SPOT,
            *(
                (name, f"{name}.S3OutputPath")
                for name in ("DebugHookConfig", "ProfilerConfig", "TensorBoardOutputConfig")
            ),
        ),
    ),
    actions.PROCESSING_JOB: TypedArguments(
        "ProcessingJob",
        (
            ("image", "AppSpecification.ImageUri", "text"),
            ("entrypoint", "AppSpecification.ContainerEntrypoint", "list"),
            ("command_arguments", "AppSpecification.ContainerArguments", "list"),
            ("inputs", "ProcessingInputs", "processing inputs"),
            ("outputs", "ProcessingOutputConfig.Outputs", "processing outputs"),
            ("output_kms_key", "ProcessingOutputConfig.KmsKeyId", "text"),
            ("environment", "Environment", "texts"),
            *((argument, f"ProcessingResources.ClusterConfig.{path}", kind) for argument, path, kind in MACHINES),
            ("max_runtime", "StoppingCondition.MaxRuntimeInSeconds", "seconds"),
            ("subnets", "NetworkConfig.VpcConfig.Subnets", "list"),
            ("security_groups", "NetworkConfig.VpcConfig.SecurityGroupIds", "list"),
            ("network_isolation", "NetworkConfig.EnableNetworkIsolation", "flag"),
            (
                "inter_container_traffic_encryption",
                "NetworkConfig.EnableInterContainerTrafficEncryption",
                "flag",
            ),
            ("tags", "Tags", "tags"),
        ),
        filled=(
            "ProcessingResources.ClusterConfig.InstanceCount",
            "ProcessingResources.ClusterConfig.VolumeSizeInGB",
            "StoppingCondition.MaxRuntimeInSeconds",
        ),
    ),
    actions.TRANSFORM_JOB: TypedArguments(
        "TransformJob",
        (
            ("model", "ModelName", "text"),
            ("data", "TransformInput.DataSource.S3DataSource.S3Uri", "text"),
            ("s3_data_type", "TransformInput.DataSource.S3DataSource.S3DataType", "text"),
            ("content_type", "TransformInput.ContentType", "text"),
            ("compression_type", "TransformInput.CompressionType", "text"),
            ("split_type", "TransformInput.SplitType", "text"),
            ("batch_strategy", "BatchStrategy", "text"),
            ("max_payload", "MaxPayloadInMB", "mebibytes"),
            ("max_concurrent_transforms", "MaxConcurrentTransforms", "number"),
            ("invocations_timeout", "ModelClientConfig.InvocationsTimeoutInSeconds", "seconds"),
            ("invocations_max_retries", "ModelClientConfig.InvocationsMaxRetries", "number"),
            ("input_filter", "DataProcessing.InputFilter", "filter"),
            ("join_source", "DataProcessing.JoinSource", "text"),
            ("output_filter", "DataProcessing.OutputFilter", "filter"),
            ("output", "TransformOutput.S3OutputPath", "text"),
            ("accept", "TransformOutput.Accept", "text"),
            ("assemble_with", "TransformOutput.AssembleWith", "text"),
            ("output_kms_key", "TransformOutput.KmsKeyId", "text"),
            ("environment", "Environment", "texts"),
            ("instance_type", "TransformResources.InstanceType", "text"),
            ("instance_count", "TransformResources.InstanceCount", "number"),
            ("volume_kms_key", "TransformResources.VolumeKmsKeyId", "text"),
            ("ami_version", "TransformResources.TransformAmiVersion", "text"),
            ("tags", "Tags", "tags"),
        ),
        filled=("TransformInput.DataSource.S3DataSource.S3DataType", "TransformResources.InstanceCount"),
    ),
    actions.TUNING_JOB: TypedArguments(
        "TuningJob",
        (
            ("strategy", "HyperParameterTuningJobConfig.Strategy", "text"),
            ("objective", "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName", "text"),
            ("objective_type", "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.Type", "text"),
            ("max_jobs", "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs", "number"),
            ("max_parallel_jobs", "HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs", "number"),
            ("max_tuning_runtime", "HyperParameterTuningJobConfig.ResourceLimits.MaxRuntimeInSeconds", "seconds"),
            ("early_stopping", "HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType", "text"),
            ("random_seed", "HyperParameterTuningJobConfig.RandomSeed", "number"),
            *((argument, f"{_WITHIN_A_SEARCH}.{path}", kind) for argument, path, kind in _TRAINING),
            ("hyperparameters", f"{_WITHIN_A_SEARCH}.StaticHyperParameters", "texts"),
            ("tags", "Tags", "tags"),
        ),
        filled=(
            "HyperParameterTuningJobConfig.Strategy",
            "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.Type",
            "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs",
            "HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs",
            f"{_WITHIN_A_SEARCH}.AlgorithmSpecification.TrainingInputMode",
            f"{_WITHIN_A_SEARCH}.ResourceConfig.InstanceCount",
            f"{_WITHIN_A_SEARCH}.ResourceConfig.VolumeSizeInGB",
            f"{_WITHIN_A_SEARCH}.StoppingCondition.MaxRuntimeInSeconds",
        ),
        filled_if=(
            (f"{_WITHIN_A_SEARCH}.{_SPOT[0]}", f"{_WITHIN_A_SEARCH}.{_SPOT[1]}"),
            (f"{_WITHIN_A_SEARCH}.TuningObjective", f"{_WITHIN_A_SEARCH}.TuningObjective.Type"),
        ),
    ),
    actions.LABELING_JOB: TypedArguments(
        "LabelingJob",
        (
            ("manifest", "InputConfig.DataSource.S3DataSource.ManifestS3Uri", "text"),
            ("input_topic", "InputConfig.DataSource.SnsDataSource.SnsTopicArn", "text"),
            ("content_classifiers", "InputConfig.DataAttributes.ContentClassifiers", "list"),
            ("label_attribute_name", "LabelAttributeName", "text"),
            ("output", "OutputConfig.S3OutputPath", "text"),
            ("kms_key", "OutputConfig.KmsKeyId", "text"),
            ("output_topic", "OutputConfig.SnsTopicArn", "text"),
            ("label_categories", "LabelCategoryConfigS3Uri", "text"),
            ("workteam", "HumanTaskConfig.WorkteamArn", "text"),
            ("pre_annotation_lambda", "HumanTaskConfig.PreHumanTaskLambdaArn", "text"),
            (
                "annotation_consolidation_lambda",
                "HumanTaskConfig.AnnotationConsolidationConfig.AnnotationConsolidationLambdaArn",
                "text",
            ),
            ("ui_template", "HumanTaskConfig.UiConfig.UiTemplateS3Uri", "text"),
            ("human_task_ui_arn", "HumanTaskConfig.UiConfig.HumanTaskUiArn", "text"),
            ("title", "HumanTaskConfig.TaskTitle", "text"),
            ("description", "HumanTaskConfig.TaskDescription", "text"),
            ("keywords", "HumanTaskConfig.TaskKeywords", "list"),
            ("workers_per_object", "HumanTaskConfig.NumberOfHumanWorkersPerDataObject", "number"),
            ("task_time_limit", "HumanTaskConfig.TaskTimeLimitInSeconds", "seconds"),
            ("task_availability", "HumanTaskConfig.TaskAvailabilityLifetimeInSeconds", "seconds"),
            ("max_concurrent_tasks", "HumanTaskConfig.MaxConcurrentTaskCount", "number"),
            ("max_labeled_objects", "StoppingConditions.MaxHumanLabeledObjectCount", "number"),
            ("max_labeled_percentage", "StoppingConditions.MaxPercentageOfInputDatasetLabeled", "number"),
            ("tags", "Tags", "tags"),
        ),
    ),
    actions.MODEL: TypedArguments(
        "CreateModel",
        (
            ("image", "PrimaryContainer.Image", "text"),
            ("model_data", "PrimaryContainer.ModelDataUrl", "text"),
            ("environment", "PrimaryContainer.Environment", "texts"),
            ("hostname", "PrimaryContainer.ContainerHostname", "text"),
            ("model_package", "PrimaryContainer.ModelPackageName", "text"),
            ("inference_specification", "PrimaryContainer.InferenceSpecificationName", "text"),
            ("containers", "Containers", "containers"),
            ("inference_execution_mode", "InferenceExecutionConfig.Mode", "text"),
            ("subnets", "VpcConfig.Subnets", "list"),
            ("security_groups", "VpcConfig.SecurityGroupIds", "list"),
            ("network_isolation", "EnableNetworkIsolation", "flag"),
            ("tags", "Tags", "tags"),
        ),
    ),
    actions.ENDPOINT_CONFIG: TypedArguments(
        "CreateEndpointConfig",
        (("variants", "ProductionVariants", "variants"), ("kms_key", "KmsKeyId", "text"), ("tags", "Tags", "tags")),
        filled_if=(("AsyncInferenceConfig", "AsyncInferenceConfig.OutputConfig.S3OutputPath"),),
    ),
    actions.ENDPOINT: TypedArguments(
        "CreateEndpoint", (("endpoint_config", "EndpointConfigName", "text"), ("tags", "Tags", "tags"))
    ),
    actions.ENDPOINT_UPDATE: TypedArguments(
        "UpdateEndpoint",
        (
            ("endpoint_config", "EndpointConfigName", "text"),
            ("retain_variant_properties", "RetainAllVariantProperties", "flag"),
            ("retain_deployment_config", "RetainDeploymentConfig", "flag"),
        ),
    ),
}
"""By the row of the table."""
CONTAINER: Final = (
    ("image", "Image", "text"),
    ("model_data", "ModelDataUrl", "text"),
    ("environment", "Environment", "texts"),
    ("hostname", "ContainerHostname", "text"),
    ("model_package", "ModelPackageName", "text"),
    ("inference_specification", "InferenceSpecificationName", "text"),
)
"""Of a `Container`."""
VARIANT: Final = (
    ("name", "VariantName", "text"),
    ("model", "ModelName", "text"),
    ("instance_type", "InstanceType", "text"),
    ("instance_count", "InitialInstanceCount", "number"),
    ("weight", "InitialVariantWeight", "number"),
    ("volume_size", "VolumeSizeInGB", "gibibytes"),
    ("serverless", "ServerlessConfig", "serverless"),
)
"""Of a `Variant`."""
CHANNEL: Final = (
    ("data", "DataSource.S3DataSource.S3Uri", "text"),
    ("s3_data_type", "DataSource.S3DataSource.S3DataType", "text"),
    ("s3_data_distribution_type", "DataSource.S3DataSource.S3DataDistributionType", "text"),
    ("attribute_names", "DataSource.S3DataSource.AttributeNames", "list"),
    ("content_type", "ContentType", "text"),
    ("compression_type", "CompressionType", "text"),
    ("record_wrapper_type", "RecordWrapperType", "text"),
    ("input_mode", "InputMode", "text"),
    ("shuffle_seed", "ShuffleConfig.Seed", "number"),
)
"""Of a `Channel`."""
INPUTS: Final = "/opt/ml/processing/input"
OUTPUTS: Final = "/opt/ml/processing/output"
"""Folders under which the library has the container find an input, and leave an output, by its name."""
PROCESSING_INPUT: Final = (
    ("data", "S3Input.S3Uri", "text"),
    ("local_path", "S3Input.LocalPath", "text"),
    ("s3_data_type", "S3Input.S3DataType", "text"),
    ("input_mode", "S3Input.S3InputMode", "text"),
    ("data_distribution_type", "S3Input.S3DataDistributionType", "text"),
    ("s3_compression_type", "S3Input.S3CompressionType", "text"),
    ("app_managed", "AppManaged", "flag"),
)
"""Of a `ProcessingInput`."""
PROCESSING_OUTPUT: Final = (
    ("data", "S3Output.S3Uri", "text"),
    ("local_path", "S3Output.LocalPath", "text"),
    ("s3_upload_mode", "S3Output.S3UploadMode", "text"),
    ("app_managed", "AppManaged", "flag"),
)
"""Of a `ProcessingOutput`."""
SERVERLESS: Final = (("memory_size", "MemorySizeInMB", "mebibytes"), ("max_concurrency", "MaxConcurrency", "number"))
"""Of a `ServerlessConfig`."""
