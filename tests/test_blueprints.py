"""Blueprints: pipelines that are made already, in Python or from settings alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from constructs_sm import InvalidInputError, PipelineStack, images
from constructs_sm.blueprints.batch_inference import BatchInference
from constructs_sm.blueprints.described import CONTEXT_KEY, described_stack
from constructs_sm.testing import definition

import pytest
from aws_cdk import App
from conftest import ROOT

BATCH = {"image": "xgboost:1.7-1", "model_data": "models/model.tar.gz", "data": "in/"}


def described(blueprint: str, arguments: dict[str, object], **settings: object) -> App:
    return App(context={CONTEXT_KEY: {"blueprint": blueprint, "arguments": arguments, **settings}})


def test_batch_inference_is_a_model_and_a_transform_of_the_data(app):
    stack = PipelineStack(app, "Score")
    batch = BatchInference(
        stack, "Batch", image="churn:1", model_data="s3://m/model.tar.gz", data="s3://in/", score={"tags": {"a": "b"}}
    )
    stack.run(batch)

    states = definition(stack)["States"]
    assert [name for name in states if ":sagemaker:" in states[name].get("Resource", "")] == ["Model", "Score"]
    assert states["Score"]["Parameters"]["TransformInput"]["SplitType"] == "Line"
    assert states["Score"]["Parameters"]["Tags"] == [{"Key": "a", "Value": "b"}]


def test_blueprint_whose_job_refuses_its_arguments_leaves_nothing(app):
    stack = PipelineStack(app, "Score")

    with pytest.raises(InvalidInputError, match=r"TransformJob 'Score/Batch/Score': TransformInput.SplitType"):
        BatchInference(stack, "Batch", image="x", model_data="s3://m/m.tar.gz", data="s3://in/", split_type="Lines")

    assert stack.node.try_find_child("Batch") is None


def test_argument_given_to_the_blueprint_and_to_its_job_is_refused(app):
    stack = PipelineStack(app, "Score")

    with pytest.raises(InvalidInputError, match=r"BatchInference 'Batch': score: data given twice, got .*; give it to"):
        BatchInference(stack, "Batch", image="x", model_data="s3://m/", data="s3://in/", score={"data": "s3://other/"})


def test_blueprint_in_settings_equals_the_one_in_python():
    written = PipelineStack(App(), "Score")
    written.run(
        BatchInference(
            written,
            "BatchInference",
            image=images.xgboost("1.7-1"),
            model_data=written.data("models/model.tar.gz"),
            data=written.data("in/"),
        )
    )

    assert definition(described_stack(described("BatchInference", BATCH, stack_name="Score"))) == definition(written)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (None, r"no blueprint is described, got nothing; write \{\"blueprint\": "),
        ({"blueprint": "Batch"}, "no such blueprint, got 'Batch'; use one of"),
        (
            {"blueprint": "BatchInference", "stackname": "A"},
            "unknown setting, got 'stackname'; did you mean stack_name",
        ),
        (
            {"blueprint": "BatchInference", "arguments": {**BATCH, "dta": ""}},
            "unknown argument, got 'dta'; did you mean",
        ),
        ({"blueprint": "BatchInference", "arguments": {}}, "image is missing, got nothing; the blueprint needs it"),
        (
            {"blueprint": "BatchInference", "arguments": {**BATCH, "score": {"timeout": "2h"}}},
            "timeout cannot be read, got '2h'",
        ),
    ],
    ids=["none", "unknown", "misspelt-setting", "misspelt-argument", "missing", "unreadable"],
)
def test_description_that_is_wrong_says_how_to_mend_it(context, said):
    app = App(context={} if context is None else {CONTEXT_KEY: context})

    with pytest.raises(InvalidInputError, match=said):
        described_stack(app)


def test_app_of_settings_alone_needs_no_python(tmp_path):
    context = {CONTEXT_KEY: {"blueprint": "BatchInference", "arguments": BATCH}}
    environment = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([sys.executable, "-m", "constructs_sm.blueprints"], env=environment, check=True)

    assert (tmp_path / "BatchInference.template.json").exists()


def test_app_of_wrong_settings_ends_with_one_message(tmp_path):
    context = {CONTEXT_KEY: {"blueprint": "Batch"}}
    environment = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "constructs_sm.blueprints"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr.startswith("cdk.json context 'constructs_sm:blueprint': no such blueprint, got 'Batch'")
