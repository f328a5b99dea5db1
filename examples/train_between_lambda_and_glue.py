"""Put a job between your own Lambda and Glue tasks, and have whatever fails say why, to whom it concerns."""

from constructs_sm import FailureHandler, TrainingJob, images

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

app = App()
stack = Stack(app, "Yours")
choose = lambda_.Function.from_function_name(stack, "Choose", "choose-columns")

columns = tasks.LambdaInvoke(stack, "Choose columns", lambda_function=choose, result_path="$.columns")
prepare = tasks.GlueStartJobRun(
    stack,
    "Prepare",
    glue_job_name="prepare-customers",
    integration_pattern=sfn.IntegrationPattern.RUN_JOB,
    result_path="$.prepared",
)
train = TrainingJob(
    stack,
    "Train",
    image=images.xgboost("1.7-1"),
    instance_type="ml.m5.xlarge",
    inputs={"train": "s3://your-bucket/prepared/"},
    output="s3://your-bucket/models/",
    content_type="text/csv",
    hyperparameters={"objective": "binary:logistic", "num_round": 200},
)

handler = FailureHandler(stack, "Failed", topic=sns.Topic(stack, "Topic", enforce_ssl=True))
chain = handler.catch(columns.next(prepare).next(train))
sfn.StateMachine(
    stack, "StateMachine", definition_body=sfn.DefinitionBody.from_chainable(chain), timeout=Duration.days(1)
)

app.synth()
