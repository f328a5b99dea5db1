"""Train two algorithms side by side on the same data, and go on with both models."""

from constructs_sm import CreateModel, ParallelJobs, PipelineStack, TrainingJob, images

from aws_cdk import App

app = App()
stack = PipelineStack(app, "SideBySide", alert_emails=["ml@example.com"])

trees = TrainingJob(
    stack,
    "Trees",
    image=images.xgboost("1.7-1"),
    instance_type="ml.m5.xlarge",
    inputs={"train": stack.data("train/")},
    content_type="text/csv",
    hyperparameters={"objective": "binary:logistic", "num_round": 200},
)
linear = TrainingJob(
    stack,
    "Linear",
    image=images.image("linear-learner"),
    instance_type="ml.m5.xlarge",
    inputs={"train": stack.data("train/")},
    content_type="text/csv",
    hyperparameters={"predictor_type": "binary_classifier"},
)
train = ParallelJobs(stack, "Train", [trees, linear])

# What each branch has left is where it would be after a chain.
first = CreateModel(stack, "TreesModel", image=images.xgboost("1.7-1"), model_data=trees.model_artifacts)
second = CreateModel(stack, "LinearModel", image=images.image("linear-learner"), model_data=linear.model_artifacts)

stack.run(train.next(first).next(second))
app.synth()
