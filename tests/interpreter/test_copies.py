"""A copy of a running execution goes on by itself, from where the other stood."""

from __future__ import annotations

from constructs_sm.interpreter.calls import Waiting

from played import Played, execution, failing, in_order, ran, task

TWO = in_order(
    ("First", task(ResultPath="$.first")),
    ("Wait", {"Type": "Wait", "Seconds": 60}),
    ("Second", task(ResultPath="$.second", Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}])),
)


def paused_before(state, definition=TWO, given=None, player=None):
    made = execution(definition, given, player)
    assert not made.run(pause=lambda call: call.state == state)
    return made


def test_execution_stands_still_before_a_call_and_goes_on_behind_it():
    played = Played({"First": [{"n": 1}], "Second": [{"n": 2}]})
    made = paused_before("Second", player=played)

    assert [call.state for call in played.calls] == ["First"]
    assert (made.ended, made.now, made.paused.state) == (False, 60, "Second")
    assert made.run()
    assert made.output == {"first": {"n": 1}, "second": {"n": 2}}


def test_copy_does_not_play_again_what_was_played():
    made = paused_before("Second", player=Played({"First": [{"n": 1}]}))
    other = Played({"Second": [{"n": "other"}]})

    copied = made.copy(other)
    copied.run()

    assert [call.state for call in other.calls] == ["Second"]
    assert copied.output == {"first": {"n": 1}, "second": {"n": "other"}}
    assert copied.history.states == ["First", "Wait", "Second"]


def test_copy_and_original_do_not_meet():
    made = paused_before("Second", player=Played({"Second": [{"n": "mine"}]}))
    failed = made.copy(Played({"Second": [failing("E")]}))

    failed.run()
    made.run()

    assert (failed.status, failed.history.retry_waits) == ("FAILED", [1])
    assert (made.output["second"], made.history.retry_waits, made.history.failures) == ({"n": "mine"}, [], [])


def test_copies_come_to_what_the_whole_would_have_come_to():
    whole = ran(TWO, {"x": [1]}, Played({"Second": [{"n": 2}]}))

    made = paused_before("Second", given={"x": [1]}, player=Played())
    copies = [made.copy(Played({"Second": [{"n": 2}]})) for _ in range(3)]
    for one in copies:
        one.run()

    assert [(one.output, one.now, one.history.events, one.history.states) for one in copies] == [
        (whole.output, whole.now, whole.history.events, whole.history.states)
    ] * 3


def test_copy_within_a_map_has_the_iterations_that_had_ended_and_those_to_come():
    body = in_order(
        ("W", {"Type": "Wait", "SecondsPath": "$"}), ("T", task(Parameters={"FunctionName": "f", "Payload.$": "$"}))
    )
    machine = in_order(("M", {"Type": "Map", "ItemProcessor": body, "MaxConcurrency": 2}))
    seen = []

    def third(call):
        seen.append(call.request["Payload"])
        return len(seen) == 3

    def echo(call):
        return call.request["Payload"]

    made = execution(machine, [10, 20, 30, 40], Played({"T": [echo]}))
    assert not made.run(pause=third)
    other = Played({"T": [lambda call: -call.request["Payload"]]})
    copied = made.copy(other)
    copied.run()
    made.run()

    assert made.output == [10, 20, 30, 40]
    assert copied.output == [10, 20, -30, -40]


def test_copy_has_the_jobs_that_were_running():
    branches = [in_order(("Slow", task())), in_order(("W", {"Type": "Wait", "Seconds": 5}), ("Quick", task()))]
    machine = in_order(("P", {"Type": "Parallel", "Branches": branches}))
    made = paused_before("Quick", machine, player=Played({"Slow": [Waiting(100, "slow")]}))
    failed = Played({"Quick": [failing("E")]})

    copied = made.copy(failed)
    copied.run()
    made.run()

    assert (copied.error, failed.given_up) == ("E", ["Slow"])
    assert made.output == ["slow", {}]


def test_copy_of_child_workflows_counts_their_events_apart():
    body = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **in_order(("T", task()))}
    machine = in_order(("M", {"Type": "Map", "ItemProcessor": body}), ("After", task()))
    made = paused_before("After", machine, [1, 2])
    within = execution(machine, [1, 2], Played())
    within.run(pause=lambda call: call.state == "T")
    copied = within.copy(Played())
    copied.run()
    made.run()

    assert copied.history.events == made.history.events


def test_chance_goes_on_alike_in_a_copy():
    machine = in_order(("T", task(ResultPath=None)), ("U", {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}}))
    made = paused_before("T", machine)

    copied = made.copy(Played())
    copied.run()
    made.run()

    assert copied.output == made.output
