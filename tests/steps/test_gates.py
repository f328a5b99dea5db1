"""Gates go on or say why not, in state machines of both query languages."""

from __future__ import annotations

import json
from random import Random

from constructs_sm import (
    CreateModel,
    EvaluationReport,
    InvalidInputError,
    Number,
    PipelineStack,
    ProcessingJob,
    QualityGate,
    S3Location,
    TrainingJob,
    TuningJob,
)
from constructs_sm.interpreter.expressions import program
from constructs_sm.interpreter.moments import Moment
from constructs_sm.testing import MISSING, Output, Rehearsal, definition, state_machine_policy

import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Annotations, Match, Template
from every_action import IMAGE
from rehearsed import stack_of

JSONPATH, JSONATA = sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA
in_both_languages = pytest.mark.parametrize("language", [JSONPATH, JSONATA], ids=["JSONPath", "JSONata"])


def metrics(**values):
    return Output(FinalMetricDataList=[{"MetricName": name, "Value": value} for name, value in values.items()])


def training(stack, language=None, **arguments):
    return TrainingJob(
        stack,
        "Train",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": "s3://data/train/"},
        output="s3://data/models/",
        query_language=language,
        **arguments,
    )


def evaluate(expression, given):
    """The value of an expression for which $states is *given*."""
    return program(expression).value(given["states"], {}, Moment(0, Random(0), 10))


class Pipeline:
    """A state machine, rehearsed under its own policy."""

    def __init__(self, make):
        self.template = Template.from_stack(stack_of(make)).to_json()

    def rehearsal(self):
        return Rehearsal.of(self.template)

    def run(self, *steps, state="Train", execution_input=None):
        with self.rehearsal() as rehearsal:
            return rehearsal.script(state, *steps).start(execution_input)

    def read(self, text):
        with self.rehearsal() as rehearsal:
            return rehearsal.answer("Good: Report", {"Body": text}).start()


def reading(stack):
    """What the state machine may read and decrypt."""
    return [
        (action, statement["Resource"])
        for statement in state_machine_policy(stack)
        for action in [statement["Action"]]
        if action in ("s3:GetObject", "kms:Decrypt")
    ]


@pytest.fixture(scope="module")
def gated():
    """A gate between a training and a model, once a language."""
    made = {}

    def of(language):
        if language not in made:

            def make(stack):
                train = training(stack, language)
                good = QualityGate(stack, "AUC is at least 0.8", train.final_metric("auc") >= 0.8)
                model = CreateModel(
                    stack, "Model", image=IMAGE, model_data=train.model_artifacts, query_language=language
                )
                return train.next(good).next(model)

            made[language] = Pipeline(make)
        return made[language]

    return of


@in_both_languages
def test_gate_lets_through_what_is_good_and_leaves_the_payload_as_it_is(gated, language):
    run = gated(language).run(metrics(loss=0.3, auc=0.81), execution_input={"id": 7})
    assert run.status == "SUCCEEDED", run.cause
    assert set(run.output) == {"id", "Train", "Model"}


@in_both_languages
def test_gate_stops_what_is_not_and_says_what_was_wanted(gated, language):
    run = gated(language).run(metrics(auc=0.75))
    assert (run.status, run.error) == ("FAILED", "QualityGateNotMet")
    assert run.cause == "AUC is at least 0.8: wanted auc of Train >= 0.8, got auc of Train = 0.75"
    assert run.states[-1] == "AUC is at least 0.8: NotMet"


@pytest.mark.parametrize(
    ("step", "there"),
    [
        (metrics(loss=0.3, f1=0.9), "loss, f1"),
        (metrics(loss=0.3), "loss"),
        (metrics(), "none"),
        (Output(FinalMetricDataList=MISSING), "none"),
    ],
    ids=["others", "another", "empty", "missing"],
)
@in_both_languages
def test_missing_metric_fails_and_says_which_there_are(gated, language, step, there):
    run = gated(language).run(step)
    assert (run.status, run.error) == ("FAILED", "QualityGateNoValue")
    assert run.cause == f"AUC is at least 0.8: Train has no metric auc; its metrics: {there}"


def test_gate_leads_elsewhere_if_it_is_told_to():
    def make(stack):
        train = training(stack)
        worse = sfn.Pass(stack, "Keep the old one")
        return train.next(QualityGate(stack, "Good", train.final_metric("auc") > 0.8, otherwise=worse))

    pipeline = Pipeline(make)
    assert pipeline.run(metrics(auc=0.9)).states[-1] == "Good: Succeed"
    assert pipeline.run(metrics(auc=0.8)).states[-1] == "Keep the old one"
    assert pipeline.run(metrics()).error == "QualityGateNoValue"


@pytest.mark.parametrize(
    ("operator", "holds"),
    [("__ge__", "011"), ("__gt__", "001"), ("__le__", "110"), ("__lt__", "100"), ("__eq__", "010"), ("__ne__", "101")],
)
def test_each_operator_compares(stack, operator, holds):
    train = training(stack)
    condition = getattr(train.final_metric("auc"), operator)(0.5).expression("Good")
    found = [
        evaluate(condition, {"states": {"input": {"Train": {"Described": metrics(auc=value).fields}}}})
        for value in (0.4, 0.5, 0.6)
    ]
    assert [str(int(value)) for value in found] == list(holds)


@pytest.mark.parametrize(
    ("auc", "loss", "holds"), [(0.9, 0.1, True), (0.9, 0.9, False), (0.7, 0.1, True), (0.5, 0.1, False)]
)
def test_conditions_combine(stack, auc, loss, holds):
    train = training(stack)
    condition = ((train.final_metric("auc") >= 0.8) | (train.final_metric("auc") == 0.7)) & ~(
        train.final_metric("loss") > 0.5
    )
    given = {"states": {"input": {"Train": {"Described": metrics(auc=auc, loss=loss).fields}}}}
    assert evaluate(condition.expression("Good"), given) is holds
    assert condition.said == ("((auc of Train >= 0.8 or auc of Train == 0.7) and not (loss of Train > 0.5))")


def test_condition_is_not_decided_at_synthesis(stack):
    train = training(stack)
    with pytest.raises(TypeError, match="is decided when the state machine runs; write"):
        _ = train.final_metric("auc") >= 0.8 and train.final_metric("loss") < 1


def test_outputs_remain_strings_to_strings(stack):
    train = training(stack)
    token = sfn.JsonPath.string_at("$.Train.TrainingJobArn")
    arn = train.resource_arn
    assert sfn.FieldUtils.render_object({"a": arn}) == {"a.$": "$.Train.TrainingJobArn"}
    assert arn == str(arn) != token
    assert {arn: 1}[str(arn)] == 1
    assert sorted([arn, "$"]) == ["$", str(arn)]


@pytest.mark.parametrize("path", ["$.minimum", "$$.Execution.Input.minimum", "{% $states.input.minimum %}"])
def test_number_of_the_input_is_compared(path):
    def make(stack):
        train = training(stack)
        return train.next(QualityGate(stack, "Good", train.final_metric("auc") >= Number(path)))

    pipeline = Pipeline(make)
    assert pipeline.run(metrics(auc=0.9), execution_input={"minimum": 0.9}).status == "SUCCEEDED"
    assert pipeline.run(metrics(auc=0.8), execution_input={"minimum": 0.9}).error == "QualityGateNotMet"
    run = pipeline.run(metrics(auc=0.9), execution_input={"minimum": "high"})
    assert (run.error, run.cause) == ("QualityGateNoValue", f"Good: there is no number at {path}")


def test_all_that_is_missing_is_said():
    def make(stack):
        train = training(stack)
        return train.next(
            QualityGate(stack, "Good", (train.final_metric("auc") >= Number("$.a")) | (Number("$.b") < 1))
        )

    run = Pipeline(make).run(metrics(), execution_input={"b": 0})
    assert run.cause == "Good: Train has no metric auc; its metrics: none. there is no number at $.a"


@in_both_languages
def test_objective_of_a_search_and_any_field_are_compared(language):
    def make(stack):
        tune = TuningJob(
            stack,
            "Tune",
            image=IMAGE,
            instance_type="ml.m5.xlarge",
            inputs={"train": "s3://data/train/"},
            output="s3://data/models/",
            objective="validation:auc",
            ranges={"eta": (0.1, 0.5)},
            query_language=language,
        )
        done = tune.output_field("TrainingJobStatusCounters.Completed") >= 1
        return tune.next(QualityGate(stack, "Good", (tune.best_objective >= 0.85) & done))

    pipeline = Pipeline(make)
    assert pipeline.run(state="Tune").status == "SUCCEEDED"
    worse = {"BestTrainingJob": {"TrainingJobName": "x", "FinalHyperParameterTuningJobObjectiveMetric": {"Value": 0.2}}}
    assert pipeline.run(Output(**worse), state="Tune").error == "QualityGateNotMet"
    missing = pipeline.run(Output(BestTrainingJob={"TrainingJobName": "x"}), state="Tune")
    assert missing.cause.startswith("Good: Tune has no number at BestTrainingJob.Final")


def test_gate_stands_in_a_map_and_in_a_parallel_and_under_prefixes():
    def make(stack):
        train = training(stack)
        gate = QualityGate(stack, "Good", train.final_metric("auc") >= 0.8)
        each = sfn.Map(stack, "Each", items_path="$.items").item_processor(train.next(gate))
        alone = QualityGate(stack, "Few", Number("$.few") < 5).to_single_state(output_path="$[0]")
        return alone.next(each)

    run = Pipeline(make).run(*[metrics(auc=0.9)] * 2, execution_input={"few": 2, "items": [{}, {}]})
    assert run.status == "SUCCEEDED", run.cause
    assert "Few: Few: Succeed" in run.states


def test_gate_before_its_job_fails_at_synthesis_and_names_both(stack, machine):
    train = training(stack)
    machine(QualityGate(stack, "Good", train.final_metric("auc") >= 0.8).next(train))
    with pytest.raises(
        RuntimeError, match="Good uses FinalMetricDataList of Stack/Train, which does not run before it"
    ):
        definition(stack)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("Good", True), "no condition, got True; compare with a number"),
        (("x" * 70, Number("$.x") > 1), "the construct id names the states"),
    ],
)
def test_gate_without_a_condition_fails_and_says_what_one_is(stack, arguments, problem):
    with pytest.raises(InvalidInputError, match=problem):
        QualityGate(stack, *arguments)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_comparison_with_no_number_fails(number):
    with pytest.raises(InvalidInputError, match="nothing can be compared with it"):
        _ = Number("$.x") > number


@pytest.mark.parametrize("path", ["minimum", "States.UUID()", 3])
def test_number_of_no_path_fails(path):
    with pytest.raises(InvalidInputError, match="no path"):
        Number(path)


def evaluated(stack, language=None, **arguments):
    """A job that writes a report, and a gate that reads it."""
    job = ProcessingJob(
        stack,
        "Evaluate",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        query_language=language,
        **{"outputs": {"report": "s3://data/reports/"}, **arguments},
    )
    report = EvaluationReport(job.output("report"), "evaluation.json")
    good = (report["metrics.auc.value"] >= 0.8) & (report["folds[0].loss"] < 1)
    return job.next(QualityGate(stack, "Good", good))


MISSED = "Good: evaluation.json in output 'report' of Evaluate has no number at metrics.auc.value; its fields: "
REPORT = {"metrics": {"auc": {"value": 0.9}}, "folds": [{"loss": 0.5}]}


@pytest.mark.parametrize(
    ("document", "error", "cause"),
    [
        (REPORT, None, None),
        (
            {**REPORT, "folds": [{"loss": 1}]},
            "QualityGateNotMet",
            (
                "Good: wanted (metrics.auc.value >= 0.8 and folds[0].loss < 1), got metrics.auc.value = 0.9, "
                "folds[0].loss = 1"
            ),
        ),
        (
            {"auc": 0.9, "folds": [{"loss": 0.5}]},
            "QualityGateNoValue",
            f"{MISSED}auc, folds",
        ),
        (
            {**REPORT, "metrics": {"auc": {"value": "high"}}},
            "QualityGateNoValue",
            f"{MISSED}metrics, folds",
        ),
        ([1, 2], "QualityGateNoValue", None),
    ],
    ids=["good", "bad", "missing", "no number", "list"],
)
@in_both_languages
def test_report_decides(language, document, error, cause):
    run = Pipeline(lambda stack: evaluated(stack, language)).read(json.dumps(document))
    assert run.error == error, run.cause
    assert cause is None or run.cause == cause


@in_both_languages
def test_of_a_report_only_the_fields_are_kept(language):
    run = Pipeline(lambda stack: evaluated(stack, language)).read(json.dumps({**REPORT, "long": "x" * 1000}))
    assert run.output["Good"] == {
        "evaluation.json in output 'report' of Evaluate": {
            "metrics.auc.value": 0.9,
            "folds[0].loss": 0.5,
            "fields": "metrics, folds, long",
        }
    }


@in_both_languages
def test_report_that_is_no_json_fails_with_an_error_that_can_be_caught(language):
    run = Pipeline(lambda stack: evaluated(stack, language)).read("auc: 0.9")
    assert (run.status, run.error) == ("FAILED", "States.QueryEvaluationError")


def test_report_is_read_by_the_state_machine_which_may_read_that_alone(stack, machine):
    machine(evaluated(stack))
    read = definition(stack)["States"]["Good: Report"]
    assert read["Resource"] == "arn:${AWS::Partition}:states:::aws-sdk:s3:getObject"
    assert read["Arguments"] == {"Bucket": "data", "Key": "reports/evaluation.json"}
    assert reading(stack) == [("s3:GetObject", "arn:${AWS::Partition}:s3:::data/reports/evaluation.json")]


def test_report_of_one_execution_is_granted_with_its_key(app):
    stack = PipelineStack(app, "Churn")
    stack.run(evaluated(stack, outputs=["report"]))
    arguments = definition(stack)["States"]["Good: Report"]["Arguments"]
    given = {"states": {"input": {}, "context": {"Execution": {"Name": "monday"}}}}
    key = evaluate(arguments["Key"][2:-2].strip(), given)
    assert key == "jobs/evaluate/monday/report/evaluation.json"
    (read,) = [resource for action, resource in reading(stack) if action == "s3:GetObject"]
    assert read.endswith("/jobs/*evaluation.json")


def test_report_under_a_key_may_be_decrypted(stack, machine):
    key = kms.Key(stack, "Key")
    bucket = s3.Bucket(stack, "Bucket", encryption_key=key)
    report = EvaluationReport(S3Location.of_bucket(bucket, "report.json"))
    machine(QualityGate(stack, "Good", report["auc"] >= 0.8))
    assert [action for action, _ in reading(stack)] == ["s3:GetObject", "kms:Decrypt"]


def test_report_anywhere_is_looked_for_where_the_input_says_with_a_warning(stack, machine):
    machine(QualityGate(stack, "Good", EvaluationReport("$.report")["auc"] >= 0.8))
    arguments = definition(stack)["States"]["Good: Report"]["Arguments"]
    given = {"states": {"input": {"report": "s3://bucket/some/where.json"}}}
    found = {name: evaluate(text[2:-2].strip(), given) for name, text in arguments.items()}
    assert found == {"Bucket": "bucket", "Key": "some/where.json"}
    warnings = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("not granted the report"))
    assert len(warnings) == 1


def test_two_reports_are_read_one_after_the_other():
    def make(stack):
        new, old = (EvaluationReport(f"s3://data/{name}.json") for name in ("new", "old"))
        return QualityGate(stack, "Better", new["auc"] > old["auc"])

    with Pipeline(make).rehearsal() as rehearsal:
        rehearsal.answer("Better: Report", {"Body": '{"auc": 0.9}'})
        rehearsal.answer("Better: Report 2", {"Body": '{"auc": 0.8}'})
        run = rehearsal.start()
    assert run.status == "SUCCEEDED", run.cause


@pytest.mark.parametrize("path", ["", "a..b", "a`b", 3])
def test_field_of_no_path_fails(path):
    with pytest.raises(InvalidInputError, match="no path of a field"):
        EvaluationReport("s3://data/report.json")[path]


@pytest.mark.parametrize(("place", "got"), [(3, "3"), ("reports", "'reports'")])
def test_report_of_no_place_fails(place, got):
    with pytest.raises(InvalidInputError, match=f"no place in S3, got {got}"):
        EvaluationReport(place, "evaluation.json")


@pytest.mark.parametrize("place", ["$.place", "States.Format('{}', $.place)", "States.Format('s3://{}/', $.bucket)"])
def test_report_may_be_at_a_place_that_is_known_later(stack, machine, place):
    report = EvaluationReport(S3Location(place), "evaluation.json")
    machine(QualityGate(stack, "Good", report["auc"] > 0.5))

    with Rehearsal.of(stack, policy=[{"Effect": "Allow", "Action": "*", "Resource": "*"}]) as rehearsal:
        rehearsal.answer("Good: Report", {"Body": '{"auc": 0.7}'})
        run = rehearsal.start({"place": "s3://rows/", "bucket": "rows"})
    assert run.succeeded, run
    ((_, _, request),) = run.calls
    assert (request["Bucket"], request["Key"]) == ("rows", "evaluation.json")


def test_report_at_a_place_that_jsonata_cannot_be_told_is_refused():
    with pytest.raises(InvalidInputError, match="EvaluationReport: a place that JSONata cannot be told"):
        EvaluationReport("$.places[?(@.best==true)]")
