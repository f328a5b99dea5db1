"""Endpoint configurations, endpoints and their updates: what each argument comes to in the request."""

from __future__ import annotations

from constructs_sm import (
    AsyncInferenceConfig,
    BlueGreenUpdatePolicy,
    CapacitySize,
    ClarifyExplainerConfig,
    ClarifyInferenceConfig,
    ClarifyShapConfig,
    CreateEndpoint,
    CreateEndpointConfig,
    CreateModel,
    CrossRegionTrafficConfig,
    DataCaptureConfig,
    InstancePool,
    InvalidInputError,
    ManagedInstanceScaling,
    MetricsConfig,
    PipelineStack,
    PrefixAwareRoutingConfig,
    RollingUpdatePolicy,
    SageMakerJob,
    ServerlessConfig,
    UpdateEndpoint,
    Variant,
)
from constructs_sm.actions import ENDPOINT, ENDPOINT_CONFIG, ENDPOINT_UPDATE, MODEL
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Duration, Size, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from every_action import IMAGE
from rendered import ROLE, members, reached, rendered
from typed import endpoint

JSONATA = sfn.QueryLanguage.JSONATA
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
ONE = {"VariantName": "AllTraffic", "ModelName": "churn", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
COMMON = {"model": "churn", "instance_type": "ml.m5.xlarge"}
CONFIG = {"EndpointConfigName": "job", "ExecutionRoleArn": ROLE}


def served(*variants, **fields):
    return CONFIG | {"ProductionVariants": list(variants), **fields}


def one(**arguments):
    """A variant of that name, and what it comes to with *arguments*."""
    return {"variants": [Variant(name="A", **arguments)]}


def a(**fields):
    return served({"VariantName": "A", **fields})


def on(**fields):
    return a(**{"ModelName": "churn", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1} | fields)


def async_with_topics(stack):
    topic = sns.Topic.from_topic_arn(stack, "Topic", TOPIC)
    config = AsyncInferenceConfig(
        output=s3.Bucket.from_bucket_name(stack, "Answers", "answers"),
        failure_output="s3://failures/",
        success_topic=topic,
        error_topic=TOPIC,
        include_response_in=["ERROR_NOTIFICATION_TOPIC"],
        max_concurrent_invocations=4,
        kms_key=kms.Key.from_key_arn(stack, "Key", KEY),
    )
    return COMMON | {"async_inference": config}


CAPTURED = {"InitialSamplingPercentage": 20, "DestinationS3Uri": "s3://captured/"}
SHAP = ClarifyShapConfig(baseline="1,2")
EXPLAINED = {"ShapConfig": {"ShapBaselineConfig": {"ShapBaseline": "1,2"}}}
CONFIGS = [
    (COMMON, served(ONE)),
    ({"model": "churn", "instance_type": ec2.InstanceType("m5.xlarge")}, served(ONE)),
    (
        COMMON | {"instance_count": 3, "variant_name": "Only"},
        served(ONE | {"InitialInstanceCount": 3, "VariantName": "Only"}),
    ),
    (
        {"model": "churn", "serverless": ServerlessConfig(memory_size=Size.gibibytes(2), max_concurrency=5)},
        served(
            {
                "VariantName": "AllTraffic",
                "ModelName": "churn",
                "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
            }
        ),
    ),
    (
        one(
            model="churn",
            serverless=ServerlessConfig(memory_size=Size.gibibytes(1), max_concurrency=5, provisioned_concurrency=2),
        ),
        a(
            ModelName="churn",
            ServerlessConfig={"MemorySizeInMB": 1024, "MaxConcurrency": 5, "ProvisionedConcurrency": 2},
        ),
    ),
    (one(**COMMON), on()),
    (one(**COMMON, instance_count=2, weight=0.5), on(InitialInstanceCount=2, InitialVariantWeight=0.5)),
    (one(instance_type="ml.m5.xlarge"), a(InstanceType="ml.m5.xlarge", InitialInstanceCount=1)),
    (
        one(
            model="churn",
            instance_pools=[
                InstancePool(instance_type=ec2.InstanceType("c6i.xlarge"), priority=1),
                InstancePool(instance_type="ml.c7i.xlarge", priority=2, model="other"),
            ],
            instance_count=2,
            provision_timeout=Duration.minutes(10),
        ),
        a(
            ModelName="churn",
            InitialInstanceCount=2,
            InstancePools=[
                {"InstanceType": "ml.c6i.xlarge", "Priority": 1},
                {"InstanceType": "ml.c7i.xlarge", "Priority": 2, "ModelNameOverride": "other"},
            ],
            VariantInstanceProvisionTimeoutInSeconds=600,
        ),
    ),
    (
        one(**COMMON, managed_instance_scaling=ManagedInstanceScaling(min_instances=1, max_instances=4)),
        on(ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 4}),
    ),
    (
        one(
            **COMMON,
            managed_instance_scaling=ManagedInstanceScaling(
                enabled=False,
                scale_in_strategy="CONSOLIDATION",
                scale_in_max_step=2,
                scale_in_cooldown=Duration.minutes(10),
            ),
        ),
        on(
            ManagedInstanceScaling={
                "Status": "DISABLED",
                "ScaleInPolicy": {"Strategy": "CONSOLIDATION", "MaximumStepSize": 2, "CooldownInMinutes": 10},
            }
        ),
    ),
    (one(**COMMON, routing="RANDOM"), on(RoutingConfig={"RoutingStrategy": "RANDOM"})),
    (
        one(**COMMON, routing=PrefixAwareRoutingConfig(prefix_length=2048, concurrency_threshold=8)),
        on(
            RoutingConfig={
                "RoutingStrategy": "PREFIX_AWARE",
                "PrefixAwareRoutingConfig": {"PrefixLength": 2048, "ConcurrencyThreshold": 8},
            }
        ),
    ),
    (one(**COMMON, volume_size=Size.gibibytes(64)), on(VolumeSizeInGB=64)),
    (one(**COMMON, accelerator_type="ml.eia2.medium"), on(AcceleratorType="ml.eia2.medium")),
    (
        one(**COMMON, accelerator_partitions=["mig-3g.40gb"]),
        on(AcceleratorPartitionLayouts=[{"AcceleratorPartitionTypes": ["mig-3g.40gb"]}]),
    ),
    (
        one(**COMMON, model_download_timeout=Duration.minutes(10), startup_timeout=Duration.minutes(5)),
        on(ModelDataDownloadTimeoutInSeconds=600, ContainerStartupHealthCheckTimeoutInSeconds=300),
    ),
    (
        one(**COMMON, core_dump="s3://dumps/", core_dump_kms_key=KEY),
        on(CoreDumpConfig={"DestinationS3Uri": "s3://dumps/", "KmsKeyId": KEY}),
    ),
    (one(**COMMON, ssm_access=True), on(EnableSSMAccess=True)),
    (
        one(**COMMON, inference_ami_version="al2-ami-sagemaker-inference-gpu-2"),
        on(InferenceAmiVersion="al2-ami-sagemaker-inference-gpu-2"),
    ),
    (
        one(
            **COMMON,
            capacity_reservation="arn:aws:sagemaker:us-east-1:123456789012:training-plan/plan",
            capacity_reservation_preference="capacity-reservations-only",
        ),
        on(
            CapacityReservationConfig={
                "MlReservationArn": "arn:aws:sagemaker:us-east-1:123456789012:training-plan/plan",
                "CapacityReservationPreference": "capacity-reservations-only",
            }
        ),
    ),
    (
        COMMON | {"shadow_variants": [Variant(name="Shadow", **COMMON)]},
        served(ONE, ShadowProductionVariants=[ONE | {"VariantName": "Shadow"}]),
    ),
    (
        async_with_topics,
        served(
            ONE,
            AsyncInferenceConfig={
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
                "OutputConfig": {
                    "S3OutputPath": "s3://answers/",
                    "S3FailurePath": "s3://failures/",
                    "KmsKeyId": KEY,
                    "NotificationConfig": {
                        "SuccessTopic": TOPIC,
                        "ErrorTopic": TOPIC,
                        "IncludeInferenceResponseIn": ["ERROR_NOTIFICATION_TOPIC"],
                    },
                },
            },
        ),
    ),
    (
        COMMON | {"data_capture": DataCaptureConfig(sampling_percentage=20, destination="s3://captured/")},
        served(
            ONE,
            DataCaptureConfig=CAPTURED | {"CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]},
        ),
    ),
    (
        COMMON
        | {
            "data_capture": DataCaptureConfig(
                sampling_percentage=20,
                destination="s3://captured/",
                capture=["InputAndOutput"],
                csv_content_types=["text/csv"],
                json_content_types=["application/json"],
                enabled=False,
                kms_key=KEY,
            )
        },
        served(
            ONE,
            DataCaptureConfig=CAPTURED
            | {
                "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
                "CaptureContentTypeHeader": {
                    "CsvContentTypes": ["text/csv"],
                    "JsonContentTypes": ["application/json"],
                },
                "EnableCapture": False,
                "KmsKeyId": KEY,
            },
        ),
    ),
    (
        COMMON | {"explainer": ClarifyExplainerConfig(shap=SHAP)},
        served(ONE, ExplainerConfig={"ClarifyExplainerConfig": EXPLAINED}),
    ),
    (
        COMMON
        | {
            "explainer": ClarifyExplainerConfig(
                shap=ClarifyShapConfig(
                    baseline_uri="s3://baseline/",
                    baseline_mime_type="application/jsonlines",
                    number_of_samples=100,
                    use_logit=True,
                    seed=7,
                    text_language="en",
                    text_granularity="token",
                ),
                enable_explanations="`true`",
            )
        },
        served(
            ONE,
            ExplainerConfig={
                "ClarifyExplainerConfig": {
                    "EnableExplanations": "`true`",
                    "ShapConfig": {
                        "ShapBaselineConfig": {
                            "ShapBaselineUri": "s3://baseline/",
                            "MimeType": "application/jsonlines",
                        },
                        "NumberOfSamples": 100,
                        "UseLogit": True,
                        "Seed": 7,
                        "TextConfig": {"Language": "en", "Granularity": "token"},
                    },
                }
            },
        ),
    ),
    (
        COMMON
        | {
            "explainer": ClarifyExplainerConfig(
                shap=SHAP,
                inference=ClarifyInferenceConfig(
                    features_attribute="features",
                    content_template='{"features": $features}',
                    max_record_count=10,
                    max_payload=Size.mebibytes(6),
                    probability_index=1,
                    label_index=0,
                    probability_attribute="probability",
                    label_attribute="label",
                    label_headers=["stays", "goes"],
                    feature_headers=["age", "text"],
                    feature_types=["numerical", "text"],
                ),
            )
        },
        served(
            ONE,
            ExplainerConfig={
                "ClarifyExplainerConfig": EXPLAINED
                | {
                    "InferenceConfig": {
                        "FeaturesAttribute": "features",
                        "ContentTemplate": '{"features": $features}',
                        "MaxRecordCount": 10,
                        "MaxPayloadInMB": 6,
                        "ProbabilityIndex": 1,
                        "LabelIndex": 0,
                        "ProbabilityAttribute": "probability",
                        "LabelAttribute": "label",
                        "LabelHeaders": ["stays", "goes"],
                        "FeatureHeaders": ["age", "text"],
                        "FeatureTypes": ["numerical", "text"],
                    }
                }
            },
        ),
    ),
    (
        COMMON
        | {
            "metrics": MetricsConfig(
                enhanced_metrics=True, detailed_observability=False, publish_frequency=Duration.seconds(10)
            ),
            "cross_region_traffic": CrossRegionTrafficConfig(
                max_invocations_per_second_per_instance=10, max_cross_region_percent=50
            ),
        },
        served(
            ONE,
            MetricsConfig={
                "EnableEnhancedMetrics": True,
                "EnableDetailedObservability": False,
                "MetricPublishFrequencyInSeconds": 10,
            },
            CrossRegionTrafficConfig={
                "MaxInvocationsPerSecondPerInstance": 10,
                "MaxCrossRegionPercentPerEndpoint": 50,
            },
        ),
    ),
    (
        COMMON
        | {
            "subnets": ["subnet-1"],
            "security_groups": ["sg-1"],
            "network_isolation": True,
            "kms_key": KEY,
            "tags": {"team": "churn"},
        },
        served(
            ONE,
            VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
            EnableNetworkIsolation=True,
            KmsKeyId=KEY,
            Tags=[{"Key": "team", "Value": "churn"}],
        ),
    ),
    (
        {
            "variants": [Variant(name="$.name", model="$.model", instance_type="$.type", startup_timeout="$.seconds")],
            "data_capture": DataCaptureConfig(
                sampling_percentage="$.percent", destination="$.place", capture=["$.how"]
            ),
        },
        served(
            {
                "VariantName.$": "$.name",
                "ModelName.$": "$.model",
                "InstanceType.$": "$.type",
                "InitialInstanceCount": 1,
                "ContainerStartupHealthCheckTimeoutInSeconds.$": "$.seconds",
            },
            DataCaptureConfig={
                "InitialSamplingPercentage.$": "$.percent",
                "DestinationS3Uri.$": "$.place",
                "CaptureOptions": [{"CaptureMode.$": "$.how"}],
            },
        ),
    ),
    (
        {
            "model": "{% $model %}",
            "instance_type": "{% $type %}",
            "instance_count": "{% $count %}",
            "async_inference": AsyncInferenceConfig(output="{% $place %}", include_response_in="{% $which %}"),
            "query_language": JSONATA,
        },
        served(
            {
                "VariantName": "AllTraffic",
                "ModelName": "{% $model %}",
                "InstanceType": "{% $type %}",
                "InitialInstanceCount": "{% $count %}",
            },
            AsyncInferenceConfig={
                "OutputConfig": {
                    "S3OutputPath": "{% $place %}",
                    "NotificationConfig": {"IncludeInferenceResponseIn": "{% $which %}"},
                }
            },
        ),
    ),
]


@pytest.fixture(scope="module")
def configs():
    return rendered(CreateEndpointConfig, [given for given, _ in CONFIGS])


@pytest.mark.parametrize("index", range(len(CONFIGS)))
def test_arguments_make_this_configuration(configs, index):
    assert configs[index] == CONFIGS[index][1]


def deployed(**fields):
    return {"DeploymentConfig": fields}


def blue_green(kind, wait=0, **fields):
    routing = {
        "Type": kind,
        "WaitIntervalInSeconds": wait,
        **{name: fields.pop(name) for name in ("CanarySize", "LinearStepSize") if name in fields},
    }
    return deployed(BlueGreenUpdatePolicy={"TrafficRoutingConfiguration": routing, **fields})


def alarms_of_the_cdk(stack):
    alarm = cloudwatch.Alarm.from_alarm_arn(stack, "Alarm", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors")
    return {"rollback_alarms": [alarm, "latency"]}


PERCENT = {"Type": "CAPACITY_PERCENT", "Value": 20}
POLICIES = [
    ({}, {}),
    ({"update_policy": BlueGreenUpdatePolicy()}, blue_green("ALL_AT_ONCE")),
    (
        {
            "update_policy": BlueGreenUpdatePolicy(
                wait_interval=Duration.minutes(1),
                termination_wait=Duration.minutes(5),
                max_execution_timeout=Duration.hours(1),
            )
        },
        blue_green("ALL_AT_ONCE", 60, TerminationWaitInSeconds=300, MaximumExecutionTimeoutInSeconds=3600),
    ),
    (
        {
            "update_policy": BlueGreenUpdatePolicy(
                canary_size=CapacitySize.percent(20), wait_interval=Duration.minutes(10)
            )
        },
        blue_green("CANARY", 600, CanarySize=PERCENT),
    ),
    (
        {"update_policy": BlueGreenUpdatePolicy(linear_step_size=CapacitySize.instances(2))},
        blue_green("LINEAR", LinearStepSize={"Type": "INSTANCE_COUNT", "Value": 2}),
    ),
    (
        {"update_policy": RollingUpdatePolicy(max_batch_size=CapacitySize.percent(20))},
        deployed(RollingUpdatePolicy={"MaximumBatchSize": PERCENT, "WaitIntervalInSeconds": 0}),
    ),
    (
        {
            "update_policy": RollingUpdatePolicy(
                max_batch_size=CapacitySize.percent(20),
                wait_interval=Duration.minutes(2),
                rollback_max_batch_size=CapacitySize.instances(1),
                max_execution_timeout=Duration.hours(1),
            ),
            "rollback_alarms": ["errors"],
        },
        deployed(
            RollingUpdatePolicy={
                "MaximumBatchSize": PERCENT,
                "WaitIntervalInSeconds": 120,
                "RollbackMaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1},
                "MaximumExecutionTimeoutInSeconds": 3600,
            },
            AutoRollbackConfiguration={"Alarms": [{"AlarmName": "errors"}]},
        ),
    ),
    (
        alarms_of_the_cdk,
        deployed(AutoRollbackConfiguration={"Alarms": [{"AlarmName": "errors"}, {"AlarmName": "latency"}]}),
    ),
    (
        {
            "update_policy": BlueGreenUpdatePolicy(canary_size=CapacitySize.percent("$.size"), wait_interval="$.wait"),
            "rollback_alarms": ["$.alarm"],
        },
        {
            "DeploymentConfig": {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {
                        "Type": "CANARY",
                        "WaitIntervalInSeconds.$": "$.wait",
                        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value.$": "$.size"},
                    }
                },
                "AutoRollbackConfiguration": {"Alarms": [{"AlarmName.$": "$.alarm"}]},
            }
        },
    ),
    (
        {
            "update_policy": RollingUpdatePolicy(max_batch_size=CapacitySize.percent("{% $size %}")),
            "query_language": JSONATA,
        },
        deployed(
            RollingUpdatePolicy={
                "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": "{% $size %}"},
                "WaitIntervalInSeconds": 0,
            }
        ),
    ),
]
UPDATES = [
    *POLICIES,
    ({"retain_variant_properties": True}, {"RetainAllVariantProperties": True}),
    (
        {
            "retain_variant_properties": True,
            "exclude_retained_variant_properties": ["DesiredWeight", "DataCaptureConfig"],
            "retain_deployment_config": True,
        },
        {
            "RetainAllVariantProperties": True,
            "ExcludeRetainedVariantProperties": [
                {"VariantPropertyType": "DesiredWeight"},
                {"VariantPropertyType": "DataCaptureConfig"},
            ],
            "RetainDeploymentConfig": True,
        },
    ),
    (
        {"exclude_retained_variant_properties": "$.excluded", "retain_deployment_config": "$.again"},
        {"ExcludeRetainedVariantProperties.$": "$.excluded", "RetainDeploymentConfig.$": "$.again"},
    ),
]
NAMED = {"EndpointName": "job", "EndpointConfigName": "churn"}


@pytest.fixture(scope="module")
def endpoints():
    return rendered(CreateEndpoint, [given for given, _ in POLICIES], endpoint_config="churn", role=None)


@pytest.fixture(scope="module")
def updates():
    return rendered(UpdateEndpoint, [given for given, _ in UPDATES], endpoint_config="churn", role=None)


@pytest.mark.parametrize("index", range(len(POLICIES)))
def test_arguments_make_this_endpoint(endpoints, index):
    assert endpoints[index] == NAMED | POLICIES[index][1]


@pytest.mark.parametrize("index", range(len(UPDATES)))
def test_arguments_make_this_update(updates, index):
    assert updates[index] == NAMED | UPDATES[index][1]


def test_endpoint_is_tagged(stack):
    job = CreateEndpoint(stack, "Endpoint", endpoint_config="churn", tags={"team": "churn"})

    assert job.task.to_state_json()["Parameters"]["Tags"] == [{"Key": "team", "Value": "churn"}]


@pytest.fixture(scope="module")
def said():
    """The requests of the typed programs, by operation."""
    app, found = App(), {action.operation: [] for action in (ENDPOINT_CONFIG, ENDPOINT, ENDPOINT_UPDATE, MODEL)}
    for make in (endpoint.configs_of_one_variant, endpoint.config_of_all, endpoint.endpoints):
        stack = Stack(app, make.__name__.replace("_", "-"))
        make(stack)
        for job in stack.node.find_all():
            if isinstance(job, SageMakerJob):
                state = job.task.to_state_json()
                api = state["Resource"].rpartition(":")[2]
                found[api[0].upper() + api[1:]].append(state["Parameters"])
    return found


@pytest.mark.parametrize("operation", ["CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint"])
def test_every_field_of_sagemaker_has_an_argument(said, operation):
    assert (
        members(operation) - {path for one in said[operation] for path in reached(one, operation)}
        == NOT_SAID[operation]
    )


NOT_SAID = {
    # The role is an argument of every job.
    "CreateEndpointConfig": {"CreateEndpointConfigInput.ExecutionRoleArn"},
    "CreateEndpoint": set(),
    "UpdateEndpoint": set(),
}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            COMMON | {"variants": [Variant(name="A", **COMMON)]},
            "variants and model, instance_type exclude each other, got ['churn', 'ml.m5.xlarge']; say it in ",
        ),
        ({}, "ProductionVariants is missing"),
        ({"variants": Variant(name="A", **COMMON)}, "ProductionVariants must be a list"),
        ({"variants": ["churn"]}, "ProductionVariants[0] must be a mapping"),
        ({"variants": 5}, "ProductionVariants must be a list"),
        (COMMON | {"variant_name": "a b"}, "ProductionVariants[0].VariantName does not have the form"),
        (
            {"model": "churn", "serverless": ServerlessConfig(memory_size=Size.mebibytes(1500), max_concurrency=1)},
            "ServerlessConfig.MemorySizeInMB must be 1024 or ",
        ),
        (
            COMMON | {"serverless": ServerlessConfig(memory_size=Size.gibibytes(1), max_concurrency=1)},
            "ServerlessConfig and ProductionVariants[0].InstanceType exclude each other",
        ),
        (one(**COMMON, routing="RANDM"), "RoutingStrategy is not a value SageMaker knows, got 'RANDM'"),
        (
            one(**COMMON, managed_instance_scaling=ManagedInstanceScaling(scale_in_cooldown=Duration.seconds(301))),
            "CooldownInMinutes must be a whole number",
        ),
        (COMMON | {"data_capture": DataCaptureConfig(sampling_percentage=20)}, "DestinationS3Uri is missing"),
        (
            COMMON
            | {"data_capture": DataCaptureConfig(sampling_percentage=20, destination="s3://a/", capture="Input")},
            "CaptureOptions must be a list, got 'Input'",
        ),
        (
            COMMON | {"async_inference": AsyncInferenceConfig(max_concurrent_invocations=4)},
            "the answers go nowhere; pass AsyncInferenceConfig(output=...)",
        ),
        (COMMON | {"explainer": SHAP}, "ClarifyExplainerConfig.ShapBaselineConfig is not a field of this API"),
        (
            COMMON
            | {
                "async_inference": AsyncInferenceConfig(output="s3://a/"),
                "cross_region_traffic": CrossRegionTrafficConfig(
                    max_invocations_per_second_per_instance=1, max_cross_region_percent=1
                ),
            },
            "CrossRegionTrafficConfig and AsyncInferenceConfig exclude each other",
        ),
        (COMMON | {"subnets": ["subnet-1"]}, "a job in a VPC needs security groups"),
    ],
    ids=lambda value: ", ".join(value) or "nothing" if isinstance(value, dict) else "",
)
def test_configuration_that_cannot_work_fails_and_names_the_argument(stack, arguments, message):
    with pytest.raises(InvalidInputError) as caught:
        CreateEndpointConfig(stack, "Config", **arguments)

    assert message in str(caught.value)
    assert stack.node.children == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"update_policy": "canary"}, "BlueGreenUpdatePolicy must be a mapping"),
        ({"update_policy": CapacitySize.percent(5)}, "BlueGreenUpdatePolicy.Type is not a field"),
        ({"rollback_alarms": "errors"}, "AutoRollbackConfiguration.Alarms must be a list, got 'errors'"),
        ({"rollback_alarms": [5]}, "Alarms[0].AlarmName must be a string, got 5"),
        (
            {"update_policy": RollingUpdatePolicy(max_batch_size=CapacitySize.instances(0))},
            "MaximumBatchSize.Value is too small, got 0",
        ),
        (
            {"update_policy": BlueGreenUpdatePolicy(wait_interval=Duration.hours(2))},
            "WaitIntervalInSeconds is too big, got 7200",
        ),
        (
            {"exclude_retained_variant_properties": ["Weight"]},
            "ExcludeRetainedVariantProperties[0].VariantPropertyType is not a value SageMaker knows",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_update_that_cannot_work_fails_and_names_the_argument(stack, arguments, message):
    with pytest.raises(InvalidInputError) as caught:
        UpdateEndpoint(stack, "Update", job_name="churn", endpoint_config="churn", **arguments)

    assert message in str(caught.value)
    assert stack.node.children == []


def test_canary_and_linear_fail_together_and_say_so():
    size = CapacitySize.percent(10)

    with pytest.raises(InvalidInputError, match="canary_size and linear_step_size exclude each other"):
        BlueGreenUpdatePolicy(canary_size=size, linear_step_size=size)


def test_endpoint_of_a_pipeline_writes_under_its_configuration():
    stack = PipelineStack(App(), "Churn")
    stack.run(
        CreateEndpointConfig(
            stack,
            "Config",
            **COMMON,
            data_capture=DataCaptureConfig(sampling_percentage=20),
            async_inference=AsyncInferenceConfig(failure_output="s3://failures/"),
        )
    )

    request = definition(stack)["States"]["Config"]["Parameters"]
    assert request["DataCaptureConfig"]["DestinationS3Uri"].endswith("}/jobs/config/captured/")
    assert request["AsyncInferenceConfig"]["OutputConfig"]["S3OutputPath"].endswith("}/jobs/config/answers/")


def written(stack):
    """The places that a role made here may write to."""
    policies = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    statements = [s for policy in policies for s in policy["Properties"]["PolicyDocument"]["Statement"]]
    return [str(s["Resource"]) for s in statements if "s3:PutObject" in s["Action"]]


def foreign(stack):
    return iam.Role.from_role_arn(stack, "Foreign", ROLE)


CAPTURE = {"data_capture": DataCaptureConfig(sampling_percentage=20, destination="s3://captured/")}


def test_role_of_the_model_may_write_what_is_captured(stack, machine):
    model = CreateModel(stack, "Model", image=IMAGE)
    machine(model.next(CreateEndpointConfig(stack, "Config", model=model, instance_type="ml.m5.xlarge", **CAPTURE)))

    assert ["captured/*" in place for place in written(stack)] == [True]


def test_role_of_one_of_several_models_may_write_too(stack, machine):
    theirs = CreateModel(stack, "Theirs", image=IMAGE, role=foreign(stack))
    ours = CreateModel(stack, "Ours", image=IMAGE)
    variants = [Variant(name=m.node.id, model=m, instance_type="ml.m5.xlarge") for m in (theirs, ours)]
    machine(theirs.next(ours).next(CreateEndpointConfig(stack, "Config", variants=variants, **CAPTURE)))

    assert ["captured/*" in place for place in written(stack)] == [True]


def test_role_made_for_others_is_not_granted_what_a_foreign_role_captures(stack, machine):
    theirs = CreateModel(stack, "Theirs", image=IMAGE, role=foreign(stack))
    ours = CreateModel(stack, "Ours", image=IMAGE)
    pool = InstancePool(instance_type="ml.m5.xlarge", priority=1, model=theirs)
    config = CreateEndpointConfig(
        stack, "Config", variants=[Variant(name="A", model="churn", instance_count=1, instance_pools=[pool])], **CAPTURE
    )
    machine(theirs.next(ours).next(config))

    assert written(stack) == []


def test_names_of_what_was_made_reach_the_next_state(stack, machine):
    model, other = (CreateModel(stack, name, image=IMAGE) for name in ("Model", "Other"))
    pool = InstancePool(instance_type="ml.m5.xlarge", priority=1, model=other)
    variant = Variant(name="A", model=model, instance_count=1, instance_pools=[pool])
    config = CreateEndpointConfig(stack, "Config", variants=[variant])
    last = CreateEndpoint(stack, "Endpoint", endpoint_config=config)
    machine(model.next(other).next(config).next(last))

    states = definition(stack)["States"]
    (said,) = states["Config"]["Parameters"]["ProductionVariants"]
    name = "States.ArrayGetItem(States.StringSplit($.{}.{}Arn, '/'), 1)"
    assert said["ModelName.$"] == name.format("Model", "Model")
    assert said["InstancePools"][0]["ModelNameOverride.$"] == name.format("Other", "Model")
    assert states["Endpoint"]["Parameters"]["EndpointConfigName.$"] == name.format("Config", "EndpointConfig")
