"""Train with a PyTorch script of one's own on spare capacity, going on from checkpoints, and make a model of it."""

from pathlib import Path

from constructs_sm import CreateModel, PipelineStack, TrainingJob, images

from aws_cdk import App

app = App()
stack = PipelineStack(app, "Network", region="eu-west-1")

train = TrainingJob(
    stack,
    "Train",
    image=images.pytorch("2.9", processor="cpu"),
    code=Path(__file__).parent / "network",
    entry_point="train_network.py",
    instance_type="ml.m5.xlarge",
    spot=True,
    inputs={"train": stack.data("train/")},
    hyperparameters={"epochs": 30, "learning-rate": 0.05, "weight-shift": -1e-05},
    metric_definitions={"loss": "loss=([0-9.]+)"},
)
# PyTorch's container looks for code in the model, where the training has put it.
model = CreateModel(
    stack,
    "Model",
    image=images.pytorch("2.6", processor="cpu", image_scope="inference"),
    model_data=train.model_artifacts,
    environment={"SAGEMAKER_PROGRAM": "inference.py"},
)

stack.run(train.next(model))
app.synth()
