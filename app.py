"""The churn pipeline: prepare the data, train, make a model, score the test set.

`make synth` synthesizes it into cdk.out/; `cdk deploy` deploys it. Settings are in cdk.json.
"""

from __future__ import annotations

from pathlib import Path

from constructs_sm import (
    CreateModel,
    PipelineApp,
    PipelineStack,
    ProcessingJob,
    TrainingJob,
    TransformJob,
    images,
    synthesize,
)

from aws_cdk import Environment

HERE = Path(__file__).parent
app = PipelineApp()
stack = PipelineStack(app, "Churn", env=Environment(region="us-east-1"))

prepare = ProcessingJob(
    stack,
    "Prepare",
    image=images.sklearn("1.2-1"),
    code=HERE / "examples" / "churn" / "prepare.py",
    instance_type="ml.m5.xlarge",
    inputs={"raw": stack.data("raw/")},
    outputs=["train", "validation", "test"],
)
train = TrainingJob(
    stack,
    "Train",
    image=images.xgboost("1.7-1"),
    instance_type="ml.m5.xlarge",
    inputs={"train": prepare.output("train"), "validation": prepare.output("validation")},
    content_type="text/csv",
    hyperparameters={"objective": "binary:logistic", "num_round": 200, "eval_metric": "auc"},
)
model = CreateModel(stack, "Model", image=images.xgboost("1.7-1"), model_data=train.model_artifacts)
score = TransformJob(
    stack,
    "Score",
    model=model,
    data=prepare.output("test"),
    content_type="text/csv",
    split_type="Line",
    instance_type="ml.m5.xlarge",
)
stack.run(prepare.next(train).next(model).next(score))

assembly = synthesize(app)
# An output folder ignores itself, in whatever repository it is.
(Path(assembly.directory) / ".gitignore").write_text((HERE / "cdk.out.gitignore").read_text())
