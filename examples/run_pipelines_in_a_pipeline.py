"""Run pipelines as steps of another: each in a stack of its own, to deploy and to start by itself too."""

from constructs_sm import Input, PipelineStack, TrainingJob, images

from aws_cdk import App

app = App(context={"@aws-cdk/core:defaultCrossStackReferences": "strong"})  # the CDK asks which


def country(name: str) -> PipelineStack:
    """The pipeline of one country."""
    part = PipelineStack(app, f"Train{name}", inputs={"rounds": Input.integer(1, 500, default=100)})
    train = TrainingJob(
        part,
        "Train",
        image=images.xgboost("1.7-1"),
        instance_type="ml.m5.xlarge",
        inputs={"train": part.data("train/")},
        content_type="text/csv",
        hyperparameters={"objective": "binary:logistic", "num_round": part.input("rounds")},
    )
    part.run(train)
    return part


france, spain = country("France"), country("Spain")

stack = PipelineStack(app, "Countries", schedule="rate(7 days)", alert_emails=["ml@example.com"])
first = france.pipeline.task(stack, "France", input={"rounds": 200})
second = spain.pipeline.task(stack, "Spain", input={"rounds": 50})

stack.run(first.next(second))
app.synth()
