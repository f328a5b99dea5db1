"""What a request needs besides data and images, and who is granted it."""

from __future__ import annotations

from typing import Any

from constructs_sm.actions import (
    ENDPOINT_CONFIG,
    LABELING_JOB,
    MODEL,
    PROCESSING_JOB,
    TRAINING_JOB,
)
from constructs_sm.grants.access import access_of
from constructs_sm.grants.execution_role import execution_grants
from constructs_sm.language.arns import Arns
from constructs_sm.requests.request import read
from constructs_sm.testing import state_machine_policy

import pytest
from every_action import REQUESTS, job
from execution_roles import granted, statements_with

ARNS = Arns("aws", "us-east-1", "123456789012")
HERE = "us-east-1:123456789012"


def grants(action, request: dict[str, Any]) -> dict[str, set[str]]:
    """What the execution role is granted for *request*: actions by resource."""
    resources: dict[str, set[str]] = {}
    for grant in execution_grants(access_of(action, read(request)), ARNS):
        for resource in grant.resources:
            resources.setdefault(resource, set()).update(grant.actions)
    return resources


def labeling(**fields: Any) -> dict[str, Any]:
    return {**REQUESTS["createLabelingJob"], **fields}


def human_task(**fields: Any) -> dict[str, Any]:
    return labeling(HumanTaskConfig={**REQUESTS["createLabelingJob"]["HumanTaskConfig"], **fields})


def test_functions_of_a_custom_labeling_workflow_may_be_called():
    before, after = (f"arn:aws:lambda:{HERE}:function:{name}" for name in ("before", "after"))
    request = human_task(
        PreHumanTaskLambdaArn=before, AnnotationConsolidationConfig={"AnnotationConsolidationLambdaArn": after}
    )

    found = grants(LABELING_JOB, request)

    assert found[before] == found[after] == {"lambda:InvokeFunction"}


def test_functions_of_ground_truth_itself_need_no_grant():
    request = human_task(
        PreHumanTaskLambdaArn="arn:aws:lambda:us-east-1:432418664414:function:PRE-BoundingBox",
        AnnotationConsolidationConfig={
            "AnnotationConsolidationLambdaArn": "arn:aws:lambda:us-east-1:432418664414:function:ACS-BoundingBox"
        },
    )

    assert not any(resource.startswith("arn:aws:lambda") for resource in grants(LABELING_JOB, request))


def test_labels_are_written_read_back_and_their_bucket_located():
    found = grants(LABELING_JOB, labeling(OutputConfig={"S3OutputPath": "s3://labels/out/"}))

    assert found["arn:aws:s3:::labels/out/*"] == {"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"}
    assert found["arn:aws:s3:::labels"] == {"s3:GetBucketLocation", "s3:ListBucket"}


def test_streaming_labeling_may_subscribe_its_own_queue_and_publish():
    topic_in, topic_out = (f"arn:aws:sns:{HERE}:{name}" for name in ("in", "out"))
    request = labeling(
        InputConfig={"DataSource": {"SnsDataSource": {"SnsTopicArn": topic_in}}},
        OutputConfig={"S3OutputPath": "s3://labels/out/", "SnsTopicArn": topic_out},
    )

    found = grants(LABELING_JOB, request)

    assert found[topic_in] == {"sns:Subscribe", "sns:Unsubscribe"}
    assert found[topic_out] == {"sns:Publish"}
    assert "sqs:ReceiveMessage" in found[f"arn:aws:sqs:{HERE}:*GroundTruth*"]


def test_automated_labeling_may_pass_its_own_role_to_sagemaker(stack, machine):
    algorithm = "arn:aws:sagemaker:us-east-1:027400017018:labeling-job-algorithm-specification/image-classification"
    parameters = labeling(LabelingJobAlgorithmsConfig={"LabelingJobAlgorithmSpecificationArn": algorithm})
    labeled = job(stack, LABELING_JOB, "Label", parameters=parameters)
    machine(labeled)

    own = f"${{{stack.get_logical_id(labeled.execution_role.node.default_child)}.Arn}}"
    assert granted(stack)[own] == {"iam:PassRole"}
    assert all(
        statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        for statement in statements_with(stack, "iam:PassRole")
    )


def training_on(data_source: dict[str, Any]) -> dict[str, Any]:
    return {**REQUESTS["createTrainingJob"], "InputDataConfig": [{"ChannelName": "train", "DataSource": data_source}]}


def on_file_system(kind: str, mode: str) -> dict[str, Any]:
    return training_on(
        {
            "FileSystemDataSource": {
                "FileSystemId": "fs-0123456789abcdef0",
                "FileSystemType": kind,
                "FileSystemAccessMode": mode,
                "DirectoryPath": "/data",
            }
        }
    )


@pytest.mark.parametrize(
    ("mode", "client"),
    [
        ("ro", {"elasticfilesystem:ClientMount"}),
        ("rw", {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}),
    ],
)
def test_efs_is_mounted_as_it_is_used(mode, client):
    found = grants(TRAINING_JOB, on_file_system("EFS", mode))

    resource = f"arn:aws:elasticfilesystem:{HERE}:file-system/fs-0123456789abcdef0"
    assert found[resource] == {*client, "elasticfilesystem:DescribeMountTargets"}


def test_lustre_is_described():
    found = grants(TRAINING_JOB, on_file_system("FSxLustre", "ro"))

    assert found["*"] == {"fsx:DescribeFileSystems"}


def processing(dataset: dict[str, Any]) -> dict[str, Any]:
    return {**REQUESTS["createProcessingJob"], "ProcessingInputs": [{"InputName": "q", "DatasetDefinition": dataset}]}


def test_athena_dataset_is_queried_and_its_results_read_back():
    dataset = {
        "Catalog": "AwsDataCatalog",
        "Database": "sales",
        "QueryString": "SELECT 1",
        "WorkGroup": "ml",
        "OutputS3Uri": "s3://results/athena/",
        "OutputFormat": "PARQUET",
    }

    found = grants(PROCESSING_JOB, processing({"AthenaDatasetDefinition": dataset}))

    assert found[f"arn:aws:athena:{HERE}:workgroup/ml"] == {
        "athena:GetQueryExecution",
        "athena:GetQueryResults",
        "athena:StartQueryExecution",
    }
    assert found[f"arn:aws:glue:{HERE}:table/sales/*"] == {"glue:GetDatabase", "glue:GetPartitions", "glue:GetTable"}
    assert found["arn:aws:s3:::results/athena/*"] == {"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"}
    assert found["arn:aws:s3:::results"] == {"s3:GetBucketLocation", "s3:ListBucket"}


def test_redshift_dataset_is_unloaded_under_the_clusters_own_role():
    dataset = {
        "ClusterId": "warehouse",
        "Database": "sales",
        "DbUser": "ml",
        "QueryString": "SELECT 1",
        "ClusterRoleArn": "arn:aws:iam::123456789012:role/redshift",
        "OutputS3Uri": "s3://results/redshift/",
        "OutputFormat": "PARQUET",
    }

    found = grants(PROCESSING_JOB, processing({"RedshiftDatasetDefinition": dataset}))

    assert found[f"arn:aws:redshift:{HERE}:dbname:warehouse/sales"] == {"redshift:GetClusterCredentials"}
    assert found[f"arn:aws:redshift:{HERE}:dbuser:warehouse/ml"] == {"redshift:GetClusterCredentials"}
    assert "redshift-data:ExecuteStatement" in found[f"arn:aws:redshift:{HERE}:cluster:warehouse"]


def test_feature_store_output_may_put_records():
    outputs = [{"OutputName": "features", "FeatureStoreOutput": {"FeatureGroupName": "churn"}, "AppManaged": True}]

    found = grants(PROCESSING_JOB, {**REQUESTS["createProcessingJob"], "ProcessingOutputConfig": {"Outputs": outputs}})

    assert found[f"arn:aws:sagemaker:{HERE}:feature-group/churn"] == {"sagemaker:PutRecord"}


def test_function_that_knows_the_password_of_a_registry_may_be_called():
    function = f"arn:aws:lambda:{HERE}:function:password"
    request = {
        "PrimaryContainer": {
            "Image": "registry.example.com/churn:1",
            "ImageConfig": {
                "RepositoryAccessMode": "Vpc",
                "RepositoryAuthConfig": {"RepositoryCredentialsProviderArn": function},
            },
        }
    }

    assert grants(MODEL, request)[function] == {"lambda:InvokeFunction"}


def test_key_of_an_endpoints_volumes_is_granted_to_the_caller(stack, machine):
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    machine(job(stack, ENDPOINT_CONFIG, parameters={**REQUESTS["createEndpointConfig"], "KmsKeyId": key}))

    by_action = {
        action: statement
        for statement in state_machine_policy(stack)
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if action.startswith("kms:")
    }
    assert set(by_action) == {"kms:CreateGrant", "kms:DescribeKey"}
    assert by_action["kms:CreateGrant"]["Resource"] == key
    assert by_action["kms:CreateGrant"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_endpoint_writes_what_it_captures_and_answers_under_the_role_of_its_model(stack):
    job(stack, MODEL, "Model")
    request = {
        **REQUESTS["createEndpointConfig"],
        "DataCaptureConfig": {
            "InitialSamplingPercentage": 10,
            "DestinationS3Uri": "s3://captured/churn/",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
        "AsyncInferenceConfig": {
            "OutputConfig": {
                "S3OutputPath": "s3://answers/ok/",
                "S3FailurePath": "s3://answers/failed/",
                "NotificationConfig": {"SuccessTopic": f"arn:aws:sns:{HERE}:answered"},
            }
        },
    }
    job(stack, ENDPOINT_CONFIG, "Config", parameters=request)

    found = granted(stack)
    for prefix in ("captured/churn/", "answers/ok/", "answers/failed/"):
        assert found[f"arn:${{AWS::Partition}}:s3:::{prefix}*"] == {"s3:AbortMultipartUpload", "s3:PutObject"}
    assert found[f"arn:aws:sns:{HERE}:answered"] == {"sns:Publish"}


def test_resource_that_holds_its_own_image_and_data_is_warned_of():
    request = {**REQUESTS["createTrainingJob"], "AlgorithmSpecification": {"AlgorithmName": "bought"}}

    assert access_of(TRAINING_JOB, read(request)).unknown == ["AlgorithmSpecification.AlgorithmName"]


@pytest.mark.parametrize(
    ("arn", "unknown"),
    [
        ("arn:aws:sagemaker:eu-west-1:985815980388:algorithm/forest-1", []),
        ("arn:aws:sagemaker:eu-west-1:123456789012:algorithm/forest-1", ["AlgorithmSpecification.AlgorithmName"]),
        ("forest-985815980388", ["AlgorithmSpecification.AlgorithmName"]),
    ],
    ids=["bought", "own", "name"],
)
def test_algorithm_of_aws_marketplace_needs_nothing_of_the_role(arn, unknown):
    request = {**REQUESTS["createTrainingJob"], "AlgorithmSpecification": {"AlgorithmName": arn}}

    assert access_of(TRAINING_JOB, read(request)).unknown == unknown


def test_model_package_of_aws_marketplace_needs_nothing_of_the_role():
    package = "arn:aws:sagemaker:us-east-1:865070037744:model-package/forest-1"
    request = {"PrimaryContainer": {"ModelPackageName": package}}

    assert access_of(MODEL, read(request)).unknown == []


def test_key_of_s3_that_looks_like_a_wildcard_is_taken_by_its_letters():
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/what?/*/"}}

    assert grants(TRAINING_JOB, training_on(source))["arn:aws:s3:::data/what${?}/${*}/*"] == {"s3:GetObject"}


@pytest.mark.parametrize(
    ("action", "path", "holds"),
    [
        (TRAINING_JOB, "InputDataConfig", True),
        (TRAINING_JOB, "StoppingCondition", False),
        (TRAINING_JOB, "VpcConfig", True),
        (TRAINING_JOB, "DebugHookConfig", True),
        (ENDPOINT_CONFIG, "AsyncInferenceConfig", True),
        (ENDPOINT_CONFIG, "ProductionVariants", True),
        (LABELING_JOB, "HumanTaskConfig", True),
        (LABELING_JOB, "StoppingConditions", False),
    ],
    ids=lambda value: getattr(value, "api", value),
)
def test_structure_known_at_run_time_only_is_unknown_if_its_shape_holds_access(action, path, holds):
    request = {f"{path}.$": "$.later"}

    assert access_of(action, read(request)).unknown == ([path] if holds else [])
