"""State machine roles of other stacks: what they are granted stands where nothing waits for itself."""

from __future__ import annotations

from constructs_sm import Approval, FanOut, JobPipeline, TrainingJob

import pytest
from aws_cdk import App, Environment, NestedStack, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from every_action import IMAGE

ENV = Environment(account="111122223333", region="eu-west-1")


@pytest.fixture
def app():
    return App()


@pytest.fixture
def stack(app):
    return Stack(app, "S", env=ENV)


@pytest.fixture
def roles(app):
    return Stack(app, "Roles", env=ENV)


def role_in(scope, **arguments):
    return iam.Role(scope, "States", assumed_by=iam.ServicePrincipal("states.amazonaws.com"), **arguments)


def own_role(scope):
    return iam.Role(scope, "Jobs", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))


def training(scope, **arguments):
    return TrainingJob(
        scope, "Train", image=IMAGE, instance_type="ml.m5.xlarge", output="s3://out-111122223333/m/", **arguments
    )


def machine(scope, definition, **arguments):
    return sfn.StateMachine(
        scope, "Machine", definition_body=sfn.DefinitionBody.from_chainable(definition), **arguments
    )


def actions(stack, name):
    """What the policies of a stack allow whose logical ids begin with *name*."""
    found = Template.from_stack(stack).find_resources("AWS::IAM::Policy")
    policies = [each["Properties"]["PolicyDocument"] for key, each in found.items() if key.startswith(name)]
    listed = [statement["Action"] for policy in policies for statement in policy["Statement"]]
    return {one for each in listed for one in ([each] if isinstance(each, str) else each)}


@pytest.mark.parametrize(
    "definition",
    [
        training,
        lambda scope: training(scope, role=own_role(scope)),
        lambda scope: Approval(scope, "Ask", notify="a@example.com"),
        lambda scope: FanOut(scope, "Each", training(scope), items="$.l", distributed=True),
    ],
    ids=["job", "job with a role of its own", "approval", "map"],
)
def test_pipeline_with_the_role_of_another_stack_waits_for_nothing_of_its_own(app, stack, roles, definition):
    pipeline = JobPipeline(stack, "Churn", role=role_in(roles))
    pipeline.run(definition(pipeline))
    app.synth()

    assert Template.from_stack(roles).find_resources("AWS::IAM::Policy") == {}


def test_role_of_another_stack_is_granted_in_the_stack_of_the_pipeline(app, stack, roles):
    pipeline = JobPipeline(stack, "Churn", role=role_in(roles))
    pipeline.run(training(pipeline))
    app.synth()

    granted = actions(stack, "ChurnStateMachineRole")
    assert {"sagemaker:CreateTrainingJob", "iam:PassRole", "events:PutRule"} <= granted
    (made,) = Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    assert made["Properties"]["RoleArn"]["Fn::ImportValue"].startswith("Roles:ExportsOutputFnGetAttStates")


def test_policies_of_one_role_of_two_pipelines_have_names_of_their_own(app, roles):
    role = role_in(roles)
    names = set()
    for name in ("One", "Two"):
        stack = Stack(app, name, env=ENV)
        pipeline = JobPipeline(stack, "Churn", role=role)
        pipeline.run(training(pipeline, role=own_role(pipeline)))
    app.synth()
    for name in ("One", "Two"):
        found = Template.from_stack(app.node.find_child(name)).find_resources("AWS::IAM::Policy")
        names |= {each["Properties"]["PolicyName"] for key, each in found.items() if "StateMachineRole" in key}

    assert len(names) == 2


def test_pipeline_that_was_refused_can_be_run_with_the_role_of_another_stack(app, stack, roles):
    pipeline = JobPipeline(stack, "Churn", role=role_in(roles))
    job = training(pipeline)
    with pytest.raises(ValueError, match="output-is-spelled"):
        pipeline.run(job.next(sfn.Pass(pipeline, "Tell", parameters={"k": f"of {job.resource_name}"})))
    pipeline.run(Approval(pipeline, "Ask", notify="a@example.com"))
    app.synth()

    assert "sns:Publish" in actions(stack, "ChurnStateMachineRole")


def test_pipeline_in_a_nested_stack_with_the_role_of_its_parent_waits_for_nothing_of_its_own(app, stack):
    nested = NestedStack(stack, "Nested")
    pipeline = JobPipeline(nested, "Churn", role=role_in(stack))
    pipeline.run(training(pipeline))
    app.synth()

    assert Template.from_stack(stack).find_resources("AWS::IAM::Policy") == {}


def test_role_of_the_same_stack_is_granted_as_it_is(app, stack):
    pipeline = JobPipeline(stack, "Churn", role=role_in(stack))
    pipeline.run(training(pipeline))
    app.synth()

    assert "sagemaker:CreateTrainingJob" in actions(stack, "StatesDefaultPolicy")


def test_state_machine_in_a_nested_stack_with_the_role_of_its_parent_is_refused_by_name(app, stack):
    """CloudFormation says: circular dependency between resources."""
    nested = NestedStack(stack, "Nested")
    machine(nested, training(nested), role=role_in(stack))

    with pytest.raises(RuntimeError, match=r"pass iam\.Role\.from_role_arn\(.*\[role-of-outer-stack\]"):
        app.synth()


def test_way_that_is_named_for_the_role_of_a_parent_works(app, stack):
    nested = NestedStack(stack, "Nested")
    role = iam.Role.from_role_arn(nested, "Role", role_in(stack).role_arn)
    machine(nested, training(nested), role=role)
    app.synth()

    assert "iam:PassRole" in actions(nested, "RolePolicy")


@pytest.mark.parametrize("kept", ["role of the jobs", "nothing of the nested stack", "role of a nested stack beside"])
def test_state_machine_in_a_nested_stack_that_waits_for_nothing_is_taken(app, stack, kept):
    nested = NestedStack(stack, "Nested")
    if kept == "role of the jobs":
        machine(nested, training(nested, role=own_role(stack)), role=role_in(stack))
    elif kept == "nothing of the nested stack":
        machine(nested, sfn.Pass(nested, "Nothing"), role=role_in(stack))
    else:
        machine(nested, training(nested, role=own_role(stack)), role=role_in(NestedStack(stack, "Beside")))
    app.synth()

    assert Template.from_stack(nested).find_resources("AWS::StepFunctions::StateMachine")


def test_way_that_docs_name_for_the_role_of_another_stack_works(app, stack, roles):
    role = iam.Role.from_role_arn(stack, "Role", role_in(roles).role_arn)
    machine(stack, training(stack), role=role)
    app.synth()

    assert "iam:PassRole" in actions(stack, "RolePolicy")
