"""A version of a model is registered in its group, which is made if it is absent."""

from __future__ import annotations

from constructs_sm import CreateModel, CreateModelPackage, InvalidInputError, TrainingJob
from constructs_sm.testing import AccessDenied, Always, Output, Refused, definition, grants, without

import pytest
from aws_cdk import aws_ec2 as ec2
from every_action import IMAGE, REQUESTS
from rehearsed import LANGUAGES, Rehearsed

in_both_languages = pytest.mark.parametrize("language", LANGUAGES)
GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/churn"
VERSIONS = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/*"
THERE = Refused("ValidationException", f"Model Package Group already exists: {GROUP}")


def package(stack, construct_id="Register", **arguments):
    given = {"group": "churn", "image": IMAGE, "model_data": "s3://data/models/model.tar.gz", **arguments}
    return CreateModelPackage(stack, construct_id, **given)


@pytest.fixture(scope="module")
def rehearsed():
    made = {}

    def of(language="JSONPath"):
        if language not in made:
            made[language] = Rehearsed(
                lambda stack: package(stack, create_group=True, query_language=LANGUAGES[language])
            )
        return made[language]

    return of


def test_request_is_what_the_arguments_say(stack, machine):
    machine(
        package(
            stack,
            environment={"ROUNDS": 3},
            content_types=["text/csv"],
            response_types=["text/csv"],
            instance_types=["ml.m5.xlarge", ec2.InstanceType("c5.large")],
            transform_instance_types=["ml.m5.large"],
            metrics="s3://data/report/evaluation.json",
            description="Nightly",
            metadata={"commit": "1a2b3c"},
        )
    )

    request = definition(stack)["States"]["Register"]["Parameters"]
    token = request.pop("ClientToken.$")
    assert token == ("States.Format('register-{}', States.ArrayGetItem(States.StringSplit(States.UUID(), '-'), 4))")
    assert request == {
        "ModelPackageGroupName": "churn",
        "ModelPackageDescription": "Nightly",
        "InferenceSpecification": {
            "Containers": [
                {"Image": IMAGE, "ModelDataUrl": "s3://data/models/model.tar.gz", "Environment": {"ROUNDS": "3"}}
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.xlarge", "ml.c5.large"],
            "SupportedTransformInstanceTypes": ["ml.m5.large"],
        },
        "ModelMetrics": {
            "ModelQuality": {
                "Statistics": {"ContentType": "application/json", "S3Uri": "s3://data/report/evaluation.json"}
            }
        },
        "CustomerMetadataProperties": {"commit": "1a2b3c"},
        "ModelApprovalStatus": "PendingManualApproval",
    }


@in_both_languages
def test_version_is_registered_and_waits_for_approval(rehearsed, language):
    run = rehearsed(language).run()

    assert run.succeeded, run.cause
    made = run.output["Register"]
    assert made["ModelPackageArn"] == "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"
    assert made["ModelPackageStatus"] == "Completed"
    assert made["ModelApprovalStatus"] == "PendingManualApproval"
    assert run.output["id"] == "x"


@in_both_languages
def test_group_that_is_absent_is_made_first(rehearsed, language):
    run = rehearsed(language).run()

    assert run.states[:2] == ["Register: CreateGroup", "Register"]
    assert run.requests[0][1] == {"ModelPackageGroupName": "churn"}


@in_both_languages
def test_group_that_is_there_is_no_fault(rehearsed, language):
    run = rehearsed(language).run(script={"Register: CreateGroup": [THERE]})

    assert run.succeeded, run.cause
    assert run.waits == []
    assert set(run.output) == {"id", "Register"}


def test_group_that_is_neither_there_nor_made_fails_with_what_sagemaker_says(rehearsed):
    missing = Always(Refused("ValidationException", "Model Package Group does not exist"))

    run = rehearsed().run(script={"Register: CreateGroup": [AccessDenied()], "Register": [missing]})

    assert (run.status, run.error) == ("FAILED", "SageMaker.SageMakerException")
    assert run.cause.startswith("Model Package Group does not exist")


@in_both_languages
def test_version_that_fails_its_validation_says_why(rehearsed, language):
    details = {"ValidationStatuses": [{"Name": "ValidationProfile1", "Status": "Failed", "FailureReason": "no memory"}]}
    failed = Output(ModelPackageStatus="Failed", ModelPackageStatusDetails=details)

    run = rehearsed(language).run(script={"Register: Describe": [failed]})

    assert (run.status, run.error) == ("FAILED", "InvalidOutput")
    assert "no memory" in run.cause


def test_policy_is_sufficient_and_every_grant_of_it_is_needed(rehearsed):
    made = rehearsed()

    def suffices(policy):
        run = made.run(policy=policy)
        return run.succeeded and not run.history.failures

    assert suffices(made.policy)
    assert {str(grant) for grant in grants(made.policy)} == {
        f"sagemaker:CreateModelPackage on {GROUP}",
        f"sagemaker:CreateModelPackage on {VERSIONS}",
        f"sagemaker:DescribeModelPackage on {VERSIONS}",
        f"sagemaker:CreateModelPackageGroup on {GROUP}",
    }
    assert [str(grant) for grant in grants(made.policy) if suffices(without(made.policy, grant))] == []


@in_both_languages
def test_model_is_made_of_a_version_of_what_was_trained(language):
    arguments = {"query_language": LANGUAGES[language]}

    def chain(stack):
        train = TrainingJob(stack, "Train", parameters=REQUESTS["createTrainingJob"], **arguments)
        register = package(stack, model_data=train.model_artifacts, **arguments)
        model = CreateModel(stack, "Model", model_package=register.model_package_arn, **arguments)
        return train.next(register).next(model)

    run = Rehearsed(chain).run()

    assert run.succeeded, run.cause
    requests = dict(run.requests)
    (container,) = requests["Register"]["InferenceSpecification"]["Containers"]
    assert container["ModelDataUrl"].endswith("/output/model.tar.gz")
    assert requests["Model"]["PrimaryContainer"]["ModelPackageName"].endswith(":model-package/churn/1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"group": None}, "ModelPackageGroupName or ModelPackageName is missing"),
        ({"group": None, "create_group": True}, "create_group needs a group that is known"),
        ({"group": "$.group", "create_group": True}, "name it, or make it beforehand"),
        ({"approval_status": "approved"}, "did you mean Approved?"),
        ({"parameters": {"Tags": [{"Key": "a", "Value": "b"}]}}, "ModelPackageGroupName and Tags exclude each other"),
        ({"instance_types": ["ml.m5.huge"]}, "SupportedRealtimeInferenceInstanceTypes"),
    ],
)
def test_wrong_argument_fails_and_names_it(stack, arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        package(stack, **arguments)
