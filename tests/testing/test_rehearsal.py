"""The rehearsal itself: what it tells, what it replaces and puts back, and where it runs."""

from __future__ import annotations

import json
import subprocess
import sys

from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing import (
    Failed,
    InvalidDefinitionError,
    Rehearsal,
    Throttled,
    resolved,
)

import pytest
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
    ends = {"Type": "Choice", "Choices": [{"Variable": "$.ends", "BooleanEquals": True, "Next": "Caught"}]}
    wait = {"Type": "Wait", "Seconds": 60, "Next": "Ends?"}

    run = rehearsed(machine(Again=wait, **{"Ends?": {**ends, "Default": "Again"}}), {"ends": False})

    assert (run.status, run.error, run.events) == ("FAILED", "States.Runtime", 25_000)
    assert "maximum number of history events (25000)" in (run.cause or "")


def test_defect_of_the_harness_is_not_taken_for_a_failed_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: object, **__: object) -> None:
        raise NotImplementedError("a defect")

    monkeypatch.setattr("constructs_sm.testing.world.role.decide", defect)
    policy = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]

    with Rehearsal(policy) as rehearsal, pytest.raises(NotImplementedError, match="a defect"):
        rehearsal.run(machine(Job=task("createModel", Catch=CATCH_ALL)))


def test_policy_that_iam_would_refuse_is_refused() -> None:
    condition = {"IpAdress": {"aws:SourceIp": "10.0.0.0/8"}}

    with pytest.raises(InvalidInputError, match="did you mean IpAddress"):
        Rehearsal([{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*", "Condition": condition}])


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


ONE_BY_ONE = machine(
    First=task(Parameters=named(UNIQUE), ResultPath="$.first", Next="Second"),
    Second=task(Parameters=named(UNIQUE), ResultPath="$.second"),
)


def test_redrive_goes_on_behind_what_had_succeeded() -> None:
    with Rehearsal() as rehearsal:
        rehearsal.script("Second", Failed("no data"))
        failed = rehearsal.run(ONE_BY_ONE)
        again = failed.redrive()

    assert (failed.status, again.status) == ("FAILED", "SUCCEEDED")
    assert (failed.states, again.states) == (["First", "Second"], ["First", "Second", "Second"])
    assert [state for state, _ in again.requests] == ["First", "Second", "Second"]
    assert (failed.seconds, again.seconds) == (120, 180)


def test_redrive_that_fails_can_be_redriven_once_more() -> None:
    with Rehearsal() as rehearsal:
        rehearsal.script("Second", Failed("once"), Failed("twice"))
        run = rehearsal.run(ONE_BY_ONE).redrive().redrive()

    assert [state for state, _ in run.requests] == ["First", "Second", "Second", "Second"]
    assert run.succeeded


def test_execution_that_succeeded_cannot_be_redriven() -> None:
    run = rehearsed(ONE_BY_ONE)

    with pytest.raises(ValueError, match="SUCCEEDED cannot be redriven"):
        run.redrive()


def test_machine_of_an_express_type_runs_as_one() -> None:
    waits = machine(Rest={"Type": "Wait", "Seconds": 301, "End": True})
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": json.dumps(waits)}}
    ended = {}
    for kind in ("STANDARD", "EXPRESS"):
        typed = {**resource, "Properties": {**resource["Properties"], "StateMachineType": kind}}
        with Rehearsal.of({"Resources": {"Machine": typed}}) as rehearsal:
            ended[kind] = rehearsal.start().status

    assert ended == {"STANDARD": "SUCCEEDED", "EXPRESS": "TIMED_OUT"}


def test_express_machine_that_waits_for_a_job_is_refused() -> None:
    properties = {"DefinitionString": json.dumps(machine(Job=task())), "StateMachineType": "EXPRESS"}
    template = {"Resources": {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}

    with pytest.raises(InvalidDefinitionError, match="state 'Job'"):
        Rehearsal.of(template)


def test_definition_is_refused_before_it_is_rehearsed_and_with_all_that_is_wrong() -> None:
    states = {"Job": task(Next="Nowhere"), "Lost": {"Type": "Succeed"}}

    with pytest.raises(InvalidDefinitionError) as refused:
        Rehearsal.of({"StartAt": "Job", "States": states})

    assert [violation.rule.id for violation in refused.value.violations] == ["asl-target", "asl-unreachable-state"]


def test_two_rehearsals_at_once_do_not_meet() -> None:
    with Rehearsal() as one, Rehearsal() as other:
        one.script("Job", Throttled())
        runs = [rehearsal.run(machine(Job=task(Retry=[THROTTLING]))) for rehearsal in (one, other)]

    assert [run.waits for run in runs] == [[2], []]


def test_rehearsal_warns_of_what_step_functions_takes_and_cannot_go_well() -> None:
    state = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $eval('1 + 1') %}", "End": True}

    with pytest.warns(UserWarning, match=r"state 'A'/Output: \$eval fails whenever it is reached.*\[asl-eval\]"):
        rehearsal = Rehearsal.of({"StartAt": "A", "States": {"A": state}})
    with rehearsal:
        assert rehearsal.start().error == "States.QueryEvaluationError"


def test_nothing_is_kept_of_a_run_outside_of_tests() -> None:
    program = """
import gc
from constructs_sm.testing import Rehearsal
with Rehearsal.of({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}) as rehearsal:
    run = rehearsal.start()
kind = type(run)
del run, rehearsal
gc.collect()
print(sum(isinstance(each, kind) for each in gc.get_objects()))
"""
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert ended.stdout == "0\n"
