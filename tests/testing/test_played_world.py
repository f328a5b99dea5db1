"""What SageMaker remembers and what the SDK integration sees of it: endpoints, jobs that are looked at, versions."""

from __future__ import annotations

from constructs_sm.polled_actions import AUTO_ML_JOB_V2, MODEL_PACKAGE, PIPELINE_EXECUTION
from constructs_sm.testing import EndpointStatus, Failed, LabelCounts, Metrics, Output, Rehearsal, Throttled

import pytest
from machines import REQUESTS, jsonata, machine, rehearsed, task

SDK = "arn:aws:states:::aws-sdk:sagemaker:"


def sdk(api, **fields):
    parameters = fields.pop("Parameters", {"EndpointName": "Nightly"})
    ending = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": f"{SDK}{api}", "Parameters": parameters, **fields, **ending}


def polled(create):
    """An endpoint, looked at every 30 seconds until it is there."""
    ready = [
        {"Variable": "$.EndpointStatus", "StringEquals": "InService", "Next": "Caught"},
        {"Variable": "$.EndpointStatus", "StringEquals": "Failed", "Next": "Bad"},
    ]
    return machine(
        Make={**create, "ResultPath": None, "Next": "Describe"},
        Describe=sdk("describeEndpoint", Next="Ready?"),
        **{"Ready?": {"Type": "Choice", "Choices": ready, "Default": "Rest"}},
        Rest={"Type": "Wait", "Seconds": 30, "Next": "Describe"},
        Bad={"Type": "Fail", "Error": "EndpointFailed", "CausePath": "$.FailureReason"},
    )


CREATE, UPDATE = (
    {"Type": "Task", "Resource": f"arn:aws:states:::sagemaker:{api}", "Parameters": REQUESTS[api]}
    for api in ("createEndpoint", "updateEndpoint")
)
GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/g"
POLLED = {
    AUTO_ML_JOB_V2: {
        "AutoMLJobName": "n",
        "AutoMLJobInputDataConfig": [{}],
        "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
        "AutoMLProblemTypeConfig": {"TabularJobConfig": {"TargetAttributeName": "y"}},
        "RoleArn": "arn:aws:iam::123456789012:role/x",
    },
    PIPELINE_EXECUTION: {"PipelineName": "n", "ClientRequestToken": "0" * 32},
    MODEL_PACKAGE: {"ModelPackageGroupName": "n"},
}


@pytest.mark.parametrize("call", [CREATE, UPDATE], ids=["created", "updated"])
@pytest.mark.parametrize("describes", [0, 1, 5])
def test_endpoint_is_in_service_after_some_describes(call, describes):
    with Rehearsal(describes=describes) as rehearsal:
        run = rehearsal.run(polled(call))

    assert (run.status, run.pauses) == ("SUCCEEDED", [30] * describes)


def test_endpoint_goes_the_way_of_its_script():
    statuses = [EndpointStatus(status) for status in ("Creating", "Updating", "Creating", "InService")]

    assert rehearsed(polled(CREATE), Describe=statuses).pauses == [30, 30, 30]


def test_endpoint_that_fails_says_why():
    run = rehearsed(polled(CREATE), Describe=[EndpointStatus("Creating"), EndpointStatus("Failed", "no capacity")])

    assert (run.error, run.cause) == ("EndpointFailed", "no capacity")


def test_endpoint_whose_creation_fails_is_failed_when_it_is_described():
    run = rehearsed(polled(CREATE), Make=[Failed("no image")])

    assert (run.error, run.cause, run.pauses) == ("EndpointFailed", "no image", [30])


def test_status_on_script_stays():
    definition = machine(First=sdk("describeEndpoint", Next="Second", ResultPath=None), Second=sdk("describeEndpoint"))

    assert rehearsed(definition, First=[EndpointStatus("OutOfService")]).output["EndpointStatus"] == "OutOfService"


def test_absent_endpoint_is_an_error_that_can_be_caught():
    catch = [{"ErrorEquals": ["SageMaker.SageMakerException"], "Next": "Caught"}]

    run = rehearsed(machine(Describe=sdk("describeEndpoint", Catch=catch)))
    assert run.states == ["Describe", "Caught"]
    assert "Could not find endpoint" in run.history.failures[0].cause


def test_endpoint_that_was_there_before_is_described():
    with Rehearsal() as rehearsal:
        rehearsal.exists("endpoint", "Nightly")
        run = rehearsal.run(machine(Describe=sdk("describeEndpoint")))

    assert run.output["EndpointStatus"] == "InService"


def test_deleted_endpoint_is_gone_and_its_name_free():
    run = rehearsed(
        machine(
            Make={**CREATE, "ResultPath": None, "Next": "Delete"},
            Delete=sdk("deleteEndpoint", ResultPath=None, Next="Again"),
            Again={**CREATE, "ResultPath": None, "Next": "Gone"},
            Gone=sdk("deleteEndpoint", ResultPath=None, Next="Describe"),
            Describe=sdk("describeEndpoint"),
        )
    )

    assert (run.states[-1], run.error) == ("Describe", "SageMaker.SageMakerException")


def test_job_that_nobody_waits_for_can_be_looked_at():
    parameters = {"ProcessingJobName": "Nightly"}
    definition = machine(
        Start=task("createProcessingJob", ResultPath=None, Next="First"),
        First=sdk("describeProcessingJob", Parameters=parameters, ResultPath="$.first", Next="Second"),
        Second=sdk("describeProcessingJob", Parameters=parameters, ResultPath="$.second"),
    )

    output = rehearsed(definition).output
    assert [output[look]["ProcessingJobStatus"] for look in ("first", "second")] == ["InProgress", "Completed"]


def test_absent_job_is_an_error_under_its_own_name_where_the_api_declares_it():
    definition = machine(Look=sdk("describeTrainingJob", Parameters={"TrainingJobName": "Nightly"}))

    assert rehearsed(definition).error == "SageMaker.ResourceNotFoundException"


@pytest.mark.parametrize("action", POLLED, ids=lambda action: action.noun)
def test_job_of_the_second_table_is_begun_and_ends_well(action):
    request = POLLED[action]
    key = action.described_by or action.name_field
    asked = f"$.begun.{action.arn_field}" if action.described_by else f"$$.Execution.Input.{key}"
    looks = {
        f"Look{number}": sdk(
            f"{action.describe[0].lower()}{action.describe[1:]}",
            Parameters={f"{key}.$": asked},
            ResultPath=f"$.look{number}",
            **({"Next": f"Look{number + 1}"} if number < 2 else {}),
        )
        for number in (1, 2)
    }
    begin = sdk(action.api, Parameters=request, ResultPath="$.begun", Next="Look1")

    run = rehearsed(machine(Begin=begin, **looks), request)
    assert run.succeeded, run.timeline
    assert run.output["look2"][action.status_field] == action.success_status


@pytest.mark.parametrize(
    ("api", "parameters", "expected"),
    [
        ("listTags", {"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m"}, {"Tags": []}),
        (
            "createModelPackageGroup",
            {"ModelPackageGroupName": "g"},
            {"ModelPackageGroupArn": GROUP},
        ),
        ("deleteModel", {"ModelName": "m"}, {}),
        ("listEndpoints", {}, {"Endpoints": []}),
    ],
)
def test_every_api_answers_in_the_shape_that_its_model_has(api, parameters, expected):
    assert rehearsed(machine(Call=sdk(api, Parameters=parameters))).output == expected


def test_request_by_the_sdk_is_checked():
    call = {"Type": "Task", "Resource": f"{SDK}describeEndpoint", "Arguments": "{% $states.input %}", "End": True}

    run = rehearsed(jsonata(Call=call), {"EndpointNam": "x"})

    assert run.error == "SageMaker.SageMakerException"
    assert "EndpointNam is not a field of this API" in run.cause


def test_answer_of_the_sdk_may_be_scripted_and_refused():
    steps = [Throttled(), Output(Tags=[{"Key": "a", "Value": "b"}])]
    retry = [{"ErrorEquals": ["SageMaker.SageMakerException"]}]
    call = sdk("listTags", Parameters={"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m"}, Retry=retry)

    run = rehearsed(machine(Call=call), Call=steps)
    assert (run.output, len(run.waits)) == ({"Tags": [{"Key": "a", "Value": "b"}]}, 1)


def test_role_is_asked_for_the_resource_of_a_call_by_the_sdk():
    arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint"
    allow = {"Effect": "Allow", "Action": "sagemaker:DescribeEndpoint"}
    runs = []
    for resource in ([f"{arn}/Nightly", f"{arn}/nightly"], f"{arn}/other"):
        with Rehearsal([{**allow, "Resource": resource}]) as rehearsal:
            rehearsal.exists("endpoint", "Nightly")
            runs.append(rehearsal.run(machine(Describe=sdk("describeEndpoint"))).status)

    assert runs == ["SUCCEEDED", "FAILED"]


def described(api, *steps):
    """What Step Functions hands on of a job, and what Describe says of it then."""
    noun = f"{api[6:7].upper()}{api[7:]}"
    job = {**task(f"{api}.sync"), "ResultPath": "$.handed", "Next": "Ask"}
    job.pop("End", None)
    ask = sdk(f"describe{noun}", Parameters={f"{noun}Name": "Nightly"}, ResultPath="$.described")
    output = rehearsed(machine(Job=job, Ask=ask), Job=steps).output
    return output["handed"], output["described"]


def test_metrics_of_a_training_are_its_final_ones_and_said_by_describe_alone():
    handed, said = described("createTrainingJob", Metrics(**{"validation:auc": 0.9, "loss": 2}))

    assert "FinalMetricDataList" not in handed
    metrics = {metric["MetricName"]: metric["Value"] for metric in said["FinalMetricDataList"]}
    assert metrics == {"validation:auc": 0.9, "loss": 2}


def test_metrics_of_a_search_are_those_of_its_best_training_and_said_by_describe_alone():
    handed, said = described("createHyperParameterTuningJob", Metrics(auc=0.7))

    assert set(handed["BestTrainingJob"]) == {"TrainingJobName"}
    best = said["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert best == {"MetricName": "auc", "Value": 0.7}


def test_field_that_a_script_says_is_in_both():
    handed, said = described("createTrainingJob", Output(SecondaryStatus="MaxRuntimeExceeded"))

    assert handed["SecondaryStatus"] == said["SecondaryStatus"] == "MaxRuntimeExceeded"


def test_labels_are_counted_as_the_script_says():
    _, said = described("createLabelingJob", LabelCounts(7, 2, failed=1, unlabeled=5))

    assert said["LabelCounters"] == {
        "TotalLabeled": 9,
        "HumanLabeled": 7,
        "MachineLabeled": 2,
        "FailedNonRetryableError": 1,
        "Unlabeled": 5,
    }
