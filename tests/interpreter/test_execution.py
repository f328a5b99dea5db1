"""Executions in virtual time: retries, catchers, timeouts, limits, and being alone in the world."""

from __future__ import annotations

import json
import threading
import time
import tracemalloc

from constructs_sm.interpreter.calls import Player, TaskError, Waiting
from constructs_sm.interpreter.execution import Execution, Setting
from constructs_sm.interpreter.history import MAX_EVENTS
from constructs_sm.interpreter.machines import Machine

import pytest
from played import LAMBDA, Played, execution, failing, in_order, ran, task

DONE = {"Type": "Pass", "End": True}


def test_retrier_waits_longer_each_time_and_at_most_as_long_as_it_may():
    retry = {"ErrorEquals": ["E"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 4, "MaxDelaySeconds": 20}
    played = Played({"A": [failing("E")] * 4 + [{"ok": 1}]})

    run = ran(in_order(("A", task(Retry=[retry]))), player=played)

    assert run.history.retry_waits == [2, 6, 18, 20]
    assert run.output == {"ok": 1}
    assert [call.attempt for call in played.calls] == [0, 1, 2, 3, 4]
    assert run.now == 46


def test_jitter_waits_between_nothing_and_the_whole_and_alike_with_one_seed():
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 100, "MaxAttempts": 5, "JitterStrategy": "FULL"}
    machine = in_order(("A", task(Retry=[retry])))

    first, second = (ran(machine, player=Played({"A": [failing("E")]})) for _ in range(2))

    assert first.history.retry_waits == second.history.retry_waits
    assert all(0 <= wait <= 100 * 2**number for number, wait in enumerate(first.history.retry_waits))
    assert len(set(first.history.retry_waits)) == 5


def test_each_retrier_counts_for_itself():
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1}, {"ErrorEquals": ["F"], "MaxAttempts": 1}]
    played = Played({"A": [failing("E"), failing("F"), failing("E"), {}]})

    run = ran(in_order(("A", task(Retry=retry))), player=played)

    assert (run.status, run.error, len(played.calls)) == ("FAILED", "E", 3)


@pytest.mark.parametrize(
    ("error", "listed", "caught"),
    [
        ("E", "E", True),
        ("E", "States.TaskFailed", True),
        ("E", "States.ALL", True),
        ("States.Timeout", "States.TaskFailed", False),
        ("States.Timeout", "States.ALL", True),
        ("States.Runtime", "States.ALL", False),
        ("States.DataLimitExceeded", "States.ALL", True),
        ("States.DataLimitExceeded", "States.TaskFailed", True),
        ("States.ItemReaderFailed", "States.TaskFailed", True),
        ("States.QueryEvaluationError", "States.TaskFailed", False),
        ("E", "F", False),
    ],
)
def test_catcher_is_for_what_it_names(error, listed, caught):
    catch = [{"ErrorEquals": [listed], "Next": "Z"}]

    run = ran(in_order(("A", task(Catch=catch)), ("Z", DONE)), player=Played({"A": [failing(error)]}))

    assert run.status == ("SUCCEEDED" if caught else "FAILED")
    assert run.output == ({"Error": error, "Cause": "why"} if caught else None)


def test_catcher_keeps_the_input_beside_the_error_without_changing_what_was_given():
    given = {"a": {"b": 1}}
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.a.e", "Next": "Z"}]

    run = ran(in_order(("A", task(Catch=catch)), ("Z", DONE)), given, Played({"A": [failing("E", "c")]}))

    assert run.output == {"a": {"b": 1, "e": {"Error": "E", "Cause": "c"}}}
    assert given == {"a": {"b": 1}}


def test_task_takes_the_time_that_its_player_says():
    played = Played({"A": [Waiting(90, {"done": True})]})

    run = ran(in_order(("A", task()), ("W", {"Type": "Wait", "Seconds": 10})), player=played)

    assert (run.output, run.now) == ({"done": True}, 100)
    assert played.given_up == []


def test_task_that_never_ends_is_given_up_at_its_timeout():
    played = Played({"A": [Waiting(None)]})

    run = ran(in_order(("A", task(TimeoutSeconds=30))), player=played)

    assert (run.status, run.error, run.cause, run.now) == ("FAILED", "States.Timeout", None, 30)
    assert played.given_up == ["A"]


def test_task_that_ends_just_in_time_has_not_timed_out():
    run = ran(in_order(("A", task(TimeoutSeconds=30))), player=Played({"A": [Waiting(30, {"ok": 1})]}))

    assert run.output == {"ok": 1}


def test_missed_heartbeat_ends_the_attempt_and_a_beating_task_goes_on():
    machine = in_order(("A", task(HeartbeatSeconds=5, TimeoutSeconds=60)))

    silent = ran(machine, player=Played({"A": [Waiting(40, {}, beats=False)]}))
    beating = ran(machine, player=Played({"A": [Waiting(40, {"ok": 1})]}))

    assert (silent.error, silent.now) == ("States.Timeout", 5)
    assert (beating.output, beating.now) == ({"ok": 1}, 40)


def test_timeouts_by_path_are_read_from_the_input():
    run = ran(in_order(("A", task(TimeoutSecondsPath="$.t"))), {"t": 7}, Played({"A": [Waiting(None)]}))

    assert (run.error, run.now) == ("States.Timeout", 7)


def test_abort_gives_up_what_runs():
    played = Played({"A": [Waiting(None)]})

    run = ran(in_order(("A", task())), player=played, abort_after_seconds=12)

    assert (run.status, run.now, played.given_up) == ("ABORTED", 12, ["A"])


def test_timeout_of_the_machine_gives_up_what_runs():
    played = Played({"A": [Waiting(None)]})

    run = ran(in_order(("A", task()), TimeoutSeconds=50), player=played)

    assert (run.status, run.error, run.cause, run.now, played.given_up) == ("TIMED_OUT", None, None, 50, ["A"])


def test_express_execution_ends_after_five_minutes_whatever_its_timeout_says():
    run = ran(in_order(("A", {"Type": "Wait", "Seconds": 301}), TimeoutSeconds=900), express=True)

    assert (run.status, run.now) == ("TIMED_OUT", 300)


def test_failing_branch_stops_the_others_and_their_jobs():
    branches = [{"StartAt": name, "States": {name: task(End=True)}} for name in ("A", "B")]
    played = Played({"A": [Waiting(None)], "B": [Waiting(5, TaskError("E", "b"))]})

    run = ran(in_order(("P", {"Type": "Parallel", "Branches": branches})), player=played)

    assert (run.status, run.error, run.cause, run.now, played.given_up) == ("FAILED", "E", "b", 5, ["A"])


def test_branches_run_beside_each_other():
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Wait", "Seconds": s, "End": True}}}
        for name, s in (("A", 30), ("B", 50))
    ]

    run = ran(in_order(("P", {"Type": "Parallel", "Branches": branches})), {"x": 1})

    assert (run.output, run.now) == ([{"x": 1}, {"x": 1}], 50)


def test_map_runs_as_many_at_once_as_it_says():
    processor = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 10, "End": True}}}
    fields = {"Type": "Map", "ItemProcessor": processor, "ItemsPath": "$", "MaxConcurrency": 2}

    run = ran(in_order(("M", fields)), [1, 2, 3, 4, 5])

    assert (run.output, run.now) == ([1, 2, 3, 4, 5], 30)


def test_no_choice_that_matches_is_caught_around_it():
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.x", "NumericEquals": 1, "Next": "Z"}]}
    branch = {"StartAt": "C", "States": {"C": choice, "Z": DONE}}
    catch = [{"ErrorEquals": ["States.NoChoiceMatched"], "Next": "End"}]

    run = ran(in_order(("P", {"Type": "Parallel", "Branches": [branch], "Catch": catch}), ("End", DONE)), {"x": 2})

    assert run.output["Error"] == "States.NoChoiceMatched"


def test_rule_of_a_choice_assigns_in_place_of_the_choice():
    rule = {"Variable": "$.x", "IsPresent": True, "Next": "Z", "Assign": {"v": "rule"}}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "Z", "Assign": {"v": "choice"}}
    machine = in_order(("C", choice), ("Z", {"Type": "Pass", "Parameters": {"v.$": "$v"}}))

    assert ran(machine, {"x": 1}).output == {"v": "rule"}
    assert ran(machine, {}).output == {"v": "choice"}


def test_full_history_ends_the_execution():
    turn = {"Type": "Choice", "Choices": [{"Variable": "$", "IsPresent": True, "Next": "A"}], "Default": "Z"}

    run = ran({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": turn, "Z": {"Type": "Succeed"}}})

    assert (run.status, run.error, run.history.events) == ("FAILED", "States.Runtime", MAX_EVENTS)
    assert run.cause == "The execution reached the maximum number of history events (25000)."


def test_inline_map_that_fills_the_history_ends_the_execution():
    fields = {"Type": "Map", "ItemProcessor": {"StartAt": "P", "States": {"P": DONE}}}

    run = ran(in_order(("M", fields)), list(range(10_000)))

    assert (run.status, run.error) == ("FAILED", "States.Runtime")


def test_distributed_map_of_ten_thousand_items_has_a_short_history():
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, "StartAt": "P", "States": {"P": {"Type": "Pass", "Next": "Q"}, "Q": DONE}}

    run = ran(in_order(("M", {"Type": "Map", "ItemProcessor": processor})), list(range(10_000)))

    assert (run.status, len(run.output), run.history.events) == ("SUCCEEDED", 10_000, 8)


def test_states_nest_150_levels_deep():
    machine = in_order(("Innermost", {"Type": "Pass", "Result": "here"}))
    for level in range(150):
        machine = in_order((f"P{level}", {"Type": "Parallel", "Branches": [machine], "OutputPath": "$[0]"}))

    assert ran(machine).output == "here"


def test_execution_that_takes_too_long_really_is_left():
    class Slow(Player):
        def begin(self, _call):
            time.sleep(0.05)
            return {}

    again = {"Type": "Choice", "Choices": [{"Variable": "$", "IsPresent": True, "Next": "A"}], "Default": "Z"}
    machine = {"StartAt": "A", "States": {"A": task(Next="B"), "B": again, "Z": {"Type": "Succeed"}}}

    with pytest.raises(TimeoutError, match=r"did not end within 0\.2 s"):
        execution(machine, player=Slow()).run(timeout_seconds=0.2)


def test_slow_regular_expression_is_left():
    text = "a" * 40 + "c"
    machine = in_order(
        ("A", {"Type": "Pass", "Output": "{% $match($states.input.t, /^(a+)+$/) %}"}), QueryLanguage="JSONata"
    )

    with pytest.raises(TimeoutError, match=r"took longer than 0\.5 s"):
        execution(machine, {"t": text}).run(timeout_seconds=0.5)


def test_fault_of_a_player_and_an_interrupt_come_through():
    for raised in (ZeroDivisionError("mine"), KeyboardInterrupt()):

        def answer(_call, raised=raised):
            raise raised

        with pytest.raises(type(raised)):
            ran(
                in_order(("A", task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Z"}])), ("Z", DONE)),
                player=Played({"A": [answer]}),
            )


def test_executions_in_threads_do_not_meet():
    machine = in_order(
        (
            "A",
            {
                "Type": "Pass",
                "Output": "{% {'n': $states.input.n, 'id': $uuid()} %}",
                "Assign": {"n": "{% $states.input.n %}"},
            },
        ),
        ("W", {"Type": "Wait", "Seconds": "{% $n %}"}),
        ("B", task(Arguments={"FunctionName": "f", "Payload": "{% $n %}"}, Output="{% $states.result.got + $n %}")),
        QueryLanguage="JSONata",
    )
    machine["States"]["B"].pop("Parameters")
    outputs = {}

    def one(number):
        def answer(call):
            return {"got": call.request["Payload"]}

        for _ in range(10):
            run = ran(machine, {"n": number}, Played({"B": [answer]}))
            outputs.setdefault(number, set()).add((run.output, run.now))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    before = threading.active_count()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outputs == {number: {(2 * number, number)} for number in range(8)}
    assert threading.active_count() == before


def test_memory_is_back_where_it_was_after_many_executions():
    machine = in_order(("A", {"Type": "Pass", "Result": ["x" * 1000] * 50, "ResultPath": "$.a"}), ("B", DONE))
    ran(machine)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(50):
            ran(machine)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert after - before < 100_000


def test_one_input_and_one_seed_make_one_execution():
    machine = in_order(("A", {"Type": "Pass", "Parameters": {"id.$": "States.UUID()", "n.$": "$$.Execution.Name"}}))

    first, second = ran(machine), ran(machine)
    machine_again = execution(machine)
    machine_again.run()

    assert first.output == second.output == machine_again.output


def test_another_seed_is_another_execution():
    machine = Machine.of(in_order(("A", {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}})))
    runs = [Execution(machine, {}, Played(), Setting(seed=seed)) for seed in (1, 2)]
    for run in runs:
        run.run()

    assert runs[0].output != runs[1].output


def test_what_was_handed_over_is_no_longer_shared():
    answer = {"a": [1]}
    played = Played({"A": [answer]})
    given = {"b": [2]}
    made = execution(
        in_order(("A", task(ResultPath="$.r", Parameters={"FunctionName": "f", "Payload.$": "$.b"}))), given, played
    )

    made.run()
    answer["a"].append("changed")
    given["b"].append("changed")
    played.calls[0].request["Payload"].append("changed")

    assert made.output == {"b": [2], "r": {"a": [1]}}


def test_answer_that_is_no_json_is_told_of():
    with pytest.raises(TypeError, match=r"the result of state 'A' is no JSON: it has .* in it"):
        ran(in_order(("A", task())), player=Played({"A": [{"a": {1, 2}}]}))


def test_literal_text_stays_as_it_is():
    machine = in_order(("A", {"Type": "Pass", "Result": {"command": "echo ${HOME} $.x {% y %}"}}))

    assert ran(machine).output == {"command": "echo ${HOME} $.x {% y %}"}


def test_long_reason_is_cut_in_the_cause_and_short_in_the_timeline():
    reason = "x" * 80_000

    run = ran(in_order(("A", task())), player=Played({"A": [failing("E", reason)]}))

    assert run.cause == "x" * 32_768
    assert max(len(moment.text) for moment in run.history.moments) < 200


def test_largest_payload_is_counted_as_compact_json():
    value = {"a": "\u00e9" * 100, "b": [1, 2, {"c": None}]}

    run = ran(in_order(("A", {"Type": "Pass", "Result": value}), ("B", DONE)))

    assert run.history.largest == (
        len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()),
        "output of A",
    )


def test_events_are_those_of_the_history_that_aws_writes():
    assert ran(in_order(("A", {"Type": "Pass"}))).history.events == 4
    assert ran(in_order(("A", task()))).history.events == 7
    assert ran(in_order(("A", {"Type": "Wait", "Seconds": 1}))).history.events == 4
    assert ran(in_order(("A", {"Type": "Fail"}))).history.events == 3


def test_function_by_its_arn_gets_the_input_as_payload():
    played = Played({"A": [{"x": 1}]})
    arn = "arn:aws:lambda:us-east-1:123456789012:function:work"

    ran(in_order(("A", {"Type": "Task", "Resource": arn})), {"i": 1}, played)

    call = played.calls[0]
    assert (call.service, call.api, call.request) == ("lambda", "invoke", {"FunctionName": arn, "Payload": {"i": 1}})


def test_call_says_what_the_state_says():
    role = "arn:aws:iam::123456789012:role/Other"
    state = task(
        Resource=f"{LAMBDA}.waitForTaskToken", Credentials={"RoleArn.$": "$.role"}, HeartbeatSeconds=5, TimeoutSeconds=9
    )
    played = Played()

    ran(in_order(("A", state)), {"role": role}, played)

    call = played.calls[0]
    assert (call.pattern, call.role, call.heartbeat_seconds, call.timeout_seconds) == ("waitForTaskToken", role, 5, 9)
    assert call.execution.startswith("arn:aws:states:us-east-1:123456789012:execution:Machine:")


def stays(run):
    return [(stay.state, stay.begun, stay.ended, stay.kind) for stay in run.history.stays]


def test_history_has_each_attempt_with_its_beginning_and_its_end():
    retry = {"ErrorEquals": ["E"], "IntervalSeconds": 5, "MaxAttempts": 1}
    played = Played({"A": [failing("E"), Waiting(seconds=60, what={})]})

    run = ran(in_order(("A", task(Retry=[retry])), ("Pause", {"Type": "Wait", "Seconds": 30})), player=played)

    assert stays(run) == [
        ("A", 0, 0, "failed"),
        ("A", 0, 5, "waited to retry"),
        ("A", 5, 65, "ended well"),
        ("Pause", 65, 95, "ended well"),
    ]


def test_history_has_what_was_stopped_and_what_failed_around_it():
    branches = [
        in_order(("Long", {"Type": "Wait", "Seconds": 100})),
        in_order(("Short", {"Type": "Wait", "Seconds": 7}), ("No", {"Type": "Fail", "Error": "E"})),
    ]
    run = ran(in_order(("Both", {"Type": "Parallel", "Branches": branches})))

    assert stays(run) == [
        ("Short", 0, 7, "ended well"),
        ("No", 7, 7, "failed"),
        ("Long", 0, 7, "stopped"),
        ("Both", 0, 7, "failed"),
    ]


def test_variables_that_one_state_assigns_are_a_payload_together():
    half = "x" * 140_000
    machine = in_order(("A", {"Type": "Pass", "Assign": {"one.$": "$.h", "two.$": "$.h"}, "OutputPath": None}))

    assert ran(machine, {"h": "x"}).status == "SUCCEEDED"
    assert ran(machine, {"h": half}).error == "States.DataLimitExceeded"


def test_cause_of_a_catcher_that_fails_says_the_state():
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Z", "ResultPath": "$.a.b"}]

    run = ran(in_order(("A", task(Catch=catch)), ("Z", DONE)), {"a": 5}, Played({"A": [failing("E")]}))

    assert run.error == "States.ResultPathMatchFailure"
    assert run.cause.startswith("An error occurred while executing the state 'A' (entered at the event id #2). ")


def test_wait_until_a_day_in_sixty_eight_years_is_too_long():
    machine = in_order(("W", {"Type": "Wait", "TimestampPath": "$.t"}))

    assert ran(machine, {"t": "2093-12-31T00:00:00Z"}).status == "SUCCEEDED"
    assert ran(machine, {"t": "2095-01-01T00:00:00Z"}).error == "States.Runtime"
