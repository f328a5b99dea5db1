"""Put one of our jobs into a state machine of your own: train on every data set that the execution is started with."""

from constructs_sm import TrainingJob

from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

app = App()
stack = Stack(app, "Yours")
bucket = s3.Bucket.from_bucket_name(stack, "Data", "your-bucket")

train = TrainingJob(
    stack,
    "Train",
    image="683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
    instance_type="ml.m5.xlarge",
    inputs={"train": "$.dataset"},  # known when it runs: an s3:// prefix in the item
    output="s3://your-bucket/models/",
    hyperparameters={"objective": "binary:logistic", "num_round": "$.rounds"},
)
bucket.grant_read(train.execution_role, "datasets/*")  # which is why you say what may be read

each = sfn.Map(stack, "Each data set", items_path="$.datasets", max_concurrency=5).item_processor(train)
sfn.StateMachine(stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(each))

app.synth()
