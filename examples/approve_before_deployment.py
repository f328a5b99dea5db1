"""Register each model that is trained, ask by e-mail whether it may serve, and deploy it when somebody has said yes."""

from constructs_sm import (
    Approval,
    CreateModel,
    CreateModelPackage,
    EndpointDeployment,
    PipelineStack,
    TrainingJob,
    images,
)

from aws_cdk import App, Duration

app = App()
stack = PipelineStack(app, "ChurnRelease", alert_emails=["ml@example.com"], timeout=Duration.days(10))

train = TrainingJob(
    stack,
    "Train",
    image=images.xgboost("1.7-1"),
    instance_type="ml.m5.xlarge",
    inputs={"train": stack.data("train/")},
    content_type="text/csv",
    hyperparameters={"objective": "binary:logistic", "num_round": 200, "eval_metric": "auc"},
)
register = CreateModelPackage(
    stack,
    "Register",
    group="churn",
    create_group=True,
    image=images.xgboost("1.7-1"),
    model_data=train.model_artifacts,
    content_types=["text/csv"],
    response_types=["text/csv"],
)
approve = Approval(
    stack,
    "Approve",
    notify="head-of-ml@example.com",
    model_package=register,
    about={"Training job": train.resource_name},
)
# Of the version that was approved, so that the registry knows what serves.
model = CreateModel(stack, "Model", model_package=register.model_package_arn)
deploy = EndpointDeployment(stack, "Deploy", endpoint_name="churn", model=model, instance_type="ml.m5.large")

stack.run(train.next(register).next(approve).next(model).next(deploy))
app.synth()
