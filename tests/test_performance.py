"""What is the same on every machine: messages over the bridge, bytes and characters. The benchmark has the rest."""

from __future__ import annotations

import json
from dataclasses import dataclass

from constructs_sm import JobPipeline, TrainingJob
from constructs_sm.testing import state_machine_policy

import hand_written
import pytest
import with_constructs_sm
from aws_cdk import App, Stack
from aws_cdk.assertions import Template
from bridge import counted
from every_action import REQUESTS, every_job
from measure import sizes

TRAINING = REQUESTS["createTrainingJob"]


@dataclass(frozen=True)
class Growth:
    """What one job more takes: measured from 10 to 14, where all numbers have two digits."""

    messages: float
    definition_bytes: float
    policy_chars: float

    @classmethod
    def of(cls, build):
        (few, before), (more, after) = (cls.measured(build, jobs) for jobs in (10, 14))
        return cls(
            messages=(more - few) / 4,
            definition_bytes=(after["definition_bytes"] - before["definition_bytes"]) / 4,
            policy_chars=(after["policy_chars"] - before["policy_chars"]) / 4,
        )

    @staticmethod
    def measured(build, jobs):
        app = App()
        stack = Stack(app, "Jobs")
        with counted() as messages:
            build(stack, jobs)
            template = app.synth().get_stack_by_name("Jobs").template
        return messages.count, sizes(template)


@pytest.fixture(scope="module")
def ours():
    return Growth.of(with_constructs_sm.build)


@pytest.mark.parametrize("explained", [False, True], ids=["its own Fail", "explained"])
def test_guarded_job_takes_ten_messages(explained):
    """Task, retries, check, Fail and grants; no Size and no Duration, whose making and reading is a message each."""

    def build(stack, jobs):
        pipeline = JobPipeline(stack, "Pipeline", explain_failures=explained)
        first, *rest = [TrainingJob(pipeline, f"Train{number}", parameters=TRAINING) for number in range(jobs)]
        chain = first.next(rest[0])
        for job in rest[1:]:
            chain = chain.next(job)
        pipeline.run(chain)

    assert Growth.of(build).messages <= 10


def test_job_of_the_benchmark_takes_fourteen_messages_and_twenty_by_hand(ours):
    assert ours.messages <= 14
    assert Growth.of(hand_written.build).messages == 20


def test_policy_does_not_grow_with_the_jobs_of_a_pipeline(ours):
    assert ours.policy_chars == 0


def test_same_guards_by_hand_take_twice_the_messages_and_a_longer_definition(ours):
    by_hand = Growth.of(hand_written.build_same_guards)

    assert ours.messages < by_hand.messages / 2
    assert ours.definition_bytes < 0.94 * by_hand.definition_bytes


def test_five_hundred_jobs_fit_one_definition(ours):
    assert ours.definition_bytes * 500 < 1_048_576


def test_pipeline_of_every_job_needs_one_inline_policy(stack):
    pipeline = JobPipeline(stack, "Nightly")
    first, *rest = [job.prefix_states() for job in every_job(pipeline)]
    chain = first
    for job in rest:
        chain = chain.next(job)
    pipeline.run(chain)

    made = Template.from_stack(stack)
    made.resource_count_is("AWS::IAM::ManagedPolicy", 0)
    (inline,) = (
        policy["Properties"]["PolicyDocument"]
        for name, policy in made.find_resources("AWS::IAM::Policy").items()
        if name.startswith("NightlyStateMachineRole")
    )
    assert len(json.dumps(inline, separators=(",", ":"))) <= 10_240


def test_jobs_alone_in_somebody_s_machine_keep_their_own_names(stack, machine):
    machine(TrainingJob(stack, "One", parameters=TRAINING).next(TrainingJob(stack, "Two", parameters=TRAINING)))

    granted = [s["Resource"] for s in state_machine_policy(stack) if "sagemaker:CreateTrainingJob" in s["Action"]]
    assert [resource.rpartition("/")[2] for resource in granted] == ["one-*", "two-*"]
