"""Blueprints from a cdk.json alone, deployed by the real cdk CLI and run as deployed and under the role as deployed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from constructs_sm.blueprints.described import BLUEPRINTS, CONTEXT_KEY
from constructs_sm.testing import (
    Always,
    EndpointStatus,
    Failed,
    LimitExceeded,
    Metrics,
    Rehearsal,
    Run,
    Step,
    Stopped,
    Throttled,
)

import pytest
from every_blueprint import ARGUMENTS, GOOD

from .deployed import Deployed, deployed_state_machine

if TYPE_CHECKING:
    from .emulator import Emulator

pytestmark = pytest.mark.deploy


@pytest.fixture(scope="module", params=list(BLUEPRINTS))
def blueprint(
    request: pytest.FixtureRequest, bootstrapped: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Deployed:
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    described = {"blueprint": name, "region": "us-east-1", "arguments": ARGUMENTS[name]}
    settings = {
        "app": f"{sys.executable} -m constructs_sm.blueprints",
        "context": {CONTEXT_KEY: described, "constructs_sm": {"removal_policy": "destroy"}},
    }
    (folder / "cdk.json").write_text(json.dumps(settings))
    bootstrapped.cdk("deploy", "--all", "--require-approval", "never", directory=folder)
    return deployed_state_machine(bootstrapped, name)


def rehearsed(blueprint: Deployed, script: dict[str, Step | Always], *, runs: int = 1) -> Run:
    states: dict[str, Any] = blueprint.definition["States"]
    good: dict[str, Step | Always] = {"Train": Always(GOOD)} if "Train" in states else {}
    with Rehearsal(blueprint.policy) as rehearsal:
        for state, step in (good | script).items():
            rehearsal.script(state, step)
        for _ in range(runs):
            run = rehearsal.run(blueprint.definition, {})
    return run


@pytest.mark.parametrize("runs", [1, 2], ids=["once", "twice"])
def test_deployed_blueprint_succeeds_under_its_role(blueprint: Deployed, runs: int) -> None:
    run = rehearsed(blueprint, {}, runs=runs)

    assert run.succeeded, str(run)


@pytest.mark.parametrize("step", [Failed("no rows"), Stopped(), Always(Throttled()), Always(LimitExceeded())], ids=str)
def test_deployed_blueprint_may_do_all_it_needs_to_fail(blueprint: Deployed, step: Step | Always) -> None:
    for job in blueprint.jobs:
        run = rehearsed(blueprint, {job: step})

        assert run.status == "FAILED"
        assert job in (run.cause or "")
        assert "not authorized" not in str(run)


def test_deployed_blueprint_ends_at_its_gate_and_at_a_failing_endpoint(blueprint: Deployed) -> None:
    if "Deploy: Describe" not in blueprint.definition["States"]:
        pytest.skip("it deploys nothing")
    (first, *_) = blueprint.jobs
    bad = rehearsed(blueprint, {first: Metrics(**{"validation:auc": 0.1})})
    failing = rehearsed(blueprint, {"Deploy: Describe": EndpointStatus("Failed", "no capacity")})

    assert (bad.status, bad.error) == ("FAILED", "QualityGateNotMet")
    assert failing.status == "FAILED"
    assert "no capacity" in (failing.cause or "")
    assert "not authorized" not in f"{bad}{failing}"
