"""Train a model every night, and get an e-mail when a run fails."""

from constructs_sm import PipelineStack, TrainingJob, images

from aws_cdk import App

app = App()
stack = PipelineStack(app, "Nightly", schedule="rate(1 day)", alert_emails=["ml@example.com"])

train = TrainingJob(
    stack,
    "Train",
    image=images.xgboost("1.7-1"),
    instance_type="ml.m5.xlarge",
    inputs={"train": stack.data("train/")},
    content_type="text/csv",
    hyperparameters={"objective": "binary:logistic", "num_round": 200},
)

stack.run(train)
app.synth()
