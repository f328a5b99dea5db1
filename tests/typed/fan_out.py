"""Maps over lists of every kind, with every argument there is."""

from __future__ import annotations

from constructs_sm import CreateModel, FanOut, ItemBatcher, JobOutput, RawState, S3Items, TrainingJob, WriterConfig

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"


def _training(stack: Stack, name: str, data: str = "$.item") -> TrainingJob:
    return TrainingJob(
        stack,
        name,
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        inputs={"train": data},
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
        "Array Inside": S3Items.json(place="s3://data/all.json", pointer="/datasets/new"),
        "Lines": S3Items.json_lines(place="s3://data/datasets.jsonl"),
        "Inventory": S3Items.manifest(place="s3://data/inventory/manifest.json"),
        "Objects": S3Items.objects(prefix=s3.Bucket(stack, "Data")),
        "Rows": S3Items.objects(prefix="s3://data/rows/", load="CSV", headers=["dataset", "rows"], delimiter=";"),
        "Columns": S3Items.parquet(place="s3://data/datasets.parquet"),
        "Query": S3Items.athena(
            manifest="s3://data/query-manifest.csv",
            data="s3://data/unloaded/",
            file_format="CSV",
            headers=["dataset"],
            delimiter="|",
        ),
    }
    return [FanOut(stack, name, _training(stack, f"Train {name}"), items=items) for name, items in lists.items()]


def of_an_object(stack: Stack) -> FanOut:
    """The fields of an object, one run each."""
    return FanOut(stack, "Each", _training(stack, "Train", "$.item.data"), items="$.datasets", by_key=True)


def in_batches(stack: Stack) -> list[FanOut]:
    """Several items a run, and results as they are wanted."""
    return [
        FanOut(
            stack,
            "Batches",
            _training(stack, "Train", "$.items[0].item"),
            items="$.datasets",
            batches=ItemBatcher(max_items="$.most", max_bytes=100_000),
            results="s3://data/results/",
            writer_config=WriterConfig(transformation="FLATTEN", output_type="JSONL"),
        ),
        FanOut(
            stack,
            "Pairs",
            _training(stack, "Train Pair", "$.items[0].item"),
            items="$.datasets",
            batches=ItemBatcher(max_items=2, max_bytes="$.largest"),
        ),
    ]


def as_it_is_written(stack: Stack) -> RawState:
    """States in which, and after which, others stand."""
    each = RawState(stack, "Each", state_json={"Type": "Map", "ItemProcessor": {}}, state_name="each/item")
    each.item_processor(_training(stack, "Train as written"))
    both = RawState(stack, "Both", state_json={"Type": "Parallel"}).branch(_training(stack, "Train beside"))
    each.next(both)
    return each.leads_to(both)
