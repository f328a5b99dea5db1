"""Every pipeline of the library's own can be shown to have exactly the permissions that it needs."""

from __future__ import annotations

from constructs_sm import (
    CreateEndpointConfig,
    CreateModel,
    CreateModelPackage,
    EndpointDeployment,
    FanOut,
    PipelineStack,
    S3Items,
    TrainingJob,
    TransformJob,
    images,
)
from constructs_sm.blueprints.described import BLUEPRINTS, CONTEXT_KEY, described_stack
from constructs_sm.testing import Metrics, Rehearsal

import pytest
import test_examples
from aws_cdk import App
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE
from every_blueprint import ARGUMENTS
from every_example import EXAMPLES, example

REQUEST_RESPONSE = sfn.IntegrationPattern.REQUEST_RESPONSE
FURTHER_INPUTS = {"reuse_results": [{"run": {"from": "Train"}}]}
"""Inputs with which an example does what it does not do by default."""
GOOD = Metrics(**{"validation:auc": 0.9})


def training(stack, **arguments):
    given = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "inputs": {"train": stack.data("train/")}}
    return TrainingJob(stack, "Train", **{**given, **arguments})


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_has_exactly_the_permissions_that_it_needs(name):
    with test_examples.rehearsed(example(name)["stack"], name) as rehearsal:
        permissions = rehearsal.permissions(test_examples.INPUTS.get(name, {}), *FURTHER_INPUTS.get(name, ()))

    assert permissions.exact, permissions


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_blueprint_has_exactly_the_permissions_that_it_needs(name):
    stack = described_stack(App(context={CONTEXT_KEY: {"blueprint": name, "arguments": ARGUMENTS[name]}}))

    with Rehearsal.of(stack) as rehearsal:
        for state in ("Train", "Tune"):
            if state in rehearsal.machine.definition["States"]:
                rehearsal.script(state, GOOD)
        permissions = rehearsal.permissions()

    assert permissions.exact, permissions


@pytest.mark.parametrize("pattern", [None, REQUEST_RESPONSE])
@pytest.mark.parametrize("given_key", [None, True])
def test_jobs_have_exactly_the_permissions_that_they_need(pattern, given_key):
    stack = PipelineStack(App(), "Churn", **({} if given_key is None else {"key": given_key}))
    settings = {} if pattern is None else {"integration_pattern": pattern}
    train = training(stack, **settings)
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://models/model.tar.gz")
    score = TransformJob(stack, "Score", model=model, data=stack.data("in/"), instance_type="ml.m5.large", **settings)
    stack.run(train.next(model).next(score))

    with Rehearsal.of(stack) as rehearsal:
        permissions = rehearsal.permissions()

    assert permissions.exact, permissions


def test_endpoint_on_encrypted_volumes_has_exactly_the_permissions_that_it_needs():
    stack = PipelineStack(App(), "Churn")
    key = kms.Key(stack, "Key")
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://models/model.tar.gz")
    config = CreateEndpointConfig(stack, "Config", model=model, instance_type="ml.m5.large", kms_key=key)
    stack.run(model.next(config))

    with Rehearsal.of(stack) as rehearsal:
        permissions = rehearsal.permissions()

    assert permissions.exact, permissions


@pytest.mark.parametrize("alias", ["alias/mine", "arn:aws:kms:us-east-1:123456789012:alias/mine"])
def test_endpoint_whose_key_is_an_alias_has_exactly_the_permissions_that_it_needs(alias):
    stack = PipelineStack(App(), "Churn", account="123456789012", region="us-east-1")
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://models/model.tar.gz")
    config = CreateEndpointConfig(stack, "Config", model=model, instance_type="ml.m5.large", kms_key=alias)
    stack.run(model.next(config))

    with Rehearsal.of(stack) as rehearsal:
        permissions = rehearsal.permissions()

    assert permissions.exact, permissions


@pytest.mark.parametrize("settings", [{}, {"delete_old_configs": True}, {"replace_failed": False}])
def test_deployment_has_exactly_the_permissions_that_it_needs(settings):
    stack = PipelineStack(App(), "Churn")
    train = training(stack)
    model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts)
    deploy = EndpointDeployment(
        stack, "Deploy", endpoint_name="churn", model=model, instance_type="ml.m5.large", **settings
    )
    stack.run(train.next(model).next(deploy))

    with Rehearsal.of(stack) as rehearsal:
        permissions = rehearsal.permissions()

    assert permissions.exact, permissions


def test_registration_has_exactly_the_permissions_that_it_needs():
    stack = PipelineStack(App(), "Churn")
    train = training(stack, image=images.xgboost("1.7-1"))
    register = CreateModelPackage(
        stack, "Register", group="churn", image=images.xgboost("1.7-1"), model_data=train.model_artifacts
    )
    stack.run(train.next(register))

    with Rehearsal.of(stack) as rehearsal:
        permissions = rehearsal.permissions()

    assert permissions.exact, permissions


def test_report_of_a_failed_assertion_is_whole():
    stack = PipelineStack(App(), "Churn")
    stack.run(training(stack))
    with Rehearsal.of(stack, policy=[]) as rehearsal:
        permissions = rehearsal.permissions()

    assert repr(permissions) == str(permissions)
    assert len(repr(permissions).splitlines()) == len(permissions.missing)


def test_map_over_a_prefix_with_a_star_is_not_refused_by_its_own_policy():
    stack = PipelineStack(App(), "Churn")
    train = TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.xlarge", inputs={"train": "s3://data/a/"})
    stack.run(FanOut(stack, "Each", train, items=S3Items.objects(stack.data("sets/*?/"))))
    with Rehearsal.of(stack) as rehearsal:
        rehearsal.answer("Each", [{"Key": "sets/*?/a.csv"}])
        permissions = rehearsal.permissions()

    assert permissions.exact, permissions
