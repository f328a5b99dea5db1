"""Every field of a batch transform from typed arguments, known at synthesis and later; its filters in particular."""

from __future__ import annotations

from constructs_sm import (
    BatchDataCaptureConfig,
    CreateModel,
    ExperimentConfig,
    InvalidInputError,
    PipelineStack,
    S3Location,
    TransformJob,
    requests,
)
from constructs_sm.actions import TRANSFORM_JOB
from constructs_sm.requests import model_check
from constructs_sm.testing import Rehearsal, definition, resolved, state_machine_policy

import pytest
from aws_cdk import App, Duration, Size, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE
from rendered import members, reached
from typed import transform

JSONATA = sfn.QueryLanguage.JSONATA
EVERYTHING = {
    "model": "churn",
    "data": "s3://data/test.manifest",
    "s3_data_type": "ManifestFile",
    "content_type": "text/csv",
    "compression_type": "Gzip",
    "split_type": "Line",
    "batch_strategy": "MultiRecord",
    "max_payload": Size.mebibytes(20),
    "max_concurrent_transforms": 5,
    "invocations_timeout": Duration.minutes(5),
    "invocations_max_retries": 1,
    "input_filter": "$[1:]",
    "join_source": "Input",
    "output_filter": "$[0,-1]",
    "output": "s3://data/scores/",
    "accept": "text/csv",
    "assemble_with": "Line",
    "data_capture": BatchDataCaptureConfig(
        destination="s3://data/captured/", kms_key="alias/captured", generate_inference_id=True
    ),
    "environment": {"LEVEL": 3},
    "instance_type": ec2.InstanceType("m5.xlarge"),
    "instance_count": 2,
    "ami_version": "al2-ami-sagemaker-batch-gpu-535",
    "volume_kms_key": "alias/volumes",
    "output_kms_key": "alias/outputs",
    "experiment": ExperimentConfig(
        experiment_name="churn", trial_name="first", trial_component_display_name="score", run_name="one"
    ),
    "tags": {"team": "growth"},
    "job_name": "score",
}
REQUEST = {
    "ModelName": "churn",
    "TransformInput": {
        "DataSource": {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": "s3://data/test.manifest"}},
        "ContentType": "text/csv",
        "CompressionType": "Gzip",
        "SplitType": "Line",
    },
    "BatchStrategy": "MultiRecord",
    "MaxPayloadInMB": 20,
    "MaxConcurrentTransforms": 5,
    "ModelClientConfig": {"InvocationsTimeoutInSeconds": 300, "InvocationsMaxRetries": 1},
    "DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    "TransformOutput": {
        "S3OutputPath": "s3://data/scores/",
        "Accept": "text/csv",
        "AssembleWith": "Line",
        "KmsKeyId": "alias/outputs",
    },
    "DataCaptureConfig": {
        "DestinationS3Uri": "s3://data/captured/",
        "KmsKeyId": "alias/captured",
        "GenerateInferenceId": True,
    },
    "Environment": {"LEVEL": "3"},
    "TransformResources": {
        "InstanceType": "ml.m5.xlarge",
        "InstanceCount": 2,
        "VolumeKmsKeyId": "alias/volumes",
        "TransformAmiVersion": "al2-ami-sagemaker-batch-gpu-535",
    },
    "ExperimentConfig": {
        "ExperimentName": "churn",
        "TrialName": "first",
        "TrialComponentDisplayName": "score",
        "RunName": "one",
    },
    "Tags": [{"Key": "team", "Value": "growth"}],
    "TransformJobName": "score",
}
SMALLEST = {"model": "churn", "data": "s3://data/test/", "output": "s3://data/scores/", "instance_type": "ml.m5.xlarge"}


@pytest.fixture
def request_of(stack, machine):
    """What SageMaker is sent for a job with *arguments*; without name, if it is not told one."""

    def make(**arguments):
        machine(TransformJob(stack, "Job", **arguments), query_language=arguments.get("query_language"))
        state = definition(stack)["States"]["Job"]
        request = state["Arguments" if "Arguments" in state else "Parameters"]
        requests.check(TRANSFORM_JOB, {"TransformJobName": "job", **request})
        if "job_name" not in arguments:
            request.pop("TransformJobName", None)
            request.pop("TransformJobName.$", None)
        return request

    return make


def test_every_argument_stands_in_the_request(request_of):
    assert request_of(**EVERYTHING) == REQUEST


def test_every_member_of_the_model_has_an_argument():
    assert members("CreateTransformJob") - reached(REQUEST, "CreateTransformJob") == set()


def test_little_is_enough(request_of):
    assert request_of(**SMALLEST) == {
        "ModelName": "churn",
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/test/"}}},
        "TransformOutput": {"S3OutputPath": "s3://data/scores/"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    }


@pytest.mark.parametrize(
    "path",
    ["$", "$.features", "$[1:]", "$['id','SageMakerOutput']", "$[0,5:]", "$.a.b"],
)
@pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
def test_filters_are_sagemakers_jsonpath_in_either_query_language(request_of, path, language):
    made = request_of(**SMALLEST, input_filter=path, output_filter=path, query_language=language)
    assert made["DataProcessing"] == {"InputFilter": path, "OutputFilter": path}


@pytest.mark.parametrize(
    ("given", "language", "wanted"),
    [
        (sfn.JsonPath.string_at("$.filter"), None, {"InputFilter.$": "$.filter"}),
        ("States.Format('$.{}', $.field)", None, {"InputFilter.$": "States.Format('$.{}', $.field)"}),
        ("{% $states.input.filter %}", JSONATA, {"InputFilter": "{% $states.input.filter %}"}),
    ],
    ids=["token", "function", "JSONata"],
)
def test_filter_may_come_at_run_time_where_it_cannot_be_mistaken(request_of, given, language, wanted):
    made = request_of(**SMALLEST, input_filter=given, query_language=language)
    assert made["DataProcessing"] == wanted


@pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
def test_filters_reach_sagemaker_as_they_are(stack, machine, language):
    job = TransformJob(stack, "Job", **SMALLEST, input_filter="$[1:]", output_filter="$['id']", query_language=language)
    machine(job, query_language=language)

    with Rehearsal(resolved(state_machine_policy(stack))) as rehearsal:
        run = rehearsal.run(resolved(definition(stack)))
    assert run.status == "SUCCEEDED", run.cause
    assert dict(run.requests)["Job"]["DataProcessing"] == {"InputFilter": "$[1:]", "OutputFilter": "$['id']"}


def test_every_value_may_come_at_run_time_in_jsonpath(request_of):
    made = request_of(
        model="$.model",
        data="$.data",
        content_type="$.type",
        max_payload="$.payload",
        max_concurrent_transforms=sfn.JsonPath.number_at("$.concurrent"),
        invocations_timeout="$.seconds",
        join_source="$.join",
        output="$.output",
        data_capture="$.captured",
        environment={"LEVEL": "$.level"},
        instance_type="$.instance",
        instance_count="$.count",
        kms_key="$.key",
    )
    assert made == {
        "ModelName.$": "$.model",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri.$": "$.data"}},
            "ContentType.$": "$.type",
        },
        "MaxPayloadInMB.$": "$.payload",
        "MaxConcurrentTransforms.$": "$.concurrent",
        "ModelClientConfig": {"InvocationsTimeoutInSeconds.$": "$.seconds"},
        "DataProcessing": {"JoinSource.$": "$.join"},
        "TransformOutput": {"S3OutputPath.$": "$.output", "KmsKeyId.$": "$.key"},
        "DataCaptureConfig": {"DestinationS3Uri.$": "$.captured"},
        "Environment": {"LEVEL.$": "States.Format('{}', $.level)"},
        "TransformResources": {
            "InstanceType.$": "$.instance",
            "InstanceCount.$": "$.count",
            "VolumeKmsKeyId.$": "$.key",
        },
    }


def test_every_value_may_come_at_run_time_in_jsonata(request_of):
    made = request_of(
        **{name: f"{{% $states.input.{name} %}}" for name in SMALLEST},
        max_payload="{% $states.input.payload %}",
        data_capture=BatchDataCaptureConfig(destination="s3://a/b", generate_inference_id="{% $states.input.ids %}"),
        query_language=JSONATA,
    )
    assert made == {
        "ModelName": "{% $states.input.model %}",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "{% $states.input.data %}"}}
        },
        "MaxPayloadInMB": "{% $states.input.payload %}",
        "TransformOutput": {"S3OutputPath": "{% $states.input.output %}"},
        "DataCaptureConfig": {"DestinationS3Uri": "s3://a/b", "GenerateInferenceId": "{% $states.input.ids %}"},
        "TransformResources": {"InstanceType": "{% $states.input.instance_type %}", "InstanceCount": 1},
    }


@pytest.mark.parametrize(
    ("instance_type", "keys", "volumes", "outputs"),
    [
        ("ml.m5.xlarge", {"kms_key": "both"}, "both", "both"),
        ("ml.m5.xlarge", {"kms_key": "both", "volume_kms_key": "volumes"}, "volumes", "both"),
        ("ml.m5.xlarge", {"kms_key": "both", "output_kms_key": "outputs"}, "both", "outputs"),
        ("ml.g4dn.xlarge", {"kms_key": "both"}, None, "both"),
        (ec2.InstanceType("g4dn.xlarge"), {"kms_key": "both"}, None, "both"),
    ],
)
def test_volumes_and_predictions_have_one_key_or_each_its_own(request_of, instance_type, keys, volumes, outputs):
    made = request_of(**(SMALLEST | {"instance_type": instance_type}), **keys)
    assert (made["TransformResources"].get("VolumeKmsKeyId"), made["TransformOutput"]["KmsKeyId"]) == (volumes, outputs)


def test_cdk_objects_stand_as_what_sagemaker_calls_them(stack, request_of):
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:us-east-1:123456789012:key/1")
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "captured")
    made = request_of(**SMALLEST, data_capture=BatchDataCaptureConfig(destination=bucket, kms_key=key))
    assert made["DataCaptureConfig"] == {
        "DestinationS3Uri": "s3://captured/",
        "KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/1",
    }


def test_predictions_of_a_pipeline_go_to_its_bucket():
    stack = PipelineStack(App(), "Stack")
    job = TransformJob(stack, "Score", model="churn", data="s3://data/test/", instance_type="ml.m5.xlarge")
    assert job.predictions.uri.json_path.startswith("States.Format('s3://")
    assert job.predictions.uri.json_path.endswith("/jobs/score/{}/', $$.Execution.Name)")


@pytest.mark.parametrize("output", ["s3://data/scores/", S3Location("s3://data/scores/")])
def test_predictions_are_where_the_job_was_told_to_put_them(stack, output):
    job = TransformJob(stack, "Job", **(SMALLEST | {"output": output}))
    assert job.predictions.uri == "s3://data/scores/"


def test_role_of_the_model_reads_and_writes_for_the_transform(stack, machine):
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://models/model.tar.gz")
    capture = BatchDataCaptureConfig(destination="s3://captured/all/")
    job = TransformJob(stack, "Job", **(SMALLEST | {"model": model}), data_capture=capture)
    machine(model.next(job))

    policy = str(
        stack.resolve(stack.node.find_child("SageMakerExecutionRole").node.find_child("DefaultPolicy").document)
    )
    assert [place in policy for place in ("data/test/*", "data/scores/*", "captured/all/*")] == [True] * 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"input_filter": "features"}, "DataProcessing.InputFilter does not have the form SageMaker wants"),
        (
            {"split_type": "line"},
            "TransformInput.SplitType is not a value SageMaker knows, got 'line'; did you mean",
        ),
        ({"max_payload": Size.gibibytes(1)}, "MaxPayloadInMB times MaxConcurrentTransforms is too big"),
        ({"max_payload": Size.kibibytes(5)}, "MaxPayloadInMB must be a whole number"),
        (
            {"invocations_timeout": Duration.hours(2)},
            "InvocationsTimeoutInSeconds is too big, got 7200; pass 3600 or less",
        ),
        ({"invocations_max_retries": 4}, "ModelClientConfig.InvocationsMaxRetries is too big, got 4; pass 3 or less"),
        (
            {"instance_type": "ml.g5.xlarge", "volume_kms_key": "alias/a"},
            "TransformResources.VolumeKmsKeyId is for volumes, and ml.g5.xlarge has local storage instead",
        ),
        ({"content_typ": "a"}, "unknown argument, got 'content_typ'; did you mean content_type?"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_wrong_argument_fails_and_names_it(stack, arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        TransformJob(stack, "Job", **(SMALLEST | arguments))

    assert stack.node.children == []


@pytest.mark.parametrize("make", transform.JOBS, ids=lambda make: make.__name__)
def test_what_the_typed_programs_say_is_a_request(make):
    state = make(Stack(App(), "Stack")).task.to_state_json()
    assert model_check.problems(TRANSFORM_JOB, state["Parameters"]) == []


def test_what_an_earlier_job_leaves_may_be_a_filter_in_either_query_language(stack, machine):
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://models/model.tar.gz")
    job = TransformJob(stack, "Job", **SMALLEST, input_filter=model.output_field("ModelArn"))
    machine(model.next(job))

    made = definition(stack)["States"]["Job"]["Parameters"]
    assert made["DataProcessing"] == {"InputFilter.$": "$.Model.ModelArn"}
