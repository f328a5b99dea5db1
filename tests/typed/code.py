"""Scripts of one's own wherever one may be, on this machine and in S3."""

from __future__ import annotations

from pathlib import Path

from constructs_sm import (
    ArtifactCheck,
    Container,
    CreateModel,
    S3Location,
    TrainingJob,
    TuningDefinition,
    TuningJob,
)

from aws_cdk import Size, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
HERE = Path(__file__)


def of_a_training(stack: Stack) -> TrainingJob:
    """One file, as a path."""
    return TrainingJob(
        stack,
        "Train",
        image=IMAGE,
        code=HERE,
        entry_point=HERE.name,
        hyperparameters={"release": "1.10", "gain": -1e-05},
        instance_type="ml.m5.xlarge",
        output="s3://data/models/",
    )


def of_a_search(stack: Stack) -> TuningJob:
    """A folder, as a string."""
    return TuningJob(
        stack,
        "Tune",
        objective="validation:auc",
        metric_definitions={"validation:auc": "auc=(.*)"},
        ranges={"depth": (1, 3), "release": ["1.10", "2.0"]},
        image=IMAGE,
        code=str(HERE.parent),
        entry_point=HERE.name,
        instance_type="ml.m5.xlarge",
        output="s3://data/models/",
    )


def of_definitions(stack: Stack) -> TuningJob:
    """An archive in S3."""
    definition = TuningDefinition(
        definition_name="own",
        objective="validation:auc",
        metric_definitions={"validation:auc": "auc=(.*)"},
        ranges={"depth": (1, 3)},
        image=IMAGE,
        code="s3://code/sourcedir.tar.gz",
        entry_point="train.py",
        instance_type="ml.m5.xlarge",
        output="s3://data/models/",
    )
    return TuningJob(stack, "Tune", definitions=[definition])


def of_a_model(stack: Stack) -> CreateModel:
    """An archive in a bucket, with its key."""
    code = S3Location.of_bucket(s3.Bucket(stack, "Bucket"), "sourcedir.tar.gz")
    return CreateModel(
        stack, "Model", image=IMAGE, model_data="s3://data/model.tar.gz", code=code, entry_point="serve.py"
    )


def of_containers(stack: Stack) -> CreateModel:
    """An asset of an archive."""
    asset = s3_assets.Asset(stack, "Asset", path=str(HERE.parent.parent / "data" / "sourcedir.tar.gz"))
    container = Container(image=IMAGE, model_data="s3://data/model.tar.gz", code=asset, entry_point="serve.py")
    return CreateModel(stack, "Model", containers=[container])


def checked(stack: Stack) -> ArtifactCheck:
    """The artifact of a training, and the least that it may be."""
    return ArtifactCheck(stack, "There", of_a_training(stack).model_artifacts, at_least=Size.kibibytes(10))


JOBS = (of_a_training, of_a_search, of_definitions, of_a_model, of_containers)
