"""What is too much, too long or too deep: it ends as on AWS, or is given up, and leaves nothing behind."""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from constructs_sm.interpreter.execution import Execution
from constructs_sm.interpreter.machines import Machine

import pytest
from played import Played, failing, in_order, ran, task

SLOW = {"t": "a" * 40 + "b"}
LOOP = {
    "StartAt": "Turn",
    "States": {
        "Turn": {"Type": "Pass", "Next": "Again?"},
        "Again?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.go", "IsPresent": True, "Next": "Turn"}],
            "Default": "End",
        },
        "End": {"Type": "Succeed"},
    },
}


def each(processor, mode="INLINE", **fields):
    config = {"Mode": mode, **({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})}
    return in_order(("Each", {"Type": "Map", "ItemProcessor": {"ProcessorConfig": config, **processor}, **fields}))


def within(levels):
    """A Pass within so many Parallels."""
    made = in_order(("Innermost", {"Type": "Pass"}))
    for level in range(levels):
        made = in_order((f"Level{level}", {"Type": "Parallel", "Branches": [made]}))
    return made


def test_slow_regular_expression_of_jsonata_is_given_up():
    machine = {
        "QueryLanguage": "JSONata",
        **in_order(("A", {"Type": "Pass", "Output": "{% $match($states.input.t, /^(a+)+$/) %}"})),
    }
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        Execution(Machine.of(machine), SLOW, Played()).run(timeout_seconds=0.5)

    assert time.monotonic() - began < 5


def test_slow_regular_expression_of_a_filter_is_given_up():
    machine = in_order(("A", {"Type": "Pass", "Parameters": {"x.$": "$.l[?(@.t =~ /(a|aa)+/)]"}}))
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        Execution(Machine.of(machine), {"l": [{"t": "a" * 60 + "b"}]}, Played()).run(timeout_seconds=0.5)

    assert time.monotonic() - began < 5


def test_loop_without_an_end_fills_the_history():
    run = ran(LOOP, {"go": True})

    assert (run.status, run.error, run.history.events) == ("FAILED", "States.Runtime", 25_000)


def test_map_that_fills_the_history_fails_and_nothing_catches_it():
    machine = in_order(
        (
            "M",
            {
                "Type": "Map",
                "ItemProcessor": in_order(("A", {"Type": "Pass"})),
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}],
            },
        ),
        ("C", {"Type": "Pass"}),
    )
    run = ran(machine, list(range(10_000)))

    assert (run.status, run.error, run.history.states[-1]) == ("FAILED", "States.Runtime", "A")


def test_map_of_ten_thousand_items_hands_on_all_of_them():
    machine = each(in_order(("A", {"Type": "Pass"}), ("B", {"Type": "Pass"}), ("C", {"Type": "Pass"})), "DISTRIBUTED")

    assert ran(machine, list(range(10_000))).output == list(range(10_000))


def test_fifty_executions_in_eight_threads_end_rightly_and_leave_nothing():
    items = each(in_order(("A", {"Type": "Pass"}), ("B", {"Type": "Pass"})), "DISTRIBUTED")
    cases = [
        (Machine.of(items), list(range(1_000)), "SUCCEEDED"),
        (Machine.of(LOOP), {"go": True}, "FAILED"),
        (Machine.of(within(150)), {}, "SUCCEEDED"),
        (Machine.of(in_order(("A", task()))), {}, "SUCCEEDED"),
        (Machine.of(in_order(("A", task()))), {}, "FAILED"),
    ]

    def run(number):
        machine, given, status = cases[number % 5]
        answer = {"A": [failing("E")]} if status == "FAILED" else {}
        execution = Execution(machine, given, Played(answer))
        execution.run()
        return execution.status, execution.output == given if number % 5 == 0 else True

    def objects():
        gc.collect()
        return len(gc.get_objects())

    [run(number) for number in range(5)]  # what is loaded once
    before, threads = objects(), threading.active_count()
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(run, range(50)))

    assert ended == [(cases[number % 5][2], True) for number in range(50)]
    assert threading.active_count() == threads
    assert objects() - before < 1_000
