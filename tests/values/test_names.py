"""Names: what each may be called, what the request says, what IAM can say of it."""

from __future__ import annotations

import re

from constructs_sm import CreateModel, InvalidInputError, JobName, PipelineStack, QualityGate, TrainingJob, TuningJob
from constructs_sm.actions import ACTIONS, ENDPOINT, TRAINING_JOB, TUNING_JOB
from constructs_sm.testing import Metrics, Rehearsal, definition, state_machine_policy
from constructs_sm.values.names import arn_suffix, slug, unique_prefix_max

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_stepfunctions as sfn
from conftest import every_action
from every_action import IMAGE, REQUESTS, job

BAD = {
    "64 characters": "a" * 64,
    "empty": "",
    "underscored": "my_job",
    "Unicode": "jöb",
    "leading dash": "-job",
    "trailing dash": "job-",
    "space": "my job",
}


@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
@every_action
def test_fixed_name_that_sagemaker_refuses_fails_at_construction(stack, action, name):
    with pytest.raises(InvalidInputError, match=f"'Stack/Job': job name .*got {re.escape(repr(name))}"):
        job(stack, action, job_name=name)

    assert stack.node.try_find_child("Job") is None


@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
@every_action
def test_bad_name_among_the_parameters_fails_as_well(stack, action, name):
    with pytest.raises(InvalidInputError, match="job name"):
        job(stack, action, parameters={**REQUESTS[action.api], action.name_field: name}, job_name=None)


@pytest.mark.parametrize("action", [row for row in ACTIONS if row.verb == "Create"], ids=lambda row: row.api)
def test_longest_fixed_name_is_taken_and_one_more_is_not(stack, action):
    job(stack, action, "Fits", job_name="a" * action.name_max)

    with pytest.raises(InvalidInputError, match=f"1 to {action.name_max} characters"):
        job(stack, action, "Long", job_name="a" * (action.name_max + 1))


def test_tuning_jobs_have_32_characters_and_all_others_63():
    assert {action.api: action.name_max for action in ACTIONS if action.name_max != 63} == {TUNING_JOB.api: 32}


def rendered_name(stack, machine, **arguments):
    machine(TrainingJob(stack, "Train", parameters=REQUESTS["createTrainingJob"], **arguments))
    request = definition(stack)["States"]["Train"]["Parameters"]
    created = next(s for s in state_machine_policy(stack) if "sagemaker:CreateTrainingJob" in s["Action"])
    key = next(key for key in request if key.startswith("TrainingJobName"))
    return key, request[key], created["Resource"].rpartition("training-job/")[2]


@pytest.mark.parametrize(
    ("given", "key", "value", "granted"),
    [
        (None, "TrainingJobName.$", "States.Format('train-{}', States.UUID())", "train-*"),
        (JobName.unique("churn"), "TrainingJobName.$", "States.Format('churn-{}', States.UUID())", "churn-*"),
        ("nightly", "TrainingJobName", "nightly", "nightly*"),
        (JobName.fixed("nightly"), "TrainingJobName", "nightly", "nightly*"),
        ("$.name", "TrainingJobName.$", "$.name", "*"),
        (JobName.from_input("$.name"), "TrainingJobName.$", "$.name", "*"),
        (
            JobName.from_input("$.name", prefix="churn"),
            "TrainingJobName.$",
            "States.Format('churn-{}', $.name)",
            "churn-*",
        ),
        ("States.Format('a-{}', $.b)", "TrainingJobName.$", "States.Format('a-{}', $.b)", "a-*"),
    ],
    ids=["default", "unique", "string", "fixed", "path", "from input", "with a prefix", "intrinsic function"],
)
def test_name_is_rendered_and_granted(stack, machine, given, key, value, granted):
    assert rendered_name(stack, machine, job_name=given) == (key, value, granted)


def test_path_of_the_cdk_is_a_path(stack, machine):
    name = sfn.JsonPath.string_at("$.name")
    assert rendered_name(stack, machine, job_name=name) == ("TrainingJobName.$", "$.name", "*")


def test_name_known_at_deployment_is_granted_as_such(stack, machine):
    name = CfnParameter(stack, "Name").value_as_string
    assert rendered_name(stack, machine, job_name=name) == ("TrainingJobName", "${Name}", "${Name}*")


def test_unique_name_of_a_tuning_job_ends_in_the_tail_of_a_uuid(stack, machine):
    machine(TuningJob(stack, "Tune", parameters=REQUESTS[TUNING_JOB.api]))

    tail = "States.ArrayGetItem(States.StringSplit(States.UUID(), '-'), 4)"
    request = definition(stack)["States"]["Tune"]["Parameters"]
    assert request["HyperParameterTuningJobName.$"] == f"States.Format('tune-{{}}', {tail})"


@pytest.mark.parametrize(("action", "room"), [(TRAINING_JOB, 26), (TUNING_JOB, 19)], ids=lambda value: str(value)[:3])
def test_unique_prefix_leaves_room_for_the_random_part(stack, action, room):
    assert unique_prefix_max(action.name_max) == room
    job(stack, action, "Fits", job_name=JobName.unique("a" * room))

    with pytest.raises(InvalidInputError, match=f"prefix must have 1 to {room} characters"):
        job(stack, action, "Long", job_name=JobName.unique("a" * (room + 1)))


@every_action
def test_default_prefix_of_the_longest_construct_id_still_leaves_room(stack, action):
    if action.verb == "Create":
        job(stack, action, "Train the Model of every Customer in every Region, and do it well"[:64])


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("Train", "train"), ("Train it, now!", "train-it-now"), ("Übung", "bung"), ("!!!", "job"), ("a" * 30, "a" * 26)],
)
def test_default_prefix_is_made_of_the_construct_id(text, prefix):
    assert slug(text, 26) == prefix


def test_jobs_of_a_pipeline_stack_share_one_prefix_and_one_statement(app):
    stack = PipelineStack(app, "Churn")
    one = TrainingJob(stack, "One", parameters=REQUESTS["createTrainingJob"])
    stack.run(one.next(TrainingJob(stack, "Two", parameters=REQUESTS["createTrainingJob"])))

    states = definition(stack)["States"]
    names = [states[name]["Parameters"]["TrainingJobName.$"] for name in ("One", "Two")]
    assert names == [f"States.Format('churn-{name}-{{}}', States.UUID())" for name in ("one", "two")]
    granted = [s["Resource"] for s in state_machine_policy(stack) if "sagemaker:CreateTrainingJob" in s["Action"]]
    assert [resource.rpartition("/")[2] for resource in granted] == ["churn-*"]


def test_fixed_name_in_a_pipeline_keeps_its_own_grant(app):
    stack = PipelineStack(app, "Churn")
    stack.run(TrainingJob(stack, "One", parameters=REQUESTS["createTrainingJob"], job_name="nightly"))

    granted = [s["Resource"] for s in state_machine_policy(stack) if "sagemaker:CreateTrainingJob" in s["Action"]]
    assert [resource.rpartition("/")[2] for resource in granted] == ["nightly*"]


def test_capitals_are_granted_in_both_spellings_where_sagemaker_lowers_them(stack, machine):
    machine(job(stack, ENDPOINT, job_name="Churn"))

    created = next(s for s in state_machine_policy(stack) if "sagemaker:CreateEndpoint" in s["Action"])
    names = {resource.rpartition(":")[2] for resource in created["Resource"]}
    assert names == {"endpoint/Churn", "endpoint/churn", "endpoint-config/churn"}


def test_endpoint_to_update_must_be_named(stack):
    with pytest.raises(InvalidInputError, match="job_name is missing; name the endpoint to update"):
        job(stack, ACTIONS[-1], job_name=None)


@pytest.mark.parametrize(
    ("name", "run_time", "suffix"),
    [
        ("States.Format('a{}', $.b)", True, "a*"),
        ("States.Format('{}-a', $.b)", True, "*"),
        ("States.Format('it\\'s {}', $.b)", True, "*"),
        ("$.name", True, "*"),
        ("{% 'churn-' & $states.input.id %}", False, "churn-*"),
        ('{% "churn-" & $uuid() %}', False, "churn-*"),
        ("{% $states.input.id %}", False, "*"),
        ("{% $states.input.id & 'churn-' %}", False, "*"),
    ],
)
def test_only_a_literal_beginning_is_granted(name, run_time, suffix):
    assert arn_suffix(name, run_time=run_time) == suffix


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (JobName.unique(""), "prefix must have 1 to 26 characters"),
        (JobName.unique("my_job"), "prefix has characters SageMaker refuses"),
        (JobName.from_input("name"), "must be late-bound, got 'name'"),
        (JobName.from_input("$.name", prefix="my_job"), "prefix has characters SageMaker refuses"),
        (7, "job_name must be a string, got 7"),
    ],
    ids=str,
)
def test_name_that_cannot_work_fails_and_says_why(stack, name, said):
    with pytest.raises(InvalidInputError, match=said):
        TrainingJob(stack, "Train", parameters=REQUESTS["createTrainingJob"], job_name=name)


def test_name_given_twice_fails(stack):
    parameters = {**REQUESTS["createTrainingJob"], "TrainingJobName.$": "$.name"}
    with pytest.raises(InvalidInputError, match="TrainingJobName is given twice"):
        TrainingJob(stack, "Train", parameters=parameters, job_name="nightly")


def test_stack_of_any_name_gives_a_prefix(app):
    assert isinstance(PipelineStack(app, "A-Very-Long-Name-Of-A-Pipeline-Of-Ours"), Stack)


def test_prefix_known_at_deployment_is_granted_whole(stack, machine):
    prefix = CfnParameter(stack, "Prefix").value_as_string
    _, _, granted = rendered_name(stack, machine, job_name=JobName.unique(prefix))
    assert granted == "${Prefix}-*"


def test_jsonata_that_only_looks_like_a_concatenation_is_granted_nothing_of_it():
    assert arn_suffix("{% 'a' & $states.input.x ? 'b' : 'c' %}", run_time=False) == "*"


@pytest.mark.parametrize("name", ["Train/it", 'Train "big"', "Größe", "it's", "a`b", "Train [it]", "$x", "a.b, c"])
@pytest.mark.parametrize("language", [None, sfn.QueryLanguage.JSONATA], ids=["JSONPath", "JSONata"])
def test_any_construct_id_makes_states_that_find_each_other(app, name, language):
    stack = PipelineStack(app, "Stack")
    train = TrainingJob(stack, name, parameters=REQUESTS["createTrainingJob"], query_language=language)
    model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts, query_language=language)
    gate = QualityGate(stack, f"{name}?", train.final_metric("auc") > 0.5)
    stack.run(train.next(gate).next(model))

    states = definition(stack)["States"]
    caught = [catcher["Next"] for state in states.values() for catcher in state.get("Catch", [])]
    assert {*caught, *(state["Next"] for state in states.values() if "Next" in state)} <= set(states)
    with Rehearsal.of(stack) as rehearsal:
        rehearsal.script(name.replace("/", "--"), Metrics(auc=0.9))
        run = rehearsal.start()
    assert run.succeeded, run
