"""Rehearsals beside and within each other, in any order of opening and closing; and interrupts, which end all."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time

from constructs_sm.testing import Failed, Rehearsal

import pytest
from machines import REQUESTS, machine, task

pytest_plugins = ["pytester"]
ONE = machine(Job=task())
CALL = machine(
    Call={
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f"},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
        "End": True,
    }
)


@pytest.mark.parametrize("closed", list(itertools.permutations(range(3))))
def test_rehearsals_are_closed_in_any_order(closed):
    opened = [Rehearsal().__enter__() for _ in range(3)]
    opened[0].script("Job", Failed("of the first"))
    opened[2].script("Job", Failed("of the third"))

    runs = {}
    for number in closed:
        runs[number] = opened[number].run(ONE)
        opened[number].__exit__(None, None, None)

    assert [runs[number].succeeded for number in range(3)] == [False, True, False]
    assert "of the first" in runs[0].cause
    assert "of the third" in runs[2].cause


def test_rehearsal_within_an_answer_of_another_is_its_own():
    def inner(_request):
        with Rehearsal() as within:
            within.script("Job", Failed("of the inner"))
            return {"inner": within.run(ONE).status}

    both = machine(Call={key: value for key, value in CALL["States"]["Call"].items() if key != "End"}, Job=task())
    both["States"]["Call"]["Next"] = "Job"
    with Rehearsal() as around:
        around.answer("Call", inner)
        run = around.run(both)

    assert run.succeeded, run.cause
    assert run.calls == [("Call", "lambda:invoke", {"FunctionName": "f"})]
    assert run.requests == [("Job", REQUESTS["createProcessingJob"])]


SCOPES = """
from constructs_sm.testing import Failed, Rehearsal
import pytest

DEFINITION = {
    "StartAt": "Call",
    "States": {
        "Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True,
                 "Parameters": {"FunctionName": "f"}},
    },
}

def opened(scope):
    @pytest.fixture(scope=scope, name=scope)
    def fixture():
        with Rehearsal() as rehearsal:
            rehearsal.answer("Call", {"of": scope})
            yield rehearsal
    return fixture

of_session, of_module, of_function = map(opened, ("session", "module", "function"))

def told(rehearsal):
    return rehearsal.run(DEFINITION).output["of"]
"""


def test_fixtures_of_every_scope_are_independent(pytester):
    pytester.makeconftest("from scopes_of_rehearsals import of_function, of_module, of_session")
    pytester.makepyfile(
        scopes_of_rehearsals=SCOPES,
        test_one="""
from scopes_of_rehearsals import told

def test_all(function, module, session):
    assert [told(each) for each in (module, function, session, module)] == ["module", "function", "session", "module"]

def test_again(session, function):
    assert [told(session), told(function)] == ["session", "function"]
""",
        test_two="""
from scopes_of_rehearsals import told

def test_after_a_module_is_closed(session, module):
    assert [told(session), told(module)] == ["session", "module"]
""",
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=3)


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_interrupt_in_a_callable_of_the_script_ends_the_run_and_is_caught_by_no_state(raised):
    def interrupted(_request):
        raise raised

    with Rehearsal() as rehearsal:
        rehearsal.answer("Call", interrupted)
        with pytest.raises(raised):
            rehearsal.run(CALL)
        rehearsal.answer("Call", {"again": True})
        assert rehearsal.run(CALL).output == {"again": True}


TURNS = machine(
    Turn={
        "Type": "Choice",
        "Choices": [{"Variable": "$.ends", "IsPresent": True, "Next": "Caught"}],
        "Default": "Call",
    },
    Call={
        **{key: value for key, value in CALL["States"]["Call"].items() if key not in {"End", "Catch"}},
        "Next": "Turn",
    },
)
"""Calls that go on until the history is full."""
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no such signals")
@pytest.mark.parametrize(
    "ask", [lambda one: one.run(TURNS), Rehearsal.drill, Rehearsal.permissions], ids=["run", "drill", "permissions"]
)
def test_interrupt_by_a_signal_ends_all_that_runs(ask):
    threads = threading.active_count()

    def slow(_request):
        time.sleep(0.005)
        return {}

    # What runs in the background of a shell is started without it.
    interrupted = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    began = time.monotonic()
    try:
        with Rehearsal.of(TURNS, policy=EVERYTHING) as rehearsal:
            rehearsal.answer("Call", slow)
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(KeyboardInterrupt):
                ask(rehearsal)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.signal(signal.SIGINT, interrupted)

    assert time.monotonic() - began < 20
    assert threading.active_count() == threads
