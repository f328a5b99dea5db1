"""Errors of whatever is made of several states are caught in one way."""

from __future__ import annotations

from constructs_sm import Approval, EvaluationReport, FanOut, Input, InputGuard, InvalidInputError, QualityGate
from constructs_sm.blueprints import BatchInference
from constructs_sm.testing import definition

import pytest
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE

JSONATA = sfn.QueryLanguage.JSONATA


def gate(stack):
    return QualityGate(stack, "Gate", EvaluationReport("s3://data/", "evaluation.json")["auc"] >= 0.8)


def fan_out(stack, **arguments):
    return FanOut(stack, "Each", sfn.Pass(stack, "Nothing"), items=[1, 2], **arguments)


def scoring(stack):
    return BatchInference(
        stack, "Score", image=IMAGE, model_data="s3://data/model.tar.gz", data="s3://data/in/", output="s3://data/out/"
    )


@pytest.mark.parametrize(
    ("made", "calls"),
    [
        (gate, ["Gate: Report"]),
        (fan_out, ["Each"]),
        (scoring, ["Model", "Score"]),
        (lambda stack: Approval(stack, "Ask", notify=["ada@example.com"]), ["Ask: Ask"]),
    ],
    ids=["gate", "FanOut", "blueprint", "approval"],
)
def test_catch_of_a_fragment_is_that_of_all_its_calls(stack, machine, made, calls):
    fragment = made(stack)
    assert fragment.add_catch(sfn.Pass(stack, "Handle"), errors=["States.Timeout"], result_path="$.error") is fragment
    machine(fragment)

    states = definition(stack)["States"]
    for name in calls:
        caught = states[name]["Catch"][-1]
        assert (caught["ErrorEquals"], caught["Next"]) == (["States.Timeout"], "Handle"), name
        in_jsonata = states[name].get("QueryLanguage") == "JSONata"
        kept = {"Output": "{% $merge([$states.input, {'error': $states.errorOutput}]) %}"}
        assert kept.items() <= caught.items() if in_jsonata else caught["ResultPath"] == "$.error"


def test_catch_of_a_fan_out_in_jsonata_keeps_the_input_beside_the_error(stack, machine):
    machine(fan_out(stack, query_language=JSONATA).add_catch(sfn.Pass(stack, "Handle"), result_path="$.error"))

    (caught,) = definition(stack)["States"]["Each"]["Catch"]
    assert caught == {
        "ErrorEquals": ["States.ALL"],
        "Next": "Handle",
        "Output": "{% $merge([$states.input, {'error': $states.errorOutput}]) %}",
    }


def test_fragment_that_calls_nothing_refuses_a_catch(stack):
    guard = InputGuard(stack, "Check", inputs={"rounds": Input.integer(1, 5)})
    with pytest.raises(InvalidInputError, match=r"InputGuard 'Stack/Check': no call can fail"):
        guard.add_catch(sfn.Pass(stack, "Handle"))
