"""Stack names that dev and prod would share in one account are told of."""

from __future__ import annotations

from constructs_sm import PipelineStack, TrainingJob, acknowledge
from constructs_sm.blueprints.described import CONTEXT_KEY, described_stack

import pytest
from aws_cdk import App, Environment, Stage
from every_action import REQUESTS
from every_blueprint import ARGUMENTS

ONE = {"account": "111111111111", "region": "eu-west-1"}
OTHER = {"account": "222222222222", "region": "eu-west-1"}


def settings(dev, prod, **everywhere):
    return {"constructs_sm": {**everywhere, "environments": {"dev": dev, "prod": prod}}}


def told(app):
    assembly = app.synth()
    stacks = [*assembly.stacks, *(stack for nested in assembly.nested_assemblies for stack in _stacks(nested))]
    texts = [str(message.entry.data) for stack in stacks for message in stack.messages]
    return [text for text in texts if "[ack: stack-name-shared]" in text]


def _stacks(nested):
    return nested.nested_assembly.stacks


def run(stack):
    stack.run(TrainingJob(stack, "Train", parameters=REQUESTS["createTrainingJob"]))
    return stack


@pytest.mark.parametrize(
    ("context", "arguments", "shared"),
    [
        (settings(ONE, ONE), {}, True),
        (settings({}, {}), {}, True),
        (settings({}, {}, **ONE), {}, True),
        (settings(ONE, OTHER), {}, False),
        (settings(ONE, OTHER), {"env": Environment(**ONE)}, True),
        (settings(ONE, OTHER), {"account": "111111111111"}, True),
        (settings(ONE, {**ONE, "region": "us-east-1"}), {}, False),
        (settings(ONE, ONE), {"stack_name": "churn-dev"}, False),
        (settings(ONE, OTHER), {"stack_name": "churn"}, False),
        (settings(ONE, ONE), {"stack_name": "churn"}, True),
        (settings(ONE, {}), {}, False),
    ],
)
@pytest.mark.parametrize("by", ["argument", "CLI"])
def test_name_that_two_environments_share_is_told(context, arguments, shared, by):
    chosen = {"environment": "dev"}
    app = App(context={**context, **(chosen if by == "CLI" else {})})
    run(PipelineStack(app, "Churn", **arguments, **(chosen if by == "argument" else {})))

    assert [text.partition(" has")[0] for text in told(app)] == (["environment 'prod'"] if shared else [])


def test_name_is_not_judged_where_no_environment_is_chosen():
    app = App(context=settings(ONE, ONE))
    run(PipelineStack(app, "Churn"))

    assert told(app) == []


@pytest.mark.parametrize(("name", "shared"), [("Churn", True), (None, False), ("churn-dev", False)])
def test_blueprint_tells_of_a_name_that_environments_share(name, shared):
    blueprint = {"blueprint": "BatchInference", "arguments": ARGUMENTS["BatchInference"]}
    named = {} if name is None else {"stack_name": name}
    app = App(context={**settings({}, {}), "environment": "dev", CONTEXT_KEY: {**blueprint, **named}})
    described_stack(app)

    assert len(told(app)) == shared


@pytest.mark.parametrize(("account", "shared"), [("111111111111", True), ("222222222222", False)])
@pytest.mark.parametrize("staged", [False, True])
def test_two_stacks_of_one_name_in_one_account_are_told(account, shared, staged):
    app = App()
    for name, env in (("Dev", Environment(**ONE)), ("Prod", Environment(**{**ONE, "account": account}))):
        scope = Stage(app, name, env=env) if staged else app
        run(PipelineStack(scope, "Churn" if staged else name, stack_name="churn", env=env))

    texts = told(app)
    assert [text.partition(" has")[0] for text in texts] == (["'Dev/Churn'" if staged else "'Dev'"] if shared else [])


def test_shared_name_is_acknowledged():
    app = App(context=settings(ONE, ONE))
    acknowledge(app, "stack-name-shared", "prod is deployed from another repository")
    run(PipelineStack(app, "Churn", environment="dev"))

    assert told(app) == []
