"""Failures explain themselves: read, told, and the end of the execution; and a redrive goes on from the job."""

from __future__ import annotations

from constructs_sm import (
    CreateModel,
    FailureHandler,
    InvalidInputError,
    JobPipeline,
    OutputCheck,
    QualityGate,
    TrainingJob,
)
from constructs_sm.testing import (
    AccessDenied,
    Failed,
    LimitExceeded,
    Output,
    Rehearsal,
    Stopped,
    TaskError,
    TimedOut,
    definition,
    resolved,
    state_machine_policy,
)

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from every_action import IMAGE, REQUESTS

TRAINING = REQUESTS["createTrainingJob"]
TOPIC = "arn:aws:sns:us-east-1:123456789012:told"
LANGUAGES = {"JSONPath": None, "JSONata": sfn.QueryLanguage.JSONATA}
in_both_languages = pytest.mark.parametrize("language", LANGUAGES)


class Handled:
    """A definition whose failures are handled, and who was told of them."""

    def __init__(self, make, *, told=True, notify=None, machine_language=None) -> None:
        stack = self.stack = Stack(App(), "Stack")
        topic = sns.Topic(stack, "Topic")
        chain = make(stack)
        handler = FailureHandler(
            stack, "JobFailed", topic=topic if told else None, notify=None if notify is None else notify(stack)
        )
        body = sfn.DefinitionBody.from_chainable(handler.catch(chain))
        sfn.StateMachine(stack, "StateMachine", definition_body=body, query_language=machine_language)
        references = {stack.get_logical_id(topic.node.default_child): TOPIC}
        self.definition = resolved(definition(stack), references)
        self.policy = resolved(state_machine_policy(stack), references)

    def run(self, state=None, *steps, execution_input=None, without_topic=False, started_at=None):
        with Rehearsal(self.policy) as rehearsal:
            if without_topic:
                rehearsal.answer("JobFailed: Notify", TaskError("SNS.NotFoundException", "Topic does not exist"))
            if state:
                rehearsal.script(state, *steps)
            machine = {**self.definition, **({"StartAt": started_at} if started_at else {})}
            ended = rehearsal.run(machine, {"id": "x"} if execution_input is None else execution_input)
        self.messages = [request["Message"] for _, api, request in ended.calls if api == "sns:publish"]
        return ended


def train(stack, construct_id="Train", **arguments):
    return TrainingJob(stack, construct_id, parameters=TRAINING, **arguments)


def train_each(stack, language):
    inner = train(stack, query_language=LANGUAGES[language])
    return sfn.Map(stack, "Each", items_path="$.items").item_processor(inner)


@pytest.fixture(scope="module")
def handled():
    made = {}

    def of(language):
        if language not in made:
            arguments = {"query_language": LANGUAGES[language]}
            made[language] = Handled(lambda stack: train(stack, **arguments).next(train(stack, "Again", **arguments)))
        return made[language]

    return of


CONSOLE = "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/arn:aws:states:"


@in_both_languages
@pytest.mark.parametrize(
    ("step", "error", "begins"),
    [
        (
            Failed('AlgorithmError: no "rows"\nin C:\\data'),
            "Job.TaskFailed",
            'Train failed with States.TaskFailed: AlgorithmError: no "rows"\nin C:\\data - ',
        ),
        (
            AccessDenied(),
            "SageMaker.AmazonSageMakerException",
            "Train failed with SageMaker.AmazonSageMakerException: User is not authorized to perform this action (",
        ),
        (
            LimitExceeded(),
            "SageMaker.ResourceLimitExceededException",
            "Train failed with SageMaker.ResourceLimitExceededException: The account-level service limit",
        ),
        (TimedOut(), "Job.Timeout", f"Train failed with States.Timeout - {CONSOLE}"),
    ],
    ids=["job failed", "call refused", "over the limit", "timed out"],
)
def test_execution_ends_failed_with_the_job_and_the_reason_and_somebody_is_told(handled, language, step, error, begins):
    made = handled(language)
    ended = made.run("Train", *[step] * 30)

    assert (ended.status, ended.error) == ("FAILED", error)
    assert ended.cause.startswith(begins)
    assert f" - {CONSOLE}" in ended.cause
    assert made.messages == [ended.cause]
    assert ended.states == ["Train", "JobFailed: Explain", "JobFailed: Notify", "JobFailed"]


@in_both_languages
def test_success_meets_no_handler(handled, language):
    ended = handled(language).run()

    assert ended.status == "SUCCEEDED"
    assert [state for state in ended.states if "JobFailed" in state] == []
    assert ended.output["id"] == "x"


@in_both_languages
def test_reason_of_a_truncated_description_is_its_beginning(handled, language):
    ended = handled(language).run("Train", Failed("x" * 40_000))

    assert ended.error == "Job.TaskFailed"
    assert len(ended.cause) < 2_500


@in_both_languages
def test_redriven_execution_goes_on_from_the_job_that_failed_with_its_input(handled, language):
    made = handled(language)
    # A redrive enters the task again, with the input it had; the count of redrives is then more than it was.
    failure = {"job": "Again", "name": "Job.TaskFailed", "message": "-", "redrives": -1}
    before = {"id": "x", "Train": {"TrainingJobArn": "arn"}}
    ended = made.run(started_at="JobFailed", execution_input={"failure": failure, "input": before})

    assert ended.status == "SUCCEEDED", ended.cause
    assert ended.states[:2] == ["JobFailed", "Again"]
    assert [state for state, _ in ended.requests] == ["Again"]
    assert {key: ended.output[key] for key in before} == before


@in_both_languages
def test_handler_keeps_the_input_for_a_redrive(handled, language):
    made = handled(language)
    states = made.definition["States"]
    shown = {**made.definition, "States": {**states, "JobFailed: Notify": {"Type": "Succeed"}}}
    shown["States"].pop("JobFailed")
    shown["States"].pop("JobFailed: Fail")
    with Rehearsal() as rehearsal:
        rehearsal.script("Again", Failed("no rows"))
        ended = rehearsal.run(shown, {"id": "x"})

    assert ended.output["input"]["id"] == "x"
    assert ended.output["input"]["Train"]["TrainingJobArn"]
    failure = ended.output["failure"]
    assert (failure["job"], failure["error"], failure["reason"]) == ("Again", "States.TaskFailed", "no rows")
    assert failure["resource"].startswith("arn:aws:sagemaker:us-east-1:123456789012:training-job/")
    assert failure["console"].startswith(CONSOLE)
    assert failure["redrives"] == 0


@pytest.mark.parametrize("error", ["States.Timeout", "Sfn.InvalidTokenException", "States.Permissions"])
def test_end_that_cannot_report_itself_ends_in_a_fail_with_the_same_text(handled, error):
    states = handled("JSONPath").definition["States"]
    catch = states["JobFailed"]["Catch"]

    (given_up,) = (catcher for catcher in catch if error in catcher["ErrorEquals"])
    assert given_up["Next"] == "JobFailed: Fail"
    assert given_up["Output"] == "{% $states.input %}"
    failure = {"name": "Job.TaskFailed", "message": "no rows"}
    ended = handled("JSONPath").run(started_at="JobFailed: Fail", execution_input={"failure": failure})
    assert (ended.error, ended.cause) == ("Job.TaskFailed", "no rows")


def test_end_waits_a_minute_for_its_own_report(handled):
    end = handled("JSONPath").definition["States"]["JobFailed"]

    assert end["Resource"] == "arn:aws:states:::aws-sdk:sfn:sendTaskFailure.waitForTaskToken"
    assert end["TimeoutSeconds"] == 60
    assert "States.ALL" not in [error for catcher in end["Catch"] for error in catcher["ErrorEquals"]]


def test_notice_that_cannot_be_sent_hides_nothing(handled):
    ended = handled("JSONPath").run("Train", Failed("no rows"), without_topic=True)

    assert ended.error == "Job.TaskFailed"
    assert "no rows" in ended.cause


def test_catch_of_a_user_wins():
    def chain(stack):
        own = train(stack)
        own.add_catch(sfn.Succeed(stack, "Mine"), result_path="$.error")
        return own

    made = Handled(chain)
    ended = made.run("Train", Failed("no rows"))
    assert (ended.status, ended.states) == ("SUCCEEDED", ["Train", "Mine"])
    assert "JobFailed" not in made.definition["States"]


def test_catch_of_a_user_for_some_errors_comes_first():
    def chain(stack):
        own = train(stack)
        return own.add_catch(sfn.Succeed(stack, "Mine"), errors=["States.Timeout"])

    made = Handled(chain)
    assert [c["ErrorEquals"] for c in made.definition["States"]["Train"]["Catch"]] == [
        ["States.Timeout"],
        ["States.ALL"],
    ]
    assert made.run("Train", *[TimedOut()] * 9).states[-1] == "Mine"
    assert made.run("Train", Failed("no rows")).states[-1] == "JobFailed"


@in_both_languages
def test_item_of_a_map_fails_it_with_its_reason(language):
    made = Handled(lambda stack: train_each(stack, language))
    # A redrive goes on from the items that failed only where the Map itself has failed.
    assert "Catch" not in made.definition["States"]["Each"]
    ended = made.run("Train", Failed("no rows"), execution_input={"items": [{"n": 1}]})
    assert (ended.status, ended.error) == ("FAILED", "Job.TaskFailed")
    assert ended.cause.startswith("Train failed with States.TaskFailed: no rows - ")
    assert made.messages == [ended.cause]


@in_both_languages
def test_refused_output_of_an_item_is_explained_and_told_like_any_failure(language):
    """The job in a Map has ended itself long before anybody says where failures go."""
    made = Handled(lambda stack: train_each(stack, language))
    ended = made.run("Train", Stopped(), execution_input={"items": [{"n": 1}]})
    assert (ended.status, ended.error) == ("FAILED", "InvalidOutput")
    assert ended.cause.startswith("Train failed with InvalidOutput: no TrainingJobArn, or not Completed: {")
    assert made.messages == [ended.cause]


def test_job_that_a_gate_may_lead_to_is_caught_where_the_others_are():
    def chain(stack):
        first, second = train(stack), train(stack, "Second")
        again = QualityGate(stack, "Still bad", second.final_metric("auc") > 0.5, otherwise=train(stack, "Third"))
        gate = QualityGate(stack, "Good", first.final_metric("auc") > 0.5, otherwise=second.next(again))
        return first.next(gate)

    states = Handled(chain).definition["States"]
    caught = {name: state["Catch"][0]["Next"] for name, state in states.items() if ":sagemaker:" in str(state)}
    tasks = ["Train", "Train: Describe", "Second", "Second: Describe", "Third"]
    assert caught == dict.fromkeys(tasks, "JobFailed: Explain")


@in_both_languages
def test_branch_of_a_parallel_in_a_pipeline_fails_it_with_its_reason(language):
    stack = Stack(App(), "Stack")
    branches = [train(stack, name, query_language=LANGUAGES[language]) for name in ("Train", "Other")]
    alone = train(stack, "Alone", query_language=LANGUAGES[language])
    alone.add_catch(sfn.Succeed(stack, "Mine"))
    both = sfn.Parallel(stack, "Both", result_path="$.both").branch(*branches, alone)
    pipeline = JobPipeline(stack, "Nightly", definition=train(stack, "First").next(both))
    references = {stack.get_logical_id(pipeline.topic.node.default_child): TOPIC}
    machine = resolved(definition(stack), references)
    handlers = [
        {name for name in branch["States"] if "JobFailed" in name} for branch in machine["States"]["Both"]["Branches"]
    ]
    states = ["{}: JobFailed: Explain", "{}: JobFailed", "{}: JobFailed: Fail"]
    assert handlers == [{name.format(job) for name in states} for job in ("Train", "Other")] + [set()]
    assert "Catch" not in machine["States"]["Both"]
    with Rehearsal(resolved(state_machine_policy(stack), references)) as rehearsal:
        rehearsal.script("Other", Failed("no rows"))
        ended = rehearsal.run(machine)
    assert (ended.status, ended.error) == ("FAILED", "Job.TaskFailed")
    assert ended.cause.startswith("Other failed with States.TaskFailed: no rows - ")


def test_branch_of_a_parallel_is_caught_by_itself_outside_of_a_pipeline():
    stack = Stack(App(), "Stack")
    handler = FailureHandler(stack, "JobFailed")
    both = sfn.Parallel(stack, "Both").branch(handler.catch(train(stack)), handler.catch(train(stack, "Other")))
    sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(both))

    branches = definition(stack)["States"]["Both"]["Branches"]
    assert ["JobFailed" in branches[0]["States"], "Other: JobFailed" in branches[1]["States"]] == [True, True]


def test_handler_of_a_job_with_a_long_name_is_named_after_its_beginning():
    names = ["a" * 62 + "1", "a" * 62 + "2"]

    def chain(stack):
        jobs = [train(stack, name) for name in names]
        return sfn.Parallel(stack, "Both", result_path="$.both").branch(*jobs)

    stack = Stack(App(), "Stack")
    JobPipeline(stack, "Nightly", definition=chain(stack))
    branches = definition(stack)["States"]["Both"]["Branches"]
    ends = [
        next(name for name, state in branch["States"].items() if "sendTaskFailure" in str(state)) for branch in branches
    ]
    assert ends == [f"{'a' * 60}: JobFailed", "JobFailed 2"]
    assert max(len(name) for branch in branches for name in branch["States"]) == 80


def test_items_of_a_distributed_map_do_not_notify():
    def chain(stack):
        return sfn.DistributedMap(stack, "Each", items_path="$.items").item_processor(train(stack))

    states = Handled(chain).definition["States"]["Each"]["ItemProcessor"]["States"]
    assert {name for name in states if "JobFailed" in name} == {
        "Train: JobFailed: Explain",
        "Train: JobFailed",
        "Train: JobFailed: Fail",
    }


def test_variable_of_an_inner_handler_is_not_called_like_an_outer_one():
    def chain(stack):
        each = sfn.Map(stack, "Each", items_path="$.items").item_processor(train(stack, "Inner"))
        return train(stack).next(each)

    states = Handled(chain).definition["States"]
    (outer,) = states["Train"]["Catch"][0]["Assign"]
    (inner,) = states["Each"]["ItemProcessor"]["States"]["Inner"]["Catch"][0]["Assign"]
    assert (outer, inner) == ("failed", "failed2")


def test_tasks_of_others_are_caught_as_well():
    def chain(stack):
        prepare = tasks.GlueStartJobRun(
            stack,
            "Prepare",
            glue_job_name="prepare",
            integration_pattern=sfn.IntegrationPattern.RUN_JOB,
            result_path="$.prepared",
        )
        tell = sfn.CustomState(
            stack,
            "Tell",
            state_json={"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {}},
        )
        return prepare.next(train(stack)).next(sfn.Pass(stack, "Pass")).next(tell)

    states = Handled(chain).definition["States"]
    caught = [name for name, state in states.items() if "JobFailed" not in name and "Catch" in state]
    assert caught == ["Prepare", "Train", "Tell"]


@in_both_languages
def test_task_of_the_user_is_told_and_what_it_leaves_is_dropped(language):
    def notify(stack):
        return sfn.Pass(stack, "Tell", result=sfn.Result.from_object({"gone": True}))

    made = Handled(lambda stack: train(stack, query_language=LANGUAGES[language]), told=False, notify=notify)
    ended = made.run("Train", Failed("no rows"))

    assert ended.states == ["Train", "JobFailed: Explain", "JobFailed: Handle", "Tell", "JobFailed"]
    assert ended.cause.startswith("Train failed with States.TaskFailed: no rows")


def test_failing_task_of_the_user_hides_nothing():
    made = Handled(train, notify=lambda stack: sfn.Fail(stack, "Tell", error="Mine", cause="mine"))

    ended = made.run("Train", Failed("no rows"))
    assert ended.error == "Job.TaskFailed"
    assert "no rows" in ended.cause


def test_call_that_starts_nothing_is_explained_too():
    made = Handled(lambda stack: CreateModel(stack, "Model", parameters=REQUESTS["createModel"]))

    assert made.run("Model", *[AccessDenied()] * 9).cause.startswith(
        "Model failed with SageMaker.AmazonSageMakerException: User is not authorized"
    )


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_refused_output_is_explained_like_any_failure(handled, language):
    ended = handled(language).run("Train", Output(TrainingJobStatus="Stopped"))

    assert ended.error == "InvalidOutput"
    assert ended.cause.startswith("Train failed with InvalidOutput: no TrainingJobArn, or not Completed: {")
    assert '"TrainingJobStatus":"Stopped"' in ended.cause


def test_output_that_the_documented_check_refuses_ends_in_the_documented_fail():
    made = Handled(lambda stack: train(stack, output_check=OutputCheck.documented()))

    ended = made.run("Train", Output(TrainingJobArn=""))
    assert (ended.error, ended.states[-1]) == ("InvalidOutput", "Train: InvalidOutput")


def test_refused_output_that_is_not_under_one_key_is_explained_too():
    made = Handled(lambda stack: train(stack, result_path="$.results.train"))

    ended = made.run("Train", Output(TrainingJobStatus="Stopped"), execution_input={"results": {}})
    assert ended.cause.startswith("Train failed with InvalidOutput: no TrainingJobArn, or not Completed: {")


def test_handler_in_a_jsonata_machine_says_the_same():
    language = sfn.QueryLanguage.JSONATA
    made = Handled(lambda stack: train(stack, query_language=language), machine_language=language)

    assert made.run("Train", Failed("no rows")).cause.startswith("Train failed with States.TaskFailed: no rows")


def test_role_may_report_and_publish_to_the_topic_alone():
    stack = Stack(App(), "Stack")
    topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key"))
    chain = FailureHandler(stack, "JobFailed", topic=topic).catch(train(stack))
    sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(chain))

    granted = {
        action: statement["Resource"]
        for statement in state_machine_policy(stack)
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert granted["states:SendTaskFailure"] == "*"
    assert granted["sns:Publish"] == f"${{{stack.get_logical_id(topic.node.default_child)}}}"
    assert granted["kms:GenerateDataKey"] == granted["kms:Decrypt"]
    assert granted["kms:Decrypt"].endswith(".Arn}")


def test_pipeline_explains_by_default_and_not_if_told(stack):
    JobPipeline(stack, "Plain", definition=train(stack), explain_failures=False)
    assert [name for name in definition(stack)["States"] if "JobFailed" in name] == []

    other = Stack(App(), "Other")
    JobPipeline(other, "Nightly", definition=train(other))
    assert "JobFailed" in definition(other)["States"]


def test_pipeline_leaves_a_handler_of_the_user_s_alone(stack):
    own = FailureHandler(stack, "Mine")
    JobPipeline(stack, "Nightly", definition=own.catch(train(stack)))

    assert [name for name in definition(stack)["States"] if "JobFailed" in name] == []
    assert "Mine" in definition(stack)["States"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"topic": "arn:aws:sns"}, "topic cannot be used, got 'arn:aws:sns'; pass an sns.ITopic"),
        ({"notify": "mail"}, "notify cannot be used, got 'mail'; pass a task, or a chain"),
    ],
)
def test_wrong_argument_fails_and_says_what_to_pass(stack, arguments, said):
    with pytest.raises(InvalidInputError, match=f"FailureHandler 'Stack/JobFailed': {said}"):
        FailureHandler(stack, "JobFailed", **arguments)


def test_what_is_no_definition_fails_and_says_what_to_pass(stack):
    with pytest.raises(InvalidInputError, match="nothing to catch, got None; pass a job, or a chain"):
        FailureHandler(stack, "JobFailed").catch(None)


def test_way_back_of_a_redrive_takes_nothing_from_the_jobs_behind_it(stack):
    first = train(stack, "First")
    model = CreateModel(stack, "Model", image=IMAGE, model_data=first.model_artifacts)
    JobPipeline(stack, "Nightly", definition=first.next(model))

    assert definition(stack)["States"]["JobFailed"]["Catch"][1]["Next"] == "Model"
