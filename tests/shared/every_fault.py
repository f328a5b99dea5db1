"""For every rule of requests: a job and what breaks that rule of its smallest request, and no other."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

from constructs_sm import CreateModelPackage, SageMakerJob, images

from every_action import IMAGE, JOBS, REQUESTS
from every_polled_action import REQUESTS as POLLED_REQUESTS

DATA = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train/"}
GROUP = {"InstanceGroupName": "a", "InstanceType": "ml.m5.xlarge", "InstanceCount": 1}
VPC = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
SERVERLESS = {"VariantName": "a", "ModelName": "m", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
VARIANT = {"VariantName": "a", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
PROCESSED = {"S3Uri": "s3://data/a/", "S3DataType": "S3Prefix", "S3InputMode": "File", "LocalPath": "/opt/ml/a"}
CLUSTER = "ProcessingResources.ClusterConfig"
SPOT = {"EnableManagedSpotTraining": True, "CheckpointConfig": {"S3Uri": "s3://data/c/"}}
WAITING = {"StoppingCondition.MaxWaitTimeInSeconds": 3600}
SERVER = "ProductionVariants"
GONE = object()
"""In place of a value: the field is taken away."""


class Fault(NamedTuple):
    """A change of a request."""

    api: str
    changes: dict[str, Any]
    """By the path of the field."""


def channel(name: str = "train", source: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {**DATA, **(source or {})}}, **more}


def training(**changes: Any) -> Fault:
    return Fault("createTrainingJob", {name.replace("__", "."): value for name, value in changes.items()})


def trained(changes: dict[str, Any]) -> Fault:
    return Fault("createTrainingJob", changes)


def resources(**values: Any) -> Fault:
    kept = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}
    given = {name: value for name, value in {**kept, **values}.items() if value is not GONE}
    return training(ResourceConfig=given)


def read(**values: Any) -> Fault:
    return training(InputDataConfig=[channel(**values)])


def scripted(**values: str) -> Fault:
    return training(HyperParameters={"sagemaker_program": "train.py", **values})


def tuning(**changes: Any) -> Fault:
    return Fault("createHyperParameterTuningJob", {name.replace("__", "."): value for name, value in changes.items()})


def processing(**changes: Any) -> Fault:
    return Fault("createProcessingJob", {name.replace("__", "."): value for name, value in changes.items()})


def transform(changes: dict[str, Any]) -> Fault:
    return Fault("createTransformJob", changes)


def labeling(changes: dict[str, Any]) -> Fault:
    return Fault("createLabelingJob", changes)


def model(**container: Any) -> Fault:
    return Fault("createModel", {f"PrimaryContainer.{name}": value for name, value in container.items()})


def served(*variants: dict[str, Any], **changes: Any) -> Fault:
    return Fault("createEndpointConfig", {SERVER: list(variants), **changes})


def endpoint(**changes: Any) -> Fault:
    return Fault("createEndpoint", changes)


def package(changes: dict[str, Any]) -> Fault:
    return Fault("createModelPackage", changes)


def regional(image: images.SageMakerImage) -> str:
    return image.uri("us-east-1")


TUNED = "TrainingJobDefinition.AlgorithmSpecification.MetricDefinitions"
AUC = [{"Name": "validation:auc", "Regex": "auc=(.*)"}]
CONFIG = "HyperParameterTuningJobConfig"
TRAINED = "TrainingJobDefinition"
CHOICES = [{"InstanceType": "ml.m5.xlarge"}, {"InstanceType": "ml.m5.2xlarge"}]
INSTEAD = {"InstanceType": GONE, "InstancePreferences": CHOICES}
CPU = regional(images.pytorch("2.5.1", processor="cpu"))
GPU = regional(images.pytorch("2.5.1", processor="gpu"))
CLARIFY = regional(images.clarify())
MONITOR = regional(images.model_monitor())

FAULTS: dict[str, Fault] = {
    # Trainings.
    "training-incomplete": training(ResourceConfig=GONE),
    "training-algorithm": training(AlgorithmSpecification={"TrainingInputMode": "File"}),
    "spot-wait-covers-runtime": trained({**SPOT, "StoppingCondition.MaxWaitTimeInSeconds": 60}),
    "spot-needs-max-wait": trained(SPOT),
    "max-wait-needs-spot": trained(WAITING),
    "spot-without-checkpoints": trained({"EnableManagedSpotTraining": True, **WAITING}),
    "instance-groups-exclude-type": resources(InstanceGroups=[GROUP], InstanceType=GONE),
    "instance-groups-differ": resources(InstanceGroups=[GROUP, GROUP], InstanceType=GONE, InstanceCount=GONE),
    "channels-all-name-groups": trained(
        {
            **resources(InstanceGroups=[GROUP], InstanceType=GONE, InstanceCount=GONE).changes,
            "InputDataConfig": [channel("a", {"InstanceGroupNames": ["a"]}), channel("b")],
        }
    ),
    "channel-names-unknown-group": read(source={"InstanceGroupNames": ["b"]}),
    "instance-preferences-exclude-type": resources(InstancePreferences=CHOICES),
    "instance-preferences-not-on-spot": trained({**resources(**INSTEAD).changes, **SPOT, **WAITING}),
    "instance-preferences-counted-once": resources(**INSTEAD, InstanceCount=GONE),
    "instance-preferences-differ": resources(**{**INSTEAD, "InstancePreferences": [CHOICES[0]] * 2}),
    "selected-instances-are-read-only": resources(SelectedInstanceType="ml.m5.xlarge"),
    "channel-one-source": training(InputDataConfig=[{"ChannelName": "train", "DataSource": {}}]),
    "gzip-needs-pipe": read(CompressionType="Gzip"),
    "record-wrapper-needs-pipe": read(RecordWrapperType="RecordIO"),
    "augmented-manifest-needs-pipe": read(
        source={"S3DataType": "AugmentedManifestFile", "AttributeNames": ["a"]}, InputMode="File"
    ),
    "manifest-objects-not-granted": read(source={"S3DataType": "ManifestFile"}),
    "file-system-needs-vpc": training(
        InputDataConfig=[
            {
                "ChannelName": "train",
                "DataSource": {
                    "FileSystemDataSource": {
                        "FileSystemId": "fs-0123456789abcdef0",
                        "FileSystemType": "EFS",
                        "FileSystemAccessMode": "ro",
                        "DirectoryPath": "/data",
                    }
                },
            }
        ]
    ),
    "instances-in-vpc-talk": trained({**resources(InstanceCount=2).changes, "VpcConfig": VPC}),
    "no-volume-key-on-local-storage": resources(InstanceType="ml.g5.xlarge", VolumeKmsKeyId="k"),
    "warm-pool-not-on-spot": trained({**resources(KeepAlivePeriodInSeconds=60).changes, **SPOT, **WAITING}),
    "warm-pool-not-with-groups": resources(
        InstanceGroups=[GROUP], InstanceType=GONE, InstanceCount=GONE, KeepAlivePeriodInSeconds=60
    ),
    "warm-pool-not-in-tuning": tuning(TrainingJobDefinition__ResourceConfig__KeepAlivePeriodInSeconds=60),
    "metric-expression": training(AlgorithmSpecification__MetricDefinitions=[{"Name": "auc", "Regex": "auc=(["}]),
    "metric-without-definition": Fault(
        "createHyperParameterTuningJob", {TUNED: [{"Name": "validation:loss", "Regex": "loss=(.*)"}]}
    ),
    "evaluation-needs-type": training(
        ServerlessJobConfig={
            "JobType": "Evaluation",
            "BaseModelArn": "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/m/1.0.0",
        }
    ),
    "hyperparameter-text": scripted(version="1.10"),
    "hyperparameter-option": scripted(text="-x"),
    "channel-variable-name": trained({**scripted().changes, "InputDataConfig": [channel("my-data")]}),
    # Tunings.
    "tuning-definitions": tuning(TrainingJobDefinition=GONE),
    "tuning-one-resource-config": tuning(TrainingJobDefinition__ResourceConfig=GONE),
    "tuning-instance-configs-exclude-type": tuning(
        TrainingJobDefinition__ResourceConfig=GONE,
        TrainingJobDefinition__HyperParameterTuningResourceConfig={
            "InstanceConfigs": [{"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}],
            "VolumeSizeInGB": 10,
        },
    ),
    "hyperband-config-needs-hyperband": Fault(
        "createHyperParameterTuningJob",
        {f"{CONFIG}.StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 10}}},
    ),
    "hyperband-stops-early-itself": Fault(
        "createHyperParameterTuningJob",
        {f"{CONFIG}.Strategy": "Hyperband", f"{CONFIG}.TrainingJobEarlyStoppingType": "Auto"},
    ),
    "grid-needs-categories": Fault(
        "createHyperParameterTuningJob",
        {
            f"{CONFIG}.Strategy": "Grid",
            f"{CONFIG}.ParameterRanges": {
                "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "5"}]
            },
        },
    ),
    # Processing, batch transform, labeling.
    "processing-instance-type": processing(ProcessingResources__ClusterConfig__InstanceType=GONE),
    "processing-input-one-source": processing(ProcessingInputs=[{"InputName": "a", "AppManaged": True}]),
    "processing-output-one-target": processing(ProcessingOutputConfig={"Outputs": [{"OutputName": "a"}]}),
    "processing-local-path-missing": processing(
        ProcessingInputs=[
            {"InputName": "a", "S3Input": {key: PROCESSED[key] for key in PROCESSED if key != "LocalPath"}}
        ]
    ),
    "processing-local-paths-differ": processing(
        ProcessingInputs=[{"InputName": name, "S3Input": PROCESSED} for name in ("a", "b")]
    ),
    "feature-store-output-app-managed": processing(
        ProcessingOutputConfig={"Outputs": [{"OutputName": "a", "FeatureStoreOutput": {"FeatureGroupName": "f"}}]}
    ),
    "transform-filter-is-json-path": transform({"DataProcessing": {"InputFilter": "features"}}),
    "transform-payload-total": transform({"MaxPayloadInMB": 50, "MaxConcurrentTransforms": 3}),
    "transform-takes-no-augmented-manifest": transform(
        {"TransformInput.DataSource.S3DataSource.S3DataType": "AugmentedManifestFile"}
    ),
    "labeling-source": labeling({"InputConfig.DataSource": {}}),
    "labeling-interface": labeling({"HumanTaskConfig.UiConfig": {}}),
    "labeling-attribute-name": labeling({"LabelAttributeName": "label-metadata"}),
    # Models and endpoints.
    "model-containers": Fault("createModel", {"PrimaryContainer": GONE}),
    "model-container-has-image": model(Image=GONE),
    "container-hostnames": Fault(
        "createModel",
        {"PrimaryContainer": GONE, "Containers": [{"Image": IMAGE, "ContainerHostname": "a"}, {"Image": IMAGE}]},
    ),
    "registry-credentials-need-vpc": model(
        ImageConfig={
            "RepositoryAccessMode": "Platform",
            "RepositoryAuthConfig": {
                "RepositoryCredentialsProviderArn": "arn:aws:lambda:us-east-1:123456789012:function:f"
            },
        }
    ),
    "metrics-interval": Fault(
        "createEndpointConfig",
        {"MetricsConfig": {"MetricPublishFrequencyInSeconds": 45, "EnableEnhancedMetrics": True}},
    ),
    "variant-runs-on": served({"VariantName": "a", "ModelName": "m"}),
    "serverless-excludes-instances": served({**SERVERLESS, "InitialInstanceCount": 1}),
    "variant-needs-model": served({key: VARIANT[key] for key in VARIANT if key != "ModelName"}),
    "serverless-memory": served({**SERVERLESS, "ServerlessConfig": {"MemorySizeInMB": 1500, "MaxConcurrency": 5}}),
    "serverless-concurrency": served(
        {
            **SERVERLESS,
            "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5, "ProvisionedConcurrency": 6},
        }
    ),
    "serverless-takes-no-vpc": served(SERVERLESS, VpcConfig=VPC),
    "serverless-takes-no-isolation": served(SERVERLESS, EnableNetworkIsolation=True),
    "serverless-takes-no-data-capture": served(
        SERVERLESS,
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 10,
            "DestinationS3Uri": "s3://data/captured/",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
    ),
    "serverless-one-variant": served(SERVERLESS, {**SERVERLESS, "VariantName": "b"}),
    "prefix-aware-routing": served(
        {
            **VARIANT,
            "RoutingConfig": {
                "RoutingStrategy": "RANDOM",
                "PrefixAwareRoutingConfig": {"PrefixLength": 1024, "ConcurrencyThreshold": 5},
            },
        }
    ),
    "no-volume-on-local-storage": served({**VARIANT, "InstanceType": "ml.g5.xlarge", "VolumeSizeInGB": 10}),
    "shadow-stands-behind-one": served(
        VARIANT, {**VARIANT, "VariantName": "b"}, ShadowProductionVariants=[{**VARIANT, "VariantName": "c"}]
    ),
    "async-stays-in-region": served(
        VARIANT,
        CrossRegionTrafficConfig={
            "MaxInvocationsPerSecondPerInstance": 10,
            "MaxCrossRegionPercentPerEndpoint": 50,
        },
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://data/answers/"}},
    ),
    "update-is-of-one-kind": endpoint(
        DeploymentConfig={
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 60}
            },
            "RollingUpdatePolicy": {
                "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": 60,
            },
        }
    ),
    "model-package-in-group": package({"Tags": [{"Key": "team", "Value": "ml"}]}),
    "model-package-named": package({"ModelPackageGroupName": GONE}),
    # Images and roles.
    "image-is-no-uri": training(AlgorithmSpecification__TrainingImage="xgboost:1.7-1"),
    "image-without-registry": training(AlgorithmSpecification__TrainingImage="churn:1"),
    "image-of-another-region": training(AlgorithmSpecification__TrainingImage=IMAGE.replace("us-east-1", "eu-west-1")),
    "training-image-in-model": model(Image=CPU),
    "inference-image-in-training": training(
        AlgorithmSpecification__TrainingImage=CPU.replace("pytorch-training", "pytorch-inference")
    ),
    "gpu-image-on-cpu": training(AlgorithmSpecification__TrainingImage=GPU),
    "cpu-image-on-gpu": trained(
        {**resources(InstanceType="ml.g5.xlarge").changes, "AlgorithmSpecification.TrainingImage": CPU}
    ),
    "role-of-another-account": training(RoleArn="arn:aws:iam::444455556666:role/Other"),
    # Tags.
    "tags-differ": training(Tags=[{"Key": "team", "Value": "ml"}, {"Key": "team", "Value": "data"}]),
    "tag-key-reserved": training(Tags=[{"Key": "aws:team", "Value": "ml"}]),
    # Closed services.
    "debugger-is-closed": training(DebugHookConfig={"S3OutputPath": "s3://data/tensors/"}),
    "profiler-ends": training(ProfilerConfig={"S3OutputPath": "s3://data/profile/"}),
    "clarify-is-closed": processing(AppSpecification__ImageUri=CLARIFY),
    "model-monitor-is-closed": processing(AppSpecification__ImageUri=MONITOR),
    "ground-truth-is-closed": labeling({}),
    "elastic-inference-ended": served({**VARIANT, "AcceleratorType": "ml.eia2.medium"}),
    # SageMaker's own model.
    "model-missing-field": training(OutputDataConfig=GONE),
    "model-unknown-field": training(NewField=1),
    "model-type": resources(VolumeSizeInGB="10"),
    "model-value": resources(InstanceType="ml.m5.tiny"),
    "model-form": training(OutputDataConfig__KmsKeyId="a key"),
    "model-s3-place": training(OutputDataConfig__S3OutputPath="data/models/"),
    "model-length": training(Environment={"A": "x" * 600}),
    "model-range": training(StoppingCondition__MaxRuntimeInSeconds=0),
}


def request_of(fault: Fault) -> dict[str, Any]:
    """The whole request with the fault in it."""
    request = deepcopy(POLLED_REQUESTS[fault.api] if fault.api == "createModelPackage" else REQUESTS[fault.api])
    for path, value in fault.changes.items():
        *steps, field = path.split(".")
        holder = request
        for step in steps:
            holder = holder[step]
        if value is GONE:
            holder.pop(field, None)
        else:
            holder[field] = value
    return request


def made(scope: Any, construct_id: str, fault: Fault, **arguments: Any) -> SageMakerJob:
    """The job of a fault."""
    job = CreateModelPackage if fault.api == "createModelPackage" else JOBS[fault.api]
    return job(scope, construct_id, parameters=request_of(fault), **arguments)
