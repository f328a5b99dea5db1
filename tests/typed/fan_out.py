"""Maps over lists of every kind, with every argument there is."""

from __future__ import annotations

from constructs_sm import CreateModel, FanOut, JobOutput, S3Items, TrainingJob

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"


def _training(stack: Stack, name: str) -> TrainingJob:
    return TrainingJob(
        stack,
        name,
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": "$.item"},
        output="s3://data/models/",
    )


def of_the_input(stack: Stack) -> sfn.Chain:
    """A list that the execution is started with."""
    first = CreateModel(stack, "First", image=IMAGE)
    each = FanOut(
        stack,
        "Each",
        each=_training(stack, "Train"),
        items="$.datasets",
        max_concurrency=5,
        distributed=False,
        item_selector={"model": first.output_field("ModelArn"), "threshold": "$.threshold", "depth": 6},
        query_language=sfn.QueryLanguage.JSON_PATH,
        comment="One a data set",
    )
    left: JobOutput = each.results
    return first.next(each).next(sfn.Pass(stack, "Go", parameters={"left": sfn.JsonPath.list_at(left)}))


def of_s3(stack: Stack) -> FanOut:
    """A list in S3, of which some items may fail."""
    return FanOut(
        stack,
        "Each",
        _training(stack, "Train"),
        items=S3Items.csv(place="s3://data/rows.csv", headers=["dataset", "rows"], delimiter="|"),
        tolerated_failure_count=3,
        tolerated_failure_percentage=12.5,
        results="s3://data/results/",
        max_items=1000,
    )


def of_every_list(stack: Stack) -> list[FanOut]:
    """What a list can be."""
    lists: dict[str, list[str] | S3Items] = {
        "Literal": ["s3://data/north/", "s3://data/south/"],
        "Array": S3Items.json(place="s3://data/datasets.json"),
        "Lines": S3Items.json_lines(place="s3://data/datasets.jsonl"),
        "Inventory": S3Items.manifest(place="s3://data/inventory/manifest.json"),
        "Objects": S3Items.objects(prefix=s3.Bucket(stack, "Data")),
    }
    return [FanOut(stack, name, _training(stack, f"Train {name}"), items=items) for name, items in lists.items()]
