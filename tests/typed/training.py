"""Training jobs that use, between them, every argument there is."""

from __future__ import annotations

from constructs_sm import (
    Channel,
    CheckpointConfig,
    DebugHookConfig,
    DebugRuleConfiguration,
    ExperimentConfig,
    FileSystemDataSource,
    InstanceGroup,
    InstancePlacementConfig,
    InstancePreference,
    MlflowConfig,
    ModelPackageConfig,
    PlacementSpecification,
    ProfilerConfig,
    ProfilerRuleConfiguration,
    ServerlessJobConfig,
    TensorBoardOutputConfig,
    TrainingImageConfig,
    TrainingJob,
    Verbatim,
)

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs
from aws_cdk import aws_fsx as fsx
from aws_cdk import aws_stepfunctions as sfn

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
ARN = "arn:aws:sagemaker:us-east-1:123456789012"
HUB = "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub"
PLAN = f"{ARN}:training-plan/nightly"


def one_type(stack: Stack) -> TrainingJob:
    """On machines of one type, watched in every way."""
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1")
    shared = efs.FileSystem.from_file_system_attributes(
        stack, "Shared", security_group=group, file_system_id="fs-01234567"
    )
    fast = fsx.LustreFileSystem.from_lustre_file_system_attributes(
        stack, "Fast", dns_name="fast.example.com", file_system_id="fs-89abcdef", security_group=group
    )
    return TrainingJob(
        stack,
        "OneType",
        job_name="one-type",
        image=IMAGE,
        image_config=TrainingImageConfig(
            training_repository_access_mode="Vpc",
            credentials_provider="arn:aws:lambda:us-east-1:123456789012:function:credentials",
        ),
        container_entrypoint=["python", "train.py"],
        container_arguments=["--epochs", 10, "--shuffle", True],
        inputs={
            "train": Channel(
                data="s3://data/train.manifest",
                s3_data_type="AugmentedManifestFile",
                s3_data_distribution_type="ShardedByS3Key",
                attribute_names=["source-ref", "label"],
                content_type="application/x-recordio",
                compression_type="None",
                record_wrapper_type="RecordIO",
                input_mode="Pipe",
                shuffle_seed=7,
            ),
            "model": Channel(
                data="s3://data/model/", accept_eula=True, hub_content_arn=f"{ARN}:hub-content/mine/ModelReference/m"
            ),
            "shared": FileSystemDataSource(file_system=shared, directory_path="/data", access_mode="rw"),
            "fast": Channel(file_system=FileSystemDataSource(file_system=fast, directory_path="/fsx/data")),
            "other": FileSystemDataSource(
                file_system="fs-00000000", directory_path="/data", file_system_type="EFS", access_mode="ro"
            ),
            "hub": Channel(dataset_arn=f"{ARN}:hub-content/mine/DataSet/churn"),
            "plain": "s3://data/plain/",
        },
        content_type="text/csv",
        input_mode="FastFile",
        output="s3://data/models/",
        output_compression="NONE",
        hyperparameters={"eta": 0.1, "early": True, "booster": "gbtree"},
        environment={"LOG_LEVEL": "debug"},
        metric_definitions={"auc": "auc=([0-9.]+)"},
        metrics_time_series=True,
        instance_type="ml.m5.xlarge",
        instance_count=2,
        volume_size=Size.gibibytes(50),
        max_runtime=Duration.hours(2),
        spot=True,
        max_wait=Duration.hours(6),
        max_pending=Duration.hours(1),
        checkpoints=CheckpointConfig(s3_uri="s3://data/checkpoints/", local_path="/opt/ml/state"),
        max_retry_attempts=3,
        subnets=["subnet-1", "subnet-2"],
        security_groups=[group, "sg-2"],
        network_isolation=False,
        inter_container_traffic_encryption=True,
        volume_kms_key="11111111-1111-1111-1111-111111111111",
        output_kms_key="22222222-2222-2222-2222-222222222222",
        debug_hook=DebugHookConfig(
            s3_output_path="s3://data/tensors/",
            local_path="/opt/ml/tensors",
            hook_parameters={"save_interval": 100},
            collections={"losses": {"save_interval": 10}},
        ),
        debug_rules=[
            DebugRuleConfiguration(
                rule_configuration_name="LossNotDecreasing",
                rule_evaluator_image="503895931360.dkr.ecr.us-east-1.amazonaws.com/sagemaker-debugger-rules:latest",
                rule_parameters={"rule_to_invoke": "LossNotDecreasing"},
                instance_type="ml.t3.medium",
                volume_size=Size.gibibytes(10),
                local_path="/opt/ml/rule",
                s3_output_path="s3://data/rules/",
            )
        ],
        profiler=ProfilerConfig(
            s3_output_path="s3://data/profile/",
            profiling_interval=Duration.millis(500),
            profiling_parameters={"DataLoaderProfilingConfig": "{}"},
            disable_profiler=False,
        ),
        profiler_rules=[
            ProfilerRuleConfiguration(
                rule_configuration_name="LowUse",
                rule_evaluator_image=IMAGE,
                rule_parameters={"threshold": 70},
                instance_type=ec2.InstanceType("t3.medium"),
                volume_size=Size.gibibytes(10),
                local_path="/opt/ml/rule",
                s3_output_path="s3://data/rules/",
            )
        ],
        tensor_board=TensorBoardOutputConfig(s3_output_path="s3://data/board/", local_path="/opt/ml/board"),
        experiment=ExperimentConfig(
            experiment_name="churn", trial_name="nightly", trial_component_display_name="train", run_name="monday"
        ),
        remote_debug=False,
        infra_check=True,
        session_tag_chaining=True,
        tags={"team": "churn"},
    )


def several_groups(stack: Stack) -> TrainingJob:
    """On a heterogeneous cluster in a VPC of the stack's."""
    vpc = ec2.Vpc.from_vpc_attributes(
        stack, "Vpc", vpc_id="vpc-1", availability_zones=["us-east-1a"], isolated_subnet_ids=["subnet-1"]
    )
    return TrainingJob(
        stack,
        "SeveralGroups",
        image=IMAGE,
        inputs={"train": Channel(data="s3://data/train/", instance_group_names=["data"])},
        output="s3://data/models/",
        instance_groups=[
            InstanceGroup(instance_group_name="data", instance_type="ml.c5.xlarge", instance_count=2),
            InstanceGroup(instance_group_name="train", instance_type=ec2.InstanceType("m5.2xlarge")),
        ],
        vpc=vpc,
        subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        security_groups=["sg-1"],
        kms_key="33333333-3333-3333-3333-333333333333",
        tensor_board="s3://data/board/",
        checkpoints="s3://data/checkpoints/",
    )


def first_that_there_is(stack: Stack) -> TrainingJob:
    """On the first type that SageMaker has; with an algorithm by name."""
    return TrainingJob(
        stack,
        "FirstThatThereIs",
        algorithm_name="churn",
        output="s3://data/models/",
        instance_preferences=[
            InstancePreference(instance_type="ml.p5.48xlarge", instance_count=1, training_plan_arn=PLAN),
            InstancePreference(instance_type="ml.p4d.24xlarge", instance_count=2),
        ],
    )


def reserved(stack: Stack) -> TrainingJob:
    """On reserved UltraServers."""
    return TrainingJob(
        stack,
        "Reserved",
        image=IMAGE,
        output="s3://data/models/",
        instance_type="ml.p6e-gb200.36xlarge",
        keep_alive=Duration.minutes(30),
        instance_count=4,
        instance_placement=InstancePlacementConfig(
            enable_multiple_jobs=True,
            placement_specifications=[PlacementSpecification(instance_count=4, ultra_server_id="us-1")],
        ),
        training_plan_arn=PLAN,
    )


def serverless(stack: Stack) -> TrainingJob:
    """A model of the hub, fine-tuned on machines that SageMaker chooses."""
    return TrainingJob(
        stack,
        "Serverless",
        inputs={"train": Channel(data="s3://data/chats/", s3_data_type="Converse")},
        output="s3://data/models/",
        serverless=ServerlessJobConfig(
            base_model_arn=f"{HUB}/Model/small",
            job_type="FineTuning",
            accept_eula=True,
            customization_technique="SFT",
            peft="LORA",
            evaluation_type="BenchmarkEvaluation",
            evaluator_arn=f"{HUB}/JsonDoc/score",
            sequence_length="32K",
        ),
        mlflow=MlflowConfig(
            mlflow_resource_arn=f"{ARN}:mlflow-tracking-server/team",
            mlflow_experiment_name="churn",
            mlflow_run_name="monday",
        ),
        model_package=ModelPackageConfig(
            model_package_group_arn=f"{ARN}:model-package-group/churn",
            source_model_package_arn=f"{ARN}:model-package/churn/1",
        ),
    )


def known_later(stack: Stack) -> TrainingJob:
    """What comes with the execution's input."""
    return TrainingJob(
        stack,
        "KnownLater",
        image="$.image",
        container_arguments=["--rows", "$.rows", sfn.JsonPath.string_at("$.columns"), "it's {so}", 1],
        container_entrypoint="States.Array('python', $.script)",
        inputs={"train": "$.data"},
        output="s3://data/models/",
        hyperparameters="$.hyperparameters",
        instance_type="$.type",
        instance_count=sfn.JsonPath.number_at("$.count"),
        volume_size="$.gib",
        max_runtime="$.seconds",
        spot=True,
        environment={"DAY": sfn.JsonPath.string_at("$.day"), "TEMPLATE": Verbatim("$.prompt")},
        passed_roles=["arn:aws:iam::123456789012:role/training"],
    )


JOBS = (one_type, several_groups, first_that_there_is, reserved, serverless, known_later)
