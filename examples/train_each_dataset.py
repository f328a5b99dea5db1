"""Train on every data set under a prefix, many at a time; keep the good ones, and stand it if a few of them fail."""

from constructs_sm import CreateModel, FanOut, PipelineStack, QualityGate, S3Items, TrainingJob, images

from aws_cdk import App, Environment

app = App()
stack = PipelineStack(app, "EachDataSet", env=Environment(region="us-east-1"), alert_emails=["ml@example.com"])

train = TrainingJob(
    stack,
    "Train",
    image=images.xgboost("1.7-1"),
    instance_type="ml.m5.xlarge",
    inputs={"train": "$.uri"},  # where the item lies: FanOut says it
    reads=[stack.data("datasets/")],  # the item comes at run time, so you say what may be read
    content_type="text/csv",
    hyperparameters={"objective": "binary:logistic", "num_round": 200, "eval_metric": "auc"},
)
good = QualityGate(stack, "Good", train.final_metric("train:auc") >= 0.8)
model = CreateModel(stack, "Model", image=images.xgboost("1.7-1"), model_data=train.model_artifacts)

each = FanOut(
    stack,
    "Each data set",
    train.next(good).next(model),
    items=S3Items.objects(stack.data("datasets/")),
    max_concurrency=20,
    tolerated_failure_percentage=10,
)

stack.run(each)
app.synth()
