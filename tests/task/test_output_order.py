"""What is certain at a state, and what is said of an output that is not certainly there: without the CDK."""

from __future__ import annotations

from constructs_sm.language.flow import points
from constructs_sm.language.paths import keys_before
from constructs_sm.task.output_order import OutputOrder
from constructs_sm.values.outputs import TaskIdentity

import pytest

JOB = "arn:aws:states:::sagemaker:createTrainingJob.sync"
LAMBDA = "arn:aws:states:::lambda:invoke"


def task(name, following=None, resource=JOB, **fields):
    path = {"ResultPath": f"$.{name}"} if resource == JOB else {}
    return {"Type": "Task", "Resource": resource, **path, **fields, **({"Next": following} if following else END)}


END = {"End": True}
USER = {"Type": "Pass", "Parameters": {"model.$": "$.Train.ModelArtifacts"}, "ResultPath": "$.used", **END}
TRAIN = TaskIdentity("Stack/Train", "Train", "createTrainingJob", lambda: "Train")


def machine(start, **states):
    return {"StartAt": start, "States": states}


def problems(definition, place="$.Train"):
    order = OutputOrder()
    order.knows(TRAIN)
    references = (f"{place}.ModelArtifacts", "$states.input.`Train`.ModelArtifacts")
    order.ask(TRAIN, "ModelArtifacts", place, references)
    return [problem.sentence for problem in order.problems([definition])]


def test_output_of_a_job_before_is_there():
    assert problems(machine("Train", Train=task("Train", "User"), User=USER)) == []


def test_output_of_a_job_after_is_named_with_its_user():
    assert problems(machine("User", User={**USER, "End": False, "Next": "Train"}, Train=task("Train"))) == [
        "User uses ModelArtifacts of Stack/Train, which does not run before it; chain it after"
    ]


def test_output_of_a_job_on_one_way_only_is_named():
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "Train"}], "Default": "User"}
    (problem,) = problems(machine("Choice", Choice=choice, Train=task("Train", "User"), User=USER))
    assert "which does not end well on every way there" in problem


def test_job_that_fails_and_is_caught_has_no_output():
    train = task("Train", "User", Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "User"}])
    (problem,) = problems(machine("Train", Train=train, User=USER))
    assert "which does not end well on every way there" in problem


def test_catch_of_a_later_state_keeps_what_was_there_before():
    caught = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "User"}]
    other = task("Other", "User", Catch=caught)
    assert problems(machine("Train", Train=task("Train", "Other"), Other=other, User=USER)) == []


def test_catch_that_puts_the_error_in_place_of_all_loses_what_was_there():
    other = task("Other", "User", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "User"}])
    (problem,) = problems(machine("Train", Train=task("Train", "Other"), Other=other, User=USER))
    assert "whose result another state has put its own in place of; give that a result_path" in problem


def test_loop_comes_to_an_end():
    again = {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "Wait"}], "Default": "User"}
    states = {"Train": task("Train", "Wait"), "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Again"}}
    assert problems(machine("Train", **states, Again=again, User=USER)) == []


def test_of_somebody_else_s_payload_nothing_is_said():
    there = task("Ask", "User", LAMBDA)
    assert problems(machine("Train", Train=task("Train", "Ask"), Ask=there, User=USER)) == []


def test_job_whose_output_is_the_payload_loses_what_was_there():
    other = task("Other", "User", ResultPath="$")
    (problem,) = problems(machine("Train", Train=task("Train", "Other"), Other=other, User=USER))
    assert "give that a result_path" in problem


def test_output_that_is_the_payload_is_there_until_the_next_one():
    user = {"Type": "Pass", "Parameters": {"model.$": "$.ModelArtifacts"}, **END}
    train = task("Train", "User", ResultPath="$")
    assert problems(machine("Train", Train=train, User=user), "$") == []
    later = task("Later", "User", ResultPath="$")
    assert len(problems(machine("Train", Train={**train, "Next": "Later"}, Later=later, User=user), "$")) == 1


@pytest.mark.parametrize(
    ("parameters", "there"),
    [
        ({"Train.$": "$.Train"}, True),
        ({"Train.$": "$.Other"}, True),
        ({"other.$": "$.Train"}, False),
        ({"Train": {"ModelArtifacts.$": "$.Train.ModelArtifacts"}}, True),
        ({"Train": {"TrainingJobName.$": "$.Train.TrainingJobName"}}, False),
        ({"Train.$": "States.StringToJson($.text)"}, True),
    ],
)
def test_pass_hands_on_what_its_template_says(parameters, there):
    made = {"Type": "Pass", "Parameters": parameters, "Next": "User"}
    states = {"Train": task("Train", "Other"), "Other": task("Other", "Made"), "Made": made}
    assert (problems(machine("Train", **states, User=USER)) == []) is there


def test_parallel_leaves_a_list_and_says_what_to_do():
    both = {
        "Type": "Parallel",
        "Branches": [machine("Train", Train=task("Train"))],
        "ResultPath": "$.all",
        "Next": "User",
    }
    (problem,) = problems(machine("Both", Both=both, User=USER))
    assert problem.endswith(
        "whose result is in the list that 'Both' leaves; use ParallelJobs, or a result_selector that keeps it"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"ResultSelector": {"merged.$": "States.JsonMerge($[0], $[1], false)"}, "OutputPath": "$.merged"},
        {"ResultSelector": {"Train.$": "$[1].Train"}},
        {"QueryLanguage": "JSONata", "Output": "{% $merge($states.result) %}"},
    ],
)
def test_parallel_that_makes_its_branches_one_keeps_their_results(fields):
    branches = [machine("Other", Other=task("Other")), machine("Train", Train=task("Train"))]
    both = {"Type": "Parallel", "Branches": branches, "Next": "User", **fields}
    assert problems(machine("Both", Both=both, User=USER)) == []


def test_branch_beside_the_job_s_is_named():
    both = {"Type": "Parallel", "Branches": [machine("Train", Train=task("Train")), machine("User", User=USER)], **END}
    (problem,) = problems(machine("Both", Both=both))
    assert problem.endswith("which runs beside it in another branch of 'Both'; chain it after")


@pytest.mark.parametrize(
    ("selector", "there"),
    [({}, False), ({"ItemSelector": {"Train.$": "$.Train", "item.$": "$$.Map.Item.Value"}}, True)],
)
def test_item_of_a_map_takes_the_place_of_the_input(selector, there):
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": machine("User", User=USER), **selector, **END}
    found = problems(machine("Train", Train=task("Train", "Each"), Each=each))
    told = "but finds only its item in 'Each'; use FanOut, or an item_selector that hands it on"
    assert [problem.partition(", ")[2] for problem in found] == ([] if there else [told])


def test_output_of_a_job_in_a_map_is_not_there_after_it():
    each = {"Type": "Map", "ItemProcessor": machine("Train", Train=task("Train")), "Next": "User"}
    (problem,) = problems(machine("Each", Each=each, User=USER))
    assert problem.endswith("which runs for each item of 'Each' and leaves a list; use that list")


def test_jsonata_job_that_merges_keeps_what_was_there():
    merged = {"QueryLanguage": "JSONata", "Output": '{% $merge([$states.input, {"Train": $states.result}]) %}'}
    train = {"Type": "Task", "Resource": JOB, **merged, "Next": "User"}
    user = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.`Train`.ModelArtifacts %}", **END}
    assert problems(machine("Train", Train=train, User=user)) == []
    assert problems(machine("Train", Train={**train, "Output": "{% $states.result %}"}, User=user)) != []


def test_text_that_only_begins_like_a_reference_is_none():
    other = {**USER, "Parameters": {"model.$": "$.Train.ModelArtifactsOfOthers", "text": "$.Train.Model"}}
    assert problems(machine("User", User=other)) == []


def test_producer_of_another_machine_is_named():
    (problem,) = problems(machine("User", User=USER))
    assert problem.endswith("which does not run in its state machine; chain it before")


def test_states_that_are_never_come_to_are_not_looked_at():
    assert set(points(machine("User", User=USER, Lonely=USER))) == {"User"}


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("$", ()),
        ("$.Train.X", ("Train", "X")),
        ("$['My job'].X[0].Y", ("My job", "X")),
        ("$states.input.`My job`.X", ("My job", "X")),
    ],
)
def test_keys_of_a_path_are_read_in_both_languages(path, keys):
    assert keys_before(path)[0] == keys


def test_task_that_reports_its_own_failure_leads_nowhere():
    handler = task("Handler", None, "arn:aws:states:::aws-sdk:sfn:sendTaskFailure.waitForTaskToken")
    handler["Catch"] = [{"ErrorEquals": ["Redriven: Other"], "Next": "Other"}]
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Handler"}]
    states = {"Train": task("Train", "Other", Catch=caught), "Other": task("Other", "User", Catch=caught)}
    assert problems(machine("Train", **states, Handler=handler, User=USER)) == []


def test_fail_that_says_what_is_missing_is_no_use_of_it():
    fail = {"Type": "Fail", "CausePath": "States.Format('{}', $.Train.ModelArtifacts)"}
    assert problems(machine("Fail", Fail=fail)) == []
