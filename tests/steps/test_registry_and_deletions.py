"""The newest approved version of a model is found, verdicts are obeyed, and what has served is deleted."""

from __future__ import annotations

from constructs_sm import (
    CreateModel,
    CreateModelPackage,
    DeleteEndpoint,
    DeleteEndpointConfig,
    DeleteInferenceComponent,
    DeleteModel,
    EvaluationReport,
    FindModelPackage,
    InvalidInputError,
    QualityGate,
    ServerlessJobConfig,
    TrainingJob,
)
from constructs_sm.testing import Always, Refused, Rehearsal, grants

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE
from rehearsed import LANGUAGES, Rehearsed, stack_of

in_both_languages = pytest.mark.parametrize("language", LANGUAGES)
DELETIONS = {
    "Endpoint": (DeleteEndpoint, "endpoint"),
    "EndpointConfig": (DeleteEndpointConfig, "endpoint-config"),
    "Model": (DeleteModel, "model"),
    "InferenceComponent": (DeleteInferenceComponent, "inference-component"),
}
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn"


def found(stack, language=None):
    newest = FindModelPackage(stack, "Newest", group="churn", query_language=language)
    model = CreateModel(stack, "Model", model_package=newest.model_package_arn, query_language=language)
    return sfn.Chain.start(newest).next(model)


@in_both_languages
def test_newest_approved_version_is_found_and_becomes_a_model(language):
    run = Rehearsed(lambda stack: found(stack, LANGUAGES[language])).run(
        existing=[("model-package", f"churn/{number}") for number in (2, 10, 9)]
    )

    assert run.succeeded, run.cause
    assert run.output["Newest"] == {
        "ModelPackageArn": f"{ARN}/10",
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": 10,
        "ModelApprovalStatus": "Approved",
    }
    (model,) = [request for state, request in run.requests if state == "Model"]
    assert model["PrimaryContainer"]["ModelPackageName"] == f"{ARN}/10"


@in_both_languages
def test_version_is_told_by_a_state_of_the_cdk(language):
    def make(stack):
        newest = FindModelPackage(stack, "Newest", group="churn", query_language=LANGUAGES[language])
        told = {"arn": newest.model_package_arn, "text": "it is " + newest.model_package_arn}
        given = {"outputs": told} if language == "JSONata" else {"parameters": told}
        return sfn.Chain.start(newest).next(sfn.Pass(stack, "Tell", query_language=LANGUAGES[language], **given))

    run = Rehearsed(make).run(existing=[("model-package", "churn/2")])

    assert run.output == {"arn": f"{ARN}/2", "text": f"it is {ARN}/2"}


@pytest.mark.parametrize("approval", ["PendingManualApproval", "Approved"])
def test_version_of_this_run_is_found_only_if_it_is_approved(approval):
    def make(stack):
        register = CreateModelPackage(
            stack, "Register", group="churn", image=IMAGE, model_data="s3://data/model.tar.gz", approval_status=approval
        )
        return register.next(FindModelPackage(stack, "Newest", group="churn"))

    run = Rehearsed(make).run()
    assert run.succeeded == (approval == "Approved"), run.cause
    if approval == "Approved":
        assert run.output["Newest"]["ModelPackageArn"] == f"{ARN}/1"


def test_group_without_an_approved_version_says_so():
    run = Rehearsed(lambda stack: FindModelPackage(stack, "Newest", group="churn")).run(
        existing=[("model-package", "other/1")]
    )

    assert (run.status, run.error) == ("FAILED", "NoModelPackage")
    assert run.cause == "Newest: no version is Approved in the group churn"


def test_registry_is_listed_with_no_more_rights():
    rehearsed = Rehearsed(lambda stack: FindModelPackage(stack, "Newest", group="churn"))

    assert {(grant.action, grant.resource) for grant in grants(rehearsed.policy)} == {
        ("sagemaker:ListModelPackages", "*")
    }


@pytest.mark.parametrize("noun", DELETIONS)
@in_both_languages
def test_what_is_named_is_deleted_and_nothing_else_may_be(noun, language):
    made, arn_type = DELETIONS[noun]
    rehearsed = Rehearsed(lambda stack: made(stack, "Delete", name="churn", query_language=LANGUAGES[language]))

    run = rehearsed.run(existing=[(arn_type, "churn")])
    assert run.succeeded, run.cause
    assert run.requests == [(f"Delete: Delete{noun}", {f"{noun}Name": "churn"})]
    assert run.output == {"id": "x"}
    assert {(grant.action, grant.resource) for grant in grants(rehearsed.policy)} == {
        (f"sagemaker:Delete{noun}", f"arn:aws:sagemaker:us-east-1:123456789012:{arn_type}/churn")
    }


@pytest.mark.parametrize(("must_exist", "status"), [(False, "SUCCEEDED"), (True, "FAILED")])
def test_what_is_absent_counts_as_deleted_unless_it_must_exist(must_exist, status):
    absent = Refused("ValidationException", 'Could not find endpoint "arn".')
    run = Rehearsed(lambda stack: DeleteEndpoint(stack, "Delete", name="churn", must_exist=must_exist)).run(
        script={"Delete: DeleteEndpoint": [Always(absent)]}
    )

    assert run.status == status
    if status == "SUCCEEDED":
        assert run.output == {"id": "x"}


def test_what_cannot_be_deleted_says_why():
    refused = Refused("ValidationException", "Cannot delete an endpoint while it is being created.")
    run = Rehearsed(lambda stack: DeleteEndpoint(stack, "Delete", name="$.id")).run(
        script={"Delete: DeleteEndpoint": [Always(refused)]}
    )

    assert (run.status, run.error) == ("FAILED", "SageMaker.SageMakerException")
    assert "while it is being created" in run.cause


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda s: DeleteModel(s, "Delete"), "nothing to delete"),
        (lambda s: DeleteModel(s, "Delete", name="a b"), "name"),
        (lambda s: FindModelPackage(s, "Newest"), "group is missing"),
        (lambda s: FindModelPackage(s, "Newest", group="g", approval_status="approved"), "no approval status"),
    ],
)
def test_what_names_nothing_is_refused(stack, make, said):
    with pytest.raises(InvalidInputError, match=said):
        make(stack)


REPORT = EvaluationReport("s3://data/report.json")


@pytest.mark.parametrize(
    ("condition", "body", "error"),
    [
        (REPORT["checks.passed"].is_true, '{"checks": {"passed": true}}', None),
        (REPORT["checks.passed"].is_true, '{"checks": {"passed": false}}', "QualityGateNotMet"),
        (REPORT["checks.passed"].is_true, '{"checks": {"passed": 1}}', "QualityGateNoValue"),
        (REPORT["checks.passed"].is_true, '{"checks": {"passed": "true"}}', "QualityGateNoValue"),
        (~REPORT["biased"].is_true, '{"biased": false}', None),
        (REPORT["biased"] == False, '{"biased": false}', None),  # noqa: E712  (as users write it)
        (REPORT["biased"] != True, '{"biased": true}', "QualityGateNotMet"),  # noqa: E712
        (REPORT["biased"] == True, "{}", "QualityGateNoValue"),  # noqa: E712
        ((REPORT["passed"].is_true) & (REPORT["auc"] >= 0.8), '{"passed": true, "auc": 0.9}', None),
        ((REPORT["passed"].is_true) & (REPORT["auc"] >= 0.8), '{"passed": true, "auc": 0.7}', "QualityGateNotMet"),
        ((REPORT["passed"].is_true) & (REPORT["auc"] >= 0.8), '{"passed": true, "auc": true}', "QualityGateNoValue"),
    ],
)
def test_gate_obeys_a_verdict_that_is_one(condition, body, error):
    run = Rehearsed(lambda stack: QualityGate(stack, "Passed", condition)).run(
        answers={"Passed: Report": [{"Body": body}]}
    )

    assert run.error == error, run.cause


def test_gate_says_which_verdict_it_did_not_find():
    run = Rehearsed(lambda stack: QualityGate(stack, "Passed", REPORT["passed"].is_true)).run(
        answers={"Passed: Report": [{"Body": '{"pass": 1}'}]}
    )

    assert run.cause == "Passed: s3://data/report.json has neither true nor false at passed; its fields: pass"


@in_both_languages
def test_serverless_training_hands_on_the_package_that_it_registers(language):
    in_language = LANGUAGES[language]

    def make(stack):
        train = TrainingJob(
            stack,
            "Tune",
            serverless=ServerlessJobConfig(
                job_type="FineTuning",
                base_model_arn="arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/m/1.0.0",
            ),
            output="s3://data/models/",
            role=iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/Given"),
            query_language=in_language,
        )
        return train.next(
            CreateModel(stack, "Model", model_package=train.model_package_arn, query_language=in_language)
        )

    run = Rehearsed(make).run()
    assert run.succeeded, run.cause
    (model,) = [request for state, request in run.requests if state == "Model"]
    assert model["PrimaryContainer"]["ModelPackageName"].startswith(
        "arn:aws:sagemaker:us-east-1:123456789012:model-package/tune-"
    )


def test_other_training_has_no_package_to_hand_on(stack):
    train = TrainingJob(
        stack, "Train", image=IMAGE, instance_type="ml.m5.xlarge", inputs={"train": "s3://d/t/"}, output="s3://d/m/"
    )
    with pytest.raises(InvalidInputError, match="no model package is registered"):
        train.model_package_arn  # noqa: B018  (it is asked for)


@in_both_languages
@pytest.mark.parametrize("noun", DELETIONS)
def test_what_has_served_is_deleted_where_the_execution_has_no_input(noun, language):
    make, _ = DELETIONS[noun]
    stack = stack_of(lambda stack: make(stack, "Delete", name="churn", query_language=LANGUAGES[language]))

    with Rehearsal.of(stack) as rehearsal:
        run = rehearsal.start({})
    assert run.succeeded, run.cause
    assert run.output == {}
