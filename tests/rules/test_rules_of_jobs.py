"""The same rules where jobs are made of typed arguments, and those that two jobs break together."""

from __future__ import annotations

import json

from constructs_sm import (
    Channel,
    CreateEndpointConfig,
    CreateModel,
    CreateModelPackage,
    InvalidInputError,
    LabelingJob,
    ModelDataSource,
    ProcessingInput,
    ProcessingJob,
    TrainingJob,
    TransformJob,
    TuningJob,
    images,
)
from constructs_sm.jobs.variants import ServerlessConfig
from constructs_sm.task.scope import JobScope

import pytest
from aws_cdk import App, Environment, Size, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from constructs import Construct

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1"
OTHER = "arn:aws:iam::444455556666:role/Other"
JSONATA = {"query_language": sfn.QueryLanguage.JSONATA}
languages = pytest.mark.parametrize("language", [{}, JSONATA], ids=["JSONPath", "JSONata"])


@pytest.fixture
def app():
    return App()


@pytest.fixture
def stack(app):
    return Stack(app, "Stack", env=Environment(account="123456789012", region="eu-west-1"))


def train(stack, **arguments):
    given = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://data/m/", "inputs": {"a": "s3://data/a/"}}
    return TrainingJob(stack, "Train", **{**given, **arguments})


def tune(stack, **arguments):
    given = {
        "image": IMAGE,
        "instance_type": "ml.m5.xlarge",
        "output": "s3://data/m/",
        "inputs": {"a": "s3://data/a/"},
        "objective": "auc",
        "ranges": {"eta": (0.1, 0.5)},
        "max_jobs": 4,
        "max_parallel_jobs": 2,
    }
    return TuningJob(stack, "Tune", **{**given, **arguments})


def refused(make, *arguments, **more):
    with pytest.raises(InvalidInputError) as caught:
        make(*arguments, **more)
    return [problem.rule for problem in caught.value.problems]


def run(stack, job):
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job))


def told(app):
    """The ids of everything that is told, by how loud."""
    messages = [message for stack in app.synth().stacks for message in stack.messages]
    return [str(message.entry.data).rpartition("[ack: ")[2].rstrip("]") for message in messages]


@languages
@pytest.mark.parametrize("make", [train, tune])
@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        ({"inputs": {"a": Channel(data="s3://data/a/", compression_type="Gzip")}}, ["gzip-needs-pipe"]),
        ({"image": "xgboost:1.7-1"}, ["image-is-no-uri"]),
        ({"metric_definitions": {"auc": "auc=([0-9.]+"}}, ["metric-expression"]),
        ({"image": images.pytorch("2.5.1", processor="cpu", image_scope="inference")}, ["inference-image-in-training"]),
        ({"output": "data/models/"}, ["model-s3-place"]),
    ],
    ids=["gzip", "image", "expression", "inference", "place"],
)
def test_typed_arguments_are_held_to_the_rules(stack, make, arguments, rules, language):
    found = refused(make, stack, **arguments, **language)

    assert [rule for rule in found if rule != "metric-without-definition"] == rules


@languages
def test_role_of_another_account_is_refused(stack, language):
    role = iam.Role.from_role_arn(stack, "Role", OTHER)

    assert refused(train, stack, role=role, **language) == ["role-of-another-account"]


def test_role_is_not_judged_where_the_account_is_not_known():
    stack = Stack(App(), "Stack")

    assert train(stack, role=iam.Role.from_role_arn(stack, "Role", OTHER)).task is not None


@languages
def test_image_of_another_region_is_told(app, stack, language):
    run(stack, train(stack, image=IMAGE.replace("eu-west-1", "us-east-1"), **language))

    assert told(app) == ["image-of-another-region"]


@languages
def test_objects_of_a_manifest_are_told_of_or_granted(app, stack, language):
    manifest = {"a": Channel(data="s3://meta/a.manifest", s3_data_type="ManifestFile")}
    run(stack, train(stack, inputs=manifest, **language))

    assert told(app) == ["manifest-objects-not-granted"]


@pytest.mark.parametrize("reads", [["s3://objects/images/"], ("s3://objects/images/",)])
def test_objects_of_a_manifest_are_granted_by_an_argument(app, stack, reads):
    manifest = {"a": Channel(data="s3://meta/a.manifest", s3_data_type="ManifestFile")}
    run(stack, train(stack, inputs=manifest, reads=reads))

    assert told(app) == []
    assert "arn:aws:s3:::objects/images/*" in json.dumps(Template.from_stack(stack).to_json()).replace(
        '", {"Ref": "AWS::Partition"}, "', "aws"
    ).replace('{"Fn::Join": ["", ["arn:', "arn:")


def test_manifest_is_not_told_of_under_a_role_of_ones_own(app, stack):
    manifest = {"a": Channel(data="s3://meta/a.manifest", s3_data_type="ManifestFile")}
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/own")
    run(stack, train(stack, inputs=manifest, role=role))

    assert told(app) == []


@languages
@pytest.mark.parametrize(
    ("reads", "expected"), [([], ["late-bound-access"]), (["s3://data/sets/"], [])], ids=["not said", "said"]
)
def test_place_that_comes_at_run_time_is_told_of_unless_it_is_said(app, stack, language, reads, expected):
    late = "{% $states.input.uri %}" if language else "$.uri"
    run(stack, train(stack, inputs={"a": late}, reads=reads, **language))

    assert told(app) == expected


def test_what_else_comes_at_run_time_is_told_of_though_places_are_said(app, stack):
    run(stack, train(stack, output="$.out", inputs={"a": "$.uri"}, reads=["s3://data/sets/"]))

    (message,) = [str(each.entry.data) for each in app.synth().stacks[0].messages]
    assert "request does not show: OutputDataConfig.S3OutputPath;" in message


@languages
@pytest.mark.parametrize("registered", [True, False])
def test_package_that_the_pipeline_registers_shows_what_a_model_of_it_reads(app, stack, language, registered):
    here = Construct(stack, "Other")
    JobScope(here, name_prefix="other")
    register = CreateModelPackage(stack, "Register", group="g", image=IMAGE, model_data="s3://data/m.gz", **language)
    name = register.model_package_arn if registered else "arn:aws:sagemaker:eu-west-1:123456789012:model-package/g/1"
    model = CreateModel(here, "Model", model_package=name, **language)
    run(stack, register.next(model))

    assert told(app) == ([] if registered else ["late-bound-access"])
    granted = json.dumps(
        [
            policy
            for key, policy in Template.from_stack(stack).find_resources("AWS::IAM::Policy").items()
            if key.startswith("Other")
        ]
    )
    assert ("data/m.gz" in granted, "repository/churn" in granted) == (registered, registered)


@pytest.mark.parametrize("reads", ["s3://objects/", ["objects"], ["$.place"], [1]])
def test_place_that_cannot_be_granted_is_refused(stack, reads):
    assert refused(train, stack, reads=reads) == ["argument-type"]


def test_two_inputs_at_one_local_path_are_refused(stack):
    at = "/opt/ml/processing/input/code"
    inputs = {
        "a": ProcessingInput(data="s3://data/a/", local_path=at),
        "b": ProcessingInput(data="s3://b/", local_path=at),
    }

    assert refused(ProcessingJob, stack, "P", image=IMAGE, instance_type="ml.m5.xlarge", inputs=inputs) == [
        "processing-local-paths-differ"
    ]


@languages
def test_transform_of_a_model_that_is_not_compressed_is_refused(stack, language):
    model = CreateModel(stack, "Model", image=IMAGE, model_data=ModelDataSource(data="s3://data/m/"), **language)
    given = {"data": "s3://in/", "output": "s3://out/", "instance_type": "ml.m5.xlarge"}
    raw = {
        "ModelName": model.model_name,
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://in/"}}},
        "TransformOutput": {"S3OutputPath": "s3://out/"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    }

    assert refused(TransformJob, stack, "Typed", model=model, **given, **language) == [
        "transform-takes-no-model-data-source"
    ]
    assert refused(TransformJob, stack, "Raw", parameters=raw, **language) == ["transform-takes-no-model-data-source"]


@languages
def test_serverless_endpoint_of_a_model_in_a_vpc_is_refused(stack, language):
    model = CreateModel(stack, "Model", image=IMAGE, subnets=["subnet-1"], security_groups=["sg-1"], **language)
    serverless = ServerlessConfig(memory_size=Size.gibibytes(2), max_concurrency=5)

    assert refused(CreateEndpointConfig, stack, "Config", model=model, serverless=serverless, **language) == [
        "serverless-takes-no-vpc"
    ]


def test_training_image_in_a_model_is_refused_where_the_region_is_not_known_too():
    for stack in (Stack(App(), "Anywhere"), Stack(App(), "Here", env=Environment(region="eu-west-1"))):
        image = images.pytorch("2.5.1", processor="cpu")

        assert refused(CreateModel, stack, "Model", image=image) == ["training-image-in-model"]


@pytest.mark.parametrize(
    ("arguments", "name", "rules"),
    [
        ({"metric_definitions": {"auc": "auc=([0-9.]+)"}}, "validation:auc", ["metric-without-definition"]),
        ({"image": images.pytorch("2.5.1", processor="cpu")}, "auc", ["metric-without-definition"]),
    ],
    ids=["another", "framework"],
)
def test_metric_that_no_definition_yields_is_refused(stack, arguments, name, rules):
    job = train(stack, **arguments)

    assert refused(job.final_metric, name) == rules


@pytest.mark.parametrize(
    "arguments",
    [{"metric_definitions": {"auc": "auc=([0-9.]+)"}}, {"image": images.xgboost("1.7-1")}, {}],
    ids=["defined", "algorithm", "image of one's own"],
)
def test_metric_that_may_be_there_is_taken(stack, arguments):
    assert train(stack, **arguments).final_metric("auc").metric_name == "auc"


def test_ground_truth_is_said_to_be_closed_where_it_is_used(app, stack):
    parameters = {
        "LabelAttributeName": "label",
        "InputConfig": {"DataSource": {"SnsDataSource": {"SnsTopicArn": "arn:aws:sns:eu-west-1:123456789012:t"}}},
        "OutputConfig": {"S3OutputPath": "s3://data/labels/"},
        "HumanTaskConfig": {
            "WorkteamArn": "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/team",
            "UiConfig": {"UiTemplateS3Uri": "s3://data/ui.template"},
            "TaskTitle": "Classify",
            "TaskDescription": "Classify the text",
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 300,
        },
    }
    run(stack, LabelingJob(stack, "Label", parameters=parameters))

    assert told(app) == ["ground-truth-is-closed"]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: images.sklearn("1.2"), "did you mean 1.2-1?"),
        (lambda: images.xgboost("1.7"), "did you mean 1.7-1?"),
        (lambda: images.lda().uri("cn-north-1"), "the Region is unsupported; the image is in "),
        (lambda: images.lda().uri("eu-wst-1"), "did you mean eu-west-1?"),
    ],
    ids=["sklearn", "xgboost", "unsupported", "misspelt"],
)
def test_suggestion_is_the_nearest_that_exists(ask, said):
    with pytest.raises(InvalidInputError, match=r"\[image-unknown\]$") as caught:
        ask()

    assert said in str(caught.value)
