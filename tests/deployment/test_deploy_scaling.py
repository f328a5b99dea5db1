"""The example with own code, a gate, an approval and an endpoint that scales: deployed, and run as deployed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from constructs_sm.testing import Metrics, Rehearsal

import pytest

from .deployed import Deployed, deployed_state_machine
from .emulator import ACCOUNT, REPOSITORY

if TYPE_CHECKING:
    from .emulator import Emulator

pytestmark = pytest.mark.deploy

EXAMPLE = REPOSITORY / "examples" / "serve_what_scales.py"
REGION = "eu-west-1"


@pytest.fixture(scope="module")
def scaled(aws: Emulator) -> Deployed:
    app = ["--app", f"{sys.executable} {EXAMPLE}"]
    aws.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", *app)
    aws.cdk("deploy", "--all", *app, "--require-approval", "never")
    return deployed_state_machine(aws, "Scaled", region=REGION)


def test_example_that_scales_succeeds_as_deployed_under_its_role(scaled: Deployed) -> None:
    with Rehearsal(scaled.policy, region=REGION) as rehearsal:
        rehearsal.script("Train", Metrics(loss=0.1))
        rehearsal.answer("Approve: Ask", {"Approved": True, "By": "Ada", "Comment": "better"})
        run = rehearsal.run(scaled.definition, {})

    assert run.succeeded, str(run)
