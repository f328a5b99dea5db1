"""Inputs of every kind, and a guard of them."""

from __future__ import annotations

from constructs_sm import Input, InputGuard

from aws_cdk import Stack
from aws_cdk import aws_stepfunctions as sfn

JSONATA = sfn.QueryLanguage.JSONATA

INPUTS = {
    "dataset": Input.string(
        pattern="s3://.+",
        min_length=6,
        max_length=1024,
        default="s3://data/train/",
        description="where the rows are",
    ),
    "size": Input.string(choices=["small", "large"]),
    "rounds": Input.integer(minimum=1, maximum=500, default=100, description="of boosting"),
    "depth": Input.integer(choices=(3, 6, 9)),
    "rate": Input.number(minimum=0, maximum=0.5, default=0.1, description="of learning"),
    "share": Input.number(choices=[0.5, 1], default=1),
    "early": Input.boolean(default=False, description="whether to stop early"),
    "months": Input.array(
        of=Input.string(pattern="[0-9]{4}-[0-9]{2}"),
        min_items=1,
        max_items=12,
        default=["2024-01"],
        description="one training job each",
    ),
    "parts": Input.array(Input.integer(0), default=[0, 1]),
    "notes": Input.anything(default={"by": "nobody"}, description="for whoever reads the log"),
}


def guard(stack: Stack) -> sfn.Chain:
    """What is checked before anything runs."""
    checked = InputGuard(stack, "CheckInput", inputs=INPUTS, others_allowed=True)
    dataset: str = checked["dataset"]
    rounds: str = checked.value("rounds", query_language=JSONATA)
    return checked.next(
        sfn.Pass(stack, "Go", comment=checked.description, parameters={"dataset": dataset, "rounds": rounds})
    )
