"""Bad input is refused in the constructor: where, what, what was given, what to do; and nothing is left behind."""

from __future__ import annotations

import inspect
import re

from constructs_sm import (
    CreateEndpoint,
    CreateEndpointConfig,
    CreateModel,
    CreateModelPackage,
    InvalidInputError,
    JobPipeline,
    LabelingJob,
    OutputCheck,
    PipelineApp,
    ProcessingJob,
    RetryPolicy,
    SageMakerTask,
    TrainingJob,
    TransformJob,
    TuningJob,
    UpdateEndpoint,
    acknowledge,
    diagram,
    synthesize,
)
from constructs_sm.actions import ACTIONS, MODEL, TRAINING_JOB
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from conftest import every_action
from every_action import IMAGE, REQUESTS, job

TRAINING = REQUESTS["createTrainingJob"]
RUN_JOB = sfn.IntegrationPattern.RUN_JOB
CALLBACK = sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN
JSONATA = sfn.QueryLanguage.JSONATA
JOBS = [
    *(CreateEndpoint, CreateEndpointConfig, UpdateEndpoint, LabelingJob, CreateModel),
    *(ProcessingJob, TrainingJob, TransformJob, TuningJob),
]


@every_action
def test_job_without_a_request_fails_and_leaves_nothing(stack, action):
    children = len(stack.node.children)
    with pytest.raises(InvalidInputError, match=r"'Stack/Job': .* is missing|'Stack/Job':\n") as caught:
        job(stack, action, parameters=None, job_name="churn")

    assert len(stack.node.children) == children
    assert all("is missing" in problem.what for problem in caught.value.problems)


@pytest.mark.parametrize("made", [*JOBS, CreateModelPackage], ids=lambda made: made.__name__)
def test_field_that_is_missing_is_asked_for_as_an_argument(stack, made):
    # Not of the class: jsii's metaclass hides the signature.
    arguments = set(inspect.signature(made.__init__).parameters)
    named = {
        argument
        for hint in made._ARGUMENT_OF.values()  # noqa: SLF001  (what it says is seen below)
        for argument in re.findall(r"(\w+)=", hint)
    }
    assert named <= arguments

    with pytest.raises(InvalidInputError) as caught:
        made(stack, "Job", tags={"a": "b"}) if "tags" in arguments else made(stack, "Job")
    assert [p.use for p in caught.value.problems if not re.match(r"pass \w+=|name the endpoint", p.use)] == []


def test_field_that_parameters_leave_out_is_asked_for_as_they_have_it(stack):
    with pytest.raises(InvalidInputError, match="OutputDataConfig is missing; SageMaker requires it"):
        TrainingJob(stack, "Job", parameters={key: TRAINING[key] for key in TRAINING if key != "OutputDataConfig"})


def test_the_same_id_is_free_after_a_failure(stack):
    with pytest.raises(InvalidInputError):
        TrainingJob(stack, "Train", image=IMAGE)

    TrainingJob(stack, "Train", parameters=TRAINING)


@pytest.mark.parametrize("action", [row for row in ACTIONS if not row.sync], ids=lambda row: row.api)
def test_waiting_for_what_cannot_be_waited_for_fails_and_names_the_patterns(stack, action):
    with pytest.raises(
        InvalidInputError,
        match=(
            f"{action.api} does not offer this integration_pattern, got 'RUN_JOB'; "
            "use one of REQUEST_RESPONSE, WAIT_FOR_TASK_TOKEN"
        ),
    ):
        job(stack, action, integration_pattern=RUN_JOB)


@every_action
def test_callback_without_its_token_fails_and_says_where_to_put_it(stack, action):
    with pytest.raises(InvalidInputError, match=r"nobody gets the task token; put sfn.JsonPath.task_token"):
        job(stack, action, integration_pattern=CALLBACK)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"integration_pattern": "sync"}, "does not offer this integration_pattern, got 'sync'"),
        ({"retry": None}, "retry must be a sequence of RetryPolicy, got None"),
        ({"retry": [{"ErrorEquals": ["A"]}]}, "retry must be a sequence of RetryPolicy"),
        (
            {"retry": [RetryPolicy(errors="States.ALL"), RetryPolicy(errors="A.B")]},
            "States.ALL must come last",
        ),
        (
            {"task_timeout": "1h"},
            r"task_timeout must be a Duration of whole seconds, got '1h'; pass Duration.hours\(1\)",
        ),
        ({"heartbeat_timeout": 60}, "heartbeat_timeout needs a holder of the task token, got 'RUN_JOB'"),
        ({"output_check": "completed"}, "output_check must be an OutputCheck, got 'completed'"),
        ({"role": "arn:aws:iam::123456789012:role/execution"}, "role must be an iam.IRole, got 'arn:aws"),
        *(
            ({"result_path": path}, f"result_path must be a path to one place, got {re.escape(repr(path))}")
            for path in ("Train", "$$.x", "$..x", "$.*", "$.a b", "$.a[*]", "$.a.")
        ),
        ({"result_selector": {"Arn.$": "$.TrainingJobArn"}}, "result_selector drops what is checked"),
        ({"keep": 5}, "keep must be a list of fields, got 5; write"),
        ({"state_output": {}}, "state_output is JSONata, got {}"),
        ({"parameters": ["TrainingJobName"]}, "parameters must be a mapping"),
        ({"instance_typ": "ml.m5.xlarge"}, "unknown argument, got 'instance_typ'; did you mean instance_type?"),
        ({"retries": ()}, "unknown argument, got 'retries'; did you mean retry?"),
        ({"inputs": "s3://data/"}, "inputs must be a mapping, got 's3://data/'"),
        ({"subnets": ["subnet-1"]}, "a job in a VPC needs security groups"),
        ({"tags": ["a"]}, r"Tags\[0\] must be a mapping, got 'a'"),
        ({"environment": {"A": object()}}, "Environment.A cannot be part of a request"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_argument_fails_and_names_it(stack, arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        TrainingJob(stack, "Train", **{"parameters": TRAINING, **arguments})

    assert stack.node.try_find_child("Train") is None


def test_all_problems_are_said_at_once(stack):
    with pytest.raises(InvalidInputError) as caught:
        TrainingJob(
            stack,
            "Train",
            parameters=TRAINING,
            job_name="my_job",
            task_timeout=0,
            retry=7,
            integration_pattern=CALLBACK,
        )

    assert caught.value.where == "TrainingJob 'Stack/Train'"
    assert len(caught.value.problems) == 4
    assert str(caught.value).count("\n  - ") == 4


def test_field_given_both_ways_fails_and_shows_both(stack):
    with pytest.raises(
        InvalidInputError, match=r"ResourceConfig.InstanceType is given twice, got \['ml.m5.large', 'ml.m5.xlarge'\]"
    ):
        TrainingJob(stack, "Train", instance_type="ml.m5.large", parameters=TRAINING)


def test_field_given_late_and_literally_fails(stack):
    parameters = {"ModelName.$": "$.model"}
    with pytest.raises(InvalidInputError, match="ModelName is given twice"):
        TransformJob(stack, "Score", model="churn", parameters=parameters)


def test_role_given_both_ways_fails(stack):
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/execution")
    parameters = {**TRAINING, "RoleArn": "arn:aws:iam::123456789012:role/other"}
    with pytest.raises(InvalidInputError, match="RoleArn is given twice"):
        TrainingJob(stack, "Train", role=role, parameters=parameters)


def test_misspelt_field_of_the_request_gets_a_suggestion(stack):
    with pytest.raises(InvalidInputError, match=r"HyperParamters is not a field .*did you mean HyperParameters\?"):
        TrainingJob(stack, "Train", parameters={**TRAINING, "HyperParamters": {}})


def test_misspelt_instance_type_gets_a_suggestion(stack):
    with pytest.raises(InvalidInputError, match=r"InstanceType .* got 'ml.m5.xlrge'; did you mean ml.m5.xlarge\?"):
        ProcessingJob(stack, "Prepare", image=IMAGE, instance_type="ml.m5.xlrge")


def test_number_as_a_raw_hyperparameter_says_how_to_write_it(stack):
    with pytest.raises(InvalidInputError, match=r"HyperParameters.eta must be a string, got 0.1; write '0.1'"):
        TrainingJob(stack, "Train", parameters={**TRAINING, "HyperParameters": {"eta": 0.1}})


def test_construct_id_that_is_too_long_for_a_state_fails(stack):
    with pytest.raises(InvalidInputError, match=r"the construct id names the states, got 'aaa.*use 1 to 64 characters"):
        TrainingJob(stack, "a" * 65, parameters=TRAINING)


def test_range_that_is_none_fails(stack):
    with pytest.raises(InvalidInputError, match=r"ranges\['eta'\] is no range, got 0.1; pass \(lowest, highest\)"):
        TuningJob(stack, "Tune", image=IMAGE, ranges={"eta": 0.1})


def test_check_of_a_result_that_is_thrown_away_fails(stack):
    with pytest.raises(InvalidInputError, match="the output is not kept"):
        TrainingJob(stack, "Train", parameters=TRAINING, result_path=sfn.JsonPath.DISCARD)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"parameters": {**TRAINING, "TrainingJobName.$": "$.name"}}, "TrainingJobName is JSONPath in a JSONata state"),
        ({"parameters": TRAINING, "result_selector": {}}, "result_selector is JSONPath"),
        ({"parameters": TRAINING, "result_path": "$.a.b"}, "result_path must name one key in a JSONata state"),
        ({"parameters": TRAINING, "state_output": {}}, "the output is not kept"),
    ],
    ids=["a path", "a selector", "a deep path", "own output"],
)
def test_jsonpath_in_a_jsonata_job_fails(stack, arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        TrainingJob(stack, "Train", query_language=JSONATA, **arguments)


def test_jsonata_in_a_jsonpath_job_fails_and_says_what_to_pass(stack):
    parameters = {**TRAINING, "TrainingJobName": "{% $states.input.name %}"}
    with pytest.raises(InvalidInputError, match=r"TrainingJobName is JSONata in a JSONPath state.*query_language"):
        TrainingJob(stack, "Train", parameters=parameters)


@pytest.mark.parametrize("argument", ["command_arguments", "environment"])
def test_path_inside_a_text_is_formatted(stack, machine, argument):
    text = sfn.JsonPath.format("{}-x", sfn.JsonPath.string_at("$.date")) + "/"
    value = ["--date", text] if argument == "command_arguments" else {"DATE": text}
    machine(ProcessingJob(stack, "Prepare", image=IMAGE, instance_type="ml.m5.xlarge", **{argument: value}))
    request = definition(stack)["States"]["Prepare"]["Parameters"]
    formatted = "States.Format('{}-x/', $.date)"
    if argument == "environment":
        assert request["Environment"] == {"DATE.$": formatted}
    else:
        assert request["AppSpecification"]["ContainerArguments.$"] == f"States.Array('--date', {formatted})"


def test_job_outside_of_any_stack_fails():
    with pytest.raises(InvalidInputError, match="the scope is not inside a Stack"):
        CreateModel(App(), "Model", parameters=REQUESTS["createModel"])


def test_task_alone_is_checked_but_for_the_fields_of_its_request(stack):
    SageMakerTask(stack, "Task", action=TRAINING_JOB, parameters={})

    with pytest.raises(InvalidInputError, match="createModel does not offer"):
        SageMakerTask(stack, "Other", action=MODEL, parameters={}, integration_pattern=RUN_JOB)


def test_documented_check_needs_no_status_in_a_selector(stack):
    selector = {"TrainingJobArn.$": "$.TrainingJobArn"}
    check = OutputCheck.documented()
    TrainingJob(stack, "Train", parameters=TRAINING, result_selector=selector, output_check=check)


def test_pipeline_is_run_once_and_not_before(stack):
    pipeline = JobPipeline(stack, "Pipeline")
    with pytest.raises(InvalidInputError, match="nothing runs yet"):
        _ = pipeline.state_machine
    pipeline.run(sfn.Pass(stack, "One"))

    with pytest.raises(InvalidInputError, match="the pipeline runs something already, got 'Two'"):
        pipeline.run(sfn.Pass(stack, "Two"))


def test_pipeline_that_is_never_run_fails_at_synthesis(app, stack):
    JobPipeline(stack, "Pipeline")

    with pytest.raises(RuntimeError, match="nothing runs yet"):
        app.synth()


def test_alert_to_no_address_fails(stack):
    with pytest.raises(InvalidInputError, match=r"alert_emails cannot be used, got 'ml@example.com'"):
        JobPipeline(stack, "Pipeline", alert_emails="ml@example.com")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"query_language": "JSONata"}, "query_language must be a QueryLanguage, got 'JSONata'"),
        ({"assign": 5}, "assign must be a mapping, got 5"),
        ({"result_selector": 5}, "result_selector must be a mapping, got 5"),
        ({"comment": 5}, "comment must be a string, got 5"),
        ({"retry": ""}, "retry must be a sequence of RetryPolicy, got ''"),
        ({"task_timeout": Duration.millis(1500)}, "task_timeout must be a Duration of whole seconds"),
        ({"task_timeout": Duration.seconds(0)}, "task_timeout must be a Duration of whole seconds"),
        ({"max_runtime": Duration.millis(1)}, "StoppingCondition.MaxRuntimeInSeconds"),
        ({"vpc": 5, "security_groups": ["sg-1"]}, "subnets of no VPC, got 5"),
        ({"hyperparameters": {"rate": float("inf")}}, "HyperParameters.rate must be a finite number, got inf"),
        ({"hyperparameters": {"rate": float("nan")}}, "HyperParameters.rate must be a finite number, got nan"),
        ({"environment": {"A": None}}, "Environment.A has no value, got None"),
    ],
    ids=lambda value: value if isinstance(value, str) else ", ".join(value),
)
def test_argument_the_cdk_would_stumble_over_fails_before(stack, arguments, said):
    before = len(stack.node.find_all())
    with pytest.raises(InvalidInputError, match=said):
        TrainingJob(stack, "Train", parameters=TRAINING, **arguments)

    assert len(stack.node.find_all()) == before


def test_token_that_is_mere_text_is_no_token(stack):
    with pytest.raises(InvalidInputError, match="nobody gets the task token"):
        TrainingJob(
            stack,
            "Train",
            parameters={**TRAINING, "Environment": {"TOKEN": "$$.Task.Token"}},
            integration_pattern=CALLBACK,
        )


def test_second_construct_of_an_id_leaves_no_role_behind(stack):
    sfn.Pass(stack, "Train")
    before = len(stack.node.find_all())
    with pytest.raises(RuntimeError, match="already a Construct with name 'Train'"):
        TrainingJob(stack, "Train", parameters=TRAINING)

    assert len(stack.node.find_all()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        {"timeout": "PT6H"},
        {"schedule": "rate(1 day)"},
        {"log_retention": 30},
        {"role": "arn:aws:iam::123456789012:role/states"},
        {"topic": "arn:aws:sns:us-east-1:123456789012:topic"},
        {"definition": "x"},
        {"alert_emails": ["ml"]},
    ],
    ids=str,
)
def test_wrong_argument_of_a_pipeline_fails_before_anything_is_made(stack, arguments):
    with pytest.raises(InvalidInputError, match=f"'Stack/Pipeline': {next(iter(arguments))} cannot be used"):
        JobPipeline(stack, "Pipeline", **arguments)

    assert stack.node.try_find_child("Pipeline") is None


@pytest.mark.parametrize("errors", [5, None, ()], ids=str)
def test_errors_of_a_policy_that_are_none_fail(errors):
    with pytest.raises(InvalidInputError, match="errors must be error names"):
        RetryPolicy(errors=errors)


NO_CONSTRUCT = "scope is no construct, got 5; pass an app, a stack, a construct in one, or a job"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: OutputCheck.completed(error=5), "OutputCheck.completed: error must be the name of an error, got 5"),
        (lambda: OutputCheck.documented(cause=5), "OutputCheck.documented: cause must be a sentence, got 5"),
        (lambda: acknowledge(5, "gzip-needs-pipe", "our container unpacks"), f"acknowledge '': {NO_CONSTRUCT}"),
        (lambda: synthesize(5), "synthesize: app must be an App, got 5; pass one"),
        (lambda: PipelineApp(context=5), "PipelineApp: context must be a dict, got 5; pass one"),
        (lambda: diagram.mermaid({}), "diagram: the definition needs States, got 'none'"),
        (
            lambda: diagram.svg({"StartAt": "A", "States": {"A": {}}}),
            "diagram: state 'A' must be an object with a Type",
        ),
    ],
    ids=["check", "documented check", "acknowledge", "synthesize", "app", "nothing drawn", "no state drawn"],
)
def test_call_with_what_it_cannot_use_says_so(call, said):
    with pytest.raises(InvalidInputError, match=re.escape(said)):
        call()
