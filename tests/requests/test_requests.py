"""Requests are checked against SageMaker's own model, wherever a value stands and whatever is wrong with it."""

from __future__ import annotations

from constructs_sm import InvalidInputError, requests
from constructs_sm.actions import (
    ACTIONS,
    ENDPOINT,
    ENDPOINT_CONFIG,
    ENDPOINT_UPDATE,
    LABELING_JOB,
    MODEL,
    PROCESSING_JOB,
    TRAINING_JOB,
    TRANSFORM_JOB,
    TUNING_JOB,
)
from constructs_sm.requests import model_check
from constructs_sm.requests.api_model import input_shape

import pytest
from aws_cdk import Token
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE, REQUESTS
from newer_fields import needs_field

ROLE = "arn:aws:iam::123456789012:role/execution"
TRAINING = {**REQUESTS["createTrainingJob"], "TrainingJobName": "churn", "RoleArn": ROLE}


def problems(**changes):
    request = {**TRAINING, **changes}
    return [
        str(problem) for problem in model_check.problems(TRAINING_JOB, {k: v for k, v in request.items() if v != ""})
    ]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.api)
def test_smallest_request_is_accepted(action):
    request = {**REQUESTS[action.api], action.name_field: "churn"}
    if action is TUNING_JOB:
        request["TrainingJobDefinition"] = {**request["TrainingJobDefinition"], "RoleArn": ROLE}
    elif action.role_path:
        request[action.role_field] = ROLE

    requests.check(action, request)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"RoleArn": ""}, "RoleArn is missing; SageMaker requires it"),
        ({"Rolearn": ROLE}, "Rolearn is not a field of this API, got 'Rolearn'; did you mean RoleArn?"),
        ({"Tags": [{"Key": "a"}]}, "Tags[0].Value is missing; SageMaker requires it"),
        ({"Tags": {"a": "b"}}, "Tags must be a list, got {'a': 'b'}; pass a list, also of one"),
        ({"Tags": [{"Key": "a", "Value": "b" * 257}]}, "Tags[0].Value is too long, got '257 characters'"),
        ({"Tags": [{"Key": "", "Value": "b"}]}, "Tags[0].Key is too short, got '0 characters'"),
        ({"Tags": [{"Key": "a§", "Value": ""}]}, "Tags[0].Key does not have the form SageMaker wants, got 'a§'"),
        ({"Tags": [{"Key": str(i), "Value": ""} for i in range(51)]}, "Tags is too long, got '51 items'"),
        ({"HyperParameters": {"a": 1}}, "HyperParameters.a must be a string, got 1; write '1'"),
        ({"HyperParameters": {"a" * 257: "1"}}, "is too long, got '257 characters'"),
        ({"EnableNetworkIsolation": "yes"}, "EnableNetworkIsolation must be a boolean, got 'yes'"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 0}}, "MaxRuntimeInSeconds is too small, got 0; pass 1 or more"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 1.5}}, "MaxRuntimeInSeconds must be a whole number, got 1.5"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": True}}, "MaxRuntimeInSeconds must be a whole number, got True"),
        ({"RetryStrategy": {"MaximumRetryAttempts": 31}}, "MaximumRetryAttempts is too big, got 31; pass 30 or less"),
        ({"RoleArn": "execution"}, "RoleArn is too short, got '9 characters'"),
        ({"RoleArn": "arn:aws:iam::1:role/execution"}, "RoleArn does not have the form SageMaker wants"),
        ({"ResourceConfig": {"InstanceType": "m5.xlarge"}}, "got 'm5.xlarge'; did you mean ml.m5.xlarge?"),
        ({"InputDataConfig": ["s3://data"]}, "InputDataConfig[0] must be a mapping, got 's3://data'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_field_that_is_wrong_is_named_with_what_to_do(changes, said):
    found = problems(**changes)
    assert any(said in problem for problem in found), found


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(InvalidInputError) as caught:
        requests.check(TRAINING_JOB, {"TrainingJobNam": 1, "HyperParameters": {"a": 1}})

    assert caught.value.where == "CreateTrainingJob"
    assert len(caught.value.problems) == 8


@pytest.mark.parametrize(
    "late",
    [
        {"RoleArn": "", "RoleArn.$": "$.role"},
        {"ResourceConfig": {"InstanceType.$": "$.type", "InstanceCount": Token.as_number({"Ref": "Count"})}},
        {"InputDataConfig": "{% $states.input.channels %}"},
        {"HyperParameters": {"eta.$": "$.eta", "rounds": "{% $string(7) %}"}},
        {"RoleArn": Token.as_string({"Ref": "Role"})},
        {"StoppingCondition": {"MaxRuntimeInSeconds": sfn.JsonPath.number_at("$.seconds")}},
        {"Environment.$": "States.StringToJson($.environment)"},
    ],
    ids=lambda late: next(iter(late)),
)
def test_values_that_are_not_known_yet_are_passed_over(late):
    assert problems(**late) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"AlgorithmSpecification": {"TrainingImage": IMAGE, "AlgorithmName": "a", "TrainingInputMode": "File"}},
            "AlgorithmSpecification.TrainingImage and AlgorithmSpecification.AlgorithmName exclude each other",
        ),
        (
            {"AlgorithmSpecification": {"TrainingInputMode": "File"}},
            "AlgorithmSpecification.TrainingImage or AlgorithmSpecification.AlgorithmName is missing",
        ),
        ({"AlgorithmSpecification": ""}, "AlgorithmSpecification or ServerlessJobConfig is missing"),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 60}},
            "StoppingCondition.MaxWaitTimeInSeconds must not be less than MaxRuntimeInSeconds, got '60 < 3600'",
        ),
    ],
    ids=["both", "neither", "none of two", "spot"],
)
def test_fields_that_exclude_or_require_each_other_are_named(changes, said):
    found = problems(**changes)
    assert any(said in problem for problem in found), found


def test_rules_hold_in_each_definition_of_a_tuning_job():
    request = {**REQUESTS[TUNING_JOB.api], "HyperParameterTuningJobName": "tune"}
    definition = {**request.pop("TrainingJobDefinition"), "RoleArn": ROLE}
    broken = {**definition, "AlgorithmSpecification": {"TrainingInputMode": "File"}}
    request["TrainingJobDefinitions"] = [definition, broken]

    (problem,) = model_check.problems(TUNING_JOB, request)
    assert problem.what.startswith("TrainingJobDefinitions[1].AlgorithmSpecification.TrainingImage or")


def test_model_has_one_container_or_several():
    request = {"ModelName": "churn", "PrimaryContainer": {"Image": IMAGE}, "Containers": [{"Image": IMAGE}]}

    (problem,) = model_check.problems(MODEL, request)
    assert problem.what == "PrimaryContainer and Containers exclude each other"


def test_every_pattern_of_the_model_can_be_checked():
    for action in ACTIONS:
        for shape in shapes(input_shape(action.operation), set()):
            if "pattern" in shape.metadata:
                assert model_check._compiled(shape.metadata["pattern"])  # noqa: SLF001


def test_pattern_of_a_newer_model_that_python_does_not_understand_is_passed_over():
    assert model_check._compiled(r"[\p{Lu}&&[^A]]+(") is None  # noqa: SLF001


@pytest.mark.parametrize("key", ["coût", "m²", "費用 中心", "a.b:/=+-@_"])
def test_letters_numbers_and_spaces_of_all_languages_are_accepted_in_tags(key):
    assert problems(Tags=[{"Key": key, "Value": key}]) == []


@pytest.mark.parametrize("key", ["a\tb", "a!", "\U0001f600"])
def test_what_is_no_letter_number_or_space_is_refused_in_tags(key):
    (problem,) = problems(Tags=[{"Key": key, "Value": ""}])
    assert problem.startswith("Tags[0].Key does not have the form SageMaker wants")


def test_digits_of_an_account_number_are_ascii():
    (problem,) = problems(RoleArn=ROLE.replace("123456789012", "١٢٣٤٥٦٧٨٩٠١٢"))
    assert problem.startswith("RoleArn does not have the form SageMaker wants")


@pytest.mark.parametrize(
    ("changes", "near"),
    [
        ({"ResourceConfig": {"InstanceType": "ml.m5.xlrge", "InstanceCount": 1}}, "ml.m5.xlarge"),
        ({"ResourceConfig": {"InstanceType": "ML.M5.XLARGE", "InstanceCount": 1}}, "ml.m5.xlarge"),
        ({"ResourceConfig": {"InstanceType": "g5.2xlarge", "InstanceCount": 1}}, "ml.g5.2xlarge"),
        ({"HyperParamters": {}}, "HyperParameters"),
        ({"hyper_parameters": {}}, "HyperParameters"),
        ({"enableManagedSpotTraining": True}, "EnableManagedSpotTraining"),
        ({"AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "fast_file"}}, "FastFile"),
    ],
    ids=str,
)
def test_near_miss_gets_a_suggestion(changes, near):
    (problem,) = problems(**changes)
    assert f"; did you mean {near}? [model-" in problem


def shapes(shape, seen):
    if shape.name in seen:
        return
    seen.add(shape.name)
    yield shape
    members = list(getattr(shape, "members", {}).values()) if shape.type_name == "structure" else []
    members += [getattr(shape, name) for name in ("member", "key", "value") if name in shape.metadata]
    for member in members:
        yield from shapes(member, seen)


class Nameless:
    """What cannot be spelled."""

    def __repr__(self):
        raise RuntimeError("no repr")


@pytest.mark.parametrize(
    ("key", "shown"),
    [(5, "5"), (None, "None"), (("a",), "('a',)"), (10**5_000, "a number of 16610 bits"), (Nameless(), "Nameless")],
    ids=["number", "none", "tuple", "long number", "nameless"],
)
@pytest.mark.parametrize("inside", ["x", {"y": [1]}], ids=["text", "structure"])
def test_key_that_is_no_string_is_refused_whatever_it_is(key, shown, inside):
    with pytest.raises(InvalidInputError) as refused:
        requests.check(TRAINING_JOB, {**TRAINING, key: "x", "Environment": {key: inside}})
    wrong = f"has a key that is no string, got {shown}; write it in quotes [value-of-request]"
    assert [str(each) for each in refused.value.problems] == [f"the request {wrong}", f"Environment {wrong}"]


def test_number_that_nobody_writes_out_is_no_text_either():
    with pytest.raises(InvalidInputError, match=r"TrainingJobName must be a string, got a number of 16610 bits"):
        requests.check(TRAINING_JOB, {**TRAINING, "TrainingJobName": 10**5_000})


def test_model_is_read_by_the_first_check_only(fresh):
    assert [len([file for file in fresh[when] if "service-2" in file]) for when in ("import", "use")] == [0, 1]
    assert not [name for name in fresh["modules"] if name.startswith("botocore")]


# Requests that AWS takes, each shortened to what is particular of it. Their sources:
# the end-to-end tests of github.com/aws-controllers-k8s/sagemaker-controller (test/e2e/resources), run against AWS,
# and the samples of github.com/aws/amazon-sagemaker-operator-for-k8s.


def s3_channel(name, kind="S3Prefix", **fields):
    source = {"S3DataType": kind, "S3Uri": f"s3://my-bucket/{name}", "S3DataDistributionType": "FullyReplicated"}
    attributes = {"AttributeNames": ["source-ref", "class"]} if kind == "AugmentedManifestFile" else {}
    return {
        "ChannelName": name,
        "DataSource": {"S3DataSource": source | attributes},
        "CompressionType": "None",
        **fields,
    }


def fsx_channel(name):
    source = {
        "FileSystemType": "FSxLustre",
        "FileSystemAccessMode": "ro",
        "FileSystemId": "fs-0d0f8e3f721664c98",
        "DirectoryPath": "/fsx/sagemaker/xgboost-mnist",
    }
    return {"ChannelName": name, "DataSource": {"FileSystemDataSource": source}, "ContentType": "text/csv"}


XGBOOST = "433757028032.dkr.ecr.us-west-2.amazonaws.com/xgboost:1"
TRAINED = {
    "TrainingJobName": "xgboost-mnist",
    "RoleArn": "arn:aws:iam::123456789012:role/service-role/AmazonSageMaker-ExecutionRole",
    "AlgorithmSpecification": {"TrainingImage": XGBOOST, "TrainingInputMode": "File"},
    "HyperParameters": {"max_depth": "5", "eta": "0.2", "objective": "multi:softmax"},
    "InputDataConfig": [s3_channel("train", ContentType="text/csv"), s3_channel("validation", ContentType="text/csv")],
    "OutputDataConfig": {"S3OutputPath": "s3://my-bucket/xgboost"},
    "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m4.xlarge", "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
}
SPOT = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 3599, "MaxWaitTimeInSeconds": 3600},
    "CheckpointConfig": {"S3Uri": "s3://my-bucket/xgboost/checkpoints/"},
}
DEBUGGED = {
    "RetryStrategy": {"MaximumRetryAttempts": 2},
    "DebugHookConfig": {
        "S3OutputPath": "s3://my-bucket/debugger/hookconfig",
        "CollectionConfigurations": [
            {"CollectionName": "losses", "CollectionParameters": {"name": "save_interval", "value": "500"}}
        ],
    },
    "DebugRuleConfigurations": [
        {
            "RuleConfigurationName": "LossNotDecreasing",
            "RuleEvaluatorImage": "895741380848.dkr.ecr.us-west-2.amazonaws.com/sagemaker-debugger-rules:latest",
            "RuleParameters": {"num_steps": "10", "rule_to_invoke": "LossNotDecreasing"},
        }
    ],
    "ProfilerConfig": {"S3OutputPath": "s3://my-bucket/profiler/", "ProfilingIntervalInMilliseconds": 500},
}
PIPED = {
    "AlgorithmSpecification": {
        "TrainingImage": "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1",
        "TrainingInputMode": "Pipe",
    },
    "InputDataConfig": [
        s3_channel(name, "AugmentedManifestFile", ContentType="application/x-image", RecordWrapperType="RecordIO")
        for name in ("train", "validation")
    ],
    "ResourceConfig": {"InstanceCount": 4, "InstanceType": "ml.p3.16xlarge", "VolumeSizeInGB": 5},
}
ON_FSX = {
    "InputDataConfig": [fsx_channel("train"), fsx_channel("validation")],
    "VpcConfig": {"SecurityGroupIds": ["sg-4b23c421"], "Subnets": ["subnet-ae0a65c6", "subnet-2af0fa67"]},
}
DEFINITION = {
    **{name: TRAINED[name] for name in ("AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig")},
    "StaticHyperParameters": {"base_score": "0.5", "booster": "gbtree"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 25},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    "EnableNetworkIsolation": True,
}
TUNED = {
    "HyperParameterTuningJobName": "xgboost-mnist-hpo",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:error"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {
            "IntegerParameterRanges": [
                {"Name": "num_round", "MinValue": "10", "MaxValue": "20", "ScalingType": "Linear"}
            ],
            "ContinuousParameterRanges": [],
            "CategoricalParameterRanges": [],
        },
        "TrainingJobEarlyStoppingType": "Auto",
    },
    "TrainingJobDefinition": DEFINITION,
    "Tags": [{"Key": "algorithm", "Value": "xgboost"}, {"Key": "environment", "Value": "testing"}],
}
PROCESSED = {
    "ProcessingJobName": "kmeans-mnist",
    "RoleArn": TRAINED["RoleArn"],
    "Environment": {"my_var": "my_value"},
    "AppSpecification": {
        "ImageUri": "763104351884.dkr.ecr.us-west-2.amazonaws.com/pytorch-training:1.5.0-cpu-py36-ubuntu16.04",
        "ContainerEntrypoint": ["python", "/opt/ml/processing/code/kmeans_preprocessing.py"],
    },
    "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}},
    "ProcessingInputs": [
        {
            "InputName": "mnist_tar",
            "S3Input": {
                "S3Uri": "s3://my-bucket/mnist.pkl.gz",
                "LocalPath": "/opt/ml/processing/input",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
                "S3CompressionType": "None",
            },
        }
    ],
    "ProcessingOutputConfig": {
        "Outputs": [
            {
                "OutputName": name,
                "S3Output": {
                    "S3Uri": "s3://my-bucket/output/",
                    "LocalPath": f"/opt/ml/processing/output_{name}/",
                    "S3UploadMode": "EndOfJob",
                },
            }
            for name in ("train_data", "test_data")
        ]
    },
}
TRANSFORMED = {
    "TransformJobName": "xgboost-mnist",
    "ModelName": "xgboost-mnist",
    "TransformInput": {
        "ContentType": "text/csv",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://my-bucket/batch/input-data"}},
    },
    "TransformOutput": {"S3OutputPath": "s3://my-bucket/batch/output"},
    "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
}
LABELED = {
    "LabelingJobName": "logos",
    "RoleArn": TRAINED["RoleArn"],
    "LabelAttributeName": "category",
    "LabelCategoryConfigS3Uri": "s3://my-bucket/labeling/class_labels.json",
    "InputConfig": {
        "DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://my-bucket/labeling/input.manifest"}},
        "DataAttributes": {"ContentClassifiers": ["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]},
    },
    "OutputConfig": {"S3OutputPath": "s3://my-bucket/labeling/output/"},
    "HumanTaskConfig": {
        "AnnotationConsolidationConfig": {
            "AnnotationConsolidationLambdaArn": "arn:aws:lambda:us-west-2:081040173940:function:ACS-BoundingBox"
        },
        "PreHumanTaskLambdaArn": "arn:aws:lambda:us-west-2:081040173940:function:PRE-BoundingBox",
        "MaxConcurrentTaskCount": 10,
        "NumberOfHumanWorkersPerDataObject": 1,
        "TaskAvailabilityLifetimeInSeconds": 21600,
        "TaskTimeLimitInSeconds": 300,
        "TaskKeywords": ["image", "object", "detection"],
        "TaskTitle": "Please draw a box around each Logos",
        "TaskDescription": "Dear Annotator, please draw a box around each Logo. Thank you!",
        "UiConfig": {"UiTemplateS3Uri": "s3://my-bucket/labeling/instructions.template"},
        "WorkteamArn": "arn:aws:sagemaker:us-west-2:123456789012:workteam/private-crowd/team",
    },
}
CONTAINER = {
    "ContainerHostname": "xgboost",
    "ModelDataUrl": "s3://my-bucket/model.tar.gz",
    "Image": XGBOOST,
    "ImageConfig": {"RepositoryAccessMode": "Platform"},
    "Environment": {"my_var": "my_value"},
}
HOSTED = {"ModelName": "xgboost-mnist", "ExecutionRoleArn": TRAINED["RoleArn"]}
VARIANT = {
    "ModelName": "xgboost-mnist",
    "VariantName": "AllTraffic",
    "InstanceType": "ml.c5.large",
    "InitialVariantWeight": 1,
    "InitialInstanceCount": 1,
}
CAPTURE = {
    "EnableCapture": True,
    "DestinationS3Uri": "s3://my-bucket/datacapture",
    "InitialSamplingPercentage": 100,
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
}
POOLS = {
    "VariantName": "variant-1",
    "ModelName": "xgboost-mnist",
    "InitialVariantWeight": 1,
    "InstancePools": [
        {"InstanceType": "ml.c5.large", "Priority": 1},
        {"InstanceType": "ml.m5.large", "Priority": 2},
    ],
}
FOR_COMPONENTS = {"VariantName": "variant-1", "InitialInstanceCount": 2, "InstanceType": "ml.g5.12xlarge"}


def configured(*variants, **fields):
    return {"EndpointConfigName": "xgboost-mnist", "ProductionVariants": list(variants), **fields}


@pytest.mark.parametrize(
    ("action", "request_"),
    [
        pytest.param(TRAINING_JOB, TRAINED, id="training"),
        pytest.param(TRAINING_JOB, TRAINED | SPOT, id="spot training"),
        pytest.param(TRAINING_JOB, TRAINED | DEBUGGED, id="debugger and profiler"),
        pytest.param(TRAINING_JOB, TRAINED | PIPED, id="augmented manifest"),
        pytest.param(TRAINING_JOB, TRAINED | ON_FSX, id="file system"),
        pytest.param(TUNING_JOB, TUNED, id="tuning"),
        pytest.param(TUNING_JOB, TUNED | {"TrainingJobDefinition": DEFINITION | SPOT}, id="spot tuning"),
        pytest.param(PROCESSING_JOB, PROCESSED, id="processing"),
        pytest.param(TRANSFORM_JOB, TRANSFORMED, id="transform"),
        pytest.param(LABELING_JOB, LABELED, id="labeling"),
        pytest.param(MODEL, HOSTED | {"PrimaryContainer": CONTAINER}, id="model"),
        pytest.param(MODEL, HOSTED | {"Containers": [CONTAINER]}, id="inference pipeline"),
        pytest.param(ENDPOINT_CONFIG, configured(VARIANT, DataCaptureConfig=CAPTURE), id="data capture"),
        pytest.param(ENDPOINT_CONFIG, configured(VARIANT, VARIANT | {"VariantName": "b"}), id="two variants"),
        pytest.param(
            ENDPOINT_CONFIG,
            configured(POOLS),
            id="instance pools",
            marks=needs_field(ENDPOINT_CONFIG, "ProductionVariants.*.InstancePools"),
        ),
        pytest.param(
            ENDPOINT_CONFIG,
            configured(FOR_COMPONENTS, ExecutionRoleArn="arn:aws:iam::123456789012:role/Admin"),
            id="inference components",
        ),
        pytest.param(ENDPOINT, {"EndpointName": "churn", "EndpointConfigName": "churn"}, id="endpoint"),
        pytest.param(ENDPOINT_UPDATE, {"EndpointName": "churn", "EndpointConfigName": "churn"}, id="update"),
    ],
)
def test_request_that_aws_takes_is_accepted(action, request_):
    requests.check(action, request_)


SERVERLESS = {
    "VariantName": "all",
    "ModelName": "churn",
    "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
}
GROUP = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroupName": "all"}
ROLLING = {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1}, "WaitIntervalInSeconds": 60}
BLUE_GREEN = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}
CLUSTER = PROCESSED["ProcessingResources"]["ClusterConfig"]


def cluster(**fields):
    return {"ProcessingResources": {"ClusterConfig": CLUSTER | fields}}


MOUNTED = {
    "ChannelName": "a",
    "DataSource": {
        "FileSystemDataSource": {
            "FileSystemId": "fs-01234567",
            "FileSystemAccessMode": "ro",
            "FileSystemType": "EFS",
            "DirectoryPath": "/a",
        }
    },
}
RANGE = {"Name": "depth", "MinValue": "1", "MaxValue": "9"}


def resources(**fields):
    return {"ResourceConfig": TRAINED["ResourceConfig"] | fields}


def strategy(**fields):
    return {"HyperParameterTuningJobConfig": TUNED["HyperParameterTuningJobConfig"] | fields}


def routed(**fields):
    return configured(VARIANT | {"RoutingConfig": {"RoutingStrategy": "RANDOM"} | fields})


@pytest.mark.parametrize(
    ("action", "request_", "said"),
    [
        (
            TRAINING_JOB,
            TRAINED | {"EnableManagedSpotTraining": True},
            "StoppingCondition.MaxWaitTimeInSeconds is missing",
        ),
        (
            TRAINING_JOB,
            TRAINED | SPOT | {"EnableManagedSpotTraining": False},
            "StoppingCondition.MaxWaitTimeInSeconds is for EnableManagedSpotTraining True only",
        ),
        (
            TRAINING_JOB,
            {key: TRAINED[key] for key in TRAINED if key != "ResourceConfig"},
            "ResourceConfig or ServerlessJobConfig is missing",
        ),
        (
            TRAINING_JOB,
            TRAINED | {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceGroups": [GROUP]}},
            "ResourceConfig.InstanceGroups and ResourceConfig.InstanceType exclude each other",
        ),
        pytest.param(
            TRAINING_JOB,
            TRAINED | resources(SelectedInstanceType="ml.m5.xlarge"),
            "ResourceConfig.SelectedInstanceType is read-only",
            marks=needs_field(TRAINING_JOB, "ResourceConfig.SelectedInstanceType"),
        ),
        pytest.param(
            TRAINING_JOB,
            TRAINED | {"ResourceConfig": {"InstancePreferences": [{"InstanceType": "ml.m5.large"}]}},
            "ResourceConfig.InstanceCount is missing",
            marks=needs_field(TRAINING_JOB, "ResourceConfig.InstancePreferences"),
        ),
        (
            TRAINING_JOB,
            TRAINED | {"InputDataConfig": [{"ChannelName": "a", "DataSource": {}}]},
            "InputDataConfig[0].DataSource.S3DataSource or InputDataConfig[0].DataSource.FileSystemDataSource",
        ),
        (
            TRAINING_JOB,
            TRAINED | {"InputDataConfig": [MOUNTED]},
            "InputDataConfig[0].DataSource.FileSystemDataSource needs VpcConfig",
        ),
        (
            TUNING_JOB,
            TUNED | strategy(Strategy="Grid", ParameterRanges={"IntegerParameterRanges": [RANGE]}),
            "HyperParameterTuningJobConfig.ParameterRanges.IntegerParameterRanges does not go with Strategy Grid",
        ),
        (
            TRAINING_JOB,
            TRAINED | {"Tags": [{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}]},
            "Tags[1].Key is given twice",
        ),
        pytest.param(
            PROCESSING_JOB,
            PROCESSED | {"ProcessingResources": {"ClusterConfig": {"VolumeSizeInGB": 20}}},
            "ProcessingResources.ClusterConfig.InstanceType or ProcessingResources.ClusterConfig.Inst",
            marks=needs_field(PROCESSING_JOB, "ProcessingResources.ClusterConfig.InstancePreferences"),
        ),
        pytest.param(
            PROCESSING_JOB,
            PROCESSED | cluster(InstancePreferences=[{"InstanceType": "ml.m5.large"}]),
            "ProcessingResources.ClusterConfig.InstanceType and ProcessingResources.ClusterConfig.Insta",
            marks=needs_field(PROCESSING_JOB, "ProcessingResources.ClusterConfig.InstancePreferences"),
        ),
        (
            PROCESSING_JOB,
            PROCESSED | {"ProcessingInputs": [{"InputName": "a"}]},
            "ProcessingInputs[0].S3Input or ProcessingInputs[0].DatasetDefinition is missing",
        ),
        (
            PROCESSING_JOB,
            PROCESSED
            | {"ProcessingInputs": [{"InputName": "a", "S3Input": {"S3Uri": "s3://a/b", "S3DataType": "S3Prefix"}}]},
            "ProcessingInputs[0].S3Input.LocalPath is missing",
        ),
        (
            PROCESSING_JOB,
            PROCESSED
            | {
                "ProcessingOutputConfig": {
                    "Outputs": [{"OutputName": "a", "FeatureStoreOutput": {"FeatureGroupName": "a"}}]
                }
            },
            "ProcessingOutputConfig.Outputs[0].FeatureStoreOutput is for AppManaged True only",
        ),
        (
            PROCESSING_JOB,
            PROCESSED
            | {
                "ProcessingInputs": [
                    {
                        "InputName": "a",
                        "S3Input": {
                            "S3Uri": "s3://a/b",
                            "S3DataType": "S3Prefix",
                            "LocalPath": "/opt/ml/processing/input/a",
                            "S3InputMode": "File",
                            "S3CompressionType": "Gzip",
                        },
                    }
                ]
            },
            "ProcessingInputs[0].S3Input.S3InputMode must be Pipe where S3CompressionType is Gzip",
        ),
        (
            TRANSFORM_JOB,
            TRANSFORMED | {"DataProcessing": {"InputFilter": "features"}},
            "DataProcessing.InputFilter does not have the form SageMaker wants",
        ),
        (
            TRANSFORM_JOB,
            TRANSFORMED | {"MaxPayloadInMB": 6, "MaxConcurrentTransforms": 17},
            "MaxPayloadInMB times MaxConcurrentTransforms is too big",
        ),
        (
            TUNING_JOB,
            TUNED | {"TrainingJobDefinitions": [DEFINITION]},
            "TrainingJobDefinition and TrainingJobDefinitions exclude each other",
        ),
        (
            TUNING_JOB,
            TUNED | strategy(StrategyConfig={}),
            "HyperParameterTuningJobConfig.StrategyConfig is for Strategy Hyperband only",
        ),
        (
            TUNING_JOB,
            TUNED | strategy(Strategy="Hyperband"),
            "HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType must be Off where Strategy is Hyperband",
        ),
        (
            LABELING_JOB,
            LABELED | {"InputConfig": {"DataSource": {}}},
            "InputConfig.DataSource.S3DataSource or InputConfig.DataSource.SnsDataSource is missing",
        ),
        (LABELING_JOB, LABELED | {"LabelAttributeName": "a-metadata"}, "LabelAttributeName does not have the form"),
        (
            MODEL,
            HOSTED | {"Containers": [CONTAINER, {"Image": XGBOOST}]},
            "Containers[1].ContainerHostname is missing",
        ),
        (
            ENDPOINT_CONFIG,
            configured(SERVERLESS | {"InstanceType": "ml.m5.large"}),
            "ProductionVariants[0].ServerlessConfig and ProductionVariants[0].InstanceType exclude each other",
        ),
        (
            ENDPOINT_CONFIG,
            configured(SERVERLESS | {"ServerlessConfig": {"MemorySizeInMB": 2000, "MaxConcurrency": 5}}),
            "ProductionVariants[0].ServerlessConfig.MemorySizeInMB must be 1024 or 2048",
        ),
        (ENDPOINT_CONFIG, configured(FOR_COMPONENTS), "ProductionVariants[0].ModelName is missing"),
        (
            ENDPOINT_CONFIG,
            configured({"VariantName": "a", "ModelName": "a"}),
            "ProductionVariants[0].InstanceType or ProductionVariants[0].InstancePools",
        ),
        (
            ENDPOINT_CONFIG,
            configured(VARIANT, VARIANT, ShadowProductionVariants=[VARIANT]),
            "ProductionVariants is too long beside",
        ),
        pytest.param(
            ENDPOINT_CONFIG,
            routed(PrefixAwareRoutingConfig={"PrefixLength": 1024, "ConcurrencyThreshold": 1}),
            "ProductionVariants[0].RoutingConfig.PrefixAwareRoutingConfig is for RoutingStrategy PREFIX_AWARE only",
            marks=needs_field(ENDPOINT_CONFIG, "ProductionVariants.*.RoutingConfig.PrefixAwareRoutingConfig"),
        ),
        (
            ENDPOINT_UPDATE,
            {
                "EndpointName": "a",
                "EndpointConfigName": "a",
                "DeploymentConfig": {"RollingUpdatePolicy": ROLLING, "BlueGreenUpdatePolicy": BLUE_GREEN},
            },
            "DeploymentConfig.BlueGreenUpdatePolicy and DeploymentConfig.RollingUpdatePolicy exclude each other",
        ),
    ],
    ids=lambda value: getattr(value, "api", "") if not isinstance(value, str) else value,
)
def test_rule_beyond_the_model_is_named_where_it_is_broken(action, request_, said):
    (problem,) = model_check.problems(action, request_)
    assert problem.what.startswith(said)


@pytest.mark.parametrize(
    ("action", "request_"),
    [
        (TRAINING_JOB, TRAINED | SPOT | {"EnableManagedSpotTraining": "{% $states.input.spot %}"}),
        (
            TRAINING_JOB,
            {
                "EnableManagedSpotTraining.$": "$.spot",
                **{name: value for name, value in (TRAINED | SPOT).items() if name != "EnableManagedSpotTraining"},
            },
        ),
        (TRAINING_JOB, TRAINED | {"InputDataConfig": [MOUNTED], "VpcConfig.$": "$.network"}),
        (TUNING_JOB, TUNED | strategy(Strategy="Grid", ParameterRanges={"IntegerParameterRanges.$": "$.ranges"})),
        (TRANSFORM_JOB, TRANSFORMED | {"DataProcessing": {"InputFilter.$": "$.filter"}}),
        (TRANSFORM_JOB, TRANSFORMED | {"DataProcessing": {"InputFilter": "{% $states.input.filter %}"}}),
        (ENDPOINT_CONFIG, configured(SERVERLESS)),
        (MODEL, HOSTED | {"PrimaryContainer": CONTAINER, "Containers": []}),
        (ENDPOINT_CONFIG, configured({"VariantName": "a", "ModelName.$": "$.model", "InstanceType.$": "$.type"})),
    ],
    ids=[
        "spot in JSONata",
        "spot in JSONPath",
        "VPC",
        "ranges",
        "filter in JSONPath",
        "filter in JSONata",
        "serverless",
        "[]",
        "variant",
    ],
)
def test_rules_pass_over_what_is_not_known_or_not_there(action, request_):
    assert model_check.problems(action, request_) == []
