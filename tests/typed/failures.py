"""Handlers of failures, with every argument there is."""

from __future__ import annotations

from constructs_sm import CreateModel, FailureHandler

from aws_cdk import Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"


def told(stack: Stack) -> CreateModel:
    """Somebody is told, and something else is done; what is caught keeps its type."""
    topic = sns.Topic(stack, "Topic")
    handler = FailureHandler(stack, "JobFailed", topic=topic, notify=sfn.Pass(stack, "Clean"))
    return handler.catch(CreateModel(stack, "Model", image=IMAGE))


def chained(stack: Stack) -> sfn.Chain:
    """Nobody is told."""
    chain = CreateModel(stack, "First", image=IMAGE).next(CreateModel(stack, "Second", image=IMAGE))
    return FailureHandler(stack, "JobFailed").catch(chain)
