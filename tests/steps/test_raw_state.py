"""RawState: what no class of the CDK renders, exactly as it is written, wherever it stands."""

from __future__ import annotations

from constructs_sm import InvalidInputError, RawState
from constructs_sm.testing import definition

import pytest
from aws_cdk import aws_stepfunctions as sfn

TASK = {
    "Type": "Task",
    "QueryLanguage": "JSONata",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Arguments": {"FunctionName": "f", "Payload": {"nothing": None, "list": [None, 1]}},
    "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.input %}", "Next": "Failed"}],
}


def states(stack, start):
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(start))
    return definition(stack)["States"]


def test_nulls_and_the_output_of_a_catcher_are_rendered(stack):
    failed = sfn.Fail(stack, "Failed")
    call = RawState(stack, "Call", state_json=TASK).leads_to(failed)

    found = states(stack, call.next(sfn.Succeed(stack, "Done")))

    assert found == {
        "Call": {**TASK, "Next": "Done"},
        "Failed": {"Type": "Fail"},
        "Done": {"Type": "Succeed"},
    }


def test_name_may_have_a_slash(stack):
    assert list(states(stack, RawState(stack, "Call", state_name="a/b", state_json={"Type": "Pass"}))) == ["a/b"]


def test_choices_lead_where_they_say(stack):
    choices = [{"Variable": "$.x", "IsPresent": True, "Next": "Done"}]
    choice = RawState(stack, "Choose", state_json={"Type": "Choice", "Choices": choices, "Default": "Failed"})
    choice.leads_to(sfn.Succeed(stack, "Done"), sfn.Fail(stack, "Failed"))

    found = states(stack, choice)

    assert found["Choose"] == {"Type": "Choice", "Choices": choices, "Default": "Failed"}
    assert list(found) == ["Choose", "Done", "Failed"]


def test_it_leads_to_states_by_the_names_that_they_get(stack):
    choice = RawState(stack, "Choose", state_json={"Type": "Choice", "Choices": [], "Default": "Done"})
    choice.leads_to(sfn.Succeed(stack, "Done"))

    sfn.State.prefix_states(stack, "Each: ")
    found = states(stack, choice)

    assert found["Each: Choose"] == {"Type": "Choice", "Choices": [], "Default": "Each: Done"}


def test_states_within_it_are_rendered_where_they_belong(stack):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}}
    each = RawState(
        stack, "Each", state_json={"Type": "Map", "ItemReader": reader, "ItemProcessor": {"ProcessorConfig": config}}
    )
    each.item_processor(sfn.Pass(stack, "One").next(sfn.Succeed(stack, "Done")))
    both = RawState(stack, "Both", state_json={"Type": "Parallel"})
    both.branch(sfn.Succeed(stack, "Left"), sfn.Succeed(stack, "Right"))

    found = states(stack, each.next(both))

    assert found["Each"] == {
        "Type": "Map",
        "ItemReader": reader,
        "ItemProcessor": {
            "ProcessorConfig": config,
            "StartAt": "One",
            "States": {"One": {"Type": "Pass", "Next": "Done"}, "Done": {"Type": "Succeed"}},
        },
        "Next": "Both",
    }
    assert found["Both"] == {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": "Left", "States": {"Left": {"Type": "Succeed"}}},
            {"StartAt": "Right", "States": {"Right": {"Type": "Succeed"}}},
        ],
        "End": True,
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"state_json": {"Next": "A"}}, "state_json must be a state"),
        ({"state_json": ["Pass"]}, "state_json must be a state"),
        ({"state_json": {"Type": "Pass"}, "state_name": "x" * 81}, "state_name names the states"),
    ],
)
def test_what_is_no_state_is_refused(stack, arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        RawState(stack, "Call", **arguments)


@pytest.mark.parametrize("method", ["leads_to", "branch", "item_processor"])
def test_what_is_no_state_cannot_follow(stack, method):
    with pytest.raises(InvalidInputError, match="this is no state"):
        getattr(RawState(stack, "Call", state_json={"Type": "Map"}), method)("Done")
