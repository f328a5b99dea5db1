"""Values that the CDK, CloudFormation or a container would make others of, or warn of in vain."""

from __future__ import annotations

import os
import subprocess
import sys

from constructs_sm import InvalidInputError, TrainingJob, Verbatim, acknowledge
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Aws, Stack
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn
from conftest import ROOT
from every_action import IMAGE

LONGEST = 9_007_199_254_740_991


def train(scope, **arguments):
    defaults = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://models/"}
    return TrainingJob(scope, "Train", **{**defaults, **arguments})


def request_of(stack):
    task = definition(stack)["States"]["Train"]
    return task.get("Parameters") or task["Arguments"]


@pytest.mark.parametrize("number", [LONGEST + 2, -LONGEST - 2])
@pytest.mark.parametrize("within", [lambda number: number, lambda number: [1, {"N": number}]])
def test_whole_number_that_the_cdk_would_write_as_another_is_refused(stack, number, within):
    with pytest.raises(InvalidInputError) as refused:
        train(stack, parameters={"Newest": within(number)}, allow_unknown_fields=["Newest"])

    (problem,) = refused.value.problems
    assert problem.rule == "whole-number-too-long"
    assert f"is longer than JavaScript can hold, got {number}; pass one of at most 2**53 - 1" in str(problem)


def test_longest_whole_number_comes_out_as_it_is(stack, machine):
    machine(train(stack, parameters={"Newest": [LONGEST, -LONGEST]}, allow_unknown_fields=["Newest"]))

    assert request_of(stack)["Newest"] == [9007199254740991, -9007199254740991]


def test_hyperparameter_has_as_many_digits_as_it_likes(stack, machine):
    machine(train(stack, hyperparameters={"seed": LONGEST + 2}))

    assert request_of(stack)["HyperParameters"]["seed"] == "9007199254740993"


@pytest.mark.parametrize("text", ["${AWS::Region}", "s3://data-${AWS::AccountId}/in/"])
def test_pseudo_parameter_in_a_text_is_refused(stack, text):
    with pytest.raises(InvalidInputError, match=r"does not replace \$\{AWS::\w+\} here") as refused:
        train(stack, environment={"PLACE": text})

    assert [problem.rule for problem in refused.value.problems] == ["pseudo-parameter-in-text"]


def test_pseudo_parameter_that_is_meant_as_a_text_stays(stack, machine):
    acknowledge(stack, "pseudo-parameter-in-text", "the script fills its own template")
    machine(train(stack, environment={"PLACE": "${AWS::Region}", "REGION": Aws.REGION}))

    assert request_of(stack)["Environment"] == {"PLACE": "${AWS::Region}", "REGION": "${AWS::Region}"}


def test_pseudo_parameter_is_taken_verbatim(stack, machine):
    given = {"HyperParameters": {"place": Verbatim("${AWS::Region}")}}
    machine(train(stack, parameters=given))

    assert request_of(stack)["HyperParameters"] == {"place": "${AWS::Region}"}


_APP = """
import json, pathlib
from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions as sfn
from constructs_sm import TrainingJob

app = App()
for name, region in {"Shell": "eu-west-1", "CloudFormation": "${AWS::Region}"}.items():
    stack = Stack(app, name)
    said = sfn.Pass(stack, "Said", result=sfn.Result.from_object({"region": region}))
    train = TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.xlarge", output="s3://models/",
                        environment={"CACHE": "${HOME}/cache"})
    sfn.StateMachine(stack, "M", definition_body=sfn.DefinitionBody.from_chainable(said.next(train)))
report = pathlib.Path(app.synth().directory, "validation-report.json")
for plugin in json.loads(report.read_text())["pluginReports"]:
    for violation in plugin["violations"]:
        places = violation["violatingConstructs"]
        print(violation["ruleName"], *[place["cloudFormationResource"]["templatePath"] for place in places])
"""


def test_check_of_templates_warns_of_texts_only_that_cloudformation_might_replace():
    environment = {name: value for name, value in os.environ.items() if name != "CDK_VALIDATION"}
    program = f"IMAGE = {IMAGE!r}\n{_APP}"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    assert set(ended.stdout.split("\n")) - {""} == {"E1029 CloudFormation.template.json"}


def test_values_that_are_looked_up_are_taken_before_they_are_known():
    stack = Stack(App(), "Stack", env={"account": "123456789012", "region": "eu-west-1"})
    image, instance, data = (ssm.StringParameter.value_from_lookup(stack, name) for name in ("/image", "/type", "in"))
    assert image == "dummy-value-for-/image"

    job = train(stack, image=image, instance_type=instance, inputs={"train": data})
    sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(job))

    request = request_of(stack)
    assert request["AlgorithmSpecification"]["TrainingImage"] == "dummy-value-for-/image"
    assert request["ResourceConfig"]["InstanceType"] == "dummy-value-for-/type"
    assert request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == "dummy-value-for-in"
