"""The end of all that has served, with every argument there is."""

from __future__ import annotations

from constructs_sm import (
    CreateModel,
    DeleteEndpoint,
    DeleteEndpointConfig,
    DeleteInferenceComponent,
    DeleteModel,
    Deletion,
    RetryPolicy,
)

from aws_cdk import Stack
from aws_cdk import aws_stepfunctions as sfn

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
PATIENT = RetryPolicy(errors=["SageMaker.SageMakerException"])
IMPATIENT = RetryPolicy.from_state(retrier={"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1})


def of_an_endpoint(stack: Stack) -> sfn.Chain:
    """All that an endpoint is made of, in order."""
    language = sfn.QueryLanguage.JSONATA
    component = DeleteInferenceComponent(
        stack, "Component", name="churn", must_exist=False, retry=[PATIENT], query_language=language
    )
    endpoint = DeleteEndpoint(
        stack, "Endpoint", name="churn", must_exist=True, retry=[PATIENT], query_language=language
    )
    config = DeleteEndpointConfig(
        stack,
        "Config",
        name="{% $states.input.config %}",
        must_exist=True,
        retry=(PATIENT, IMPATIENT),
        query_language=language,
    )
    model = DeleteModel(stack, "Model", name="churn", must_exist=True, retry=[PATIENT], query_language=language)
    every: list[Deletion] = [config, model]
    return sfn.Chain.start(component).next(endpoint).next(every[0]).next(every[1])


def of_a_model_made_before(stack: Stack) -> sfn.Chain:
    """A name that is known later."""
    model = CreateModel(stack, "Model", image=IMAGE)
    return model.next(DeleteModel(stack, "Delete", name=model.model_name))
