"""Train on an instance that whoever starts the execution chooses, within what the platform team allows."""

from pathlib import Path

from constructs_sm import Guardrails, Input, PipelineStack, TrainingJob, images

from aws_cdk import App, Duration

app = App()
Guardrails.from_file(Path(__file__).parent / "guardrails" / "small_jobs.yaml").apply(app)

types = Input.string(default="ml.m5.xlarge", description="Instance type of the training")
stack = PipelineStack(app, "Guarded", inputs={"instance_type": types})

train = TrainingJob(
    stack,
    "Train",
    image=images.xgboost("1.7-1"),
    instance_type=stack.input("instance_type"),
    max_runtime=Duration.hours(2),
    inputs={"train": stack.data("train/")},
    content_type="text/csv",
    hyperparameters={"objective": "binary:logistic", "num_round": 200},
    tags={"team": "churn"},
)

stack.run(train)
app.synth()
