"""Labeling jobs: what each argument comes to in the request, and what AWS provides for the task types."""

from __future__ import annotations

import json
import runpy
from decimal import Decimal

from constructs_sm import InvalidInputError, LabelingJob, PipelineStack, PublicWorkteam, ground_truth
from constructs_sm.actions import LABELING_JOB
from constructs_sm.requests import model_check
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from botocore.loaders import Loader
from conftest import ROOT
from rendered import ROLE, members, merged, reached, rendered
from typed import labeling

JSONATA = sfn.QueryLanguage.JSONATA
TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team"
OWN = "arn:aws:lambda:us-east-1:123456789012:function"
COMMON = {
    "manifest": "s3://photos/manifest.json",
    "label_attribute_name": "label",
    "output": "s3://labels/",
    "task_type": "BoundingBox",
    "ui_template": "s3://photos/template.liquid",
    "workteam": TEAM,
    "title": "Draw",
    "description": "Draw boxes",
    "workers_per_object": 3,
    "task_time_limit": Duration.minutes(5),
}
AWS = "arn:${AWS::Partition}:lambda:us-east-1:432418664414:function"
OF_AWS = "arn:${AWS::Partition}:sagemaker:us-east-1"
BASE = {
    "LabelingJobName": "job",
    "RoleArn": ROLE,
    "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://photos/manifest.json"}}},
    "LabelAttributeName": "label",
    "OutputConfig": {"S3OutputPath": "s3://labels/"},
    "HumanTaskConfig": {
        "WorkteamArn": TEAM,
        "PreHumanTaskLambdaArn": f"{AWS}:PRE-BoundingBox",
        "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": f"{AWS}:ACS-BoundingBox"},
        "UiConfig": {"UiTemplateS3Uri": "s3://photos/template.liquid"},
        "TaskTitle": "Draw",
        "TaskDescription": "Draw boxes",
        "NumberOfHumanWorkersPerDataObject": 3,
        "TaskTimeLimitInSeconds": 300,
    },
}


def task(**fields):
    return {"HumanTaskConfig": fields}


def learning(**fields):
    arn = f"{OF_AWS}:027400017018:labeling-job-algorithm-specification/object-detection"
    return {"LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn": arn, **fields}}


def functions(task_type):
    return {
        "PreHumanTaskLambdaArn": f"{AWS}:PRE-{task_type}",
        "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": f"{AWS}:ACS-{task_type}"},
    }


def own_functions(stack):
    before, after = (lambda_.Function.from_function_arn(stack, name, f"{OWN}:{name}") for name in ("before", "after"))
    return {"task_type": None, "pre_annotation_lambda": before, "annotation_consolidation_lambda": after}


def topics(stack):
    arn = "arn:aws:sns:us-east-1:123456789012"
    objects = sns.Topic.from_topic_arn(stack, "Objects", f"{arn}:objects")
    return {"manifest": None, "input_topic": objects, "output_topic": f"{arn}:labels"}


def keys(stack):
    labels, volumes = (
        kms.Key.from_key_arn(stack, name, f"arn:aws:kms:us-east-1:123456789012:key/{name}")
        for name in ("labels", "volumes")
    )
    return {"active_learning": "object-detection", "kms_key": labels, "volume_kms_key": volumes}


KEY = "arn:aws:kms:us-east-1:123456789012:key"
CASES = [
    ({}, {}),
    (
        topics,
        {
            "InputConfig": {
                "DataSource": {
                    "S3DataSource": None,
                    "SnsDataSource": {"SnsTopicArn": "arn:aws:sns:us-east-1:123456789012:objects"},
                }
            },
            "OutputConfig": {"SnsTopicArn": "arn:aws:sns:us-east-1:123456789012:labels"},
        },
    ),
    (
        {"content_classifiers": ["FreeOfAdultContent"]},
        {"InputConfig": {"DataAttributes": {"ContentClassifiers": ["FreeOfAdultContent"]}}},
    ),
    ({"label_categories": "s3://photos/categories.json"}, {"LabelCategoryConfigS3Uri": "s3://photos/categories.json"}),
    ({"task_type": "TextMultiClass"}, task(**functions("TextMultiClass"))),
    (
        {"task_type": "Adjustment3DPointCloudObjectDetection", "ui_template": None},
        task(
            **functions("Adjustment3DPointCloudObjectDetection"),
            UiConfig={
                "UiTemplateS3Uri": None,
                "HumanTaskUiArn": f"{OF_AWS}:394669845002:human-task-ui/PointCloudObjectDetection",
            },
        ),
    ),
    ({"task_type": "NamedEntityRecognition"}, task(**functions("NamedEntityRecognition"))),
    (
        {"ui_template": None, "human_task_ui_arn": "arn:aws:sagemaker:us-east-1:123456789012:human-task-ui/own"},
        task(
            UiConfig={
                "UiTemplateS3Uri": None,
                "HumanTaskUiArn": "arn:aws:sagemaker:us-east-1:123456789012:human-task-ui/own",
            }
        ),
    ),
    (
        own_functions,
        task(
            PreHumanTaskLambdaArn=f"{OWN}:before",
            AnnotationConsolidationConfig={"AnnotationConsolidationLambdaArn": f"{OWN}:after"},
        ),
    ),
    ({"pre_annotation_lambda": f"{OWN}:before"}, task(PreHumanTaskLambdaArn=f"{OWN}:before")),
    (
        {"workteam": PublicWorkteam(price_in_usd="1.036")},
        task(
            WorkteamArn=f"{OF_AWS}:394669845002:workteam/public-crowd/default",
            PublicWorkforceTaskPrice={"AmountInUsd": {"Dollars": 1, "Cents": 3, "TenthFractionsOfACent": 6}},
        ),
    ),
    ({"keywords": ["cats", "boxes"]}, task(TaskKeywords=["cats", "boxes"])),
    ({"task_availability": Duration.days(2)}, task(TaskAvailabilityLifetimeInSeconds=172_800)),
    ({"max_concurrent_tasks": 50}, task(MaxConcurrentTaskCount=50)),
    (
        {"max_labeled_objects": 100, "max_labeled_percentage": 80},
        {"StoppingConditions": {"MaxHumanLabeledObjectCount": 100, "MaxPercentageOfInputDatasetLabeled": 80}},
    ),
    ({"active_learning": "object-detection"}, learning()),
    (
        {"active_learning": "arn:aws:sagemaker:us-east-1:123456789012:algorithm/own"},
        {
            "LabelingJobAlgorithmsConfig": {
                "LabelingJobAlgorithmSpecificationArn": "arn:aws:sagemaker:us-east-1:123456789012:algorithm/own"
            }
        },
    ),
    (
        {
            "active_learning": "object-detection",
            "initial_model": "arn:aws:sagemaker:us-east-1:123456789012:model/m",
            "subnets": ["subnet-1"],
            "security_groups": ["sg-1"],
        },
        learning(
            InitialActiveLearningModelArn="arn:aws:sagemaker:us-east-1:123456789012:model/m",
            LabelingJobResourceConfig={"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}},
        ),
    ),
    (
        keys,
        learning(LabelingJobResourceConfig={"VolumeKmsKeyId": f"{KEY}/volumes"})
        | {"OutputConfig": {"KmsKeyId": f"{KEY}/labels"}},
    ),
    (
        {"active_learning": "object-detection", "kms_key": f"{KEY}/labels"},
        learning(LabelingJobResourceConfig={"VolumeKmsKeyId": f"{KEY}/labels"})
        | {"OutputConfig": {"KmsKeyId": f"{KEY}/labels"}},
    ),
    ({"kms_key": f"{KEY}/labels"}, {"OutputConfig": {"KmsKeyId": f"{KEY}/labels"}}),
    ({"tags": {"team": "vision"}}, {"Tags": [{"Key": "team", "Value": "vision"}]}),
    (
        {"workteam": "$.team", "task_time_limit": "$.limit", "workers_per_object": "$.workers", "keywords": "$.words"},
        task(
            **dict.fromkeys(["WorkteamArn", "TaskTimeLimitInSeconds", "NumberOfHumanWorkersPerDataObject"]),
            **{
                "WorkteamArn.$": "$.team",
                "TaskTimeLimitInSeconds.$": "$.limit",
                "NumberOfHumanWorkersPerDataObject.$": "$.workers",
                "TaskKeywords.$": "$.words",
            },
        ),
    ),
    (
        {"keywords": ["cats", "$.word"], "active_learning": "$.algorithm"},
        task(**{"TaskKeywords.$": "States.Array('cats', States.Format('{}', $.word))"})
        | {"LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn.$": "$.algorithm"}},
    ),
    (
        {"workteam": "{% $team %}", "keywords": ["{% $word %}"], "query_language": JSONATA},
        task(WorkteamArn="{% $team %}", TaskKeywords=["{% $string($word) %}"]),
    ),
]


@pytest.fixture(scope="module")
def requests_of_cases():
    return rendered(LabelingJob, [given for given, _ in CASES], **COMMON)


@pytest.mark.parametrize("index", range(len(CASES)))
def test_arguments_make_this_request(requests_of_cases, index):
    assert requests_of_cases[index] == merged(BASE, CASES[index][1])


def test_every_field_of_sagemaker_has_an_argument():
    jobs = [make(Stack(App(), "Stack")) for make in (labeling.by_public_workers, labeling.streaming)]
    said = [job.task.to_state_json()["Parameters"] for job in jobs]

    assert members("CreateLabelingJob") - {path for one in said for path in reached(one, "CreateLabelingJob")} == set()
    assert [model_check.problems(LABELING_JOB, one) for one in said] == [[], []]


def label(stack, construct_id="Label", **arguments):
    return LabelingJob(stack, construct_id, **{**COMMON, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"task_type": "ImageClassification"},
            "no such task type, got 'ImageClassification'; did you mean ImageMultiClass?",
        ),
        ({"task_type": "boundingbox"}, "no such task type, got 'boundingbox'; did you mean BoundingBox?"),
        ({"task_type": "Sing"}, "no such task type, got 'Sing'; use one of BoundingBox, ImageMultiClass, "),
        ({"task_type": 5}, "no such task type, got 5; use one of "),
        (
            {"task_type": "SemanticSegmentation"},
            "label_attribute_name of SemanticSegmentation must end with -ref, got 'label'; write label-ref",
        ),
        (
            {"active_learning": "object-detecton"},
            "no such algorithm, got 'object-detecton'; did you mean object-detection?",
        ),
        ({"initial_model": "m"}, "LabelingJobAlgorithmSpecificationArn is missing"),
        ({"workers_per_object": 10}, "NumberOfHumanWorkersPerDataObject is too big, got 10"),
        ({"title": None}, "HumanTaskConfig.TaskTitle is missing"),
        ({"human_task_config": {}}, "unknown argument, got 'human_task_config'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_labeling_that_cannot_work_fails_and_names_the_argument(stack, arguments, message):
    with pytest.raises(InvalidInputError) as caught:
        label(stack, **arguments)

    assert message in str(caught.value)
    assert [child.node.id for child in stack.node.children] in ([], ["GroundTruthFunctions"])


@pytest.mark.parametrize("name", ["label-ref", "$.name"])
def test_label_of_files_may_be_named_so(stack, name):
    assert label(stack, task_type="SemanticSegmentation", label_attribute_name=name)


@pytest.mark.parametrize(
    ("price", "dollars", "cents", "tenths"),
    [("0.012", 0, 1, 2), (0.036, 0, 3, 6), (Decimal("1.2"), 1, 20, 0), (1, 1, 0, 0), (0.29, 0, 29, 0)],
)
def test_price_is_paid_to_the_tenth_of_a_cent(price, dollars, cents, tenths):
    amount = {"Dollars": dollars, "Cents": cents, "TenthFractionsOfACent": tenths}
    assert PublicWorkteam(price_in_usd=price).to_request() == {"AmountInUsd": amount}


@pytest.mark.parametrize("price", ["0.0125", -1, "much", "NaN", "Infinity", None])
def test_price_that_cannot_be_paid_fails_and_says_so(price):
    with pytest.raises(InvalidInputError, match="PublicWorkteam: price_in_usd cannot be paid, got"):
        PublicWorkteam(price_in_usd=price)


def test_task_type_is_not_in_every_region():
    stack = Stack(App(), "Stack", env=Environment(region="eu-west-3"))

    with pytest.raises(InvalidInputError) as caught:
        label(stack)

    assert "task type BoundingBox is not in this Region, got 'eu-west-3'; the Region is unsupported; use one of" in str(
        caught.value
    )


def test_stack_without_a_region_asks_one_mapping(stack, machine):
    machine(label(stack, "First").next(label(stack, "Second", task_type="TextMultiClass")))

    template = Template.from_stack(stack).to_json()
    ((name, accounts),) = template["Mappings"].items()
    assert name == "GroundTruthFunctions"
    assert accounts["eu-west-2"] == {"account": "487402164563"}
    assert len(accounts) == 12
    text = json.dumps(template)
    arn = '{"Ref": "AWS::Region"}, ":", {"Fn::FindInMap": ["GroundTruthFunctions", {"Ref": "AWS::Region"}, "account"]}'
    for function in ("PRE-BoundingBox", "ACS-BoundingBox", "PRE-TextMultiClass", "ACS-TextMultiClass"):
        assert f'{arn}, ":function:{function}' in text


@pytest.mark.parametrize(
    ("language", "uri"),
    [
        (None, "$.Label.Described.LabelingJobOutput.OutputDatasetS3Uri"),
        (JSONATA, "{% $states.input.Label.Described.LabelingJobOutput.OutputDatasetS3Uri %}"),
    ],
    ids=["JSONPath", "JSONata"],
)
def test_output_manifest_is_what_sagemaker_says_within_what_is_granted(stack, language, uri):
    manifest = label(stack, query_language=language).output_manifest

    assert (manifest.uri.spelled(jsonata=language is JSONATA), manifest.within) == (uri, "s3://labels/")


def test_output_manifest_lies_with_the_data_of_a_pipeline():
    stack = PipelineStack(App(), "Vision")
    job = label(stack, output=None)
    stack.run(job)

    place = definition(stack)["States"]["Label"]["Parameters"]["OutputConfig"]["S3OutputPath"]
    assert place.endswith("}/jobs/label/")
    assert job.output_manifest.within.endswith("}/jobs/")


def test_output_manifest_is_known_from_parameters_too(stack):
    job = label(stack, output=None, parameters={"OutputConfig": {"S3OutputPath": "s3://other/"}})

    assert job.output_manifest.within == "s3://other/"


def test_output_manifest_keeps_the_key_of_its_bucket(stack):
    bucket = s3.Bucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))

    assert label(stack, output=bucket).output_manifest.key is bucket.encryption_key


def test_data_are_what_botocore_says():
    tool = runpy.run_path(str(ROOT / "tools" / "ground_truth.py"))
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    written = json.loads((ROOT / "constructs_sm" / "ground_truth.json").read_text())

    assert {**tool["compact"](shapes), "source": ""} == {**written, "source": ""}


def test_every_task_type_has_both_functions():
    stack = Stack(App(), "Stack", env=Environment(region="ap-south-1"))

    assert len(ground_truth.task_types()) == 23
    for task_type in ground_truth.task_types():
        for stage in ("PRE", "ACS"):
            arn = ground_truth.function_arn(stack, stage, task_type)
            assert arn.endswith(f":lambda:ap-south-1:565803892007:function:{stage}-{task_type}")


@pytest.mark.parametrize(
    ("task_type", "ui"),
    [
        ("VideoObjectTracking", "VideoObjectTracking"),
        ("AdjustmentVideoObjectTracking", "VideoObjectTracking"),
        ("3DPointCloudSemanticSegmentation", "PointCloudSemanticSegmentation"),
        ("BoundingBox", None),
        ("VideoMultiClass", None),
    ],
)
def test_worker_ui_of_aws_is_that_of_the_task_type(task_type, ui):
    stack = Stack(App(), "Stack", env=Environment(region="eu-west-1"))
    arn = ground_truth.human_task_ui_arn(stack, task_type)

    assert (arn and arn.partition(":sagemaker:")[2]) == (ui and f"eu-west-1:394669845002:human-task-ui/{ui}")


def test_every_worker_ui_belongs_to_a_task_type():
    stack = Stack(App(), "Stack", env=Environment(region="eu-west-1"))
    found = {ground_truth.human_task_ui_arn(stack, task_type) for task_type in ground_truth.task_types()} - {None}

    assert {arn.rpartition("/")[2] for arn in found} == {
        "NamedEntityRecognition",
        "PointCloudObjectDetection",
        "PointCloudObjectTracking",
        "PointCloudSemanticSegmentation",
        "VideoObjectDetection",
        "VideoObjectTracking",
    }
