"""The app, deployed by the real cdk CLI, run as deployed and under the role as deployed, and destroyed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.testing import (
    Failed,
    LimitExceeded,
    Rehearsal,
    Run,
    Step,
    Stopped,
    Throttled,
    TimedOut,
    grants,
    without,
)

import botocore.exceptions
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import App
    from .deployed import Deployed
    from .emulator import Emulator

pytestmark = pytest.mark.deploy

EXECUTION_INPUT: dict[str, Any] = {}
UNSEEN = ("logs:", "xray:")
"""Step Functions uses these for itself, so no rehearsal misses them."""


def rehearsed(deployed: Deployed, job: str | None = None, *steps: Step, policy: Any = None) -> Run:
    with Rehearsal(deployed.policy if policy is None else policy) as rehearsal:
        if job:
            rehearsal.script(job, *steps)
        return rehearsal.run(deployed.definition, EXECUTION_INPUT)


def test_deployed_machine_succeeds(deployed: Deployed) -> None:
    run = rehearsed(deployed)

    assert (run.status, run.waits) == ("SUCCEEDED", [])
    assert {state for state, _ in run.requests} >= set(deployed.jobs)


def test_throttling_is_outlasted(deployed: Deployed) -> None:
    for job in deployed.jobs:
        run = rehearsed(deployed, job, Throttled(), Throttled())

        assert run.status == "SUCCEEDED"
        # Jitter shortens each wait of 2 s, then 4 s, at random.
        assert [wait <= longest for wait, longest in zip(run.waits, [2, 4], strict=True)] == [True, True]
        assert len({str(request) for state, request in run.requests if state == job}) == 3


def test_failed_job_fails_the_execution(deployed: Deployed) -> None:
    for job in deployed.jobs:
        run = rehearsed(deployed, job, Failed("AlgorithmError: no data"))

        assert (run.status, run.waits) == ("FAILED", [])
        assert "AlgorithmError: no data" in (run.cause or "")


@pytest.mark.parametrize("raises", [False, True])
def test_stopped_job_fails_the_execution(deployed: Deployed, raises: bool) -> None:
    for job in deployed.jobs:
        run = rehearsed(deployed, job, Stopped(raises=raises))

        assert run.status == "FAILED"
        assert '"Stopped"' in (run.cause or "")


def test_exhausted_limit_fails_the_execution(deployed: Deployed) -> None:
    for job in deployed.jobs:
        run = rehearsed(deployed, job, *[LimitExceeded()] * 100)

        assert (run.status, run.error) == ("FAILED", "SageMaker.ResourceLimitExceededException")
        assert "ResourceLimitExceeded" in (run.cause or "")
        assert len(run.waits) == 20


def test_deployed_role_is_granted_nothing_in_vain(deployed: Deployed) -> None:
    granted = [grant for grant in grants(deployed.policy) if not grant.action.startswith(UNSEEN)]

    assert granted
    assert [str(grant) for grant in granted if suffices(deployed, without(deployed.policy, grant))] == []


def suffices(deployed: Deployed, policy: Any) -> bool:
    """Whether the machine succeeds under *policy*, and can stop every job that it gives up on, and tell why."""
    succeeds = rehearsed(deployed, policy=policy).status == "SUCCEEDED"
    failed = rehearsed(deployed, deployed.jobs[0], Failed("no data"), policy=policy)
    explains = (failed.states[-1], failed.waits) == ("JobFailed", [])
    return (
        succeeds
        and explains
        and not any(rehearsed(deployed, job, TimedOut(), policy=policy).left_running for job in deployed.jobs)
    )


def test_destroy_leaves_no_stack(deployed: Deployed, app_under_test: App, aws: Emulator, assembly: Path) -> None:
    aws.cdk("destroy", "--all", "--force", "--app", str(assembly))

    with pytest.raises(botocore.exceptions.ClientError, match="does not exist"):
        aws.client("cloudformation").describe_stacks(StackName=app_under_test.stack)
