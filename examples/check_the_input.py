"""Say what an execution may be started with: whatever is wrong is refused before any job costs money."""

from constructs_sm import Input, PipelineStack, TrainingJob

from aws_cdk import App, Environment

app = App()
stack = PipelineStack(
    app,
    "Checked",
    env=Environment(region="us-east-1"),
    inputs={
        "dataset": Input.string(choices=["customers", "orders"], description="a folder of the data bucket"),
        "rounds": Input.integer(1, 500, default=100),
        "eta": Input.number(0, 1, default=0.3),
    },
)

# Your container: it trains on the folder that DATASET names.
train = TrainingJob(
    stack,
    "Train",
    image="123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1",
    instance_type="ml.m5.xlarge",
    inputs={"train": stack.data("train/")},
    environment={"DATASET": stack.input("dataset")},
    hyperparameters={"num_round": stack.input("rounds"), "eta": stack.input("eta")},
)

stack.run(train)
app.synth()
