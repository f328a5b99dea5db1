"""Overrides of the CDK's members: jsii is shown those alone, and all of them."""

from __future__ import annotations

from constructs_sm import TrainingJob, actions
from constructs_sm.task.jsii_overrides import _overriding
from constructs_sm.task.task import SageMakerTask

import pytest
from aws_cdk import aws_stepfunctions as sfn
from every_action import REQUESTS, every_job, job
from jsii._kernel import _get_overides

KINDS = [action.api for action in actions.ACTIONS]


def overrides(construct):
    return {(each.cookie, each.method, each.property) for each in _get_overides(type(construct), construct)}


@pytest.mark.parametrize("number", range(len(KINDS)), ids=KINDS)
def test_jsii_finds_the_overrides_of_the_whole_class_in_the_one_that_it_is_shown(stack, number):
    made = every_job(stack)[number]
    for construct in (made, made.task):
        whole, found = type(construct), overrides(construct)
        construct.__class__ = _overriding(whole)[1]
        shown = overrides(construct)
        construct.__class__ = whole
        assert shown == found != set()


def test_class_is_the_whole_one_again_once_the_construct_is_made(stack):
    made = job(stack, actions.TRAINING_JOB)
    assert type(made).__name__ == "TrainingJob"
    assert isinstance(made.task, SageMakerTask)


def test_cdk_calls_what_a_subclass_overrides(stack):
    class Delayed(TrainingJob):
        asked = 0

        @property
        def start_state(self):
            self.asked += 1
            return super().start_state

    delayed = Delayed(stack, "Train", parameters=REQUESTS["createTrainingJob"])
    before = delayed.asked
    sfn.Chain.start(delayed)
    assert delayed.asked > before
