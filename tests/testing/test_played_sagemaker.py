"""SageMaker as it is played: answers, errors, names, requests and endpoints."""

from __future__ import annotations

import json
from typing import Any

from constructs_sm.requests.model_check import problems
from constructs_sm.testing import (
    MISSING,
    AccessDenied,
    Failed,
    InUse,
    InvalidDefinitionError,
    LimitExceeded,
    Output,
    Refused,
    Rehearsal,
    Step,
    Stopped,
    Throttled,
    TimedOut,
)

import botocore.session
import pytest
from botocore.validate import ParamValidator
from machines import (
    APIS,
    CLUSTER,
    REQUESTS,
    ROLE,
    THROTTLING,
    WAITING,
    jsonata,
    machine,
    rehearsed,
    task,
)


@pytest.mark.parametrize("api", APIS)
def test_call_that_does_not_wait_yields_the_arn(api: str) -> None:
    row = APIS[api]

    run = rehearsed(machine(Job=task(api)))

    name = "nightly" if row.lower_cases_arn else "Nightly"
    assert run.output == {f"{row.noun}Arn": f"arn:aws:sagemaker:us-east-1:123456789012:{row.arn_type}/{name}"}


@pytest.mark.parametrize("step", [Output(), Stopped()], ids=lambda step: type(step).__name__)
@pytest.mark.parametrize("api", WAITING)
def test_call_that_waits_yields_what_is_known_to_be_handed_on(api: str, step: Step) -> None:
    row = APIS[api]

    output = rehearsed(machine(Job=task(f"{api}.sync")), Job=[step]).output

    assert output[f"{row.noun}Status"] == ("Completed" if isinstance(step, Output) else "Stopped")
    tags = output.pop("Tags")
    assert set(tags) == {"MANAGED_BY_AWS", "AWS_STEP_FUNCTIONS_EXECUTION_ARN"}
    shape = (
        botocore.session.Session().get_service_model("sagemaker").operation_model(f"Describe{row.noun}").output_shape
    )
    # What only Describe says is missing; nothing that is there has another form than there.
    report = ParamValidator().validate(_in_seconds(output), shape).generate_report()
    assert all(line.startswith("Missing required parameter in ") for line in report.splitlines()), report
    assert {name: output.get(name) for name in NOT_HANDED_ON.get(api, ())} == dict.fromkeys(NOT_HANDED_ON.get(api, ()))


NOT_HANDED_ON = {
    "createTrainingJob": ("FinalMetricDataList", "SecondaryStatus", "BillableTimeInSeconds"),
    "createHyperParameterTuningJob": ("TrainingJobStatusCounters", "ObjectiveStatusCounters"),
    "createLabelingJob": ("LabelCounters", "LabelingJobOutput"),
}


def test_search_hands_on_the_name_of_its_best_training_and_no_more() -> None:
    output = rehearsed(machine(Job=task("createHyperParameterTuningJob.sync"))).output

    assert output["BestTrainingJob"] == {"TrainingJobName": "Nightly-001-00000000"}


def test_training_hands_on_the_place_of_its_model() -> None:
    output = rehearsed(machine(Job=task("createTrainingJob.sync"))).output

    assert set(output["ModelArtifacts"]) == {"S3ModelArtifacts"}


@pytest.mark.parametrize("status", ["Completed", "Stopped"])
@pytest.mark.parametrize("api", WAITING)
def test_job_that_was_waited_for_is_described_in_full(api: str, status: str) -> None:
    row = APIS[api]
    ask = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:sagemaker:describe{row.noun}",
        "Parameters": {f"{row.noun}Name": "Nightly"},
        "End": True,
    }
    job = {**task(f"{api}.sync"), "Next": "Ask", "ResultPath": None}
    job.pop("End", None)

    output = rehearsed(machine(Job=job, Ask=ask), Job=[Output() if status == "Completed" else Stopped()]).output

    assert output[f"{row.noun}Status"] == status
    required = (
        botocore.session.Session()
        .get_service_model("sagemaker")
        .operation_model(f"Describe{row.noun}")
        .output_shape.required_members
    )
    assert set(required) <= set(output)


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


MADE_NOWHERE = "model m is taken to be there: no run has made it"


def test_transform_with_a_model_that_no_run_has_made_is_told_of():
    transform = task("createTransformJob.sync", Parameters={**REQUESTS["createTransformJob"], "ModelName": "m"})
    make = task("createModel", Parameters={**REQUESTS["createModel"], "ModelName": "m"}, Next="Job")

    assert MADE_NOWHERE in rehearsed(machine(Job=transform)).timeline
    assert MADE_NOWHERE not in rehearsed(machine(Make=make, Job=transform)).timeline
    with Rehearsal() as rehearsal:
        rehearsal.exists("model", "m")
        assert MADE_NOWHERE not in rehearsal.run(machine(Job=transform)).timeline


@pytest.mark.parametrize("api", [api for api in APIS if api != "updateEndpoint"])
def test_name_is_taken_once(api: str) -> None:
    run = rehearsed(machine(First=task(api, Next="Second"), Second=task(api)))

    assert run.states == ["First", "Second"]
    assert (run.error or "").startswith("SageMaker.")
    assert "already existing" in (run.cause or "")


def test_endpoint_is_updated_as_often_as_you_like() -> None:
    api = "updateEndpoint"

    assert rehearsed(machine(First=task(api, Next="Second"), Second=task(api))).status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"RoleArn": None}, '"RoleArn" is required but was missing'), ({"RolArn": ROLE}, '"RolArn" is not supported')],
    ids=["missing", "unknown"],
)
def test_fields_of_a_request_are_refused_when_the_state_machine_is_created(
    change: dict[str, Any], problem: str
) -> None:
    request = {**REQUESTS["createProcessingJob"], **change}
    parameters = {name: value for name, value in request.items() if value is not None}

    with pytest.raises(InvalidDefinitionError, match=problem):
        rehearsed(machine(Job=task(Parameters=parameters)))


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"RoleArn": None}, "RoleArn"), ({"RolArn": ROLE}, "RolArn is not a field of this API")],
    ids=["missing", "unknown"],
)
def test_fields_of_a_computed_request_are_checked_when_it_is_sent(change: dict[str, Any], problem: str) -> None:
    request = {**REQUESTS["createProcessingJob"], **change}
    given = {name: value for name, value in request.items() if value is not None}

    run = rehearsed(jsonata(Job=task(Arguments="{% $states.input %}")), given)
    assert run.error == "SageMaker.AmazonSageMakerException"
    assert problem in (run.cause or "")


def test_throttled_call_does_not_take_the_name() -> None:
    assert rehearsed(machine(Job=task(Retry=[THROTTLING])), Job=[Throttled()]).status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
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
    run = rehearsed(machine(Job=task(Parameters={**REQUESTS["createProcessingJob"], **change})))

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
