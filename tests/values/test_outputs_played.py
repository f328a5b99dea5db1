"""Outputs and translated paths with the values that an execution finds: the same in both query languages."""

from __future__ import annotations

import json

from constructs_sm import FanOut, ProcessingJob, TrainingJob, TuningJob
from constructs_sm.language.jsonata import jsonata_of
from constructs_sm.testing import Rehearsal

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE, REQUESTS

JSONATA = sfn.QueryLanguage.JSONATA
ENVIRONMENT = Environment(account="123456789012", region="us-east-1")
INPUT = {
    "text": 'a/b-{c}\'s \\ "q"',
    "list": [3, 1, 3, 2],
    "lists": [[1], [2]],
    "number": 7,
    "fraction": 0.5,
    "object": {"a": 1, "b": {"c": [1, "x"]}},
    "other": {"b": 2, "z": None},
    "json": '{"a": [1, 2.5, "x"]}',
    "base": "aGVsbG8=",
    "yes": True,
}

CALLS = [
    "$.text", "$.object.b.c[1]", "$['number']",
    "States.Array($.text, 1, $.lists)", "States.Array('x', $.object)", "States.ArrayPartition($.list, 3)",
    "States.ArrayContains($.list, 3)", "States.ArrayContains($.list, 9)", "States.ArrayRange(1, 9, 3)",
    "States.ArrayRange(9, 1, -3)", "States.ArrayGetItem($.list, 1)", "States.ArrayLength($.lists)",
    "States.ArrayUnique($.list)", "States.Base64Encode('hello')", "States.Base64Decode($.base)",
    "States.Hash($.base, 'SHA-256')", "States.Hash('x', 'MD5')", "States.JsonMerge($.object, $.other, false)",
    "States.MathAdd($.number, -2)", "States.StringSplit($.text, '/')", "States.StringToJson($.json)",
    "States.JsonToString($.object)", "States.JsonToString($.text)", "States.Format('{}-{}', $.number, $.text)",
    "States.Format('{}', $.number)",    "States.Format('\\{\\'{}\\'\\}', $.text)",
    "States.Format('n: {}', States.MathAdd($.number, 1))",
    "States.Format('{}', $.yes)", "States.Format('{} and {}', $.fraction, $.object.a)",
    "States.ArrayGetItem(States.StringSplit($.text, '/'), 1)", "States.StringSplit('s3://data/in/', '/')",
    "States.ArrayGetItem(States.StringSplit('s3://data/in/', '/'), 1)", "States.StringSplit(',,', ',')",
    "States.StringSplit('one', ',')", "States.ArrayRange(1, 1, 1)"]  # fmt: skip


def played(chain_of, given=None, **script):
    stack = Stack(App(), "S", env=ENVIRONMENT)
    chain = chain_of(stack)
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(chain))
    with Rehearsal.of(stack) as rehearsal:
        run = rehearsal.start(given or {})
    assert run.succeeded, run
    return run.output


@pytest.mark.parametrize("call", CALLS)
def test_translated_path_has_the_value_of_the_path(call):
    def chain(stack):
        before = sfn.CustomState(
            stack, "Before", state_json={"Type": "Pass", "Parameters": {"v.$": call}, "ResultPath": "$.before"}
        )
        after = {"before": "{% $states.input.before.v %}", "after": f"{{% {jsonata_of(call)} %}}"}
        state = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": after}
        return before.next(sfn.CustomState(stack, "After", state_json=state))

    output = played(chain, INPUT)
    assert output["after"] == output["before"]


def training(stack, language):
    job = TrainingJob(
        stack,
        "Train",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": "s3://data/t/"},
        output="s3://data/models/",
        job_name="train-1",
        query_language=language,
    )
    return job, {
        "name": job.resource_name,
        "arn": job.resource_arn,
        "artifacts": job.model_artifacts,
        "joined": "of " + job.model_artifacts + "!",
        "field": job.output_field("TrainingJobStatus"),
    }


def processing(stack, language):
    job = ProcessingJob(
        stack,
        "Prepare",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        outputs={"data": sfn.JsonPath.string_at("$.place"), "known": "s3://data/known/"},
        job_name="prepare-1",
        query_language=language,
    )
    return job, {
        "late": job.output("data").uri,
        "known": job.output("known"),
        "under": job.output("known").under("x/"),
        "name": job.resource_name,
        "arn": job.resource_arn,
    }


def tuning(stack, language):
    parameters = REQUESTS["createHyperParameterTuningJob"]
    job = TuningJob(stack, "Tune", parameters=parameters, job_name="tune-1", query_language=language)
    return job, {
        "best": job.best_training_job_name,
        "model": job.best_model_artifacts,
        "joined": "the best: " + job.best_training_job_name,
        "name": job.resource_name,
    }


def fanned(stack, language):
    maker = sfn.Pass.jsonata if language else sfn.Pass
    each = FanOut(stack, "Each", maker(stack, "Item"), items=["a", "b"], query_language=language)
    return each, {"results": each.results}


def told(make, language):
    """What a Pass of the CDK finds of the outputs."""

    def chain(stack):
        job, outputs = make(stack, language)
        if language:
            return job.next(sfn.Pass.jsonata(stack, "Tell", outputs=outputs))
        return job.next(sfn.Pass(stack, "Tell", parameters=outputs))

    return played(chain, {"place": "s3://data/late/"})


@pytest.mark.parametrize("make", [training, processing, tuning, fanned], ids=lambda make: make.__name__)
def test_outputs_have_the_same_values_in_both_languages(make):
    in_json_path, in_jsonata = told(make, None), told(make, JSONATA)
    assert in_json_path == in_jsonata
    assert "$" not in json.dumps(in_json_path)
    assert "{%" not in json.dumps(in_json_path)


def test_outputs_have_the_values_that_the_job_has_left():
    output = told(training, None)
    assert output["name"] == "train-1"
    assert output["arn"].endswith(":training-job/train-1")
    assert output["artifacts"].startswith("s3://data/models/")
    assert output["joined"] == f"of {output['artifacts']}!"
    assert output["field"] == "Completed"
    assert told(processing, JSONATA) | {"arn": ""} == {
        "late": "s3://data/late/",
        "known": "s3://data/known/",
        "under": "s3://data/known/x/",
        "name": "prepare-1",
        "arn": "",
    }


@pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
def test_choice_of_the_cdk_decides_by_an_output(language):
    def chain(stack):
        job, outputs = training(stack, language)
        condition = (
            sfn.Condition.jsonata(f"{{% {outputs['field'].jsonata} = 'Completed' %}}")
            if language
            else sfn.Condition.string_equals(outputs["field"], "Completed")
        )
        choice = sfn.Choice.jsonata(stack, "If") if language else sfn.Choice(stack, "If")
        return job.next(choice.when(condition, sfn.Pass(stack, "Yes")).otherwise(sfn.Fail(stack, "No")))

    assert played(chain)["Train"]["TrainingJobName"] == "train-1"
