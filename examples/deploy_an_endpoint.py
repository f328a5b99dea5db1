"""Train every night and let an endpoint serve the new model, with a way back if callers get errors."""

from constructs_sm import CreateModel, EndpointDeployment, PipelineStack, TrainingJob, images

from aws_cdk import App, Duration
from aws_cdk import aws_cloudwatch as cloudwatch

app = App()
stack = PipelineStack(app, "ChurnEndpoint", schedule="rate(1 day)", alert_emails=["ml@example.com"])

train = TrainingJob(
    stack,
    "Train",
    image=images.xgboost("1.7-1"),
    instance_type="ml.m5.xlarge",
    inputs={"train": stack.data("train/")},
    content_type="text/csv",
    hyperparameters={"objective": "binary:logistic", "num_round": 200},
)
model = CreateModel(stack, "Model", image=images.xgboost("1.7-1"), model_data=train.model_artifacts)

errors = cloudwatch.Alarm(
    stack,
    "Errors",
    metric=cloudwatch.Metric(
        namespace="AWS/SageMaker",
        metric_name="Invocation5XXErrors",
        dimensions_map={"EndpointName": "churn", "VariantName": "AllTraffic"},
        statistic="Sum",
        period=Duration.minutes(1),
    ),
    threshold=1,
    evaluation_periods=1,
)
# Creates the endpoint on the first night and updates it on the others; done when it is in service with this model.
deploy = EndpointDeployment(
    stack,
    "Deploy",
    endpoint_name="churn",
    model=model,
    instance_type="ml.m5.large",
    rollback_alarms=[errors],
    delete_old_configs=True,
)

stack.run(train.next(model).next(deploy))
app.synth()
