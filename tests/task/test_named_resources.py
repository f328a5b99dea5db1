"""What a job names by a text and another job of the state machine makes: in order, within the rules, and granted."""

from __future__ import annotations

import json
from pathlib import Path

from constructs_sm import (
    CreateEndpoint,
    CreateEndpointConfig,
    CreateInferenceComponent,
    CreateModel,
    DeleteModel,
    EndpointDeployment,
    FanOut,
    ModelDataSource,
    PolledJob,
    ProcessingJob,
    ServerlessConfig,
    TransformJob,
    TuningJob,
    UpdateEndpoint,
    Variant,
)
from constructs_sm.polled_actions import FEATURE_GROUP, INFERENCE_RECOMMENDATIONS_JOB

import pytest
from aws_cdk import App, Environment, NestedStack, Size, Stack
from aws_cdk import aws_stepfunctions as sfn
from every_action import REQUESTS
from every_polled_action import REQUESTS as POLLED
from every_polled_action import polled_job

ENV = Environment(account="111122223333", region="eu-west-1")
IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/serve:1"
LANGUAGES = [None, sfn.QueryLanguage.JSONATA]
INSTANCE = "ml.m5.xlarge"
TUNING = REQUESTS["createHyperParameterTuningJob"]
NEEDS = {"Specification": {"ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024}}}


@pytest.fixture
def app():
    return App()


@pytest.fixture
def stack(app):
    return Stack(app, "S", env=ENV)


def run(scope, definition, construct_id="Machine"):
    return sfn.StateMachine(scope, construct_id, definition_body=sfn.DefinitionBody.from_chainable(definition))


def model(scope, name="churn", **arguments):
    return CreateModel(
        scope, "Model", **{"image": IMAGE, "model_data": "s3://d/m.tar.gz", "job_name": name, **arguments}
    )


def transform(scope, name="churn", **arguments):
    places = {"data": "s3://in-bucket/test/", "output": "s3://out-bucket/scores/", "instance_type": INSTANCE}
    return TransformJob(scope, "User", **{"model": name, **places, **arguments})


def config(scope, construct_id="Config", **arguments):
    return CreateEndpointConfig(scope, construct_id, instance_type=INSTANCE, **{"model": "other", **arguments})


def _feature_group(scope, **language):
    return PolledJob(
        scope, "Group", action=FEATURE_GROUP, job_name="customers", parameters=POLLED["createFeatureGroup"], **language
    )


def _into_features(scope, **language):
    output = {"OutputName": "o", "FeatureStoreOutput": {"FeatureGroupName": "customers"}, "AppManaged": True}
    request = {**REQUESTS["createProcessingJob"], "ProcessingOutputConfig": {"Outputs": [output]}}
    return ProcessingJob(scope, "User", parameters=request, **language)


def _warm_start(scope, **language):
    parents = {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "first"}]}
    request = {**TUNING, "WarmStartConfig": {**parents, "WarmStartType": "TransferLearning"}}
    return TuningJob(scope, "User", parameters=request, **language)


def _recommended(scope, **language):
    return polled_job(scope, INFERENCE_RECOMMENDATIONS_JOB, "User", **language)


PAIRS = {
    "transform": (model, transform),
    "transform by parameters": (
        lambda scope, **language: model(scope, None, parameters={"ModelName": "churn"}, **language),
        lambda scope, **language: transform(scope, None, parameters={"ModelName": "churn"}, **language),
    ),
    "configuration": (model, lambda scope, **language: config(scope, "User", model="churn", **language)),
    "shadow variant": (
        model,
        lambda scope, **language: CreateEndpointConfig(
            scope,
            "User",
            variants=[Variant(name="a", model="other", instance_type=INSTANCE)],
            shadow_variants=[Variant(name="b", model="churn", instance_type=INSTANCE)],
            **language,
        ),
    ),
    "deployment": (
        model,
        lambda scope, **language: EndpointDeployment(
            scope, "User", endpoint_name="e", model="churn", instance_type=INSTANCE, **language
        ),
    ),
    "component of a model": (
        model,
        lambda scope, **language: CreateInferenceComponent(
            scope, "User", endpoint_name="e", variant_name="v", model="churn", parameters=NEEDS, **language
        ),
    ),
    "component on an endpoint": (
        lambda scope, **language: CreateEndpoint(scope, "E", job_name="e", endpoint_config="c", **language),
        lambda scope, **language: CreateInferenceComponent(
            scope, "User", endpoint_name="e", variant_name="v", model="m", parameters=NEEDS, **language
        ),
    ),
    "endpoint": (
        lambda scope, **language: config(scope, job_name="c", **language),
        lambda scope, **language: CreateEndpoint(scope, "User", endpoint_config="c", **language),
    ),
    "update": (
        lambda scope, **language: config(scope, job_name="c", **language),
        lambda scope, **language: UpdateEndpoint(scope, "User", job_name="e", endpoint_config="c", **language),
    ),
    "recommendation": (model, _recommended),
    "warm start": (
        lambda scope, **language: TuningJob(scope, "First", job_name="first", parameters=TUNING, **language),
        _warm_start,
    ),
    "feature group": (_feature_group, _into_features),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("maker", "user"), PAIRS.values(), ids=PAIRS)
def test_what_is_named_after_it_is_made_is_taken(app, stack, maker, user, language):
    # The user is made first in Python.
    used = user(stack, query_language=language)
    run(stack, maker(stack, query_language=language).next(used))

    app.synth()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("maker", "user"), PAIRS.values(), ids=PAIRS)
def test_what_is_named_before_it_is_made_is_refused(app, stack, maker, user, language):
    used = user(stack, query_language=language)
    run(stack, used.next(maker(stack, query_language=language)))

    with pytest.raises(
        RuntimeError, match=r"S/User.* names \w+Name '\w+' of S/\w+, which does not run before it; chain"
    ):
        app.synth()


def _beside(stack):
    return sfn.Parallel(stack, "Both").branch(model(stack)).branch(transform(stack))


def _in_an_item_before(stack):
    return FanOut(stack, "Each", transform(stack), items="$.x").next(model(stack))


def _in_an_item_after(stack):
    return model(stack).next(FanOut(stack, "Each", transform(stack), items="$.x"))


def _behind_a_branch(stack):
    both = sfn.Parallel(stack, "Both", result_path="$.both").branch(model(stack))
    return both.next(transform(stack))


def _made_if_absent(stack):
    made, used = model(stack), transform(stack)
    made.next(used)
    return sfn.Choice(stack, "If").when(sfn.Condition.is_present("$.x"), made).otherwise(used)


def _made_already(stack):
    made, used = model(stack), transform(stack)
    made.add_catch(used, result_path="$.error")
    made.next(used)
    return made


def _deleted_between(stack):
    gone = DeleteModel(stack, "Delete", name="churn")
    return transform(stack).next(gone).next(model(stack))


def _another(stack):
    return transform(stack, "other").next(model(stack))


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        (_beside, "runs beside it"),
        (_in_an_item_before, "does not run before it"),
        (_in_an_item_after, ""),
        (_behind_a_branch, ""),
        (_made_if_absent, ""),
        (_made_already, ""),
        (_deleted_between, ""),
        (_another, ""),
    ],
)
def test_name_is_refused_where_nothing_can_be_there_of_that_name(app, stack, made, refused):
    run(stack, made(stack))

    if refused:
        with pytest.raises(RuntimeError, match=rf"names ModelName 'churn' of S/Model, which {refused}"):
            app.synth()
    else:
        app.synth()


def test_model_of_another_state_machine_is_not_held_to_an_order(app, stack):
    run(stack, transform(stack))
    run(stack, model(stack), "Other")

    app.synth()


@pytest.mark.parametrize(
    "holder",
    [
        lambda stack: stack,
        lambda stack: NestedStack(stack, "N"),
        lambda stack: Stack(stack.node.root, "Models", env=ENV),
    ],
)
def test_role_of_the_model_reads_and_writes_for_a_transform_that_names_it(app, stack, holder):
    run(stack, model(holder(stack)).next(transform(stack)))

    templates = [json.loads(path.read_text()) for path in Path(app.synth().directory).glob("*.template.json")]
    policies = [
        json.dumps(resource["Properties"])
        for template in templates
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy"
    ]
    (granted,) = [each for each in policies if "ExecutionRole" in json.loads(each)["PolicyName"]]
    assert "in-bucket" in granted
    assert "out-bucket" in granted


def test_rules_of_models_hold_of_one_that_is_named(app, stack):
    source = ModelDataSource(data="s3://d/model/")
    run(stack, model(stack, model_data=source).next(transform(stack)))

    with pytest.raises(RuntimeError, match=r"the model has a ModelDataSource"):
        app.synth()


def test_serverless_rules_hold_of_a_model_that_is_named(app, stack):
    made = model(stack, subnets=["subnet-0123"], security_groups=["sg-0123"])
    serverless = ServerlessConfig(memory_size=Size.gibibytes(2), max_concurrency=5)
    run(stack, made.next(CreateEndpointConfig(stack, "Config", model="churn", serverless=serverless)))

    with pytest.raises(RuntimeError, match=r"the model of a serverless variant has a VpcConfig"):
        app.synth()
