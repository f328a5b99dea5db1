"""Let Autopilot find a model, which Step Functions cannot wait for: it is begun, and looked at until it has ended."""

from constructs_sm import PipelineStack, PolledJob, polled_actions

from aws_cdk import App, Duration
from aws_cdk import aws_iam as iam

app = App()
stack = PipelineStack(app, "Autopilot", alert_emails=["ml@example.com"])
# What Autopilot does under its role its request does not say, so the role is yours.
role = iam.Role.from_role_name(stack, "AutopilotRole", "autopilot")

search = PolledJob(
    stack,
    "Search",
    action=polled_actions.AUTO_ML_JOB_V2,
    role=role,
    parameters={
        "AutoMLJobInputDataConfig": [
            {
                "ChannelType": "training",
                "ContentType": "text/csv;header=present",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://your-bucket/train/"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://your-bucket/autopilot/"},
        "AutoMLProblemTypeConfig": {"TabularJobConfig": {"TargetAttributeName": "churned"}},
    },
    timeout=Duration.hours(6),
)

stack.run(search)
app.synth()
