"""Structures of a training request alone: access to its image, customization of a model, tracking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.requests.rendering import Structure

if TYPE_CHECKING:
    from constructs_sm.jobs.parts.fields import Flag

    from aws_cdk import aws_lambda as lambda_


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingImageConfig(Structure):
    """Access to an image in a private registry in a VPC.

    Attributes:
        training_repository_access_mode: `Vpc`, or `Platform` for ECR.
        credentials_provider: The Lambda function, or its ARN, that gives the registry's credentials.
    """

    training_repository_access_mode: str = "Vpc"
    credentials_provider: lambda_.IFunction | str | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "TrainingRepositoryAccessMode": self.training_repository_access_mode,
            "TrainingRepositoryAuthConfig": {"TrainingRepositoryCredentialsProviderArn": self.credentials_provider},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerlessJobConfig(Structure):
    """A training job that customizes or evaluates a model of a hub; SageMaker chooses algorithm and machines.

    Attributes:
        base_model_arn: The model in SageMaker's public hub.
        job_type: `FineTuning` or `Evaluation`.
        accept_eula: Of the model.
        customization_technique: `SFT`, `DPO`, `RLVR` or `RLAIF`.
        peft: `LORA`.
        evaluation_type: Needed to evaluate: `LLMAJEvaluation`, `CustomScorerEvaluation` or `BenchmarkEvaluation`.
        evaluator_arn: What gives reward or score.
        sequence_length: As `32K`.
    """

    base_model_arn: str
    job_type: str
    accept_eula: Flag | None = None
    customization_technique: str | None = None
    peft: str | None = None
    evaluation_type: str | None = None
    evaluator_arn: str | None = None
    sequence_length: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "BaseModelArn": self.base_model_arn,
            "JobType": self.job_type,
            "AcceptEula": self.accept_eula,
            "CustomizationTechnique": self.customization_technique,
            "Peft": self.peft,
            "EvaluationType": self.evaluation_type,
            "EvaluatorArn": self.evaluator_arn,
            "SequenceLength": self.sequence_length,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowConfig(Structure):
    """Place in MLflow where a job is tracked.

    Attributes:
        mlflow_resource_arn: A tracking server or an app of SageMaker.
        mlflow_experiment_name: The experiment.
        mlflow_run_name: The run.
    """

    mlflow_resource_arn: str
    mlflow_experiment_name: str | None = None
    mlflow_run_name: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "MlflowResourceArn": self.mlflow_resource_arn,
            "MlflowExperimentName": self.mlflow_experiment_name,
            "MlflowRunName": self.mlflow_run_name,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPackageConfig(Structure):
    """The model packages that a serverless job makes and starts from.

    Attributes:
        model_package_group_arn: The group that the model is put into.
        source_model_package_arn: The model to go on from, or to evaluate.
    """

    model_package_group_arn: str
    source_model_package_arn: str | None = None

    def to_request(self) -> dict[str, Any]:
        return {
            "ModelPackageGroupArn": self.model_package_group_arn,
            "SourceModelPackageArn": self.source_model_package_arn,
        }
