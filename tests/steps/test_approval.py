"""A person is asked, and the pipeline goes on only when the answer is yes."""

from __future__ import annotations

import re

from constructs_sm import Approval, CreateModelPackage, InvalidInputError, JobPipeline, PipelineStack, TrainingJob
from constructs_sm.testing import TaskError, Throttled, TimedOut, UnansweredError, definition, grants, template, without

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk.assertions import Template
from every_action import IMAGE, REQUESTS
from rehearsed import LANGUAGES, Rehearsed

in_both_languages = pytest.mark.parametrize("language", LANGUAGES)
TOPIC = "arn:aws:sns:us-east-1:123456789012:approvals"
YES = {"Approved": True, "By": "Ada", "Comment": "better on every segment"}
NO = {"Approved": False, "By": "Ada", "Comment": "worse\non new customers"}


def topic(stack):
    return sns.Topic.from_topic_arn(stack, "Topic", TOPIC)


def registered(stack, **arguments):
    """A version of a model, and its approval."""
    language = {"query_language": arguments.get("query_language")}
    package = CreateModelPackage(
        stack, "Register", group="churn", image=IMAGE, model_data="s3://data/models/model.tar.gz", **language
    )
    approve = Approval(stack, "Approve", notify=topic(stack), model_package=package, **arguments)
    return package.next(approve)


@pytest.fixture(scope="module")
def rehearsed():
    made = {}

    def of(language="JSONPath"):
        if language not in made:
            made[language] = Rehearsed(lambda stack: registered(stack, query_language=LANGUAGES[language]))
        return made[language]

    return of


@in_both_languages
def test_approved_version_goes_on_and_the_registry_knows(rehearsed, language):
    run = rehearsed(language).run(answers={"Approve: Ask": [YES]})

    assert run.succeeded, run.cause
    assert run.states[-4:] == ["Approve: Begin", "Approve: Ask", "Approve: CheckAnswer", "Approve: Approved"]
    (update,) = [request for state, request in run.requests if state == "Approve: Approved"]
    assert update == {
        "ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1",
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": "Ada: better on every segment",
    }


@in_both_languages
def test_approval_leaves_the_answer_and_the_input(rehearsed, language):
    run = rehearsed(language).run(answers={"Approve: Ask": [YES]})

    assert run.output["Approve"] == YES
    assert run.output["id"] == "x"
    assert set(run.output) == {"id", "Register", "Approve"}


@in_both_languages
def test_refused_version_fails_with_the_answer_and_the_registry_knows(rehearsed, language):
    run = rehearsed(language).run(answers={"Approve: Ask": [NO]})

    assert (run.status, run.error) == ("FAILED", "ApprovalRefused")
    assert run.cause.startswith("Approve: approval was refused: ")
    assert "on new customers" in run.cause
    (update,) = [request for state, request in run.requests if state == "Approve: Rejected"]
    assert update["ModelApprovalStatus"] == "Rejected"
    assert update["ApprovalDescription"] == "Ada: worse on new customers"


@in_both_languages
def test_no_answer_in_time_fails_and_leaves_the_version_pending(rehearsed, language):
    run = rehearsed(language).run(answers={"Approve: Ask": [TimedOut()]})

    assert (run.status, run.error) == ("FAILED", "ApprovalTimedOut")
    assert run.cause.startswith("Approve: approval was not given in 7 days: ")
    assert "model-package/churn/1" in run.cause
    assert not [request for state, request in run.requests if state.startswith("Approve")]


@in_both_languages
@pytest.mark.parametrize("answer", [{}, "yes", {"Approved": "yes"}, {"approved": True}, [], None])
def test_anything_but_true_is_no_approval(rehearsed, language, answer):
    run = rehearsed(language).run(answers={"Approve: Ask": [answer]})

    assert (run.status, run.error) == ("FAILED", "ApprovalRefused")


@in_both_languages
def test_approval_without_an_answer_is_an_error_that_names_the_answer_to_write(rehearsed, language):
    with pytest.raises(UnansweredError) as unanswered:
        rehearsed(language).run()

    assert str(unanswered.value) == (
        "state 'Approve: Ask' calls sns:publish and waits for whoever has its task token; say what is sent: "
        "rehearsal.answer('Approve: Ask', {'Approved': True, 'By': 'your name', 'Comment': ''})"
    )


@in_both_languages
def test_failure_of_the_task_token_is_a_failure(rehearsed, language):
    refused = TaskError("NotToday", "the whole team is away")

    run = rehearsed(language).run(answers={"Approve: Ask": [refused]})

    assert (run.status, run.error, run.cause) == ("FAILED", "NotToday", "the whole team is away")


def test_answer_of_a_stranger_form_is_taken_as_text(rehearsed):
    run = rehearsed().run(answers={"Approve: Ask": [{"Approved": True, "By": 7, "Comment": "x" * 2000}]})

    assert run.succeeded, run.cause
    (update,) = [request for state, request in run.requests if state == "Approve: Approved"]
    assert update["ApprovalDescription"] == ("7: " + "x" * 2000)[:1024]


@in_both_languages
def test_message_says_what_where_and_how(language):
    auc = "{% $states.input.auc %}" if language == "JSONata" else "$.auc"
    made = Rehearsed(
        lambda stack: Approval(
            stack,
            "Approve",
            notify=topic(stack),
            about={"AUC": auc, "Data": "October"},
            subject="A better churn model?",
            timeout=Duration.days(2),
            query_language=LANGUAGES[language],
        )
    )

    run = made.run(execution_input={"auc": 0.91}, answers={"Approve: Ask": [YES]})

    assert run.succeeded, run.cause
    ((_, api, request),) = run.calls
    assert (api, request["TopicArn"], request["Subject"]) == ("sns:publish", TOPIC, "A better churn model?")
    lines = request["Message"].splitlines()
    assert lines[:4] == ["Approve: to be approved or refused.", "", "AUC: 0.91", "Data: October"]
    console = "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/"
    assert re.fullmatch(rf"execution: {re.escape(console)}arn:aws:states:us-east-1:123456789012:execution:.+", lines[4])
    commands = [line for line in lines if line.startswith("aws ")]
    form = (
        "aws stepfunctions send-task-success --region us-east-1 --task-token '[^']+' --task-output "
        '\'{{"Approved": {}, "By": "your name", "Comment": ""}}\''
    )
    assert [bool(re.fullmatch(form.format(flag), line)) for flag, line in zip(("true", "false"), commands, strict=True)]
    assert lines[-1] == "Without an answer in 2 days it is taken for refused."


@in_both_languages
def test_matter_may_have_any_name(language):
    about = {'It\'s `the` "AUC"': "0.9", "a.b": 7}
    made = Rehearsed(
        lambda stack: Approval(stack, "Approve", notify=topic(stack), about=about, query_language=LANGUAGES[language])
    )

    run = made.run(answers={"Approve: Ask": [YES]})

    assert run.succeeded, run.cause
    ((_, _, request),) = run.calls
    assert '\nIt\'s `the` "AUC": 0.9\na.b: 7\n' in request["Message"]


def test_message_has_the_task_token_of_the_state(rehearsed):
    message = rehearsed().definition["States"]["Approve: Ask"]["Arguments"]["Message"]

    assert "--task-token '\" & $states.context.Task.Token & \"'" in message


def test_publishing_waits_for_the_answer_in_time(rehearsed):
    ask = rehearsed().definition["States"]["Approve: Ask"]

    assert ask["Resource"] == "arn:aws:states:::sns:publish.waitForTaskToken"
    assert ask["TimeoutSeconds"] == 604_800


def test_publishing_is_retried():
    made = Rehearsed(lambda stack: Approval(stack, "Approve", notify=topic(stack)))
    throttled = TaskError("SNS.ThrottledException", "Rate exceeded")

    run = made.run(answers={"Approve: Ask": [throttled, throttled, YES]})

    assert run.succeeded, run.cause
    assert len(run.waits) == 2


@in_both_languages
@pytest.mark.parametrize("answer", [NO, TimedOut()], ids=["refused", "silent"])
def test_own_branch_takes_what_is_not_approved(language, answer):
    def chain(stack):
        told = sfn.Succeed(stack, "Told")
        return registered(stack, otherwise=told, query_language=LANGUAGES[language])

    run = Rehearsed(chain).run(answers={"Approve: Ask": [answer]})

    assert (run.status, run.states[-1]) == ("SUCCEEDED", "Told"), run.cause
    assert run.output["id"] == "x"


@in_both_languages
def test_pipeline_goes_on_after_the_approval(language):
    arguments = {"query_language": LANGUAGES[language]}

    def chain(stack):
        train = TrainingJob(stack, "Train", parameters=REQUESTS["createTrainingJob"], **arguments)
        about = {"Model": train.model_artifacts.uri, "Job": train.resource_name}
        approve = Approval(stack, "Approve", notify=topic(stack), about=about, **arguments)
        return train.next(approve).next(sfn.Pass(stack, "Told"))

    run = Rehearsed(chain).run(answers={"Approve: Ask": [YES]})

    assert run.succeeded, run.cause
    ((_, _, request),) = run.calls
    trained = dict(run.requests)["Train"]["TrainingJobName"]
    assert f"\nJob: {trained}\n" in request["Message"]
    assert f"\nModel: s3://data/models/{trained}/output/model.tar.gz\n" in request["Message"]


@pytest.mark.parametrize("emails", ["ada@example.com", ["ada@example.com", "grace@example.com"]])
def test_addresses_get_a_topic_of_their_own(stack, machine, emails):
    approve = Approval(stack, "Approve", notify=emails)
    machine(approve)

    resources = template(stack)["Resources"].values()
    subscribed = [r["Properties"] for r in resources if r["Type"] == "AWS::SNS::Subscription"]
    assert [found["Endpoint"] for found in subscribed] == ([emails] if isinstance(emails, str) else emails)
    assert {found["Protocol"] for found in subscribed} == {"email"}
    assert approve.topic is not None


def own_task(stack, language):
    """A task of a user's that hands the token to a function."""
    function = lambda_.Function.from_function_arn(stack, "Ask", "arn:aws:lambda:us-east-1:123456789012:function:ask")
    given = {"integration_pattern": sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN, "lambda_function": function}
    given["task_timeout"] = sfn.Timeout.duration(Duration.hours(1))
    if language == "JSONata":
        return tasks.LambdaInvoke.jsonata(
            stack,
            "Chat",
            payload=sfn.TaskInput.from_object({"token": "{% $states.context.Task.Token %}"}),
            outputs="{% $merge([$states.input, {'Approve': $states.result}]) %}",
            **given,
        )
    payload = sfn.TaskInput.from_object({"token": sfn.JsonPath.task_token})
    return tasks.LambdaInvoke.json_path(stack, "Chat", payload=payload, result_path="$.Approve", **given)


@in_both_languages
@pytest.mark.parametrize(
    ("answer", "end"),
    [(YES, "Approve: Approved"), (NO, "Approve: Refused"), (TimedOut(), "Approve: TimedOut")],
    ids=["approved", "refused", "silent"],
)
def test_task_of_one_s_own_may_ask(language, answer, end):
    def chain(stack):
        package = CreateModelPackage(
            stack,
            "Register",
            group="churn",
            image=IMAGE,
            model_data="s3://data/models/model.tar.gz",
            query_language=LANGUAGES[language],
        )
        approve = Approval(
            stack,
            "Approve",
            notify=own_task(stack, language),
            model_package=package,
            query_language=LANGUAGES[language],
        )
        return package.next(approve)

    run = Rehearsed(chain).run(answers={"Chat": [answer]})

    assert run.states[-1] == end, run.cause
    assert (run.output or {"Approve": YES})["Approve"] == YES


def test_policy_is_sufficient_and_every_grant_of_it_is_needed(rehearsed):
    made = rehearsed()

    def suffices(policy):
        runs = [made.run(answers={"Approve: Ask": [answer]}, policy=policy) for answer in (YES, NO)]
        return [run.error for run in runs] == [None, "ApprovalRefused"]

    assert suffices(made.policy)
    assert {str(grant) for grant in grants(made.policy) if "Create" not in grant.action} == {
        f"sns:Publish on {TOPIC}",
        "sagemaker:DescribeModelPackage on arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/*",
        "sagemaker:UpdateModelPackage on arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/*",
    }
    assert [str(grant) for grant in grants(made.policy) if suffices(without(made.policy, grant))] == []


def test_key_of_the_topic_may_be_used():
    key_arn = "arn:aws:kms:us-east-1:123456789012:key/1a2b"

    def encrypted(stack):
        key = kms.Key.from_key_arn(stack, "Key", key_arn)
        return Approval(stack, "Approve", notify=sns.Topic(stack, "Topic", master_key=key))

    allowed = {str(grant) for grant in grants(Rehearsed(encrypted).policy)}
    assert {f"kms:Decrypt on {key_arn}", f"kms:GenerateDataKey on {key_arn}"} <= allowed


def test_approvals_run_beside_each_other_and_under_prefixes():
    def both(stack):
        who = topic(stack)
        one, two = (Approval(stack, name, notify=who) for name in ("Ada", "Grace"))
        two.prefix_states("Second: ")
        return sfn.Parallel(stack, "Both").branch(one).branch(two)

    run = Rehearsed(both).run(answers={"Ada: Ask": [YES], "Second: Grace: Ask": [YES]})

    assert run.succeeded, run.cause


@in_both_languages
def test_caught_errors_of_every_call_keep_the_input(language):
    def caught(stack):
        approve = registered(stack, query_language=LANGUAGES[language])
        fragment = stack.node.find_child("Approve")
        fragment.add_catch(sfn.Succeed(stack, "Told"), result_path="$.error")
        return approve

    made = Rehearsed(caught)
    denied = made.run(answers={"Approve: Ask": [TaskError("SNS.NotFoundException", "no such topic")]})
    assert (denied.states[-1], denied.output["error"]["Cause"]) == ("Told", "no such topic")
    answers = {"Approve: Ask": [YES]}
    throttled = made.run(answers=answers, script={"Approve: Approved": [Throttled()] * 9})
    assert (throttled.states[-1], throttled.output["id"]) == ("Told", "x")


def test_approval_is_one_state_of_a_parallel():
    made = Rehearsed(lambda stack: Approval(stack, "Approve", notify=topic(stack)).to_single_state())

    assert list(made.definition["States"]) == ["Approve"]
    assert made.run(answers={"Approve: Approve: Ask": [YES]}).succeeded


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"notify": None}, "nobody is asked; pass a topic"),
        ({"notify": []}, "notify has no e-mail addresses"),
        ({"notify": "ada"}, "notify has no e-mail addresses"),
        ({"notify": 7}, "nobody is asked, got 7"),
        ({"about": "AUC"}, "about must be a mapping"),
        ({"about": {"AUC": [1]}}, "about has structures"),
        ({"about": {"AUC": "{% $x %}"}}, "JSONata in a JSONPath state"),
        ({"model_package": "churn"}, "model_package must be a ModelPackage"),
        ({"subject": "x" * 100}, "subject is no line of an e-mail"),
        ({"timeout": "7d"}, "timeout must be a Duration of whole seconds"),
    ],
)
def test_wrong_argument_fails_names_it_and_leaves_nothing_behind(stack, arguments, message):
    with pytest.raises(InvalidInputError, match=re.escape(message) if "{" in message else message):
        Approval(stack, "Approve", **{"notify": "ada@example.com", **arguments})
    assert stack.node.try_find_child("Approve") is None


def test_state_names_come_from_the_construct_id(stack, machine):
    machine(Approval(stack, "Ask Ada", notify="ada@example.com"))

    assert set(definition(stack)["States"]) == {
        f"Ask Ada: {state}" for state in ("Begin", "Ask", "CheckAnswer", "Approved", "Refused", "TimedOut")
    }


@pytest.mark.parametrize("scope", ["the stack", "the pipeline"])
@pytest.mark.parametrize("around", [PipelineStack, Stack])
@pytest.mark.parametrize("within", ["", "parallel", "map"])
def test_topic_of_an_approval_has_the_key_of_the_pipeline_that_runs_it(around, scope, within):
    stack = around(App(), "Churn")
    key = kms.Key(stack, "Own")
    nightly = JobPipeline(stack, "Nightly", key=key)
    approval = Approval(
        nightly if scope == "the pipeline" else stack, "Approve", notify="a@example.com", timeout=Duration.hours(2)
    )
    chain = approval
    if within == "parallel":
        chain = sfn.Parallel(stack, "Beside").branch(approval)
    if within == "map":
        chain = sfn.Map(stack, "Each").item_processor(approval)
    nightly.run(chain)
    if around is PipelineStack:
        stack.run(sfn.Pass(stack, "Nothing"))

    arn = stack.resolve(key.key_arn)
    template = Template.from_stack(stack).to_json()["Resources"]
    topics = [name for name, each in template.items() if each["Type"] == "AWS::SNS::Topic" and name[:8] != "Pipeline"]
    assert [template[name].get("Properties", {}).get("KmsMasterKeyId") for name in topics] == [arn, arn]
    may = [
        statement["Action"]
        for each in template.values()
        if each["Type"] == "AWS::IAM::Policy" and "Role" in str(each["Properties"]["Roles"])
        for statement in each["Properties"]["PolicyDocument"]["Statement"]
        if statement["Resource"] == arn
    ]
    assert may == [["kms:Decrypt", "kms:GenerateDataKey"]]


def test_topic_of_an_approval_without_a_key_has_none():
    stack = Stack(App(), "Churn")
    nightly = JobPipeline(stack, "Nightly")
    nightly.run(Approval(stack, "Approve", notify="a@example.com", timeout=Duration.hours(2)))

    topics = Template.from_stack(stack).find_resources("AWS::SNS::Topic").values()
    assert ["Properties" in topic for topic in topics] == [False, False]


def test_topics_of_two_stacks_of_one_form_have_the_keys_of_their_own():
    app = App()
    stacks = [Stack(app, name) for name in ("Dev", "Prod")]
    pipelines = [JobPipeline(stack, "Nightly", key=kms.Key(stack, "Own")) for stack in stacks]
    approvals = [Approval(stack, "Approve", notify="a@example.com", timeout=Duration.hours(2)) for stack in stacks]
    for pipeline, approval in zip(pipelines[::-1], approvals[::-1], strict=True):
        pipeline.run(approval)

    for stack in stacks:
        topics = Template.from_stack(stack).find_resources("AWS::SNS::Topic").values()
        keys = [topic["Properties"]["KmsMasterKeyId"]["Fn::GetAtt"][0] for topic in topics]
        assert [key.startswith("Own") for key in keys] == [True, True]


@pytest.mark.parametrize("otherwise", [float("nan"), 0, "", "Next", []], ids=repr)
def test_what_is_no_state_to_go_to_is_refused(stack, otherwise):
    with pytest.raises(InvalidInputError, match=r"otherwise leads nowhere, .* \[argument-type\]"):
        Approval(stack, "Approve", notify="a@example.com", otherwise=otherwise)

    assert stack.node.children == []
