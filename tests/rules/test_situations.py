"""Situations of people who do this job: what goes wrong on AWS is refused or told by its rule, the rest is taken."""

from __future__ import annotations

import json
import re

from constructs_sm import (
    Approval,
    Channel,
    Container,
    CreateEndpointConfig,
    CreateModel,
    CreateModelPackage,
    EndpointDeployment,
    FailureHandler,
    FanOut,
    Input,
    InputGuard,
    InstanceGroup,
    JobPipeline,
    ModelDataSource,
    ParallelJobs,
    PipelineStack,
    ProcessingInput,
    ProcessingJob,
    QualityGate,
    TrainingJob,
    TransformJob,
    TuningJob,
    images,
)
from constructs_sm.blueprints import BatchInference
from constructs_sm.jobs.variants import ServerlessConfig, Variant
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Duration, Environment, NestedStack, Size, Stack, Stage, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

ACCOUNT = "111122223333"
ENV = Environment(account=ACCOUNT, region="eu-west-1")
IMAGE = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/churn:1"
JSONATA = sfn.QueryLanguage.JSONATA
EXPRESS = sfn.StateMachineType.EXPRESS
ONCE = sfn.IntegrationPattern.REQUEST_RESPONSE
GZIP = {"t": Channel(data="s3://b/t/", compression_type="Gzip")}
OTHER_ROLE = "arn:aws:iam::444455556666:role/other"
SERVERLESS = ServerlessConfig(memory_size=Size.gibibytes(2), max_concurrency=5)
RAW_SERVERLESS = {"VariantName": "a", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
TRAINING = {
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://out/m/"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


@pytest.fixture
def stack():
    return Stack(App(), "S", env=ENV)


def train(scope, construct_id="Train", **arguments):
    given = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://out/m/", "inputs": {"t": "s3://b/t/"}}
    return TrainingJob(scope, construct_id, **{**given, **arguments})


def tune(scope, **arguments):
    search = {"objective": "auc", "ranges": {"eta": (0.1, 0.5)}, "max_jobs": 4, "max_parallel_jobs": 2}
    given = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://out/m/", "inputs": {"t": "s3://b/t/"}}
    return TuningJob(scope, "Tune", **{**given, **search, **arguments})


def prepare(scope, **arguments):
    return ProcessingJob(scope, "Prepare", **{"image": IMAGE, "instance_type": "ml.m5.xlarge", **arguments})


def score(scope, **arguments):
    given = {"model": "m", "data": "s3://in/", "output": "s3://out/", "instance_type": "ml.m5.xlarge"}
    return TransformJob(scope, "Score", **{**given, **arguments})


def machine(scope, chain, **settings):
    return sfn.StateMachine(scope, "M", definition_body=sfn.DefinitionBody.from_chainable(chain), **settings)


def beside(stack, construct_id, **environment):
    """Another stack of the app."""
    return Stack(stack.node.root, construct_id, env=Environment(**environment) if environment else ENV)


def too_early(train_in, model_in):
    job = train(train_in)
    return CreateModel(model_in, "Model", image=IMAGE, model_data=job.model_artifacts).next(job)


def served(stack, **model):
    made = CreateModel(stack, "Model", **{"image": IMAGE, **model})
    return made.next(CreateEndpointConfig(stack, "Config", model=made, serverless=SERVERLESS))


def scored(stack, model=None, **arguments):
    model = model or CreateModel(stack, "Model", image=IMAGE, query_language=arguments.get("query_language"))
    return model.next(score(stack, model=model, **arguments))


def tagged(stack, key):
    Tags.of(stack).add(key, "x", include_resource_types=["AWS::SageMaker::TrainingJob"])
    return train(stack)


def handed_on(stack):
    guard = InputGuard(stack, "Check", inputs={"day": Input.string(), "sets": Input.array(Input.string())})
    return guard.next(FanOut(stack, "Each", train(stack, environment={"DAY": guard["day"]}), items=guard["sets"]))


def gated(stack):
    job = prepare(stack)
    return job.next(QualityGate(stack, "Ended", job.output_field("ProcessingEndTime") >= 1))


def tuned_by_parameters(stack, **definition):
    config = {
        "Strategy": "Bayesian",
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "auc"},
    }
    request = {"HyperParameterTuningJobConfig": config, "TrainingJobDefinition": {**TRAINING, **definition}}
    return TuningJob(stack, "Tune", parameters=request)


def prepared_by_parameters(stack, paths):
    inputs = [
        {
            "InputName": f"i{number}",
            "S3Input": {"S3Uri": "s3://b/a/", "S3DataType": "S3Prefix", "S3InputMode": "File", "LocalPath": path},
        }
        for number, path in enumerate(paths)
    ]
    cluster = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}
    request = {
        "AppSpecification": {"ImageUri": IMAGE},
        "ProcessingResources": {"ClusterConfig": cluster},
        "ProcessingInputs": inputs,
    }
    return ProcessingJob(stack, "Prepare", parameters=request)


def started_by_itself(stack):
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
    inner = sfn.StateMachine(stack, "Inner", definition_body=sfn.DefinitionBody.from_chainable(train(stack)), role=role)
    run_it = tasks.StepFunctionsStartExecution(
        stack, "Go", state_machine=inner, integration_pattern=sfn.IntegrationPattern.RUN_JOB
    )
    return machine(stack, run_it, role=role)


def nested_with_the_role_of_the_other(stack):
    inner = JobPipeline(stack, "Inner", definition=train(stack))
    JobPipeline(stack, "Outer", role=inner.role, definition=inner.task(stack, "Run"))


def started_elsewhere(stack):
    arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:nightly"
    nightly = JobPipeline.from_state_machine_arn(stack, "Nightly", arn)
    return train(stack).next(nightly.task(stack, "Go"))


def in_another_stage(stack):
    stage = Stage(stack.node.root, "Prod", env=ENV)
    inner = Stack(stage, "X")
    machine(inner, too_early(inner, Stack(stage, "Y")))


def agnostic(stack, job_in, machine_in):
    role = iam.Role.from_role_arn(job_in, "Role", f"arn:aws:iam::{ACCOUNT}:role/e")
    return machine(machine_in, train(job_in, role=role, image="registry.example.com/churn:1"))


def in_a_map(stack):
    guard = InputGuard(stack, "Check", inputs={"day": Input.string(), "sets": Input.array(Input.string())})
    job = train(stack, environment={"DAY": guard["day"]})
    return guard.next(sfn.Map(stack, "Each", items_path="$.sets").item_processor(job))


REFUSED = {
    "compressed channel of a search": (lambda s: tune(s, inputs=GZIP), "gzip-needs-pipe"),
    "warm pool of groups": (
        lambda s: train(
            s,
            instance_type=None,
            instance_groups=[InstanceGroup(instance_group_name="a", instance_type="ml.m5.xlarge")],
            keep_alive=Duration.minutes(10),
        ),
        "warm-pool-not-with-groups",
    ),
    "one group twice in a search": (
        lambda s: tune(
            s,
            instance_type=None,
            instance_groups=[InstanceGroup(instance_group_name="a", instance_type="ml.m5.xlarge")] * 2,
        ),
        "instance-groups-differ",
    ),
    "input where the code is": (
        lambda s: prepare(
            s,
            code=__file__,
            inputs={"a": ProcessingInput(data="s3://b/a/", local_path="/opt/ml/processing/input/code")},
        ),
        "processing-local-paths-differ",
    ),
    "local paths by parameters": (
        lambda s: prepared_by_parameters(s, ["/opt/ml/processing/a", "/opt/ml/processing/a/"]),
        "processing-local-paths-differ",
    ),
    "serverless pipeline of containers": (
        lambda s: served(s, image=None, containers=[Container(image=IMAGE), Container(image=IMAGE)]),
        "serverless-takes-one-container",
    ),
    "serverless deployment of an isolated model": (
        lambda s: EndpointDeployment(
            s,
            "Deploy",
            endpoint_name="e",
            model=CreateModel(s, "Model", image=IMAGE, network_isolation=True),
            serverless=SERVERLESS,
        ),
        "serverless-takes-no-isolation",
    ),
    "serverless by parameters, of a multi-model": (
        lambda s: CreateEndpointConfig(
            s,
            "Config",
            parameters={
                "ProductionVariants": [
                    {
                        **RAW_SERVERLESS,
                        "ModelName": CreateModel(
                            s, "Model", parameters={"PrimaryContainer": {"Image": IMAGE, "Mode": "MultiModel"}}
                        ).model_name,
                    }
                ]
            },
        ),
        "serverless-takes-no-multi-model",
    ),
    "volume of a deployed variant with local storage": (
        lambda s: EndpointDeployment(
            s,
            "Deploy",
            endpoint_name="e",
            variants=[
                Variant(name="a", model="m", instance_type="ml.g5.xlarge", volume_size=Size.gibibytes(10)),
            ],
        ),
        "no-volume-on-local-storage",
    ),
    "short image of a model package": (
        lambda s: CreateModelPackage(s, "Register", group="g", image="xgboost:1.7-1", model_data="s3://m/m.tar.gz"),
        "image-is-no-uri",
    ),
    "training image of a registered model": (
        lambda s: CreateModelPackage(
            s,
            "Register",
            group="g",
            image=images.pytorch("2.5.1", processor="cpu"),
            model_data="s3://m/m.tar.gz",
        ),
        "training-image-in-model",
    ),
    "training image among containers": (
        lambda s: CreateModel(s, "Model", containers=[Container(image=images.pytorch("2.5.1", processor="cpu"))]),
        "training-image-in-model",
    ),
    "role of another account in a search by parameters": (
        lambda s: tuned_by_parameters(s, RoleArn=OTHER_ROLE),
        "role-of-another-account",
    ),
    "role of another account of a model": (
        lambda s: CreateModel(s, "Model", image=IMAGE, role=iam.Role.from_role_arn(s, "R", OTHER_ROLE)),
        "role-of-another-account",
    ),
    "warm pool in a search by parameters": (
        lambda s: tuned_by_parameters(s, ResourceConfig={**TRAINING["ResourceConfig"], "KeepAlivePeriodInSeconds": 60}),
        "warm-pool-not-in-tuning",
    ),
    "expression of a search that does not compile": (
        lambda s: tune(s, metric_definitions={"auc": "auc=(["}),
        "metric-expression",
    ),
    "place of a processing job without s3": (lambda s: prepare(s, inputs={"a": "bucket/prefix"}), "model-s3-place"),
    "place as the ARN of a bucket": (lambda s: train(s, inputs={"t": "arn:aws:s3:::b/t/"}), "model-s3-place"),
    "model data without s3": (
        lambda s: CreateModel(s, "Model", image=IMAGE, model_data="bucket/m.tar.gz"),
        "model-s3-place",
    ),
    "blueprint that scores what is not compressed": (
        lambda s: BatchInference(
            s, "Batch", image=IMAGE, model_data=ModelDataSource(data="s3://m/m/"), data="s3://in/", output="s3://out/"
        ),
        "transform-takes-no-model-data-source",
    ),
    "model in a list that is not compressed": (
        lambda s: scored(
            s,
            CreateModel(s, "Model", containers=[Container(image=IMAGE, model_data=ModelDataSource(data="s3://m/m/"))]),
        ),
        "transform-takes-no-model-data-source",
    ),
    "chat template in JSONPath": (
        lambda s: train(s, hyperparameters={"t": "{% for m in messages %}"}),
        "query-language-of-value",
    ),
    "chat template in JSONata": (
        lambda s: train(s, environment={"t": "{% for m in messages %}{{m}}"}, query_language=JSONATA),
        "late-value-parses",
    ),
    "third stack uses an output too early": (
        lambda s: machine(s, too_early(beside(s, "Jobs"), beside(s, "Models"))),
        "output-is-there",
    ),
    "nested stack in a nested stack": (
        lambda s: machine(s, too_early(NestedStack(NestedStack(s, "N"), "N2"), NestedStack(s, "N3"))),
        "output-is-there",
    ),
    "stacks of a stage": (in_another_stage, "output-is-there"),
    "job for one Region, machine for any": (
        lambda s: agnostic(s, s, Stack(s.node.root, "Any")),
        "job-of-another-environment",
    ),
    "job for any Region, machine for one": (
        lambda s: agnostic(s, Stack(s.node.root, "Any"), s),
        "job-of-another-environment",
    ),
    "imported pipeline of another Region": (started_elsewhere, "job-of-another-environment"),
    "approval in an Express machine": (
        lambda s: machine(s, Approval(s, "Ask", notify="a@example.com"), state_machine_type=EXPRESS),
        "asl-express",
    ),
    "failure handler in an Express machine": (
        lambda s: machine(
            s,
            FailureHandler(s, "Failed").catch(train(s, integration_pattern=ONCE)),
            state_machine_type=EXPRESS,
        ),
        "asl-express",
    ),
    "state machine that starts one of its own role": (started_by_itself, "nested-pipeline-role"),
    "pipeline with the role of the one it starts": (nested_with_the_role_of_the_other, "nested-pipeline-role"),
    "input in a Map that hides it": (lambda s: machine(s, in_a_map(s)), "output-is-there"),
    "JSONPath jobs beside each other in a JSONata machine": (
        lambda s: machine(s, ParallelJobs(s, "Both", [train(s)]), query_language=JSONATA),
        "query-language-of-machine",
    ),
    "tag of a stack that SageMaker does not take": (
        lambda s: tagged(s, "a|b"),
        "tag-form",
    ),
}
TOLD = {
    "manifest of a processing job": (
        lambda s: prepare(s, inputs={"a": ProcessingInput(data="s3://b/m.manifest", s3_data_type="ManifestFile")}),
        "manifest-objects-not-granted",
    ),
    "manifest of a batch transform": (
        lambda s: scored(s, s3_data_type="ManifestFile"),
        "manifest-objects-not-granted",
    ),
    "image of another Region for processing": (
        lambda s: prepare(s, image=IMAGE.replace("eu-west-1", "us-east-1")),
        "image-of-another-region",
    ),
    "GPU image on CPUs for processing": (
        lambda s: prepare(s, image=images.pytorch("2.5.1", processor="gpu", image_scope="training")),
        "gpu-image-on-cpu",
    ),
    "spot without checkpoints in a search": (lambda s: tune(s, spot=True), "spot-without-checkpoints"),
    "role that nothing can be granted to": (
        lambda s: machine(
            s,
            train(s),
            role=iam.Role(s, "R", assumed_by=iam.ServicePrincipal("states.amazonaws.com")).without_policy_updates(),
        ),
        "role-without-grants",
    ),
    "role of another account for a plain machine": (
        lambda s: machine(s, train(s), role=iam.Role.from_role_arn(s, "R", OTHER_ROLE)),
        "role-without-grants",
    ),
    "package of another pipeline": (
        lambda s: CreateModel(s, "Model", model_package=f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/g/1"),
        "late-bound-access",
    ),
}
RIGHT = {
    "compressed channel in the job's pipe": lambda s: train(s, input_mode="Pipe", inputs=GZIP),
    "path of S3 by its host": lambda s: train(s, inputs={"t": "https://s3.amazonaws.com/b/t/"}),
    "filter of a transform in JSONata": lambda s: scored(s, input_filter="$.features", query_language=JSONATA),
    "FanOut that hands the input on": handed_on,
    "gate on a field of a processing job": gated,
}


def ids(text):
    return re.findall(r"\[(?:ack: )?([a-z0-9]+(?:-[a-z0-9]+)+)\]", text)


def synthesized(stack, build):
    """Make a situation, and run it in a state machine if it is a chain; return what the CDK tells of it."""
    made = build(stack)
    if hasattr(type(made), "start_state"):
        machine(stack, made)
    assembly = stack.node.root.synth()
    stages = [nested.nested_assembly for nested in assembly.nested_assemblies]
    return [message for each in (assembly, *stages) for one in each.stacks for message in one.messages]


@pytest.mark.parametrize(("build", "rule"), REFUSED.values(), ids=REFUSED)
def test_situation_is_refused_by_its_rule_alone_and_once(stack, build, rule):
    with pytest.raises((ValueError, RuntimeError)) as refused:
        synthesized(stack, build)

    assert ids(str(refused.value)) == [rule]
    assert "object at 0x" not in str(refused.value)


@pytest.mark.parametrize(("build", "rule"), TOLD.values(), ids=TOLD)
def test_situation_is_told_by_its_rule(stack, build, rule):
    assert [found for message in synthesized(stack, build) for found in ids(str(message.entry.data))] == [rule]


@pytest.mark.parametrize("build", RIGHT.values(), ids=RIGHT)
def test_situation_that_is_right_is_taken_without_a_word(stack, build):
    assert [str(message.entry.data) for message in synthesized(stack, build)] == []


def test_suggestion_for_the_arn_of_a_bucket_is_its_uri(stack):
    with pytest.raises(ValueError, match=r"write s3://b/t/ \["):
        train(stack, inputs={"t": "arn:aws:s3:::b/t/"})


def test_message_of_an_express_machine_names_the_call_in_plain_letters(stack):
    machine(stack, Approval(stack, "Ask", notify="a@example.com"), state_machine_type=EXPRESS)

    with pytest.raises(RuntimeError, match=r"got 'sns:publish\.waitForTaskToken'"):
        stack.node.root.synth()


def test_messages_of_one_execution_do_not_repeat_in_a_pipeline_with_branches(stack):
    pipeline = PipelineStack(stack.node.root, "Churn", env=ENV)
    both = ParallelJobs(pipeline, "Both", [train(pipeline), train(pipeline, "Other")])
    pipeline.run(both)

    assert ":sns:publish" not in json.dumps(definition(pipeline))
