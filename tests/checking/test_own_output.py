"""What the library itself makes has no findings: every example and every blueprint, with its role."""

from __future__ import annotations

from constructs_sm.blueprints.described import BLUEPRINTS, CONTEXT_KEY, described_stack
from constructs_sm.checking.machine import check_machine
from constructs_sm.testing.source.machine import machine_of

import pytest
from aws_cdk import App
from every_blueprint import ARGUMENTS
from every_example import EXAMPLES, example

AT_RUN_TIME = "only its request says what dynamodb TransactWriteItems needs"


def told(stack):
    return [(one.rule.id, one.state, one.message) for one in check_machine(machine_of(stack))]


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_has_no_findings(name):
    found = told(example(name)["stack"])

    assert [one for one in found if one[0] != "grant-unknown"] == []
    assert {message for _, state, message in found if state.endswith(": Keep")} <= {AT_RUN_TIME}
    assert all(state.endswith(": Keep") for _, state, _ in found)


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_blueprint_has_no_findings(name):
    stack = described_stack(App(context={CONTEXT_KEY: {"blueprint": name, "arguments": ARGUMENTS[name]}}))

    assert told(stack) == []
