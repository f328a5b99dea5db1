"""Whatever SageMaker's model allows is accepted; whatever it forbids is refused, with the field's path.

Each drawn request is tried with every value in it changed, so a few hundred are many thousands.
`pytest --hypothesis-seed=7 tests/requests/test_generated_requests.py` draws ten times
as many, and others for each seed.
"""

from __future__ import annotations

from constructs_sm.actions import ACTIONS
from constructs_sm.requests import model_check

import generated_requests as generated
import pytest
from conftest import every_action
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

FAULTS = {
    *("missing", "unknown", "type", "enum", "pattern", "too long", "too short"),
    *("too many", "too few", "too small", "too big"),
}


@pytest.fixture
def draws(pytestconfig, monkeypatch):
    """Settings for that many draws, the same each time; ten times as many if a seed is given."""
    # Hypothesis also draws constants of the modules that happen to be loaded, which depend on what else is tested.
    monkeypatch.setattr(providers.HypothesisProvider, "_local_constants", providers.Constants())
    providers.CONSTANTS_CACHE.cache.clear()
    seeded = pytestconfig.getoption("--hypothesis-seed") is not None
    return lambda number: settings(
        max_examples=number * 10 if seeded else number,
        derandomize=not seeded,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@every_action
def test_generated_request_and_each_of_its_neighbours_are_accepted(action, draws):
    tried, seen = 0, set()

    @draws(200)
    @given(generated.valid(action.operation))
    def accepted(request):
        nonlocal tried
        seen.update(request)
        for neighbour in (request, *generated.neighbours(request, action.operation)):
            tried += 1
            assert model_check.problems(action, neighbour) == []

    accepted()
    assert tried > 1000
    assert seen == set(generated.shape_of(action.operation).members)


@pytest.mark.large
@every_action
def test_thousand_generated_requests_break_no_rule(action, draws):
    tried = 0

    @draws(1000)
    @given(generated.valid(action.operation))
    def accepted(request):
        nonlocal tried
        tried += 1
        assert model_check.problems(action, request) == []

    accepted()
    # Hypothesis stops before where there are no others, as of requests of two fields.
    assert tried >= 1000 or action.noun == "Endpoint"


@every_action
def test_generated_request_with_one_fault_is_refused_and_names_the_path(action, draws):
    tried = 0

    @draws(25)
    @given(generated.valid(action.operation))
    def refused(request):
        nonlocal tried
        for fault in generated.faults(request, action.operation):
            tried += 1
            found = [problem.what for problem in model_check.problems(action, fault.request)]
            assert any(what.startswith(f"{fault.path} ") for what in found), (fault, found)

    refused()
    assert tried > 1000


def test_every_kind_of_fault_is_generated(draws):
    kinds = set()

    @draws(20)
    @given(st.data())
    def collect(data):
        for action in ACTIONS:
            request = data.draw(generated.valid(action.operation))
            kinds.update(fault.kind for fault in generated.faults(request, action.operation))

    collect()
    assert kinds == FAULTS


@every_action
def test_generated_request_with_any_value_known_later_is_accepted(action, draws):
    @draws(20)
    @given(generated.valid(action.operation))
    def accepted(request):
        for later in generated.late(request, action.operation):
            assert model_check.problems(action, later) == [], later

    accepted()
