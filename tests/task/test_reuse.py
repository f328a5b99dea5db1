"""Jobs that need not run: their states, their keys, what they take, and what is refused."""

from __future__ import annotations

import re

from constructs_sm import (
    CreateModel,
    FanOut,
    InvalidInputError,
    JobPipeline,
    LabelingJob,
    OutputCheck,
    ParallelJobs,
    PipelineStack,
    PolledJob,
    ProcessingJob,
    QualityGate,
    Reuse,
    TrainingJob,
    TransformJob,
    TuningJob,
    images,
)
from constructs_sm.actions import TRAINING_JOB
from constructs_sm.polled_actions import COMPILATION_JOB
from constructs_sm.requests.comparison import Comparison
from constructs_sm.requests.request import read
from constructs_sm.testing import Failed, Metrics, Rehearsal, TaskError, definition, state_machine_policy

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Annotations, Match, Template
from bridge import counted
from conftest import ROOT
from every_action import REQUESTS
from every_example import example
from every_polled_action import REQUESTS as POLLED_REQUESTS

JSON_PATH, JSONATA = sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA
both_languages = pytest.mark.parametrize("language", [JSON_PATH, JSONATA], ids=["JSONPath", "JSONata"])


def trained(scope, construct_id="Train", **arguments):
    given = {
        "image": images.xgboost("1.7-1"),
        "inputs": {"train": "s3://data/train/"},
        "instance_type": "ml.m5.xlarge",
        "output": "s3://data/models/",
        "reuse": Reuse(),
    }
    return TrainingJob(scope, construct_id, **{**given, **arguments})


def states_of(stack):
    return definition(stack)["States"]


def said(path, language):
    return f"$.{path}" if language is JSON_PATH else f"{{% $states.input.{path} %}}"


# States.


@both_languages
def test_reused_job_has_two_states_more(stack, machine, language):
    machine(trained(stack, query_language=language))

    assert [name for name in states_of(stack) if name.startswith("Train")] == [
        "Train: Reuse",
        "Train",
        "Train: ValidateOutput",
        "Train: InvalidOutput",
        "Train: Keep",
        "Train: Succeed",
    ]


@both_languages
def test_artifacts_take_one_state_more_and_versions_two(stack, machine, language):
    reuse = Reuse(check_artifacts=True, data_versions=True)
    machine(trained(stack, query_language=language, reuse=reuse))

    states = states_of(stack)
    assert [name for name in states if name.startswith("Train")][:3] == [
        "Train: Versions",
        "Train: Reuse",
        "Train: Artifact",
    ]
    assert list(states["Train: Versions"]["ItemProcessor"]["States"]) == ["Train: List"]


def test_states_before_and_behind_catch_all_that_can_fail(stack, machine):
    machine(trained(stack, reuse=Reuse(check_artifacts=True, data_versions=True)))

    for name, state in states_of(stack).items():
        if state["Type"] in {"Task", "Map"} and name != "Train":
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
            assert state["Catch"][-1]["Next"] == ("Train: Succeed" if name == "Train: Keep" else "Train")


def test_prefixed_states_lead_to_each_other(stack, machine):
    job = trained(stack, reuse=Reuse(check_artifacts=True, data_versions=True))
    machine(job.to_single_state())

    with Rehearsal.of(stack) as rehearsal:
        assert [rehearsal.start().succeeded, rehearsal.start().requests] == [True, []]


def test_reuse_of_a_pipeline_is_that_of_every_job_that_says_nothing_else():
    stack = PipelineStack(App(), "Churn", reuse=Reuse(expire_after=Duration.days(2)))
    trains = trained(stack, "Own", reuse=Reuse(expire_after=60))
    never = trained(stack, "Never", reuse=None)
    given = {"image": images.xgboost("1.7-1"), "inputs": {"train": "s3://data/"}, "instance_type": "ml.m5.xlarge"}
    stack.run(trains.next(never).next(TrainingJob(stack, "Other", **given)))

    states = states_of(stack)
    assert [name for name in states if name.endswith(": Reuse")] == ["Own: Reuse", "Other: Reuse"]
    assert ">= 60 ?" in states["Own: Reuse"]["Output"]
    assert ">= 172800 ?" in states["Other: Reuse"]["Output"]


def test_some_jobs_of_a_pipeline_are_reused(app):
    stack = PipelineStack(app, "Churn", reuse={"One": Reuse()})
    given = {"image": images.xgboost("1.7-1"), "inputs": {"train": "s3://data/"}, "instance_type": "ml.m5.xlarge"}
    stack.run(TrainingJob(stack, "One", **given).next(TrainingJob(stack, "Two", **given)))

    assert [name for name in states_of(stack) if name.endswith(": Reuse")] == ["One: Reuse"]


def test_job_that_cannot_be_reused_runs_each_time_in_a_pipeline_that_reuses(app):
    stack = PipelineStack(app, "Churn", reuse=Reuse())
    pattern = sfn.IntegrationPattern.REQUEST_RESPONSE
    begun = TrainingJob(stack, "Begun", parameters=REQUESTS["createTrainingJob"], integration_pattern=pattern)
    labeled = LabelingJob(stack, "Label", parameters=REQUESTS["createLabelingJob"])
    polled = PolledJob(stack, "Compile", action=COMPILATION_JOB, parameters=POLLED_REQUESTS["createCompilationJob"])
    stack.run(begun.next(labeled).next(polled))

    assert not any(": Reuse" in name for name in states_of(stack))
    Template.from_stack(stack).resource_count_is("AWS::DynamoDB::Table", 0)


# The table and the policy.


def test_table_is_made_once_encrypted_recoverable_and_retained(app):
    stack = PipelineStack(app, "Churn", key=True, reuse=Reuse())
    stack.run(trained(stack, "One").next(trained(stack, "Two")))

    (table,) = Template.from_stack(stack).find_resources("AWS::DynamoDB::Table").values()
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"] == {
        "AttributeDefinitions": [
            {"AttributeName": "Job", "AttributeType": "S"},
            {"AttributeName": "Key", "AttributeType": "S"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "Job", "KeyType": "HASH"}, {"AttributeName": "Key", "KeyType": "RANGE"}],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {
            "KMSMasterKeyId": {"Fn::GetAtt": ["Key961B73FD", "Arn"]},
            "SSEEnabled": True,
            "SSEType": "KMS",
        },
        "TimeToLiveSpecification": {"AttributeName": "Expires", "Enabled": True},
    }


def test_table_goes_with_the_stack_if_the_bucket_does(app):
    stack = PipelineStack(app, "Churn", removal_policy="destroy", reuse=Reuse())
    stack.run(trained(stack))

    Template.from_stack(stack).has_resource("AWS::DynamoDB::Table", {"DeletionPolicy": "Delete"})


def test_policy_is_the_same_for_one_job_and_for_many():
    policies = []
    for number in (1, 7):
        stack = Stack(App(), "Stack")
        pipeline = JobPipeline(stack, "Pipeline", reuse=Reuse())
        first, *rest = [trained(pipeline, f"Train{index}") for index in range(number)]
        chain = first
        for job in rest:
            chain = chain.next(job)
        pipeline.run(chain)
        policies.append(state_machine_policy(stack))

    assert policies[0] == policies[1]
    (granted,) = [one for one in policies[0] if "dynamodb:GetItem" in one["Action"]]
    assert granted["Action"] == ["dynamodb:GetItem", "dynamodb:PutItem"]


def test_role_is_granted_what_a_reused_job_needs_and_no_more(app):
    stack = PipelineStack(app, "Churn", reuse=Reuse(check_artifacts=True, data_versions=True))
    stack.run(trained(stack, inputs={"train": stack.data("train/")}, output=stack.data("models/"), reuse=Reuse()))
    stack = PipelineStack(App(), "Churn", reuse=Reuse(check_artifacts=True, data_versions=True))
    inputs, output = {"train": stack.data("train/")}, stack.data("models/")
    reuse = Reuse(check_artifacts=True, data_versions=True)
    stack.run(trained(stack, inputs=inputs, output=output, reuse=reuse))

    with Rehearsal.of(stack) as rehearsal:
        permissions = rehearsal.permissions()
    assert [str(one) for one in permissions.missing] == []
    assert [str(one) for one in permissions.needless if "logs:" not in str(one) and "xray:" not in str(one)] == []


@pytest.mark.parametrize("explained", [False, True], ids=["its own Fail", "explained"])
@both_languages
def test_reused_job_takes_at_most_six_messages_more(language, explained):
    def messages(jobs, **reuse):
        app = App()
        stack = Stack(app, "Jobs")
        with counted() as sent:
            pipeline = JobPipeline(stack, "Pipeline", explain_failures=explained)
            request = {"parameters": REQUESTS["createTrainingJob"], "query_language": language, **reuse}
            first, *rest = [TrainingJob(pipeline, f"Train{number}", **request) for number in range(jobs)]
            chain = first.next(rest[0])
            for job in rest[1:]:
                chain = chain.next(job)
            pipeline.run(chain)
            app.synth()
        return sent.count

    plain, reused = ((messages(14, **reuse) - messages(10, **reuse)) / 4 for reuse in ({}, {"reuse": Reuse()}))
    assert reused - plain <= 6


# Keys.


def key_of(**fields):
    request = {
        "TrainingJobName": "a",
        "HyperParameters": {"rounds": "1", "depth": "2"},
        "AlgorithmSpecification": {"TrainingImage": "i"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge"},
        **fields,
    }
    return Comparison.of(TRAINING_JOB, read(request).fields).key()


@pytest.mark.parametrize(
    "same",
    [
        {"TrainingJobName": "b"},
        {"HyperParameters": {"depth": "2", "rounds": "1"}},
        {"ResourceConfig": {"InstanceType": "ml.p3.2xlarge"}},
        {"OutputDataConfig": {"S3OutputPath": "s3://elsewhere/"}},
        {"Tags": [{"Key": "a", "Value": "b"}]},
        {"RoleArn": "arn:aws:iam::123456789012:role/Other"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_key_does_not_depend_on_what_is_not_compared(same):
    assert key_of(**same) == key_of()


@pytest.mark.parametrize(
    "other",
    [
        {"HyperParameters": {"rounds": "1", "depth": "3"}},
        {"HyperParameters": {"rounds": "1"}},
        {"AlgorithmSpecification": {"TrainingImage": "j"}},
        {"InputDataConfig": [{"ChannelName": "train"}]},
        {"Environment": {"A": "b"}},
        {"CheckpointConfig": {"S3Uri": "s3://data/"}},
    ],
    ids=str,
)
def test_key_depends_on_what_is_compared(other):
    assert key_of(**other) != key_of()


def test_number_may_be_spelled_in_two_ways():
    assert key_of(InputDataConfig=[{"ShuffleConfig": {"Seed": 1.0}}]) == key_of(
        InputDataConfig=[{"ShuffleConfig": {"Seed": 1}}]
    )


def test_place_of_the_execution_s_own_checkpoints_is_no_difference():
    spot = {"CheckpointConfig": {"S3Uri.$": "States.Format('s3://data/{}/', $$.Execution.Name)"}}
    comparison = Comparison.of(TRAINING_JOB, read(spot).fields)

    assert (comparison.late, comparison.anew) == ((), ())


@both_languages
def test_values_of_the_input_are_compared_whatever_their_order_and_spelling(stack, machine, language):
    path = {"HyperParameters": said("parameters", language)}
    request = {**REQUESTS["createTrainingJob"]}
    request.pop("HyperParameters", None)
    given = {"HyperParameters.$": "$.parameters"} if language is JSON_PATH else path
    machine(TrainingJob(stack, "Train", parameters={**request, **given}, query_language=language, reuse=Reuse()))

    def reused(rehearsal, **parameters):
        return rehearsal.start({"parameters": parameters}).reused == ["Train"]

    with Rehearsal.of(stack) as rehearsal:
        assert not reused(rehearsal, a="1", b="x")
        assert reused(rehearsal, b="x", a="1")
        assert not reused(rehearsal, b="1", a="x")
        assert not reused(rehearsal, a="1")
        assert not reused(rehearsal)
        assert reused(rehearsal)


@both_languages
def test_also_is_compared_at_run_time(stack, machine, language):
    reuse = Reuse(also={"data": said("version", language), "commit": "abc", "rows": [1, 2.0]})
    machine(trained(stack, query_language=language, reuse=reuse))

    with Rehearsal.of(stack) as rehearsal:
        runs = [rehearsal.start({"version": version}) for version in ("1", "1", 1, 1.0, {"a": 1, "b": [2]})]
        again = rehearsal.start({"version": {"b": [2.0], "a": 1}})
    assert [run.reused for run in [*runs, again]] == [[], ["Train"], [], ["Train"], [], ["Train"]]


def test_output_of_an_earlier_job_is_compared_and_checked(app):
    stack = PipelineStack(app, "Churn", reuse=Reuse())
    one = trained(stack, "One", reuse=Reuse(also={"two": "before"}))
    two = trained(stack, "Two", reuse=Reuse(also={"model": one.model_artifacts}))
    stack.run(one.next(two))

    with Rehearsal.of(stack) as rehearsal:
        assert rehearsal.start().reused == []
        assert rehearsal.start().reused == ["One", "Two"]


def test_asset_counts_by_what_is_in_it(tmp_path):
    keys = []
    script = tmp_path / "train.py"
    for text in ("print(1)", "print(2)", "print(1)"):
        script.write_text(text)
        stack = Stack(App(), "Stack")
        job = ProcessingJob(
            stack, "Run", image=images.sklearn("1.2-1"), code=script, instance_type="ml.m5.xlarge", reuse=Reuse()
        )
        sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job))
        keys.append(str(states_of(stack)["Run: Reuse"]["Arguments"]["Key"]))

    assert keys[0] == keys[2] != keys[1]


def test_model_of_a_transform_job_counts_by_what_is_in_it():
    def key(**model):
        stack = PipelineStack(App(), "Churn")
        made = CreateModel(stack, "Model", image=images.xgboost("1.7-1"), model_data="s3://data/model.tar.gz", **model)
        job = TransformJob(
            stack, "Score", model=made, data="s3://data/test/", instance_type="ml.m5.xlarge", reuse=Reuse()
        )
        stack.run(made.next(job))
        return states_of(stack)["Score: Reuse"]["Arguments"]["Key"]["Key"]["S"]

    assert key() == key(job_name="fixed") == key(network_isolation=True)
    assert key() != key(environment={"A": "b"})


# What later states find.


@both_languages
def test_metrics_objectives_and_kept_fields_are_there_when_a_job_is_reused(app, language):
    stack = PipelineStack(app, "Churn", reuse=Reuse())
    settings = {"query_language": language}
    train = trained(stack, keep=["BillableTimeInSeconds"], **settings)
    good = QualityGate(stack, "Good", train.final_metric("validation:auc") >= 0.8)
    tune = TuningJob(
        stack,
        "Tune",
        image=images.xgboost("1.7-1"),
        instance_type="ml.m5.xlarge",
        inputs={"train": "s3://data/train/", "validation": "s3://data/validation/"},
        objective="validation:auc",
        ranges={"eta": (0.1, 0.5)},
        hyperparameters={"objective": "binary:logistic", "num_round": 10},
        **settings,
    )
    better = QualityGate(stack, "Better", tune.best_objective >= 0.8)
    model = CreateModel(stack, "Model", image=images.xgboost("1.7-1"), model_data=tune.best_model_artifacts, **settings)
    seconds = QualityGate(stack, "Cheap", train.output_field("BillableTimeInSeconds") <= 10_000)
    stack.run(train.next(good).next(tune).next(better).next(seconds).next(model))

    with Rehearsal.of(stack) as rehearsal:
        rehearsal.script("Train", Metrics(**{"validation:auc": 0.9})).script("Tune", Metrics(**{"validation:auc": 0.9}))
        ran, reused = rehearsal.start(), rehearsal.start()
    assert (ran.status, reused.status, reused.reused) == ("SUCCEEDED", "SUCCEEDED", ["Train", "Tune"])
    data = [run.requests[-1][1]["PrimaryContainer"]["ModelDataUrl"] for run in (ran, reused)]
    assert data[0] == data[1]


@both_languages
def test_later_job_reads_what_was_really_written(app, language):
    stack = PipelineStack(app, "Churn")
    settings = {"query_language": language, "instance_type": "ml.m5.xlarge", "image": images.sklearn("1.2-1")}
    outputs = {"here": None, "there": "s3://elsewhere/there/", "later": said("place", language)}
    given = {name: place or stack.data("here/") for name, place in outputs.items()}
    first = ProcessingJob(stack, "First", outputs=given, reuse=Reuse(), **settings)
    inputs = {name: first.output(name) for name in outputs}
    stack.run(first.next(ProcessingJob(stack, "Second", inputs=inputs, **settings)))

    with Rehearsal.of(stack) as rehearsal:
        read = [rehearsal.start({"place": place}).requests[-1][1] for place in ("s3://a/", "s3://b/")]
    uris = [[one["S3Input"]["S3Uri"] for one in request["ProcessingInputs"]] for request in read]
    assert uris[0] == uris[1]
    assert uris[0][1:] == ["s3://elsewhere/there/", "s3://a/"]


def test_result_without_what_is_asked_for_now_is_not_reused():
    def machine(names):
        stack = PipelineStack(App(), "Churn")
        settings = {"instance_type": "ml.m5.xlarge", "image": images.sklearn("1.2-1")}
        first = ProcessingJob(stack, "First", outputs=names, reuse=Reuse(), **settings)
        stack.run(first.next(ProcessingJob(stack, "Second", inputs={"a": first.output(names[-1])}, **settings)))
        return Rehearsal.of(stack).machine

    fewer, more = machine(["one"]), machine(["one", "two"])
    with Rehearsal(fewer.policy) as rehearsal:
        rehearsal.run(fewer.definition)
        assert rehearsal.run(more.definition).not_reused == {"First": "what is kept is not complete"}
        assert rehearsal.run(fewer.definition).reused == ["First"]


def test_five_jobs_of_which_one_argument_changed_run_from_that_job_on():
    machine = Rehearsal.of(example("reuse_results")["stack"]).machine
    text = str(machine.definition)
    assert text.count("'num_round': '200'") == 1
    changed = definition_changed(machine.definition)

    with Rehearsal(machine.policy) as rehearsal:
        first = rehearsal.run(machine.definition)
        second = rehearsal.run(machine.definition)
        third = rehearsal.run(changed)
    assert [state for state, _ in first.requests] == ["Prepare", "Profile", "Train", "Evaluate", "Model", "Score"]
    # A model costs nothing, and is no job.
    assert [state for state, _ in second.requests] == ["Model"]
    assert [state for state, _ in third.requests] == ["Train", "Evaluate", "Model", "Score"]
    assert third.reused == ["Prepare", "Profile"]


def definition_changed(whole):
    """The same pipeline with another number of rounds, synthesized anew."""
    text = (ROOT / "examples" / "reuse_results.py").read_text()
    assert text.count('"num_round": 200') == 1
    scope = {"__name__": "changed", "__file__": str(ROOT / "examples" / "reuse_results.py")}
    exec(compile(text.replace('"num_round": 200', '"num_round": 300'), "changed", "exec"), scope)
    changed = Rehearsal.of(scope["stack"]).machine.definition
    assert changed != whole
    return changed


def test_jobs_of_a_map_and_side_by_side_are_reused_each_by_its_own_key(app):
    stack = PipelineStack(app, "Churn", reuse=Reuse())
    jobs = [trained(stack, name, reuse=Reuse(), hyperparameters={"num_round": 3}) for name in ("One", "Two")]
    each = trained(stack, "Each", inputs={"train": "$.item.uri"})
    stack.run(ParallelJobs(stack, "Both", jobs).next(FanOut(stack, "All", each, items="$.items")))

    with Rehearsal.of(stack) as rehearsal:
        items = [{"uri": "s3://data/a/"}, {"uri": "s3://data/b/"}]
        first = rehearsal.start({"items": items})
        second = rehearsal.start({"items": [*items, {"uri": "s3://data/c/"}]})
    assert first.succeeded, str(first)
    assert [state for state, _ in first.requests] == ["One", "Two", "Each", "Each"]
    assert [request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] for _, request in second.requests] == [
        "s3://data/c/"
    ]


def test_failure_says_which_results_are_of_another_execution(app):
    stack = PipelineStack(app, "Churn", reuse=Reuse())
    stack.run(trained(stack, "One").next(trained(stack, "Two", hyperparameters={"num_round": "$.rounds"})))

    with Rehearsal.of(stack) as rehearsal:
        first = rehearsal.start({"rounds": "1"})
        origin = rehearsal.start({"rounds": "1"}).output["One"]["Reuse"]["From"]
        rehearsal.script("Two", Failed("AlgorithmError: no rows"))
        failed = rehearsal.start({"rounds": "2"})
    assert first.succeeded
    assert f"AlgorithmError: no rows (reused: One of execution {origin}) - " in failed.cause
    assert "reused: One\nnot reused: Two, nothing is kept under its key" in str(failed)


def test_redriven_execution_goes_on_from_the_job_that_failed(app):
    stack = PipelineStack(app, "Churn", reuse=Reuse())
    stack.run(trained(stack, "One").next(trained(stack, "Two")))

    with Rehearsal.of(stack) as rehearsal:
        rehearsal.script("Two", Failed("no rows"))
        redriven = rehearsal.start().redrive()
        assert redriven.succeeded
        assert rehearsal.start().reused == ["One", "Two"]


def test_drill_finds_nothing_wrong_with_reused_jobs(app):
    stack = PipelineStack(app, "Churn", reuse=Reuse(check_artifacts=True, data_versions=True))
    stack.run(trained(stack, "One").next(trained(stack, "Two")))

    with Rehearsal.of(stack) as rehearsal:
        assert rehearsal.drill() == []


# Versions of the data.


@pytest.mark.parametrize(
    ("listing", "why"),
    [
        ({"Contents": [{"Key": "a", "ETag": "2"}], "IsTruncated": False}, "nothing is kept under its key"),
        ({"Contents": [], "IsTruncated": True}, "there are more than 200 objects under s3://data/train/"),
        (TaskError("S3.S3Exception", "denied"), "that was not to be found out: S3.S3Exception"),
    ],
    ids=["changed", "too many", "denied"],
)
def test_data_is_compared_by_what_is_in_it(stack, machine, listing, why):
    machine(trained(stack, reuse=Reuse(data_versions=True)))

    with Rehearsal.of(stack) as rehearsal:
        rehearsal.start()
        assert rehearsal.start().reused == ["Train"]
        rehearsal.answer("Train: List", listing)
        run = rehearsal.start()
    assert run.succeeded
    assert run.not_reused == {"Train": why}


# Refused.


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"output_check": None}, "what is reused is checked as what has run is"),
        ({"output_check": OutputCheck.documented()}, "what is reused is checked as what has run is"),
        ({"result_path": "$"}, "stands under a key of its own"),
        ({"result_path": sfn.JsonPath.DISCARD, "output_check": None}, "stands under a key of its own"),
        ({"input_path": "$.part"}, "takes no input_path"),
        ({"output_path": "$.part"}, "takes no output_path"),
        ({"assign": {"a": 1}}, "takes no assign"),
        ({"integration_pattern": sfn.IntegrationPattern.REQUEST_RESPONSE}, "cannot be reused"),
        ({"reuse": True}, "reuse must be a Reuse, got True"),
        ({"hyperparameters": {"a": "$.all[?(@.x==1)]"}}, "Reuse compares a value that JSONata cannot say"),
        ({"reuse": Reuse(also="$.all[?(@.x==1)]")}, "Reuse compares a value that JSONata cannot say"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_reuse_that_cannot_work_fails_and_names_it(stack, arguments, what):
    with pytest.raises(InvalidInputError, match=re.escape(what)):
        trained(stack, **arguments)

    Template.from_stack(stack).resource_count_is("AWS::DynamoDB::Table", 0)


def test_labeling_job_cannot_be_reused(stack):
    with pytest.raises(InvalidInputError, match="cannot be reused"):
        LabelingJob(stack, "Label", parameters=REQUESTS["createLabelingJob"], reuse=Reuse())


def test_check_of_artifacts_wants_something_to_check(stack):
    reuse = Reuse(check_artifacts=True)
    with pytest.raises(InvalidInputError, match="nothing is known of that"):
        ProcessingJob(stack, "Run", image=images.sklearn("1.2-1"), instance_type="ml.m5.xlarge", reuse=reuse)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"expire_after": "30 days"}, "expire_after must be a Duration of whole seconds"),
        ({"expire_after": 0}, "expire_after must be a Duration of whole seconds"),
        ({"check_artifacts": 1}, "check_artifacts must be True or False"),
        ({"data_versions": "yes"}, "data_versions must be True or False"),
        ({"also": object}, "also must be what JSON can say"),
    ],
    ids=str,
)
def test_reuse_of_another_type_fails_and_names_it(arguments, what):
    with pytest.raises(InvalidInputError, match=what):
        Reuse(**arguments)


@pytest.mark.parametrize("reuse", [True, {"Train": True}, ["Train"]], ids=str)
def test_reuse_of_a_pipeline_that_is_none_fails(app, reuse):
    with pytest.raises(InvalidInputError, match="reuse cannot be used"):
        PipelineStack(app, "Churn", reuse=reuse)


def test_reuse_of_a_job_that_there_is_not_fails_and_names_it(app):
    stack = PipelineStack(app, "Churn", reuse={"Trian": Reuse()})
    with pytest.raises(InvalidInputError, match=r"reuse names jobs that there are not, got \['Trian'\]"):
        stack.run(trained(stack))


def test_value_that_is_another_in_each_execution_is_told(stack, machine):
    machine(trained(stack, environment={"RUN": sfn.JsonPath.execution_name}))

    what = ".*Reuse compares what is another in each execution.*Environment.*"
    Annotations.from_stack(stack).has_warning("*", Match.string_like_regexp(what))


def test_further_pipeline_in_a_stack_leaves_the_reuse_of_its_jobs_on():
    stack = PipelineStack(App(), "Churn", reuse=Reuse())
    JobPipeline(stack, "Second").run(sfn.Pass(stack, "Nothing"))
    data = {"inputs": {"train": "s3://data/train/"}, "instance_type": "ml.m5.xlarge"}
    stack.run(TrainingJob(stack, "Train", image=images.xgboost("1.7-1"), **data))

    machines = Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    assert sum("Train: Reuse" in str(machine) for machine in machines) == 1
