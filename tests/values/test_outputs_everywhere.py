"""Outputs of every kind of job in every kind of state of the CDK: the value is sent, or the way to write it is said."""

from __future__ import annotations

import json
import re

from constructs_sm import (
    Approval,
    ContinuousParameterRange,
    CreateEndpointConfig,
    CreateModel,
    CreateModelPackage,
    EndpointDeployment,
    ExperimentConfig,
    InvalidInputError,
    JobPipeline,
    LabelingJob,
    PipelineStack,
    ProcessingJob,
    S3Location,
    TrainingJob,
    TuningJob,
    Verbatim,
)
from constructs_sm.testing import Always, Metrics, Output, Rehearsal, definition

import pytest
from aws_cdk import App, Duration, Environment, NestedStack, SecretValue, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from every_action import IMAGE, REQUESTS

JSONATA = sfn.QueryLanguage.JSONATA
LANGUAGES = pytest.mark.parametrize("language", [None, JSONATA], ids=["JSONPath", "JSONata"])
ENVIRONMENT = Environment(account="123456789012", region="us-east-1")
ARN = "arn:aws:{}:us-east-1:123456789012:{}"
COMMON = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "inputs": {"t": "s3://data/t/"}, "output": "s3://data/m/"}
INPUT = {"day": "monday", "items": [1, 2]}
PLAYED = {"Train": Metrics(auc=0.9), "Tune": Metrics(auc=0.9), "Prepare": Output(ExitMessage="read")}
ANSWER = {"Payload": 1, "Entries": [], "MessageId": "m", "ExecutionArn": "e", "JobRunId": "j", "StatusCode": 200}


def train(stack, language, **arguments):
    return TrainingJob(stack, "Train", query_language=language, **{**COMMON, **arguments})


def tune(stack, language):
    ranges = {"eta": ContinuousParameterRange(min_value=0.1, max_value=0.5)}
    return TuningJob(stack, "Tune", objective="auc", ranges=ranges, query_language=language, **COMMON)


def prepare(stack, language):
    outputs = {"data": "s3://data/p/"}
    return ProcessingJob(
        stack, "Prepare", image=IMAGE, instance_type="ml.m5.xlarge", outputs=outputs, query_language=language
    )


def model(stack, language, **arguments):
    given = {"image": IMAGE, "model_data": "s3://data/m.tar.gz", "query_language": language}
    return CreateModel(stack, "Model", **given, **arguments)


def config(stack, language):
    return CreateEndpointConfig(stack, "Config", model="m", instance_type="ml.m5.xlarge", query_language=language)


def label(stack, language):
    role = iam.Role(stack, "R", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    request = REQUESTS["createLabelingJob"]
    return LabelingJob(stack, "Label", parameters=request, query_language=language, role=role)


def deploy(stack, language):
    return EndpointDeployment(
        stack, "Deploy", endpoint_name="live", model="m", instance_type="ml.m5.xlarge", query_language=language
    )


OUTPUTS = {
    "name of a training": (train, lambda job: job.resource_name, r"train-[\w-]+"),
    "ARN of a training": (train, lambda job: job.resource_arn, ARN.format("sagemaker", r"training-job/train-[\w-]+")),
    "artifacts": (train, lambda job: job.model_artifacts, r"s3://data/m/train-[\w-]+/output/model\.tar\.gz"),
    "URI of artifacts": (train, lambda job: job.model_artifacts.uri, r"s3://data/m/train-[\w-]+/output/model\.tar\.gz"),
    "metric": (train, lambda job: job.final_metric("auc"), r"0\.9"),
    "described number": (train, lambda job: job.output_field("BillableTimeInSeconds"), "60"),
    "objective": (tune, lambda job: job.best_objective, r"0\.9"),
    "best training": (tune, lambda job: job.best_training_job_name, r"tune-[\w-]+"),
    "best artifacts": (tune, lambda job: job.best_model_artifacts, r"s3://data/m/tune-[\w-]+/output/model\.tar\.gz"),
    "counter": (tune, lambda job: job.output_field("TrainingJobStatusCounters.Completed"), r"\d+"),
    "output of a processing": (prepare, lambda job: job.output("data"), "s3://data/p/"),
    "place under it": (prepare, lambda job: job.output("data").under("x.csv"), r"s3://data/p/x\.csv"),
    "exit message": (prepare, lambda job: job.output_field("ExitMessage"), "read"),
    "name of a model": (model, lambda job: job.resource_name, r"model-[\w-]+"),
    "name of a configuration": (config, lambda job: job.resource_name, r"config-[\w-]+"),
    "ARN of a labeling": (label, lambda job: job.resource_arn, ARN.format("sagemaker", r"labeling-job/label-[\w-]+")),
    "name of an endpoint": (deploy, lambda made: made.endpoint_name, "live"),
}


def of(language, maker):
    return maker if language is None else maker.jsonata


def passed(stack, value, language):
    said = {"parameters": {"k": value}} if language is None else {"outputs": {"k": value}}
    return of(language, sfn.Pass)(stack, "Tell", **said)


def structured(stack, value, language):
    whole = {"a": [{"b": value}, "z"]}
    return of(language, sfn.Pass)(stack, "Tell", **{"parameters" if language is None else "outputs": whole})


def assigned(stack, value, language):
    first = of(language, sfn.Pass)(stack, "Set", assign={"v": value})
    return first.next(passed(stack, sfn.JsonPath.string_at("$v") if language is None else "{% $v %}", language))


def published(stack, value, language):
    topic = sns.Topic.from_topic_arn(stack, "T", ARN.format("sns", "t"))
    return of(language, tasks.SnsPublish)(stack, "Tell", topic=topic, message=sfn.TaskInput.from_text(value))


def subject(stack, value, language):
    topic = sns.Topic.from_topic_arn(stack, "T", ARN.format("sns", "t"))
    message = sfn.TaskInput.from_text("m")
    return of(language, tasks.SnsPublish)(stack, "Tell", topic=topic, subject=value, message=message)


def sent(stack, value, language):
    queue = sqs.Queue.from_queue_arn(stack, "Q", ARN.format("sqs", "q"))
    body = sfn.TaskInput.from_object({"deep": {"k": value}})
    return of(language, tasks.SqsSendMessage)(stack, "Tell", queue=queue, message_body=body)


def invoked(stack, value, language):
    function = lambda_.Function.from_function_name(stack, "F", "f")
    payload = sfn.TaskInput.from_object({"k": value})
    return of(language, tasks.LambdaInvoke)(stack, "Tell", lambda_function=function, payload=payload)


def put(stack, value, language):
    item = {"id": tasks.DynamoAttributeValue.from_string(value)}
    table = dynamodb.Table.from_table_name(stack, "D", "d")
    return of(language, tasks.DynamoPutItem)(stack, "Tell", table=table, item=item)


def updated(stack, value, language):
    values = {":v": tasks.DynamoAttributeValue.from_map({"x": tasks.DynamoAttributeValue.from_string(value)})}
    return of(language, tasks.DynamoUpdateItem)(
        stack,
        "Tell",
        table=dynamodb.Table.from_table_name(stack, "D", "d"),
        key={"id": tasks.DynamoAttributeValue.from_string("a")},
        update_expression="SET x = :v",
        expression_attribute_values=values,
    )


def glued(stack, value, language):
    arguments = sfn.TaskInput.from_object({"--k": value})
    return of(language, tasks.GlueStartJobRun)(stack, "Tell", glue_job_name="g", arguments=arguments)


def ran(stack, value, language):
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "V",
        vpc_id="vpc-0123456789abcdef0",
        availability_zones=["a"],
        private_subnet_ids=["subnet-0123456789abcdef0"],
    )
    task = ecs.FargateTaskDefinition(stack, "Definition")
    container = task.add_container("Container", image=ecs.ContainerImage.from_registry("x"))
    variable = tasks.TaskEnvironmentVariable(name="K", value=value)
    return of(language, tasks.EcsRunTask)(
        stack,
        "Tell",
        cluster=ecs.Cluster.from_cluster_attributes(stack, "C", cluster_name="c", vpc=vpc, security_groups=[]),
        task_definition=task,
        launch_target=tasks.EcsFargateLaunchTarget(platform_version=ecs.FargatePlatformVersion.LATEST),
        container_overrides=[tasks.ContainerOverride(container_definition=container, environment=[variable])],
    )


def submitted(stack, value, language):
    return of(language, tasks.BatchSubmitJob)(
        stack,
        "Tell",
        job_definition_arn=ARN.format("batch", "job-definition/j:1"),
        job_queue_arn=ARN.format("batch", "job-queue/q"),
        job_name="n",
        container_overrides=tasks.BatchContainerOverrides(environment={"K": value}),
    )


def evented(stack, value, language):
    detail = sfn.TaskInput.from_object({"k": value})
    entry = tasks.EventBridgePutEventsEntry(detail=detail, detail_type="t", source="s")
    return of(language, tasks.EventBridgePutEvents)(stack, "Tell", entries=[entry])


def started(stack, value, language):
    machine = sfn.StateMachine.from_state_machine_name(stack, "N", "n")
    given = sfn.TaskInput.from_object({"k": value})
    return of(language, tasks.StepFunctionsStartExecution)(stack, "Tell", state_machine=machine, input=given)


def called(stack, value, language):
    return of(language, tasks.CallAwsService)(
        stack, "Tell", service="s3", action="getObject", iam_resources=["*"], parameters={"Bucket": "b", "Key": value}
    )


def posted(stack, value, language):
    basic = events.Authorization.basic("user", SecretValue.secrets_manager("password"))
    return of(language, tasks.HttpInvoke)(
        stack,
        "Tell",
        connection=events.Connection(stack, "Connection", authorization=basic),
        api_root="https://example.com",
        api_endpoint=sfn.TaskInput.from_text("runs"),
        method=sfn.TaskInput.from_text("POST"),
        body=sfn.TaskInput.from_object({"k": value}),
    )


def selected(stack, value, language):
    items = {"items_path": "$.items"} if language is None else {"items": sfn.ProvideItems.jsonata(_ITEMS)}
    each = of(language, sfn.Map)(stack, "Each", item_selector={"k": value}, **items)
    return each.item_processor(_of_item(stack, language))


def distributed(stack, value, language):
    items = {"items_path": "$.items"} if language is None else {"items": sfn.ProvideItems.jsonata(_ITEMS)}
    each = of(language, sfn.DistributedMap)(stack, "Each", item_selector={"k": value}, **items)
    return each.item_processor(_of_item(stack, language))


def beside(stack, value, language):
    return of(language, sfn.Parallel)(stack, "Both").branch(passed(stack, value, language))


def custom(stack, value, language):
    kept = {"Parameters": {"k.$": value}} if language is None else {"QueryLanguage": "JSONata", "Output": {"k": value}}
    return sfn.CustomState(stack, "Tell", state_json={"Type": "Pass", **kept})


_ITEMS = "{% $states.input.items %}"


def _of_item(stack, language):
    return passed(stack, sfn.JsonPath.string_at("$.k") if language is None else "{% $states.input.k %}", language)


STATES = [
    passed, structured, assigned, published, subject, sent, invoked, put, updated, glued, ran, submitted, evented,
    started, called, posted, selected, distributed, beside, custom,
]  # fmt: skip


def machine(chain_of):
    stack = Stack(App(), "S", env=ENVIRONMENT)
    chain = chain_of(stack)
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(chain))
    return stack, definition(stack)


def told(chain_of):
    """What the state Tell is sent, or leaves, as one text."""
    stack, made = machine(chain_of)
    written = json.dumps(made)
    with Rehearsal.of(stack) as rehearsal:
        for name, step in PLAYED.items():
            if f'"{name}": {{' in written:
                rehearsal.script(name, Always(step))
        tell = made["States"].get("Tell", {})
        if tell.get("Type") == "Task" and "sns" not in tell["Resource"]:
            rehearsal.answer("Tell", ANSWER)
        run = rehearsal.start(INPUT)
    # What is played of another service may not go on from there; the request has been sent.
    seen = [request for name, _, request in run.calls if name == "Tell"]
    assert seen or run.succeeded, run
    return json.dumps(seen or run.output)


@LANGUAGES
@pytest.mark.parametrize("output", OUTPUTS)
def test_value_of_every_output_is_told(output, language):
    make, read, value = OUTPUTS[output]

    def alone(stack):
        job = make(stack, language)
        return job.next(passed(stack, read(job), language))

    def in_a_text(stack):
        job = make(stack, language)
        return job.next(published(stack, "of " + read(job) + "!", language))

    assert re.fullmatch(rf'{{"k": "?{value}"?}}', told(alone))
    assert re.search(rf'"of {value}!"', told(in_a_text))


@LANGUAGES
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_value_arrives_in_every_state(state, language):
    def chain(stack, say):
        job = train(stack, language)
        return job.next(state(stack, say(job.model_artifacts), language))

    value = r"s3://data/m/train-[\w-]+/output/model\.tar\.gz"
    assert re.search(rf'"{value}\\?"', told(lambda stack: chain(stack, lambda output: output)))
    assert re.search(rf"of {value}!", told(lambda stack: chain(stack, lambda output: "of " + output + "!")))


@LANGUAGES
@pytest.mark.parametrize("state", [each for each in STATES if each is not beside], ids=lambda state: state.__name__)
def test_f_string_is_refused_in_every_state(state, language):
    def chain(stack):
        job = train(stack, language)
        return job.next(state(stack, f"of {job.model_artifacts}!", language))

    with pytest.raises((InvalidInputError, RuntimeError), match=r"join (texts )?with \+.*\[output-is-spelled\]"):
        machine(chain)


def in_a_list(stack, value, language):
    return sfn.Pass(stack, "Tell", parameters={"k": ["x", value]})


def twice(stack, value, language):
    return sfn.CustomState(
        stack, "Tell", state_json={"Type": "Pass", "QueryLanguage": "JSONata", "Output": f"{value}-{value}"}
    )


def in_a_path(stack, value, language):
    _ = language
    return posted_to(stack, f"runs/{value}")


def posted_to(stack, endpoint):
    basic = events.Authorization.basic("user", SecretValue.secrets_manager("password"))
    return tasks.HttpInvoke.jsonata(
        stack,
        "Tell",
        connection=events.Connection(stack, "Connection", authorization=basic),
        api_root="https://example.com",
        api_endpoint=sfn.TaskInput.from_text(endpoint),
        method=sfn.TaskInput.from_text("POST"),
    )


def chosen(stack, value, language):
    over = sfn.Condition.number_greater_than(value, 0.8)
    return sfn.Choice(stack, "Tell").when(over, sfn.Pass(stack, "Good")).otherwise(sfn.Pass(stack, "Bad"))


def compared(stack, value, language):
    same = sfn.Condition.string_equals("$.day", value)
    return sfn.Choice(stack, "Tell").when(same, sfn.Pass(stack, "Good")).otherwise(sfn.Pass(stack, "Bad"))


def waited(stack, value, language):
    return sfn.Wait(stack, "Tell", time=sfn.WaitTime.seconds_path(value))


def narrowed(stack, value, language):
    return sfn.Pass(stack, "Tell", input_path=value)


def failed(stack, value, language):
    return sfn.Fail(stack, "Tell", error="E", cause=value)


def fixed(stack, value, language):
    return sfn.Pass(stack, "Tell", result=sfn.Result.from_object({"k": value}))


def read_from(stack, value, language):
    reader = sfn.S3JsonItemReader(bucket=s3.Bucket.from_bucket_name(stack, "B", "bucket"), key=f"x/{value}")
    return sfn.DistributedMap(stack, "Tell", item_reader=reader).item_processor(sfn.Pass(stack, "P"))


def of_the_result(stack, value, language):
    function = lambda_.Function.from_function_name(stack, "F", "f")
    return tasks.LambdaInvoke(stack, "Tell", lambda_function=function, result_selector={"k": value})


def kept_of_the_result(stack, value, language):
    function = lambda_.Function.from_function_name(stack, "F", "f")
    return tasks.LambdaInvoke(stack, "Tell", lambda_function=function, assign={"k": value})


def kept_by_a_job(stack, value, language):
    return CreateModel(stack, "Tell", image=IMAGE, model_data="s3://data/m", assign={"k": value})


PATHS = ["give it where a path is read", "output-is-spelled"]
KEPT = ["keep it before: sfn.Pass", "output-is-spelled"]
JOINED = ["join texts with", "output-is-spelled"]


@pytest.mark.parametrize(
    ("state", "language", "words"),
    [
        (in_a_list, None, ["make the whole list with sfn.JsonPath.array", "output-is-spelled"]),
        (twice, JSONATA, JOINED),
        (in_a_path, JSONATA, JOINED),
        (chosen, None, KEPT),
        (waited, None, KEPT),
        (narrowed, None, KEPT),
        (compared, None, PATHS),
        (failed, None, PATHS),
        (fixed, None, PATHS),
        (read_from, None, ["join with +", "output-is-spelled"]),
        (of_the_result, None, ["assign it in a Pass before", "output-is-there"]),
        (kept_of_the_result, None, ["assign it in a Pass before", "output-is-there"]),
        (kept_by_a_job, None, ["assign it in a Pass before", "output-is-there"]),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_place_that_takes_no_output_is_refused_with_the_way_to_write_it(state, language, words):
    def chain(stack):
        job = train(stack, language)
        return job.next(state(stack, job.final_metric("auc"), language))

    with pytest.raises((InvalidInputError, RuntimeError)) as refused:
        machine(chain)
    assert all(word in str(refused.value) for word in words), refused.value


def test_way_that_is_named_for_a_choice_works():
    def chain(stack):
        job = train(stack, None)
        keep = sfn.Pass(stack, "Keep", parameters={"value": job.final_metric("auc")}, result_path="$.kept")
        over = sfn.Condition.number_greater_than("$.kept.value", 0.8)
        tell = sfn.Pass(stack, "Tell", parameters={"k": "good"})
        return job.next(keep).next(sfn.Choice(stack, "If").when(over, tell).otherwise(sfn.Fail(stack, "Bad")))

    assert told(chain) == '{"k": "good"}'


def test_way_that_is_named_for_a_list_works():
    def chain(stack):
        job = train(stack, None)
        whole = sfn.JsonPath.array("of", job.final_metric("auc"))
        return job.next(sfn.Pass(stack, "Tell", parameters={"k": whole, "l": sfn.JsonPath.list_at(whole)}))

    assert told(chain) == '{"k": ["of", 0.9], "l": ["of", 0.9]}'


@pytest.mark.parametrize(
    "form",
    [
        lambda value: sfn.JsonPath.math_add(sfn.JsonPath.number_at(value), 1),
        lambda value: sfn.JsonPath.array_get_item(sfn.JsonPath.array(value, "b"), 0),
        lambda value: sfn.JsonPath.format("{}", value),
    ],
)
def test_functions_of_the_cdk_take_an_output(form):
    def chain(stack):
        job = train(stack, None)
        return job.next(sfn.Pass(stack, "Tell", parameters={"k": form(job.output_field("BillableTimeInSeconds"))}))

    assert told(chain) in {'{"k": 61}', '{"k": 60}', '{"k": "60"}'}


@pytest.mark.parametrize(
    "operation",
    [
        lambda value: value * 2, lambda value: 2 * value, lambda value: value - 1, lambda value: 1 - value,
        lambda value: value / 2, lambda value: value % 2, lambda value: -value, abs, float, int, round,
        lambda value: f"{value:.2f}", lambda value: value[5:], lambda value: value.upper(),
        lambda value: value.split("/"), lambda value: value.replace("/output", ""),
        lambda value: value.removesuffix("x"), lambda value: value.rstrip("/"), lambda value: value.format(1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("read", [lambda job: job.final_metric("auc"), lambda job: job.model_artifacts])
def test_python_does_not_work_on_the_text_that_stands_for_an_output(read, operation):
    value = read(train(Stack(App(), "S"), None))

    with pytest.raises(InvalidInputError, match=r"'S/Train'.*\[output-computed-in-python\]"):
        operation(value)


def test_what_is_put_behind_an_output_with_a_slash_is_told_how_to_be_put_there():
    job = train(Stack(App(), "S"), None)

    for operation in (lambda: job.model_artifacts / "x", lambda: S3Location("s3://b/x") / job.resource_name):
        with pytest.raises(InvalidInputError, match=r"more behind a place with \.under\(\.\.\.\), behind a text with"):
            operation()


@pytest.mark.parametrize(
    "arguments",
    [
        lambda name: {"job_name": f"next-{name}"},
        lambda name: {"tags": {"from": f"job {name}"}},
        lambda name: {"experiment": ExperimentConfig(trial_component_display_name=f"from {name}")},
    ],
    ids=["name", "tag", "field with a form"],
)
def test_text_of_python_with_an_expression_in_a_field_with_a_form_is_told_how_to_be_joined(arguments):
    stack = Stack(App(), "S")
    first = train(stack, JSONATA)

    with pytest.raises(InvalidInputError, match=r"join texts with \+ \('text ' \+ output\)"):
        TrainingJob(stack, "Next", query_language=JSONATA, **{**COMMON, **arguments(first.resource_name)})


def test_python_works_on_an_output_that_is_known():
    job = prepare(Stack(App(), "S"), None)

    assert job.output("data").split("/") == ["s3:", "", "data", "p", ""]
    assert f"{job.output('data'):>14}" == "  s3://data/p/"
    assert job.output("data")[5:] == "data/p/"


@LANGUAGES
@pytest.mark.parametrize(
    ("subject_of", "expected"),
    [
        (lambda job: "Approve " + job.resource_name, r"Approve train-[\w-]+"),
        (lambda _: sfn.JsonPath.string_at("$.day"), "monday"),
        (lambda _: Verbatim("{% if good %}"), r"\{% if good %\}"),
        (lambda _: "Approve", "Approve"),
    ],
)
def test_subject_of_an_approval_may_be_late(subject_of, expected, language):
    def chain(stack):
        job = train(stack, language)
        given = {"subject": subject_of(job), "query_language": language, "timeout": Duration.hours(1)}
        return job.next(Approval(stack, "Approve", notify="a@example.com", **given))

    stack, _ = machine(chain)
    with Rehearsal.of(stack) as rehearsal:
        rehearsal.answer("Approve: Ask", {"Approved": True, "By": "me", "Comment": ""})
        run = rehearsal.start(INPUT)
    ((_, _, request),) = run.calls
    assert re.fullmatch(expected, request["Subject"])


@LANGUAGES
def test_output_that_a_state_of_the_cdk_has_put_its_answer_in_place_of_is_refused(language):
    def chain(stack):
        job = train(stack, language)
        return job.next(published(stack, "m", language)).next(
            model(stack, language, environment={"J": job.resource_name})
        )

    with pytest.raises(RuntimeError, match=r"S/Model uses TrainingJobName of S/Train, .* give that a result_path"):
        machine(chain)


@LANGUAGES
def test_number_among_tags_and_metadata_is_sent_as_a_text(language):
    def chain(stack):
        job = train(stack, language)
        containers = {"image": IMAGE, "model_data": job.model_artifacts}
        types = {"content_types": ["text/csv"], "response_types": ["text/csv"]}
        said = {"metadata": {"auc": job.final_metric("auc")}, "query_language": language}
        package = CreateModelPackage(stack, "Tell", group="g", **containers, **types, **said)
        return job.next(model(stack, language, tags={"auc": job.final_metric("auc")})).next(package)

    stack, _ = machine(chain)
    with Rehearsal.of(stack) as rehearsal:
        run = rehearsal.script("Train", Always(Metrics(auc=0.9))).start(INPUT)
    assert run.succeeded, run
    sent = dict(run.requests)
    assert sent["Model"]["Tags"] == [{"Key": "auc", "Value": "0.9"}]
    assert sent["Tell"]["CustomerMetadataProperties"] == {"auc": "0.9"}


@LANGUAGES
def test_output_of_a_job_in_a_nested_stack_is_told(language):
    def chain(stack):
        job = train(NestedStack(stack, "Nested"), language)
        return job.next(published(stack, "of " + job.final_metric("auc") + "!", language))

    assert '"of 0.9!"' in told(chain)


def test_output_is_what_a_pipeline_in_a_pipeline_is_started_with():
    stack = PipelineStack(App(), "S", env=ENVIRONMENT)
    child = JobPipeline(Stack(stack.node.scope, "Child", env=ENVIRONMENT), "Child")
    child.run(sfn.Pass(child, "Done"))
    job = train(stack, None)
    run = child.task(stack, "Tell", input={"model": job.model_artifacts, "text": "of " + job.resource_name})
    stack.run(job.next(run))

    given = definition(stack)["States"]["Tell"]["Parameters"]["Input"]
    assert given["model.$"] == "$.Train.ModelArtifacts.S3ModelArtifacts"
    assert given["text.$"] == "States.Format('of {}', $.Train.TrainingJobName)"


def prepare_today(stack, language):
    place = sfn.JsonPath.format("s3://data/{}/", sfn.JsonPath.string_at("$.day"))
    outputs = {"data": place}
    return ProcessingJob(
        stack, "Prepare", image=IMAGE, instance_type="ml.m5.xlarge", outputs=outputs, query_language=language
    )


@LANGUAGES
def test_place_that_the_input_says_is_told(language):
    def chain(stack):
        job = prepare_today(stack, language)
        return job.next(published(stack, "of " + job.output("data").under("x.csv") + "!", language))

    assert '"of s3://data/monday/x.csv!"' in told(chain)


@LANGUAGES
def test_place_that_the_input_says_is_refused_in_an_f_string(language):
    def chain(stack):
        job = prepare_today(stack, language)
        return job.next(passed(stack, f"of {job.output('data')}", language))

    with pytest.raises(RuntimeError, match=r"join (texts )?with \+.*\[output-is-spelled\]"):
        machine(chain)


def test_subject_that_cannot_be_read_is_refused():
    with pytest.raises(InvalidInputError, match=r"subject cannot be read.*Verbatim.*\[late-value-parses\]"):
        Approval(Stack(App(), "S"), "Approve", notify="a@example.com", subject="{% for x %}")


def test_path_in_the_variables_of_a_job_in_jsonata_says_the_result():
    arn = sfn.JsonPath.string_at("$.TrainingJobArn")

    with pytest.raises(InvalidInputError, match=r"\{% \$states.result.TrainingJobArn %\}.*\[query-language-of-value\]"):
        train(Stack(App(), "S"), JSONATA, assign={"arn": arn})
    train(Stack(App(), "T"), JSONATA, assign={"run": sfn.JsonPath.execution_name})
