"""Train own code on spare capacity in a private image, gate, register and ask, then serve what scales with the load."""

from pathlib import Path

from constructs_sm import (
    Approval,
    CreateModel,
    CreateModelPackage,
    EndpointDeployment,
    PipelineStack,
    QualityGate,
    ScalableTarget,
    ScheduledAction,
    TargetTrackingScaling,
    TrainingJob,
    images,
)

from aws_cdk import App, Duration
from aws_cdk import aws_ecr as ecr

app = App()
network = {"subnets": ["subnet-0a1b2c3d"], "security_groups": ["sg-0a1b2c3d"]}
stack = PipelineStack(
    app, "Scaled", account="123456789012", region="eu-west-1", key=True, vpc=network, timeout=Duration.days(10)
)
shared = "arn:aws:ecr:eu-west-1:210987654321:repository/network"  # of another account, whose policy lets this one pull
private = ecr.Repository.from_repository_arn(stack, "Images", shared).repository_uri_for_tag("2.9")
serving = images.pytorch("2.6", processor="cpu", image_scope="inference")

train = TrainingJob(
    stack,
    "Train",
    image=private,
    code=Path(__file__).parent / "network",
    entry_point="train_network.py",
    instance_type="ml.m5.xlarge",
    spot=True,  # with checkpoints under the stack's data
    inputs={"train": stack.data("train/")},
    hyperparameters={"epochs": 30, "learning-rate": 0.05},
    metric_definitions={"loss": "loss=([0-9.]+)"},
)
good = QualityGate(stack, "Loss is at most 0.3", train.final_metric("loss") <= 0.3)
register = CreateModelPackage(stack, "Register", group="network", image=serving, model_data=train.model_artifacts)
approve = Approval(stack, "Approve", notify="head-of-ml@example.com", model_package=register)
model = CreateModel(stack, "Model", model_package=register.model_package_arn)
busy = TargetTrackingScaling(target_value=70, scale_in_cooldown=Duration.minutes(10))
night = ScheduledAction(name="night", schedule="cron(0 20 * * ? *)", min_capacity=1, max_capacity=2)
deploy = EndpointDeployment(
    stack,
    "Deploy",
    endpoint_name="network",
    model=model,
    instance_type="ml.m5.large",
    scaling=ScalableTarget(min_capacity=1, max_capacity=4, policies=[busy], scheduled_actions=[night]),
)
stack.run(train.next(good).next(register).next(approve).next(model).next(deploy))
app.synth()
