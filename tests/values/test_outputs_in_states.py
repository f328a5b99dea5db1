"""Outputs of jobs in states of the CDK: computed there, never the text of their path."""

from __future__ import annotations

import json

from constructs_sm import CreateModel, InvalidInputError, PipelineStack, TrainingJob, Verbatim
from constructs_sm.language.jsonata import jsonata_of
from constructs_sm.language.jsonata_checks import objections
from constructs_sm.testing import Rehearsal, definition

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/c:1"
JSONPATH, JSONATA = sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA


def train(stack, **arguments):
    return TrainingJob(
        stack,
        "Train",
        **{
            "image": IMAGE,
            "instance_type": "ml.m5.xlarge",
            "inputs": {"train": "s3://b/t/"},
            "output": "s3://b/o/",
            **arguments,
        },
    )


OUTPUTS = {
    "model_artifacts": (lambda job: job.model_artifacts, "Train.ModelArtifacts.S3ModelArtifacts"),
    "resource_arn": (lambda job: job.resource_arn, "Train.TrainingJobArn"),
    "resource_name": (lambda job: job.resource_name, "Train.TrainingJobName"),
    "output_field": (lambda job: job.output_field("FinalMetricDataList"), "Train.Described.FinalMetricDataList"),
}


def call(stack, value, language):
    maker = tasks.CallAwsService if language is JSONPATH else tasks.CallAwsService.jsonata
    return maker(
        stack, "Tell", service="s3", action="getObject", iam_resources=["*"], parameters={"Bucket": "b", "Key": value}
    )


def passed(stack, value, language):
    return (
        sfn.Pass(stack, "Tell", parameters={"Key": value})
        if language is JSONPATH
        else sfn.Pass.jsonata(stack, "Tell", outputs={"Key": value})
    )


def published(stack, value, language):
    maker = tasks.SnsPublish if language is JSONPATH else tasks.SnsPublish.jsonata
    topic = sns.Topic.from_topic_arn(stack, "T", "arn:aws:sns:us-east-1:123456789012:t")
    return maker(stack, "Tell", topic=topic, message=sfn.TaskInput.from_text(value))


def sent(stack, value, language):
    maker = tasks.SqsSendMessage if language is JSONPATH else tasks.SqsSendMessage.jsonata
    queue = sqs.Queue.from_queue_arn(stack, "Q", "arn:aws:sqs:us-east-1:123456789012:q")
    return maker(stack, "Tell", queue=queue, message_body=sfn.TaskInput.from_object({"Key": value}))


def invoked(stack, value, language):
    maker = tasks.LambdaInvoke if language is JSONPATH else tasks.LambdaInvoke.jsonata
    function = lambda_.Function.from_function_name(stack, "F", "f")
    return maker(stack, "Tell", lambda_function=function, payload=sfn.TaskInput.from_object({"Key": value}))


def put(stack, value, language):
    maker = tasks.DynamoPutItem if language is JSONPATH else tasks.DynamoPutItem.jsonata
    table = dynamodb.Table.from_table_name(stack, "D", "d")
    return maker(stack, "Tell", table=table, item={"id": tasks.DynamoAttributeValue.from_string(value)})


def glued(stack, value, language):
    maker = tasks.GlueStartJobRun if language is JSONPATH else tasks.GlueStartJobRun.jsonata
    return maker(stack, "Tell", glue_job_name="g", arguments=sfn.TaskInput.from_object({"Key": value}))


def nested(stack, value, language):
    maker = tasks.StepFunctionsStartExecution if language is JSONPATH else tasks.StepFunctionsStartExecution.jsonata
    machine = sfn.StateMachine.from_state_machine_name(stack, "N", "n")
    return maker(stack, "Tell", state_machine=machine, input=sfn.TaskInput.from_object({"Key": value}))


def evented(stack, value, language):
    maker = tasks.EventBridgePutEvents if language is JSONPATH else tasks.EventBridgePutEvents.jsonata
    bus = events.EventBus.from_event_bus_name(stack, "B", "b")
    entry = tasks.EventBridgePutEventsEntry(
        detail=sfn.TaskInput.from_object({"Key": value}), detail_type="t", source="s", event_bus=bus
    )
    return maker(stack, "Tell", entries=[entry])


STATES = [call, passed, published, sent, invoked, put, glued, nested, evented]


def machine(stack, chain):
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(chain))
    return definition(stack)


def pairs(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from pairs(item)
    elif isinstance(value, list):
        for item in value:
            yield from pairs(item)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_output_is_computed_in_a_state_in_json_path(state, output):
    stack = Stack(App(), "S")
    job = train(stack)
    read, path = OUTPUTS[output]
    told = machine(stack, job.next(state(stack, read(job), JSONPATH)))["States"]["Tell"]
    found = [key for key, item in pairs(told) if isinstance(item, str) and f"$.{path}" in item]
    assert found
    assert all(key.endswith(".$") for key in found)
    Rehearsal.of(stack)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_output_is_an_expression_in_a_state_in_jsonata(state, output):
    stack = Stack(App(), "S")
    job = train(stack, query_language=JSONATA)
    read, path = OUTPUTS[output]
    told = machine(stack, job.next(state(stack, read(job), JSONATA)))["States"]["Tell"]
    assert f"{{% $states.input.{path} %}}" in [item for _, item in pairs(told)]
    Rehearsal.of(stack)


@pytest.mark.parametrize("language", [JSONPATH, JSONATA])
def test_output_of_a_job_in_the_other_language_is_refused_and_can_be_said(language):
    other = JSONATA if language is JSONPATH else JSONPATH
    stack = Stack(App(), "S")
    job = train(stack, query_language=other)
    with pytest.raises(RuntimeError, match=r"would send the path of TrainingJobName of S/Train as a text"):
        machine(stack, job.next(passed(stack, job.resource_name, language)))
    stack = Stack(App(), "S")
    job = train(stack, query_language=other)
    said = job.resource_name.in_jsonata if language is JSONATA else job.resource_name.in_json_path
    told = machine(stack, job.next(passed(stack, said, language)))["States"]["Tell"]
    expected = {
        JSONPATH: {"Key.$": "$.Train.TrainingJobName"},
        JSONATA: {"Key": "{% $states.input.Train.TrainingJobName %}"},
    }
    assert told["Output" if language is JSONATA else "Parameters"] == expected[language]


def test_output_is_what_a_choice_compares():
    stack = Stack(App(), "S")
    job = train(stack)
    choice = sfn.Choice(stack, "If").when(
        sfn.Condition.string_equals(job.resource_name, "x"), sfn.Succeed(stack, "Yes")
    )
    rules = machine(stack, job.next(choice))["States"]["If"]["Choices"]
    assert rules == [{"Variable": "$.Train.TrainingJobName", "StringEquals": "x", "Next": "Yes"}]


@pytest.mark.parametrize("language", [JSONPATH, JSONATA])
def test_texts_are_joined_with_plus(language):
    stack = Stack(App(), "S")
    job = train(stack, query_language=language)
    told = machine(stack, job.next(passed(stack, "trained " + job.model_artifacts + " well", language)))["States"]
    place = "Train.ModelArtifacts.S3ModelArtifacts"
    if language is JSONPATH:
        text = f"States.Format('trained {{}} well', $.{place})"
        assert told["Tell"]["Parameters"] == {"Key.$": text}
    else:
        assert told["Tell"]["Output"] == {"Key": f"{{% 'trained ' & $states.input.{place} & ' well' %}}"}


def test_number_is_not_added_to_an_output():
    job = train(Stack(App(), "S"))
    with pytest.raises(ValueError, match="joins texts"):
        job.resource_name + 1


@pytest.mark.parametrize("language", [JSONPATH, JSONATA])
def test_text_with_an_output_inside_is_refused(language):
    stack = Stack(App(), "S")
    job = train(stack, query_language=language)
    with pytest.raises(RuntimeError, match=r"join (?:texts )?with \+.*\[output-is-spelled\]"):
        machine(stack, job.next(passed(stack, f"trained {job.model_artifacts}", language)))


def test_pipeline_says_how_to_join_a_text_with_an_output_inside_and_can_be_run_again():
    stack = PipelineStack(App(), "S")
    job = train(stack)
    tell = sfn.Pass(stack, "Tell", parameters={"Key": f"trained {job.model_artifacts}"})
    with pytest.raises(InvalidInputError, match=r"join with \+ .*\[output-is-spelled\]"):
        stack.run(job.next(tell))
    stack.run(sfn.Pass(stack, "Other"))


def test_text_with_an_output_inside_is_joined_in_a_job():
    stack = Stack(App(), "S")
    job = train(stack)
    model = CreateModel(
        stack, "Model", image=IMAGE, model_data="s3://b/m", environment={"J": f"of {job.resource_name}"}
    )
    container = machine(stack, job.next(model))["States"]["Model"]["Parameters"]["PrimaryContainer"]
    assert container["Environment"] == {"J.$": "States.Format('of {}', $.Train.TrainingJobName)"}


AT = sfn.JsonPath.string_at


@pytest.mark.parametrize(
    ("token", "expression"),
    [
        (lambda: AT("$.a.b"), "$string($states.input.a.b)"),
        (lambda: sfn.JsonPath.number_at("$.n"), "$string($states.input.n)"),
        (lambda: sfn.JsonPath.execution_name, "$string($states.context.Execution.Name)"),
        (sfn.JsonPath.uuid, "$string($uuid())"),
        (lambda: sfn.JsonPath.format("a {}", AT("$.x")), "$string(('a ' & $states.input.x))"),
        (lambda: sfn.JsonPath.math_add(1, sfn.JsonPath.number_at("$.x")), "$string((1 + $states.input.x))"),
        (lambda: sfn.JsonPath.array_get_item(sfn.JsonPath.list_at("$.l"), 0), "$string(($states.input.l)[0])"),
    ],
)
def test_token_of_a_path_is_translated_in_a_job_in_jsonata(token, expression):
    stack = Stack(App(), "S")
    job = train(stack, query_language=JSONATA, environment={"e": token()})
    sent_ = machine(stack, job)["States"]["Train"]["Arguments"]["Environment"]["e"]
    assert sent_ == f"{{% {expression} %}}"


@pytest.mark.parametrize(
    "call",
    [
        "States.Array($.a, 1)", "States.ArrayPartition($.l, 2)", "States.ArrayContains($.l, 3)",
        "States.ArrayRange(1, 9, 2)", "States.ArrayGetItem($.l, 0)", "States.ArrayLength($.l)",
        "States.ArrayUnique($.l)", "States.Base64Encode($.a)", "States.Base64Decode($.a)",
        "States.Hash($.a, 'SHA-256')", "States.JsonMerge($.a, $.b, false)", "States.MathRandom(1, 9)",
        "States.MathAdd($.a, 1)", "States.StringSplit($.a, '/')", "States.StringToJson($.a)",
        "States.JsonToString($.a)", "States.UUID()", "States.Format('{}-{}', $.a, $$.Execution.Name)",
    ],
)  # fmt: skip
def test_every_intrinsic_function_is_an_expression_in_jsonata(call):
    assert objections(jsonata_of(call), frozenset({"input", "context"})) == ()


@pytest.mark.parametrize("text", ["{% for m in messages %}", "$.features", "{% a %}"])
@pytest.mark.parametrize("language", [JSONPATH, JSONATA])
def test_text_that_looks_computed_can_be_said(text, language):
    stack = Stack(App(), "S")
    job = train(
        stack, query_language=language, environment={"e": Verbatim(text)}, hyperparameters={"h": Verbatim(text)}
    )
    request = machine(stack, job)["States"]["Train"]["Arguments" if language is JSONATA else "Parameters"]
    said = f"{{% '{text}' %}}" if language is JSONATA and text.endswith("%}") else text
    assert (request["Environment"], request["HyperParameters"]) == ({"e": said}, {"h": said})
    assert "Verbatim" not in json.dumps(request)


@pytest.mark.parametrize(
    ("language", "value"),
    [(JSONPATH, "$.a["), (JSONPATH, "States.Nothing($.a)"), (JSONATA, "{% $states.input.( %}"), (JSONATA, "{% a %}")],
)
@pytest.mark.parametrize("argument", ["job_name", "image"])
def test_late_value_that_cannot_be_read_is_refused(argument, language, value):
    with pytest.raises(ValueError, match="cannot be read"):
        train(Stack(App(), "S"), query_language=language, **{argument: value})


@pytest.mark.parametrize("made", STATES, ids=lambda made: made.__name__)
def test_f_string_in_a_plain_state_machine_is_refused_with_the_way_to_write_it(made):
    stack = Stack(App(), "S")
    job = train(stack)
    chain = job.next(made(stack, f"of {job.model_artifacts}", JSONPATH))

    with pytest.raises(
        RuntimeError, match=r"state 'Tell': .* join with \+ \('text ' \+ output\).* \[output-is-spelled\]"
    ):
        sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(chain))


def test_number_token_is_the_same_number_after_an_addition():
    # So what is added cannot be found: docs/rules.md, number-token-altered.
    number = sfn.JsonPath.number_at("$.n")

    assert number + 1 == number
    assert (number + 1).hex() == number.hex()
