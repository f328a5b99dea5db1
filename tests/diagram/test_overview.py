"""The picture at a glance: one node a job or step, and nothing of what may fail."""

from __future__ import annotations

from itertools import pairwise

from constructs_sm.diagram.overview import overview
from constructs_sm.testing.source.synthesized import definition

import pytest
from every_example import EXAMPLES, example


def task(resource, **fields):
    ending = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", **ending, **fields}


def machine(states):
    return {"StartAt": next(iter(states)), "States": states}


def drawn(definition):
    graph = overview(definition)
    return [node.name for node in graph.nodes], [(edge.source, edge.label, edge.target) for edge in graph.edges]


def choice(following, otherwise, variable="$.auc", **compared):
    rule = {"Variable": variable, **(compared or {"NumericGreaterThan": 0.8}), "Next": following}
    return {"Type": "Choice", "Choices": [rule], "Default": otherwise}


def catching(following, error="States.ALL"):
    return [{"ErrorEquals": [error], "Next": following}]


TRAIN = "sagemaker:createTrainingJob.sync"
STEPS = {
    "serve_what_scales": ["Train", "Loss is at most 0.3", "Register", "Approve", "Model", "Deploy"],
    "approve_before_deployment": ["Train", "Register", "Approve", "Model", "Deploy"],
    "check_the_input": ["CheckInput", "Train"],
    "deploy_an_endpoint": ["Train", "Model", "Deploy"],
    "find_a_model": ["Search"],
    "run_pipelines_in_a_pipeline": ["France", "Spain"],
    "train_between_lambda_and_glue": ["Choose columns", "Prepare", "Train"],
    "train_each_dataset": ["Each data set"],
    "train_nightly": ["Train"],
    "train_side_by_side": ["Train", "TreesModel", "LinearModel"],
}


@pytest.mark.parametrize("name", STEPS)
def test_example_is_drawn_as_its_steps_in_a_line(name):
    nodes, edges = drawn(definition(example(name)["stack"]))

    assert nodes == STEPS[name]
    assert edges == [(one, "", other) for one, other in pairwise(nodes)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_drawn_in_few_nodes(name):
    # Five jobs, a model, and the two checks of an input that may ask for a part.
    assert len(overview(definition(example(name)["stack"])).nodes) <= 8


def test_error_paths_and_ends_are_left_out():
    states = {
        "Train": task(TRAIN, Next="Check", Catch=catching("Notify")),
        "Check": choice("Done", "Notify", "$.TrainingJobStatus", StringEquals="Completed"),
        "Done": {"Type": "Succeed"},
        "Notify": task("sns:publish", Next="Failed"),
        "Failed": {"Type": "Fail"},
    }

    assert drawn(machine(states)) == (["Train"], [])


def test_choice_with_a_choice_is_drawn_with_its_answers():
    states = {
        "Pick": choice("Linear", "Trees", "$.kind", StringEquals="linear"),
        "Linear": task(TRAIN, Next="Shape"),
        "Trees": task(TRAIN, Next="Shape"),
        "Shape": {"Type": "Pass", "Next": "Model"},
        "Model": task("sagemaker:createModel"),
    }
    nodes, edges = drawn(machine(states))

    assert nodes == ["Pick", "Linear", "Trees", "Model"]
    assert edges == [
        ("Pick", 'kind = "linear"', "Linear"),
        ("Pick", "otherwise", "Trees"),
        ("Linear", "", "Model"),
        ("Trees", "", "Model"),
    ]


def test_gate_is_drawn_without_its_failure():
    states = {
        "Train": task(TRAIN, Next="Good?"),
        "Good?": choice("Model", "Bad"),
        "Model": task("sagemaker:createModel"),
        "Bad": {"Type": "Fail"},
    }

    assert drawn(machine(states)) == (["Train", "Good?", "Model"], [("Train", "", "Good?"), ("Good?", "", "Model")])


def test_end_that_a_choice_leads_to_is_drawn():
    states = {
        "New?": choice("Train", "Nothing to do", "$.rows"),
        "Train": task(TRAIN),
        "Nothing to do": {"Type": "Succeed"},
    }

    assert drawn(machine(states))[0] == ["New?", "Train", "Nothing to do"]


def test_loop_that_polls_is_one_node():
    states = {
        "Create": task("sagemaker:createEndpoint", Next="Wait"),
        "Wait": {"Type": "Wait", "Seconds": 60, "Next": "Describe"},
        "Describe": task("aws-sdk:sagemaker:describeEndpoint", Next="Ready?"),
        "Ready?": choice("Score", "Wait", "$.EndpointStatus", StringEquals="InService"),
        "Score": task("lambda:invoke"),
    }

    assert [(node.name, node.notes) for node in overview(machine(states)).nodes] == [
        ("Create", ("createEndpoint",)),
        ("Describe", ("describeEndpoint, polled",)),
        ("Score", ("lambda:invoke",)),
    ]


def test_loop_that_works_again_is_drawn():
    states = {
        "Train": task(TRAIN, Next="Good?"),
        "Good?": choice("Model", "Change"),
        "Change": task("lambda:invoke", Next="Train"),
        "Model": task("sagemaker:createModel"),
    }

    assert ("Change", "", "Train") in drawn(machine(states))[1]


def test_error_that_leads_on_is_drawn():
    states = {
        "Find": task("aws-sdk:sagemaker:describeEndpoint", Next="Update", Catch=catching("Create", "SageMaker.X")),
        "Update": task("sagemaker:updateEndpoint", Next="Tell"),
        "Create": task("sagemaker:createEndpoint", Next="Tell"),
        "Tell": task("sns:publish"),
    }

    assert ("Find", "X", "Create") in drawn(machine(states))[1]


def test_error_that_leads_back_or_away_is_not_drawn():
    states = {
        "Train": task(TRAIN, Next="Model", Catch=catching("Rest")),
        "Rest": {"Type": "Wait", "Seconds": 60, "Next": "Train"},
        "Model": task("sagemaker:createModel", Catch=catching("Tell")),
        "Tell": task("sns:publish"),
    }

    assert drawn(machine(states)) == (["Train", "Model"], [("Train", "", "Model")])


def test_names_with_colons_of_somebody_s_own_stay_apart():
    states = {"ML: Prepare": task("sagemaker:createProcessingJob.sync", Next="ML: Train"), "ML: Train": task(TRAIN)}

    assert drawn(machine(states))[0] == ["ML: Prepare", "ML: Train"]


def test_machines_within_are_overviews_too():
    item = machine({"Read": task("aws-sdk:s3:getObject", Next="Shape"), "Shape": {"Type": "Pass", "End": True}})
    branches = [machine({name: task("lambda:invoke")}) for name in ("A", "B")]
    states = {
        "Each": {"Type": "Map", "ItemProcessor": item, "Next": "Both"},
        "Both": {"Type": "Parallel", "Branches": branches, "End": True},
    }
    each, both = overview(machine(states)).nodes

    assert (each.kind, each.notes, each.inner) == ("Task", ("for each item", "Read", "s3:getObject"), ())
    assert [[node.name for node in graph.nodes] for graph in both.inner] == [["A"], ["B"]]


def test_machine_that_only_fails_is_drawn_as_it_is():
    states = {"Tell": task("sns:publish", Next="Stop"), "Stop": {"Type": "Fail"}}

    assert drawn(machine(states))[0] == ["Tell", "Stop"]


@pytest.mark.parametrize(
    ("seconds", "note"),
    [
        (30, "waits 30 s"),
        (600, "waits 10 min"),
        (7200, "waits 2 h"),
        (86_400, "waits 1 d"),
        (90, "waits 90 s"),
    ],
)
def test_wait_says_how_long(seconds, note):
    states = {"Wait": {"Type": "Wait", "Seconds": seconds, "Next": "Go"}, "Go": task("lambda:invoke")}

    assert overview(machine(states)).nodes[0].notes == (note,)


def test_step_is_named_by_its_call_of_sagemaker_where_another_comes_after_it():
    deploy = next(
        node for node in overview(definition(example("serve_what_scales")["stack"])).nodes if node.name == "Deploy"
    )

    assert deploy.notes == ("createEndpoint",)
