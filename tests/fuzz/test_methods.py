"""Public methods with hostile arguments: refused in words, with the tree as it was, and right ones still work.

The methods come from the classes, the arguments from their signatures; a new one is tried without a word here.
"""

from __future__ import annotations

import inspect
from typing import NamedTuple

from constructs_sm import (
    FailureHandler,
    InvalidInputError,
    JobPipeline,
    ParallelJobs,
    PipelineStack,
    TrainingJob,
)

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from every_action import REQUESTS
from hostile import JUNK, NO_JSON, tried
from hypothesis import strategies as st
from strange import AROUND, STRANGE
from test_refused import ARGUMENTS_OF

VALUES = [*JUNK, *NO_JSON, Duration.seconds(5), Duration.millis(5), ["x"], sfn.JsonPath.DISCARD, ValueError]


def job_in(stack):
    return TrainingJob(stack, "Job", parameters=REQUESTS["createTrainingJob"])


def running(stack):
    pipeline = JobPipeline(stack, "Running")
    pipeline.run(TrainingJob(pipeline, "Run", parameters=REQUESTS["createTrainingJob"]))
    return pipeline


def one_of(made):
    return lambda stack: made(stack, "Subject", **ARGUMENTS_OF[made](stack))


SUBJECTS = {
    "stack": (PipelineStack, lambda stack: stack),
    "pipeline": (JobPipeline, lambda stack: JobPipeline(stack, "Waiting")),
    "running pipeline": (JobPipeline, running),
    "imported pipeline": (
        type(JobPipeline.from_state_machine_name(PipelineStack(App(), "Any"), "Any", "nightly")),
        lambda stack: JobPipeline.from_state_machine_name(stack, "Nightly", "nightly"),
    ),
    "job": (TrainingJob, job_in),
    **{made.__name__: (made, one_of(made)) for made in ARGUMENTS_OF if made not in (TrainingJob, JobPipeline)},
    "parallel": (ParallelJobs, one_of(ParallelJobs)),
    "failure handler": (FailureHandler, one_of(FailureHandler)),
}


def methods_of(made):
    """The public methods of a class that the library defines, with their parameters, and not those of the CDK."""
    for name in dir(made):
        method = inspect.getattr_static(made, name)
        if inspect.isfunction(method) and not name.startswith("_") and method.__module__.startswith("constructs_sm"):
            parameters = [one for one in inspect.signature(method).parameters.values() if one.name != "self"]
            if parameters:
                yield name, parameters


class Strange(NamedTuple):
    """A value that is made in the stack of the call."""

    name: str
    around: str


CALLS = sorted(
    (subject, method, parameter.name)
    for subject, (made, _) in SUBJECTS.items()
    for method, parameters in methods_of(made)
    for parameter in parameters
)
OPTIONS = ("statistic", "period", "interval", "errors", "dimensions_map", "comment", "nonsense")


def right(stack, parameter):
    """A value that the parameter takes."""
    return {
        "grantee": lambda: iam.Role(stack, "Grantee", assumed_by=iam.AccountRootPrincipal()),
        "handler": lambda: sfn.Pass(stack, "Handler"),
        "next": lambda: sfn.Pass(stack, "Next"),
        "definition": lambda: sfn.Pass(stack, "Definition"),
        "scope": lambda: stack,
        "construct_id": lambda: "Made",
        "schedule": lambda: Duration.days(1),
        "data": lambda: "s3://bucket/raw/",
    }.get(parameter.name, lambda: "x")()


def arguments_with(stack, parameters, wrong, value, option):
    """Positional and named arguments, of which one is *value*."""
    positional, named = [], {}
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional.append(value if parameter.name == wrong else "states:StartExecution")
        elif parameter.kind is parameter.VAR_KEYWORD:
            named.update({option: value} if parameter.name == wrong else {})
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named.update({parameter.name: value} if parameter.name == wrong else {})
        elif parameter.name == wrong:
            positional.append(value)
        elif parameter.default is parameter.empty:
            positional.append(right(stack, parameter))
        else:
            positional.append(parameter.default)
    return positional, named


def call(drawn):
    (subject, method, wrong), value, option = drawn
    stack = PipelineStack(App(), "Stack")
    made, make = SUBJECTS[subject]
    one = make(stack)
    if isinstance(value, Strange):
        value = AROUND[value.around](STRANGE[value.name](stack))
    positional, named = arguments_with(stack, dict(methods_of(made))[method], wrong, value, option)
    before = [child.node.path for child in stack.node.find_all()]
    try:
        getattr(one, method)(*positional, **named)
    except InvalidInputError as error:
        text = str(error)
        text.encode()
        assert " at 0x" not in text
        assert [child.node.path for child in stack.node.find_all()] == before
        if subject == "job":
            stack.run(one)
    except TypeError as error:
        assert wrong in {"options", "retrier", "parallel", "settings"}
        assert "unexpected keyword" in str(error)  # noqa: PT017


TRIES = st.tuples(st.sampled_from(CALLS), st.sampled_from(VALUES), st.sampled_from(OPTIONS))


STRANGE_TRIES = st.tuples(
    st.sampled_from(CALLS),
    st.builds(Strange, st.sampled_from(sorted(STRANGE)), st.sampled_from(sorted(AROUND))),
    st.sampled_from(OPTIONS),
)


def test_hostile_argument_of_a_method_is_refused_in_words_and_leaves_nothing():
    tried(120, TRIES, call)


def test_argument_of_another_library_class_or_app_is_refused_in_words_and_leaves_nothing():
    tried(120, STRANGE_TRIES, call)


@pytest.mark.fuzz
def test_every_method_refuses_values_of_others_in_many_more_tries():
    tried(4_000, STRANGE_TRIES, call)


@pytest.mark.fuzz
def test_every_method_refuses_in_words_in_many_more_tries():
    tried(4_000, TRIES, call)
