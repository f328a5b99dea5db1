"""What AWS would refuse for its size is refused at synthesis; what is too large for one pipeline runs as several."""

from __future__ import annotations

import json
import re

from constructs_sm import InvalidInputError, JobPipeline, PipelineStack, TrainingJob
from constructs_sm.task.limits import problems_of
from constructs_sm.testing import definition, state_machine_policy
from constructs_sm.testing.source.synthesized import definition_of

import pytest
from aws_cdk import App, CfnResource, Environment
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from every_action import REQUESTS

TRAINING = REQUESTS["createTrainingJob"]
ENVIRONMENT = Environment(account="123456789012", region="us-east-1")
DEFINITION = "Step Functions takes definitions of 1,048,576 bytes"
TEMPLATE = "CloudFormation takes templates of 1,000,000 bytes, and the definition is a part of one"
large = pytest.mark.large


def chained(scope, count, *, parameters=TRAINING):
    first, *rest = [TrainingJob(scope, f"Train{number}", parameters=parameters) for number in range(count)]
    return chain(first.next(rest[0]), rest[1:]) if rest else first


def chain(begun, rest):
    for following in rest:
        begun = begun.next(following)
    return begun


def run_in_parts(parts, jobs):
    """Pipelines in stacks of their own, which one more runs after each other."""
    app = App()
    stacks = [PipelineStack(app, f"Part{number}", env=ENVIRONMENT) for number in range(parts)]
    for stack in stacks:
        stack.run(chained(stack, jobs))
    whole = PipelineStack(app, "Whole", env=ENVIRONMENT)
    first, *rest = [stack.pipeline.task(whole, stack.node.id) for stack in stacks]
    whole.run(chain(sfn.Chain.start(first), rest))
    return [*stacks, whole]


@pytest.fixture(scope="module")
def parts():
    return run_in_parts(4, jobs=2)


@large
@pytest.mark.parametrize(("explained", "jobs"), [(False, 500), (True, 450)], ids=["guarded", "and explained"])
def test_so_many_jobs_fit_one_pipeline(stack, explained, jobs):
    pipeline = JobPipeline(stack, "Large", explain_failures=explained)
    pipeline.run(chained(pipeline, jobs))

    made = Template.from_stack(stack).to_json()
    assert len(json.dumps(made).encode()) < 1_000_000
    assert len(made["Resources"]) < 500
    assert len([name for name in definition(stack)["States"] if name.endswith(": ValidateOutput")]) == jobs


@large
def test_thousand_jobs_run_as_four_pipelines_within_the_quotas():
    stacks = run_in_parts(4, jobs=250)

    templates = [Template.from_stack(stack).to_json() for stack in stacks]
    assert max(len(json.dumps(made).encode()) for made in templates) < 1_000_000
    assert not any(r["Type"] == "AWS::IAM::ManagedPolicy" for made in templates for r in made["Resources"].values())
    checked = [[name for name in definition(stack)["States"] if name.endswith(": ValidateOutput")] for stack in stacks]
    assert [len(names) for names in checked] == [250, 250, 250, 250, 0]


def test_pipeline_over_the_quotas_fails_at_synthesis_and_names_them(app):
    stack = PipelineStack(app, "Large")
    heavy = {f"parameter{number}": "x" * 2500 for number in range(100)}
    stack.run(chained(stack, 5, parameters={**TRAINING, "HyperParameters": heavy}))

    with pytest.raises(RuntimeError) as raised:
        app.synth()
    said = str(raised.value)
    assert f"[Large] state machine 'Large/Pipeline/StateMachine': {DEFINITION}, got 1" in said
    assert f"[Large] state machine 'Large/Pipeline/StateMachine': {TEMPLATE}, got 1" in said
    assert "; run a part of it as a pipeline of its own, in a stack of its own, with JobPipeline.task" in said


@pytest.mark.parametrize(("beside", "refused"), [(1_000, False), (60_000, True)], ids=["small", "large"])
def test_what_else_is_in_the_template_counts_as_well(app, beside, refused):
    stack = PipelineStack(app, "Large")
    heavy = {f"parameter{number}": "x" * 2400 for number in range(98)}
    stack.run(chained(stack, 4, parameters={**TRAINING, "HyperParameters": heavy}))
    CfnResource(stack, "Other", type="AWS::SSM::Parameter", properties={"Value": "x" * beside})

    if refused:
        with pytest.raises(RuntimeError, match=TEMPLATE):
            app.synth()
    else:
        app.synth()


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("x" * 999_998, []),
        ("x" * 999_999, [TEMPLATE]),
        ('"' * 500_000, [TEMPLATE]),
        ("é" * 499_999, []),
        ("x" * 1_048_577, [DEFINITION, TEMPLATE]),
    ],
    ids=["fits", "a byte more", "quotes are escaped", "two bytes a letter", "neither"],
)
def test_definition_is_refused_from_the_first_byte_too_many(text, refused):
    assert [problem.what for problem in problems_of(text)] == refused


def test_reference_in_a_definition_counts_for_nothing():
    joined = {"Fn::Join": ["", ["x" * 900_000, {"Ref": "Role"}, "y" * 98_000]]}

    assert list(problems_of(joined)) == []


def test_role_that_needs_more_policies_than_it_may_have_fails_at_synthesis(stack, app):
    pipeline = JobPipeline(stack, "Nightly")
    machine = pipeline.run(chained(pipeline, 1))
    for number in range(110):
        table = f"arn:aws:dynamodb:us-east-1:123456789012:table/{number}-{'x' * 600}"
        machine.add_to_role_policy(iam.PolicyStatement(actions=[f"dynamodb:Get{number}"], resources=[table]))

    said = "IAM takes 10 managed policies for the state machine role, got '11 or more'; let its jobs share a prefix"
    with pytest.raises(RuntimeError, match=said):
        app.synth()


def test_parts_of_a_pipeline_run_after_each_other(parts):
    states = definition(parts[-1])["States"]

    assert [states[f"Part{number}"].get("Next") for number in range(4)] == ["Part1", "Part2", "Part3", None]


def test_task_of_a_pipeline_waits_for_its_end_and_keeps_the_output(stack):
    inner, outer = (JobPipeline(stack, name, explain_failures=False) for name in ("Inner", "Outer"))
    inner.run(chained(inner, 1))
    outer.run(inner.task(stack, "Run it", input={"data": sfn.JsonPath.string_at("$.data"), "rounds": 7}))

    machines = Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine")
    (state,) = (definition_of(machine)["States"]["Run it"] for name, machine in machines.items() if "Outer" in name)
    (arn,) = (f"${{{name}}}" for name in machines if "Inner" in name)
    assert state == {
        "Type": "Task",
        "Resource": "arn:${AWS::Partition}:states:::states:startExecution.sync:2",
        "Parameters": {
            "StateMachineArn": arn,
            "Input": {
                "data.$": "$.data",
                "rounds": 7,
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
            },
        },
        "ResultSelector": {"ExecutionArn.$": "$.ExecutionArn", "Output.$": "$.Output"},
        "ResultPath": "$['Run it']",
        "End": True,
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, "{% $states.input %}"),
        (
            {"data": "{% $states.input.data %}"},
            {
                "data": "{% $states.input.data %}",
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "{% $states.context.Execution.Id %}",
            },
        ),
    ],
)
def test_task_of_a_pipeline_stands_in_a_state_machine_in_jsonata(stack, given, sent):
    inner = JobPipeline(stack, "Inner")
    inner.run(sfn.Pass(stack, "Nothing"))
    task = inner.task(stack, "Run it", input=given, query_language=sfn.QueryLanguage.JSONATA)
    body = sfn.DefinitionBody.from_chainable(task)
    sfn.StateMachine(stack, "Outer", definition_body=body, query_language=sfn.QueryLanguage.JSONATA)

    machines = Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine")
    (state,) = (definition_of(machine)["States"]["Run it"] for name, machine in machines.items() if "Outer" in name)
    assert state["Arguments"]["Input"] == sent
    kept = "{'ExecutionArn': $states.result.ExecutionArn, 'Output': $states.result.Output}"
    assert state["Output"] == f"{{% $merge([$states.input, {{'Run it': {kept}}}]) %}}"


def test_task_in_jsonata_has_no_result_path(stack):
    inner = JobPipeline(stack, "Inner")
    inner.run(sfn.Pass(stack, "Nothing"))

    with pytest.raises(InvalidInputError, match="a state in JSONata has no result_path"):
        inner.task(stack, "Run", result_path="$.x", query_language=sfn.QueryLanguage.JSONATA)


def test_task_of_a_pipeline_may_start_see_and_stop_it_alone(parts):
    granted = {}
    for statement in state_machine_policy(parts[-1]):
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        for action in actions:
            granted.setdefault(action, []).append(statement["Resource"])

    # The last is how the handler of failures ends an execution.
    wanted = {"states:StartExecution", "states:DescribeExecution", "states:StopExecution", "states:SendTaskFailure"}
    assert {action for action in granted if action.startswith("states:")} == wanted
    started = [arn.partition(":")[0] for arn in granted["states:StartExecution"]]
    assert started == [f"${{ImportValue Part{number}" for number in range(4)]
    (rule,) = granted["events:PutRule"]
    assert rule.endswith(":rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")


def test_pipeline_that_runs_nothing_has_no_task(stack):
    inner = JobPipeline(stack, "Inner")

    with pytest.raises(InvalidInputError, match="nothing runs yet"):
        inner.task(stack, "Run it")


def test_names_that_prefixes_make_too_long_are_refused(app):
    stack = PipelineStack(app, "Stack")
    short = TrainingJob(stack, "T" * 30, parameters=TRAINING).to_single_state()
    long = TrainingJob(stack, "U" * 40, parameters=TRAINING).to_single_state()
    stack.run(short.next(long))

    name = f"{'U' * 40}: {'U' * 40}"
    said = f"Step Functions takes state names of 80 characters, got '{name}'; shorten the construct id, or the prefix"
    with pytest.raises(RuntimeError, match=re.escape(said)):
        app.synth()
