"""A redrive begins where an execution did not succeed, with what had succeeded."""

from __future__ import annotations

from constructs_sm.interpreter.calls import Waiting

import pytest
from played import Played, failing, in_order, ran, task


def test_redrive_goes_on_from_the_state_that_failed():
    machine = in_order(("A", task(ResultPath="$.a")), ("B", task(ResultPath="$.b")), ("C", task(ResultPath="$.c")))
    run = ran(machine, player=Played({"A": [{"n": 1}], "B": [failing("E")]}))
    played = Played({"B": [{"n": 2}], "C": [{"n": 3}]})

    run.redrive(played)
    run.run()

    assert (run.status, run.error, run.output) == ("SUCCEEDED", None, {"a": {"n": 1}, "b": {"n": 2}, "c": {"n": 3}})
    assert [call.state for call in played.calls] == ["B", "C"]


def test_redrive_is_seen_in_the_context_object_and_resets_the_retries():
    counts = "$states.context.Execution.RedriveCount, $states.context.State.RetryCount"
    seen = f"{{% {{'FunctionName': 'f', 'Payload': [{counts}]}} %}}"
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    state = {"Type": "Task", "Resource": task()["Resource"], "Arguments": seen, "Retry": retry}
    played = Played({"A": [failing("E")]})
    run = ran(in_order(("A", state), QueryLanguage="JSONata"), player=played)

    run.redrive()
    run.run()

    assert [call.request["Payload"] for call in played.calls] == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_redrive_keeps_the_branches_that_succeeded():
    branches = [in_order((name, task(Parameters={"FunctionName": name}))) for name in ("A", "B", "C")]
    answers = {"A": ["a"], "B": [Waiting(5, failing("E"))], "C": [Waiting(None)]}
    run = ran(in_order(("P", {"Type": "Parallel", "Branches": branches})), player=Played(answers))
    played = Played({"B": ["b"], "C": ["c"]})

    run.redrive(played)
    run.run()

    assert (run.status, run.output) == ("SUCCEEDED", ["a", "b", "c"])
    assert sorted(call.state for call in played.calls) == ["B", "C"]


def test_redrive_of_an_inline_map_runs_what_failed_and_what_had_not_begun():
    body = in_order(("T", task(Parameters={"FunctionName": "f", "Payload.$": "$"})))
    machine = in_order(("M", {"Type": "Map", "ItemProcessor": body, "MaxConcurrency": 1}))

    def broken(call):
        if call.request["Payload"] == 2:
            raise failing("E")
        return call.request["Payload"] * 10

    run = ran(machine, [1, 2, 3], Played({"T": [broken]}))
    played = Played({"T": [lambda call: call.request["Payload"] * 100]})
    run.redrive(played)
    run.run()

    assert run.output == [10, 200, 300]


def test_redrive_of_a_distributed_map_runs_the_children_that_failed():
    body = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        **in_order(("T", task(Parameters={"FunctionName": "f", "Payload.$": "$"}))),
    }
    machine = in_order(("M", {"Type": "Map", "ItemProcessor": body, "MaxConcurrency": 1}))

    def broken(call):
        if call.request["Payload"] == 2:
            raise failing("E")
        return call.request["Payload"]

    run = ran(machine, [1, 2, 3], Played({"T": [broken]}))
    assert run.error == "States.ExceedToleratedFailureThreshold"
    run.redrive(Played({"T": [lambda call: -call.request["Payload"]]}))
    run.run()

    assert run.output == [1, -2, -3]


def test_redrive_of_a_distributed_map_runs_the_tolerated_failures_too():
    body = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **in_order(("T", task()))}
    fields = {"ItemProcessor": body, "MaxConcurrency": 1, "ToleratedFailureCount": 1}
    played = Played({"T": [failing("E"), failing("E"), {"n": 1}]})

    run = ran(in_order(("M", {"Type": "Map", **fields})), [1, 2, 3], played)
    assert run.error == "States.ExceedToleratedFailureThreshold"
    run.redrive()
    run.run()

    assert run.output == [{"n": 1}] * 3


@pytest.mark.parametrize(("kind", "states"), [("STANDARD", ["A", "B", "B"]), ("EXPRESS", ["A", "B", "A", "B"])])
def test_redrive_starts_an_express_child_anew(kind, states):
    body = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, **in_order(("A", task()), ("B", task()))}
    played = Played({"A": [{"n": 1}], "B": [failing("E"), {"n": 2}]})

    run = ran(in_order(("M", {"Type": "Map", "ItemProcessor": body})), [1], played)
    run.redrive()
    run.run()

    assert run.output == [{"n": 2}]
    assert [call.state for call in played.calls] == states


def test_redrive_keeps_variables_and_time():
    machine = in_order(
        ("A", {"Type": "Pass", "Assign": {"v": 5}}),
        ("W", {"Type": "Wait", "Seconds": 30}),
        ("B", task(Parameters={"FunctionName": "f", "Payload.$": "$v"})),
    )
    run = ran(machine, player=Played({"B": [failing("E")]}))
    played = Played()
    run.redrive(played)
    run.run()

    assert (played.calls[0].request["Payload"], run.now) == (5, 30)
    assert [moment.text for moment in run.history.moments if not moment.state] == ["redriven"]


def test_timed_out_execution_can_be_redriven_and_has_its_whole_time_again():
    machine = in_order(("A", task()), TimeoutSeconds=10)
    run = ran(machine, player=Played({"A": [Waiting(None)]}))
    run.redrive(Played({"A": [Waiting(9, {"ok": 1})]}))
    run.run()

    assert (run.status, run.now) == ("SUCCEEDED", 19)


def test_success_and_express_are_not_redriven():
    with pytest.raises(ValueError, match="SUCCEEDED cannot be redriven"):
        ran(in_order(("A", {"Type": "Pass"}))).redrive()
    with pytest.raises(ValueError, match="an Express execution cannot be redriven"):
        ran(in_order(("A", {"Type": "Fail"})), express=True).redrive()


def test_fail_state_fails_again():
    run = ran(in_order(("A", {"Type": "Fail", "Error": "E"})))
    run.redrive()
    run.run()

    assert (run.status, run.error, run.redrives) == ("FAILED", "E", 1)
