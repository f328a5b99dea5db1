"""What jobs leave for others: spelled in the language of whoever is given it, and said to be missing where it is."""

from __future__ import annotations

from constructs_sm import (
    CreateModel,
    InvalidInputError,
    JobOutput,
    OutputCheck,
    ParallelJobs,
    PipelineStack,
    ProcessingJob,
    SageMakerTask,
    TrainingJob,
    TransformJob,
)
from constructs_sm.actions import ENDPOINT_UPDATE, TRAINING_JOB
from constructs_sm.testing import MISSING, Output, Rehearsal, definition, state_machine_policy
from constructs_sm.testing.source.references import resolved
from constructs_sm.values.s3 import S3Location

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct
from every_action import IMAGE, REQUESTS, job

JSONPATH, JSONATA = sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA
LANGUAGES = [JSONPATH, JSONATA]
REPLACED = ("InputDataConfig", "OutputDataConfig")
ENVIRONMENT = Environment(account="123456789012", region="us-east-1")
EITHER_WAY = pytest.mark.parametrize(("made", "used"), [(a, b) for a in LANGUAGES for b in LANGUAGES])


def training(stack, construct_id="Train", **arguments):
    arguments = {"instance_type": "ml.m5.xlarge", "output": "s3://data/models/", **arguments}
    return TrainingJob(stack, construct_id, image=IMAGE, inputs={"train": "s3://data/train/"}, **arguments)


def fails(stack):
    with pytest.raises(RuntimeError) as caught:
        definition(stack)
    return str(caught.value)


@EITHER_WAY
def test_output_is_spelled_in_the_language_of_who_is_given_it(stack, made, used):
    train = training(stack, query_language=made)
    model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts, query_language=used)
    request = model.task._state.sent.to_state(jsonata=used is JSONATA)["PrimaryContainer"]  # noqa: SLF001

    if used is JSONATA:
        assert request["ModelDataUrl"] == "{% $states.input.Train.ModelArtifacts.S3ModelArtifacts %}"
    else:
        assert request["ModelDataUrl.$"] == "$.Train.ModelArtifacts.S3ModelArtifacts"


@pytest.mark.parametrize("used", LANGUAGES)
def test_output_in_parameters_is_late_bound_too(stack, used):
    train = training(stack)
    container = {"Image": IMAGE, "ModelDataUrl": train.model_artifacts, "Environment": {"JOB": train.resource_name}}
    model = CreateModel(stack, "Model", parameters={"PrimaryContainer": container}, query_language=used)
    request = model.task._state.sent.to_state(jsonata=used is JSONATA)["PrimaryContainer"]  # noqa: SLF001

    if used is JSONATA:
        assert request["Environment"] == {"JOB": "{% $states.input.Train.TrainingJobName %}"}
    else:
        assert request["ModelDataUrl.$"] == "$.Train.ModelArtifacts.S3ModelArtifacts"
        assert request["Environment"] == {"JOB.$": "$.Train.TrainingJobName"}


def test_number_among_texts_is_made_a_text(stack):
    train = training(stack)
    seconds = train.output_field("TrainingTimeInSeconds")
    second = training(stack, "Again", hyperparameters={"seconds": seconds}, job_name=train.resource_name)
    request = second.task._state.sent.to_state(jsonata=False)  # noqa: SLF001
    assert request["HyperParameters"] == {"seconds.$": "States.Format('{}', $.Train.Described.TrainingTimeInSeconds)"}
    assert request["TrainingJobName.$"] == "$.Train.TrainingJobName"


def test_output_in_a_list_is_an_item_of_an_array(stack):
    train = training(stack)
    entrypoint = ["python3", "evaluate.py", train.resource_name]
    evaluate = ProcessingJob(stack, "Evaluate", image=IMAGE, instance_type="ml.m5.xlarge", entrypoint=entrypoint)
    app = evaluate.task._state.sent.to_state(jsonata=False)["AppSpecification"]  # noqa: SLF001
    said = "States.Array('python3', 'evaluate.py', States.Format('{}', $.Train.TrainingJobName))"
    assert app["ContainerEntrypoint.$"] == said


@EITHER_WAY
def test_name_from_an_answer_is_cut_out_of_the_arn(stack, made, used):
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://data/model.tar.gz", query_language=made)
    update = job(stack, ENDPOINT_UPDATE, job_name=model.model_name, query_language=used)
    request = update.task._state.sent.to_state(jsonata=used is JSONATA)  # noqa: SLF001
    if used is JSONATA:
        assert request["EndpointName"] == "{% $split($states.input.Model.ModelArn, '/')[1] %}"
    else:
        assert request["EndpointName.$"] == "States.ArrayGetItem(States.StringSplit($.Model.ModelArn, '/'), 1)"


def test_output_is_a_string_to_anything_of_the_cdk_s(stack, machine):
    train = training(stack)
    tell = sfn.Pass(stack, "Tell", parameters={"model": sfn.JsonPath.string_at(train.model_artifacts.uri)})
    machine(train.next(tell))
    assert definition(stack)["States"]["Tell"]["Parameters"] == {"model.$": "$.Train.ModelArtifacts.S3ModelArtifacts"}


@pytest.mark.parametrize("path", ["BillableTime", "ModelArtifacts.Uri", ""])
def test_field_that_sagemaker_does_not_know_fails_and_names_it(stack, path):
    with pytest.raises(InvalidInputError, match="no such field in the output of TrainingJob"):
        training(stack).output_field(path)


@pytest.mark.parametrize(
    ("language", "spelled"),
    [
        (JSONATA, "{% $states.input.Train.Described.BillableTimeInSeconds %}"),
        (None, "$.Train.Described.BillableTimeInSeconds"),
    ],
    ids=["JSONata", "JSONPath"],
)
def test_field_that_is_not_handed_on_is_among_what_was_described(stack, language, spelled):
    assert (
        training(stack, query_language=language)
        .output_field("BillableTimeInSeconds")
        .spelled(jsonata=language is JSONATA)
        == spelled
    )


def test_field_that_is_not_kept_fails_and_says_how_to_keep_it(stack):
    train = training(stack, result_selector={"TrainingJobStatus.$": "$.TrainingJobStatus"}, output_check=None)
    with pytest.raises(InvalidInputError, match="TrainingJobArn of an output that is not kept; keep TrainingJobArn"):
        train.output_field("TrainingJobArn")
    # By its name it is described.
    with pytest.raises(InvalidInputError, match="SecondaryStatus of an output that is not kept; keep TrainingJobName"):
        train.output_field("SecondaryStatus")


@pytest.mark.parametrize(
    ("keep", "problem"),
    [
        ("BillableTimeInSeconds", "keep must be a list of fields"),
        (["Billable"], "no such field in the output of TrainingJob, got 'Billable'"),
    ],
)
def test_keep_of_what_is_no_field_fails_and_names_it(stack, keep, problem):
    with pytest.raises(InvalidInputError, match=problem):
        training(stack, query_language=JSONATA, keep=keep)


def test_keep_beside_a_result_selector_fails(stack):
    selector = {"TrainingJobArn.$": "$.TrainingJobArn", "TrainingJobStatus.$": "$.TrainingJobStatus"}
    with pytest.raises(InvalidInputError, match="keep selects from what is kept whole"):
        training(stack, keep=[], result_selector=selector)


def test_keep_without_a_check_fails_in_jsonpath(stack):
    with pytest.raises(InvalidInputError, match="keep in JSONPath needs the check of the output"):
        training(stack, keep=[], output_check=None)


def test_metric_that_no_path_can_name_fails(stack):
    with pytest.raises(InvalidInputError, match="no name of a metric"):
        training(stack).final_metric("it's")


def test_user_before_the_job_fails_at_synthesis_and_names_both(stack, machine):
    train = training(stack)
    model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts)
    machine(model.next(train))

    told = (
        "Stack/Model uses ModelArtifacts.S3ModelArtifacts of Stack/Train, which does not run before it; chain it after"
    )
    assert told in fails(stack)


def test_literal_place_is_no_less_the_job_s(stack, machine):
    prepare = ProcessingJob(
        stack, "Prepare", image=IMAGE, instance_type="ml.m5.xlarge", outputs={"train": "s3://data/train/"}
    )
    train = TrainingJob(
        stack,
        "Train",
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": prepare.output("train")},
        output="s3://data/models/",
    )
    machine(train)
    told = "Stack/Train uses output 'train' of Stack/Prepare, which does not run in its state machine; chain it before"
    assert told in fails(stack)


def test_model_of_a_fixed_name_is_no_less_the_job_s(stack, machine):
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://data/model.tar.gz", job_name="churn")
    score = TransformJob(
        stack, "Score", model=model, data="s3://data/test/", output="s3://data/scores/", instance_type="ml.m5.xlarge"
    )
    machine(score.next(model))
    assert "Stack/Score uses ModelName of Stack/Model, which does not run before it; chain it after" in fails(stack)


def test_state_of_the_cdk_s_before_the_job_is_named(stack, machine):
    train = training(stack)
    tell = sfn.Pass(stack, "Tell", parameters={"arn.$": train.resource_arn})
    machine(tell.next(train))
    assert "Tell uses TrainingJobArn of Stack/Train, which does not run before it; chain it after" in fails(stack)


def test_prefixed_states_are_found_all_the_same(stack, machine):
    train = training(stack)
    model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts)
    train.prefix_states("nightly ")
    model.prefix_states("nightly ")
    machine(train.next(model))
    assert "nightly Train" in definition(stack)["States"]


def test_task_alone_is_a_producer_and_a_user_too(stack, machine):
    train = training(stack)
    parameters = {"EndpointName": train.resource_name, "EndpointConfigName": "churn"}
    update = SageMakerTask(stack, "Update", action=ENDPOINT_UPDATE, parameters=parameters)
    machine(update.next(train.start_state))
    assert "Stack/Update uses TrainingJobName of Stack/Train" in fails(stack)


def test_lambda_that_replaces_the_payload_is_not_judged(stack, machine):
    train = training(stack)
    ask = tasks.CallAwsService(stack, "Ask", service="sts", action="getCallerIdentity", iam_resources=["*"])
    model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts)
    machine(train.next(ask).next(model))
    assert "Model" in definition(stack)["States"]


def test_stack_without_outputs_in_use_is_not_looked_at(stack, machine):
    machine(job(stack, TRAINING_JOB))
    stack.node.find_all = None
    assert "Job" in definition(stack)["States"]


class Run:
    """A pipeline, rehearsed."""

    def __init__(self, make):
        stack = Stack(App(), "Stack", env=ENVIRONMENT)
        sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(make(stack)))
        self.definition, self.policy = resolved(definition(stack)), resolved(state_machine_policy(stack))

    def __call__(self, execution_input=None, **script):
        with Rehearsal(self.policy) as rehearsal:
            for state, steps in script.items():
                rehearsal.script(state, *steps)
            return rehearsal.run(self.definition, execution_input or {})


@EITHER_WAY
def test_outputs_of_parallel_jobs_are_used_after_them(made, used):
    def make(stack):
        small, large = (training(stack, name, query_language=made) for name in ("Small", "Large"))
        both = ParallelJobs(stack, "Train both", [small, large], query_language=made)
        models = [
            CreateModel(
                stack, f"Model of {train.node.id}", image=IMAGE, model_data=train.model_artifacts, query_language=used
            )
            for train in (small, large)
        ]
        return both.next(models[0]).next(models[1])

    run = Run(make)({"id": 7})
    assert run.status == "SUCCEEDED", run.cause
    requests = dict(run.requests)
    for name in ("Small", "Large"):
        data = requests[f"Model of {name}"]["PrimaryContainer"]["ModelDataUrl"]
        assert data == f"s3://data/models/{requests[name]['TrainingJobName']}/output/model.tar.gz"
    assert run.output["id"] == 7
    assert set(run.output) == {"id", "Small", "Large", "Model of Small", "Model of Large"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_eleven_branches_are_made_one(language):
    def make(stack):
        jobs = [training(stack, f"Train{index}", query_language=language) for index in range(11)]
        return ParallelJobs(stack, "All", jobs, query_language=language)

    run = Run(make)()
    assert run.status == "SUCCEEDED", run.cause
    assert set(run.output) == {f"Train{index}" for index in range(11)}


@pytest.mark.parametrize(
    ("branches", "problem"),
    [
        ([], "branches must be a list of jobs or chains"),
        (["Train"], "branches must be a list of jobs or chains"),
    ],
)
def test_parallel_jobs_of_nothing_fail_and_name_it(stack, branches, problem):
    with pytest.raises(InvalidInputError, match=problem):
        ParallelJobs(stack, "Both", branches)


def test_twelve_branches_in_jsonpath_fail_and_say_what_to_do(stack):
    with pytest.raises(InvalidInputError, match="JSONPath makes one of at most 11 branches, got 12; pass query_lang"):
        ParallelJobs(stack, "Both", [training(stack, f"Train{index}") for index in range(12)])


RESULTS = {"TrainingJobName", "TrainingJobArn", "TrainingJobStatus", "ModelArtifacts"}


@pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
def test_job_keeps_little_of_its_output_and_what_it_is_told_to(language):
    def make(stack):
        train = training(stack, query_language=language, keep=["RoleArn"], hyperparameters={"eta": 1})
        model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts, query_language=language)
        return train.next(model)

    run = Run(make)({"id": 7})
    assert run.status == "SUCCEEDED", run.cause
    assert run.output["id"] == 7
    assert set(run.output["Train"]) == {*RESULTS, "RoleArn"}
    assert set(Run(lambda stack: training(stack, query_language=language))().output["Train"]) == RESULTS


@pytest.mark.parametrize(
    "arguments",
    [{"result_path": "$.results.Train"}, {"output_check": None}, {"output_check": OutputCheck.documented()}],
    ids=["not under one key", "no check", "the documented check"],
)
def test_jsonpath_job_keeps_all_where_no_check_of_ours_leaves_anything_out(arguments):
    run = Run(lambda stack: training(stack, hyperparameters={"eta": 1}, **arguments))({"results": {}})
    assert "HyperParameters" in (run.output["results"] or run.output)["Train"]


@pytest.mark.parametrize("broken", [{"TrainingJobArn": MISSING}, {"TrainingJobStatus": "Stopped"}])
def test_jsonpath_job_that_keeps_little_shows_all_where_it_is_refused(broken):
    run = Run(lambda stack: training(stack, hyperparameters={"eta": 1}))(Train=[Output(**broken)])
    assert (run.status, run.error) == ("FAILED", "InvalidOutput")
    assert run.cause.startswith("Train: no TrainingJobArn, or not Completed: {")
    assert '"HyperParameters"' in run.cause


def test_outputs_by_name_are_used_in_the_other_language(app):
    stack = PipelineStack(app, "Churn")
    prepare = ProcessingJob(stack, "Prepare", image=IMAGE, instance_type="ml.m5.xlarge", outputs=["train"])
    output = prepare.output("train").uri
    assert isinstance(output, JobOutput)
    assert stack.resolve(output.spelled(jsonata=False)) == stack.resolve(prepare.output("train").uri)
    assert output.spelled(jsonata=True).endswith("' & $states.context.Execution.Name & '/train/' %}")


@pytest.mark.parametrize("language", [None, sfn.QueryLanguage.JSONATA], ids=["JSONPath", "JSONata"])
def test_output_that_a_job_of_the_same_id_has_put_its_own_in_place_of_is_refused(stack, machine, language):
    """Prefixes keep the names of their states apart, not the places of their results."""
    first, second = (
        TrainingJob(Construct(stack, name), "Train", parameters=REQUESTS["createTrainingJob"], query_language=language)
        for name in ("EU", "US")
    )
    model = CreateModel(stack, "Model", image=IMAGE, model_data=first.model_artifacts, query_language=language)
    machine(first.prefix_states("EU ").next(second.prefix_states("US ")).next(model))

    with pytest.raises(RuntimeError, match=r"uses .* of Stack/EU/Train, in whose place 'US Train' puts its own; give"):
        App.of(stack).synth()


def test_copies_of_jobs_side_by_side_each_use_their_own(app):
    stack = PipelineStack(app, "Stack")
    copies = []
    for name in ("EU", "US"):
        scope = Construct(stack, name)
        train = TrainingJob(scope, "Train", image=IMAGE, instance_type="ml.m5.xlarge", inputs={"train": "s3://a/b/"})
        model = CreateModel(scope, "Model", image=IMAGE, model_data=train.model_artifacts)
        chain = train.prefix_states(f"{name} ").next(model.prefix_states(f"{name} "))
        copies.append(chain.to_single_state(f"{name} all", result_path=sfn.JsonPath.DISCARD))
    stack.run(sfn.Parallel(stack, "Both").branch(*copies))

    with Rehearsal.of(stack) as rehearsal:
        run = rehearsal.start()
    assert run.succeeded, run
    made = [request["PrimaryContainer"]["ModelDataUrl"] for state, request in run.requests if "Model" in state]
    assert len(set(made)) == 2


def test_jobs_of_one_id_write_into_folders_of_their_own(app):
    """Two blueprints, or two regions: their scopes differ, and what they call their jobs does not."""
    stack = PipelineStack(app, "Stack")
    jobs = [
        ProcessingJob(scope, name, image=IMAGE, instance_type="ml.m5.large", outputs=["train"])
        for scope, name in (
            (Construct(stack, "EU"), "Prepare"),
            (Construct(stack, "US"), "Prepare"),
            (stack, "prepare"),
        )
    ]
    stack.run(jobs[0].prefix_states("EU ").next(jobs[1].prefix_states("US ")).next(jobs[2]))

    with Rehearsal.of(stack) as rehearsal:
        run = rehearsal.start()
    assert run.succeeded, run
    outputs = [request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] for _, request in run.requests]
    assert len(set(outputs)) == 3
    assert "/jobs/prepare/" in outputs[0]


@pytest.mark.parametrize(
    ("language", "uri"),
    [
        (JSONPATH, r"States.Format('s3://data/out/{}it\'s \{all\}/', $.at)"),
        (JSONATA, '{% ($states.input.at) & "it\'s {all}/" %}'),
    ],
    ids=["JSONPath", "JSONata"],
)
def test_place_may_be_called_anything(stack, machine, language, uri):
    """What ends a text, or stands for an argument, is marked in the way of either language."""
    at = "States.Format('s3://data/out/{}', $.at)" if language is JSONPATH else "{% $states.input.at %}"
    inputs = {"train": S3Location(at).under("it's {all}/")}
    output = "s3://data/out/"
    parameters = {key: value for key, value in REQUESTS["createTrainingJob"].items() if key not in REPLACED}
    machine(TrainingJob(stack, "Train", inputs=inputs, output=output, parameters=parameters, query_language=language))

    request = definition(stack)["States"]["Train"]["Arguments" if language is JSONATA else "Parameters"]
    (source,) = (channel["DataSource"]["S3DataSource"] for channel in request["InputDataConfig"])
    assert source["S3Uri" if language is JSONATA else "S3Uri.$"] == uri
