"""What the other tests take for granted about the interpreter: retries, catchers, paths and both query languages."""

from __future__ import annotations

import json
from typing import Any

from constructs_sm.testing import (
    MISSING,
    Failed,
    InvalidDefinitionError,
    LimitExceeded,
    Output,
    Step,
    Throttled,
    TimedOut,
)

import pytest
from machines import (
    CATCH_ALL,
    REQUESTS,
    THROTTLING,
    UNIQUE,
    computed,
    jsonata,
    machine,
    named,
    rehearsed,
    task,
)


def test_retry_waits_are_recorded_not_slept() -> None:
    retry = [{**THROTTLING, "MaxAttempts": 3}]

    run = rehearsed(machine(Job=task(Retry=retry)), Job=[Throttled()] * 3)

    assert (run.status, run.waits) == ("SUCCEEDED", [2, 6, 18])


def test_retry_waits_respect_their_limit() -> None:
    retry = [{**THROTTLING, "MaxAttempts": 3, "MaxDelaySeconds": 7}]

    assert rehearsed(machine(Job=task(Retry=retry)), Job=[Throttled()] * 3).waits == [2, 6, 7]


def test_jittered_retry_waits_at_most_as_long() -> None:
    retry = [{**THROTTLING, "MaxAttempts": 3, "JitterStrategy": "FULL"}]

    waits = rehearsed(machine(Job=task(Retry=retry)), Job=[Throttled()] * 3).waits

    assert len(waits) == 3
    assert all(wait <= longest for wait, longest in zip(waits, [2, 6, 18], strict=True))


def test_exhausted_retry_fails_the_execution() -> None:
    run = rehearsed(machine(Job=task(Retry=[{**THROTTLING, "MaxAttempts": 2}])), Job=[Throttled()] * 3)

    assert (run.status, run.error, run.waits) == ("FAILED", "SageMaker.AmazonSageMakerException", [2, 6])
    assert "Error Code: ThrottlingException" in (run.cause or "")


def test_each_retrier_counts_for_itself() -> None:
    limits = {"ErrorEquals": ["SageMaker.ResourceLimitExceededException"], "IntervalSeconds": 60, "BackoffRate": 1}
    steps: list[Step] = [Throttled(), LimitExceeded(), Throttled(), LimitExceeded()]

    assert rehearsed(machine(Job=task(Retry=[THROTTLING, limits])), Job=steps).waits == [2, 60, 6, 60]


def test_parameters_are_evaluated_at_every_attempt() -> None:
    run = rehearsed(machine(Job=task(Parameters=named(UNIQUE), Retry=[THROTTLING])), Job=[Throttled()] * 2)

    assert len({request["ProcessingJobName"] for _, request in run.requests}) == 3


def test_retry_and_redrive_counts_are_in_the_context() -> None:
    name = "States.Format('n-{}-{}', $$.State.RetryCount, $$.Execution.RedriveCount)"

    run = rehearsed(machine(Job=task(Parameters=named(name), Retry=[THROTTLING])), Job=[Throttled()])

    assert [request["ProcessingJobName"] for _, request in run.requests] == ["n-0-0", "n-1-0"]


def test_retry_under_a_name_that_was_accepted_meets_it_again() -> None:
    retry = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]

    assert rehearsed(machine(Job=task(Retry=retry)), Job=[Failed()]).error == "SageMaker.ResourceInUseException"


@pytest.mark.parametrize(
    ("step", "listed", "caught"),
    [
        (Throttled(), "SageMaker.AmazonSageMakerException", True),
        (Throttled(), "SageMaker.ThrottlingException", False),
        (Throttled(), "States.TaskFailed", True),
        (Throttled(), "States.ALL", True),
        (Failed(), "States.TaskFailed", True),
        (TimedOut(), "States.Timeout", True),
        (TimedOut(), "States.TaskFailed", False),
        (TimedOut(), "States.ALL", True),
    ],
    ids=lambda value: str(value) if isinstance(value, (str, bool)) else type(value).__name__,
)
def test_catcher_catches_what_it_lists(step: Step, listed: str, caught: bool) -> None:
    catch = [{"ErrorEquals": [listed], "Next": "Caught"}]

    assert (rehearsed(machine(Job=task(Catch=catch)), Job=[step]).status == "SUCCEEDED") is caught


def test_caught_error_lies_under_the_result_path() -> None:
    run = rehearsed(machine(Job=task(Catch=CATCH_ALL)), {"id": "x"}, Job=[Failed("AlgorithmError: no data")])

    assert run.output["id"] == "x"
    assert run.output["error"]["Error"] == "States.TaskFailed"
    assert json.loads(run.output["error"]["Cause"])["FailureReason"] == "AlgorithmError: no data"


@pytest.mark.parametrize("field", ["Parameters", "ResultSelector"])
def test_missing_path_is_an_error_that_nobody_catches(field: str) -> None:
    missing: dict[str, Any] = {field: named("$.missing") if field == "Parameters" else {"uri.$": "$.missing"}}
    retry = [{"ErrorEquals": ["States.ALL"]}]

    run = rehearsed(machine(Job=task(Retry=retry, Catch=CATCH_ALL, **missing)))

    assert (run.status, run.error, run.waits) == ("FAILED", "States.Runtime", [])


@pytest.mark.parametrize(("execution_input", "chosen"), [({"id": "x"}, "Present"), ({}, "Absent")])
def test_choice_sees_whether_a_path_is_present(execution_input: dict[str, str], chosen: str) -> None:
    is_x = {"And": [{"Variable": "$.id", "IsPresent": True}, {"Variable": "$.id", "StringEquals": "x"}]}
    choice = {"Type": "Choice", "Choices": [{**is_x, "Next": "Present"}], "Default": "Absent"}
    states = {"Present": {"Type": "Succeed"}, "Absent": {"Type": "Succeed"}}

    assert rehearsed(machine(Check=choice, **states), execution_input).states == ["Check", chosen]


@pytest.mark.parametrize("comparison", [{"StringEquals": "x"}, {"IsNull": True}])
def test_choice_on_a_missing_path_fails_the_execution(comparison: dict[str, Any]) -> None:
    rule = {"Not": {"Variable": "$.id", **comparison}, "Next": "Caught"}

    run = rehearsed(machine(Check={"Type": "Choice", "Choices": [rule], "Default": "Caught"}))

    assert (run.status, run.error) == ("FAILED", "States.Runtime")
    assert "Invalid path '$.id'" in (run.cause or "")


def test_wait_state_is_recorded_not_slept() -> None:
    assert rehearsed(machine(Rest={"Type": "Wait", "Seconds": 3600, "End": True})).pauses == [3600]


def test_map_starts_one_job_an_item() -> None:
    inner = {"StartAt": "Job", "States": {"Job": task(Parameters=named("States.Format('n-{}', $.id)"))}}
    items = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "MaxConcurrency": 2, "End": True}

    run = rehearsed(machine(Each=items), {"items": [{"id": "a"}, {"id": "b"}, {"id": "c"}]})

    assert [job["ProcessingJobName"] for job in run.output] == ["n-a", "n-b", "n-c"]
    assert {request["ProcessingJobName"] for _, request in run.requests} == {"n-a", "n-b", "n-c"}


def test_parallel_gathers_its_branches_in_order() -> None:
    branches = [{"StartAt": api, "States": {api: task(api)}} for api in ("createModel", "createEndpoint")]

    run = rehearsed(machine(Both={"Type": "Parallel", "Branches": branches, "End": True}))

    assert [list(output) for output in run.output] == [["ModelArn"], ["EndpointArn"]]


@pytest.mark.parametrize("step", [Failed(), Throttled(), TimedOut()], ids=lambda step: type(step).__name__)
@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_error_of_a_branch_is_caught_around_it(kind: str, step: Step) -> None:
    inner = {"StartAt": "Job", "States": {"Job": task()}}
    body = {"Branches": [inner]} if kind == "Parallel" else {"ItemsPath": "$.items", "ItemProcessor": inner}

    run = rehearsed(machine(Outer={"Type": kind, **body, "Catch": CATCH_ALL, "End": True}), {"items": [1]}, Job=[step])

    assert run.output["error"]["Error"] in {"States.TaskFailed", "SageMaker.AmazonSageMakerException", "States.Timeout"}


def test_fail_passes_on_the_error_it_is_pointed_to() -> None:
    fail = {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Give up"}]

    run = rehearsed(machine(**{"Job": task(Catch=catch), "Give up": fail}), Job=[Failed("AlgorithmError: no data")])

    assert (run.status, run.error) == ("FAILED", "States.TaskFailed")
    assert json.loads(run.cause or "")["FailureReason"] == "AlgorithmError: no data"


def test_fail_computes_its_cause() -> None:
    run = rehearsed(machine(Stop={"Type": "Fail", "Error": "Bad", "CausePath": "States.JsonToString($)"}), {"id": "x"})

    assert (run.error, json.loads(run.cause or "")) == ("Bad", {"id": "x"})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("States.Format('{}-{}', $.id, 'z')", "x-z"),
        ("States.ArrayGetItem(States.StringSplit('a-b-c', '-'), 1)", "b"),
        ("States.ArrayGetItem($.list, 0)", 1),
        ("States.ArrayLength($.list)", 2),
        ("States.StringSplit('a,b', ',')", ["a", "b"]),
        ("States.JsonToString($.list)", "[1,2]"),
        ("States.StringToJson('{\"a\": 1}')", {"a": 1}),
        ("States.Hash($.id, 'MD5')", "9dd4e461268c8034f5c8564e155c67a6"),
        ("States.JsonMerge($.map, $.map, false)", {"a": 1}),
    ],
)
def test_intrinsic_function(expression: str, value: Any) -> None:
    assert computed(expression, {"id": "x", "list": [1, 2], "map": {"a": 1}}) == value


def test_uuid_is_new_each_time() -> None:
    assert computed("States.UUID()") != computed("States.UUID()")


def test_jsonata_task_has_arguments_and_output() -> None:
    arguments = {**REQUESTS["createModel"], "ModelName": "{% 'm-' & $states.input.id %}"}
    output = {"name": "{% $states.result.ModelArn %}", "of": "{% $states.context.State.Name %}"}

    run = rehearsed(jsonata(Job=task("createModel", Arguments=arguments, Output=output)), {"id": "x"})

    assert run.output == {"name": "arn:aws:sagemaker:us-east-1:123456789012:model/m-x", "of": "Job"}


def test_jsonata_arguments_are_evaluated_at_every_attempt() -> None:
    arguments = {**REQUESTS["createProcessingJob"], "ProcessingJobName": "{% 'n-' & $uuid() %}"}

    run = rehearsed(jsonata(Job=task(Arguments=arguments, Retry=[THROTTLING])), Job=[Throttled()] * 2)

    assert len({request["ProcessingJobName"] for _, request in run.requests}) == 3


@pytest.mark.parametrize(("status", "chosen"), [("Completed", "Good"), ("Stopped", "Bad"), (MISSING, "Bad")])
def test_jsonata_choice_and_fail(status: Any, chosen: str) -> None:
    check = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input.ProcessingJobStatus = 'Completed' %}", "Next": "Good"}],
        "Default": "Bad",
    }
    cause = "{% 'status: ' & $string($states.input.ProcessingJobStatus) %}"
    bad = {"Type": "Fail", "Error": "{% 'Bad' & 'Status' %}", "Cause": cause}
    job = task(Arguments=REQUESTS["createProcessingJob"], Next="Check")

    run = rehearsed(
        jsonata(Job=job, Check=check, Good={"Type": "Succeed"}, Bad=bad), Job=[Output(ProcessingJobStatus=status)]
    )

    assert run.states[-1] == chosen
    assert run.error == (None if chosen == "Good" else "BadStatus")


def test_jsonata_catcher_reads_the_error() -> None:
    reason = "{% $parse($states.errorOutput.Cause).FailureReason %}"
    catch = [{"ErrorEquals": ["States.ALL"], "Output": {"reason": reason}, "Next": "Caught"}]
    job = task(Arguments=REQUESTS["createProcessingJob"], Catch=catch)

    assert rehearsed(jsonata(Job=job), Job=[Failed('a "quoted" reason')]).output == {"reason": 'a "quoted" reason'}


def test_jsonata_variables_hold_any_text() -> None:
    assign = {"Type": "Pass", "Assign": {"said": "{% $states.input.said %}"}, "Next": "Say"}
    say = {"Type": "Pass", "Output": "{% $said & '!' %}", "End": True}

    assert (
        rehearsed(jsonata(Keep=assign, Say=say), {"said": 'a "quote", a \\ and a /'}).output
        == 'a "quote", a \\ and a /!'
    )


def test_jsonpath_variables_hold_any_text() -> None:
    keep = {"Type": "Pass", "Assign": {"said.$": "$.said"}, "Next": "Say"}
    say = {"Type": "Pass", "Parameters": {"said.$": "$said"}, "End": True}

    assert rehearsed(machine(Keep=keep, Say=say), {"said": 'a "quote"'}).output == {"said": 'a "quote"'}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$range(0, 6, 3)", [0, 3, 6]),
        ("$hash('x', 'MD5')", "9dd4e461268c8034f5c8564e155c67a6"),
        ("$random(7) = $random(7)", True),
        ("$random() < 1", True),
        ("$parse('{\"a\": [1]}').a", [1]),
        ("$length($uuid())", 36),
        ("1.5 * 2", 3),
    ],
)
def test_jsonata_function_of_step_functions(expression: str, value: Any) -> None:
    state = {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}

    assert rehearsed(jsonata(Compute=state)).output == value


@pytest.mark.parametrize("expression", ["$states.input.missing", "$eval('1')", "$sum"])
def test_jsonata_that_yields_no_json_fails_and_can_be_caught(expression: str) -> None:
    arguments = {**REQUESTS["createProcessingJob"], "ProcessingJobName": f"{{% {expression} %}}"}
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}]

    assert rehearsed(jsonata(Job=task(Arguments=arguments, Catch=catch))).states == ["Job", "Caught"]


def test_jsonata_that_does_not_parse_is_refused_at_creation() -> None:
    arguments = {**REQUESTS["createProcessingJob"], "ProcessingJobName": "{% 1 + %}"}

    with pytest.raises(InvalidDefinitionError, match="state 'Job'/Arguments/ProcessingJobName"):
        rehearsed(jsonata(Job=task(Arguments=arguments)))


def test_program_of_an_expression_keeps_nothing_of_an_execution() -> None:
    state = {"Type": "Pass", "Output": "{% ($seen := $states.input.id; $map([1, 2], function($n) { $seen & $n })) %}"}

    outputs = [rehearsed(jsonata(Tell={**state, "End": True}), {"id": given}).output for given in ("a", "b")]

    assert outputs == [["a1", "a2"], ["b1", "b2"]]


def test_refused_definition_leaves_nothing_behind() -> None:
    with pytest.raises(InvalidDefinitionError):
        rehearsed(machine(Mixed={"Type": "Pass", "QueryLanguage": "JSONata", "Parameters": {"a": 1}, "End": True}))

    assert rehearsed(machine(Sound={"Type": "Pass", "Parameters": {"a": 1}, "End": True})).output == {"a": 1}


@pytest.mark.parametrize("name", ["Größe", 'Train "big"', "列車 🚂", "back\\slash", "tab\tbed"])
def test_state_of_any_name_is_played(name: str) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": f"{name} failed"}]
    states = {name: task(Catch=catch), f"{name} failed": {"Type": "Succeed"}}

    run = rehearsed(machine(**states), **{name: [Failed("no data")]})

    assert run.states == [name, f"{name} failed"]
    assert [state for state, _ in run.requests] == [name]


@pytest.mark.parametrize("name", ["Größe", "where", "wherenot", "whereabouts", "列車"])
@pytest.mark.parametrize("path", ["$.{}", "$['{}']", "$.inner.{}"])
def test_path_and_key_of_any_name_are_found(name: str, path: str) -> None:
    given = {name: "x", "inner": {name: "x"}}
    selected = {"Type": "Pass", "Parameters": {f"{name}.$": path.format(name)}, "ResultPath": f"$['{name}']"}

    run = rehearsed(machine(Select={**selected, "End": True}), given)

    assert run.output == {**given, name: {name: "x"}}


def test_key_with_a_quote_is_found() -> None:
    quoted = {"Type": "Pass", "Parameters": {'it"s.$': "$['it\"s']"}, "End": True}

    assert rehearsed(machine(Select=quoted), {'it"s': "x"}).output == {'it"s': "x"}


def test_intrinsic_function_takes_any_text() -> None:
    assert computed("States.Format('Größe \"{}\"', $.id)", {"id": "x"}) == 'Größe "x"'


_NO_START = r"StartAt: StartAt names no state here .*, got 'Nowhere'"
_NOWHERE = r"this leads to no state beside it .*, got 'Nowhere'"
_CHOICE = {"Type": "Choice", "Choices": [{"Variable": "$.id", "IsPresent": True, "Next": "Caught"}]}


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (task(Next="Nowhere"), "Next"),
        (task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Nowhere"}]), r"Catch\[0\]/Next"),
        ({**_CHOICE, "Default": "Nowhere"}, "Default"),
        ({**_CHOICE, "Choices": [{**_CHOICE["Choices"][0], "Next": "Nowhere"}]}, r"Choices\[0\]/Next"),
    ],
    ids=["Next", "Catch", "Default", "Choices"],
)
@pytest.mark.parametrize("level", ["top", "Map", "Iterator", "Parallel"])
def test_definition_that_leads_nowhere_is_refused(state: dict[str, Any], told: str, level: str) -> None:
    inner = machine(Odd=state)
    outer = {
        "top": inner,
        "Map": machine(Each={"Type": "Map", "ItemProcessor": inner, "End": True}),
        "Iterator": machine(Each={"Type": "Map", "Iterator": inner, "End": True}),
        "Parallel": machine(Both={"Type": "Parallel", "Branches": [machine(Job=task()), inner], "End": True}),
    }

    with pytest.raises(InvalidDefinitionError, match=f"state 'Odd'/{told}: {_NOWHERE}"):
        rehearsed(outer[level])


def test_definition_that_starts_nowhere_is_refused() -> None:
    inner = {**machine(Job=task()), "StartAt": "Nowhere"}
    each = {"Type": "Map", "ItemProcessor": inner, "End": True}

    with pytest.raises(InvalidDefinitionError, match=f"the state machine/{_NO_START}"):
        rehearsed(inner)
    with pytest.raises(
        InvalidDefinitionError,
        match=f"state 'Each'/ItemProcessor/{_NO_START}",
    ):
        rehearsed(machine(Each=each))


def test_name_of_a_state_has_at_most_80_characters() -> None:
    assert rehearsed(machine(**{"ü" * 80: task()})).succeeded
    with pytest.raises(InvalidDefinitionError, match="at most 80 characters, got 81"):
        rehearsed(machine(**{"ü" * 81: task()}))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.list[0]", {"x": [1]}),
        ("$.list[0].x", [1]),
        ("$.list[1]['x'][0]", 2),
        ("$['list'][1].x", [2]),
        ("$.list[*].x", [[1], [2]]),
        ("$.list[0:1]", [{"x": [1]}]),
        ("$..x", [[1], [2]]),
    ],
)
def test_path_to_one_place_yields_what_is_there_and_any_other_a_list(path: str, value: Any) -> None:
    definition = machine(Pass={"Type": "Pass", "Parameters": {"found.$": path}, "End": True})

    assert rehearsed(definition, {"list": [{"x": [1]}, {"x": [2]}]}).output == {"found": value}
