"""A run that starts at a state, or stops before one."""

from __future__ import annotations

from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing import Rehearsal, Throttled

import pytest
from machines import SOUND_RETRY, UNIQUE, machine, named, task

EXPRESSIONS = {
    "QueryLanguage": "JSONata",
    "StartAt": "Count",
    "States": {
        "Count": {"Type": "Pass", "Assign": {"count": "{% $states.input.n + 1 %}"}, "Next": "Say"},
        "Say": {
            "Type": "Pass",
            "Output": {"count": "{% $count %}", "asked": "{% $states.context.Execution.Input %}"},
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "Items": ["a", "b"],
            "ItemProcessor": {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}},
            "End": True,
        },
    },
}
PATHS = machine(
    First=task(Parameters=named(UNIQUE), ResultPath="$.First", Retry=SOUND_RETRY, Next="Second"),
    Second=task(Parameters=named(UNIQUE), ResultPath="$.Second", Next="Third"),
    Third={"Type": "Succeed"},
)


def test_run_stops_before_a_state_with_what_that_would_be_given():
    with Rehearsal.of(EXPRESSIONS) as rehearsal:
        run = rehearsal.start({"n": 1}, stop_before="Say")

    assert (run.status, run.stopped, run.succeeded) == ("STOPPED", True, False)
    assert (run.output, run.variables, run.states) == ({"n": 1}, {"count": 2}, ["Count"])
    assert run.findings == []
    assert run.timeline.splitlines()[-3].endswith("stopped before Say")
    assert run.summary.startswith("STOPPED after 0:00:00\n")


def test_another_run_goes_on_from_there():
    with Rehearsal.of(EXPRESSIONS) as rehearsal:
        run = rehearsal.start({"n": 1}, stop_before="Say")
        rest = rehearsal.start({"n": 1}, start_at="Say", state_input=run.output, variables=run.variables)

    assert rest.states == ["Say", "Each", "Inner", "Inner"]
    assert rest.succeeded


def test_state_that_a_run_starts_at_is_given_its_own_input_and_the_context_the_executions():
    with Rehearsal.of(EXPRESSIONS) as rehearsal:
        run = rehearsal.start({"n": 1}, start_at="Say", state_input={}, variables={"count": 7}, stop_before="Each")

    assert run.output == {"count": 7, "asked": {"n": 1}}


def test_input_of_the_state_is_that_of_the_execution_where_no_other_is_given():
    with Rehearsal.of(PATHS) as rehearsal:
        run = rehearsal.start({"id": "x"}, start_at="Second")

    assert run.succeeded
    assert run.states == ["Second", "Third"]
    assert run.output["id"] == "x"


def test_run_stops_before_a_state_inside_another():
    with Rehearsal.of(EXPRESSIONS) as rehearsal:
        run = rehearsal.start({"n": 1}, stop_before="Inner")

    assert (run.status, run.output) == ("STOPPED", "a")


def test_retries_and_scripts_are_those_of_the_state():
    with Rehearsal.of(PATHS) as rehearsal:
        rehearsal.script("First", Throttled())
        run = rehearsal.start({"id": "x"}, stop_before="Second")

    assert len(run.waits) == 1
    assert run.output["First"]["ProcessingJobStatus"] == "Completed"


def test_run_that_does_not_come_to_the_state_ends_as_it_does():
    with Rehearsal.of(EXPRESSIONS) as rehearsal:
        run = rehearsal.start({"n": 1}, start_at="Each", stop_before="Say")

    assert (run.status, run.stopped, run.variables) == ("SUCCEEDED", False, {})


def test_stopped_run_is_not_redriven():
    with Rehearsal.of(EXPRESSIONS) as rehearsal:
        run = rehearsal.start({"n": 1}, stop_before="Say")
        with pytest.raises(ValueError, match="an execution that is STOPPED cannot be redriven"):
            run.redrive()


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"start_at": "Inner"}, "a run cannot start inside 'Each', got 'Inner'; start at 'Each'"),
        ({"start_at": "Sya"}, "there is no such state to start at, got 'Sya'; did you mean Say?"),
        ({"stop_before": "X"}, "there is no such state to stop before, got 'X'; name one of Count, Say, Each, Inner"),
        ({"variables": ["x"]}, "variables are an object, got ['x']; give an object of names and values"),
    ],
    ids=["inside", "start", "stop", "variables"],
)
def test_section_that_is_none_is_refused(section, said):
    with Rehearsal.of(EXPRESSIONS) as rehearsal, pytest.raises(InvalidInputError) as refused:
        rehearsal.start({}, **section)

    assert said in str(refused.value)


def test_step_of_one_iteration_is_that_of_no_other():
    each = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": {"StartAt": "Job", "States": {"Job": task(Parameters=named(UNIQUE), Retry=SOUND_RETRY)}},
        "End": True,
    }
    each["ItemProcessor"]["States"]["Job"].update(End=True)
    with Rehearsal.of({"StartAt": "Each", "States": {"Each": each}}) as rehearsal:
        rehearsal.script("Job[1]", Throttled())
        run = rehearsal.start({"items": [{"id": "a"}, {"id": "b"}, {"id": "c"}]})

    assert len(run.waits) == 1
    assert len(run.requests) == 4


def test_address_of_an_iteration_is_of_a_state_that_there_is():
    with Rehearsal.of(PATHS) as rehearsal:
        rehearsal.script("Frist[1]", Throttled())
        with pytest.raises(LookupError, match="the script is for"):
            rehearsal.start({"id": "x"})
