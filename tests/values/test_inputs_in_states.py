"""Inputs of an execution given to jobs and to states of the CDK: computed there, never the text of their path."""

from __future__ import annotations

import json

from constructs_sm import (
    FanOut,
    Input,
    InputGuard,
    InvalidInputError,
    JobPipeline,
    PipelineStack,
    QualityGate,
    TrainingJob,
    TransformJob,
)
from constructs_sm.testing import Rehearsal, definition

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from every_action import IMAGE

JSONATA = sfn.QueryLanguage.JSONATA
languages = pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
INPUTS = {"day": Input.string(), "rounds": Input.integer(1, 9, default=3), "sets": Input.array(Input.string())}


@pytest.fixture
def pipeline():
    return JobPipeline(Stack(App(), "S"), "Nightly", inputs=INPUTS)


def train(scope, construct_id="Train", **arguments):
    given = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "inputs": {"a": "s3://data/a/"}, "output": "s3://m/m/"}
    return TrainingJob(scope, construct_id, **{**given, **arguments})


def passed(scope, value, language):
    if language is None:
        return sfn.Pass(scope, "Tell", parameters={"text": value})
    return sfn.Pass.jsonata(scope, "Tell", outputs={"text": value})


def published(scope, value, language):
    topic = sns.Topic.from_topic_arn(scope, "T", "arn:aws:sns:us-east-1:123456789012:t")
    maker = tasks.SnsPublish if language is None else tasks.SnsPublish.jsonata
    return maker(scope, "Tell", topic=topic, message=sfn.TaskInput.from_text(value))


def invoked(scope, value, language):
    function = lambda_.Function.from_function_name(scope, "F", "f")
    maker = tasks.LambdaInvoke if language is None else tasks.LambdaInvoke.jsonata
    return maker(scope, "Tell", lambda_function=function, payload=sfn.TaskInput.from_object({"text": value}))


def run(pipeline, chain):
    pipeline.run(chain)
    return definition(Stack.of(pipeline))["States"]


@languages
@pytest.mark.parametrize("made", [passed, published, invoked])
@pytest.mark.parametrize(
    ("said", "in_json_path", "in_jsonata"),
    [
        (lambda value: value, "$.day", "$states.input.day"),
        (lambda value: "of " + value, "States.Format('of {}', $.day)", "'of ' & $states.input.day"),
        (lambda value: value + ".csv", "States.Format('{}.csv', $.day)", "$states.input.day & '.csv'"),
        (lambda value: value + value, "States.Format('{}{}', $.day, $.day)", "$states.input.day & $states.input.day"),
    ],
    ids=["alone", "behind", "before", "twice"],
)
def test_input_is_computed_in_states_of_the_cdk(pipeline, made, language, said, in_json_path, in_jsonata):
    value = said(pipeline.input("day", query_language=language))
    sent = json.dumps(run(pipeline, made(pipeline, value, language))["Tell"])

    expected = f'.$": {json.dumps(in_json_path)}' if language is None else json.dumps(f"{{% {in_jsonata} %}}")
    assert expected in sent


@languages
def test_text_in_which_an_input_is_lost_is_refused_in_words(pipeline, language):
    with pytest.raises((InvalidInputError, RuntimeError), match=r"join .*\+.* \[output-is-spelled\]"):
        run(pipeline, passed(pipeline, f"of {pipeline.input('day', query_language=language)}", language))


@languages
@pytest.mark.parametrize("asked_in", [None, JSONATA])
def test_job_spells_an_input_in_its_own_language(pipeline, language, asked_in):
    day, rounds = (pipeline.input(name, query_language=asked_in) for name in ("day", "rounds"))
    job = train(
        pipeline,
        environment={"DAY": day, "FILE": "of " + day},
        hyperparameters={"rounds": rounds},
        inputs={"a": day},
        query_language=language,
    )
    request = run(pipeline, job)["Train"]["Parameters" if language is None else "Arguments"]

    if language is None:
        text = "States.Format('{}', $.day)"
        assert request["Environment"] == {"DAY.$": text, "FILE.$": "States.Format('{}', States.Format('of {}', $.day))"}
        assert request["HyperParameters"] == {"rounds.$": "States.Format('{}', $.rounds)"}
    else:
        text = "{% $string($states.input.day) %}"
        assert request["Environment"] == {"DAY": text, "FILE": "{% $string('of ' & $states.input.day) %}"}
        assert request["HyperParameters"] == {"rounds": "{% $string($states.input.rounds) %}"}


@languages
def test_job_in_a_map_that_hides_an_input_is_refused(pipeline, language):
    each = sfn.Map(pipeline, "Each", items_path="$.sets")
    each.item_processor(train(pipeline, environment={"DAY": pipeline.input("day")}, query_language=language))

    with pytest.raises(RuntimeError, match=r"uses day of .* but finds only its item in 'Each'.* \[output-is-there\]"):
        run(pipeline, each)


def test_job_in_a_map_that_hands_an_input_on_is_taken(pipeline):
    selector = {"day": pipeline.input("day"), "set": "$$.Map.Item.Value"}
    each = sfn.Map(pipeline, "Each", items_path="$.sets", item_selector=selector)
    each.item_processor(train(pipeline, environment={"DAY": pipeline.input("day")}))

    assert run(pipeline, each)["Each"]["ItemSelector"]["day.$"] == "$.day"


@languages
def test_fan_out_hands_inputs_on(pipeline, language):
    job = train(pipeline, environment={"DAY": pipeline.input("day")}, query_language=language)
    each = FanOut(pipeline, "Each", job, items=pipeline.input("sets"), query_language=language)
    pipeline.run(each)

    with Rehearsal.of(Stack.of(pipeline)) as rehearsal:
        ended = rehearsal.start({"day": "monday", "sets": ["a", "b"]})
    assert ended.succeeded, ended.cause
    assert [request["Environment"] for _, request in ended.requests] == [{"DAY": "monday"}] * 2


def test_state_that_puts_something_in_place_of_the_input_is_named(pipeline):
    cut = sfn.Pass(pipeline, "Cut", parameters={"other": 1})

    with pytest.raises(RuntimeError, match=r"uses day of .* whose result another state has put its own in place of"):
        run(pipeline, sfn.Chain.start(cut).next(train(pipeline, environment={"DAY": pipeline.input("day")})))


def test_gate_compares_an_input(pipeline):
    job = train(pipeline, metric_definitions={"auc": "auc=([0-9.]+)"})
    gate = QualityGate(pipeline, "Good", job.final_metric("auc") >= pipeline.input("rounds"))
    states = run(pipeline, job.next(gate))

    assert "$states.input.rounds" in states["Good"]["Choices"][0]["Condition"]
    assert "there is no number at input rounds" in states["Good: NoValue"]["Cause"]


def test_path_of_sagemaker_that_is_spelled_like_an_input_stays_a_text():
    stack = PipelineStack(App(), "S", inputs={"features": Input.string()})
    job = train(stack, environment={"F": stack.input("features")})
    score = TransformJob(
        stack, "Score", model="m", data="s3://a/", instance_type="ml.m5.xlarge", input_filter="$.features"
    )
    stack.run(job.next(score))

    request = definition(stack)["States"]["Score"]["Parameters"]
    assert request["DataProcessing"] == {"InputFilter": "$.features"}


@languages
def test_guard_of_ones_own_gives_the_same(language):
    stack = Stack(App(), "S")
    guard = InputGuard(stack, "Check", inputs=INPUTS)
    tell = passed(stack, "of " + guard.value("day", query_language=language), language)
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(guard.next(tell)))

    with Rehearsal.of(stack) as rehearsal:
        ended = rehearsal.start({"day": "monday", "sets": ["a"]})
    assert ended.output == {"text": "of monday"}
