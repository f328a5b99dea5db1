"""Every rule that can be acknowledged: broken it is said, acknowledged it is not, and the reason is in the template."""

from __future__ import annotations

import json
from pathlib import Path

from constructs_sm import (
    Approval,
    AsyncInferenceConfig,
    Container,
    CreateEndpointConfig,
    CreateModel,
    EndpointDeployment,
    FanOut,
    InvalidInputError,
    JobPipeline,
    LabelingJob,
    ModelDataSource,
    PipelineStack,
    PolledJob,
    ProcessingJob,
    QualityGate,
    Reuse,
    TrainingJob,
    TransformJob,
    acknowledge,
)
from constructs_sm.jobs.variants import ServerlessConfig
from constructs_sm.polled_actions import COMPILATION_JOB
from constructs_sm.rules import argument_rules, guardrail_rules
from constructs_sm.rules.catalogue import RULES
from constructs_sm.rules.rule import ACKNOWLEDGED, Rule

import pytest
from aws_cdk import App, Duration, Environment, NestedStack, Size, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct
from every_action import IMAGE
from every_fault import DATA, FAULTS, channel, made, training
from every_polled_action import REQUESTS as POLLED_REQUESTS

ENV = Environment(account="123456789012", region="us-east-1")
WHY = "we know better"
EXPRESS = sfn.StateMachineType.EXPRESS
TOKEN = sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN
COMPILED = {**POLLED_REQUESTS["createCompilationJob"], "RoleArn": "arn:aws:iam::123456789012:role/Given"}


def train(stack, construct_id="Train", **arguments):
    return made(stack, construct_id, training(), **arguments)


def machine(stack, chain, **settings):
    return sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(chain), **settings)


def compiled(stack, **arguments):
    return PolledJob(stack, "Compile", action=COMPILATION_JOB, parameters=COMPILED, **arguments)


def scored(stack):
    model = CreateModel(stack, "Model", image=IMAGE, model_data=ModelDataSource(data="s3://data/model/"))
    TransformJob(
        stack, "Score", model=model, data="s3://data/in/", output="s3://data/out/", instance_type="ml.m5.xlarge"
    )


def served(*containers):
    def build(stack):
        model = CreateModel(stack, "Model", containers=list(containers))
        serverless = ServerlessConfig(memory_size=Size.gibibytes(2), max_concurrency=5)
        CreateEndpointConfig(stack, "Config", model=model, serverless=serverless)

    return build


def tagged(*keys):
    def build(stack):
        for key in keys:
            Tags.of(stack).add(key, "x", include_resource_types=["AWS::SageMaker::TrainingJob"])
        machine(stack, train(stack))

    return build


def tagged_by_a_path(stack):
    Tags.of(stack).add("team", "ml")
    machine(stack, train(stack, tags=sfn.JsonPath.list_at("$.tags")))


def role_around(stack):
    nested = NestedStack(stack, "Nested")
    role = iam.Role(stack, "States", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
    body = sfn.DefinitionBody.from_chainable(train(nested))
    sfn.StateMachine(nested, "Machine", definition_body=body, role=role)


def unreachable(stack):
    job = train(stack)
    train(stack, "Before").next(job)
    machine(stack, job)


def waiting(stack):
    wait = sfn.Wait(stack, "Wait", time=sfn.WaitTime.duration(Duration.minutes(6)))
    once = train(stack, integration_pattern=sfn.IntegrationPattern.REQUEST_RESPONSE)
    machine(stack, wait.next(once), state_machine_type=EXPRESS)


def too_early(stack):
    job = train(stack)
    machine(stack, CreateModel(stack, "Model", image=IMAGE, model_data=job.model_artifacts).next(job))


def spelled(stack):
    job = train(stack)
    machine(stack, job.next(sfn.CustomState(stack, "Tell", state_json={"Type": "Pass", "Result": job.model_artifacts})))


def elsewhere(stack):
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/Own")
    other = Stack(stack.node.root, "Other", env=Environment(account="123456789012", region="eu-west-1"))
    machine(other, train(stack, role=role))


def long_name(stack):
    machine(stack, train(stack, "T" * 60).to_single_state(state_id="Single", prefix_states="p" * 30))


def unknown_output(stack):
    job = train(stack)
    machine(stack, job.next(QualityGate(stack, "Gate", condition=job.output_field("Nope") >= 1)))


def unchangeable(stack):
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/m", mutable=False)
    machine(stack, train(stack), role=role)


def forgotten(stack):
    train(stack)
    machine(stack, sfn.Pass(stack, "Nothing"))


def labeled(stack):
    LabelingJob(
        stack,
        "Label",
        task_type="SemanticSegmentation",
        label_attribute_name="label",
        manifest="s3://data/manifest.json",
        output="s3://data/labels/",
        reads=["s3://data/"],
        workteam="arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team",
        ui_template="s3://data/ui.template",
        title="Classify",
        description="Classify the text",
        workers_per_object=1,
        task_time_limit=Duration.minutes(5),
    )


def many_policies(stack):
    pipeline = JobPipeline(stack, "Nightly")
    made_machine = pipeline.run(train(stack))
    for number in range(110):
        table = f"arn:aws:dynamodb:us-east-1:123456789012:table/{number}-{'x' * 600}"
        made_machine.add_to_role_policy(iam.PolicyStatement(actions=[f"dynamodb:Get{number}"], resources=[table]))


def heavy(jobs):
    def build(stack):
        texts = training(HyperParameters={f"p{number}": "x" * 2500 for number in range(100)})
        chain = first = made(stack, "T0", texts)
        for number in range(1, jobs):
            chain = chain.next(made(stack, f"T{number}", texts))
        JobPipeline(stack, "Large", definition=first if jobs == 1 else chain)

    return build


def impatient(stack):
    JobPipeline(
        stack,
        "Asks",
        definition=Approval(stack, "Ask", notify=["ada@example.com"], timeout=Duration.days(3)),
        timeout=Duration.hours(1),
    )


IN_A_STACK = {
    "task-token": lambda stack: train(stack, integration_pattern=TOKEN),
    "callback-not-verified": lambda stack: made(
        stack, "Train", training(Environment={"TOKEN": sfn.JsonPath.task_token}), integration_pattern=TOKEN
    ),
    "pseudo-parameter-in-text": lambda stack: made(stack, "Train", training(Environment={"A": "${AWS::Region}"})),
    "query-language-of-machine": lambda stack: machine(stack, train(stack), query_language=sfn.QueryLanguage.JSONATA),
    "labeling-reference-name": labeled,
    "async-answers-go-nowhere": lambda stack: CreateEndpointConfig(
        stack, "Config", model="m", instance_type="ml.m5.xlarge", async_inference=AsyncInferenceConfig()
    ),
    "reuse-compares-anew": lambda stack: made(
        stack, "Train", training(Environment={"A": sfn.JsonPath.string_at("$$.Execution.Id")}), reuse=Reuse()
    ),
    "late-bound-access": lambda stack: made(
        stack, "Train", training(InputDataConfig=[channel("a", {**DATA, "S3Uri": sfn.JsonPath.string_at("$.place")})])
    ),
    "role-known-at-run-time": lambda stack: made(stack, "Train", training(RoleArn=sfn.JsonPath.string_at("$.role"))),
    "role-without-grants": unchangeable,
    "output-is-there": too_early,
    "output-is-spelled": spelled,
    "job-not-run": forgotten,
    "job-of-another-environment": elsewhere,
    "limit-state-name": long_name,
    "limit-managed-policies": many_policies,
    "limit-template-size": heavy(4),
    "limit-definition-size": heavy(5),
    "timeout-never-reached": impatient,
    "asl-unreachable-state": unreachable,
    "asl-express": lambda stack: machine(stack, train(stack), state_machine_type=EXPRESS),
    "express-ends-first": waiting,
    "express-polls": lambda stack: machine(stack, compiled(stack), state_machine_type=EXPRESS),
    "polls-within-history": lambda stack: EndpointDeployment(
        stack,
        "Deploy",
        endpoint_name="e",
        model="m",
        instance_type="ml.m5.large",
        interval=Duration.seconds(1),
        timeout=Duration.days(5),
    ),
    "transform-takes-no-model-data-source": scored,
    "serverless-takes-no-multi-model": served(Container(image=IMAGE, multi_model=True, model_data="s3://data/models/")),
    "serverless-takes-one-container": served(Container(image=IMAGE), Container(image=IMAGE)),
    "serverless-takes-no-private-registry": served(
        Container(image="registry.example.com/x:1", repository_access="Vpc", model_data="s3://data/m.tar.gz")
    ),
    "tag-form": tagged("a|b"),
    "role-of-outer-stack": role_around,
    "tags-around-left-out": tagged_by_a_path,
    "tags-too-many": tagged(*(f"k{number}" for number in range(52))),
    "model-unknown-output": unknown_output,
}
"""For each rule that takes more than a request to break: what breaks it."""


def arriving(app):
    stack = PipelineStack(app, "Churn", arrivals="jobs/")
    stack.run(sfn.Pass(stack, "Nothing"))


def named_twice(app):
    for stack in (PipelineStack(app, "Churn"), PipelineStack(Construct(app, "Other"), "Churn", stack_name="Churn")):
        stack.run(sfn.Pass(stack, "Nothing"))


def left_out(app):
    stack = PipelineStack(app, "Churn", key=True, encrypt_jobs=True)
    stack.run(
        TrainingJob(
            stack,
            "Train",
            image=IMAGE,
            instance_type=sfn.JsonPath.string_at("$.type"),
            inputs={"train": "s3://data/train/"},
        )
    )


def mapped(app):
    stack = PipelineStack(app, "Churn")
    job = ProcessingJob(stack, "Prepare", image=IMAGE, instance_type="ml.m5.xlarge", outputs=["rows"])
    stack.run(FanOut(stack, "Each", job, items="$.items"))


IN_AN_APP = {
    "items-share-a-place": mapped,
    "arrivals-start-themselves": arriving,
    "stack-name-shared": named_twice,
    "job-key-left-out": left_out,
}
BESIDE = {
    "task-token": {"callback-not-verified"},
    "asl-unreachable-state": {"job-not-run"},
    "limit-definition-size": {"limit-template-size"},
    "labeling-reference-name": {"ground-truth-is-closed"},
    "ground-truth-is-closed": {"manifest-objects-not-granted"},
}
"""Rules that are broken together with another."""
LATER = {*IN_A_STACK, *IN_AN_APP}


def is_asked(rule):
    """Tell whether a synthesis asks a rule, and it can be acknowledged; guardrails have tests of their own."""
    return not rule.protects and not rule.by_check and rule not in vars(guardrail_rules).values()


def said(app):
    """The metadata of every template, and the ids of what is told."""
    assembly = app.synth()
    told = [str(message.entry.data) for stack in assembly.stacks for message in stack.messages]
    nested = [json.loads(file.read_text()) for file in Path(assembly.directory).glob("*.nested.template.json")]
    templates = [*(stack.template for stack in assembly.stacks), *nested]
    kept = [template.get("Metadata", {}).get(ACKNOWLEDGED, {}) for template in templates]
    ids = [text.rpartition("[ack: ")[2].rstrip("]") for text in told]
    # The CDK has warnings of its own.
    return kept, [each for each in ids if each in RULES]


def test_every_rule_that_a_synthesis_asks_is_broken_here():
    assert {rule.id for rule in RULES if is_asked(rule)} == {*FAULTS, *LATER}


@pytest.mark.parametrize("rule_id", [each for each in FAULTS if RULES[each].severity == "error"])
def test_fault_of_a_request_is_refused_by_its_rule_alone(rule_id):
    with pytest.raises(InvalidInputError) as caught:
        made(Stack(App(), "Stack", env=ENV), "Job", FAULTS[rule_id])

    assert {problem.rule for problem in caught.value.problems} == {rule_id}


def test_every_fault_of_a_request_that_is_no_error_is_told_once_by_its_rule():
    app = App()
    stack = Stack(app, "Stack", env=ENV)
    for rule_id, fault in FAULTS.items():
        if RULES[rule_id].severity != "error":
            made(Construct(stack, rule_id), "Job", fault)

    told: dict[str, list[str]] = {}
    for message in app.synth().stacks[0].messages:
        told.setdefault(message.id.split("/")[2], []).append(str(message.entry.data).rpartition("[ack: ")[2][:-1])

    wanted = [rule_id for rule_id in FAULTS if RULES[rule_id].severity != "error"]
    assert {rule_id: sorted(found) for rule_id, found in told.items()} == {
        rule_id: sorted({rule_id, *BESIDE.get(rule_id, ())}) for rule_id in wanted
    }


def test_every_fault_of_a_request_is_acknowledged_and_its_reason_is_kept():
    app = App()
    stack = Stack(app, "Stack", env=ENV)
    for rule_id, fault in FAULTS.items():
        scope = Construct(stack, rule_id)
        for each in (rule_id, *BESIDE.get(rule_id, ())):
            acknowledge(scope, each, WHY)
        made(scope, "Job", fault)

    (template,) = app.synth().stacks
    told = {(message.id.split("/")[2], str(message.entry.data)) for message in template.messages}

    # What is not refused any more may be told of by other rules.
    assert [text for rule_id, text in told if f"[ack: {rule_id}]" in text] == []
    assert template.template["Metadata"][ACKNOWLEDGED] == {
        f"Stack/{rule_id}": dict.fromkeys((rule_id, *BESIDE.get(rule_id, ())), WHY) for rule_id in FAULTS
    }


def broken(rule_id, *, acknowledged):
    """The app in which a rule is broken, and what its synthesis says."""
    app = App()
    for each in (rule_id, *BESIDE.get(rule_id, ())) if acknowledged else ():
        acknowledge(app, each, WHY)
    if rule_id in IN_AN_APP:
        IN_AN_APP[rule_id](app)
    else:
        IN_A_STACK[rule_id](Stack(app, "Stack", env=ENV))
    return said(app)


@pytest.mark.parametrize("rule_id", sorted(LATER))
def test_fault_that_takes_more_than_a_request_is_said_by_its_rule(rule_id):
    wanted = {rule_id, *BESIDE.get(rule_id, ())}
    if RULES[rule_id].severity == "error":
        with pytest.raises((InvalidInputError, RuntimeError)) as caught:
            broken(rule_id, acknowledged=False)
        assert f"[{rule_id}]" in str(caught.value)
    else:
        _, told = broken(rule_id, acknowledged=False)
        assert set(told) == wanted


@pytest.mark.parametrize("rule_id", sorted(LATER))
def test_fault_that_takes_more_than_a_request_is_acknowledged_and_its_reason_is_kept(rule_id):
    kept, told = broken(rule_id, acknowledged=True)

    assert told == []
    assert any(reasons.get("the app", {}).get(rule_id) == WHY for reasons in kept)


def test_rules_of_arguments_that_protect_the_library_say_why():
    protecting = [rule for rule in vars(argument_rules).values() if isinstance(rule, Rule) and rule.protects]

    assert len(protecting) > 50
    with pytest.raises(InvalidInputError, match=r"correct the arguments.*\[rule-protected\]"):
        acknowledge(App(), protecting[0].id, WHY)
