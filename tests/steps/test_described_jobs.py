"""Jobs that are described because a later state reads what their output is not known to hold."""

from __future__ import annotations

import json

from constructs_sm import (
    ContinuousParameterRange,
    CreateModel,
    FanOut,
    InvalidInputError,
    JobPipeline,
    OutputCheck,
    ParallelJobs,
    ProcessingJob,
    QualityGate,
    TrainingJob,
    TuningJob,
)
from constructs_sm.blueprints import TrainAndDeploy, TuneAndDeploy
from constructs_sm.testing import AccessDenied, Always, Metrics, Output, Rehearsal, Stopped, Throttled

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from every_action import REQUESTS
from rehearsed import ENVIRONMENT, Rehearsed, stack_of

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/own:1"
COMMON = {
    "image": IMAGE,
    "instance_type": "ml.m5.xlarge",
    "inputs": {"train": "s3://data/train/"},
    "output": "s3://data/models/",
}
RANGES = {"eta": ContinuousParameterRange(min_value=0.1, max_value=0.5)}
LANGUAGES = {"JSONPath": None, "JSONata": sfn.QueryLanguage.JSONATA}
in_both_languages = pytest.mark.parametrize("language", LANGUAGES)


def training(stack, language="JSONPath", name="Train", **arguments):
    return TrainingJob(stack, name, **{**COMMON, "query_language": LANGUAGES[language], **arguments})


def tuning(stack, language="JSONPath", name="Train", **arguments):
    given = {**COMMON, "objective": "auc", "ranges": RANGES, "query_language": LANGUAGES[language], **arguments}
    return TuningJob(stack, name, **given)


def training_by_parameters(stack, language="JSONPath", name="Train"):
    parameters = {name: value for name, value in REQUESTS["createTrainingJob"].items() if name != "RoleArn"}
    return TrainingJob(stack, name, parameters=parameters, query_language=LANGUAGES[language])


def tuning_by_parameters(stack, language="JSONPath", name="Train"):
    request = REQUESTS["createHyperParameterTuningJob"]
    objective = {"Type": "Maximize", "MetricName": "auc"}
    config = {**request["HyperParameterTuningJobConfig"], "HyperParameterTuningJobObjective": objective}
    parameters = {**request, "HyperParameterTuningJobConfig": config}
    return TuningJob(stack, name, parameters=parameters, query_language=LANGUAGES[language])


JOBS = {
    "training": training,
    "tuning": tuning,
    "training by parameters": training_by_parameters,
    "tuning by parameters": tuning_by_parameters,
}


def measure(job):
    return job.final_metric("auc") if isinstance(job, TrainingJob) else job.best_objective


def with_gate(stack, kind, language):
    job = JOBS[kind](stack, language)
    return job.next(QualityGate(stack, "Good", measure(job) >= 0.8)).next(sfn.Succeed(stack, "Done"))


def with_output(stack, kind, language):
    job = JOBS[kind](stack, language)
    later = training(stack, language, "Later", hyperparameters={"auc": measure(job)})
    return job.next(later)


def with_blueprint(stack, kind, language):
    common = {
        "image": IMAGE,
        "inputs": COMMON["inputs"],
        "output": COMMON["output"],
        "endpoint_name": "live",
        "at_least": 0.8,
        "model": {"query_language": LANGUAGES[language]},
        "deploy": {"query_language": LANGUAGES[language]},
    }
    job = {"query_language": LANGUAGES[language]}
    if kind == "training":
        return TrainAndDeploy(stack, "Nightly", metric="auc", train=job, **common)
    return TuneAndDeploy(stack, "Nightly", objective="auc", ranges=RANGES, tune=job, **common)


def with_choice(stack, kind, language):
    job = JOBS[kind](stack, language)
    done, bad = sfn.Succeed(stack, "Done"), sfn.Fail(stack, "Bad", error="TooBad")
    if language == "JSONata":
        choice = sfn.Choice(stack, "Good", query_language=LANGUAGES[language])
        rule = sfn.Condition.jsonata(f"{{% {measure(job).in_jsonata[2:-2]} >= 0.8 %}}")
        return job.next(choice.when(rule, done).otherwise(bad))
    # A Choice in JSONPath compares a path, which a metric of a list is not.
    keep = sfn.Pass(stack, "Keep", parameters={"auc": measure(job)}, result_path="$.measured")
    rule = sfn.Condition.number_greater_than_equals("$.measured.auc", 0.8)
    return job.next(keep).next(sfn.Choice(stack, "Good").when(rule, done).otherwise(bad))


READERS = {"gate": with_gate, "output": with_output, "blueprint": with_blueprint, "choice": with_choice}
REFUSED = {"gate": "QualityGateNotMet", "blueprint": "QualityGateNotMet", "choice": "TooBad"}
_API = {"training": "describeTrainingJob", "tuning": "describeHyperParameterTuningJob"}
API = {kind: _API[kind.partition(" ")[0]] for kind in JOBS}
# A blueprint has typed arguments alone.
CELLS = [(kind, reader) for kind in JOBS for reader in READERS if reader != "blueprint" or kind in _API]


@pytest.fixture(scope="module")
def made():
    """Each machine of the matrix, synthesized once."""
    known = {}

    def of(kind, reader, language):
        key = (kind, reader, language)
        if key not in known:
            known[key] = Rehearsed(lambda stack: READERS[reader](stack, kind, language))
        return known[key]

    return of


def name_of(kind, reader):
    return "Tune" if (kind, reader) == ("tuning", "blueprint") else "Train"


def every(test):
    return in_both_languages(pytest.mark.parametrize(("kind", "reader"), CELLS)(test))


@every
def test_good_model_goes_on(made, kind, reader, language):
    name = name_of(kind, reader)
    run = made(kind, reader, language).run(script={name: [Metrics(auc=0.9)]})

    assert run.status == "SUCCEEDED", run
    assert next(state for state in run.states if state.endswith(": Describe")) == f"{name}: Describe"
    assert run.states.index(f"{name}: Describe") == run.states.index(name) + 1


@every
def test_bad_model_is_refused(made, kind, reader, language):
    run = made(kind, reader, language).run(script={name_of(kind, reader): [Metrics(auc=0.5)]})

    if reader == "output":
        assert run.status == "SUCCEEDED", run
        (request,) = [request for state, request in run.requests if state == "Later"]
        assert request["HyperParameters"] == {"auc": "0.5"}
    else:
        assert (run.status, run.error) == ("FAILED", REFUSED[reader])


@every
def test_description_is_a_call_by_the_name_of_the_job_and_keeps_what_is_read(made, kind, reader, language):
    name = name_of(kind, reader)
    state = made(kind, reader, language).definition["States"][f"{name}: Describe"]

    assert state["Resource"].endswith(f":states:::aws-sdk:sagemaker:{API[kind]}")
    (field,) = state["Arguments"]
    assert state["Arguments"] == {field: f"{{% $states.input.{name}.{field} %}}"}
    assert state["QueryLanguage"] == "JSONata"
    assert [retrier["ErrorEquals"] for retrier in state["Retry"]] == [
        ["SageMaker.ResourceLimitExceededException"],
        ["SageMaker.SageMakerException"],
        ["States.Timeout"],
    ]
    assert state["Output"].count("$states.result") == 1


@every
def test_throttled_description_is_tried_again(made, kind, reader, language):
    name = name_of(kind, reader)
    run = made(kind, reader, language).run(
        script={name: [Metrics(auc=0.9)], f"{name}: Describe": [Throttled(), Throttled()]}
    )

    assert run.status == "SUCCEEDED", run
    # The job is not paid for again.
    assert [state for state, _ in run.requests].count(name) == 1


@every
def test_description_that_is_denied_fails_under_its_own_name(made, kind, reader, language):
    name = name_of(kind, reader)
    run = made(kind, reader, language).run(
        script={name: [Metrics(auc=0.9)], f"{name}: Describe": [Always(AccessDenied())]}
    )

    assert (run.status, run.error) == ("FAILED", "SageMaker.SageMakerException")


@every
def test_role_may_describe_the_job(made, kind, reader, language):
    machine = made(kind, reader, language)
    action = f"sagemaker:{API[kind][0].upper()}{API[kind][1:]}"
    granted = [each["Resource"] for each in machine.policy if action in _listed(each["Action"])]
    resources = [resource for each in granted for resource in _listed(each)]

    assert resources
    assert all("job/" in resource and not resource.endswith("job/*") for resource in resources)


def _listed(value):
    return [value] if isinstance(value, str) else value


@every
def test_stopped_job_is_refused_by_its_check(made, kind, reader, language):
    run = made(kind, reader, language).run(script={name_of(kind, reader): [Stopped()]})

    assert (run.status, run.error) == ("FAILED", "InvalidOutput")


@pytest.mark.parametrize("reader", ["output", "choice"])
@in_both_languages
def test_missing_metric_fails_by_name_before_the_state_that_reads_it(made, reader, language):
    run = made("training", reader, language).run(script={"Train": [Metrics(loss=0.1)]})

    assert (run.status, run.error) == ("FAILED", "MissingField")
    assert run.cause.startswith("Train: DescribeTrainingJob has no metric 'auc'; of what is asked for it has {")
    assert "loss" in run.cause
    assert run.states[-1] == "Train: MissingField"


@in_both_languages
def test_missing_metric_of_a_gate_is_said_by_the_gate(made, language):
    run = made("training", "gate", language).run(script={"Train": [Metrics(loss=0.1)]})

    assert (run.error, run.cause) == (
        "QualityGateNoValue",
        "Good: Train has no metric auc; its metrics: loss",
    )
    assert "Train: ValidateFields" not in made("training", "gate", language).definition["States"]


@in_both_languages
def test_missing_objective_fails_by_name(made, language):
    nothing = Output(BestTrainingJob={"TrainingJobName": "x-001"})
    run = made("tuning", "output", language).run(script={"Train": [nothing]})

    assert run.error == "MissingField"
    assert "BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Value" in run.cause


@in_both_languages
def test_job_is_described_once_however_many_read_it(language):
    def make(stack):
        train = training(stack, language)
        first = QualityGate(stack, "First", train.final_metric("auc") >= 0.8)
        second = QualityGate(stack, "Second", (train.final_metric("auc") >= 0.7) & (train.final_metric("f1") > 0.1))
        model = CreateModel(
            stack,
            "Model",
            image=IMAGE,
            model_data=train.model_artifacts,
            environment={"SECONDS": train.output_field("BillableTimeInSeconds")},
            query_language=LANGUAGES[language],
        )
        return train.next(first).next(second).next(model)

    made = Rehearsed(make)
    run = made.run(script={"Train": [Metrics(auc=0.9, f1=0.5)]})

    assert run.status == "SUCCEEDED", run
    assert run.states.count("Train: Describe") == 1
    (request,) = [request for state, request in run.requests if state == "Model"]
    assert request["PrimaryContainer"]["Environment"] == {"SECONDS": "60"}
    assert run.output["Train"]["Described"] == {
        "FinalMetricDataList": [{"MetricName": "auc", "Value": 0.9}, {"MetricName": "f1", "Value": 0.5}],
        "BillableTimeInSeconds": 60,
    }


@in_both_languages
def test_gate_may_be_made_when_the_job_is_chained_already(language):
    def make(stack):
        train = training(stack, language)
        chain = train.next(sfn.Wait(stack, "Rest", time=sfn.WaitTime.duration(Duration.minutes(1))))
        return chain.next(QualityGate(stack, "Good", train.final_metric("auc") >= 0.8))

    made = Rehearsed(make)

    assert made.run(script={"Train": [Metrics(auc=0.9)]}).succeeded
    assert made.run(script={"Train": [Metrics(auc=0.1)]}).error == "QualityGateNotMet"


@in_both_languages
def test_nothing_is_added_for_what_is_handed_on(language):
    def make(stack):
        train, tune = training(stack, language), tuning(stack, language, "Tune")
        model = CreateModel(
            stack,
            "Model",
            image=IMAGE,
            model_data=tune.best_model_artifacts,
            environment={"A": train.model_artifacts, "B": train.resource_arn, "C": tune.best_training_job_name},
            query_language=LANGUAGES[language],
        )
        return train.next(tune).next(model)

    states = Rehearsed(make).definition["States"]
    assert not [name for name in states if "Describe" in name]


def inside_map(stack, language):
    return sfn.Map(stack, "Each", items_path="$.items").item_processor(with_gate(stack, "training", language))


def inside_parallel(stack, language):
    return ParallelJobs(stack, "Both", [with_gate(stack, "training", language), tuning(stack, language, "Tune")])


def inside_fan_out(stack, language):
    train = training(stack, language)
    return FanOut(stack, "Each", train.next(QualityGate(stack, "Good", measure(train) >= 0.8)), items="$.items")


def inside_single_state(stack, language):
    train = training(stack, language)
    train.next(QualityGate(stack, "Good", measure(train) >= 0.8))
    return train.to_single_state(state_id="One")


@pytest.mark.parametrize("inside", [inside_map, inside_parallel, inside_fan_out, inside_single_state])
@in_both_languages
def test_job_is_described_wherever_it_stands(inside, language):
    made = Rehearsed(lambda stack: inside(stack, language))
    (name,) = {state for state in ("Train", "One: Train") if f'"{state}: Describe"' in json.dumps(made.definition)}
    given = {"items": [{"n": 1}, {"n": 2}]}

    run = made.run(script={name: [Always(Metrics(auc=0.9))]}, execution_input=given)
    assert run.status == "SUCCEEDED", run
    assert f"{name}: Describe" in run.states
    refused = made.run(script={name: [Always(Metrics(auc=0.1))]}, execution_input=given)
    assert refused.error == "QualityGateNotMet"


@in_both_languages
def test_prefixes_reach_the_description(language):
    def make(stack):
        train = training(stack, language)
        later = training(stack, language, "Later", hyperparameters={"auc": train.final_metric("auc")})
        return train.prefix_states("EU ").next(later)

    made = Rehearsed(make)
    assert {"EU Train: Describe", "EU Train: ValidateFields", "EU Train: MissingField"} <= set(
        made.definition["States"]
    )
    assert made.run(script={"EU Train": [Metrics(auc=0.9)]}).succeeded
    assert made.run(script={"EU Train": [Metrics(loss=0.9)]}).error == "MissingField"


@in_both_languages
def test_catch_of_a_job_catches_its_description(language):
    def make(stack):
        train = training(stack, language)
        train.add_catch(sfn.Pass(stack, "Sorry"), result_path="$.error")
        return train.next(QualityGate(stack, "Good", train.final_metric("auc") >= 0.8))

    run = Rehearsed(make).run(script={"Train: Describe": [Always(AccessDenied())]})

    assert run.status == "SUCCEEDED", run
    assert run.states[-1] == "Sorry"
    assert run.output["error"]["Error"] == "SageMaker.SageMakerException"


@pytest.mark.parametrize("retry", [None, ()])
def test_description_is_retried_as_its_job_is(retry):
    def make(stack):
        train = training(stack, **({} if retry is None else {"retry": retry}))
        return train.next(QualityGate(stack, "Good", train.final_metric("auc") >= 0.8))

    run = Rehearsed(make).run(script={"Train": [Metrics(auc=0.9)], "Train: Describe": [Throttled()]})
    assert run.succeeded is (retry is None)


@pytest.mark.parametrize(
    "arguments",
    [
        {"output_check": None},
        {"output_check": OutputCheck.documented()},
        {"result_path": "$"},
        {"result_path": "$.deep.train"},
        {"job_name": "nightly"},
        {"result_selector": {"N.$": "$.TrainingJobName"}, "job_name": "nightly", "output_check": None},
    ],
    ids=["no check", "documented check", "whole payload", "deep", "fixed name", "selected"],
)
def test_description_goes_with_every_way_to_keep_an_output(arguments):
    def make(stack):
        train = training(stack, **arguments)
        return train.next(QualityGate(stack, "Good", train.final_metric("auc") >= 0.8))

    made = Rehearsed(make)
    given = {"deep": {}}

    assert made.run(script={"Train": [Metrics(auc=0.9)]}, execution_input=given).succeeded
    assert made.run(script={"Train": [Metrics(auc=0.1)]}, execution_input=given).error == "QualityGateNotMet"


@in_both_languages
def test_pipeline_says_why_a_job_could_not_be_described(language):
    stack = stack_of_pipeline(language)
    template = Template.from_stack(stack).to_json()
    with Rehearsal.of(template) as rehearsal:
        run = rehearsal.script("Train: Describe", Always(AccessDenied())).start()

    assert run.error == "SageMaker.SageMakerException"
    assert run.cause.startswith("Train: Describe failed with SageMaker.SageMakerException: User is not authorized")


@in_both_languages
def test_pipeline_says_which_field_is_missing(language):
    stack = stack_of_pipeline(language)
    template = Template.from_stack(stack).to_json()
    with Rehearsal.of(template) as rehearsal:
        run = rehearsal.script("Train", Metrics(loss=0.1)).start()

    assert run.error == "MissingField"
    assert run.cause.startswith("Train failed with MissingField: DescribeTrainingJob has no metric 'auc'; of what")


def stack_of_pipeline(language):
    stack = Stack(App(), "Stack", env=ENVIRONMENT)
    pipeline = JobPipeline(stack, "Pipeline")
    train = training(pipeline, language)
    later = training(pipeline, language, "Later", hyperparameters={"auc": train.final_metric("auc")})
    pipeline.run(train.next(later))
    return stack


def test_field_that_is_asked_for_when_a_state_machine_has_the_job_is_refused():
    jobs = []

    def make(stack):
        jobs.append(training(stack))
        return jobs[0]

    stack_of(make)
    with pytest.raises(InvalidInputError, match=r"the job is in a state machine already, got 'FinalMetricDataList'"):
        jobs[0].final_metric("auc")


def test_job_that_is_not_waited_for_has_no_metrics():
    def make(stack):
        train = training(stack, integration_pattern=sfn.IntegrationPattern.REQUEST_RESPONSE)
        train.final_metric("auc")
        return train

    with pytest.raises(InvalidInputError, match="the job is not waited for, and has no such output"):
        stack_of(make)


@in_both_languages
def test_other_fields_of_other_jobs_are_described_too(language):
    def make(stack):
        prepare = ProcessingJob(
            stack,
            "Prepare",
            image=IMAGE,
            instance_type="ml.m5.xlarge",
            query_language=LANGUAGES[language],
        )
        said = prepare.output_field("ExitMessage")
        return prepare.next(training(stack, language, environment={"SAID": said}))

    made = Rehearsed(make)
    run = made.run(script={"Prepare": [Output(ExitMessage="all rows read")]})

    assert run.status == "SUCCEEDED", run
    assert [request["Environment"] for state, request in run.requests if state == "Train"] == [
        {"SAID": "all rows read"}
    ]
    assert made.run().error == "MissingField"


@in_both_languages
def test_verdict_of_a_job_is_read_by_the_gate_alone(language):
    def make(stack):
        train = training(stack, language)
        return train.next(QualityGate(stack, "Good", train.output_field("EnableManagedSpotTraining").is_true))

    made = Rehearsed(make)
    assert "Train: ValidateFields" not in made.definition["States"]
    assert made.run(script={"Train": [Output(EnableManagedSpotTraining=True)]}).succeeded
    assert made.run().error == "QualityGateNoValue"


@in_both_languages
def test_metric_that_a_gate_compares_twice_is_read_by_the_gate_alone(language):
    def make(stack):
        train = training(stack, language)
        between = (train.final_metric("auc") >= 0.8) & (train.final_metric("auc") <= 0.99)
        return train.next(QualityGate(stack, "Good", between))

    made = Rehearsed(make)
    assert "Train: ValidateFields" not in made.definition["States"]
    assert made.run(script={"Train": [Metrics(auc=0.9)]}).succeeded
    assert made.run(script={"Train": [Metrics(auc=1.0)]}).error == "QualityGateNotMet"
