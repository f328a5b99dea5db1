"""Tuning jobs: what each argument comes to in the request, what is filled in, and where the best model is."""

from __future__ import annotations

from dataclasses import fields
from inspect import signature

from constructs_sm import (
    AutoParameter,
    CategoricalParameterRange,
    Channel,
    CheckpointConfig,
    ContinuousParameterRange,
    FileSystemDataSource,
    HyperbandStrategyConfig,
    InstanceGroup,
    IntegerParameterRange,
    InvalidInputError,
    PipelineStack,
    TuningDefinition,
    TuningInstanceConfig,
    TuningJob,
    TuningJobCompletionCriteria,
    TuningJobWarmStartConfig,
)
from constructs_sm.actions import TUNING_JOB
from constructs_sm.requests import model_check

import pytest
from aws_cdk import App, Duration, Size, Stack
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE, REQUESTS
from rendered import ROLE, members, merged, reached, rendered
from typed import tuning

JSONATA = sfn.QueryLanguage.JSONATA
PLAN = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/a"
OWN = {"image": IMAGE, "instance_type": "ml.m5.large", "output": "s3://data/models/"}
COMMON = {"objective": "auc", "ranges": {"eta": (0.1, 0.5)}, **OWN}
ETA = {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}]}
DEFINITION = {
    "RoleArn": ROLE,
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://data/models/"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
BASE = {
    "HyperParameterTuningJobName": "job",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"MetricName": "auc", "Type": "Maximize"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 10, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": ETA,
    },
    "TrainingJobDefinition": DEFINITION,
}
ALONE = dict.fromkeys(COMMON)


def config(**fields):
    return {"HyperParameterTuningJobConfig": fields}


def defined(**fields):
    return {"TrainingJobDefinition": fields}


def several(*definitions):
    return {
        "TrainingJobDefinition": None,
        "TrainingJobDefinitions": list(definitions),
        **config(HyperParameterTuningJobObjective=None, ParameterRanges=None),
    }


CASES = [
    ({}, {}),
    (
        {"objective_type": "Minimize"},
        config(HyperParameterTuningJobObjective={"Type": "Minimize"}),
    ),
    (
        {
            "ranges": {
                "depth": (3, 10),
                "eta": (0.1, 1),
                "booster": ["gbtree", "dart"],
                "rounds": IntegerParameterRange(min_value=1, max_value="$.most", scaling_type="Logarithmic"),
                "alpha": ContinuousParameterRange(min_value=0, max_value=1, scaling_type="Linear"),
                "grow": CategoricalParameterRange(values=["depthwise", 2]),
                "gamma": AutoParameter(value_hint=0.5),
            }
        },
        config(
            ParameterRanges={
                "IntegerParameterRanges": [
                    {"Name": "depth", "MinValue": "3", "MaxValue": "10"},
                    {
                        "Name": "rounds",
                        "MinValue": "1",
                        "MaxValue.$": "States.Format('{}', $.most)",
                        "ScalingType": "Logarithmic",
                    },
                ],
                "ContinuousParameterRanges": [
                    {"Name": "eta", "MinValue": "0.1", "MaxValue": "1"},
                    {"Name": "alpha", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"},
                ],
                "CategoricalParameterRanges": [
                    {"Name": "booster", "Values": ["gbtree", "dart"]},
                    {"Name": "grow", "Values": ["depthwise", "2"]},
                ],
                "AutoParameters": [{"Name": "gamma", "ValueHint": "0.5"}],
            }
        ),
    ),
    (
        {"strategy": "Hyperband", "hyperband": HyperbandStrategyConfig(min_resource=1, max_resource=9)},
        config(
            Strategy="Hyperband",
            StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 9}},
        ),
    ),
    (
        {"strategy": "Grid", "ranges": {"booster": ["a", "b"]}},
        config(
            Strategy="Grid",
            ResourceLimits={"MaxNumberOfTrainingJobs": None},
            ParameterRanges={
                "ContinuousParameterRanges": None,
                "CategoricalParameterRanges": [{"Name": "booster", "Values": ["a", "b"]}],
            },
        ),
    ),
    (
        {
            "ranges": {"booster": ["a", "b"]},
            "parameters": {"HyperParameterTuningJobConfig": {"Strategy": "Grid"}},
        },
        config(
            Strategy="Grid",
            ResourceLimits={"MaxNumberOfTrainingJobs": None},
            ParameterRanges={
                "ContinuousParameterRanges": None,
                "CategoricalParameterRanges": [{"Name": "booster", "Values": ["a", "b"]}],
            },
        ),
    ),
    (
        {"max_jobs": 20, "max_parallel_jobs": "$.parallel", "max_tuning_runtime": Duration.hours(1)},
        config(
            ResourceLimits={
                "MaxNumberOfTrainingJobs": 20,
                "MaxParallelTrainingJobs": None,
                "MaxParallelTrainingJobs.$": "$.parallel",
                "MaxRuntimeInSeconds": 3600,
            }
        ),
    ),
    ({"early_stopping": "Auto"}, config(TrainingJobEarlyStoppingType="Auto")),
    (
        {
            "completion_criteria": TuningJobCompletionCriteria(
                target_objective_metric_value=0.9,
                max_number_of_training_jobs_not_improving=3,
                complete_on_convergence=True,
            )
        },
        config(
            TuningJobCompletionCriteria={
                "TargetObjectiveMetricValue": 0.9,
                "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3},
                "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
            }
        ),
    ),
    (
        {"completion_criteria": TuningJobCompletionCriteria(complete_on_convergence=False)},
        config(TuningJobCompletionCriteria={"ConvergenceDetected": {"CompleteOnConvergence": "Disabled"}}),
    ),
    (
        {"warm_start": TuningJobWarmStartConfig(parents=["tune-1", "$.parent"])},
        {
            "WarmStartConfig": {
                "ParentHyperParameterTuningJobs": [
                    {"HyperParameterTuningJobName": "tune-1"},
                    {"HyperParameterTuningJobName.$": "$.parent"},
                ],
                "WarmStartType": "IdenticalDataAndAlgorithm",
            }
        },
    ),
    ({"autotune": True, "random_seed": 7}, {"Autotune": {"Mode": "Enabled"}} | config(RandomSeed=7)),
    ({"autotune": False}, {}),
    (
        {"image": None, "algorithm_name": "churn"},
        defined(AlgorithmSpecification={"TrainingImage": None, "AlgorithmName": "churn"}),
    ),
    (
        {"inputs": {"a": Channel(data="s3://data/a/", content_type="text/csv")}, "input_mode": "Pipe"},
        defined(
            InputDataConfig=[
                {
                    "ChannelName": "a",
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/a/"}},
                    "ContentType": "text/csv",
                }
            ],
            AlgorithmSpecification={"TrainingInputMode": "Pipe"},
        ),
    ),
    (
        {"output_compression": "NONE", "kms_key": "key", "output_kms_key": "other"},
        defined(
            OutputDataConfig={"CompressionType": "NONE", "KmsKeyId": "other"},
            ResourceConfig={"VolumeKmsKeyId": "key"},
        ),
    ),
    (
        {"hyperparameters": {"a": 1}, "environment": {"B": True}, "metric_definitions": {"auc": "auc=(.*)"}},
        defined(
            StaticHyperParameters={"a": "1"},
            Environment={"B": "true"},
            AlgorithmSpecification={"MetricDefinitions": [{"Name": "auc", "Regex": "auc=(.*)"}]},
        ),
    ),
    (
        {"instance_count": 2, "volume_size": Size.gibibytes(5)},
        defined(ResourceConfig={"InstanceCount": 2, "VolumeSizeInGB": 5}),
    ),
    ({"training_plan_arn": PLAN}, defined(ResourceConfig={"TrainingPlanArn": PLAN})),
    (
        {
            "instance_type": None,
            "instance_groups": [InstanceGroup(instance_group_name="g", instance_type="ml.m5.large")],
        },
        defined(
            ResourceConfig={
                "InstanceType": None,
                "InstanceCount": None,
                "InstanceGroups": [{"InstanceGroupName": "g", "InstanceType": "ml.m5.large", "InstanceCount": 1}],
            }
        ),
    ),
    (
        {
            "instance_type": None,
            "instance_configs": [
                TuningInstanceConfig(instance_type="ml.m5.large", instance_count=2, volume_size=Size.gibibytes(5)),
                TuningInstanceConfig(instance_type="ml.m5.xlarge"),
            ],
            "allocation_strategy": "Prioritized",
            "volume_kms_key": "key",
        },
        defined(
            ResourceConfig=None,
            HyperParameterTuningResourceConfig={
                "InstanceConfigs": [
                    {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5},
                    {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
                ],
                "AllocationStrategy": "Prioritized",
                "VolumeKmsKeyId": "key",
            },
        ),
    ),
    (
        {"allocation_strategy": "Prioritized"},
        defined(
            ResourceConfig=None,
            HyperParameterTuningResourceConfig={
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 30,
                "AllocationStrategy": "Prioritized",
            },
        ),
    ),
    (
        {"spot": True, "max_runtime": Duration.minutes(30), "max_pending": Duration.hours(1)},
        defined(
            EnableManagedSpotTraining=True,
            StoppingCondition={
                "MaxRuntimeInSeconds": 1800,
                "MaxWaitTimeInSeconds": 3600,
                "MaxPendingTimeInSeconds": 3600,
            },
        ),
    ),
    (
        {"parameters": {"TrainingJobDefinition": {"EnableManagedSpotTraining": True}}},
        defined(EnableManagedSpotTraining=True, StoppingCondition={"MaxWaitTimeInSeconds": 7200}),
    ),
    (
        {"checkpoints": CheckpointConfig(s3_uri="s3://data/state/", local_path="/state"), "max_retry_attempts": 2},
        defined(
            CheckpointConfig={"S3Uri": "s3://data/state/", "LocalPath": "/state"},
            RetryStrategy={"MaximumRetryAttempts": 2},
        ),
    ),
    (
        {
            "subnets": ["subnet-1"],
            "security_groups": ["sg-1"],
            "network_isolation": True,
            "inter_container_traffic_encryption": True,
        },
        defined(
            VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
            EnableNetworkIsolation=True,
            EnableInterContainerTrafficEncryption=True,
        ),
    ),
    ({"tags": {"team": "churn"}}, {"Tags": [{"Key": "team", "Value": "churn"}]}),
    (
        ALONE
        | {
            "definitions": [
                TuningDefinition(definition_name="a", objective="auc", ranges={"eta": (0.1, 0.5)}, spot=True, **OWN),
                TuningDefinition(
                    definition_name="b",
                    objective="loss",
                    objective_type="Minimize",
                    ranges={"depth": (1, 2)},
                    image="$.image",
                    instance_type="ml.m5.large",
                    output="s3://data/models/",
                    checkpoints="s3://data/state/",
                ),
            ]
        },
        several(
            merged(
                DEFINITION,
                {
                    "DefinitionName": "a",
                    "TuningObjective": {"MetricName": "auc", "Type": "Maximize"},
                    "HyperParameterRanges": ETA,
                    "EnableManagedSpotTraining": True,
                    "StoppingCondition": {"MaxWaitTimeInSeconds": 7200},
                },
            ),
            merged(
                DEFINITION,
                {
                    "DefinitionName": "b",
                    "TuningObjective": {"MetricName": "loss", "Type": "Minimize"},
                    "HyperParameterRanges": {
                        "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "2"}]
                    },
                    "AlgorithmSpecification": {"TrainingImage": None, "TrainingImage.$": "$.image"},
                    "CheckpointConfig": {"S3Uri": "s3://data/state/"},
                },
            ),
        ),
    ),
    (
        {
            "query_language": JSONATA,
            "ranges": {"eta": ContinuousParameterRange(min_value="{% $states.input.low %}", max_value=1)},
            "max_jobs": "{% $states.input.jobs %}",
            "spot": True,
            "max_runtime": "{% $states.input.seconds %}",
        },
        config(
            ParameterRanges={
                "ContinuousParameterRanges": [
                    {"Name": "eta", "MinValue": "{% $string($states.input.low) %}", "MaxValue": "1"}
                ]
            },
            ResourceLimits={"MaxNumberOfTrainingJobs": "{% $states.input.jobs %}"},
        )
        | defined(
            EnableManagedSpotTraining=True,
            StoppingCondition={
                "MaxRuntimeInSeconds": "{% $states.input.seconds %}",
                "MaxWaitTimeInSeconds": "{% $states.input.seconds %}",
            },
        ),
    ),
]


@pytest.fixture(scope="module")
def requests_of_cases():
    return rendered(TuningJob, [{**COMMON, **arguments} for arguments, _ in CASES])


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: ", ".join(CASES[index][0]))
def test_arguments_make_this_request(requests_of_cases, index):
    assert requests_of_cases[index] == merged(BASE, CASES[index][1])


@pytest.fixture(scope="module")
def typed_requests():
    stacks = [(make, Stack(App(), "Stack")) for make in tuning.JOBS]
    for make, stack in stacks:
        make(stack)
    jobs = [child for _, stack in stacks for child in stack.node.children if isinstance(child, TuningJob)]
    return [job.task.to_state_json()["Parameters"] for job in jobs]


def test_every_field_of_sagemaker_has_an_argument(typed_requests):
    # Channels and machines are said as those of a training job are, whose test has all of theirs.
    shared = members("CreateTrainingJob")
    wanted = members("CreateHyperParameterTuningJob")
    said = {field for request in typed_requests for field in reached(request, "CreateHyperParameterTuningJob")}

    assert wanted - said <= shared
    assert {field.partition(".")[0] for field in wanted - said} == {
        *("DataSource", "DatasetSource", "FileSystemDataSource", "HubAccessConfig", "InstancePreference"),
        *("Channel", "ModelAccessConfig", "PlacementSpecification", "ResourceConfig", "S3DataSource", "ShuffleConfig"),
    }


def test_each_of_several_definitions_can_say_what_the_only_one_can():
    beside = {"scope", "construct_id", "definitions", "tags", "arguments", "self"}
    of_the_search = set(signature(TuningJob.__init__).parameters) - beside - {f.name for f in fields(TuningDefinition)}

    assert of_the_search == {
        *("strategy", "hyperband", "max_jobs", "max_parallel_jobs", "max_tuning_runtime", "early_stopping"),
        *("completion_criteria", "warm_start", "autotune", "random_seed"),
    }


def test_what_the_typed_programs_say_is_a_request(typed_requests):
    found = {problem.rule for request in typed_requests for problem in model_check.problems(TUNING_JOB, request)}

    assert found == {"warm-pool-not-in-tuning"}, "which the programs acknowledge"


def test_search_goes_on_from_one_that_runs_before(stack):
    before = TuningJob(stack, "Before", **COMMON)
    after = TuningJob(stack, "After", warm_start=TuningJobWarmStartConfig(parents=[before]), **COMMON)

    request = after.task.to_state_json()["Parameters"]
    assert request["WarmStartConfig"]["ParentHyperParameterTuningJobs"] == [
        {"HyperParameterTuningJobName.$": "$.Before.HyperParameterTuningJobName"}
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"ranges": {"eta": 0.1}}, r"ranges\['eta'\] is no range, got 0.1; pass \(lowest, highest\)"),
        ({"ranges": {"eta": (1, 2, 3)}}, r"ranges\['eta'\] is no range, got \(1, 2, 3\)"),
        ({"ranges": {"eta": []}}, r"ranges\['eta'\] is no range, got \[\]"),
        ({"ranges": {"eta": (0.5, 0.1)}}, r"ranges\['eta'\] ends before it begins, got .*; pass \(0.1, 0.5\)"),
        (
            {"ranges": {"eta": IntegerParameterRange(min_value=9, max_value=2)}},
            r"ranges\['eta'\] ends before it begins, got .*; pass \(2, 9\)",
        ),
        (
            {"ranges": {"eta": ContinuousParameterRange(min_value=0, max_value=1, scaling_type="Logarithmic")}},
            r"ranges\['eta'\] cannot be searched by a logarithmic scale, got .*; begin it above 0",
        ),
        (
            {"ranges": {"eta": IntegerParameterRange(min_value=1, max_value=2, scaling_type="log")}},
            r"ParameterRanges.IntegerParameterRanges\[0\].ScalingType is not a value SageMaker knows",
        ),
        (
            {"strategy": "Grid"},
            "ParameterRanges.ContinuousParameterRanges does not go with Strategy Grid",
        ),
        ({"hyperband": HyperbandStrategyConfig(min_resource=1)}, "StrategyConfig is for Strategy Hyperband only"),
        (
            {"strategy": "Hyperband", "early_stopping": "Auto"},
            "TrainingJobEarlyStoppingType must be Off where Strategy is Hyperband",
        ),
        (
            {"completion_criteria": TuningJobCompletionCriteria(max_number_of_training_jobs_not_improving=2)},
            "MaxNumberOfTrainingJobsNotImproving is too small, got 2; pass 3 or more",
        ),
        (
            {"definitions": [TuningDefinition(**OWN)]},
            r"definitions stand beside a definition, got \['image', 'output', 'instance_type'\]",
        ),
        (ALONE | {"definitions": "all"}, "definitions must be a list, got 'all'"),
        (
            ALONE | {"definitions": [TuningDefinition(instance_type="m5.large", image=IMAGE, output="s3://data/")]},
            r"TrainingJobDefinitions\[0\].ResourceConfig.InstanceType is not .* mean ml.m5.large\?",
        ),
        (
            ALONE | {"definitions": [TuningDefinition(image=IMAGE, output="s3://data/")]},
            r"TrainingJobDefinitions\[0\].ResourceConfig or .* is missing; pass instance_type= ",
        ),
        (
            {"instance_type": None, "instance_configs": [], "keep_alive": Duration.minutes(1)},
            "ResourceConfig and TrainingJobDefinition.HyperParameterTuningResourceConfig exclude each other",
        ),
        (
            {
                "inputs": {
                    "a": FileSystemDataSource(file_system="fs-01234567", directory_path="/a", file_system_type="EFS")
                }
            },
            r"TrainingJobDefinition.InputDataConfig\[0\].*FileSystemDataSource needs TrainingJobDefinition.VpcConfig",
        ),
        ({"max_wait": Duration.hours(1)}, "MaxWaitTimeInSeconds is for EnableManagedSpotTraining True only"),
        (
            {"spot": True, "parameters": {"TrainingJobDefinition": {"EnableManagedSpotTraining": True}}},
            "TrainingJobDefinition.EnableManagedSpotTraining is given twice",
        ),
        ({"job_name": "a" * 33}, "job name must have 1 to 32 characters"),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)
def test_wrong_argument_fails_and_names_it(stack, arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        TuningJob(stack, "Tune", **{**COMMON, **arguments})


def test_best_training_is_known_by_name(stack):
    name = TuningJob(stack, "Tune", **COMMON).best_training_job_name
    assert name.json_path == "$.Tune.BestTrainingJob.TrainingJobName"


@pytest.mark.parametrize(
    ("language", "uri"),
    [
        (
            None,
            "States.Format('s3://data/models/{}/output/model.tar.gz', $.Tune.BestTrainingJob.TrainingJobName)",
        ),
        (
            JSONATA,
            "{% 's3://data/models/' & $states.input.Tune.BestTrainingJob.TrainingJobName & '/output/model.tar.gz' %}",
        ),
    ],
    ids=["JSONPath", "JSONata"],
)
@pytest.mark.parametrize("output", ["s3://data/models", "s3://data/models/"])
def test_best_model_lies_under_the_output(stack, language, uri, output):
    job = TuningJob(stack, "Tune", **COMMON | {"output": output}, query_language=language)

    place = job.best_model_artifacts
    assert (place.uri.spelled(jsonata=language is JSONATA), place.within) == (uri, output)


def test_best_model_of_parameters_lies_under_their_output(stack):
    job = TuningJob(stack, "Tune", parameters=REQUESTS[TUNING_JOB.api])

    assert job.best_model_artifacts.within == "s3://data/models/"


def test_best_model_of_a_pipeline_lies_in_its_bucket():
    stack = PipelineStack(App(), "Churn")
    job = TuningJob(stack, "Tune", **{**COMMON, "output": None})

    assert job.best_model_artifacts.within == stack.data("jobs/").uri


def test_best_model_of_definitions_with_one_output_lies_there(stack):
    definitions = [TuningDefinition(definition_name=name, **OWN) for name in "ab"]
    job = TuningJob(stack, "Tune", definitions=definitions)

    assert job.best_model_artifacts.within == "s3://data/models/"


@pytest.mark.parametrize(
    "arguments",
    [
        COMMON | {"output": "$.output"},
        {
            "definitions": [
                TuningDefinition(definition_name=name, **OWN | {"output": f"s3://data/{name}/"}) for name in "ab"
            ]
        },
    ],
    ids=["late-bound", "one each"],
)
def test_best_model_whose_place_is_not_known_fails_and_says_what_to_give(stack, arguments):
    job = TuningJob(stack, "Tune", **arguments)

    with pytest.raises(InvalidInputError, match=r"'Stack/Tune': place of the best model is not known, .* give one"):
        _ = job.best_model_artifacts
