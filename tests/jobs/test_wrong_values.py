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


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: type(wrong).__name__)
@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.__name__)
def test_wrong_value_is_refused_in_words_or_taken(stack, job, wrong):
    # Not of the class: jsii's metaclass hides the signature.
    own = [name for name in inspect.signature(job.__init__).parameters if name not in OF_THE_CLASS]
    refused = 0
    for argument in dict.fromkeys((*own, *TaskArguments.__annotations__, "output_check")):
        try:
            job(stack, "Job", **{argument: wrong})
        except InvalidInputError as error:
            assert error.problems, argument
            assert " at 0x" not in str(error), argument
            assert stack.node.try_find_child("Job") is None, argument
            refused += 1
        else:
            stack.node.try_remove_child("Job")

    assert refused > len(own) // 2
