"""AWS's own examples and templates come out of the constructs: what the project began with."""

from __future__ import annotations

import json

from constructs_sm import (
    JobName,
    LabelingJob,
    OutputCheck,
    ProcessingJob,
    SageMakerTask,
    TrainingJob,
    TransformJob,
    retry,
)
from constructs_sm.actions import ACTIONS, TRAINING_JOB, TRANSFORM_JOB
from constructs_sm.testing import definition, state_machine_policy

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from conftest import DATA, api

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/execution"
TEMPLATES = sorted((DATA / "iam").glob("*.json"))
PATTERNS = {
    "sync": sfn.IntegrationPattern.RUN_JOB,
    "request-response": sfn.IntegrationPattern.REQUEST_RESPONSE,
}
CONNECTOR = OutputCheck.documented(
    error="InvalidConnectorOutput",
    cause=(
        "Connector output is not what was expected. This could be due to a service outage or a misconfigured connector."
    ),
)
DOCUMENTED = {"retry": (), "result_path": "$", "output_check": OutputCheck.documented()}


@pytest.fixture
def stack():
    # As in the documents, the partition is a literal.
    app = App(context={"@aws-cdk/core:enablePartitionLiterals": True})
    return Stack(app, "Stack", env=Environment(account=ACCOUNT, region=REGION))


def example(name):
    return json.loads((DATA / "asl" / f"{name}.json").read_text())


def with_aws_names(definition, renamed):
    """*definition* with our state names replaced by those of AWS's example."""
    text = json.dumps(definition)
    for ours, theirs in renamed.items():
        text = text.replace(json.dumps(ours), json.dumps(theirs))
    return json.loads(text)


@pytest.mark.parametrize(
    ("name", "job", "check"),
    [("labeling", LabelingJob, OutputCheck.documented()), ("processing", ProcessingJob, CONNECTOR)],
    ids=["labeling", "processing"],
)
def test_whole_example_comes_out_key_by_key(stack, machine, name, job, check):
    wanted = example(name)
    task = wanted["StartAt"]
    parameters = wanted["States"][task]["Parameters"]
    checked = job(stack, task, parameters=parameters, **{**DOCUMENTED, "output_check": check})
    machine(checked.next(sfn.Succeed(stack, "Succeed")), timeout=Duration.seconds(wanted["TimeoutSeconds"]))

    renamed = {f"{task}: ValidateOutput": "ValidateOutput", f"{task}: InvalidOutput": "Fail"}
    assert with_aws_names(definition(stack), renamed) == wanted


def test_training_example_comes_out_with_its_retries_and_catch(stack, machine):
    ((task, wanted),) = example("training").items()
    job = TrainingJob(
        stack,
        task,
        parameters=wanted["Parameters"],
        **{**DOCUMENTED, "retry": retry.DOCUMENTED, "output_check": None},
    )
    job.add_catch(sfn.Fail(stack, "Sagemaker Training Job Error"), errors=["States.ALL"], result_path="$.cause")
    machine(job.next(sfn.Pass(stack, "Delete Interim Data Job")))

    assert definition(stack)["States"][task] == wanted


def test_transform_example_comes_out_with_its_check(stack, machine):
    ((task, wanted),) = example("transform").items()
    machine(TransformJob(stack, task, parameters=wanted["Parameters"], **DOCUMENTED))

    states = with_aws_names(definition(stack), {f"{task}: ValidateOutput": "ValidateOutput"})["States"]
    assert states[task] == wanted
    assert states["ValidateOutput"]["Choices"] == [
        {"Not": {"Variable": "$.TransformJobArn", "StringEquals": ""}, "Next": f"{task}: Succeed"}
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_policy_is_the_documented_template_plus_add_tags_on_the_job(stack, machine, path):
    kind, name, pattern = path.stem.split(".")
    action = {"training": TRAINING_JOB, "transform": TRANSFORM_JOB}[kind]
    machine(
        SageMakerTask(
            stack,
            "Task",
            action=action,
            job_name="nightly" if name == "static" else "$.name",
            role=iam.Role.from_role_arn(stack, "Role", ROLE),
            parameters={},
            integration_pattern=PATTERNS[pattern],
        )
    )

    filled = path.read_text()
    for placeholder, value in {
        "[[region]]": REGION,
        "[[accountId]]": ACCOUNT,
        "[[roleArn]]": ROLE,
        "[[trainingJobName]]": "nightly",
        "[[transformJobName]]": "nightly",
    }.items():
        filled = filled.replace(placeholder, value)
    documented = json.loads(filled)["Statement"]
    tags = {"Effect": "Allow", "Action": ["sagemaker:AddTags"], "Resource": documented[0]["Resource"]}
    assert sorted_statements(state_machine_policy(stack)) == sorted_statements([*documented, tags])


@pytest.mark.parametrize("name", ["nightly", "$.name"], ids=["static", "dynamic"])
@pytest.mark.parametrize(
    ("action", "pattern"),
    [(action, pattern) for action in ACTIONS for pattern in PATTERNS if action.sync or pattern != "sync"],
    ids=api,
)
def test_every_action_has_the_template_s_statements_with_its_own_words(stack, machine, action, name, pattern):
    sync = pattern == "sync"
    takes_role = bool(action.role_path)
    machine(
        SageMakerTask(
            stack,
            "Task",
            action=action,
            job_name=name,
            role=iam.Role.from_role_arn(stack, "Role", ROLE) if takes_role else None,
            parameters={field: "served" for _, field in action.extra_resources},
            integration_pattern=PATTERNS[pattern],
        )
    )

    # What lives on is granted by its name alone: with a star, churn would be churn-prod too.
    literal = "nightly" if action.lives_on else "nightly*"
    suffix = literal if name == "nightly" else "*"
    own = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{action.arn_type}/{suffix}"
    verbs = [action.verb, "Describe", "Stop"] if sync else [action.verb]
    wanted = [
        allow([f"sagemaker:{verb}{action.noun}" for verb in verbs], [own, *further(action)]),
        allow(["sagemaker:ListTags"], ["*"]),
    ]
    if action.verb == "Create":
        wanted.append(allow(["sagemaker:AddTags"], [own]))
    if takes_role:
        passed = {"Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}}
        wanted.append(allow(["iam:PassRole"], [ROLE]) | passed)
    if sync:
        rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{action.sync_rule.name}"
        wanted.append(allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]))
    assert sorted_statements(state_machine_policy(stack)) == sorted_statements(wanted)


def test_a_unique_name_is_granted_by_its_literal_prefix(stack, machine):
    machine(SageMakerTask(stack, "Task", action=TRAINING_JOB, job_name=JobName.unique("churn"), parameters={}))

    created = next(s for s in state_machine_policy(stack) if "sagemaker:CreateTrainingJob" in s["Action"])
    assert created["Resource"] == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/churn-*"


def allow(actions, resources):
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def further(action):
    return [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{arn_type}/served" for arn_type, _ in action.extra_resources]


def sorted_statements(statements):
    """Statements in one spelling: lists for single values, in order."""

    def listed(value):
        return sorted([value] if isinstance(value, str) else value)

    spelled = [{**s, "Action": listed(s["Action"]), "Resource": listed(s["Resource"])} for s in statements]
    return sorted(spelled, key=json.dumps)
