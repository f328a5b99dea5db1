"""A pipeline that reuses results, deployed by the real cdk CLI, and run twice by the emulator with its own table.

The emulator has no SageMaker: what its jobs come to is said beforehand, and that they fail where they must not run.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from .emulator import ACCOUNT, REGION, REPOSITORY, Emulator, emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.deploy

MACHINE = "reusing"
JOBS = ("Prepare", "Profile", "Train", "Evaluate", "Score")
_SECONDS = 60


def ended(noun: str, **more: Any) -> dict[str, Any]:
    """What Step Functions hands on of a job."""
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:job/one"
    return {f"{noun}Name": "one", f"{noun}Arn": arn, f"{noun}Status": "Completed", **more}


ANSWERS = {
    "Prepare": ended("ProcessingJob"),
    "Profile": ended("ProcessingJob"),
    "Train": ended("TrainingJob", ModelArtifacts={"S3ModelArtifacts": "s3://models/one/output/model.tar.gz"}),
    "Evaluate": ended("ProcessingJob"),
    "Model": {"ModelArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/one"},
    "Score": ended("TransformJob"),
}
MUST_NOT_RUN = {"0": {"Throw": {"Error": "Ran", "Cause": "it must not run"}}}
PLAYED = {
    "StateMachines": {
        MACHINE: {
            "TestCases": {
                "Runs": {state: f"{state}Ends" for state in ANSWERS},
                "IsReused": {state: "MustNotRun" if state in JOBS else f"{state}Ends" for state in ANSWERS},
            }
        }
    },
    "MockedResponses": {
        "MustNotRun": MUST_NOT_RUN,
        **{f"{state}Ends": {"0": {"Return": answer}} for state, answer in ANSWERS.items()},
    },
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The example, deployed with an emulator of its own."""
    folder = tmp_path_factory.mktemp("reuse")
    played = folder / "played.json"
    played.write_text(json.dumps(PLAYED))
    settings = {"state_machine_name": MACHINE, "removal_policy": "destroy"}
    app = f"{sys.executable} {REPOSITORY / 'examples' / 'reuse_results.py'}"
    (folder / "cdk.json").write_text(json.dumps({"app": app, "context": {"constructs_sm": settings}}))
    with emulator(folder, SFN_MOCK_CONFIG=str(played)) as aws:
        aws.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")
        aws.cdk("deploy", "--all", "--require-approval", "never")
        yield Machine(aws)


class Machine:
    """The deployed state machine."""

    def __init__(self, aws: Emulator) -> None:
        self._states = aws.client("stepfunctions")
        self.table = aws.client("dynamodb")

    def run(self, case: str, given: Any = None) -> dict[str, Any]:
        """An execution, from its end."""
        arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{MACHINE}#{case}"
        started = self._states.start_execution(stateMachineArn=arn, input=json.dumps(given or {}))
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            found: dict[str, Any] = self._states.describe_execution(executionArn=started["executionArn"])
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.1)
        raise TimeoutError(started["executionArn"])


def test_second_run_is_without_a_job(machine: Machine) -> None:
    first, second = machine.run("Runs"), machine.run("IsReused")

    assert (first["status"], second["status"]) == ("SUCCEEDED", "SUCCEEDED"), second
    ran, reused = (json.loads(run["output"]) for run in (first, second))
    # On AWS it says why. The emulator sets no variable in the catcher of a JSONata state of a JSONPath machine.
    assert [job for job in JOBS if "From" in ran[job]["Reuse"] or "NotKept" in ran[job]["Reuse"]] == []
    assert {reused[job]["Reuse"]["From"] for job in JOBS} == {first["name"]}
    assert reused["Prepare"]["Written"] == ran["Prepare"]["Written"]
    (table,) = machine.table.list_tables()["TableNames"]
    items = machine.table.scan(TableName=table)["Items"]
    assert {item["Job"]["S"] for item in items} == {f"Reusing/{job}" for job in JOBS}


def test_part_is_run_with_the_results_of_the_rest(machine: Machine) -> None:
    machine.run("Runs")
    part = machine.run("IsReused", {"run": {"from": "Model"}})
    lost = machine.run("IsReused", {"run": {"from": "Train", "reuse_execution": "never"}})

    assert part["status"] == "SUCCEEDED", part
    assert (lost["status"], lost["error"]) == ("FAILED", "InvalidRun")
    assert "no result of Prepare is kept by the execution never" in lost["cause"]
