"""A look at what a job has left, before anything is made of it."""

from __future__ import annotations

from constructs_sm import ArtifactCheck, CreateModel, InvalidInputError, S3Location, TrainingJob
from constructs_sm.testing import Rehearsal, TaskError, definition, resolved, state_machine_policy

import pytest
from aws_cdk import App, CfnParameter, Size, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1"
LANGUAGES = [sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA]


def checked(stack, language, **arguments):
    common = {"image": IMAGE, "query_language": language}
    train = TrainingJob(stack, "Train", **common, instance_type="ml.m5.large", output="s3://models/")
    there = ArtifactCheck(stack, "Model is there", train.model_artifacts, **arguments)
    model = CreateModel(stack, "Model", **common, model_data=train.model_artifacts)
    return train.next(there).next(model)


def run(stack, *answers):
    with Rehearsal(resolved(state_machine_policy(stack))) as rehearsal:
        rehearsal.answer("Model is there: Look", *answers)
        return rehearsal.run(resolved(definition(stack)), {"id": 7})


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_artifact_that_is_large_enough_goes_on(stack, machine, language):
    machine(checked(stack, language))
    ended = run(stack, {"ContentLength": 1024, "ETag": "a"})

    assert ended.status == "SUCCEEDED", ended.cause
    assert ended.output["Model is there"] == {"ContentLength": 1024}
    assert set(ended.output) == {"id", "Train", "Model is there", "Model"}
    (look,) = [request for state, _, request in ended.calls if state == "Model is there: Look"]
    train = dict(ended.requests)["Train"]["TrainingJobName"]
    assert look == {"Bucket": "models", "Key": f"{train}/output/model.tar.gz"}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
@pytest.mark.parametrize(
    ("least", "size", "said"),
    [
        ({}, 1023, "Model is there: wanted 1024 bytes or more, got 1023"),
        ({"at_least": Size.mebibytes(1)}, 106, "Model is there: wanted 1048576 bytes or more, got 106"),
    ],
    ids=["default", "given"],
)
def test_artifact_that_is_too_small_fails_and_says_how_small(stack, machine, language, least, size, said):
    machine(checked(stack, language, **least))
    ended = run(stack, {"ContentLength": size})

    assert (ended.status, ended.error, ended.cause) == ("FAILED", "ArtifactTooSmall", said)
    assert ended.states[-1] == "Model is there: TooSmall"
    assert "Model" not in dict(ended.requests)


def test_what_passes_is_asked_again_and_what_does_not_is_said(stack, machine):
    machine(checked(stack, LANGUAGES[0]))
    busy = TaskError("S3.S3Exception", "Please reduce your request rate.")

    assert run(stack, busy, {"ContentLength": 5000}).status == "SUCCEEDED"
    gone = run(stack, TaskError("S3.NoSuchKeyException", "Not Found"))
    assert (gone.status, gone.error) == ("FAILED", "S3.NoSuchKeyException")


def test_check_may_be_the_end(stack, machine):
    train = TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.large", output="s3://models/")
    machine(train.next(ArtifactCheck(stack, "Model is there", train.model_artifacts)))

    assert run(stack, {"ContentLength": 5000}).status == "SUCCEEDED"
    assert run(stack, {"ContentLength": 0}).error == "ArtifactTooSmall"


def test_look_is_caught(stack, machine):
    train = TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.large", output="s3://models/")
    check = ArtifactCheck(stack, "Model is there", train.model_artifacts)
    check.add_catch(sfn.Pass(stack, "Go on without"))
    machine(train.next(check))

    assert run(stack, TaskError("S3.NoSuchKeyException", "Not Found")).states[-1] == "Go on without"


def test_state_machine_may_read_that_artifact_and_use_its_key(stack, machine):
    bucket = s3.Bucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))
    machine(ArtifactCheck(stack, "There", S3Location.of_bucket(bucket, "models/model.tar.gz")))

    granted = {str(statement["Action"]): statement["Resource"] for statement in state_machine_policy(stack)}
    assert set(granted) == {"s3:GetObject", "kms:Decrypt"}
    assert granted["s3:GetObject"].endswith("/models/model.tar.gz")


def test_place_that_comes_at_deployment_is_taken_apart_by_the_state(stack, machine):
    machine(ArtifactCheck(stack, "There", CfnParameter(stack, "Model").value_as_string))

    arguments = definition(stack)["States"]["There: Look"]["Arguments"]
    assert arguments == {
        "Bucket": "{% $split('${Model}', '/')[2] %}",
        "Key": "{% $substringAfter($substringAfter('${Model}', '://'), '/') %}",
    }


@pytest.mark.parametrize(
    ("artifact", "arguments", "said"),
    [
        (5, {}, "no place in S3, got 5; pass what a job leaves, an s3:// URI, or an S3Location"),
        ("models/model.tar.gz", {}, "no place in S3, got 'models/model.tar.gz'"),
        ("s3://a/b", {"at_least": 5}, r"at_least is no size, got 5; pass Size.kibibytes\(10\)"),
    ],
    ids=["place", "text", "size"],
)
def test_wrong_argument_fails_and_nothing_is_made(artifact, arguments, said):
    stack = Stack(App(), "Stack")
    with pytest.raises(InvalidInputError, match=said):
        ArtifactCheck(stack, "There", artifact, **arguments)
    assert stack.node.children == []
