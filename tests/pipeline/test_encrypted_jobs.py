"""One key for the data, the topics and, if asked, for what jobs write and for their volumes."""

from __future__ import annotations

import json
from pathlib import Path

from constructs_sm import (
    Approval,
    CreateEndpointConfig,
    CreateModel,
    InvalidInputError,
    JobPipeline,
    PipelineStack,
    ProcessingJob,
    TrainingJob,
    TransformJob,
    TuningJob,
    acknowledge,
)
from constructs_sm.actions import ACTIONS
from constructs_sm.jobs.variants import ServerlessConfig, Variant
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.testing import Rehearsal, definition

import cdk_nag
import pytest
from aws_cdk import App, Duration, Environment, Size, Stack, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from every_action import IMAGE, REQUESTS, job
from every_example import warnings_of
from every_polled_action import polled_job

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd"
OWN = "arn:aws:kms:us-east-1:123456789012:key/own"
ENV = Environment(account="123456789012", region="us-east-1")
JSONATA = sfn.QueryLanguage.JSONATA
languages = pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
TRAINING = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "inputs": {"a": "s3://data/a/"}, "output": "s3://m/m/"}
KEYS = {
    "createTrainingJob": {"OutputDataConfig.KmsKeyId", "ResourceConfig.VolumeKmsKeyId"},
    "createProcessingJob": {"ProcessingResources.ClusterConfig.VolumeKmsKeyId"},
    "createTransformJob": {"TransformOutput.KmsKeyId", "TransformResources.VolumeKmsKeyId"},
    "createHyperParameterTuningJob": {
        "TrainingJobDefinition.OutputDataConfig.KmsKeyId",
        "TrainingJobDefinition.ResourceConfig.VolumeKmsKeyId",
    },
    "createLabelingJob": {"OutputConfig.KmsKeyId"},
    "createModel": set(),
    "createEndpointConfig": {"KmsKeyId"},
    "createEndpoint": set(),
    "updateEndpoint": set(),
    "createAutoMLJobV2": {"OutputDataConfig.KmsKeyId", "SecurityConfig.VolumeKmsKeyId"},
    "createCompilationJob": {"OutputConfig.KmsKeyId"},
    "createInferenceRecommendationsJob": {"InputConfig.VolumeKmsKeyId"},
    "createOptimizationJob": {"OutputConfig.KmsKeyId"},
    "startPipelineExecution": set(),
    "createFeatureGroup": set(),
    "createModelPackage": set(),
    "createAIBenchmarkJob": set(),
    "createAIRecommendationJob": set(),
    "createJob": set(),
    "createInferenceComponent": set(),
}
"""Where each smallest request takes a key."""


@pytest.fixture
def stack(tmp_path):
    return PipelineStack(App(outdir=str(tmp_path)), "Churn", env=ENV, key=KEY, encrypt_jobs=True)


def with_key(value, key=KEY, path=""):
    """The paths in a request at which a key stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from with_key(inner, key, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from with_key(inner, key, f"{path}[{number}]")
    elif value == key:
        yield path


def sent(made, key=KEY):
    state = made.task.to_state_json()
    return set(with_key(state.get("Parameters") or state.get("Arguments"), key))


@languages
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.api)
def test_every_job_has_the_key_wherever_it_takes_one(stack, action, language):
    assert sent(job(stack, action, query_language=language)) == KEYS[action.api]


@languages
@pytest.mark.parametrize("action", POLLED_ACTIONS, ids=lambda action: action.api)
def test_every_polled_job_has_the_key_wherever_it_takes_one(stack, action, language):
    assert sent(polled_job(stack, action, query_language=language)) == KEYS[action.api]


@languages
def test_job_of_typed_arguments_has_the_key(stack, language):
    typed = {"query_language": language}
    assert sent(TrainingJob(stack, "Train", **TRAINING, **typed)) == KEYS["createTrainingJob"]
    prepare = ProcessingJob(stack, "P", image=IMAGE, instance_type="ml.m5.large", outputs=["a"], **typed)
    assert sent(prepare) == {"ProcessingOutputConfig.KmsKeyId", "ProcessingResources.ClusterConfig.VolumeKmsKeyId"}
    score = {"model": "m", "data": "s3://data/a/", "instance_type": "ml.m5.xlarge"}
    assert sent(TransformJob(stack, "Score", **score, **typed)) == KEYS["createTransformJob"]
    search = {**TRAINING, "objective": "auc", "ranges": {"eta": (0.1, 0.5)}, "max_jobs": 4, "max_parallel_jobs": 2}
    assert sent(TuningJob(stack, "Tune", **search, **typed)) == KEYS["createHyperParameterTuningJob"]


def test_job_without_being_asked_has_no_key(tmp_path):
    stack = PipelineStack(App(outdir=str(tmp_path)), "Churn", env=ENV, key=KEY)

    assert sent(TrainingJob(stack, "Train", **TRAINING)) == set()


@languages
@pytest.mark.parametrize(
    ("own", "with_own"),
    [
        ("kms_key", KEYS["createTrainingJob"]),
        ("volume_kms_key", {"ResourceConfig.VolumeKmsKeyId"}),
        ("output_kms_key", {"OutputDataConfig.KmsKeyId"}),
    ],
)
def test_key_of_the_job_itself_wins(stack, own, with_own, language):
    train = TrainingJob(
        stack, "Train", **TRAINING, **{own: kms.Key.from_key_arn(stack, "Own", OWN)}, query_language=language
    )

    assert sent(train, OWN) == with_own
    assert sent(train) == KEYS["createTrainingJob"] - with_own


@pytest.mark.parametrize(
    ("resources", "has_volumes"),
    [
        ({"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}, False),
        ({"InstanceType": "ml.p4d.24xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}, False),
        ({"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}, True),
        (
            {
                "InstanceGroups": [
                    {"InstanceGroupName": "a", "InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
                    {"InstanceGroupName": "b", "InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
                ],
                "VolumeSizeInGB": 10,
            },
            True,
        ),
        (
            {
                "InstanceGroups": [{"InstanceGroupName": "a", "InstanceType": "ml.g5.xlarge", "InstanceCount": 1}],
                "VolumeSizeInGB": 10,
            },
            False,
        ),
    ],
    ids=["g5", "p4d", "p3", "groups of both kinds", "a group with local storage"],
)
def test_local_storage_takes_no_key(stack, resources, has_volumes):
    train = TrainingJob(stack, "Train", parameters={**REQUESTS["createTrainingJob"], "ResourceConfig": resources})

    assert ("ResourceConfig.VolumeKmsKeyId" in sent(train)) is has_volumes
    assert "OutputDataConfig.KmsKeyId" in sent(train)


@pytest.mark.parametrize(
    ("variants", "has_volumes"),
    [
        ([{"instance_type": "ml.m5.xlarge"}], True),
        ([{"instance_type": "ml.g5.xlarge"}], False),
        ([{"instance_type": "ml.g5.xlarge"}, {"instance_type": "ml.m5.xlarge"}], False),
        ([{"serverless": ServerlessConfig(memory_size=Size.gibibytes(2), max_concurrency=5)}], False),
    ],
    ids=["volumes", "local storage", "one of two has local storage", "serverless"],
)
def test_endpoint_has_the_key_where_every_variant_has_volumes(stack, variants, has_volumes):
    made = [Variant(name=f"v{number}", model="m", **fields) for number, fields in enumerate(variants)]

    assert ("KmsKeyId" in sent(CreateEndpointConfig(stack, "Config", variants=made))) is has_volumes


@languages
def test_every_definition_of_a_tuning_has_the_key(stack, language):
    request = REQUESTS["createHyperParameterTuningJob"]
    objective = {"Type": "Maximize", "MetricName": "auc"}
    named = [
        {**request["TrainingJobDefinition"], "DefinitionName": name, "TuningObjective": objective}
        for name in ("a", "b")
    ]
    named[1] = {**named[1], "ResourceConfig": {**named[1]["ResourceConfig"], "InstanceType": "ml.g5.xlarge"}}
    config = {
        name: value
        for name, value in request["HyperParameterTuningJobConfig"].items()
        if name != "HyperParameterTuningJobObjective"
    }
    tune = TuningJob(
        stack,
        "Tune",
        parameters={"HyperParameterTuningJobConfig": config, "TrainingJobDefinitions": named},
        query_language=language,
    )

    assert sent(tune) == {
        "TrainingJobDefinitions[0].OutputDataConfig.KmsKeyId",
        "TrainingJobDefinitions[0].ResourceConfig.VolumeKmsKeyId",
        "TrainingJobDefinitions[1].OutputDataConfig.KmsKeyId",
    }


@pytest.mark.parametrize(
    ("late", "left"),
    [
        (
            {"ResourceConfig": {"InstanceType.$": "$.type", "InstanceCount": 1, "VolumeSizeInGB": 1}},
            "VolumeKmsKeyId is",
        ),
        ({"OutputDataConfig.$": "$.output"}, "no key is put into OutputDataConfig"),
    ],
)
def test_what_comes_at_run_time_is_told_of_unless_it_is_acknowledged(stack, late, left):
    request = {name: value for name, value in REQUESTS["createTrainingJob"].items() if f"{name}.$" not in late}
    told = TrainingJob(stack, "Told", parameters={**request, **late})
    acknowledged = TrainingJob(stack, "Acknowledged", parameters={**request, **late})
    acknowledge(acknowledged, "job-key-left-out", "its instances have local storage")
    stack.run(told.next(acknowledged))

    (text,) = [text for text in warnings_of(stack.node.root) if "[ack: job-key-left-out]" in text]
    assert text.startswith("/Churn/Told/Told: ")
    assert left in text


@languages
def test_roles_may_use_the_key_for_volumes_and_outputs(tmp_path, language):
    app = App(outdir=str(tmp_path))
    stack = PipelineStack(app, "Churn", env=ENV, key=True, encrypt_jobs=True)
    train = TrainingJob(stack, "Train", **TRAINING, query_language=language)
    model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts, query_language=language)
    config = CreateEndpointConfig(stack, "Config", model=model, instance_type="ml.m5.xlarge", query_language=language)
    stack.run(train.next(model).next(config))

    template = Template.from_stack(stack)
    (key,) = template.find_resources("AWS::KMS::Key")
    arn = {"Fn::GetAtt": [key, "Arn"]}
    granted = {
        name: {
            (action, "Condition" in statement)
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
            if statement["Resource"] == arn
            for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        }
        for name, policy in template.find_resources("AWS::IAM::Policy").items()
    }
    (execution,) = [actions for name, actions in granted.items() if name.startswith("SageMakerExecutionRole")]
    (machine,) = [actions for name, actions in granted.items() if name.startswith("PipelineStateMachineRole")]
    assert {("kms:CreateGrant", True), ("kms:Decrypt", False), ("kms:GenerateDataKey", False)} <= execution
    assert {("kms:CreateGrant", True), ("kms:DescribeKey", False)} <= machine
    with Rehearsal.of(stack) as rehearsal:
        permissions = rehearsal.permissions()
    assert permissions.exact, permissions


def test_stack_whose_jobs_are_encrypted_passes_aws_solutions(tmp_path):
    app = App(outdir=str(tmp_path))
    stack = PipelineStack(app, "Churn", env=ENV, key=True, encrypt_jobs=True, schedule="rate(1 day)")
    prepare = ProcessingJob(stack, "P", image=IMAGE, instance_type="ml.g5.xlarge", outputs=["a"])
    stack.run(prepare.next(TrainingJob(stack, "Train", **{**TRAINING, "inputs": {"a": prepare.output("a")}})))
    Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))

    app.synth(force=True)

    (report,) = json.loads((Path(app.outdir) / "validation-report.json").read_text())["pluginReports"]
    assert report["violations"] == []


def test_jobs_are_not_encrypted_without_a_key():
    with pytest.raises(InvalidInputError, match="encrypt_jobs is with the key of the stack"):
        PipelineStack(App(), "Churn", encrypt_jobs=True)


def test_jobs_of_a_pipeline_alone_are_encrypted_if_asked(tmp_path):
    stack = Stack(App(outdir=str(tmp_path)), "Yours", env=ENV)
    pipeline = JobPipeline(stack, "Nightly", key=kms.Key.from_key_arn(stack, "Key", KEY), encrypt_jobs=True)

    assert sent(TrainingJob(pipeline, "Train", **TRAINING)) == KEYS["createTrainingJob"]
    assert sent(TrainingJob(stack, "Other", **TRAINING)) == set()
    with pytest.raises(InvalidInputError, match="pass key="):
        JobPipeline(stack, "Weekly", encrypt_jobs=True)


def test_settings_of_cdk_json_encrypt_jobs():
    app = App(context={"constructs_sm": {"key": True, "encrypt_jobs": True}})
    stack = PipelineStack(app, "Churn")
    stack.run(TrainingJob(stack, "Train", **TRAINING))

    request = definition(stack)["States"]["Train"]["Parameters"]
    (key,) = Template.from_stack(stack).find_resources("AWS::KMS::Key")
    assert set(with_key(request, f"${{{key}.Arn}}")) == KEYS["createTrainingJob"]


def test_key_covers_every_topic(stack):
    approve = Approval(stack, "Approve", notify="ml@example.com", timeout=Duration.hours(2))
    stack.run(TrainingJob(stack, "Train", **TRAINING).next(approve))

    topics = Template.from_stack(stack).find_resources("AWS::SNS::Topic").values()
    assert [topic["Properties"]["KmsMasterKeyId"] for topic in topics] == [KEY, KEY]


def test_key_of_the_stack_covers_the_topics_and_logs_of_pipelines_in_it(stack):
    inner = JobPipeline(stack, "Inner")
    inner.run(Approval(inner, "Approve", notify="ml@example.com"))
    stack.run(inner.task(stack, "Run"))

    template = Template.from_stack(stack)
    topics = template.find_resources("AWS::SNS::Topic").values()
    logs = template.find_resources("AWS::Logs::LogGroup").values()
    assert [topic["Properties"]["KmsMasterKeyId"] for topic in topics] == [KEY, KEY, KEY]
    assert [log["Properties"]["KmsKeyId"] for log in logs] == [KEY, KEY]


def test_topic_of_another_stack_that_would_need_the_key_of_its_user_is_refused_in_words():
    app = App()
    stack = PipelineStack(app, "Churn", key=True)
    approve = Approval(Stack(app, "Other"), "Approve", notify="ml@example.com")

    with pytest.raises(
        InvalidInputError, match=r"the topic 'Other/Approve/Topic' would need the key of the stack that"
    ):
        stack.run(approve)


def test_topic_of_another_stack_takes_a_key_of_a_third():
    app = App()
    stack = PipelineStack(app, "Churn", key=kms.Key(Stack(app, "Keys"), "Key"))
    stack.run(Approval(Stack(app, "Other"), "Approve", notify="ml@example.com"))

    (topic,) = Template.from_stack(app.node.find_child("Other")).find_resources("AWS::SNS::Topic").values()
    assert topic["Properties"]["KmsMasterKeyId"]["Fn::ImportValue"].startswith("Keys:")
