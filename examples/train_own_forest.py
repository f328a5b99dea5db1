"""Train with a scikit-learn script of one's own, and serve with another of the same folder."""

from pathlib import Path

from constructs_sm import CreateModel, PipelineStack, QualityGate, TrainingJob, images

from aws_cdk import App

SCRIPTS = Path(__file__).parent / "forest"

app = App()
stack = PipelineStack(app, "Forest", region="eu-west-1")

train = TrainingJob(
    stack,
    "Train",
    image=images.sklearn("1.4-2"),
    code=SCRIPTS,
    entry_point="train_forest.py",
    instance_type="ml.m5.large",
    inputs={"train": stack.data("train/"), "validation": stack.data("validation/")},
    # The script gets each as it is meant: the release as 1.10, not as the number 1.1.
    hyperparameters={"trees": 50, "least-gain": -1e-07, "bootstrap": True, "release": "1.10"},
    metric_definitions={"accuracy": "accuracy=([0-9.]+)"},
)
good = QualityGate(stack, "Good enough", train.final_metric("accuracy") >= 0.8)
model = CreateModel(
    stack,
    "Model",
    image=images.sklearn("1.4-2"),
    model_data=train.model_artifacts,
    code=SCRIPTS,
    entry_point="serve_forest.py",
)

stack.run(train.next(good).next(model))
app.synth()
