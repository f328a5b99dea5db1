"""Tuning jobs that use, between them, every argument there is."""

from __future__ import annotations

from constructs_sm import (
    AutoParameter,
    CategoricalParameterRange,
    Channel,
    CheckpointConfig,
    ContinuousParameterRange,
    HyperbandStrategyConfig,
    InstanceGroup,
    InstancePlacementConfig,
    InstancePreference,
    IntegerParameterRange,
    PlacementSpecification,
    TuningDefinition,
    TuningInstanceConfig,
    TuningJob,
    TuningJobCompletionCriteria,
    TuningJobWarmStartConfig,
    acknowledge,
)

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_ec2 as ec2

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
PLAN = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/nightly"
KEY = "11111111-1111-1111-1111-111111111111"


def one_algorithm(stack: Stack) -> TuningJob:
    """The search of one algorithm, with all that ends it early."""
    acknowledge(stack, "warm-pool-not-in-tuning", "SageMaker may take one some day")
    return TuningJob(
        stack,
        "OneAlgorithm",
        job_name="one-algorithm",
        objective="validation:auc",
        objective_type="Minimize",
        ranges={
            "max_depth": (3, 10),
            "eta": (0.1, 0.5),
            "booster": ["gbtree", "dart"],
            "num_round": IntegerParameterRange(min_value=10, max_value=1000, scaling_type="Logarithmic"),
            "alpha": ContinuousParameterRange(min_value=0.001, max_value=1, scaling_type="ReverseLogarithmic"),
            "grow": CategoricalParameterRange(values=["depthwise", "lossguide"]),
            "gamma": AutoParameter(value_hint=0.5),
        },
        strategy="Hyperband",
        hyperband=HyperbandStrategyConfig(min_resource=1, max_resource=50),
        max_jobs=20,
        max_parallel_jobs=4,
        max_tuning_runtime=Duration.hours(12),
        early_stopping="Off",
        completion_criteria=TuningJobCompletionCriteria(
            target_objective_metric_value=0.95,
            max_number_of_training_jobs_not_improving=5,
            complete_on_convergence=True,
        ),
        warm_start=TuningJobWarmStartConfig(parents=["tune-1"], warm_start_type="TransferLearning"),
        autotune=True,
        random_seed=7,
        image=IMAGE,
        inputs={"train": "s3://data/train/", "more": Channel(data="s3://data/more/", content_type="text/csv")},
        content_type="text/csv",
        input_mode="Pipe",
        output="s3://data/models/",
        output_compression="GZIP",
        hyperparameters={"eval_metric": "auc", "nthread": 4},
        environment={"LOG_LEVEL": "debug"},
        metric_definitions={"validation:auc": "auc=([0-9.]+)"},
        instance_type="ml.m5.xlarge",
        instance_count=2,
        volume_size=Size.gibibytes(50),
        keep_alive=Duration.minutes(30),
        training_plan_arn=PLAN,
        instance_placement=InstancePlacementConfig(
            enable_multiple_jobs=False, placement_specifications=[PlacementSpecification(instance_count=2)]
        ),
        max_runtime=Duration.minutes(30),
        spot=True,
        max_wait=Duration.hours(1),
        max_pending=Duration.hours(1),
        checkpoints=CheckpointConfig(s3_uri="s3://data/checkpoints/", local_path="/opt/ml/state"),
        max_retry_attempts=3,
        subnets=["subnet-1"],
        security_groups=["sg-1"],
        network_isolation=True,
        inter_container_traffic_encryption=True,
        kms_key=KEY,
        tags={"team": "churn"},
    )


def one_algorithm_on_other_machines(stack: Stack) -> TuningJob:
    """The machines that exclude others: one job each."""
    arguments = TuningJob(
        stack,
        "Groups",
        objective="auc",
        ranges={"eta": (0.1, 0.5)},
        algorithm_name="churn",
        output="s3://data/models/",
        instance_groups=[InstanceGroup(instance_group_name="all", instance_type="ml.m5.xlarge")],
        volume_kms_key=KEY,
        output_kms_key=KEY,
        vpc=_vpc(stack),
        subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        security_groups=["sg-1"],
    )
    TuningJob(
        stack,
        "Preferences",
        objective="auc",
        ranges={"eta": (0.1, 0.5)},
        image=IMAGE,
        output="s3://data/models/",
        instance_preferences=[InstancePreference(instance_type="ml.p5.48xlarge")],
    )
    TuningJob(
        stack,
        "Configs",
        objective="auc",
        ranges={"eta": (0.1, 0.5)},
        image=IMAGE,
        output="s3://data/models/",
        instance_configs=[TuningInstanceConfig(instance_type="ml.m5.xlarge")],
        allocation_strategy="Prioritized",
    )
    return arguments


def several_algorithms(stack: Stack) -> TuningJob:
    """A search of several algorithms, which goes on from an earlier one of the same state machine."""
    before = one_algorithm(stack)
    return TuningJob(
        stack,
        "SeveralAlgorithms",
        warm_start=TuningJobWarmStartConfig(parents=[before]),
        definitions=[
            TuningDefinition(
                definition_name="own",
                objective="auc",
                objective_type="Maximize",
                ranges={"eta": (0.1, 0.5)},
                image=IMAGE,
                inputs={"train": "s3://data/train/"},
                content_type="text/csv",
                input_mode="FastFile",
                output="s3://data/models/",
                output_compression="NONE",
                hyperparameters={"booster": "gbtree"},
                environment={"LOG_LEVEL": "debug"},
                metric_definitions={"auc": "auc=([0-9.]+)"},
                instance_type="ml.m5.xlarge",
                instance_count=1,
                volume_size=Size.gibibytes(50),
                keep_alive=Duration.minutes(30),
                training_plan_arn=PLAN,
                instance_placement=InstancePlacementConfig(enable_multiple_jobs=True),
                max_runtime=Duration.minutes(30),
                spot=True,
                max_wait=Duration.hours(1),
                max_pending=Duration.hours(1),
                checkpoints="s3://data/checkpoints/",
                max_retry_attempts=3,
                vpc=_vpc(stack),
                subnets=["subnet-1"],
                security_groups=["sg-1"],
                network_isolation=True,
                inter_container_traffic_encryption=True,
                kms_key=KEY,
            ),
            TuningDefinition(
                definition_name="bought",
                objective="accuracy",
                ranges={"depth": (1, 5)},
                algorithm_name="churn",
                output="s3://data/models/",
                instance_configs=[
                    TuningInstanceConfig(
                        instance_type="ml.m5.xlarge", instance_count=2, volume_size=Size.gibibytes(10)
                    ),
                    TuningInstanceConfig(instance_type="ml.m5.2xlarge"),
                ],
                allocation_strategy="Prioritized",
                volume_kms_key=KEY,
                output_kms_key=KEY,
            ),
            TuningDefinition(
                definition_name="one-config",
                objective="accuracy",
                ranges={"depth": (1, 5)},
                image=IMAGE,
                output="s3://data/models/",
                instance_type="ml.m5.xlarge",
                allocation_strategy="Prioritized",
            ),
            TuningDefinition(
                definition_name="groups",
                objective="accuracy",
                ranges={"depth": IntegerParameterRange(min_value=1, max_value=5)},
                image=IMAGE,
                output="s3://data/models/",
                instance_groups=[InstanceGroup(instance_group_name="all", instance_type="ml.m5.xlarge")],
            ),
            TuningDefinition(
                definition_name="preferences",
                objective="accuracy",
                ranges={"depth": (1, 5)},
                image=IMAGE,
                output="s3://data/models/",
                instance_preferences=[InstancePreference(instance_type="ml.p5.48xlarge")],
            ),
        ],
    )


def _vpc(stack: Stack) -> ec2.IVpc:
    return ec2.Vpc.from_vpc_attributes(
        stack, "Vpc", vpc_id="vpc-1", availability_zones=["us-east-1a"], isolated_subnet_ids=["subnet-1"]
    )


JOBS = (one_algorithm, one_algorithm_on_other_machines, several_algorithms)
