"""Services that Step Functions calls besides SageMaker: its optimized integrations, and the needs of waiting for one.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html and the page of each service
under it for the permissions; the names of rules besides as the CDK's tasks of 2.275.0 grant them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
"""The actions of Step Functions on the managed rule that tells it of the end of a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The needs of `.sync` besides the call.

    Attributes:
        actions: To look at what was begun, and to stop it.
        rule: The managed EventBridge rule; empty where Step Functions asks instead.
    """

    actions: tuple[str, ...]
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimized:
    """One API that Step Functions offers as an optimized integration.

    Attributes:
        service: As the Resource of a state names it.
        api: As the Resource of a state names it.
        client: botocore's name of the service; empty where no service of AWS's SDK is called.
        operation: The operation there; empty likewise.
        waiting: What `.sync` needs besides; None where it is not offered.
        token: Whether `.waitForTaskToken` is offered.
        roles: Where the request has roles, as paths of field names, and the service that each is passed to.
        possible: Actions that the call may need besides, depending on what neither request nor definition says: the
            roles in a task definition, the tables of a query.
    """

    service: str
    api: str
    client: str
    operation: str
    waiting: Waiting | None = None
    token: bool = False
    roles: tuple[tuple[str, str], ...] = ()
    possible: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Service and API as a Resource has them."""
        return f"{self.service}:{self.api}"


@dataclass(frozen=True, slots=True)
class _Service:
    """Makes the rows of one service."""

    service: str
    client: str = ""
    rows: list[Optimized] = field(default_factory=list)

    def offers(
        self,
        api: str,
        *waiting: str,
        operation: str = "",
        rule: str = "",
        token: bool = False,
        roles: tuple[tuple[str, str], ...] = (),
        possible: tuple[str, ...] = (),
    ) -> _Service:
        self.rows.append(
            Optimized(
                service=self.service,
                api=api,
                client=self.client or self.service,
                operation=operation or f"{api[0].upper()}{api[1:]}",
                waiting=Waiting(actions=waiting, rule=rule) if waiting else None,
                token=token,
                roles=roles,
                possible=possible,
            )
        )
        return self


_EMR = "elasticmapreduce"
_SERVERLESS = "emr-serverless"
_CONTAINERS = "emr-containers"
_STATES_RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
_EKS_ROLE = "eks.amazonaws.com"

_QUERIED = ("s3:*", "glue:*", "lakeformation:GetDataAccess")
"""The actions of Athena as its caller, depending on the query."""
_LINKED_ROLE = "iam:CreateServiceLinkedRole"
"""Needed once in an account, by whoever makes the first resource of a service."""

_SERVICES = (
    _Service("lambda").offers("invoke", token=True),
    _Service("dynamodb").offers("getItem").offers("putItem").offers("updateItem").offers("deleteItem"),
    _Service("sns").offers("publish", token=True),
    _Service("sqs").offers("sendMessage", token=True),
    _Service("events").offers("putEvents", token=True),
    _Service("batch").offers(
        "submitJob", "batch:DescribeJobs", "batch:TerminateJob", rule="StepFunctionsGetEventsForBatchJobsRule"
    ),
    _Service("ecs").offers(
        "runTask",
        "ecs:DescribeTasks",
        "ecs:StopTask",
        rule="StepFunctionsGetEventsForECSTaskRule",
        token=True,
        roles=(
            ("Overrides.TaskRoleArn", "ecs-tasks.amazonaws.com"),
            ("Overrides.ExecutionRoleArn", "ecs-tasks.amazonaws.com"),
        ),
        possible=("iam:PassRole", "ecs:TagResource"),
    ),
    _Service("glue").offers("startJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
    _Service("databrew").offers("startJobRun", "databrew:ListJobRuns", "databrew:StopJobRun"),
    _Service("athena")
    .offers(
        "startQueryExecution",
        "athena:GetQueryExecution",
        "athena:StopQueryExecution",
        # Both are authorized on the data catalog too, of which the request may say nothing.
        possible=("athena:GetDataCatalog", "athena:StartQueryExecution", "athena:GetQueryExecution", *_QUERIED),
    )
    .offers("stopQueryExecution")
    .offers("getQueryExecution")
    .offers("getQueryResults", possible=("s3:GetObject",)),
    _Service("codebuild")
    .offers(
        "startBuild",
        "codebuild:BatchGetBuilds",
        "codebuild:StopBuild",
        rule="StepFunctionsGetEventForCodeBuildStartBuildRule",
        possible=("codebuild:BatchGetReports",),
    )
    .offers("stopBuild")
    .offers("batchDeleteBuilds")
    .offers("batchGetReports")
    .offers(
        "startBuildBatch",
        "codebuild:BatchGetBuildBatches",
        "codebuild:StopBuildBatch",
        rule="StepFunctionsGetEventForCodeBuildStartBuildBatchRule",
    )
    .offers("stopBuildBatch")
    .offers(
        "retryBuildBatch",
        "codebuild:BatchGetBuildBatches",
        "codebuild:StopBuildBatch",
        # AWS publishes no name for this one.
        rule="StepFunctionsGetEventForCodeBuild*",
    )
    .offers("deleteBuildBatch"),
    _Service(_EMR, "emr")
    .offers(
        "createCluster",
        f"{_EMR}:DescribeCluster",
        f"{_EMR}:TerminateJobFlows",
        operation="RunJobFlow",
        rule="StepFunctionsGetEventForEMRRunJobFlowRule",
        possible=(_LINKED_ROLE, f"{_EMR}:AddTags", "iam:PassRole"),
        roles=(
            ("ServiceRole", "elasticmapreduce.amazonaws.com"),
            ("JobFlowRole", "ec2.amazonaws.com"),
            ("AutoScalingRole", "application-autoscaling.amazonaws.com"),
        ),
    )
    .offers(
        "terminateCluster",
        f"{_EMR}:DescribeCluster",
        operation="TerminateJobFlows",
        rule="StepFunctionsGetEventForEMRTerminateJobFlowsRule",
    )
    .offers(
        "addStep",
        f"{_EMR}:DescribeStep",
        f"{_EMR}:CancelSteps",
        operation="AddJobFlowSteps",
        rule="StepFunctionsGetEventForEMRAddJobFlowStepsRule",
    )
    .offers("cancelStep", operation="CancelSteps")
    .offers("setClusterTerminationProtection", operation="SetTerminationProtection")
    .offers("modifyInstanceFleetByName", operation="ModifyInstanceFleet")
    .offers("modifyInstanceGroupByName", operation="ModifyInstanceGroups"),
    _Service(_CONTAINERS)
    .offers("createVirtualCluster")
    .offers("deleteVirtualCluster", f"{_CONTAINERS}:DescribeVirtualCluster")
    .offers("startJobRun", f"{_CONTAINERS}:DescribeJobRun", f"{_CONTAINERS}:CancelJobRun"),
    _Service(_SERVERLESS)
    .offers(
        "createApplication",
        f"{_SERVERLESS}:GetApplication",
        f"{_SERVERLESS}:DeleteApplication",
        rule="StepFunctionsGetEventsForEMRServerlessApplicationRule",
        possible=(_LINKED_ROLE,),
    )
    .offers(
        "startApplication",
        f"{_SERVERLESS}:GetApplication",
        f"{_SERVERLESS}:StopApplication",
        rule="StepFunctionsGetEventsForEMRServerlessApplicationRule",
    )
    .offers(
        "stopApplication",
        f"{_SERVERLESS}:GetApplication",
        rule="StepFunctionsGetEventsForEMRServerlessApplicationRule",
    )
    .offers(
        "deleteApplication",
        f"{_SERVERLESS}:GetApplication",
        rule="StepFunctionsGetEventsForEMRServerlessApplicationRule",
    )
    .offers(
        "startJobRun",
        f"{_SERVERLESS}:GetJobRun",
        f"{_SERVERLESS}:CancelJobRun",
        rule="StepFunctionsGetEventsForEMRServerlessJobRule",
        roles=(("ExecutionRoleArn", "emr-serverless.amazonaws.com"),),
    )
    .offers("cancelJobRun", f"{_SERVERLESS}:GetJobRun", rule="StepFunctionsGetEventsForEMRServerlessJobRule"),
    _Service("eks")
    .offers("createCluster", "eks:DescribeCluster", "eks:DeleteCluster", roles=(("RoleArn", _EKS_ROLE),))
    .offers("deleteCluster", "eks:DescribeCluster")
    .offers("createNodegroup", "eks:DescribeNodegroup", "eks:DeleteNodegroup", roles=(("NodeRole", _EKS_ROLE),))
    .offers("deleteNodegroup", "eks:DescribeNodegroup")
    .offers(
        "createFargateProfile",
        "eks:DescribeFargateProfile",
        "eks:DeleteFargateProfile",
        roles=(("PodExecutionRoleArn", "eks-fargate-pods.amazonaws.com"),),
    )
    .offers("deleteFargateProfile", "eks:DescribeFargateProfile"),
    _Service("mediaconvert").offers(
        "createJob",
        "mediaconvert:GetJob",
        "mediaconvert:CancelJob",
        rule="StepFunctionsGetEventsForMediaConvertJobRule",
        roles=(("Role", "mediaconvert.amazonaws.com"),),
    ),
    _Service("bedrock").offers(
        "createModelCustomizationJob",
        "bedrock:GetModelCustomizationJob",
        "bedrock:StopModelCustomizationJob",
        roles=(("RoleArn", "bedrock.amazonaws.com"),),
        # Of tags and of the job itself AWS's reference says nothing; the CDK grants both.
        possible=("bedrock:TagResource", "bedrock:CreateModelCustomizationJob"),
    ),
    _Service("states", "stepfunctions").offers(
        "startExecution", "states:DescribeExecution", "states:StopExecution", rule=_STATES_RULE, token=True
    ),
)
OPTIMIZED: tuple[Optimized, ...] = (
    *(row for service in _SERVICES for row in service.rows),
    Optimized(service="bedrock", api="invokeModel", client="bedrock-runtime", operation="InvokeModel"),
    # What these call is no API of an SDK.
    Optimized(service="apigateway", api="invoke", client="", operation="", token=True),
    Optimized(service="http", api="invoke", client="", operation=""),
    Optimized(service="eks", api="call", client="", operation=""),
    Optimized(service="eks", api="runJob", client="", operation="", waiting=Waiting(actions=())),
)
"""Every optimized integration but those of SageMaker, which `actions.ACTIONS` has."""

SDK_CLIENTS: dict[str, str] = {
    "applicationdiscoveryservice": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "costandusagereportservice": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "databasemigrationservice": "dms",
    "directory": "ds",
    "directoryservice": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "elasticsearchservice": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelbuildingservice": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntime": "lex-runtime",
    "lexruntimeservice": "lex-runtime",
    "lexruntimev2": "lexv2-runtime",
    "marketplaceentitlement": "marketplace-entitlement",
    "marketplaceentitlementservice": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
}
"""botocore's name of a service by the one that `aws-sdk` integrations have, where they differ in more than dashes.

Step Functions has the names of the AWS SDK for Java: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""
