"""The key of a definition and of the history of its executions, as the CDK's StateMachine takes it."""

from __future__ import annotations

import json
from pathlib import Path

from constructs_sm import FanOut, InvalidInputError, JobPipeline, PipelineStack, S3Items, TrainingJob
from constructs_sm.testing import Rehearsal

import cdk_nag
import pytest
from aws_cdk import App, Duration, Environment, Stack, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

ENVIRONMENT = Environment(account="123456789012", region="eu-west-1")
TRAINING = {"image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1", "instance_type": "ml.m5.large"}
OUTPUT = {"output": "s3://models/churn/"}
OWN = sfn.AwsOwnedEncryptionConfiguration()


@pytest.fixture
def stack():
    return Stack(App(), "Stack", env=ENVIRONMENT)


def machine_in(stack):
    (machine,) = Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine").values()
    return machine["Properties"]


def machines_of_the_key(stack):
    """Beginnings of the names of state machines whose data the state machine role may read and write."""
    found = []
    for name, policy in Template.from_stack(stack).find_resources("AWS::IAM::Policy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"] if "StateMachineRole" in name else []:
            arn = (
                statement.get("Condition", {})
                .get("StringLike", {})
                .get("kms:EncryptionContext:aws:states:stateMachineArn")
            )
            if arn is not None:
                assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
                assert statement["Resource"] != "*"
                found.append("".join(str(part) for part in arn["Fn::Join"][1]).rpartition(":stateMachine:")[2])
    return found


def encrypted(stack):
    return sfn.CustomerManagedEncryptionConfiguration(kms.Key(stack, "History"), Duration.minutes(10))


def test_configuration_of_the_cdk_is_that_of_the_machine(stack):
    JobPipeline(
        stack,
        "Nightly",
        definition=TrainingJob(stack, "Train", **TRAINING, **OUTPUT),
        encryption_configuration=encrypted(stack),
    )

    (key,) = Template.from_stack(stack).find_resources("AWS::KMS::Key")
    assert machine_in(stack)["EncryptionConfiguration"] == {
        "Type": "CUSTOMER_MANAGED_KMS_KEY",
        "KmsKeyId": {"Fn::GetAtt": [key, "Arn"]},
        "KmsDataKeyReusePeriodSeconds": 600,
    }
    with Rehearsal.of(stack) as rehearsal:
        permissions = rehearsal.permissions()
    assert permissions.exact, permissions


def test_own_key_of_step_functions_needs_no_grant(stack):
    JobPipeline(
        stack,
        "Nightly",
        definition=TrainingJob(stack, "Train", **TRAINING, **OUTPUT),
        encryption_configuration=OWN,
    )

    assert machine_in(stack)["EncryptionConfiguration"] == {"Type": "AWS_OWNED_KEY"}
    assert machines_of_the_key(stack) == []


@pytest.mark.parametrize(
    ("construct_id", "name", "granted"),
    [
        ("Nightly", None, "NightlyStateMachineF28BA435-*"),
        ("Nightly", "nightly", "nightly*"),
        # CloudFormation shortens what is too long for a name.
        ("N" * 60, None, "*"),
    ],
    ids=["named by CloudFormation", "named", "too long"],
)
def test_role_may_use_the_key_for_the_machine_and_the_runs_of_its_maps(stack, construct_id, name, granted):
    JobPipeline(
        stack,
        construct_id,
        definition=TrainingJob(stack, "Train", **TRAINING, **OUTPUT),
        encryption_configuration=encrypted(stack),
        state_machine_name=name,
    )

    assert machines_of_the_key(stack) == [granted]


def test_renamed_resource_keeps_the_key(stack):
    pipeline = JobPipeline(
        stack,
        "Nightly",
        definition=TrainingJob(stack, "Train", **TRAINING, **OUTPUT),
        encryption_configuration=encrypted(stack),
    )
    pipeline.node.default_child.override_logical_id("Renamed")

    assert machines_of_the_key(stack) == ["Renamed-*"]


@pytest.mark.parametrize("given", ["argument", "cdk.json", "configuration"])
def test_key_of_a_stack_is_that_of_its_executions_if_asked(given):
    settings = {"key": True, "encrypt_executions": True}
    app = App(context={"constructs_sm": settings} if given == "cdk.json" else {})
    if given == "configuration":
        elsewhere = Stack(app, "Elsewhere", env=ENVIRONMENT)
        arguments = {"encryption_configuration": encrypted(elsewhere)}
    else:
        arguments = settings if given == "argument" else {}
    stack = PipelineStack(app, "Churn", env=ENVIRONMENT, **arguments)
    each = FanOut(stack, "Each", TrainingJob(stack, "Train", **TRAINING), items=S3Items.json("s3://lists/all.json"))
    stack.run(each)

    assert machine_in(stack)["EncryptionConfiguration"]["Type"] == "CUSTOMER_MANAGED_KMS_KEY"
    assert machines_of_the_key(stack) == ["PipelineStateMachine1814BD05-*"]
    with Rehearsal.of(stack) as rehearsal:
        rehearsal.answer("Each", [1, 2])
        permissions = rehearsal.permissions()
    assert permissions.exact, permissions


def test_key_of_a_stack_is_not_that_of_its_executions_unless_asked():
    stack = PipelineStack(App(), "Churn", env=ENVIRONMENT, key=True)
    stack.run(TrainingJob(stack, "Train", **TRAINING))

    assert "EncryptionConfiguration" not in machine_in(stack)


def test_stack_whose_executions_are_encrypted_passes_aws_solutions(tmp_path):
    app = App(outdir=str(tmp_path))
    stack = PipelineStack(app, "Churn", env=ENVIRONMENT, key=True, encrypt_executions=True)
    stack.run(TrainingJob(stack, "Train", **TRAINING))
    Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))

    app.synth(force=True)

    (report,) = json.loads((Path(app.outdir) / "validation-report.json").read_text())["pluginReports"]
    assert report["violations"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"encrypt_executions": True}, "encrypt_executions is with the key of the stack"),
        (
            {
                "key": True,
                "encrypt_executions": True,
                "encryption_configuration": sfn.AwsOwnedEncryptionConfiguration(),
            },
            "encrypt_executions stands beside encryption_configuration, got True; leave one of them out",
        ),
        ({"encryption_configuration": "key"}, "encryption_configuration cannot be used, got 'key'"),
        ({"tracing_enabled": "no"}, "tracing_enabled must be True or False"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(arguments, said):
    app = App()
    with pytest.raises(InvalidInputError, match=said):
        PipelineStack(app, "Churn", env=ENVIRONMENT, **arguments)
    assert app.node.children == []


@pytest.mark.parametrize("traced", [True, False])
def test_executions_are_traced_unless_it_is_said(stack, traced):
    JobPipeline(
        stack,
        "Nightly",
        definition=TrainingJob(stack, "Train", **TRAINING, **OUTPUT),
        **({} if traced else {"tracing_enabled": False}),
    )
    churn = PipelineStack(App(context={"constructs_sm": {"tracing_enabled": traced}}), "Churn", env=ENVIRONMENT)
    churn.run(TrainingJob(churn, "Train", **TRAINING))

    assert machine_in(stack)["TracingConfiguration"] == {"Enabled": traced}
    assert machine_in(churn)["TracingConfiguration"] == {"Enabled": traced}
