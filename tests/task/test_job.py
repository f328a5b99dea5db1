"""The job as a fragment: three states that fit wherever a state fits."""

from __future__ import annotations

import json
import re

from constructs_sm import (
    Approval,
    FailureHandler,
    FanOut,
    InvalidInputError,
    OutputCheck,
    ParallelJobs,
    RetryPolicy,
    SageMakerTask,
    TrainingJob,
    retry,
)
from constructs_sm.actions import ACTIONS, TRAINING_JOB
from constructs_sm.testing import Failed, Rehearsal, definition, state_machine_policy

import pytest
from aws_cdk import CfnParameter, Duration
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Annotations, Match, Template
from conftest import every_action
from constructs import Construct
from every_action import REQUESTS, every_job, job

TRAINING = REQUESTS["createTrainingJob"]
JSONATA = sfn.QueryLanguage.JSONATA


def train(scope, construct_id="Train", **arguments):
    return TrainingJob(scope, construct_id, parameters=TRAINING, **arguments)


def actions_granted(stack):
    return {
        action
        for statement in state_machine_policy(stack)
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if action.startswith("sagemaker:")
    }


@every_action
def test_job_is_a_task_a_check_and_a_fail(stack, machine, action):
    machine(job(stack, action).next(sfn.Pass(stack, "After")))

    states = definition(stack)["States"]
    first, described = "Job: ValidateOutput", set()
    if action.api == "createLabelingJob":
        # Nobody has shown what was labeled in the output that is handed on.
        first, described = "Job: Describe", {"Job: Describe"}
    assert set(states) == {"Job", "Job: ValidateOutput", "Job: InvalidOutput", "After"} | described
    suffix = ".sync" if action.sync else ""
    assert states["Job"]["Resource"] == f"arn:${{AWS::Partition}}:states:::sagemaker:{action.api}{suffix}"
    assert states["Job"]["Next"] == first
    assert states["Job: ValidateOutput"]["Default"] == "Job: InvalidOutput"
    assert [choice["Next"] for choice in states["Job: ValidateOutput"]["Choices"]] == ["After"]


RESULTS = {
    "createHyperParameterTuningJob": " and BestTrainingJob.TrainingJobName",
    "createLabelingJob": (
        " and ($type(Described.LabelCounters.TotalLabeled) = 'number'"
        " ? Described.LabelCounters.TotalLabeled > 0 : false)"
    ),
}
"""What a job must have come to, besides its status."""


@every_action
def test_check_wants_arn_and_where_there_is_one_the_success_status(stack, machine, action):
    machine(job(stack, action))

    check = definition(stack)["States"]["Job: ValidateOutput"]
    (rule,) = check["Choices"]
    status = f"{action.noun}Status = 'Completed'" if action.sync else "true"
    assert check["QueryLanguage"] == "JSONata"
    wanted = f"{action.arn_field} and {status}{RESULTS.get(action.api, '')}"
    assert rule["Condition"] == f"{{% $states.input.Job.({wanted}) %}}"


def test_jobs_chain_without_a_state_between_them(stack, machine):
    machine(train(stack, "A").next(train(stack, "B")).next(train(stack, "C")))

    states = definition(stack)["States"]
    assert [choice["Next"] for name in "ABC" for choice in states[f"{name}: ValidateOutput"]["Choices"]] == [
        "B",
        "C",
        "C: Succeed",
    ]


def test_a_chain_of_somebody_else_takes_a_job_in(stack, machine):
    before, after = sfn.Pass(stack, "Before"), sfn.Succeed(stack, "After")
    machine(sfn.Chain.start(before).next(train(stack)).next(after))

    states = definition(stack)["States"]
    assert states["Before"]["Next"] == "Train"
    assert states["Train: ValidateOutput"]["Choices"][0]["Next"] == "After"


def test_unchecked_job_is_its_task_alone(stack, machine):
    machine(train(stack, output_check=None))

    states = definition(stack)["States"]
    assert set(states) == {"Train"}
    assert states["Train"]["End"] is True


def inside_map(stack, inner):
    return sfn.Map(stack, "Each", items_path="$.items").item_processor(inner)


def inside_distributed_map(stack, inner):
    items = sfn.JsonPath.string_at("$.items")
    return sfn.DistributedMap(stack, "Each", items_path=items).item_processor(inner)


def inside_parallel(stack, inner):
    return sfn.Parallel(stack, "Each").branch(inner)


@pytest.mark.parametrize("inside", [inside_map, inside_distributed_map, inside_parallel], ids=lambda f: f.__name__)
def test_job_ends_itself_and_is_granted_inside(stack, machine, inside):
    machine(inside(stack, train(stack)))

    state = definition(stack)["States"]["Each"]
    (inner,) = state["Branches"] if "Branches" in state else [state["ItemProcessor"]]
    assert inner["States"]["Train: ValidateOutput"]["Choices"][0]["Next"] == "Train: Succeed"
    assert inner["States"]["Train: Succeed"] == {"Type": "Succeed"}
    assert "sagemaker:CreateTrainingJob" in actions_granted(stack)


def test_job_becomes_one_state(stack, machine):
    machine(sfn.Chain.start(train(stack).to_single_state(state_id="One")).next(sfn.Pass(stack, "After")))

    states = definition(stack)["States"]
    assert set(states) == {"One", "After"}
    (branch,) = states["One"]["Branches"]
    assert branch["StartAt"] == "One: Train"
    assert branch["States"]["One: Train: ValidateOutput"]["Choices"][0]["Next"] == "One: Train: Succeed"
    assert "sagemaker:CreateTrainingJob" in actions_granted(stack)


def test_prefix_reaches_every_state(stack, machine):
    machine(train(stack).prefix_states("Nightly "))

    names = {"Nightly Train", "Nightly Train: ValidateOutput", "Nightly Train: InvalidOutput", "Nightly Train: Succeed"}
    assert set(definition(stack)["States"]) == names


def test_two_jobs_of_one_name_live_side_by_side_with_prefixes(stack, machine):
    both = sfn.Parallel(stack, "Both")
    for side in ("Left", "Right"):
        both.branch(train(Construct(stack, side)).prefix_states(f"{side}: "))
    machine(both)

    left, right = definition(stack)["States"]["Both"]["Branches"]
    assert (left["StartAt"], right["StartAt"]) == ("Left: Train", "Right: Train")


def test_a_task_alone_is_a_plain_state_with_its_grants(stack, machine):
    task = SageMakerTask(stack, "Train", action=TRAINING_JOB, parameters=TRAINING)
    machine(task.next(sfn.Pass(stack, "After")))

    assert definition(stack)["States"]["Train"]["Next"] == "After"
    assert "sagemaker:CreateTrainingJob" in actions_granted(stack)


def test_state_machine_waits_for_its_policy(stack, machine):
    machine(train(stack))

    (resource,) = Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    assert any("Policy" in logical_id for logical_id in resource["DependsOn"])


def test_all_nine_fit_into_one_state_machine(stack, machine):
    first, *rest = every_job(stack)
    chain = first
    for following in rest:
        chain = chain.next(following)
    machine(chain)

    tasks = [
        state for state in definition(stack)["States"].values() if ":sagemaker:create" in str(state.get("Resource"))
    ]
    updates = [
        state for state in definition(stack)["States"].values() if ":sagemaker:update" in str(state.get("Resource"))
    ]
    assert len(tasks) + len(updates) == len(ACTIONS)


def test_error_handler_is_reached_by_a_catch_of_the_task(stack, machine):
    handler = sfn.Fail(stack, "Tell")
    machine(train(stack).add_catch(handler, errors=["States.TaskFailed"], result_path="$.error"))

    assert definition(stack)["States"]["Train"]["Catch"] == [
        {"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Tell"}
    ]


def test_retries_stand_in_the_state_as_given(stack, machine):
    policy = RetryPolicy(errors=("A.B",), interval_seconds=3, max_attempts=4, backoff_rate=1.5)
    machine(train(stack, retry=(policy,)))

    assert definition(stack)["States"]["Train"]["Retry"] == [
        {"ErrorEquals": ["A.B"], "IntervalSeconds": 3, "MaxAttempts": 4, "BackoffRate": 1.5}
    ]


def test_default_retries_are_those_of_the_module(stack, machine):
    machine(train(stack))

    assert definition(stack)["States"]["Train"]["Retry"] == [policy.to_state() for policy in retry.DEFAULT]


def test_no_retries_leave_no_trace(stack, machine):
    machine(train(stack, retry=()))

    assert "Retry" not in definition(stack)["States"]["Train"]


def test_timeout_and_comment_stand_in_the_state(stack, machine):
    machine(train(stack, task_timeout=Duration.hours(2), comment="nightly"))

    task = definition(stack)["States"]["Train"]
    assert (task["TimeoutSeconds"], task["Comment"]) == (7200, "nightly")


@pytest.mark.parametrize(
    ("result_path", "rendered"),
    [
        (None, "$.Train"),
        ("$.results.train", "$.results.train"),
        ("$", None),
        ("entire_payload", None),
    ],
    ids=["default", "a path", "the whole payload", "the CDK's constant"],
)
def test_result_goes_where_it_is_told(stack, machine, result_path, rendered):
    path = sfn.JsonPath.entire_payload if result_path == "entire_payload" else result_path
    machine(train(stack, result_path=path))

    states = definition(stack)["States"]
    assert states["Train"].get("ResultPath") == rendered
    (rule,) = states["Train: ValidateOutput"]["Choices"]
    place = (rendered or "$").removeprefix("$")
    assert rule["Condition"].startswith(f"{{% $states.input{place}.(TrainingJobArn and ")


def test_discarded_result_renders_as_null(stack, machine):
    machine(train(stack, result_path=sfn.JsonPath.DISCARD, output_check=None))

    assert definition(stack)["States"]["Train"]["ResultPath"] is None


def test_name_that_is_no_plain_key_is_quoted_in_paths(stack, machine):
    machine(train(stack, "Train it - now"))

    states = definition(stack)["States"]
    assert states["Train it - now"]["ResultPath"] == "$['Train it - now']"


def test_callback_hands_out_its_token_and_says_that_aws_does_not_support_it(stack, machine):
    parameters = {**TRAINING, "Environment": {"TASK_TOKEN.$": "$$.Task.Token"}}
    machine(
        TrainingJob(
            stack,
            "Train",
            parameters=parameters,
            integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            heartbeat_timeout=Duration.minutes(10),
        )
    )

    task = definition(stack)["States"]["Train"]
    assert task["Resource"].endswith(":sagemaker:createTrainingJob.waitForTaskToken")
    assert task["HeartbeatSeconds"] == 600
    assert actions_granted(stack) == {"sagemaker:CreateTrainingJob", "sagemaker:ListTags", "sagemaker:AddTags"}
    Annotations.from_stack(stack).has_warning("*", Match.string_like_regexp("waitForTaskToken is not supported"))


def test_token_of_the_cdk_is_found_in_the_request(stack):
    TrainingJob(
        stack,
        "Train",
        parameters={**TRAINING, "Environment": {"TASK_TOKEN": sfn.JsonPath.task_token}},
        integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    )


def test_a_job_goes_on_once(stack):
    chained = train(stack)
    chained.next(sfn.Pass(stack, "A"))

    with pytest.raises(InvalidInputError, match="it goes on to 'A' already, got 'B'"):
        chained.next(sfn.Pass(stack, "B"))


def test_check_of_its_own_error_fails_with_that(stack, machine):
    machine(train(stack, output_check=OutputCheck.completed(error="NotTrained")))

    assert definition(stack)["States"]["Train: InvalidOutput"]["Error"] == "NotTrained"


def test_jsonata_job_says_all_of_it_in_jsonata(stack, machine):
    machine(train(stack, query_language=sfn.QueryLanguage.JSONATA))

    states = definition(stack)["States"]
    assert states["Train"]["QueryLanguage"] == "JSONata"
    assert states["Train"]["Arguments"]["TrainingJobName"] == "{% 'train-' & $uuid() %}"
    kept = [
        "TrainingJobName",
        "TrainingJobArn",
        "TrainingJobStatus",
        "FailureReason",
        "ModelArtifacts",
    ]
    fields = ", ".join(f"'{name}': {name}" for name in kept)
    assert states["Train"]["Output"] == f"{{% $merge([$states.input, {{'Train': $states.result.{{{fields}}}}}]) %}}"
    assert "Parameters" not in states["Train"]
    assert "ResultPath" not in states["Train"]
    assert states["Train: ValidateOutput"]["Choices"][0]["Condition"].startswith("{% $states.input.Train.(")
    assert states["Train: InvalidOutput"]["Cause"].startswith("{% ")
    assert "$." not in json.dumps(states["Train"])


@pytest.mark.parametrize("check", [OutputCheck.completed(), None], ids=["checked", "unchecked"])
def test_choice_of_somebody_else_goes_on_after_a_job_in_a_branch(stack, machine, check):
    choice = sfn.Choice(stack, "New data?")
    choice.when(sfn.Condition.is_present("$.new"), train(stack, output_check=check)).otherwise(sfn.Pass(stack, "Keep"))
    machine(choice.afterwards().next(sfn.Pass(stack, "Deploy")))

    states = definition(stack)["States"]
    following = states["Train"]["Next"] if check is None else states["Train: ValidateOutput"]["Choices"][0]["Next"]
    assert (following, states["Keep"]["Next"]) == ("Deploy", "Deploy")


def test_job_becomes_one_state_of_its_own_name(stack, machine):
    machine(train(stack).to_single_state())

    states = definition(stack)["States"]
    assert set(states) == {"Train"}
    assert states["Train"]["Branches"][0]["StartAt"] == "Train: Train"


def test_chain_becomes_one_state(stack, machine):
    machine(train(stack).next(sfn.Pass(stack, "After")).to_single_state("Both"))

    assert set(definition(stack)["States"]["Both"]["Branches"][0]["States"]) >= {"Train", "After"}


def test_chain_that_has_ended_does_not_go_on(stack):
    ended = train(stack).next(sfn.Succeed(stack, "Done"))

    with pytest.raises(InvalidInputError, match="nothing goes on, got 'After'"):
        ended.next(sfn.Pass(stack, "After"))


def in_a_map(stack, **language):
    return sfn.Map(stack, "Each").item_processor(train(stack, **language))


def in_a_fan_out(stack):
    return FanOut(stack, "Each", train(stack), items=[1], query_language=JSONATA)


def handled(stack, **language):
    return FailureHandler(stack, "JobFailed").catch(train(stack, **language))


def without_check(stack, **language):
    return train(stack, output_check=None, **language)


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (train, ["Train"]),
        (without_check, ["Train"]),
        (in_a_map, ["Train"]),
        (in_a_fan_out, ["Train"]),
        (handled, ["Train"]),
        (lambda stack: FanOut(stack, "Each", train(stack), items=[1], distributed=True), ["Each", "Train"]),
        (lambda stack: train(stack).to_single_state(), ["Train: Train"]),
        (lambda stack: ParallelJobs(stack, "Both", [train(stack)]), ["Both", "Train"]),
        (lambda stack: Approval(stack, "Ask", notify="a@example.com"), ["Ask: Begin"]),
    ],
    ids=["job", "no check", "Map", "FanOut", "handled", "distributed", "single", "parallel", "approval"],
)
def test_jsonpath_states_in_a_jsonata_machine_are_refused_by_one_rule(stack, machine, made, named):
    machine(made(stack), query_language=JSONATA)

    said = f"JSONata, got {', '.join(named)!r}; make the job, or the FanOut, with query_language=QueryLanguage.JSONATA"
    with pytest.raises(RuntimeError, match=rf"{re.escape(said)}.* \[query-language-of-machine\]") as refused:
        definition(stack)
    assert str(refused.value).count("query-language-of-machine") == 1


@pytest.mark.parametrize("made", [train, in_a_map, handled, without_check])
def test_jsonata_job_in_a_jsonpath_machine_is_taken(stack, machine, made):
    machine(made(stack, query_language=JSONATA))

    assert '"QueryLanguage": "JSONata", ' in json.dumps(definition(stack)["States"])


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        (sfn.JsonPath.number_at("$.n"), "InstanceCount.$", "$.n"),
        ("$.n", "InstanceCount.$", "$.n"),
    ],
    ids=["number_at", "path"],
)
def test_number_known_at_run_time_is_a_path(stack, machine, given, field, value):
    parameters = {**TRAINING, "ResourceConfig": {"InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}}
    machine(TrainingJob(stack, "Train", parameters=parameters, instance_count=given))

    assert definition(stack)["States"]["Train"]["Parameters"]["ResourceConfig"][field] == value


def test_list_known_at_run_time_is_a_path(stack, machine):
    subnets = sfn.JsonPath.list_at("$.subnets")
    machine(train(stack, subnets=subnets, security_groups=["sg-1"]))

    network = definition(stack)["States"]["Train"]["Parameters"]["VpcConfig"]
    assert network == {"SecurityGroupIds": ["sg-1"], "Subnets.$": "$.subnets"}


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        (sfn.JsonPath.string_at("$.rate"), "rate.$", "States.Format('{}', $.rate)"),
        (sfn.JsonPath.number_at("$.rate"), "rate.$", "States.Format('{}', $.rate)"),
        ("$.rate", "rate.$", "States.Format('{}', $.rate)"),
        (1e-3, "rate", "0.001"),
        (False, "rate", "false"),
    ],
    ids=["string_at", "number_at", "path", "number", "boolean"],
)
def test_hyperparameter_is_a_string_whenever_it_comes(stack, machine, given, field, value):
    machine(train(stack, hyperparameters={"rate": given}))

    assert definition(stack)["States"]["Train"]["Parameters"]["HyperParameters"] == {field: value}


def test_hyperparameter_known_at_deployment_is_a_string(stack, machine):
    rounds = CfnParameter(stack, "Rounds", type="Number").value_as_number
    machine(train(stack, hyperparameters={"rounds": rounds}))

    assert definition(stack)["States"]["Train"]["Parameters"]["HyperParameters"] == {"rounds": "${Rounds}"}


def test_number_known_at_deployment_is_shown_as_a_reference(stack, machine):
    count = CfnParameter(stack, "Count", type="Number").value_as_number
    parameters = {**TRAINING, "ResourceConfig": {"InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}}
    machine(TrainingJob(stack, "Train", parameters=parameters, instance_count=count))

    assert definition(stack)["States"]["Train"]["Parameters"]["ResourceConfig"]["InstanceCount"] == "${Count}"


def test_variable_of_the_cdk_is_a_path(stack, machine):
    machine(train(stack, assign={"arn": sfn.JsonPath.string_at("$.TrainingJobArn")}))

    assert definition(stack)["States"]["Train"]["Assign"] == {"arn.$": "$.TrainingJobArn"}


@pytest.mark.parametrize("path", ["$.errors", "$.errors.train", "$.errors['of training'].last"])
@pytest.mark.parametrize("language", [None, sfn.QueryLanguage.JSONATA], ids=["JSONPath", "JSONata"])
def test_error_that_is_caught_is_put_where_result_path_says(stack, machine, path, language):
    train = TrainingJob(stack, "Train", parameters=TRAINING, query_language=language)
    train.add_catch(sfn.Pass(stack, "Caught"), result_path=path)
    machine(train)

    with Rehearsal.of(stack) as rehearsal:
        rehearsal.script("Train", Failed("no rows"))
        found = rehearsal.start({"kept": 1, "errors": {"earlier": 2, "of training": {"first": 3}}}).output
    assert found["kept"] == 1
    for step in re.findall(r"[a-z][a-z ]*", path):
        found = found[step]
    assert found["Error"] == "States.TaskFailed"
