"""The rehearsal itself: what it tells, what it replaces and puts back, and where it runs."""

from __future__ import annotations

from typing import Any

from constructs_sm.testing import (
    Rehearsal,
    Throttled,
    resolved,
)
from constructs_sm.testing.interpreter import Interpreter, InvalidDefinitionError

import boto3
import pytest
import requests
from machines import (
    CATCH_ALL,
    REQUESTS,
    THROTTLING,
    UNIQUE,
    machine,
    named,
    rehearsed,
    task,
)


def test_run_tells_what_the_execution_did() -> None:
    run = rehearsed(machine(Job=task(ResultPath="$.job", Next="After"), After={"Type": "Succeed"}), {"id": "x"})

    assert (run.status, run.error, run.states) == ("SUCCEEDED", None, ["Job", "After"])
    assert run.output["id"] == "x"
    assert run.output["job"]["ProcessingJobStatus"] == "Completed"
    assert run.requests == [("Job", REQUESTS["createProcessingJob"])]


def test_run_keeps_to_its_own_part_of_the_rehearsal() -> None:
    with Rehearsal() as rehearsal:
        rehearsal.script("Job", Throttled())
        first = rehearsal.run(machine(Job=task(Parameters=named(UNIQUE), Retry=[THROTTLING])))
        second = rehearsal.run(machine(Job=task(Parameters=named(UNIQUE), Retry=[THROTTLING])))

    assert (first.waits, len(first.requests)) == ([2], 2)
    assert (second.waits, len(second.requests)) == ([], 1)


def test_definition_that_is_not_amazon_states_language_is_refused() -> None:
    with pytest.raises(InvalidDefinitionError):
        rehearsed({"StartAt": "Job", "States": {"Job": {"Type": "Tusk"}}})


@pytest.mark.parametrize("api", ["createModel.sync", "createTrainingJob.waitForTaskToken", "createTriningJob"])
def test_integration_that_step_functions_does_not_offer_is_refused(api: str) -> None:
    with pytest.raises(InvalidDefinitionError, match=api):
        rehearsed(machine(Job={"Type": "Task", "Resource": f"arn:aws:states:::sagemaker:{api}", "End": True}))


def test_execution_that_does_not_end_fails_when_its_history_is_full() -> None:
    run = rehearsed(machine(Again={"Type": "Wait", "Seconds": 60, "Next": "Again"}))

    assert (run.status, run.error, run.events) == ("FAILED", "States.Runtime", 25_000)
    assert "maximum number of history events (25000)" in (run.cause or "")


def test_defect_of_the_harness_is_not_taken_for_a_failed_execution() -> None:
    condition = {"IpAddress": {"sagemaker:TaggingAction": "10.0.0.0/8"}}
    unevaluated = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*", "Condition": condition}

    policy = [{"Effect": "Allow", "Action": "*", "Resource": "*"}, unevaluated]

    with Rehearsal(policy) as rehearsal, pytest.raises(NotImplementedError, match="IpAddress"):
        rehearsal.run(machine(Job=task("createModel", Catch=CATCH_ALL)))


def _replaced_names() -> list[tuple[Any, str]]:
    return [(owner, name) for owner, name, _ in Interpreter(lambda _: {}).replacements()]


def test_leaving_a_rehearsal_restores_moto() -> None:
    before = [getattr(owner, name) for owner, name in _replaced_names()]
    with Rehearsal():
        during = [getattr(owner, name) for owner, name in _replaced_names()]

    assert [getattr(owner, name) for owner, name in _replaced_names()] == before
    assert all(replaced is not original for replaced, original in zip(during, before, strict=True))


@pytest.mark.parametrize(("owner", "name"), _replaced_names(), ids=lambda value: getattr(value, "__name__", value))
def test_name_that_moto_has_moved_fails_and_is_named(owner: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(owner, name)

    with pytest.raises(ImportError, match=rf"{name} of moto 5\.2\.5"), Rehearsal():
        pass


def test_service_may_be_left_to_moto() -> None:
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    with Rehearsal(moto=["sqs"]) as rehearsal:
        queue = boto3.client("sqs", "us-east-1").create_queue(QueueName="done")["QueueUrl"]
        run = rehearsal.run(machine(Send={**send, "Parameters": {"QueueUrl": queue, "MessageBody": "done"}}))

    assert run.output["MD5OfMessageBody"]


def test_references_are_resolved_alike_in_definition_and_policy() -> None:
    arn = "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:model/${Name}"

    assert resolved({"arn": arn, "role": "${Role.Arn}"}, {"Name": "m"}, region="eu-west-1") == {
        "arn": "arn:aws:sagemaker:eu-west-1:123456789012:model/m",
        "role": "arn:aws:iam::123456789012:role/Role",
    }


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_other_partitions(region: str, partition: str) -> None:
    with Rehearsal(region=region, account="210987654321") as rehearsal:
        output = rehearsal.run(machine(Job=task("createModel"))).output

    assert output == {"ModelArn": f"arn:{partition}:sagemaker:{region}:210987654321:model/nightly"}


@pytest.mark.parametrize("start", ["first", "next"])
def test_every_rehearsal_has_an_empty_account_and_answers_every_client(start: str) -> None:
    with Rehearsal():
        client = boto3.client("s3", "us-east-1")
        assert client.list_buckets()["Buckets"] == []
        client.create_bucket(Bucket="data")
        listed = requests.get("https://s3.us-east-1.amazonaws.com/", timeout=1)

    assert (listed.status_code, "<Name>data</Name>" in listed.text) == (200, True)
