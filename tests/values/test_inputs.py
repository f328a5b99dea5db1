"""Declared inputs: what they accept, what a wrong declaration says, and how a guard ends an execution."""

from __future__ import annotations

import json

from constructs_sm import Input, InputGuard, InvalidInputError, JobPipeline, TrainingJob
from constructs_sm.testing import Rehearsal, definition, resolved
from constructs_sm.values.input_schema import InputSchema

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE

INPUTS = {
    "dataset": Input.string(pattern=r"s3://[a-z0-9.-]+/.*", description="where the rows are"),
    "rounds": Input.integer(1, 500, default=100),
    "rate": Input.number(0, 1, default=0.5),
    "flavour": Input.string(choices=["small", "large"], default="small"),
    "early": Input.boolean(default=False),
    "parts": Input.array(Input.integer(0), max_items=3, default=[0]),
    "notes": Input.anything(default={}),
}
DEFAULTS = {"rounds": 100, "rate": 0.5, "flavour": "small", "early": False, "parts": [0], "notes": {}}
GOOD = {"dataset": "s3://rows/may/"}
JSONATA = sfn.QueryLanguage.JSONATA


def guarded(inputs, *, language=None, **settings):
    """A definition with a guard and a state after it."""
    stack = Stack(App(), "Stack")
    guard = InputGuard(stack, "CheckInput", inputs=inputs, **settings)
    chain = sfn.DefinitionBody.from_chainable(guard.next(sfn.Pass(stack, "Go")))
    sfn.StateMachine(stack, "StateMachine", definition_body=chain, query_language=language)
    return definition(stack)


@pytest.fixture
def machine_of(stack):
    """A state machine of a definition: `machine` is one of every input."""
    return lambda chained: sfn.StateMachine(
        stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(chained)
    )


@pytest.fixture(scope="module", params=[None, JSONATA], ids=["JSONPath", "JSONata"])
def machine(request):
    return guarded(INPUTS, language=request.param)


def run(machine, execution_input):
    with Rehearsal() as rehearsal:
        # An execution may be started with null, which a Rehearsal takes for nothing.
        return rehearsal.run(machine, execution_input)


def test_defaults_complete_the_input(machine):
    ended = run(machine, GOOD)

    assert (ended.status, ended.output) == ("SUCCEEDED", {**DEFAULTS, **GOOD})


def test_given_input_replaces_its_default(machine):
    given = {**GOOD, "rounds": 1, "rate": 1, "flavour": "large", "early": True, "parts": [1, 2, 3], "notes": [None]}

    assert run(machine, given).output == given


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({}, "dataset is missing: give a string that matches s3://[a-z0-9.-]+/.*"),
        ({"dataset": ""}, 'dataset must be a string that matches s3://[a-z0-9.-]+/.*, got ""'),
        ({"dataset": None}, "dataset must be a string that matches s3://[a-z0-9.-]+/.*, got null"),
        ({"dataset": "s3://rows"}, 'dataset must be a string that matches s3://[a-z0-9.-]+/.*, got "s3://rows"'),
        ({"dataset": " s3://rows/"}, 'dataset must be a string that matches s3://[a-z0-9.-]+/.*, got " s3://rows/"'),
        ({"dataset": {"a": 1}}, 'dataset must be a string that matches s3://[a-z0-9.-]+/.*, got {"a":1}'),
        ({**GOOD, "rounds": 0}, "rounds must be a whole number from 1 to 500, got 0"),
        ({**GOOD, "rounds": 501}, "rounds must be a whole number from 1 to 500, got 501"),
        ({**GOOD, "rounds": 1.5}, "rounds must be a whole number from 1 to 500, got 1.5"),
        ({**GOOD, "rounds": "7"}, 'rounds must be a whole number from 1 to 500, got "7"'),
        ({**GOOD, "rounds": None}, "rounds must be a whole number from 1 to 500, got null"),
        ({**GOOD, "rounds": True}, "rounds must be a whole number from 1 to 500, got true"),
        ({**GOOD, "rate": 1.01}, "rate must be a number from 0 to 1, got 1.01"),
        ({**GOOD, "flavour": "huge"}, 'flavour must be one of "small", "large", got "huge"'),
        ({**GOOD, "early": "yes"}, 'early must be true or false, got "yes"'),
        ({**GOOD, "parts": []}, "parts must be a list of 1 to 3 items, each a whole number of at least 0, got []"),
        ({**GOOD, "parts": [-1]}, "parts must be a list of 1 to 3 items, each a whole number of at least 0, got [-1]"),
        ({**GOOD, "parts": 1}, "parts must be a list of 1 to 3 items, each a whole number of at least 0, got 1"),
        ({**GOOD, "notes": None}, "notes must be any value but null, got null"),
        (
            {**GOOD, "round": 1, "x": 2},
            "there is no input round, x; the inputs are dataset, rounds, rate, flavour, early, parts, notes",
        ),
        ([], "the input must be an object, got []"),
        (["a"], 'the input must be an object, got ["a"]'),
        ("", 'the input must be an object, got ""'),
        (7, "the input must be an object, got 7"),
        (False, "the input must be an object, got false"),
    ],
    ids=str,
)
def test_wrong_input_ends_the_execution_with_what_was_got_and_wanted(machine, given, cause):
    ended = run(machine, given)

    assert (ended.status, ended.error, ended.cause) == ("FAILED", "InvalidInput", cause)
    assert ended.states == ["CheckInput", "CheckInput: ValidateInput", "CheckInput: InvalidInput"]


def test_every_wrong_input_is_named(machine):
    assert run(machine, {"rounds": 0, "early": 1}).cause == (
        "dataset is missing: give a string that matches s3://[a-z0-9.-]+/.*; "
        "rounds must be a whole number from 1 to 500, got 0; early must be true or false, got 1"
    )


def test_message_shows_only_the_beginning_of_a_long_value(machine):
    cause = run(machine, {"dataset": "x" * 10_000}).cause
    assert cause.endswith('got "' + "x" * 99)


def test_others_are_allowed_if_asked():
    machine = guarded({"rounds": Input.integer(default=1)}, others_allowed=True)

    assert run(machine, {"detail": 1}).output == {"rounds": 1, "detail": 1}


def test_execution_that_started_this_one_may_say_so(machine):
    given = {**GOOD, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn"}

    assert run(machine, given).status == "SUCCEEDED"


def test_nothing_declared_means_nothing_given():
    machine = guarded({})

    assert run(machine, {}).status == "SUCCEEDED"
    assert run(machine, {"a": 1}).cause == "there is no input a; the inputs are none"


@pytest.mark.parametrize("pattern", [r"a/b", r"\(\d+\)", r"[^/]+\.csv", r"(a|b)?", r"é+", 'it\'s "x"'])
def test_pattern_means_the_same_before_and_during_the_execution(pattern):
    declared = Input.string(pattern=pattern, min_length=0)
    machine = guarded({"x": declared})

    for text in ("a/b", "(12)", "a.csv", "a", "", "éé", 'it\'s "x"', "a\n", "b/a.csv"):
        assert (run(machine, {"x": text}).status == "SUCCEEDED") is declared.accepts(text), text


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Input.integer(5, 1), r"Input.integer: nothing is in the range, got \[5, 1\]"),
        (lambda: Input.integer(1, 5, default=6), "the default is refused, got 6; pass a whole number from 1 to 5"),
        (lambda: Input.integer("1"), "the least must be a whole number, got '1'"),
        (lambda: Input.string(default=""), "the default is refused, got ''; pass a string that is not empty"),
        (lambda: Input.string(choices=["a", 1]), "a choice is none of its own, got 1; pass a string"),
        (lambda: Input.string(pattern="("), r"pattern is no regular expression for all, got '\('"),
        (lambda: Input.string(pattern="(?i)a"), "pattern is no regular expression for all"),
        (lambda: Input.string(pattern=r"[(]"), "with a backslash before a bracket that is meant"),
        (lambda: Input.array("string"), r"a list is of an Input, got 'string'; pass Input.string\(\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_declaration_fails_and_says_what_to_pass(make, said):
    with pytest.raises(InvalidInputError, match=said):
        make()


@pytest.mark.parametrize(
    "declared",
    [Input.string(default=None), Input.boolean(default=None), Input.anything(default=None)],
    ids=["string", "boolean", "anything"],
)
def test_default_of_none_is_no_default(declared):
    assert declared.required
    assert "default" not in declared.schema()


@pytest.mark.parametrize(
    "declared",
    [Input.string(default="", min_length=0), Input.integer(default=0), Input.boolean(default=False)],
    ids=["string", "integer", "boolean"],
)
def test_default_may_be_falsy(declared):
    assert not declared.required
    assert declared.schema()["default"] == declared.default


def test_guard_names_everything_that_is_wrong_with_its_inputs(stack):
    with pytest.raises(InvalidInputError) as raised:
        InputGuard(stack, "CheckInput", inputs={"a b": Input.string(), "rounds": 100})

    assert [str(problem) for problem in raised.value.problems] == [
        "an input has a plain name, got 'a b'; use letters, digits and _ [input-declaration]",
        "input 'rounds' must be an Input, got 100; pass Input.string(), say [input-declaration]",
    ]
    assert stack.node.try_find_child("CheckInput") is None


def test_guard_goes_on_once(stack):
    guard = InputGuard(stack, "CheckInput", inputs=INPUTS)
    guard.next(sfn.Pass(stack, "Go"))

    with pytest.raises(InvalidInputError, match="'Stack/CheckInput': it goes on to 'Go' already"):
        guard.next(sfn.Pass(stack, "Elsewhere"))


def test_guard_alone_is_a_state_machine(stack, machine_of):
    machine_of(InputGuard(stack, "CheckInput", inputs=INPUTS))

    assert run(definition(stack), GOOD).output["dataset"] == GOOD["dataset"]
    assert run(definition(stack), {}).error == "InvalidInput"


def test_guard_is_one_state_of_another_name(stack, machine_of):
    machine_of(InputGuard(stack, "CheckInput", inputs=INPUTS).to_single_state())

    assert run(definition(stack), GOOD).status == "SUCCEEDED"


def test_guard_has_room_for_the_names_of_its_states(stack):
    InputGuard(stack, "a" * 65, inputs=INPUTS)

    with pytest.raises(InvalidInputError, match=r"the construct id names the states, got .*; use 1 to 65 characters"):
        InputGuard(stack, "a" * 66, inputs=INPUTS)


def test_inputs_are_values_for_jobs_in_either_language(stack):
    guard = InputGuard(stack, "CheckInput", inputs=INPUTS)

    assert guard["dataset"].spelled(jsonata=False) == "$.dataset"
    assert guard.value("dataset", query_language=JSONATA) == "{% $states.input.dataset %}"


def test_input_that_was_not_declared_is_refused_where_it_is_asked_for(stack):
    guard = InputGuard(stack, "CheckInput", inputs={"rounds": Input.integer()})

    with pytest.raises(
        InvalidInputError, match=r"'Stack/CheckInput': no such input, got 'round'; the inputs are rounds"
    ):
        guard["round"]


def test_schema_is_readable_by_people_and_programs():
    schema = InputSchema({"rounds": INPUTS["rounds"], "dataset": INPUTS["dataset"]})

    assert schema.text() == (
        "Inputs: rounds: a whole number from 1 to 500, default 100; "
        "dataset: a string that matches s3://[a-z0-9.-]+/.* (where the rows are)"
    )
    assert schema.json_schema() == {
        "type": "object",
        "properties": {
            "rounds": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
            "dataset": {
                "type": "string",
                "description": "where the rows are",
                "pattern": r"^(?:s3://[a-z0-9.-]+/.*)$",
                "minLength": 1,
            },
        },
        "required": ["dataset"],
        "additionalProperties": False,
    }


def test_schema_stands_in_the_comments_of_the_machine_and_the_guard(stack):
    pipeline = JobPipeline(stack, "Nightly", inputs={"rounds": Input.integer(1, 500, default=100)})
    pipeline.run(sfn.Pass(stack, "Pass"))

    made = definition(stack)
    assert made["Comment"] == "Inputs: rounds: a whole number from 1 to 500, default 100"
    assert made["States"]["CheckInput"]["Comment"] == made["Comment"]


@pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
def test_inputs_reach_the_request_of_a_job_in_a_pipeline(stack, language):
    pipeline = JobPipeline(stack, "Nightly", inputs=INPUTS)
    train = TrainingJob(
        stack,
        "Train",
        image=IMAGE,
        instance_type="ml.m5.large",
        inputs={"train": pipeline.input("dataset", query_language=language)},
        hyperparameters={"rounds": pipeline.input("rounds", query_language=language)},
        output="s3://data/models/",
        query_language=language,
    )
    pipeline.run(train)

    machine = resolved(definition(stack))
    with Rehearsal() as rehearsal:
        ended = rehearsal.run(machine, GOOD)
        refused = rehearsal.run(machine, {})

    assert ended.status == "SUCCEEDED", ended.cause
    ((_, request),) = ended.requests
    assert request["HyperParameters"] == {"rounds": "100"}
    assert json.dumps(request["InputDataConfig"]).count("s3://rows/may/") == 1
    assert (refused.error, refused.requests) == ("InvalidInput", [])


@pytest.mark.parametrize(
    ("lists", "accepted"),
    [([[1]], True), ([[1, 2], [3]], True), ([[]], False), ([[], []], False), ([[1], []], False), ([["a"]], False)],
)
def test_lists_within_a_list_are_each_looked_at(lists, accepted):
    machine = guarded({"lists": Input.array(Input.array(Input.integer()))})

    assert (run(machine, {"lists": lists}).status == "SUCCEEDED") is accepted


@pytest.mark.parametrize(("lists", "accepted"), [([], True), ([[]], True), ([[], []], True), ([[1], []], True)])
def test_lists_may_be_empty_where_they_are_said_to(lists, accepted):
    machine = guarded({"lists": Input.array(Input.array(Input.integer(), min_items=0), min_items=0)})

    assert (run(machine, {"lists": lists}).status == "SUCCEEDED") is accepted
