"""Make a model only if it is good enough, by its metric and by an evaluation of it: otherwise stop, and say why."""

from constructs_sm import CreateModel, EvaluationReport, PipelineStack, ProcessingJob, QualityGate, TrainingJob, images

from aws_cdk import App, Environment

app = App()
stack = PipelineStack(app, "Gated", env=Environment(region="us-east-1"), alert_emails=["ml@example.com"])

train = TrainingJob(
    stack,
    "Train",
    image=images.xgboost("1.7-1"),
    instance_type="ml.m5.xlarge",
    inputs={"train": stack.data("train/"), "validation": stack.data("validation/")},
    content_type="text/csv",
    hyperparameters={"objective": "binary:logistic", "num_round": 200, "eval_metric": "auc"},
)
learned = QualityGate(stack, "AUC is at least 0.8", train.final_metric("validation:auc") >= 0.8)

# Your container: it writes evaluation.json, as {"recall": 0.7, "latency": {"p99": 12}}.
evaluate = ProcessingJob(
    stack,
    "Evaluate",
    image="123456789012.dkr.ecr.us-east-1.amazonaws.com/evaluate:1",
    instance_type="ml.m5.xlarge",
    inputs={"model": train.model_artifacts, "test": stack.data("test/")},
    outputs=["report"],
)
report = EvaluationReport(evaluate.output("report"), "evaluation.json")
useful = QualityGate(stack, "Useful", (report["recall"] > 0.6) & (report["latency.p99"] <= 20))

model = CreateModel(stack, "Model", image=images.xgboost("1.7-1"), model_data=train.model_artifacts)

stack.run(train.next(learned).next(evaluate).next(useful).next(model))
app.synth()
