"""What SageMaker refuses though its model does not say so: each rule, where it holds and where it does not."""

from __future__ import annotations

import re

from constructs_sm import InvalidInputError, TrainingJob, TuningJob
from constructs_sm.actions import (
    ENDPOINT_CONFIG,
    LABELING_JOB,
    MODEL,
    PROCESSING_JOB,
    TRAINING_JOB,
    TRANSFORM_JOB,
    TUNING_JOB,
)
from constructs_sm.language.arns import Arns
from constructs_sm.requests import model_check
from constructs_sm.rules.catalogue import RULES

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE, REQUESTS

ROLE = "arn:aws:iam::123456789012:role/execution"
HERE = Arns("aws", "us-east-1", "123456789012")
S3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train/"}
DLC = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-{}:2.5.1-{}-py311-ubuntu22.04-sagemaker"
TRAINING = {**REQUESTS["createTrainingJob"], "RoleArn": ROLE}
RESOURCES = TRAINING["ResourceConfig"]
ALGORITHM = TRAINING["AlgorithmSpecification"]
SPOT = {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}}
GROUPS = [
    {"InstanceGroupName": name, "InstanceType": "ml.m5.xlarge", "InstanceCount": 1} for name in ("first", "second")
]


def found(action, request, **known):
    whole = {action.name_field: "churn", **request}
    return [problem.rule for problem in model_check.found_in(action.operation, whole, **known)]


def channel(name="train", mode=None, s3=None, **fields):
    source = {"DataSource": {"S3DataSource": {**S3, **(s3 or {})}}}
    return {"ChannelName": name, **source, **({"InputMode": mode} if mode else {}), **fields}


def algorithm(**fields):
    return {"AlgorithmSpecification": {**ALGORITHM, **fields}}


def metrics(**expressions):
    return algorithm(MetricDefinitions=[{"Name": name, "Regex": regex} for name, regex in expressions.items()])


GZIP = {"CompressionType": "Gzip"}
TRAININGS = {
    "gzip, file": ({"InputDataConfig": [channel(**GZIP)]}, ["gzip-needs-pipe"]),
    "gzip, fast file": ({"InputDataConfig": [channel(mode="FastFile", **GZIP)]}, ["gzip-needs-pipe"]),
    "gzip, pipe": ({"InputDataConfig": [channel(mode="Pipe", **GZIP)]}, []),
    "gzip, the job's pipe": ({**algorithm(TrainingInputMode="Pipe"), "InputDataConfig": [channel(**GZIP)]}, []),
    "gzip, file in a pipe's job": (
        {**algorithm(TrainingInputMode="Pipe"), "InputDataConfig": [channel(mode="File", **GZIP)]},
        ["gzip-needs-pipe"],
    ),
    "gzip, JSONata": ({"InputDataConfig": [channel(mode="{% $states.input.mode %}", **GZIP)]}, []),
    "gzip, JSONPath": ({"InputDataConfig": [{**channel(**GZIP), "InputMode.$": "$.mode"}]}, []),
    "not compressed": ({"InputDataConfig": [channel(CompressionType="None")]}, []),
    "wrapped, file": ({"InputDataConfig": [channel(RecordWrapperType="RecordIO")]}, ["record-wrapper-needs-pipe"]),
    "wrapped, pipe": ({"InputDataConfig": [channel(mode="Pipe", RecordWrapperType="RecordIO")]}, []),
    "augmented, file": (
        {"InputDataConfig": [channel(s3={"S3DataType": "AugmentedManifestFile"})]},
        ["augmented-manifest-needs-pipe", "manifest-objects-not-granted"],
    ),
    "manifest": (
        {"InputDataConfig": [channel(s3={"S3DataType": "ManifestFile"})]},
        ["manifest-objects-not-granted"],
    ),
    "one channel of a group": (
        {
            "ResourceConfig": {"InstanceGroups": GROUPS, "VolumeSizeInGB": 10},
            "InputDataConfig": [channel(s3={"InstanceGroupNames": ["first"]}), channel("code")],
        },
        ["channels-all-name-groups"],
    ),
    "all channels of groups": (
        {
            "ResourceConfig": {"InstanceGroups": GROUPS, "VolumeSizeInGB": 10},
            "InputDataConfig": [channel(s3={"InstanceGroupNames": ["first", "second"]})],
        },
        [],
    ),
    "no such group": (
        {
            "ResourceConfig": {"InstanceGroups": GROUPS, "VolumeSizeInGB": 10},
            "InputDataConfig": [channel(s3={"InstanceGroupNames": ["third"]})],
        },
        ["channel-names-unknown-group"],
    ),
    "a group without groups": (
        {"InputDataConfig": [channel(s3={"InstanceGroupNames": ["first"]})]},
        ["channel-names-unknown-group"],
    ),
    "groups known later": (
        {
            "ResourceConfig": {"InstanceGroups.$": "$.groups", "VolumeSizeInGB": 10},
            "InputDataConfig": [channel(s3={"InstanceGroupNames": ["first"]})],
        },
        [],
    ),
    "a group twice": (
        {"ResourceConfig": {"InstanceGroups": [GROUPS[0], GROUPS[0]], "VolumeSizeInGB": 10}},
        ["instance-groups-differ"],
    ),
    "spot": (SPOT, ["spot-without-checkpoints"]),
    "spot with checkpoints": ({**SPOT, "CheckpointConfig": {"S3Uri": "s3://data/checkpoints/"}}, []),
    "spot, checkpoints later": ({**SPOT, "CheckpointConfig.$": "$.checkpoints"}, []),
    "metric": (metrics(auc="auc: ([0-9.]+)"), []),
    "metric, broken": (metrics(auc="auc: ([0-9.]+"), ["metric-expression"]),
    "metric, never closed": (metrics(auc="auc: (?P<name>x"), ["metric-expression"]),
    "metric, nothing to repeat": (metrics(auc="*auc"), ["metric-expression"]),
    "metric, range backwards": (metrics(auc="[z-a]"), ["metric-expression"]),
    "metric, quoted by Java": (metrics(auc=r"\Qauc(\E (.*)"), []),
    "metric, flags in the middle": (metrics(auc=r"auc(?i)=(\d+)"), []),
    "metric, named twice": (metrics(auc=r"(?<n>\d+) \k<n>"), []),
    "metric, code point": (metrics(auc=r"\x{41}(.*)"), []),
    "metric, class of Unicode": (metrics(auc=r"\p{IsLatin}+\pL"), []),
    "metric, looks behind": (metrics(auc=r"(?<=a{1,3})b"), []),
    "metric, intersection": (metrics(auc=r"[a-z&&[^b]]+"), []),
    "metric, end of text": (metrics(auc=r"\d+\z"), []),
    "metric, blanks": (metrics(auc=r"auc\h+(.*)\R"), []),
    "metric, possessive": (metrics(auc=r"auc: (\d++)(?<name>x)"), []),
    "metric, JSONata": (metrics(auc="{% $states.input.expression( %}"), []),
    "short image": (algorithm(TrainingImage="xgboost:1.7-1"), ["image-is-no-uri"]),
    "image of a hub": (algorithm(TrainingImage="library/churn"), ["image-without-registry"]),
    "image, JSONata": (algorithm(TrainingImage="{% $states.input.image %}"), []),
    "image of inference": (algorithm(TrainingImage=DLC.format("inference", "cpu")), ["inference-image-in-training"]),
    "gpu on cpu": (algorithm(TrainingImage=DLC.format("training", "gpu")), ["gpu-image-on-cpu"]),
    "cpu on cpu": (algorithm(TrainingImage=DLC.format("training", "cpu")), []),
    "cpu on gpu": (
        {
            **algorithm(TrainingImage=DLC.format("training", "cpu")),
            "ResourceConfig": {**RESOURCES, "InstanceType": "ml.g5.xlarge"},
        },
        ["cpu-image-on-gpu"],
    ),
    "gpu on what comes later": (
        {
            **algorithm(TrainingImage=DLC.format("training", "gpu")),
            "ResourceConfig": {"InstanceType.$": "$.type", "InstanceCount": 1, "VolumeSizeInGB": 10},
        },
        [],
    ),
    "image of another Region": (
        algorithm(TrainingImage=IMAGE.replace("us-east-1", "eu-west-1")),
        ["image-of-another-region"],
    ),
    "place without s3": ({"OutputDataConfig": {"S3OutputPath": "data/models/"}}, ["model-s3-place"]),
    "instances in a VPC": (
        {
            "ResourceConfig": {**RESOURCES, "InstanceCount": 2},
            "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        },
        ["instances-in-vpc-talk"],
    ),
    "groups in a VPC": (
        {
            "ResourceConfig": {"InstanceGroups": GROUPS, "VolumeSizeInGB": 10},
            "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        },
        ["instances-in-vpc-talk"],
    ),
    "one group of one in a VPC": (
        {
            "ResourceConfig": {"InstanceGroups": [{**GROUPS[0], "InstanceCount": 1}], "VolumeSizeInGB": 10},
            "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        },
        [],
    ),
}


@pytest.mark.parametrize(("changes", "rules"), TRAININGS.values(), ids=TRAININGS)
def test_training(changes, rules):
    assert found(TRAINING_JOB, {**TRAINING, **changes}, arns=HERE) == rules


@pytest.mark.parametrize(("changes", "rules"), TRAININGS.values(), ids=TRAININGS)
@pytest.mark.parametrize("many", [False, True], ids=["one definition", "a list"])
def test_definition_of_a_tuning(changes, rules, many):
    definition = {**TRAINING, **changes}
    tuning = REQUESTS["createHyperParameterTuningJob"]
    request = {"HyperParameterTuningJobConfig": tuning["HyperParameterTuningJobConfig"]}
    if many:
        objective = {"Type": "Maximize", "MetricName": "auc"}
        request["TrainingJobDefinitions"] = [{**definition, "DefinitionName": "a", "TuningObjective": objective}]
    else:
        request["TrainingJobDefinition"] = definition
        request["HyperParameterTuningJobConfig"] = {
            **request["HyperParameterTuningJobConfig"],
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "auc"},
        }
    of_others = {"metric-without-definition"}
    assert [rule for rule in found(TUNING_JOB, request, arns=HERE) if rule not in of_others] == rules


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"ResourceConfig": {**RESOURCES, "KeepAlivePeriodInSeconds": 60}}, []),
        (
            {
                **SPOT,
                "CheckpointConfig": {"S3Uri": "s3://data/c/"},
                "ResourceConfig": {**RESOURCES, "KeepAlivePeriodInSeconds": 60},
            },
            ["warm-pool-not-on-spot"],
        ),
        (
            {
                "ResourceConfig": {"InstanceGroups": GROUPS, "VolumeSizeInGB": 10, "KeepAlivePeriodInSeconds": 60},
            },
            ["warm-pool-not-with-groups"],
        ),
        ({"DebugHookConfig": {"S3OutputPath": "s3://data/tensors/"}}, ["debugger-is-closed"]),
        ({"RoleArn": "arn:aws:iam::444455556666:role/other"}, ["role-of-another-account"]),
    ],
    ids=["warm pool", "on spot", "with groups", "debugger", "another account"],
)
def test_training_alone(changes, rules):
    assert found(TRAINING_JOB, {**TRAINING, **changes}, arns=HERE) == rules


def test_tuning_has_no_warm_pool():
    tuning = REQUESTS["createHyperParameterTuningJob"]
    definition = {**TRAINING, "ResourceConfig": {**RESOURCES, "KeepAlivePeriodInSeconds": 60}}

    assert found(TUNING_JOB, {**tuning, "TrainingJobDefinition": definition}) == ["warm-pool-not-in-tuning"]


@pytest.mark.parametrize(
    ("specification", "rules"),
    [
        ({}, []),
        ({"MetricDefinitions": [{"Name": "validation:auc", "Regex": "a"}]}, []),
        ({"MetricDefinitions": [{"Name": "auc", "Regex": "a"}]}, ["metric-without-definition"]),
        ({"MetricDefinitions": [{"Name.$": "$.name", "Regex": "a"}]}, []),
        ({"TrainingImage": DLC.format("training", "cpu")}, ["metric-without-definition"]),
        ({"TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"}, []),
    ],
    ids=["image of one's own", "defined", "another", "late", "framework", "algorithm"],
)
def test_objective_of_a_tuning_is_defined(specification, rules):
    tuning = REQUESTS["createHyperParameterTuningJob"]
    definition = {**TRAINING, **algorithm(**specification)}

    assert found(TUNING_JOB, {**tuning, "TrainingJobDefinition": definition}) == rules


def processing(inputs, outputs=()):
    return {
        **REQUESTS["createProcessingJob"],
        "RoleArn": ROLE,
        "ProcessingInputs": [
            {
                "InputName": f"i{number}",
                "S3Input": {"S3Uri": "s3://data/a/", "S3DataType": "S3Prefix", "S3InputMode": "File", **source},
            }
            for number, source in enumerate(inputs)
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": f"o{number}",
                    "S3Output": {"S3Uri": "s3://data/o/", "S3UploadMode": "EndOfJob", "LocalPath": path},
                }
                for number, path in enumerate(outputs)
            ]
        },
    }


@pytest.mark.parametrize(
    ("inputs", "outputs", "rules"),
    [
        (["/opt/ml/processing/a", "/opt/ml/processing/b"], ["/opt/ml/processing/c"], []),
        (["/opt/ml/processing/a", "/opt/ml/processing/a/"], [], ["processing-local-paths-differ"]),
        (["/opt/ml/processing/a"], ["/opt/ml/processing/a"], ["processing-local-paths-differ"]),
        (["/opt/ml/processing/a"], ["/opt/ml/processing/b", "/opt/ml/processing/b"], []),
        (["{% $states.input.a %}", "{% $states.input.a %}"], [], []),
    ],
    ids=["apart", "two inputs", "input and output", "two outputs", "late"],
)
def test_local_paths_of_processing(inputs, outputs, rules):
    request = processing([{"LocalPath": path} for path in inputs], outputs)

    assert found(PROCESSING_JOB, request) == rules


def test_manifest_of_processing_and_its_closed_images():
    request = processing([{"LocalPath": "/opt/ml/processing/a", "S3DataType": "ManifestFile"}])
    clarify = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"

    assert found(PROCESSING_JOB, request) == ["manifest-objects-not-granted"]
    assert found(PROCESSING_JOB, {**processing([]), "AppSpecification": {"ImageUri": clarify}}) == [
        "clarify-is-closed",
    ]


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        ("S3Prefix", []),
        ("ManifestFile", ["manifest-objects-not-granted"]),
        ("AugmentedManifestFile", ["transform-takes-no-augmented-manifest", "manifest-objects-not-granted"]),
    ],
)
def test_data_of_a_transform(kind, rules):
    request = REQUESTS["createTransformJob"]
    source = {"DataSource": {"S3DataSource": {"S3DataType": kind, "S3Uri": "s3://data/a"}}}

    assert found(TRANSFORM_JOB, {**request, "TransformInput": source}) == rules


SOURCE = {"S3DataSource": {"S3Uri": "s3://data/m/", "S3DataType": "S3Prefix", "CompressionType": "None"}}


@pytest.mark.parametrize(
    ("model", "rules"),
    [
        ({"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://data/m.tar.gz"}}, []),
        ({"PrimaryContainer": {"Image": IMAGE, "ModelDataSource": SOURCE}}, ["transform-takes-no-model-data-source"]),
        ({"Containers": [{"Image": IMAGE, "ModelDataSource": SOURCE}]}, ["transform-takes-no-model-data-source"]),
        ({"PrimaryContainer": {"Image": DLC.format("inference", "gpu")}}, ["gpu-image-on-cpu"]),
    ],
    ids=["archive", "source", "in a list", "gpu"],
)
def test_model_of_a_transform(model, rules):
    assert found(TRANSFORM_JOB, REQUESTS["createTransformJob"], models=[model]) == rules


@pytest.mark.parametrize(
    ("image", "rules"),
    [
        (DLC.format("training", "cpu"), ["training-image-in-model"]),
        (DLC.format("inference", "cpu"), []),
        (DLC.format("training", "cpu").replace("763104351884", "123456789012"), []),
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", []),
        ("sagemaker-xgboost:1.7-1", ["image-is-no-uri"]),
        ("registry.example.com/churn:1", []),
        (IMAGE.replace("us-east-1", "eu-west-1"), ["image-of-another-region"]),
    ],
    ids=["training", "inference", "a copy", "both", "short", "private", "another Region"],
)
@pytest.mark.parametrize("many", [False, True], ids=["one container", "a list"])
def test_image_of_a_model(image, rules, many):
    request = {"Containers": [{"Image": image}]} if many else {"PrimaryContainer": {"Image": image}}

    assert found(MODEL, {"ExecutionRoleArn": ROLE, **request}, arns=HERE) == rules


def test_image_of_a_model_that_is_no_uri_is_named():
    request = {"ModelName": "m", "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": "xgboost:1.7-1"}}
    (problem,) = model_check.problems(MODEL, request)

    assert str(problem) == (
        "PrimaryContainer.Image is no URI of an image, got 'xgboost:1.7-1'; "
        "pass images.image('xgboost', '1.7-1', image_scope='inference'), or the whole URI [image-is-no-uri]"
    )


SERVERLESS = {"VariantName": "a", "ModelName": "m", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
HOSTED = {"VariantName": "b", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
VPC = {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}}
CAPTURE = {
    "DataCaptureConfig": {
        "InitialSamplingPercentage": 1,
        "DestinationS3Uri": "s3://data/c/",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
}
OFF = {"DataCaptureConfig": {**CAPTURE["DataCaptureConfig"], "EnableCapture": False}}


@pytest.mark.parametrize(
    ("variants", "changes", "rules"),
    [
        ([SERVERLESS], {}, []),
        ([SERVERLESS], VPC, ["serverless-takes-no-vpc"]),
        ([HOSTED], VPC, []),
        ([SERVERLESS], {"EnableNetworkIsolation": True}, ["serverless-takes-no-isolation"]),
        ([SERVERLESS], {"EnableNetworkIsolation": False}, []),
        ([SERVERLESS], CAPTURE, ["serverless-takes-no-data-capture"]),
        ([SERVERLESS], OFF, []),
        ([HOSTED], CAPTURE, []),
        ([SERVERLESS, HOSTED], {}, ["serverless-one-variant"]),
        ([{**HOSTED, "AcceleratorType": "ml.eia2.medium"}], {}, ["elastic-inference-ended"]),
        ([{**HOSTED, "VolumeSizeInGB": 10}], {}, []),
        ([{**HOSTED, "InstanceType": "ml.g5.xlarge", "VolumeSizeInGB": 10}], {}, ["no-volume-on-local-storage"]),
        ([{**HOSTED, "InstanceType": "ml.c5d.xlarge", "VolumeSizeInGB": 10}], {}, ["no-volume-on-local-storage"]),
    ],
)
def test_endpoint_config(variants, changes, rules):
    assert found(ENDPOINT_CONFIG, {"ProductionVariants": variants, **changes}) == rules


@pytest.mark.parametrize(
    ("model", "rules"),
    [
        ({"PrimaryContainer": {"Image": IMAGE}}, []),
        ({"PrimaryContainer": {"Image": IMAGE}, **VPC}, ["serverless-takes-no-vpc"]),
        ({"PrimaryContainer": {"Image": IMAGE}, "EnableNetworkIsolation": True}, ["serverless-takes-no-isolation"]),
        ({"PrimaryContainer": {"Image": IMAGE, "Mode": "MultiModel"}}, ["serverless-takes-no-multi-model"]),
        ({"Containers": [{"Image": IMAGE}, {"Image": IMAGE}]}, ["serverless-takes-one-container"]),
        (
            {"PrimaryContainer": {"Image": IMAGE, "ImageConfig": {"RepositoryAccessMode": "Vpc"}}},
            ["serverless-takes-no-private-registry"],
        ),
    ],
)
def test_model_of_a_serverless_endpoint(model, rules):
    assert found(ENDPOINT_CONFIG, {"ProductionVariants": [SERVERLESS]}, models=[model]) == rules
    assert found(ENDPOINT_CONFIG, {"ProductionVariants": [HOSTED]}, models=[model]) == []


def test_ground_truth_says_that_it_is_closed():
    rules = found(LABELING_JOB, {**REQUESTS["createLabelingJob"], "RoleArn": ROLE})

    assert rules == ["ground-truth-is-closed", "manifest-objects-not-granted"]


JSONATA = sfn.QueryLanguage.JSONATA
WITHOUT_ROLE = {name: value for name, value in TRAINING.items() if name != "RoleArn"}
KNOWN = {name: row for name, row in TRAININGS.items() if not re.search(r"\{%|\.\$", str(row))}
"""Rows that say the same in both languages."""


def of_one_job(make, rules):
    """The rules that a job of these breaks, refused or told."""
    app = App()
    stack = Stack(app, "S", env=Environment(account="123456789012", region="us-east-1"))
    refused = [rule for rule in rules if RULES[rule].severity == "error"]
    if refused:
        with pytest.raises(InvalidInputError) as caught:
            make(stack)
        return [problem.rule for problem in caught.value.problems if RULES[problem.rule].severity == "error"]
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(make(stack)))
    told = [str(message.entry.data) for each in app.synth().stacks for message in each.messages]
    return [text.rpartition("[ack: ")[2].rstrip("]") for text in told]


@pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
@pytest.mark.parametrize(("changes", "rules"), KNOWN.values(), ids=KNOWN)
def test_training_by_parameters_is_held_to_the_rules_in_both_languages(changes, rules, language):
    expected = [rule for rule in rules if RULES[rule].severity == "error"] or rules

    def make(stack):
        return TrainingJob(stack, "Job", parameters={**WITHOUT_ROLE, **changes}, query_language=language)

    assert of_one_job(make, rules) == expected


@pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
@pytest.mark.parametrize(("changes", "rules"), KNOWN.values(), ids=KNOWN)
def test_search_by_parameters_is_held_to_the_rules_in_both_languages(changes, rules, language):
    expected = [rule for rule in rules if RULES[rule].severity == "error"] or rules
    request = REQUESTS["createHyperParameterTuningJob"]
    definition = {**WITHOUT_ROLE, **changes}
    # An objective that no definition yields is another row's.
    metrics = definition["AlgorithmSpecification"].get("MetricDefinitions", [{"Name": "auc"}])
    objective = {"Type": "Maximize", "MetricName": metrics[0]["Name"]}
    config = {**request["HyperParameterTuningJobConfig"], "HyperParameterTuningJobObjective": objective}
    if not definition["AlgorithmSpecification"].get("MetricDefinitions"):
        found = {"MetricDefinitions": [{"Name": "auc", "Regex": "auc: ([0-9.]+)"}]}
        definition["AlgorithmSpecification"] = {**definition["AlgorithmSpecification"], **found}

    def make(stack):
        whole = {"HyperParameterTuningJobConfig": config, "TrainingJobDefinition": definition}
        return TuningJob(stack, "Job", parameters=whole, query_language=language)

    assert of_one_job(make, rules) == expected
