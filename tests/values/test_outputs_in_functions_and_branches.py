"""Outputs of jobs in functions of sfn.JsonPath, and in branches that have no job: sent, or refused in words."""

from __future__ import annotations

import re

from constructs_sm import FanOut, ParallelJobs, TrainingJob
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE

JSONATA = sfn.QueryLanguage.JSONATA
LANGUAGES = pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])


@pytest.fixture
def stack():
    return Stack(App(), "S")


def train(stack, language=None, construct_id="Train", **arguments):
    common = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://data/m/", "query_language": language}
    return TrainingJob(stack, construct_id, **common, **arguments)


def machine(stack, chain):
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(chain))


def refused(stack, chain):
    """What is said at synthesis, or when the state machine is made: the part of a message after the path."""

    def synthesized():
        machine(stack, chain)
        stack.node.root.synth()

    with pytest.raises(RuntimeError) as error:
        synthesized()
    return re.findall(r"^(?:  \[S\] )?(.* \[[\w-]+\])$", str(error.value), re.MULTILINE)


def _parallel(stack, tell):
    return sfn.Parallel(stack, "Both").branch(tell)


def _parallel_in_a_parallel(stack, tell):
    return sfn.Parallel(stack, "Both").branch(sfn.Parallel(stack, "Inner").branch(tell))


def _parallel_in_a_map(stack, tell):
    return sfn.Map(stack, "Each", items_path="$.l").item_processor(sfn.Parallel(stack, "Both").branch(tell))


def _parallel_beside_a_job(stack, tell):
    return sfn.Parallel(stack, "Both").branch(tell).branch(train(stack, construct_id="Other"))


def _parallel_behind_a_pass(stack, tell):
    return sfn.Pass(stack, "First").next(sfn.Parallel(stack, "Both").branch(sfn.Pass(stack, "Then").next(tell)))


def _parallel_jobs(stack, tell):
    return ParallelJobs(stack, "Both", [tell])


def _map(stack, tell):
    return sfn.Map(stack, "Each", items_path="$.l").item_processor(tell)


def _fan_out(stack, tell):
    return FanOut(stack, "Each", tell, items="$.l")


INSIDE = [
    _parallel,
    _parallel_in_a_parallel,
    _parallel_in_a_map,
    _parallel_beside_a_job,
    _parallel_behind_a_pass,
    _parallel_jobs,
    _map,
    _fan_out,
]


@pytest.mark.parametrize("inside", INSIDE)
def test_f_string_in_a_branch_is_refused_with_the_way_to_write_it(stack, inside):
    job = train(stack)
    chain = job.next(inside(stack, sfn.Pass(stack, "Tell", parameters={"k": f"of {job.resource_name}"})))

    (said,) = refused(stack, chain)
    assert re.fullmatch(
        r"state 'Tell': a text has a path inside it, which no state takes, got 'of \$\{Token\[[\w.]+\]\}'; "
        r"join with \+ \('text ' \+ output\), or with sfn\.JsonPath\.format\('text \{\}', output\) "
        r"\[output-is-spelled\]",
        said,
    )


@pytest.mark.parametrize("inside", INSIDE)
def test_output_in_a_list_in_a_branch_is_refused_with_the_way_to_write_it(stack, inside):
    job = train(stack)
    chain = job.next(inside(stack, sfn.Pass(stack, "Tell", parameters={"k": ["of", job.resource_name]})))

    (said,) = refused(stack, chain)
    assert said.startswith("state 'Tell': a list has a path among its items, which no state in JSONPath takes; ")


@pytest.mark.parametrize("inside", [_parallel, _parallel_in_a_parallel, _parallel_beside_a_job, _parallel_jobs])
def test_joined_text_in_a_branch_is_taken(stack, inside):
    job = train(stack)
    machine(stack, job.next(inside(stack, sfn.Pass(stack, "Tell", parameters={"k": "of " + job.resource_name}))))
    stack.node.root.synth()

    assert "'of {}', $.Train.TrainingJobName" in str(definition(stack))


def test_states_are_in_the_same_order_whether_branches_had_to_be_looked_at_or_not(stack):
    job = train(stack)
    machine(stack, job.next(_parallel(stack, sfn.Pass(stack, "Tell", parameters={"k": job.resource_name}))))

    states = definition(stack)["States"]
    assert list(states) == ["Train", "Train: ValidateOutput", "Train: InvalidOutput", "Both"]
    assert states["Train"]["Next"] == "Train: ValidateOutput"
    assert states["Both"]["Branches"][0]["States"]["Tell"]["Parameters"] == {"k.$": "$.Train.TrainingJobName"}


JSON_PATH = sfn.JsonPath
FUNCTIONS = {
    "format": (lambda value: JSON_PATH.format("of {}", value), "('of ' & {})"),
    "array": (lambda value: JSON_PATH.array("of", value), "['of', {}]"),
    "split": (lambda value: JSON_PATH.string_split(value, "-"), "[$split({}, '-')[$ != '']]"),
    "hash": (lambda value: JSON_PATH.hash(value, "SHA-256"), "$hash({}, 'SHA-256')"),
    "encoded": (JSON_PATH.base64_encode, "$base64encode({})"),
    "within": (lambda value: JSON_PATH.format("a {}", JSON_PATH.format("b {}", value)), "('a ' & ('b ' & {}))"),
    "list": (lambda value: JSON_PATH.list_at(JSON_PATH.array("of", value)), "['of', {}]"),
}
"""Functions that the CDK makes of an output, and what the state in JSONata should have been told."""


@pytest.mark.parametrize(("function", "expression"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_function_of_an_output_in_a_state_in_jsonata_is_refused_with_its_expression(stack, function, expression):
    job = train(stack, JSONATA)
    chain = job.next(sfn.Pass.jsonata(stack, "Tell", outputs={"k": function(job.resource_name)}))

    (said,) = refused(stack, chain)
    written = expression.format("$states.input.Train.TrainingJobName")
    assert said.startswith("Tell would send the path of TrainingJobName of S/Train as a text, got ")
    assert said.endswith(f"; write it in JSONata: '{{% {written} %}}' [output-is-spelled]")


@pytest.mark.parametrize(("function", "expression"), FUNCTIONS.values(), ids=FUNCTIONS)
@LANGUAGES
def test_function_of_a_name_that_is_known_in_a_state_in_jsonata_is_refused(stack, function, expression, language):
    job = train(stack, language, job_name="churn")
    chain = job.next(sfn.Pass.jsonata(stack, "Tell", outputs={"k": function(job.resource_name)}))

    (said,) = refused(stack, chain)
    written = expression.format("'churn'")
    assert said.startswith("state 'Tell' would send an intrinsic function as a text, got ")
    assert said.endswith(f"; write it in JSONata: '{{% {written} %}}' [output-is-spelled]")


@pytest.mark.parametrize("function", [function for function, _ in FUNCTIONS.values()], ids=FUNCTIONS)
def test_function_of_an_output_in_jsonata_in_a_state_in_json_path_is_refused(stack, function):
    job = train(stack, JSONATA)
    chain = job.next(sfn.Pass(stack, "Tell", parameters={"k": function(job.resource_name)}))

    (said,) = refused(stack, chain)
    assert said == (
        "Tell would send the path of TrainingJobName of S/Train as a text, got "
        "'{% $states.input.Train.TrainingJobName %}'; pass its .in_json_path [output-is-spelled]"
    )


@pytest.mark.parametrize("function", [function for function, _ in FUNCTIONS.values()], ids=FUNCTIONS)
def test_function_of_an_output_in_json_path_is_taken_from_a_job_in_jsonata(stack, function):
    job = train(stack, JSONATA)
    machine(stack, job.next(sfn.Pass(stack, "Tell", parameters={"k": function(job.resource_name.in_json_path)})))
    stack.node.root.synth()

    assert "$.Train.TrainingJobName" in definition(stack)["States"]["Tell"]["Parameters"]["k.$"]


def test_function_that_is_written_by_hand_in_a_text_is_refused(stack):
    job = train(stack, job_name="churn")
    text = f"States.Format('of {{}}', '{job.resource_name}')"

    (said,) = refused(stack, job.next(sfn.Pass(stack, "Tell", parameters={"k": text})))
    assert said.startswith("state 'Tell' would send an intrinsic function as a text, got ")
    assert "; give it where a path is read: under a key that ends in .$" in said


def test_text_that_only_begins_as_a_function_is_sent(stack):
    job = train(stack, JSONATA)
    machine(stack, job.next(sfn.Pass.jsonata(stack, "Tell", outputs={"k": "States.Format is a function"})))
    stack.node.root.synth()

    assert definition(stack)["States"]["Tell"]["Output"] == {"k": "States.Format is a function"}
