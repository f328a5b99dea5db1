"""Places in S3, outputs and texts that are joined with +: the value is sent, in both query languages."""

from __future__ import annotations

from constructs_sm import CreateModel, ProcessingJob, TrainingJob
from constructs_sm.testing import Rehearsal, definition

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE

JSONATA = sfn.QueryLanguage.JSONATA
LANGUAGES = pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
PLACES = {
    "known": ("s3://data/o/", "s3://data/o/"),
    "path": ("$.place", "{% $states.input.place %}"),
    "computed": ("States.Format('s3://data/{}/', $.day)", "{% 's3://data/' & $states.input.day & '/' %}"),
}
INPUT = {"place": "s3://data/o/", "day": "o"}
JOINED = {
    "place and text": (lambda place, name, _: place + "x", "s3://data/o/x"),
    "place and texts": (lambda place, name, _: place + "x" + "/" + "y", "s3://data/o/x/y"),
    "text and place": (lambda place, name, _: "at " + place + " now", "at s3://data/o/ now"),
    "name and place": (lambda place, name, _: name + " at " + place, "churn at s3://data/o/"),
    "place and name": (lambda place, name, _: place + name + "/x.csv", "s3://data/o/churn/x.csv"),
    "place, text and name": (lambda place, name, _: place + "x/" + name, "s3://data/o/x/churn"),
    "under a name": (lambda place, name, _: place.under(name), "s3://data/o/churn"),
    "under a name with a text": (lambda place, name, _: place.under(name + "/x"), "s3://data/o/churn/x"),
    "two places": (lambda place, name, other: place + " " + other, "s3://data/o/ s3://data/m/churn/model.tar.gz"),
    "name and place of the job": (
        lambda place, name, other: name + ": " + other,
        "churn: s3://data/m/churn/model.tar.gz",
    ),
}


def made(language, place, joined, *, in_job):
    stack = Stack(App(), "S")
    train = TrainingJob(
        stack, "Train", image=IMAGE, instance_type="ml.m5.xlarge", output="s3://data/m/", query_language=language
    )
    of_language = PLACES[place][language is JSONATA]
    prepare = ProcessingJob(
        stack,
        "Prepare",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        outputs={"o": of_language},
        query_language=language,
    )
    value = joined(prepare.output("o"), train.resource_name, train.model_artifacts)
    if in_job:
        data = "s3://data/m.tar.gz"
        environment = {"k": value}
        tell = CreateModel(
            stack, "Tell", image=IMAGE, model_data=data, environment=environment, query_language=language
        )
    else:
        tell = sfn.Pass.jsonata(stack, "Tell", outputs={"k": value}) if language else _passed(stack, value)
    body = sfn.DefinitionBody.from_chainable(train.next(prepare).next(tell))
    sfn.StateMachine(stack, "Machine", definition_body=body)
    return stack


def _passed(stack, value):
    return sfn.Pass(stack, "Tell", parameters={"k": value})


def rehearsed(stack):
    with Rehearsal.of(stack) as rehearsal:
        run = rehearsal.start(INPUT)
    assert run.succeeded, run
    (train,) = [request for name, request in run.requests if name == "Train"]
    return run, train["TrainingJobName"]


@pytest.mark.parametrize(("joined", "expected"), JOINED.values(), ids=JOINED)
@pytest.mark.parametrize("place", PLACES)
@LANGUAGES
def test_joined_value_arrives_in_a_state_of_the_cdk(language, place, joined, expected):
    run, name = rehearsed(made(language, place, joined, in_job=False))

    assert run.output["k"].replace("/output/model.tar.gz", "/model.tar.gz") == expected.replace("churn", name)


@pytest.mark.parametrize(("joined", "expected"), JOINED.values(), ids=JOINED)
@pytest.mark.parametrize("place", PLACES)
@LANGUAGES
def test_joined_value_arrives_in_a_job(language, place, joined, expected):
    run, name = rehearsed(made(language, place, joined, in_job=True))

    (request,) = [request for state, request in run.requests if state == "Tell"]
    told = request["PrimaryContainer"]["Environment"]["k"]
    assert told.replace("/output/model.tar.gz", "/model.tar.gz") == expected.replace("churn", name)


@pytest.mark.parametrize("place", ["path", "computed"])
@pytest.mark.parametrize("in_job", [False, True])
def test_place_of_jsonata_inside_a_text_is_refused(place, in_job):
    stack = made(JSONATA, place, lambda place, *_: f"at/{place}", in_job=in_job)

    with pytest.raises(RuntimeError, match=r"would send the path of output 'o' of S/Prepare as a text.*join texts"):
        stack.node.root.synth()


@LANGUAGES
def test_place_under_an_output_is_granted_as_far_as_it_is_known(language):
    stack = made(language, "known", lambda place, name, _: place.under(name), in_job=False)

    assert definition(stack)["States"]["Tell"]
    train = stack.node.find_child("Train")
    prepare = stack.node.find_child("Prepare")
    assert prepare.output("o").under(train.resource_name).within == "s3://data/o/"
