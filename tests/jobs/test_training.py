"""Training jobs: what each argument comes to in the request, and what is filled in."""

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
    InvalidInputError,
    MlflowConfig,
    ModelPackageConfig,
    PipelineStack,
    PlacementSpecification,
    ProfilerConfig,
    ProfilerRuleConfiguration,
    ServerlessJobConfig,
    TensorBoardOutputConfig,
    TrainingImageConfig,
    TrainingJob,
)
from constructs_sm.actions import TRAINING_JOB
from constructs_sm.requests import model_check
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Duration, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs
from aws_cdk import aws_fsx as fsx
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE
from rendered import ROLE, members, merged, reached, rendered
from typed import training

JSONATA = sfn.QueryLanguage.JSONATA
ARN = "arn:aws:sagemaker:us-east-1:123456789012"
COMMON = {"image": IMAGE, "instance_type": "ml.m5.large", "output": "s3://data/models/"}
BASE = {
    "TrainingJobName": "job",
    "RoleArn": ROLE,
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://data/models/"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}


def channel(source, **fields):
    return {"InputDataConfig": [{"ChannelName": "a", "DataSource": source, **fields}]}


def objects(**fields):
    return {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/a/"} | fields}


def mounted(system, kind, path="/a", mode="ro"):
    return {
        "FileSystemDataSource": {
            "FileSystemId": system,
            "FileSystemType": kind,
            "DirectoryPath": path,
            "FileSystemAccessMode": mode,
        }
    }


IN_VPC = {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}
VPC = {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}}


def group(stack):
    return ec2.SecurityGroup.from_security_group_id(stack, f"Group{len(stack.node.children)}", "sg-1")


def on_efs(stack):
    system = efs.FileSystem.from_file_system_attributes(
        stack, "Efs", security_group=group(stack), file_system_id="fs-01234567"
    )
    return IN_VPC | {"inputs": {"a": FileSystemDataSource(file_system=system, directory_path="/a")}}


def on_lustre(stack):
    system = fsx.LustreFileSystem.from_lustre_file_system_attributes(
        stack, "Lustre", dns_name="a.example.com", file_system_id="fs-01234567", security_group=group(stack)
    )
    return IN_VPC | {
        "inputs": {"a": Channel(file_system=FileSystemDataSource(file_system=system, directory_path="/a"))}
    }


def in_a_bucket(stack):
    return {"checkpoints": s3.Bucket.from_bucket_name(stack, "Bucket", "data")}


def with_keys(stack):
    arn = "arn:aws:kms:us-east-1:123456789012:key/"
    volume, output = (kms.Key.from_key_arn(stack, name, f"{arn}{name}") for name in ("volume", "output"))
    return {"volume_kms_key": volume, "kms_key": output}


LATE = {"query_language": JSONATA}
CASES = [
    ({}, {}),
    (
        {"image": None, "algorithm_name": "churn"},
        {"AlgorithmSpecification": {"TrainingImage": None, "AlgorithmName": "churn"}},
    ),
    (
        {"image_config": TrainingImageConfig(credentials_provider="arn:aws:lambda:us-east-1:123456789012:function:f")},
        {
            "AlgorithmSpecification": {
                "TrainingImageConfig": {
                    "TrainingRepositoryAccessMode": "Vpc",
                    "TrainingRepositoryAuthConfig": {
                        "TrainingRepositoryCredentialsProviderArn": "arn:aws:lambda:us-east-1:123456789012:function:f"
                    },
                }
            }
        },
    ),
    (
        {"container_entrypoint": ["python", "train.py"], "container_arguments": ["--epochs", 10, True]},
        {
            "AlgorithmSpecification": {
                "ContainerEntrypoint": ["python", "train.py"],
                "ContainerArguments": ["--epochs", "10", "true"],
            }
        },
    ),
    (
        {"container_arguments": ["--rows", "$.rows", "it's {a}\\b"]},
        {
            "AlgorithmSpecification": {
                "ContainerArguments.$": r"States.Array('--rows', States.Format('{}', $.rows), 'it\'s \{a\}\\b')"
            }
        },
    ),
    (
        {"container_arguments": ["--rows", sfn.JsonPath.string_at("$.rows")]},
        {"AlgorithmSpecification": {"ContainerArguments.$": "States.Array('--rows', States.Format('{}', $.rows))"}},
    ),
    (
        {"container_arguments": "States.Array('a', $.b)", "container_entrypoint": sfn.JsonPath.list_at("$.c")},
        {
            "AlgorithmSpecification": {
                "ContainerArguments.$": "States.Array('a', $.b)",
                "ContainerEntrypoint.$": "$.c",
            }
        },
    ),
    (
        LATE | {"container_arguments": ["--rows", "{% $states.input.rows %}"]},
        {"AlgorithmSpecification": {"ContainerArguments": ["--rows", "{% $string($states.input.rows) %}"]}},
    ),
    (
        LATE | {"container_arguments": "{% $states.input.arguments %}"},
        {"AlgorithmSpecification": {"ContainerArguments": "{% $states.input.arguments %}"}},
    ),
    ({"inputs": {}}, {}),
    ({"inputs": {"a": "s3://data/a/"}}, channel(objects())),
    ({"inputs": {"a": "$.data"}}, channel({"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri.$": "$.data"}})),
    (LATE | {"inputs": {"a": "{% $states.input.data %}"}}, channel(objects(S3Uri="{% $states.input.data %}"))),
    ({"inputs": "$.channels"}, {"InputDataConfig.$": "$.channels"}),
    (
        {"inputs": {"a": Channel(data="s3://data/a/", s3_data_type="ManifestFile", input_mode="FastFile")}},
        channel(objects(S3DataType="ManifestFile"), InputMode="FastFile"),
    ),
    (
        {"inputs": {"a": Channel(data="s3://data/a/", attribute_names=["source", "label"], input_mode="Pipe")}},
        channel(objects(S3DataType="AugmentedManifestFile", AttributeNames=["source", "label"]), InputMode="Pipe"),
    ),
    (
        {"inputs": {"a": Channel(data="s3://data/a/", attribute_names=["source", "$.label"], input_mode="Pipe")}},
        channel(
            objects(S3DataType="AugmentedManifestFile")
            | {
                "S3DataSource": {
                    "S3DataType": "AugmentedManifestFile",
                    "S3Uri": "s3://data/a/",
                    "AttributeNames.$": "States.Array('source', States.Format('{}', $.label))",
                }
            },
            InputMode="Pipe",
        ),
    ),
    (
        {
            "inputs": {
                "a": Channel(
                    data="s3://data/a/",
                    s3_data_distribution_type="ShardedByS3Key",
                    content_type="text/csv",
                    compression_type="Gzip",
                    record_wrapper_type="RecordIO",
                    shuffle_seed=7,
                )
            }
        },
        channel(
            objects(S3DataDistributionType="ShardedByS3Key"),
            ContentType="text/csv",
            CompressionType="Gzip",
            RecordWrapperType="RecordIO",
            ShuffleConfig={"Seed": 7},
        ),
    ),
    (
        {"inputs": {"a": Channel(data="s3://data/a/", accept_eula=True, hub_content_arn="arn:hub")}},
        channel(objects(ModelAccessConfig={"AcceptEula": True}, HubAccessConfig={"HubContentArn": "arn:hub"})),
    ),
    (
        {"inputs": {"a": Channel(dataset_arn=f"{ARN}:hub-content/mine/DataSet/a")}},
        channel({"DatasetSource": {"DatasetArn": f"{ARN}:hub-content/mine/DataSet/a"}}),
    ),
    (on_efs, channel(mounted("fs-01234567", "EFS")) | VPC),
    (on_lustre, channel(mounted("fs-01234567", "FSxLustre")) | VPC),
    (
        IN_VPC
        | {
            "inputs": {
                "a": FileSystemDataSource(
                    file_system="fs-00000000", directory_path="/b", file_system_type="EFS", access_mode="rw"
                )
            }
        },
        channel(mounted("fs-00000000", "EFS", "/b", "rw")) | VPC,
    ),
    ({"input_mode": "Pipe"}, {"AlgorithmSpecification": {"TrainingInputMode": "Pipe"}}),
    (
        {
            "inputs": {
                "a": "s3://data/a/",
                "b": Channel(data="s3://data/b/", content_type="text/libsvm"),
                "c": Channel(data="s3://data/c/"),
            },
            "content_type": "text/csv",
        },
        {
            "InputDataConfig": [
                {
                    "ChannelName": name,
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://data/{name}/"}},
                    "ContentType": kind,
                }
                for name, kind in (("a", "text/csv"), ("b", "text/libsvm"), ("c", "text/csv"))
            ]
        },
    ),
    ({"output_compression": "NONE"}, {"OutputDataConfig": {"CompressionType": "NONE"}}),
    ({"hyperparameters": {"a": 1, "b": True}}, {"HyperParameters": {"a": "1", "b": "true"}}),
    ({"hyperparameters": "$.hyperparameters"}, {"HyperParameters.$": "$.hyperparameters"}),
    ({"environment": {"A": "$.a"}}, {"Environment": {"A.$": "States.Format('{}', $.a)"}}),
    (
        {"metric_definitions": {"auc": "auc=(.*)"}, "metrics_time_series": True},
        {
            "AlgorithmSpecification": {
                "MetricDefinitions": [{"Name": "auc", "Regex": "auc=(.*)"}],
                "EnableSageMakerMetricsTimeSeries": True,
            }
        },
    ),
    (
        {"instance_type": ec2.InstanceType("m5.large"), "instance_count": "$.n"},
        {"ResourceConfig": {"InstanceCount": None, "InstanceCount.$": "$.n"}},
    ),
    ({"volume_size": Size.gibibytes(7)}, {"ResourceConfig": {"VolumeSizeInGB": 7}}),
    ({"keep_alive": Duration.minutes(5)}, {"ResourceConfig": {"KeepAlivePeriodInSeconds": 300}}),
    (
        {
            "instance_type": None,
            "instance_groups": [InstanceGroup(instance_group_name="g", instance_type="ml.m5.large", instance_count=2)],
        },
        {
            "ResourceConfig": {
                "InstanceType": None,
                "InstanceCount": None,
                "InstanceGroups": [{"InstanceGroupName": "g", "InstanceType": "ml.m5.large", "InstanceCount": 2}],
            }
        },
    ),
    (
        {"instance_type": None, "instance_preferences": [InstancePreference(instance_type="ml.m5.large")]},
        {"ResourceConfig": {"InstanceType": None, "InstancePreferences": [{"InstanceType": "ml.m5.large"}]}},
    ),
    (
        {
            "instance_type": None,
            "instance_preferences": [
                InstancePreference(
                    instance_type="ml.p5.48xlarge", instance_count=2, training_plan_arn=f"{ARN}:training-plan/a"
                )
            ],
        },
        {
            "ResourceConfig": {
                "InstanceType": None,
                "InstanceCount": None,
                "InstancePreferences": [
                    {
                        "InstanceType": "ml.p5.48xlarge",
                        "InstanceCount": 2,
                        "TrainingPlanArns": [f"{ARN}:training-plan/a"],
                    }
                ],
            }
        },
    ),
    (
        {
            "instance_placement": InstancePlacementConfig(
                enable_multiple_jobs=True,
                placement_specifications=[PlacementSpecification(instance_count=1, ultra_server_id="u")],
            ),
            "training_plan_arn": f"{ARN}:training-plan/a",
        },
        {
            "ResourceConfig": {
                "InstancePlacementConfig": {
                    "EnableMultipleJobs": True,
                    "PlacementSpecifications": [{"InstanceCount": 1, "UltraServerId": "u"}],
                },
                "TrainingPlanArn": f"{ARN}:training-plan/a",
            }
        },
    ),
    (
        {"max_runtime": Duration.hours(2), "max_pending": Duration.hours(1)},
        {"StoppingCondition": {"MaxRuntimeInSeconds": 7200, "MaxPendingTimeInSeconds": 3600}},
    ),
    ({"spot": True}, {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxWaitTimeInSeconds": 7200}}),
    ({"spot": False}, {"EnableManagedSpotTraining": False}),
    (
        {"spot": True, "max_runtime": Duration.hours(2), "max_wait": Duration.hours(3)},
        {
            "EnableManagedSpotTraining": True,
            "StoppingCondition": {"MaxRuntimeInSeconds": 7200, "MaxWaitTimeInSeconds": 10800},
        },
    ),
    (
        {"spot": True, "max_runtime": Duration.days(20)},
        {
            "EnableManagedSpotTraining": True,
            "StoppingCondition": {"MaxRuntimeInSeconds": 1_728_000, "MaxWaitTimeInSeconds": 2_419_200},
        },
    ),
    (
        {"spot": True, "parameters": {"StoppingCondition": {"MaxRuntimeInSeconds": 10_000}}},
        {
            "EnableManagedSpotTraining": True,
            "StoppingCondition": {"MaxRuntimeInSeconds": 10_000, "MaxWaitTimeInSeconds": 20_000},
        },
    ),
    (
        {"parameters": {"EnableManagedSpotTraining": True}},
        {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxWaitTimeInSeconds": 7200}},
    ),
    (
        {"spot": True, "max_runtime": "$.seconds"},
        {
            "EnableManagedSpotTraining": True,
            "StoppingCondition": {
                "MaxRuntimeInSeconds": None,
                "MaxRuntimeInSeconds.$": "$.seconds",
                "MaxWaitTimeInSeconds.$": "$.seconds",
            },
        },
    ),
    (
        LATE | {"spot": True, "max_runtime": "{% $states.input.seconds %}"},
        {
            "EnableManagedSpotTraining": True,
            "StoppingCondition": {
                "MaxRuntimeInSeconds": "{% $states.input.seconds %}",
                "MaxWaitTimeInSeconds": "{% $states.input.seconds %}",
            },
        },
    ),
    ({"checkpoints": "s3://data/state/"}, {"CheckpointConfig": {"S3Uri": "s3://data/state/"}}),
    (in_a_bucket, {"CheckpointConfig": {"S3Uri": "s3://data/"}}),
    (
        {"checkpoints": CheckpointConfig(s3_uri="s3://data/state/", local_path="/state")},
        {"CheckpointConfig": {"S3Uri": "s3://data/state/", "LocalPath": "/state"}},
    ),
    ({"max_retry_attempts": 3}, {"RetryStrategy": {"MaximumRetryAttempts": 3}}),
    (IN_VPC, VPC),
    (
        IN_VPC | {"subnets": ["subnet-1", "$.subnet"]},
        {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets.$": "States.Array('subnet-1', $.subnet)"}},
    ),
    (
        {"network_isolation": True, "inter_container_traffic_encryption": True},
        {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True},
    ),
    (
        {"kms_key": "key"},
        {"OutputDataConfig": {"KmsKeyId": "key"}, "ResourceConfig": {"VolumeKmsKeyId": "key"}},
    ),
    (
        {"kms_key": "key", "output_kms_key": "other"},
        {"OutputDataConfig": {"KmsKeyId": "other"}, "ResourceConfig": {"VolumeKmsKeyId": "key"}},
    ),
    (
        with_keys,
        {
            "OutputDataConfig": {"KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/output"},
            "ResourceConfig": {"VolumeKmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/volume"},
        },
    ),
    ({"debug_hook": DebugHookConfig()}, {"DebugHookConfig": {"S3OutputPath": "s3://data/models/"}}),
    (
        {
            "debug_hook": DebugHookConfig(
                s3_output_path="s3://data/t/",
                local_path="/t",
                hook_parameters={"save_interval": 9},
                collections={"losses": {"save_interval": 1}},
            )
        },
        {
            "DebugHookConfig": {
                "S3OutputPath": "s3://data/t/",
                "LocalPath": "/t",
                "HookParameters": {"save_interval": "9"},
                "CollectionConfigurations": [
                    {"CollectionName": "losses", "CollectionParameters": {"save_interval": "1"}}
                ],
            }
        },
    ),
    (
        {
            "debug_rules": [
                DebugRuleConfiguration(
                    rule_configuration_name="r",
                    rule_evaluator_image=IMAGE,
                    rule_parameters={"n": 1},
                    instance_type="ml.t3.medium",
                    volume_size=Size.gibibytes(5),
                    local_path="/r",
                    s3_output_path="s3://data/r/",
                )
            ]
        },
        {
            "DebugRuleConfigurations": [
                {
                    "RuleConfigurationName": "r",
                    "RuleEvaluatorImage": IMAGE,
                    "RuleParameters": {"n": "1"},
                    "InstanceType": "ml.t3.medium",
                    "VolumeSizeInGB": 5,
                    "LocalPath": "/r",
                    "S3OutputPath": "s3://data/r/",
                }
            ]
        },
    ),
    ({"profiler": ProfilerConfig(disable_profiler=True)}, {"ProfilerConfig": {"DisableProfiler": True}}),
    (
        {
            "profiler": ProfilerConfig(profiling_interval=Duration.millis(500), profiling_parameters={"a": "{}"}),
            "profiler_rules": [ProfilerRuleConfiguration(rule_configuration_name="r", rule_evaluator_image=IMAGE)],
        },
        {
            "ProfilerConfig": {
                "S3OutputPath": "s3://data/models/",
                "ProfilingIntervalInMilliseconds": 500,
                "ProfilingParameters": {"a": "{}"},
            },
            "ProfilerRuleConfigurations": [{"RuleConfigurationName": "r", "RuleEvaluatorImage": IMAGE}],
        },
    ),
    ({"tensor_board": "s3://data/b/"}, {"TensorBoardOutputConfig": {"S3OutputPath": "s3://data/b/"}}),
    (
        {"tensor_board": TensorBoardOutputConfig(local_path="/b")},
        {"TensorBoardOutputConfig": {"S3OutputPath": "s3://data/models/", "LocalPath": "/b"}},
    ),
    (
        {"experiment": ExperimentConfig(experiment_name="e", trial_name="t", run_name="r")},
        {"ExperimentConfig": {"ExperimentName": "e", "TrialName": "t", "RunName": "r"}},
    ),
    (
        {"mlflow": MlflowConfig(mlflow_resource_arn=f"{ARN}:mlflow-app/a", mlflow_run_name="r")},
        {"MlflowConfig": {"MlflowResourceArn": f"{ARN}:mlflow-app/a", "MlflowRunName": "r"}},
    ),
    (
        {
            "image": None,
            "instance_type": None,
            "serverless": ServerlessJobConfig(
                base_model_arn="arn:aws:sagemaker:us-east-1:aws:hub-content/Public/Model/m", job_type="FineTuning"
            ),
            "model_package": ModelPackageConfig(model_package_group_arn=f"{ARN}:model-package-group/g"),
        },
        {
            "AlgorithmSpecification": None,
            "ResourceConfig": None,
            "StoppingCondition": None,
            "ServerlessJobConfig": {
                "BaseModelArn": "arn:aws:sagemaker:us-east-1:aws:hub-content/Public/Model/m",
                "JobType": "FineTuning",
            },
            "ModelPackageConfig": {"ModelPackageGroupArn": f"{ARN}:model-package-group/g"},
        },
    ),
    (
        {"remote_debug": True, "infra_check": True, "session_tag_chaining": True},
        {
            "RemoteDebugConfig": {"EnableRemoteDebug": True},
            "InfraCheckConfig": {"EnableInfraCheck": True},
            "SessionChainingConfig": {"EnableSessionTagChaining": True},
        },
    ),
    ({"remote_debug": "$.debug"}, {"RemoteDebugConfig": {"EnableRemoteDebug.$": "$.debug"}}),
    ({"tags": {"team": "churn"}}, {"Tags": [{"Key": "team", "Value": "churn"}]}),
    # A structure also stands in parameters.
    (
        {"parameters": {"CheckpointConfig": CheckpointConfig(s3_uri="s3://data/state/")}},
        {"CheckpointConfig": {"S3Uri": "s3://data/state/"}},
    ),
]


@pytest.fixture(scope="module")
def requests_of_cases():
    return rendered(TrainingJob, [arguments for arguments, _ in CASES], **COMMON)


@pytest.mark.parametrize(
    "index",
    range(len(CASES)),
    ids=lambda index: CASES[index][0].__name__ if callable(CASES[index][0]) else ", ".join(CASES[index][0]),
)
def test_arguments_make_this_request(requests_of_cases, index):
    assert requests_of_cases[index] == merged(BASE, CASES[index][1])


@pytest.fixture(scope="module")
def typed_jobs():
    return [make(Stack(App(), "Stack")) for make in training.JOBS]


def test_every_field_of_sagemaker_has_an_argument(typed_jobs):
    wanted = members("CreateTrainingJob")
    said = {path for job in typed_jobs for path in reached(job.task.to_state_json()["Parameters"], "CreateTrainingJob")}

    assert wanted - said == {"ResourceConfig.SelectedInstanceType", "ResourceConfig.SelectedInstanceCount"}


def test_what_the_typed_programs_say_is_a_request(typed_jobs):
    assert [model_check.problems(TRAINING_JOB, job.task.to_state_json()["Parameters"]) for job in typed_jobs] == [
        [] for _ in training.JOBS
    ]


@pytest.mark.parametrize(
    ("language", "place"),
    [
        (None, {"S3Uri.$": "States.Format('s3://${Data}/jobs/train/{}/checkpoints/', $$.Execution.Name)"}),
        (
            JSONATA,
            {"S3Uri": "{% 's3://${Data}/jobs/train/' & $states.context.Execution.Name & '/checkpoints/' %}"},
        ),
    ],
    ids=["JSONPath", "JSONata"],
)
@pytest.mark.parametrize("checkpoints", [None, CheckpointConfig(local_path="/state")], ids=["spot", "local path"])
def test_spot_training_of_a_pipeline_keeps_its_checkpoints_by_execution(language, place, checkpoints):
    stack = PipelineStack(App(), "Churn")
    arguments = {"spot": True} if checkpoints is None else {"checkpoints": checkpoints}
    train = TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.large", query_language=language, **arguments)
    stack.run(train)

    state = definition(stack)["States"]["Train"]
    found = state["Arguments" if language else "Parameters"]["CheckpointConfig"]
    bucket = next(name for name in _names(found) if name.startswith("Data"))
    local = {} if checkpoints is None else {"LocalPath": "/state"}
    assert found == {key: value.replace("${Data}", f"${{{bucket}}}") for key, value in place.items()} | local


def _names(found):
    (uri,) = (value for key, value in found.items() if key.startswith("S3Uri"))
    return [part.partition("}")[0] for part in uri.split("${")[1:]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"inputs": ["s3://data/"]}, r"inputs must be a mapping, got \['s3://data/'\]"),
        ({"inputs": {"a": Channel()}}, r"InputDataConfig\[0\].DataSource is missing"),
        (
            {"inputs": {"a": Channel(data="s3://data/", dataset_arn=f"{ARN}:hub-content/h/DataSet/d")}},
            r"InputDataConfig\[0\].DataSource.S3DataSource and .*DatasetSource exclude each other",
        ),
        (
            {"inputs": {"a": FileSystemDataSource(file_system="fs-01234567", directory_path="/a")}} | IN_VPC,
            r"InputDataConfig\[0\].DataSource.FileSystemDataSource.FileSystemType is missing",
        ),
        (
            {
                "inputs": {
                    "a": FileSystemDataSource(file_system="fs-01234567", directory_path="/a", file_system_type="EFS")
                }
            },
            r"InputDataConfig\[0\].DataSource.FileSystemDataSource needs VpcConfig",
        ),
        ({"inputs": {"a": Channel(data="s3://data/", input_mode="file")}}, "InputMode is not a value .*mean File"),
        ({"container_arguments": "--epochs"}, "ContainerArguments must be a list, got '--epochs'"),
        ({"container_arguments": [None]}, r"ContainerArguments\[0\] has no value"),
        ({"algorithm_name": "churn"}, "TrainingImage and AlgorithmSpecification.AlgorithmName exclude each other"),
        ({"max_wait": Duration.hours(2)}, "MaxWaitTimeInSeconds is for EnableManagedSpotTraining True only"),
        (
            {"spot": True, "max_wait": Duration.minutes(1)},
            "StoppingCondition.MaxWaitTimeInSeconds must not be less than MaxRuntimeInSeconds",
        ),
        ({"spot": True, "max_runtime": 1.5}, "MaxRuntimeInSeconds must be a whole number, got 1.5"),
        (
            {"instance_groups": [InstanceGroup(instance_group_name="g", instance_type="ml.m5.large")]},
            "ResourceConfig.InstanceGroups and ResourceConfig.InstanceType exclude each other",
        ),
        (
            {
                "spot": True,
                "instance_type": None,
                "instance_preferences": [InstancePreference(instance_type="ml.m5.large")],
            },
            "ResourceConfig.InstancePreferences does not go with EnableManagedSpotTraining True",
        ),
        (
            {
                "instance_type": None,
                "instance_count": 1,
                "instance_preferences": [InstancePreference(instance_type="ml.m5.large", instance_count=1)],
            },
            "ResourceConfig.InstanceCount and that of InstancePreferences exclude each other",
        ),
        ({"checkpoints": CheckpointConfig(local_path="/a")}, "CheckpointConfig.S3Uri is missing"),
        ({"debug_hook": "s3://data/"}, "DebugHookConfig must be a mapping, got 's3://data/'"),
        ({"debug_rules": [7]}, r"DebugRuleConfigurations\[0\] must be a mapping, got 7"),
        ({"max_retry_attempts": 31}, "RetryStrategy.MaximumRetryAttempts is too big, got 31"),
        (
            {"keep_alive": Duration.hours(7)},
            "ResourceConfig.KeepAlivePeriodInSeconds is too big, got 25200; pass 21600 or less",
        ),
        (
            {"spot": True, "parameters": {"EnableManagedSpotTraining": False}},
            "EnableManagedSpotTraining is given twice",
        ),
        (
            {"checkpoints": "s3://data/a/", "parameters": {"CheckpointConfig": {"S3Uri": "s3://data/b/"}}},
            "CheckpointConfig.S3Uri is given twice",
        ),
        (LATE | {"container_arguments": ["$.rows"]}, "is JSONPath in a JSONata state"),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)
def test_wrong_argument_fails_and_names_it(stack, arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        TrainingJob(stack, "Train", **{**COMMON, **arguments})


def test_parameters_alone_stay_as_they_are(stack, machine):
    parameters = {key: value for key, value in BASE.items() if key not in {"TrainingJobName", "RoleArn"}}
    parameters |= {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxWaitTimeInSeconds": 60}}
    machine(TrainingJob(stack, "Train", parameters=parameters))

    request = definition(stack)["States"]["Train"]["Parameters"]
    assert {key: request[key] for key in parameters} == parameters
