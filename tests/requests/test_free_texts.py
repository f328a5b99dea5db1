"""Texts of people's own reach a service as they are, whatever they look like: hashes, templates, scripts, numbers."""

from __future__ import annotations

from constructs_sm import CreateModel, ProcessingJob, TrainingJob
from constructs_sm.checking.machine import check_machine
from constructs_sm.testing import definition
from constructs_sm.testing.source.machine import Machine

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE
from free_texts import free_texts
from rehearsed import ENVIRONMENT

LANGUAGES = (sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA)
TRAINED = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://models/"}
PROCESSED = {"image": IMAGE, "instance_type": "ml.m5.xlarge"}
MODEL = {"PrimaryContainer": {"Image": IMAGE}}
TAG = "0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.:/=+-@"


def keyed(texts):
    return {f"K{number}": text for number, text in enumerate(texts)}


def container(texts):
    return {"PrimaryContainer": {"Image": IMAGE, "Environment": keyed(texts)}}


def arguments(texts):
    return {"AppSpecification": {"ContainerArguments": texts}}


def channels(texts):
    return {f"c{number}": f"s3://data/{text}" for number, text in enumerate(texts)}


def places(sent):
    return [each["DataSource"]["S3DataSource"]["S3Uri"].removeprefix("s3://data/") for each in sent["InputDataConfig"]]


# The class, its arguments, how its request is read, and how many texts a request has room for.
PLACES = {
    "environment": (TrainingJob, lambda texts: {**TRAINED, "environment": keyed(texts)}, "Environment", 90),
    "environment in parameters": (
        TrainingJob,
        lambda texts: {**TRAINED, "parameters": {"Environment": keyed(texts)}},
        "Environment",
        90,
    ),
    "hyperparameters": (TrainingJob, lambda texts: {**TRAINED, "hyperparameters": keyed(texts)}, "HyperParameters", 90),
    "hyperparameters in parameters": (
        TrainingJob,
        lambda texts: {**TRAINED, "parameters": {"HyperParameters": keyed(texts)}},
        "HyperParameters",
        90,
    ),
    "channels": (TrainingJob, lambda texts: {**TRAINED, "inputs": channels(texts)}, places, 18),
    "arguments in parameters": (
        ProcessingJob,
        lambda texts: {**PROCESSED, "parameters": arguments(texts)},
        lambda sent: sent["AppSpecification"]["ContainerArguments"],
        90,
    ),
    "model": (
        CreateModel,
        lambda texts: {"image": IMAGE, "environment": keyed(texts)},
        lambda sent: list(sent["PrimaryContainer"]["Environment"].values()),
        90,
    ),
    "model in parameters": (
        CreateModel,
        lambda texts: {"parameters": container(texts)},
        lambda sent: list(sent["PrimaryContainer"]["Environment"].values()),
        90,
    ),
    "tags": (
        CreateModel,
        lambda texts: {"parameters": MODEL, "tags": keyed(text for text in texts if set(text) <= set(TAG))},
        None,
        40,
    ),
}
LONGEST = 256


def sent_by(kind, given, language):
    stack = Stack(App(), "Stack", env=ENVIRONMENT)
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/given")
    job = kind(stack, "Job", role=role, query_language=language, **given)
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job), query_language=language)
    found = definition(stack)
    state = found["States"]["Job"]
    return found, state.get("Arguments", state.get("Parameters"))


def all_arrive(place, language, texts):
    kind, given, read, room = PLACES[place]
    texts = [text for text in texts if len(text) <= LONGEST]
    for begin in range(0, len(texts), room):
        batch = texts[begin : begin + room]
        found, sent = sent_by(kind, given(batch), language)
        if read is None:
            batch = [text for text in batch if set(text) <= set(TAG)]
            assert [tag["Value"] for tag in sent["Tags"]] == batch
        else:
            assert (list(sent[read].values()) if isinstance(read, str) else read(sent)) == batch
        rules = {finding.rule.id for finding in check_machine(Machine(definition=found), role=False)}
        assert "text-like-path" not in rules


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
@pytest.mark.parametrize("place", PLACES)
def test_free_text_is_sent_as_it_is(place, language):
    all_arrive(place, language, list(free_texts(7, 400)))


@pytest.mark.large
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
@pytest.mark.parametrize("place", PLACES)
def test_ten_thousand_free_texts_are_sent_as_they_are(place, language):
    all_arrive(place, language, list(free_texts(11, 10_000)))
