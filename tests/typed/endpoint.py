"""Every argument of EndpointConfig, Endpoint, UpdateEndpoint, and of what they are made of."""

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
    ManagedInstanceScaling,
    MetricsConfig,
    PrefixAwareRoutingConfig,
    RollingUpdatePolicy,
    ServerlessConfig,
    UpdateEndpoint,
    Variant,
)

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1"


def configs_of_one_variant(stack: Stack) -> None:
    """On instances, and without."""
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://models/model.tar.gz")
    CreateEndpointConfig(
        stack,
        "Small",
        model=model,
        instance_type=ec2.InstanceType("m5.xlarge"),
        instance_count=2,
        variant_name="Only",
        cross_region_traffic=CrossRegionTrafficConfig(
            max_invocations_per_second_per_instance=10, max_cross_region_percent=50
        ),
    )
    only = Variant(
        name="Only",
        model="churn",
        serverless=ServerlessConfig(memory_size=Size.gibibytes(1), max_concurrency=1),
    )
    CreateEndpointConfig(stack, "Variant", variants=[only])
    CreateEndpointConfig(
        stack,
        "Serverless",
        model="churn",
        serverless=ServerlessConfig(memory_size=Size.gibibytes(2), max_concurrency=10, provisioned_concurrency=2),
    )


def config_of_all(stack: Stack) -> CreateEndpointConfig:
    """All that can be said of variants, and of what an endpoint does besides answering."""
    bucket = s3.Bucket(stack, "Bucket")
    key = kms.Key(stack, "Key")
    topic = sns.Topic(stack, "Topic")
    vpc = ec2.Vpc(stack, "Vpc")
    group = ec2.SecurityGroup(stack, "Group", vpc=vpc)
    model = CreateModel(stack, "Model", image=IMAGE, model_data=bucket)
    return CreateEndpointConfig(
        stack,
        "Large",
        variants=[
            Variant(
                name="A",
                model=model,
                instance_type="ml.c6i.xlarge",
                instance_count=1,
                weight=0.9,
                managed_instance_scaling=ManagedInstanceScaling(
                    min_instances=1,
                    max_instances=4,
                    enabled=True,
                    scale_in_strategy="CONSOLIDATION",
                    scale_in_max_step=2,
                    scale_in_cooldown=Duration.minutes(10),
                ),
                routing=PrefixAwareRoutingConfig(prefix_length=2048, concurrency_threshold=8),
                volume_size=Size.gibibytes(64),
                accelerator_type="ml.eia2.medium",
                accelerator_partitions=["mig-3g.40gb"],
                model_download_timeout=Duration.minutes(10),
                startup_timeout=Duration.minutes(5),
                core_dump=bucket,
                core_dump_kms_key=key,
                ssm_access=True,
                inference_ami_version="al2-ami-sagemaker-inference-gpu-2",
                capacity_reservation="arn:aws:sagemaker:eu-west-1:123456789012:training-plan/plan",
                capacity_reservation_preference="capacity-reservations-only",
            ),
        ],
        shadow_variants=[
            Variant(
                name="B",
                model="churn",
                instance_pools=[
                    InstancePool(instance_type="ml.c6i.xlarge", priority=1),
                    InstancePool(instance_type="ml.c7i.xlarge", priority=2, model=model),
                ],
                instance_count=2,
                provision_timeout=Duration.minutes(10),
                routing="LEAST_OUTSTANDING_REQUESTS",
            ),
        ],
        async_inference=AsyncInferenceConfig(
            output=bucket,
            failure_output="s3://failures/",
            success_topic=topic,
            error_topic="arn:aws:sns:eu-west-1:123456789012:errors",
            include_response_in=["SUCCESS_NOTIFICATION_TOPIC"],
            max_concurrent_invocations=4,
            kms_key=key,
        ),
        data_capture=DataCaptureConfig(
            sampling_percentage=20,
            destination=bucket,
            capture=["InputAndOutput"],
            csv_content_types=["text/csv"],
            json_content_types=["application/json"],
            enabled=True,
            kms_key=key,
        ),
        explainer=ClarifyExplainerConfig(
            shap=ClarifyShapConfig(
                baseline="1,2,3",
                baseline_uri=bucket,
                baseline_mime_type="text/csv",
                number_of_samples=100,
                use_logit=False,
                seed=7,
                text_language="en",
                text_granularity="token",
            ),
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
            enable_explanations="`true`",
        ),
        metrics=MetricsConfig(
            enhanced_metrics=True, detailed_observability=True, publish_frequency=Duration.seconds(10)
        ),
        vpc=vpc,
        subnets=["subnet-1"],
        security_groups=[group],
        network_isolation=True,
        kms_key=key,
        tags={"team": "churn"},
    )


def endpoints(stack: Stack) -> None:
    """Every way to move the traffic."""
    alarm = cloudwatch.Alarm(
        stack,
        "Alarm",
        metric=cloudwatch.Metric(namespace="AWS/SageMaker", metric_name="Invocation5XXErrors"),
        threshold=1,
        evaluation_periods=1,
    )
    small = CreateEndpointConfig(stack, "Small", model="churn", instance_type="ml.m5.xlarge")
    CreateEndpoint(
        stack,
        "Endpoint",
        endpoint_config=small,
        update_policy=RollingUpdatePolicy(
            max_batch_size=CapacitySize.percent(20),
            wait_interval=Duration.minutes(2),
            rollback_max_batch_size=CapacitySize(kind="INSTANCE_COUNT", value=1),
            max_execution_timeout=Duration.hours(1),
        ),
        rollback_alarms=[alarm],
        tags={"team": "churn"},
    )
    UpdateEndpoint(
        stack,
        "Canary",
        job_name="churn",
        endpoint_config="churn-2",
        update_policy=BlueGreenUpdatePolicy(
            canary_size=CapacitySize.instances(1),
            wait_interval=Duration.minutes(10),
            termination_wait=Duration.minutes(5),
            max_execution_timeout=Duration.hours(1),
        ),
        rollback_alarms=["errors"],
        retain_variant_properties=True,
        exclude_retained_variant_properties=["DataCaptureConfig"],
        retain_deployment_config=False,
    )
    CreateEndpoint(
        stack,
        "Linear",
        endpoint_config=small,
        update_policy=BlueGreenUpdatePolicy(linear_step_size=CapacitySize.percent(25)),
    )
    UpdateEndpoint(
        stack,
        "Rolling",
        job_name="churn",
        endpoint_config="churn-2",
        update_policy=RollingUpdatePolicy(
            max_batch_size=CapacitySize.percent(20),
            rollback_max_batch_size=CapacitySize.percent(50),
            max_execution_timeout=Duration.hours(1),
        ),
    )
    UpdateEndpoint(
        stack,
        "Steps",
        job_name="churn",
        endpoint_config="churn-2",
        update_policy=BlueGreenUpdatePolicy(linear_step_size=CapacitySize.percent(25)),
    )
    CreateEndpoint(
        stack,
        "Bound",
        endpoint_config=small,
        update_policy=BlueGreenUpdatePolicy(
            canary_size=CapacitySize.percent(10),
            termination_wait=Duration.minutes(5),
            max_execution_timeout=Duration.hours(1),
        ),
    )
