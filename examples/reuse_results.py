"""Run only what has changed: a job whose result is there already does not run, and a run may begin at any job."""

from pathlib import Path

from constructs_sm import CreateModel, PipelineStack, ProcessingJob, Reuse, TrainingJob, TransformJob, images

from aws_cdk import App, Duration

CHURN = Path(__file__).parent / "churn"
# A container of yours.
TOOLS = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tools:1"

app = App()
stack = PipelineStack(app, "Reusing", reuse=Reuse(expire_after=Duration.days(30)), run_parts=True)

prepare = ProcessingJob(
    stack,
    "Prepare",
    image=images.sklearn("1.2-1"),
    code=CHURN / "prepare.py",
    instance_type="ml.m5.xlarge",
    inputs={"raw": stack.data("raw/")},
    outputs=["train", "test"],
)
profile = ProcessingJob(
    stack,
    "Profile",
    image=TOOLS,
    instance_type="ml.m5.large",
    inputs={"data": prepare.output("train")},
    outputs=["report"],
)
train = TrainingJob(
    stack,
    "Train",
    image=images.xgboost("1.7-1"),
    instance_type="ml.m5.xlarge",
    inputs={"train": prepare.output("train")},
    content_type="text/csv",
    hyperparameters={"objective": "binary:logistic", "num_round": 200},
)
evaluate = ProcessingJob(
    stack,
    "Evaluate",
    image=TOOLS,
    instance_type="ml.m5.large",
    inputs={"model": train.model_artifacts, "test": prepare.output("test")},
    outputs=["report"],
)
model = CreateModel(stack, "Model", image=images.xgboost("1.7-1"), model_data=train.model_artifacts)
score = TransformJob(
    stack,
    "Score",
    model=model,
    instance_type="ml.m5.large",
    data=prepare.output("test"),
    content_type="text/csv",
)

stack.run(prepare.next(profile).next(train).next(evaluate).next(model).next(score))
app.synth()
