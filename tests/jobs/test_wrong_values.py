"""Values of the wrong kind, in every argument of every job: refused with its path, never an error of Python's."""

from __future__ import annotations

import inspect
import math

from constructs_sm import (
    CreateEndpoint,
    CreateEndpointConfig,
    CreateModel,
    CreateModelPackage,
    InvalidInputError,
    LabelingJob,
    ProcessingJob,
    TrainingJob,
    TransformJob,
    TuningJob,
    UpdateEndpoint,
)
from constructs_sm.task.arguments import TaskArguments

import pytest

JOBS = [
    *(CreateEndpoint, CreateEndpointConfig, CreateModel, CreateModelPackage, LabelingJob),
    *(ProcessingJob, TrainingJob, TransformJob, TuningJob, UpdateEndpoint),
]
WRONG = [5, True, math.nan, "x", b"x", [5], {1, 2}, {5: math.inf}, object()]
OF_THE_CLASS = {"self", "scope", "construct_id", "arguments"}


def refusal(job, stack, argument, wrong):
    try:
        job(stack, "Job", **{argument: wrong})
    except InvalidInputError as error:
        return error
    stack.node.try_remove_child("Job")
    return None


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: type(wrong).__name__)
@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.__name__)
def test_wrong_value_is_refused_in_words_or_taken(stack, job, wrong):
    # Not of the class: jsii's metaclass hides the signature.
    own = [name for name in inspect.signature(job.__init__).parameters if name not in OF_THE_CLASS]
    arguments = dict.fromkeys((*own, *TaskArguments.__annotations__, "output_check"))
    refused = {argument: refusal(job, stack, argument, wrong) for argument in arguments}

    assert stack.node.try_find_child("Job") is None
    said = [str(error) for error in refused.values() if error is not None]
    assert len(said) > len(own) // 2
    assert [text for text in said if " at 0x" in text] == []
