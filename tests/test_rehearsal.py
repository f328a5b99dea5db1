"""The harness itself: what the other tests take for granted about the interpreter, the script and the policy."""

from __future__ import annotations

import json
from typing import Any

from constructs_sm.actions import ACTIONS
from constructs_sm.requests import problems
from constructs_sm.testing import (
    MISSING,
    AccessDenied,
    Failed,
    InUse,
    LimitExceeded,
    Output,
    Refused,
    Rehearsal,
    Run,
    Step,
    Stopped,
    Throttled,
    TimedOut,
    grants,
    resolved,
    without,
)
from constructs_sm.testing.interpreter import Interpreter, InvalidDefinitionError
from constructs_sm.testing.needs import Need
from constructs_sm.testing.policy import allows

import boto3
import botocore.session
import pytest
from botocore.validate import ParamValidator

ROLE = "arn:aws:iam::123456789012:role/Execution"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
S3_INPUT = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}

TRAINING_DEFINITION = {
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": CLUSTER,
    "RoleArn": ROLE,
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:label"
REQUESTS: dict[str, dict[str, Any]] = {
    "createTrainingJob": {"TrainingJobName": "Nightly", **TRAINING_DEFINITION},
    "createProcessingJob": {
        "ProcessingJobName": "Nightly",
        "AppSpecification": {"ImageUri": IMAGE},
        "ProcessingResources": {"ClusterConfig": CLUSTER},
        "RoleArn": ROLE,
    },
    "createTransformJob": {
        "TransformJobName": "Nightly",
        "ModelName": "model",
        "TransformInput": {"DataSource": S3_INPUT},
        "TransformOutput": {"S3OutputPath": "s3://bucket/out"},
        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
    },
    "createHyperParameterTuningJob": {
        "HyperParameterTuningJobName": "Nightly",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "auc"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
        },
        "TrainingJobDefinition": TRAINING_DEFINITION,
    },
    "createLabelingJob": {
        "LabelingJobName": "Nightly",
        "LabelAttributeName": "label",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://bucket/manifest"}}},
        "OutputConfig": {"S3OutputPath": "s3://bucket/out"},
        "RoleArn": ROLE,
        "HumanTaskConfig": {
            "WorkteamArn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team",
            "UiConfig": {"UiTemplateS3Uri": "s3://bucket/template"},
            "PreHumanTaskLambdaArn": LAMBDA,
            "TaskTitle": "Label",
            "TaskDescription": "Label",
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 600,
            "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": LAMBDA},
        },
    },
    "createModel": {"ModelName": "Nightly", "PrimaryContainer": {"Image": IMAGE}, "ExecutionRoleArn": ROLE},
    "createEndpointConfig": {
        "EndpointConfigName": "Nightly",
        "ProductionVariants": [
            {"VariantName": "All", "ModelName": "model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
        ],
    },
    "createEndpoint": {"EndpointName": "Nightly", "EndpointConfigName": "Config"},
    "updateEndpoint": {"EndpointName": "Nightly", "EndpointConfigName": "Config"},
}
APIS = {action.api: action for action in ACTIONS}
WAITING = [action.api for action in ACTIONS if action.sync]

UNIQUE = "States.Format('nightly-{}', States.UUID())"
THROTTLING = {"ErrorEquals": ["SageMaker.AmazonSageMakerException"], "IntervalSeconds": 2, "BackoffRate": 3}
CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}]


def task(api: str = "createProcessingJob.sync", **fields: Any) -> dict[str, Any]:
    ending = {} if "Next" in fields else {"End": True}
    request = REQUESTS[api.removesuffix(".sync")]
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::sagemaker:{api}",
        **({} if "Arguments" in fields else {"Parameters": request}),
        **fields,
        **ending,
    }


def named(expression: str) -> dict[str, Any]:
    request = dict(REQUESTS["createProcessingJob"])
    del request["ProcessingJobName"]
    return {**request, "ProcessingJobName.$": expression}


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    """The given states, the first of them first, and a Succeed state that catchers lead to."""
    return {"StartAt": next(iter(states)), "States": {**states, "Caught": {"Type": "Succeed"}}}


def rehearsed(definition: dict[str, Any], execution_input: Any = None, **script: list[Step]) -> Run:
    with Rehearsal() as rehearsal:
        for state, steps in script.items():
            rehearsal.script(state, *steps)
        return rehearsal.run(definition, execution_input)


def computed(expression: str, execution_input: Any = None) -> Any:
    state = {"Type": "Pass", "Parameters": {"value.$": expression}, "End": True}
    return rehearsed(machine(Compute=state), execution_input).output["value"]


def test_run_tells_what_the_execution_did() -> None:
    run = rehearsed(machine(Job=task(ResultPath="$.job", Next="After"), After={"Type": "Succeed"}), {"id": "x"})

    assert (run.status, run.error, run.states) == ("SUCCEEDED", None, ["Job", "After"])
    assert run.output["id"] == "x"
    assert run.output["job"]["ProcessingJobStatus"] == "Completed"
    assert run.requests == [("Job", REQUESTS["createProcessingJob"])]


def test_run_keeps_to_its_own_part_of_the_rehearsal() -> None:
    with Rehearsal() as rehearsal:
        rehearsal.script("Job", Throttled())
        first = rehearsal.run(machine(Job=task(Parameters=named(UNIQUE), Retry=[THROTTLING])))
        second = rehearsal.run(machine(Job=task(Parameters=named(UNIQUE), Retry=[THROTTLING])))

    assert (first.waits, len(first.requests)) == ([2], 2)
    assert (second.waits, len(second.requests)) == ([], 1)


def test_definition_that_is_not_amazon_states_language_is_refused() -> None:
    with pytest.raises(InvalidDefinitionError):
        rehearsed({"StartAt": "Job", "States": {"Job": {"Type": "Tusk"}}})


@pytest.mark.parametrize("api", ["createModel.sync", "createTrainingJob.waitForTaskToken", "createTriningJob"])
def test_integration_that_step_functions_does_not_offer_is_refused(api: str) -> None:
    with pytest.raises(InvalidDefinitionError, match=api):
        rehearsed(machine(Job={"Type": "Task", "Resource": f"arn:aws:states:::sagemaker:{api}", "End": True}))


def test_execution_that_does_not_end_fails_when_its_history_is_full() -> None:
    run = rehearsed(machine(Again={"Type": "Wait", "Seconds": 60, "Next": "Again"}))

    assert (run.status, run.error, run.events) == ("FAILED", "States.Runtime", 25_000)
    assert "maximum number of history events (25000)" in (run.cause or "")


def test_defect_of_the_harness_is_not_taken_for_a_failed_execution() -> None:
    condition = {"IpAddress": {"sagemaker:TaggingAction": "10.0.0.0/8"}}
    unevaluated = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*", "Condition": condition}

    policy = [*sufficient("createModel", sync=False), unevaluated]

    with Rehearsal(policy) as rehearsal, pytest.raises(NotImplementedError, match="IpAddress"):
        rehearsal.run(machine(Job=task("createModel", Catch=CATCH_ALL)))


def _replaced_names() -> list[tuple[Any, str]]:
    return [(owner, name) for owner, name, _ in Interpreter(lambda _: {}).replacements()]


def test_leaving_a_rehearsal_restores_moto() -> None:
    before = [getattr(owner, name) for owner, name in _replaced_names()]
    with Rehearsal():
        during = [getattr(owner, name) for owner, name in _replaced_names()]

    assert [getattr(owner, name) for owner, name in _replaced_names()] == before
    assert all(replaced is not original for replaced, original in zip(during, before, strict=True))


@pytest.mark.parametrize(("owner", "name"), _replaced_names(), ids=lambda value: getattr(value, "__name__", value))
def test_name_that_moto_has_moved_fails_and_is_named(owner: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(owner, name)

    with pytest.raises(ImportError, match=rf"{name} of moto 5\.2\.5"), Rehearsal():
        pass


def test_service_may_be_left_to_moto() -> None:
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    with Rehearsal(moto=["sqs"]) as rehearsal:
        queue = boto3.client("sqs", "us-east-1").create_queue(QueueName="done")["QueueUrl"]
        run = rehearsal.run(machine(Send={**send, "Parameters": {"QueueUrl": queue, "MessageBody": "done"}}))

    assert run.output["MD5OfMessageBody"]


def test_retry_waits_are_recorded_not_slept() -> None:
    retry = [{**THROTTLING, "MaxAttempts": 3}]

    run = rehearsed(machine(Job=task(Retry=retry)), Job=[Throttled()] * 3)

    assert (run.status, run.waits) == ("SUCCEEDED", [2, 6, 18])


def test_retry_waits_respect_their_limit() -> None:
    retry = [{**THROTTLING, "MaxAttempts": 3, "MaxDelaySeconds": 7}]

    assert rehearsed(machine(Job=task(Retry=retry)), Job=[Throttled()] * 3).waits == [2, 6, 7]


def test_jittered_retry_waits_at_most_as_long() -> None:
    retry = [{**THROTTLING, "MaxAttempts": 3, "JitterStrategy": "FULL"}]

    waits = rehearsed(machine(Job=task(Retry=retry)), Job=[Throttled()] * 3).waits

    assert len(waits) == 3
    assert all(wait <= longest for wait, longest in zip(waits, [2, 6, 18], strict=True))


def test_exhausted_retry_fails_the_execution() -> None:
    run = rehearsed(machine(Job=task(Retry=[{**THROTTLING, "MaxAttempts": 2}])), Job=[Throttled()] * 3)

    assert (run.status, run.error, run.waits) == ("FAILED", "SageMaker.AmazonSageMakerException", [2, 6])
    assert "Error Code: ThrottlingException" in (run.cause or "")


def test_each_retrier_counts_for_itself() -> None:
    limits = {"ErrorEquals": ["SageMaker.ResourceLimitExceededException"], "IntervalSeconds": 60, "BackoffRate": 1}
    steps: list[Step] = [Throttled(), LimitExceeded(), Throttled(), LimitExceeded()]

    assert rehearsed(machine(Job=task(Retry=[THROTTLING, limits])), Job=steps).waits == [2, 60, 6, 60]


def test_parameters_are_evaluated_at_every_attempt() -> None:
    run = rehearsed(machine(Job=task(Parameters=named(UNIQUE), Retry=[THROTTLING])), Job=[Throttled()] * 2)

    assert len({request["ProcessingJobName"] for _, request in run.requests}) == 3


def test_retry_and_redrive_counts_are_in_the_context() -> None:
    name = "States.Format('n-{}-{}', $$.State.RetryCount, $$.Execution.RedriveCount)"

    run = rehearsed(machine(Job=task(Parameters=named(name), Retry=[THROTTLING])), Job=[Throttled()])

    assert [request["ProcessingJobName"] for _, request in run.requests] == ["n-0-0", "n-1-0"]


def test_retry_under_a_name_that_was_accepted_meets_it_again() -> None:
    retry = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]

    assert rehearsed(machine(Job=task(Retry=retry)), Job=[Failed()]).error == "SageMaker.ResourceInUseException"


@pytest.mark.parametrize(
    ("step", "listed", "caught"),
    [
        (Throttled(), "SageMaker.AmazonSageMakerException", True),
        (Throttled(), "SageMaker.ThrottlingException", False),
        (Throttled(), "States.TaskFailed", True),
        (Throttled(), "States.ALL", True),
        (Failed(), "States.TaskFailed", True),
        (TimedOut(), "States.Timeout", True),
        (TimedOut(), "States.TaskFailed", False),
        (TimedOut(), "States.ALL", True),
    ],
    ids=lambda value: str(value) if isinstance(value, (str, bool)) else type(value).__name__,
)
def test_catcher_catches_what_it_lists(step: Step, listed: str, caught: bool) -> None:
    catch = [{"ErrorEquals": [listed], "Next": "Caught"}]

    assert (rehearsed(machine(Job=task(Catch=catch)), Job=[step]).status == "SUCCEEDED") is caught


def test_caught_error_lies_under_the_result_path() -> None:
    run = rehearsed(machine(Job=task(Catch=CATCH_ALL)), {"id": "x"}, Job=[Failed("AlgorithmError: no data")])

    assert run.output["id"] == "x"
    assert run.output["error"]["Error"] == "States.TaskFailed"
    assert json.loads(run.output["error"]["Cause"])["FailureReason"] == "AlgorithmError: no data"


@pytest.mark.parametrize("field", ["Parameters", "ResultSelector"])
def test_missing_path_is_an_error_that_nobody_catches(field: str) -> None:
    missing: dict[str, Any] = {field: named("$.missing") if field == "Parameters" else {"uri.$": "$.missing"}}
    retry = [{"ErrorEquals": ["States.ALL"]}]

    run = rehearsed(machine(Job=task(Retry=retry, Catch=CATCH_ALL, **missing)))

    assert (run.status, run.error, run.waits) == ("FAILED", "States.Runtime", [])


@pytest.mark.parametrize(("execution_input", "chosen"), [({"id": "x"}, "Present"), ({}, "Absent")])
def test_choice_sees_whether_a_path_is_present(execution_input: dict[str, str], chosen: str) -> None:
    is_x = {"And": [{"Variable": "$.id", "IsPresent": True}, {"Variable": "$.id", "StringEquals": "x"}]}
    choice = {"Type": "Choice", "Choices": [{**is_x, "Next": "Present"}], "Default": "Absent"}
    states = {"Present": {"Type": "Succeed"}, "Absent": {"Type": "Succeed"}}

    assert rehearsed(machine(Check=choice, **states), execution_input).states == ["Check", chosen]


@pytest.mark.parametrize("comparison", [{"StringEquals": "x"}, {"IsNull": True}])
def test_choice_on_a_missing_path_fails_the_execution(comparison: dict[str, Any]) -> None:
    rule = {"Not": {"Variable": "$.id", **comparison}, "Next": "Caught"}

    run = rehearsed(machine(Check={"Type": "Choice", "Choices": [rule], "Default": "Caught"}))

    assert (run.status, run.error) == ("FAILED", "States.Runtime")
    assert "Invalid path '$.id'" in (run.cause or "")


def test_wait_state_is_recorded_not_slept() -> None:
    assert rehearsed(machine(Rest={"Type": "Wait", "Seconds": 3600, "End": True})).pauses == [3600]


def test_map_starts_one_job_an_item() -> None:
    inner = {"StartAt": "Job", "States": {"Job": task(Parameters=named("States.Format('n-{}', $.id)"))}}
    items = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "MaxConcurrency": 2, "End": True}

    run = rehearsed(machine(Each=items), {"items": [{"id": "a"}, {"id": "b"}, {"id": "c"}]})

    assert [job["ProcessingJobName"] for job in run.output] == ["n-a", "n-b", "n-c"]
    assert {request["ProcessingJobName"] for _, request in run.requests} == {"n-a", "n-b", "n-c"}


def test_parallel_gathers_its_branches_in_order() -> None:
    branches = [{"StartAt": api, "States": {api: task(api)}} for api in ("createModel", "createEndpoint")]

    run = rehearsed(machine(Both={"Type": "Parallel", "Branches": branches, "End": True}))

    assert [list(output) for output in run.output] == [["ModelArn"], ["EndpointArn"]]


@pytest.mark.parametrize("step", [Failed(), Throttled(), TimedOut()], ids=lambda step: type(step).__name__)
@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_error_of_a_branch_is_caught_around_it(kind: str, step: Step) -> None:
    inner = {"StartAt": "Job", "States": {"Job": task()}}
    body = {"Branches": [inner]} if kind == "Parallel" else {"ItemsPath": "$.items", "ItemProcessor": inner}

    run = rehearsed(machine(Outer={"Type": kind, **body, "Catch": CATCH_ALL, "End": True}), {"items": [1]}, Job=[step])

    assert run.output["error"]["Error"] in {"States.TaskFailed", "SageMaker.AmazonSageMakerException", "States.Timeout"}


def test_fail_passes_on_the_error_it_is_pointed_to() -> None:
    fail = {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Give up"}]

    run = rehearsed(machine(**{"Job": task(Catch=catch), "Give up": fail}), Job=[Failed("AlgorithmError: no data")])

    assert (run.status, run.error) == ("FAILED", "States.TaskFailed")
    assert json.loads(run.cause or "")["FailureReason"] == "AlgorithmError: no data"


def test_fail_computes_its_cause() -> None:
    run = rehearsed(machine(Stop={"Type": "Fail", "Error": "Bad", "CausePath": "States.JsonToString($)"}), {"id": "x"})

    assert (run.error, json.loads(run.cause or "")) == ("Bad", {"id": "x"})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("States.Format('{}-{}', $.id, 'z')", "x-z"),
        ("States.ArrayGetItem(States.StringSplit('a-b-c', '-'), 1)", "b"),
        ("States.ArrayGetItem($.list, 0)", 1),
        ("States.ArrayLength($.list)", 2),
        ("States.StringSplit('a,b', ',')", ["a", "b"]),
        ("States.JsonToString($.list)", "[1,2]"),
        ("States.StringToJson('{\"a\": 1}')", {"a": 1}),
        ("States.Hash($.id, 'MD5')", "9dd4e461268c8034f5c8564e155c67a6"),
        ("States.JsonMerge($.map, $.map, false)", {"a": 1}),
    ],
)
def test_intrinsic_function(expression: str, value: Any) -> None:
    assert computed(expression, {"id": "x", "list": [1, 2], "map": {"a": 1}}) == value


def test_uuid_is_new_each_time() -> None:
    assert computed("States.UUID()") != computed("States.UUID()")


def jsonata(**states: dict[str, Any]) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", **machine(**states)}


def test_jsonata_task_has_arguments_and_output() -> None:
    arguments = {**REQUESTS["createModel"], "ModelName": "{% 'm-' & $states.input.id %}"}
    output = {"name": "{% $states.result.ModelArn %}", "of": "{% $states.context.State.Name %}"}

    run = rehearsed(jsonata(Job=task("createModel", Arguments=arguments, Output=output)), {"id": "x"})

    assert run.output == {"name": "arn:aws:sagemaker:us-east-1:123456789012:model/m-x", "of": "Job"}


def test_jsonata_arguments_are_evaluated_at_every_attempt() -> None:
    arguments = {**REQUESTS["createProcessingJob"], "ProcessingJobName": "{% 'n-' & $uuid() %}"}

    run = rehearsed(jsonata(Job=task(Arguments=arguments, Retry=[THROTTLING])), Job=[Throttled()] * 2)

    assert len({request["ProcessingJobName"] for _, request in run.requests}) == 3


@pytest.mark.parametrize(("status", "chosen"), [("Completed", "Good"), ("Stopped", "Bad"), (MISSING, "Bad")])
def test_jsonata_choice_and_fail(status: Any, chosen: str) -> None:
    check = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input.ProcessingJobStatus = 'Completed' %}", "Next": "Good"}],
        "Default": "Bad",
    }
    cause = "{% 'status: ' & $string($states.input.ProcessingJobStatus) %}"
    bad = {"Type": "Fail", "Error": "{% 'Bad' & 'Status' %}", "Cause": cause}
    job = task(Arguments=REQUESTS["createProcessingJob"], Next="Check")

    run = rehearsed(
        jsonata(Job=job, Check=check, Good={"Type": "Succeed"}, Bad=bad), Job=[Output(ProcessingJobStatus=status)]
    )

    assert run.states[-1] == chosen
    assert run.error == (None if chosen == "Good" else "BadStatus")


def test_jsonata_catcher_reads_the_error() -> None:
    reason = "{% $parse($states.errorOutput.Cause).FailureReason %}"
    catch = [{"ErrorEquals": ["States.ALL"], "Output": {"reason": reason}, "Next": "Caught"}]
    job = task(Arguments=REQUESTS["createProcessingJob"], Catch=catch)

    assert rehearsed(jsonata(Job=job), Job=[Failed('a "quoted" reason')]).output == {"reason": 'a "quoted" reason'}


def test_jsonata_variables_hold_any_text() -> None:
    assign = {"Type": "Pass", "Assign": {"said": "{% $states.input.said %}"}, "Next": "Say"}
    say = {"Type": "Pass", "Output": "{% $said & '!' %}", "End": True}

    assert (
        rehearsed(jsonata(Keep=assign, Say=say), {"said": 'a "quote", a \\ and a /'}).output
        == 'a "quote", a \\ and a /!'
    )


def test_jsonpath_variables_hold_any_text() -> None:
    keep = {"Type": "Pass", "Assign": {"said.$": "$.said"}, "Next": "Say"}
    say = {"Type": "Pass", "Parameters": {"said.$": "$said"}, "End": True}

    assert rehearsed(machine(Keep=keep, Say=say), {"said": 'a "quote"'}).output == {"said": 'a "quote"'}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$range(0, 6, 3)", [0, 3, 6]),
        ("$hash('x', 'MD5')", "9dd4e461268c8034f5c8564e155c67a6"),
        ("$random(7) = $random(7)", True),
        ("$random() < 1", True),
        ("$parse('{\"a\": [1]}').a", [1]),
        ("$length($uuid())", 36),
        ("1.5 * 2", 3),
    ],
)
def test_jsonata_function_of_step_functions(expression: str, value: Any) -> None:
    state = {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}

    assert rehearsed(jsonata(Compute=state)).output == value


@pytest.mark.parametrize("expression", ["$states.input.missing", "$eval('1')", "$sum", "1 +"])
def test_jsonata_that_yields_no_json_fails_and_can_be_caught(expression: str) -> None:
    arguments = {**REQUESTS["createProcessingJob"], "ProcessingJobName": f"{{% {expression} %}}"}
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}]

    assert rehearsed(jsonata(Job=task(Arguments=arguments, Catch=catch))).states == ["Job", "Caught"]


@pytest.mark.parametrize("api", APIS)
def test_call_that_does_not_wait_yields_the_arn(api: str) -> None:
    row = APIS[api]

    run = rehearsed(machine(Job=task(api)))

    name = "nightly" if row.lower_cases_arn else "Nightly"
    assert run.output == {f"{row.noun}Arn": f"arn:aws:sagemaker:us-east-1:123456789012:{row.arn_type}/{name}"}


@pytest.mark.parametrize("step", [Output(), Stopped()], ids=lambda step: type(step).__name__)
@pytest.mark.parametrize("api", WAITING)
def test_call_that_waits_yields_what_describe_says(api: str, step: Step) -> None:
    row = APIS[api]

    output = rehearsed(machine(Job=task(f"{api}.sync")), Job=[step]).output

    assert output[f"{row.noun}Status"] == ("Completed" if isinstance(step, Output) else "Stopped")
    assert output.pop("Tags") == {"MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS"}
    shape = (
        botocore.session.Session().get_service_model("sagemaker").operation_model(f"Describe{row.noun}").output_shape
    )
    assert ParamValidator().validate(_in_seconds(output), shape).generate_report() == ""


def _in_seconds(value: Any) -> Any:
    """Times as botocore takes them."""
    if not isinstance(value, dict):
        return value
    return {name: item // 1000 if name.endswith("Time") else _in_seconds(item) for name, item in value.items()}


@pytest.mark.parametrize(
    ("step", "api", "error"),
    [
        (Throttled(), "createTrainingJob", "SageMaker.AmazonSageMakerException"),
        (AccessDenied(), "createTrainingJob", "SageMaker.AmazonSageMakerException"),
        (Refused("ValidationException", "no"), "createTrainingJob", "SageMaker.AmazonSageMakerException"),
        (LimitExceeded(), "createModel", "SageMaker.ResourceLimitExceededException"),
        (InUse(), "createTrainingJob", "SageMaker.ResourceInUseException"),
        (InUse(), "createModel", "SageMaker.AmazonSageMakerException"),
        (Refused("ResourceNotFound"), "createTransformJob", "SageMaker.ResourceNotFoundException"),
        (Refused("ResourceNotFound"), "createLabelingJob", "SageMaker.AmazonSageMakerException"),
    ],
    ids=str,
)
def test_refusal_has_a_name_of_its_own_where_the_api_declares_it(step: Step, api: str, error: str) -> None:
    assert rehearsed(machine(Job=task(api)), Job=[step]).error == error


def test_script_for_an_api_holds_where_the_state_has_none() -> None:
    states = {"First": task("createModel", Next="Second"), "Second": task("createModel")}
    with Rehearsal() as rehearsal:
        rehearsal.script("createModel", LimitExceeded())
        rehearsal.script("First", Output())
        run = rehearsal.run(machine(**states))

    assert (run.states, run.error) == (["First", "Second"], "SageMaker.ResourceLimitExceededException")


def test_script_for_nobody_fails_and_names_the_states() -> None:
    with Rehearsal() as rehearsal:
        rehearsal.script("Jbo", Throttled())
        with pytest.raises(LookupError, match=r"\['Jbo'\].*\['Job'\]"):
            rehearsal.run(machine(Job=task()))


def test_script_of_something_else_than_steps_fails() -> None:
    with Rehearsal() as rehearsal, pytest.raises(TypeError, match="Throttled"):
        rehearsal.script("Job", Throttled)  # type: ignore[arg-type]


def test_output_is_overridden_field_by_field() -> None:
    step = Output(ModelArtifacts=MISSING, FinalMetricDataList=[{"MetricName": "auc", "Value": 0.9}])

    output = rehearsed(machine(Job=task("createTrainingJob.sync")), Job=[step]).output

    assert "ModelArtifacts" not in output
    assert output["FinalMetricDataList"] == [{"MetricName": "auc", "Value": 0.9}]


def test_stopped_job_may_fail_its_state() -> None:
    run = rehearsed(machine(Job=task()), Job=[Stopped(raises=True)])

    assert run.error == "States.TaskFailed"
    assert json.loads(run.cause or "")["ProcessingJobStatus"] == "Stopped"


@pytest.mark.parametrize("step", [Failed(), Stopped(), TimedOut()], ids=lambda step: type(step).__name__)
def test_state_that_does_not_wait_does_not_see_how_the_job_ends(step: Step) -> None:
    assert rehearsed(machine(Job=task("createProcessingJob")), Job=[step]).status == "SUCCEEDED"


@pytest.mark.parametrize("api", [api for api in APIS if api != "updateEndpoint"])
def test_name_is_taken_once(api: str) -> None:
    run = rehearsed(machine(First=task(api, Next="Second"), Second=task(api)))

    assert run.states == ["First", "Second"]
    assert (run.error or "").startswith("SageMaker.")
    assert "already existing" in (run.cause or "")


def test_endpoint_is_updated_as_often_as_you_like() -> None:
    api = "updateEndpoint"

    assert rehearsed(machine(First=task(api, Next="Second"), Second=task(api))).status == "SUCCEEDED"


def test_throttled_call_does_not_take_the_name() -> None:
    assert rehearsed(machine(Job=task(Retry=[THROTTLING])), Job=[Throttled()]).status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"RoleArn": None}, "RoleArn"),
        ({"RolArn": ROLE}, "RolArn is not a field of this API"),
        ({"ProcessingJobName": "no_underscores"}, "does not have the form SageMaker wants"),
        ({"ProcessingJobName": "n" * 64}, "ProcessingJobName is too long"),
        (
            {"ProcessingResources": {"ClusterConfig": {**CLUSTER, "InstanceType": "ml.nope"}}},
            "is not a value",
        ),
        ({"ProcessingResources": {"ClusterConfig": {**CLUSTER, "InstanceCount": 101}}}, "InstanceCount is too big"),
        ({"Environment": {f"V{number}": "x" for number in range(101)}}, "101 entries"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_request_that_sagemaker_would_refuse_is_refused(change: dict[str, Any], problem: str) -> None:
    request = {**REQUESTS["createProcessingJob"], **change}
    parameters = {name: value for name, value in request.items() if value is not None}

    run = rehearsed(machine(Job=task(Parameters=parameters)))

    assert run.error == "SageMaker.AmazonSageMakerException"
    assert problem in (run.cause or "")
    assert "Error Code: ValidationException" in (run.cause or "")


@pytest.mark.parametrize("api", APIS)
def test_example_requests_are_right(api: str) -> None:
    assert problems(APIS[api], REQUESTS[api]) == []


def test_endpoint_is_described_until_it_is_in_service() -> None:
    describe = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint",
        "Parameters": {"EndpointName": "Nightly"},
        "Next": "Ready?",
    }
    ready = {"Variable": "$.EndpointStatus", "StringEquals": "InService", "Next": "Caught"}
    states: dict[str, dict[str, Any]] = {
        "Look": describe,
        "Ready?": {"Type": "Choice", "Choices": [ready], "Default": "Rest"},
        "Rest": {"Type": "Wait", "Seconds": 30, "Next": "Look"},
    }

    run = rehearsed(machine(**states), Look=[Output(EndpointStatus="Creating")] * 2)

    assert (run.status, run.pauses, len(run.requests)) == ("SUCCEEDED", [30, 30], 3)


def sufficient(api: str, *, sync: bool) -> list[dict[str, Any]]:
    """The least that the call of REQUESTS[api] needs, written out by hand."""
    row = APIS[api]
    names = ["Nightly", "nightly"] if row.lower_cases_arn else ["Nightly"]
    arns = [f"arn:aws:sagemaker:us-east-1:123456789012:{row.arn_type}/{name}" for name in names]
    configs = [f"arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/{name}" for name in ("Config", "config")]
    own = [*arns, *configs] if row.arn_type == "endpoint" else arns
    rows = [{"Effect": "Allow", "Action": [f"sagemaker:{row.operation}"], "Resource": own}]
    if api != "updateEndpoint":
        rows.append({"Effect": "Allow", "Action": ["sagemaker:AddTags"], "Resource": arns})
    if sync:
        watching = [f"sagemaker:Describe{row.noun}", "sagemaker:ListTags"]
        rows.append({"Effect": "Allow", "Action": watching, "Resource": arns})
        rows.append(_managed_rule(api))
    if ROLE in json.dumps(REQUESTS[api]):
        rows.append(_pass_role())
    return rows


def _managed_rule(api: str) -> dict[str, Any]:
    name = {
        "createTrainingJob": "TrainingJobsRule",
        "createProcessingJob": "ProcessingJobsRule",
        "createTransformJob": "TransformJobsRule",
        "createHyperParameterTuningJob": "TuningJobsRule",
        "createLabelingJob": "*",
    }[api]
    return {
        "Effect": "Allow",
        "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
        "Resource": f"arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMaker{name}",
    }


def _pass_role(service: str = "sagemaker.amazonaws.com") -> dict[str, Any]:
    condition = {"StringEquals": {"iam:PassedToService": service}}
    return {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE, "Condition": condition}


CALLS = [(api, False) for api in APIS] + [(api, True) for api in WAITING]


def under(policy: Any, api: str, *, sync: bool, steps: tuple[Step, ...] = ()) -> Run:
    with Rehearsal(policy) as rehearsal:
        rehearsal.script("Job", *steps)
        return rehearsal.run(machine(Job=task(f"{api}.sync" if sync else api)))


@pytest.mark.parametrize(("api", "sync"), CALLS)
def test_policy_that_allows_what_the_call_needs_is_sufficient(api: str, sync: bool) -> None:
    assert under(sufficient(api, sync=sync), api, sync=sync).status == "SUCCEEDED"


@pytest.mark.parametrize(("api", "sync"), CALLS)
def test_every_grant_that_is_taken_away_is_missed_and_named(api: str, sync: bool) -> None:
    policy = sufficient(api, sync=sync)

    for grant in grants(policy):
        run = under(without(policy, grant), api, sync=sync)
        assert run.error == "SageMaker.AmazonSageMakerException"
        assert f"not authorized to perform: {grant.action} on resource: " in (run.cause or "")


@pytest.mark.parametrize(
    ("statement", "action"),
    [
        (_pass_role("states.amazonaws.com"), "iam:PassRole"),
        ({**_pass_role(), "Resource": f"{ROLE}2"}, "iam:PassRole"),
        ({**_managed_rule("createTrainingJob")}, "events:PutTargets"),
    ],
    ids=["pass-role-to-another-service", "pass-another-role", "rule-of-another-api"],
)
def test_grant_of_something_else_does_not_help(statement: dict[str, Any], action: str) -> None:
    others = [row for row in sufficient("createProcessingJob", sync=True) if action not in row["Action"]]

    run = under([*others, statement], "createProcessingJob", sync=True)

    assert f"not authorized to perform: {action} on resource: " in (run.cause or "")


def test_known_rule_name_does_not_stand_in_for_the_unpublished_one() -> None:
    policy = [*sufficient("createLabelingJob", sync=True)]
    policy[policy.index(_managed_rule("createLabelingJob"))] = _managed_rule("createTrainingJob")

    assert "events:PutTargets" in (under(policy, "createLabelingJob", sync=True).cause or "")


def test_deny_wins() -> None:
    deny = {"Effect": "Deny", "Action": "sagemaker:Create*", "Resource": "*"}

    run = under([*sufficient("createModel", sync=False), deny], "createModel", sync=False)

    assert "sagemaker:CreateModel" in (run.cause or "")


@pytest.mark.parametrize("may_stop", [True, False])
def test_job_that_timed_out_runs_on_unless_it_may_be_stopped(may_stop: bool) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:training-job/Nightly"
    stop = {"Effect": "Allow", "Action": "sagemaker:StopTrainingJob", "Resource": arn}
    policy = [*sufficient("createTrainingJob", sync=True), *([stop] if may_stop else [])]

    run = under(policy, "createTrainingJob", sync=True, steps=(TimedOut(),))

    assert run.error == "States.Timeout"
    assert run.left_running == ([] if may_stop else [arn])


def test_policy_may_be_a_document() -> None:
    document = {"Version": "2012-10-17", "Statement": sufficient("createModel", sync=False)}

    assert under(document, "createModel", sync=False).status == "SUCCEEDED"
    assert under([json.dumps(document)], "createModel", sync=False).status == "SUCCEEDED"


TAGGING = Need("sagemaker:AddTags", "arn:a", {"sagemaker:TaggingAction": "CreateModel", "aws:TagKeys": ["a", "b"]})


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"sagemaker:TaggingAction": "CreateModel"}}, True),
        ({"StringEquals": {"Sagemaker:taggingaction": ["CreateEndpoint", "CreateModel"]}}, True),
        ({"StringEquals": {"sagemaker:TaggingAction": "createmodel"}}, False),
        ({"StringEqualsIgnoreCase": {"sagemaker:TaggingAction": "createmodel"}}, True),
        ({"StringNotEquals": {"sagemaker:TaggingAction": "CreateModel"}}, False),
        ({"StringNotEquals": {"sagemaker:TaggingAction": "CreateEndpoint"}}, True),
        ({"StringLike": {"sagemaker:TaggingAction": "Create*"}}, True),
        ({"ArnLike": {"sagemaker:TaggingAction": "Create?odel"}}, True),
        ({"Bool": {"sagemaker:TaggingAction": "true"}}, False),
        ({"StringEquals": {"absent": "x"}}, False),
        ({"StringEqualsIfExists": {"absent": "x"}}, True),
        ({"StringEqualsIfExists": {"sagemaker:TaggingAction": "x"}}, False),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["b", "c"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": "c"}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["b", "c"]}}, False),
        ({"ForAllValues:StringEquals": {"absent": "c"}}, True),
        ({"StringLike": {"aws:TagKeys": "a"}, "StringEquals": {"sagemaker:TaggingAction": "x"}}, False),
    ],
    ids=str,
)
def test_condition(condition: dict[str, Any], holds: bool) -> None:
    statement = {"Effect": "Allow", "Action": "SageMaker:addtags", "Resource": "arn:?", "Condition": condition}

    assert allows([statement], TAGGING) is holds


@pytest.mark.parametrize(
    ("statement", "holds"),
    [
        ({"Action": "sagemaker:*", "Resource": "*"}, True),
        ({"NotAction": "sagemaker:*", "Resource": "*"}, False),
        ({"NotAction": ["iam:*"], "Resource": ["arn:b", "arn:a"]}, True),
        ({"Action": "*", "NotResource": "arn:a"}, False),
        ({"Action": "*", "Resource": "ARN:A"}, False),
    ],
    ids=str,
)
def test_statement(statement: dict[str, Any], holds: bool) -> None:
    assert allows({"Effect": "Allow", **statement}, TAGGING) is holds


def test_references_are_resolved_alike_in_definition_and_policy() -> None:
    arn = "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:model/${Name}"

    assert resolved({"arn": arn, "role": "${Role.Arn}"}, {"Name": "m"}, region="eu-west-1") == {
        "arn": "arn:aws:sagemaker:eu-west-1:123456789012:model/m",
        "role": "arn:aws:iam::123456789012:role/Role",
    }


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_other_partitions(region: str, partition: str) -> None:
    with Rehearsal(region=region, account="210987654321") as rehearsal:
        output = rehearsal.run(machine(Job=task("createModel"))).output

    assert output == {"ModelArn": f"arn:{partition}:sagemaker:{region}:210987654321:model/nightly"}
