"""The services that Step Functions integrates, their APIs, and how a state waits for each."""

from __future__ import annotations

import re
from typing import Final

REQUEST: Final = ""
_SYNC: Final = frozenset({REQUEST, "sync"})
_PLAIN: Final = frozenset({REQUEST})
_TOKEN: Final = frozenset({REQUEST, "waitForTaskToken"})
_ALL: Final = _SYNC | _TOKEN


def _apis(plain: str = "", sync: str = "", calls_back: str = "", every: str = "") -> dict[str, frozenset[str]]:
    kinds = ((plain, _PLAIN), (sync, _SYNC), (calls_back, _TOKEN), (every, _ALL))
    return {api: patterns for names, patterns in kinds for api in names.split()}


OPTIMIZED: Final[dict[str, dict[str, frozenset[str]]]] = {
    "apigateway": _apis(calls_back="invoke"),
    "athena": _apis(plain="stopQueryExecution getQueryExecution getQueryResults", sync="startQueryExecution"),
    "batch": _apis(sync="submitJob"),
    "bedrock": _apis(plain="invokeModel createModelCustomizationJob", sync="createModelCustomizationJob"),
    "codebuild": _apis(
        plain="stopBuild batchDeleteBuilds batchGetReports stopBuildBatch deleteBuildBatch",
        sync="startBuild startBuildBatch retryBuildBatch",
    ),
    "databrew": _apis(sync="startJobRun"),
    "dynamodb": _apis(plain="getItem putItem updateItem deleteItem"),
    "ecs": _apis(every="runTask"),
    "eks": _apis(
        plain="call",
        sync="createCluster deleteCluster createFargateProfile deleteFargateProfile createNodegroup deleteNodegroup "
        "runJob",
    ),
    "elasticmapreduce": _apis(
        plain="cancelStep setClusterTerminationProtection modifyInstanceFleetByName modifyInstanceGroupByName",
        sync="createCluster terminateCluster addStep",
    ),
    "emr-containers": _apis(plain="createVirtualCluster", sync="deleteVirtualCluster startJobRun"),
    "emr-serverless": _apis(
        sync="createApplication startApplication stopApplication deleteApplication startJobRun cancelJobRun"
    ),
    "events": _apis(calls_back="putEvents"),
    "glue": _apis(sync="startJobRun"),
    "http": _apis(plain="invoke"),
    "lambda": _apis(calls_back="invoke"),
    "mediaconvert": _apis(sync="createJob"),
    "sagemaker": _apis(
        plain="createModel createEndpointConfig createEndpoint updateEndpoint",
        sync="createTrainingJob createTransformJob createProcessingJob createHyperParameterTuningJob createLabelingJob",
    ),
    "sns": _apis(calls_back="publish"),
    "sqs": _apis(calls_back="sendMessage"),
    "states": {"startExecution": _ALL | {"sync:2"}},
}
"""By service, then by API: the patterns that are offered.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""
SDK_PATTERNS: Final = _TOKEN
"""What an SDK integration offers."""
READERS: Final = frozenset({"getObject", "listObjectsV2"})
"""What an ItemReader calls in S3."""
_MODELS: Final = {
    "costexplorer": "ce",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "costandusagereportservice": "cur",
    "applicationdiscoveryservice": "discovery",
    "databasemigrationservice": "dms",
    "databasemigration": "dms",
    "directoryservice": "ds",
    "directory": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearchservice": "es",
    "elasticsearch": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuildingservice": "lex-models",
    "lexmodelbuilding": "lex-models",
    "lexruntimeservice": "lex-runtime",
    "lexruntime": "lex-runtime",
    "lexmodelsv2": "lexv2-models",
    "lexruntimev2": "lexv2-runtime",
    "cloudwatchlogs": "logs",
    "marketplaceentitlementservice": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "simpledb": "sdb",
    "serverlessapplicationrepository": "serverlessrepo",
    "pinpointsmsvoice": "sms-voice",
    "sfn": "stepfunctions",
}
"""The services that botocore calls otherwise."""
_OPTIMIZED_MODELS: Final = {"states": "stepfunctions", "elasticmapreduce": "emr"}
_OWN_REQUESTS: Final = frozenset(
    {"apigateway:invoke", "eks:call", "eks:runJob", "http:invoke", "bedrock:invokeModel", "elasticmapreduce"}
)
"""The integrations whose request is not the API's."""


def model_of(service: str, *, sdk: bool) -> str:
    """What botocore calls a service, or is likely to; empty where its model does not tell of the requests."""
    if sdk:
        return _MODELS.get(service, service)
    return "" if service in _OWN_REQUESTS else _OPTIMIZED_MODELS.get(service, service)


def has_own_request(service: str, api: str) -> bool:
    """Return True for an integration whose request is not the API's."""
    return f"{service}:{api}" in _OWN_REQUESTS or service in _OWN_REQUESTS


def squashed(name: str) -> str:
    """A name without what services are spelled with in one place and not in another."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
