"""Tokens of paths, altered number tokens and unreadable late values in every place of every job."""

from __future__ import annotations

import hashlib
import json
import re

from constructs_sm import (
    ArtifactCheck,
    CreateModel,
    EndpointDeployment,
    EvaluationReport,
    FanOut,
    InvalidInputError,
    JobName,
    ProcessingJob,
    QualityGate,
    S3Items,
    S3Location,
    TrainingJob,
    TransformJob,
    TuningJob,
    Verbatim,
)
from constructs_sm.actions import ACTIONS
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE, REQUESTS, job
from every_polled_action import REQUESTS as POLLED
from every_polled_action import polled_job

JSONATA = sfn.QueryLanguage.JSONATA
AT = sfn.JsonPath.string_at
N = sfn.JsonPath.number_at
LANGUAGES = pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
TRAINING = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "inputs": {"a": "s3://data/a/"}, "output": "s3://m/m/"}
PROCESSING = {"image": IMAGE, "instance_type": "ml.m5.xlarge"}
TRANSFORM = {"model": "m", "data": "s3://data/a/", "instance_type": "ml.m5.xlarge", "output": "s3://data/o/"}


def train(stack, **arguments):
    return TrainingJob(stack, "Train", **{**TRAINING, **arguments})


def states(stack, chain):
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(chain))
    return definition(stack)["States"]


def late(value, made):
    """*value* with a token in the place of every text and number, which go to *made*."""
    if isinstance(value, dict):
        return {name: late(item, made) for name, item in value.items()}
    if isinstance(value, list):
        return [late(item, made) for item in value]
    made.append(value)
    path = f"$.given.v{len(made)}"
    return AT(path) if isinstance(value, str) else N(path)


def leaves(value):
    if isinstance(value, dict):
        for name, item in value.items():
            yield from ([(name, item)] if not isinstance(item, (dict, list)) else leaves(item))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)


@LANGUAGES
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.api)
def test_tokens_are_computed_in_every_field_of_every_request(action, language):
    made = []
    parameters = late(REQUESTS[action.api], made)
    stack = Stack(App(), "S")
    sent = states(stack, job(stack, action, "Job", parameters=parameters, query_language=language))["Job"]
    request = list(leaves(sent["Arguments" if language else "Parameters"]))
    numbers = range(1, len(made) + 1)
    expected = [f"{{% $states.input.given.v{n} %}}" if language else f"$.given.v{n}" for n in numbers]
    assert [value for _, value in request if "given.v" in str(value)] == expected
    assert all(name.endswith(".$") for name, value in request if str(value).startswith("$.given.v"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"job_name": AT("$.n")}, "$states.input.n"),
        ({"job_name": JobName.from_input(AT("$.n"), prefix="churn")}, "'churn-' & $states.input.n"),
        ({"image": AT("$.n")}, "$states.input.n"),
        ({"inputs": {"train": AT("$.n")}}, "$states.input.n"),
        ({"inputs": {"train": S3Location(AT("$.n"), "s3://data/").under("a/")}}, "$states.input.n & '/a/'"),
        ({"output": AT("$.n")}, "$states.input.n"),
        ({"instance_count": N("$.n")}, "$states.input.n"),
        ({"hyperparameters": {"a": N("$.n")}}, "$string($states.input.n)"),
        ({"hyperparameters": {"a": "x" + AT("$.n") + "y"}}, "'x' & $states.input.n & 'y'"),
        ({"hyperparameters": AT("$.n")}, "$states.input.n"),
        ({"environment": {"a": sfn.JsonPath.execution_id}}, "$string($states.context.Execution.Id)"),
        ({"tags": {"a": AT("$.n")}}, "$states.input.n"),
        ({"task_timeout": N("$.n")}, "$states.input.n"),
        ({"task_timeout": sfn.Timeout.at("$.n")}, None),
        ({"credentials": sfn.TaskRole.from_role_arn_json_path("$.n")}, "$states.input.n"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_token_in_an_argument_is_an_expression_in_jsonata(arguments, expected):
    stack = Stack(App(), "S")
    if expected is None:
        with pytest.raises(InvalidInputError, match=re.escape("write '{% $states.input.n %}'")):
            train(stack, query_language=JSONATA, **arguments)
        return
    sent = states(stack, train(stack, query_language=JSONATA, **arguments))["Train"]
    assert f"{{% {expected} %}}" in [value for _, value in leaves(sent)]
    assert '"$.' not in json.dumps(sent)


@pytest.mark.parametrize(
    "arguments", [{"assign": {"a": AT("$.n")}}, {"state_output": {"a": AT("$.n")}, "output_check": None}]
)
def test_token_where_there_is_a_result_too_is_refused_with_both_ways_to_write_it(arguments):
    with pytest.raises(InvalidInputError, match=r"\$states\.result\.n %\}', or \$states\.input"):
        train(Stack(App(), "S"), query_language=JSONATA, **arguments)


@LANGUAGES
def test_token_among_command_arguments_is_a_text(language):
    stack = Stack(App(), "S")
    arguments = ["--day", AT("$.n"), N("$.m"), "x" + AT("$.n")]
    prepare = ProcessingJob(stack, "P", query_language=language, command_arguments=arguments, **PROCESSING)
    sent = states(stack, prepare)["P"]["Arguments" if language else "Parameters"]["AppSpecification"]
    if language:
        texts = ["{% $string($states.input.n) %}", "{% $string($states.input.m) %}", "{% 'x' & $states.input.n %}"]
        assert sent["ContainerArguments"] == ["--day", *texts]
    else:
        texts = "States.Format('{}', $.n), States.Format('{}', $.m), States.Format('x{}', $.n)"
        assert sent["ContainerArguments.$"] == f"States.Array('--day', {texts})"


@LANGUAGES
def test_token_is_the_name_of_a_deployed_endpoint(language):
    stack = Stack(App(), "S")
    deploy = EndpointDeployment(
        stack, "Serve", endpoint_name=AT("$.n"), model=AT("$.m"), instance_type="ml.m5.xlarge", query_language=language
    )
    maker = sfn.Pass.jsonata if language else sfn.Pass
    tell = maker(stack, "Tell", **{"outputs" if language else "parameters": {"name": deploy.endpoint_name}})
    found = states(stack, deploy.next(tell))
    if language:
        assert found["Serve: Begin"]["Output"].endswith("{'Serve': {'EndpointName': ($states.input.n)}}]) %}")
        assert found["Tell"]["Output"] == {"name": "{% $states.input.Serve.EndpointName %}"}
    else:
        assert found["Serve: Begin"]["Parameters"] == {"EndpointName.$": "$.n"}
        assert found["Tell"]["Parameters"] == {"name.$": "$.Serve.EndpointName"}


@LANGUAGES
def test_tokens_are_items_and_what_items_are_handed(language):
    stack = Stack(App(), "S")
    selector = {"x": AT("$.x"), "y": [AT("$.y"), 1], "z": "a" + AT("$.z"), "v": Verbatim("$.v")}
    each = FanOut(
        stack,
        "Each",
        train(stack, query_language=language),
        items=sfn.JsonPath.list_at("$.items"),
        item_selector=selector,
        query_language=language,
    )
    found = states(stack, each)["Each"]
    if language:
        assert found["Items"] == "{% $states.input.items %}"
        assert found["ItemSelector"] | {"item": 0, "index": 0} == {
            "item": 0,
            "index": 0,
            "x": "{% $states.input.x %}",
            "y": ["{% $states.input.y %}", 1],
            "z": "{% 'a' & $states.input.z %}",
            "v": "$.v",
        }
    else:
        assert found["ItemsPath"] == "$.items"
        assert found["ItemSelector"] == {
            "item.$": "$$.Map.Item.Value",
            "index.$": "$$.Map.Item.Index",
            "x.$": "$.x",
            "y.$": "States.Array($.y, 1)",
            "z.$": "States.Format('a{}', $.z)",
            "v": "$.v",
        }


def test_token_is_the_place_of_a_report_of_a_list_and_of_an_artifact():
    stack = Stack(App(), "S")
    gate = QualityGate(stack, "Good", EvaluationReport(AT("$.place"), "r.json")["auc"] >= 0.8)
    check = ArtifactCheck(stack, "Left", AT("$.place"))
    each = FanOut(stack, "Each", sfn.Pass(stack, "P"), items=S3Items.csv(AT("$.place")))
    found = states(stack, gate.next(check).next(each))
    for name in ("Good: Report", "Left: Look"):
        assert "$states.input.place" in found[name]["Arguments"]["Key"]
    assert "$states.input.place" in found["Each: Items"]["Output"]
    assert "Token[" not in json.dumps(found)


def altered():
    token = N("$.n")
    return {"doubled": token * 2, "scaled": token * 1.0001, "negative": -token, "halved": token / 2}


def texts_of_numbers():
    token = N("$.n")
    return {
        "str": str(token),
        "f-string": f"n={token}",
        "in a word": f"n{token}n",
        "digits": f"{token:.0f}",
        "repr": f"{token!r} of them",
        "one digit": f"{token:.0e}",
        "capital": f"{-token:G}",
    }


@LANGUAGES
@pytest.mark.parametrize("way", altered())
def test_number_token_that_was_computed_with_is_refused(way, language):
    with pytest.raises(InvalidInputError, match=r"number token of the CDK .*\[number-token-altered\]"):
        train(Stack(App(), "S"), instance_count=altered()[way], query_language=language)
    with pytest.raises(InvalidInputError, match="number-token-altered"):
        train(Stack(App(), "S"), hyperparameters={"n": altered()[way]}, query_language=language)


@LANGUAGES
@pytest.mark.parametrize("way", texts_of_numbers())
@pytest.mark.parametrize("argument", ["hyperparameters", "environment", "tags"])
def test_number_token_that_was_made_a_text_is_refused(argument, way, language):
    with pytest.raises(InvalidInputError, match="number-token-altered"):
        train(Stack(App(), "S"), query_language=language, **{argument: {"n": texts_of_numbers()[way]}})


def test_large_numbers_and_their_texts_are_none():
    stack = Stack(App(), "S")
    sent = states(stack, train(stack, hyperparameters={"a": 1e28, "b": "1e28", "c": 10**40, "d": -1e300}))["Train"]
    assert sent["Parameters"]["HyperParameters"] == {"a": "1e+28", "b": "1e28", "c": str(10**40), "d": "-1e+300"}


def test_hashes_and_base64_are_no_texts_of_number_tokens():
    hashes = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(3_000)]
    looking_alike = [text for text in hashes if re.search(r"\de28\d(?!\d)", text)]
    assert looking_alike
    texts = [
        *looking_alike,
        "s3://code/4d7e213e288d4f18.tar.gz",
        "9e289",
        "7E285/",
        "a+9e+289",
        "v1e+289b",
        "//2e+280=",
        "1e+285",
        "-2.5e+288",
        "up to 3E+289",
    ]
    stack = Stack(App(), "S")
    given = {f"h{number}": text for number, text in enumerate(texts)}
    tags = {"commit": "7e288d4f1e289", "digest": "sha256:3e281e"}
    sent = states(stack, train(stack, environment=given, tags=tags))["Train"]["Parameters"]
    assert sent["Environment"] == given
    assert sent["Tags"] == [{"Key": "commit", "Value": "7e288d4f1e289"}, {"Key": "digest", "Value": "sha256:3e281e"}]


def test_number_token_is_compared_by_its_path():
    report = EvaluationReport("s3://data/r.json")
    with pytest.raises(InvalidInputError, match=re.escape("write Number('$.minimum')")):
        _ = report["auc"] >= N("$.n")


@LANGUAGES
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.api)
def test_unreadable_late_value_in_parameters_is_refused(action, language):
    parameters = REQUESTS[action.api]
    name = next(iter(parameters))
    wrong = {name: "{% $states.input.( %}"} if language else {f"{name}.$": "$.a["}
    with pytest.raises(InvalidInputError, match="late-value-parses"):
        job(
            Stack(App(), "S"),
            action,
            query_language=language,
            parameters={key: value for key, value in parameters.items() if key != name} | wrong,
        )


@pytest.mark.parametrize("field", ["result", "errorOutput", "inputs"])
def test_request_reads_no_field_of_states_that_is_not_there_yet(field):
    told = rf"\$states.{field} is not there; here it has input, context"
    with pytest.raises(InvalidInputError, match=told):
        train(
            Stack(App(), "S"),
            hyperparameters={"a": f"{{% $states.{field}.x %}}"},
            query_language=sfn.QueryLanguage.JSONATA,
        )


def test_output_and_variables_read_the_result():
    said = {"state_output": {"all": "{% $states.result %}"}, "assign": {"arn": "{% $states.result.TrainingJobArn %}"}}

    train(Stack(App(), "S"), query_language=sfn.QueryLanguage.JSONATA, output_check=None, **said)


@pytest.mark.parametrize("value", ["x", "States.Nothing($.a)", "$.a[", "States.Format('{}'"])
def test_field_with_the_mark_of_a_path_must_have_one(value):
    with pytest.raises(InvalidInputError, match="late-value-parses"):
        train(Stack(App(), "S"), parameters={"Environment": {"a.$": value}})


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        ({"task_timeout": "$.a["}, None),
        ({"input_path": "$.a["}, None),
        ({"output_path": "$.a["}, None),
        ({"result_selector": {"a.$": "$.a["}}, None),
        ({"assign": {"a.$": "States.Nothing()"}}, None),
        ({"assign": {"a": "{% ( %}"}}, JSONATA),
        ({"state_output": "{% ( %}"}, JSONATA),
        ({"state_output": {"a": ["{% ( %}"]}}, JSONATA),
        ({"task_timeout": "{% ( %}"}, JSONATA),
        ({"environment": {"a": "{% for"}}, JSONATA),
    ],
)
def test_unreadable_late_value_of_a_state_is_refused(arguments, language):
    with pytest.raises(InvalidInputError, match="late-value-parses"):
        train(Stack(App(), "S"), query_language=language, **arguments)


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        ({"items": "$.a["}, None),
        ({"items": "$.a", "item_selector": {"b": ["$.a["]}}, None),
        ({"items": "{% ( %}"}, JSONATA),
        ({"items": "$.a", "item_selector": {"b": "{% ( %}"}}, JSONATA),
    ],
)
def test_unreadable_late_value_of_a_fan_out_is_refused(arguments, language):
    stack = Stack(App(), "S")
    with pytest.raises(InvalidInputError, match="late-value-parses"):
        FanOut(stack, "Each", sfn.Pass(stack, "P"), query_language=language, **arguments)


def test_unreadable_name_of_an_endpoint_is_refused():
    with pytest.raises(InvalidInputError, match="late-value-parses"):
        EndpointDeployment(Stack(App(), "S"), "Serve", endpoint_name="$.n[", model="m", instance_type="ml.m5.xlarge")


@LANGUAGES
@pytest.mark.parametrize("text", ["{% for m in messages %}{{ m }}", "{% a %}", "$.features", "States.UUID()"])
@pytest.mark.parametrize(
    ("maker", "argument"),
    [
        (train, "environment"),
        (train, "hyperparameters"),
        (train, "assign"),
        (lambda stack, **more: ProcessingJob(stack, "Train", **PROCESSING, **more), "environment"),
        (lambda stack, **more: ProcessingJob(stack, "Train", **PROCESSING, **more), "command_arguments"),
        (lambda stack, **more: TransformJob(stack, "Train", **TRANSFORM, **more), "environment"),
    ],
)
def test_text_that_looks_late_is_sent_as_it_is(maker, argument, text, language):
    stack = Stack(App(), "S")
    given = [Verbatim(text)] if argument == "command_arguments" else {"e": Verbatim(text)}
    sent = states(stack, maker(stack, query_language=language, **{argument: given}))["Train"]
    said = f"{{% '{text}' %}}" if language and text.startswith("{%") else text
    assert said in json.dumps(sent)
    assert "Verbatim" not in json.dumps(sent)
    assert not [name for name, value in leaves(sent) if value == said and name.endswith(".$")]


def verbatim(value):
    """*value* with every text in it said to be what it says."""
    if isinstance(value, dict):
        return {name: verbatim(item) for name, item in value.items()}
    if isinstance(value, list):
        return [verbatim(item) for item in value]
    return Verbatim(value) if isinstance(value, str) else value


@LANGUAGES
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.api)
def test_verbatim_text_is_sent_as_it_is_in_every_field_of_every_request(action, language):
    stack = Stack(App(), "S")
    made = job(stack, action, "Job", parameters=verbatim(REQUESTS[action.api]), query_language=language)
    sent = states(stack, made)["Job"]["Arguments" if language else "Parameters"]
    sent.get("TrainingJobDefinition", {}).pop("RoleArn", None)

    assert {name: sent[name] for name in REQUESTS[action.api]} == REQUESTS[action.api]


@LANGUAGES
@pytest.mark.parametrize("action", POLLED_ACTIONS, ids=lambda action: action.api)
def test_verbatim_text_is_sent_as_it_is_in_every_field_of_every_polled_request(action, language):
    stack = Stack(App(), "S")
    made = polled_job(stack, action, parameters=verbatim(POLLED[action.api]), query_language=language)
    sent = states(stack, made)["Job"]["Arguments" if language else "Parameters"]

    assert {name: sent[name] for name in POLLED[action.api]} == POLLED[action.api]


TYPED_TEXTS = {
    "hyperparameters": (train, lambda text: {"hyperparameters": {"e": text}}, "HyperParameters"),
    "environment": (train, lambda text: {"environment": {"e": text}}, "Environment"),
    "parameters": (
        lambda stack, **arguments: TrainingJob(stack, "Train", **arguments),
        lambda text: {"parameters": {**REQUESTS["createTrainingJob"], "Environment": {"e": text}}},
        "Environment",
    ),
    "processing": (
        lambda stack, **arguments: ProcessingJob(stack, "Train", **PROCESSING, **arguments),
        lambda text: {"environment": {"e": text}},
        "Environment",
    ),
    "transform": (
        lambda stack, **arguments: TransformJob(stack, "Train", **TRANSFORM, **arguments),
        lambda text: {"environment": {"e": text}},
        "Environment",
    ),
    "search": (
        lambda stack, **arguments: TuningJob(
            stack,
            "Train",
            **TRAINING,
            objective="auc",
            ranges={"eta": (0.1, 0.5)},
            max_jobs=4,
            max_parallel_jobs=2,
            **arguments,
        ),
        lambda text: {"hyperparameters": {"e": text}},
        "StaticHyperParameters",
    ),
    "model": (
        lambda stack, **arguments: CreateModel(stack, "Train", image=IMAGE, **arguments),
        lambda text: {"environment": {"e": text}},
        "Environment",
    ),
}


@LANGUAGES
@pytest.mark.parametrize("text", ["$.features", "{% for m in messages %}", "{% if %}x", "States.UUID()", "$$.x"])
@pytest.mark.parametrize(("make", "given", "field"), TYPED_TEXTS.values(), ids=TYPED_TEXTS)
def test_text_that_reads_as_a_path_can_be_said_in_every_job(make, given, field, text, language):
    stack = Stack(App(), "S")
    sent = states(stack, make(stack, query_language=language, **given(Verbatim(text))))["Train"]
    ((name, value),) = next(found for found in fields_of(sent, field))

    expected = f"{{% '{text}' %}}" if language and text.startswith("{%") else text
    assert (name, value) == ("e", expected)


def fields_of(value, field):
    if isinstance(value, dict):
        for name, item in value.items():
            if name == field:
                yield item.items()
            yield from fields_of(item, field)
    elif isinstance(value, list):
        for item in value:
            yield from fields_of(item, field)
