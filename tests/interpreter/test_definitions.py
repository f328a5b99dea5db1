"""What Step Functions refuses at creation is refused by name, all at once; what it takes is taken."""

from __future__ import annotations

import copy
from collections import defaultdict
from contextlib import nullcontext
from typing import Any

from constructs_sm.interpreter.execution import Execution
from constructs_sm.interpreter.machines import Machine
from constructs_sm.rules.definitions import check_definition, violations
from constructs_sm.rules.rule import RULES, InvalidDefinitionError, Rule, Rulebook

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from played import Played, in_order, task

DONE = {"Type": "Pass", "End": True}
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]
RETRY = [{"ErrorEquals": ["States.ALL"]}]
SNS = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sns:publish",
    "Parameters": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": "x"},
    "Next": "Z",
}
SNS_JSONATA = {"Arguments" if name == "Parameters" else name: value for name, value in SNS.items()}
PARALLEL = {"Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": DONE}}], "Next": "Z"}
MAP = {"Type": "Map", "ItemProcessor": {"StartAt": "B", "States": {"B": DONE}}, "ItemsPath": "$.l", "Next": "Z"}
RULE = {"Variable": "$.a", "IsPresent": True, "Next": "Z"}
CHOICE = {"Type": "Choice", "Choices": [RULE], "Default": "Z"}
TRAIN = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
    "Parameters": {
        "TrainingJobName": "x",
        "RoleArn": "arn:aws:iam::123456789012:role/E",
        "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
    },
    "Next": "Z",
}


def one(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**more, "StartAt": "A", "States": {"A": state, "Z": DONE}}


def jsonata(output: Any, **fields: Any) -> dict[str, Any]:
    return one({"Type": "Pass", "Output": output, "Next": "Z", **fields}, QueryLanguage="JSONata")


def sdk(api: str, request: dict[str, Any] | None = None) -> dict[str, Any]:
    given = {} if request is None else {"Parameters": request}
    return one({"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{api}", "Next": "Z", **given})


DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


def distributed(**fields: Any) -> dict[str, Any]:
    return {**MAP, "ItemProcessor": {**MAP["ItemProcessor"], "ProcessorConfig": DISTRIBUTED}, **fields}


def reading(api: str, request: dict[str, Any] | None = None, **config: Any) -> dict[str, Any]:
    given = {"Bucket": "b", "Key": "k"} if request is None else request
    reader = {"Resource": f"arn:aws:states:::s3:{api}", "ReaderConfig": config, "Parameters": given}
    return {name: value for name, value in distributed(ItemReader=reader).items() if name != "ItemsPath"}


def writing(api: str, config: dict[str, Any] | None = None, **request: Any) -> dict[str, Any]:
    writer = {"Resource": f"arn:aws:states:::s3:{api}", "WriterConfig": config or {}, "Parameters": request}
    return distributed(ResultWriter=writer)


def ruled(**rule: Any) -> dict[str, Any]:
    return one({**CHOICE, "Choices": [{**rule, "Next": "Z"}]})


REFUSED = {
    "state that leads to itself alone": (
        {"StartAt": "A", "States": {"A": DONE, "B": {**CHOICE, "Choices": [{**RULE, "Next": "B"}], "Default": "B"}}},
        "asl-unreachable-state",
    ),
    "end within a branch alone": (
        {"StartAt": "A", "States": {"A": {**PARALLEL, "Next": "W"}, "W": {"Type": "Wait", "Seconds": 1, "Next": "A"}}},
        "asl-no-end",
    ),
    "plain text as a path": (one({"Type": "Pass", "Parameters": {"a.$": "plain"}, "Next": "Z"}), "asl-payload-path"),
    "Version 2.0": (one(SNS, Version="2.0"), "asl-value"),
    "Timestamp of a month 13": (one({"Type": "Wait", "Timestamp": "2026-13-01T00:00:00Z", "Next": "Z"}), "asl-value"),
    "And with a Variable": (ruled(And=[{"Variable": "$.a", "IsNull": True}], Variable="$.a"), "asl-one-of"),
    "variable that begins with _": (one({"Type": "Pass", "Assign": {"_x": 1}, "Next": "Z"}), "asl-value"),
    "Resource that is no ARN": (one({"Type": "Task", "Resource": "sendMail", "Next": "Z"}), "asl-resource"),
    "Credentials of an activity": (
        one(
            {
                "Type": "Task",
                "Resource": "arn:aws:states:us-east-1:123456789012:activity:hands",
                "Credentials": {"RoleArn": "arn:aws:iam::123456789012:role/R"},
                "Next": "Z",
            }
        ),
        "asl-unknown-field",
    ),
    "number as a text": (one({**SNS, "Parameters": {"TopicArn": "t", "Message": 5}}), "asl-api-value"),
    "number as a payload": (
        one(task(Parameters={"FunctionName": "f", "Payload": 5}, Next="Z")),
        "asl-api-value",
    ),
    "text as a number": (
        one({**TRAIN, "Parameters": {**TRAIN["Parameters"], "StoppingCondition": {"MaxRuntimeInSeconds": "9"}}}),
        "asl-api-value",
    ),
    "object as a list": (
        one({**TRAIN, "Parameters": {**TRAIN["Parameters"], "Tags": {"Key": "a", "Value": "b"}}}),
        "asl-api-value",
    ),
    "ItemsPath with a wildcard": (one({**MAP, "ItemsPath": "$.l[*]"}), "asl-reference-path"),
    "number from the context object": (
        one({**MAP, "MaxConcurrencyPath": "$$.Execution.Input.n"}),
        "asl-reference-path",
    ),
    "ExecutionType of an inline Map": (
        one({**MAP, "ItemProcessor": {**MAP["ItemProcessor"], "ProcessorConfig": {"ExecutionType": "STANDARD"}}}),
        "asl-processor",
    ),
    "batches without a limit": (one(distributed(ItemBatcher={"BatchInput": {}})), "asl-missing-field"),
    "batches of two sizes": (
        one(distributed(ItemBatcher={"MaxItemsPerBatch": 1, "MaxItemsPerBatchPath": "$.n"})),
        "asl-one-of",
    ),
    "batches of too many bytes": (one(distributed(ItemBatcher={"MaxInputBytesPerBatch": 262_145})), "asl-value"),
    "reader of another API": (one(reading("putObject")), "asl-resource"),
    "reader without a key": (one(reading("getObject", {"Bucket": "b"})), "asl-api-missing-field"),
    "unknown InputType": (one(reading("getObject", InputType="XML")), "asl-value"),
    "unknown field of a ReaderConfig": (one(reading("getObject", Compression="GZIP")), "asl-unknown-field"),
    "unknown Transformation": (one(reading("listObjectsV2", Transformation="LOAD")), "asl-value"),
    "unknown ManifestType": (one(reading("getObject", InputType="CSV", ManifestType="GLUE")), "asl-value"),
    "unknown delimiter": (
        one(reading("getObject", InputType="CSV", CSVHeaderLocation="FIRST_ROW", CSVDelimiter=";")),
        "asl-value",
    ),
    "CSV without CSVHeaderLocation": (one(reading("getObject", InputType="CSV")), "asl-missing-field"),
    "CSV without CSVHeaders": (
        one(reading("getObject", InputType="CSV", CSVHeaderLocation="GIVEN")),
        "asl-missing-field",
    ),
    "headers of JSON": (
        one(reading("getObject", InputType="JSON", CSVHeaderLocation="FIRST_ROW")),
        "asl-unknown-field",
    ),
    "pointer into JSON Lines": (one(reading("getObject", InputType="JSONL", ItemsPointer="/a")), "asl-unknown-field"),
    "fewer than no items": (one(reading("getObject", InputType="JSON", MaxItems=-1)), "asl-value"),
    "items of two numbers": (
        one(reading("getObject", InputType="JSON", MaxItems=1, MaxItemsPath="$.n")),
        "asl-one-of",
    ),
    "writer of another API": (one(writing("getObject", Bucket="b")), "asl-resource"),
    "writer without a bucket": (one(writing("putObject", Prefix="p")), "asl-api-missing-field"),
    "writer of nothing": (one(distributed(ResultWriter={})), "asl-missing-field"),
    "unknown OutputType": (one(writing("putObject", {"OutputType": "CSV"}, Bucket="b")), "asl-value"),
    "unknown field of a WriterConfig": (one(writing("putObject", {"Format": "JSON"}, Bucket="b")), "asl-unknown-field"),
    "Catch on Pass": (one({"Type": "Pass", "Next": "Z", "Catch": CATCH}), "asl-unknown-field"),
    "Retry on Wait": (one({"Type": "Wait", "Seconds": 1, "Next": "Z", "Retry": RETRY}), "asl-unknown-field"),
    "Retry on Choice": (one({**CHOICE, "Retry": RETRY}), "asl-unknown-field"),
    "TimeoutSeconds on Map": (one({**MAP, "TimeoutSeconds": 3}), "asl-unknown-field"),
    "TimeoutSeconds on Parallel": (one({**PARALLEL, "TimeoutSeconds": 3}), "asl-unknown-field"),
    "Result on Succeed": ({"StartAt": "A", "States": {"A": {"Type": "Succeed", "Result": 1}}}, "asl-unknown-field"),
    "Cause.$ on Fail": ({"StartAt": "A", "States": {"A": {"Type": "Fail", "Cause.$": "$.x"}}}, "asl-unknown-field"),
    "unknown type": (one({"Type": "Loop", "Next": "Z"}), "asl-shape"),
    "unreachable": ({"StartAt": "A", "States": {"A": DONE, "B": DONE}}, "asl-unreachable-state"),
    "no end": (
        {"StartAt": "A", "States": {"A": {**CHOICE, "Choices": [{**RULE, "Next": "A"}], "Default": "A"}}},
        "asl-no-end",
    ),
    "StartAt to nowhere": ({"StartAt": "Q", "States": {"A": DONE}}, "asl-start"),
    "Next to nowhere": (one({"Type": "Pass", "Next": "Q"}), "asl-target"),
    "Catch to nowhere": (one({**SNS, "Catch": [{"ErrorEquals": ["E"], "Next": "Q"}]}), "asl-target"),
    "rule without Next": (one({**CHOICE, "Choices": [{"Variable": "$.a", "IsPresent": True}]}), "asl-missing-field"),
    "rule with two comparisons": (one({**CHOICE, "Choices": [{**RULE, "IsNull": True}]}), "asl-one-of"),
    "unknown comparison": (
        one({**CHOICE, "Choices": [{"Variable": "$.a", "StringIs": "x", "Next": "Z"}]}),
        "asl-unknown-field",
    ),
    "neither Next nor End": (one({"Type": "Pass"}), "asl-next-or-end"),
    "both Next and End": (one({"Type": "Pass", "Next": "Z", "End": True}), "asl-next-or-end"),
    "one name twice": (one({**PARALLEL, "Branches": [{"StartAt": "Z", "States": {"Z": DONE}}]}), "asl-duplicate-name"),
    "long name": ({"StartAt": "A" * 81, "States": {"A" * 81: DONE}}, "asl-long-name"),
    "Output in JSONPath": (one({"Type": "Pass", "Output": 1, "Next": "Z"}), "asl-other-language"),
    "Parameters in JSONata": (jsonata(1, Parameters={}), "asl-other-language"),
    "comparison in JSONata": (one(CHOICE, QueryLanguage="JSONata"), "asl-other-language"),
    "Condition in JSONPath": (
        one({**CHOICE, "Choices": [{"Condition": "{% true %}", "Next": "Z"}]}),
        "asl-other-language",
    ),
    "ResultPath of a Catch in JSONata": (
        one({**SNS_JSONATA, "Catch": [{**CATCH[0], "ResultPath": "$.e"}]}, QueryLanguage="JSONata"),
        "asl-other-language",
    ),
    "Output of a Catch in JSONPath": (one({**SNS, "Catch": [{**CATCH[0], "Output": "x"}]}), "asl-other-language"),
    "JSONPath in JSONata": (
        one({"Type": "Pass", "QueryLanguage": "JSONPath", "Next": "Z"}, QueryLanguage="JSONata"),
        "asl-query-language",
    ),
    "QueryLanguage in ItemProcessor": (
        one({**MAP, "ItemProcessor": {**MAP["ItemProcessor"], "QueryLanguage": "JSONata"}}),
        "asl-unknown-field",
    ),
    "bare name": (jsonata("{% phone %}"), "asl-unqualified-name"),
    "bare name in an object": (jsonata({"a": ["{% {'x': phone} %}"]}), "asl-unqualified-name"),
    "$$": (jsonata("{% $$ %}"), "asl-unqualified-name"),
    "$": (jsonata("{% $.a %}"), "asl-unqualified-name"),
    "unbalanced": (jsonata("{% (1 %}"), "asl-expression"),
    "half an operator": (jsonata("{% 1 + %}"), "asl-expression"),
    "??": (jsonata("{% $states.input.a ?? 1 %}"), "asl-expression"),
    "?:": (jsonata("{% $states.input.a ?: 1 %}"), "asl-expression"),
    "half open": (jsonata("{% 1"), "asl-half-open-expression"),
    "$states.inputs": (jsonata("{% $states.inputs %}"), "asl-states-field"),
    "$states.result of a Pass": (jsonata("{% $states.result %}"), "asl-states-field"),
    "$states.result in Arguments": (
        one(
            {**SNS, "Arguments": {"TopicArn": "{% $states.result %}", "Message": "x"}} | {"Parameters": 0},
            QueryLanguage="JSONata",
        ),
        "asl-states-field",
    ),
    "$states.errorOutput in Output": (jsonata("{% $states.errorOutput %}"), "asl-states-field"),
    "path that is none": (one({"Type": "Pass", "InputPath": "x", "Next": "Z"}), "asl-path"),
    "ResultPath with a wildcard": (one({"Type": "Pass", "ResultPath": "$.a[*]", "Next": "Z"}), "asl-reference-path"),
    "payload path": (one({"Type": "Pass", "Parameters": {"a.$": "$.["}, "Next": "Z"}), "asl-payload-path"),
    "unknown intrinsic": (
        one({"Type": "Pass", "Parameters": {"a.$": "States.Nope($.x)"}, "Next": "Z"}),
        "asl-payload-path",
    ),
    "number as a path": (one({"Type": "Pass", "Parameters": {"a.$": 5}, "Next": "Z"}), "asl-payload-path"),
    "TimeoutSeconds 0": (one({**SNS, "TimeoutSeconds": 0}), "asl-value"),
    "HeartbeatSeconds as long as TimeoutSeconds": (
        one({**SNS, "TimeoutSeconds": 9, "HeartbeatSeconds": 9}),
        "asl-value",
    ),
    "two timeouts": (one({**SNS, "TimeoutSeconds": 9, "TimeoutSecondsPath": "$.t"}), "asl-one-of"),
    "Wait of two kinds": (one({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "Next": "Z"}), "asl-one-of"),
    "Wait below zero": (one({"Type": "Wait", "Seconds": -1, "Next": "Z"}), "asl-value"),
    "Timestamp without T": (one({"Type": "Wait", "Timestamp": "2026-01-01 00:00:00Z", "Next": "Z"}), "asl-value"),
    "MaxAttempts below zero": (one({**SNS, "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": -1}]}), "asl-value"),
    "BackoffRate below one": (one({**SNS, "Retry": [{"ErrorEquals": ["E"], "BackoffRate": 0.5}]}), "asl-value"),
    "States.ALL not alone": (one({**SNS, "Retry": [{"ErrorEquals": ["States.ALL", "X"]}]}), "asl-error-equals"),
    "States.ALL not last": (
        one({**SNS, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]}),
        "asl-error-equals",
    ),
    "no ErrorEquals": (one({**SNS, "Retry": [{"MaxAttempts": 1}]}), "asl-missing-field"),
    "DISTRIBUTED without ExecutionType": (
        one({**MAP, "ItemProcessor": {**MAP["ItemProcessor"], "ProcessorConfig": {"Mode": "DISTRIBUTED"}}}),
        "asl-processor",
    ),
    "ItemReader of an inline Map": (
        one({**MAP, "ItemReader": {"Resource": "arn:aws:states:::s3:getObject"}}),
        "asl-processor",
    ),
    "Map without ItemProcessor": (one({"Type": "Map", "Next": "Z"}), "asl-one-of"),
    "Parallel without branches": (one({"Type": "Parallel", "Branches": [], "Next": "Z"}), "asl-missing-field"),
    "API that is not integrated": (
        one({**TRAIN, "Resource": "arn:aws:states:::sagemaker:createModelPackage"}),
        "asl-resource",
    ),
    "pattern that is not offered": (
        one({**TRAIN, "Resource": "arn:aws:states:::sagemaker:createModel.sync"}),
        "asl-pattern",
    ),
    ".sync of the SDK": (sdk("sagemaker:startPipelineExecution.sync", {"PipelineName": "p"}), "asl-pattern"),
    "API that the SDK has not": (sdk("sagemaker:trainModel", {}), "asl-resource"),
    "service that the SDK has not": (sdk("sagemakr:createModel", {}), "asl-resource"),
    "field that the API has not": (
        one({**TRAIN, "Parameters": {**TRAIN["Parameters"], "Nonsense": 1}}),
        "asl-api-field",
    ),
    "field of the SDK's API": (sdk("sagemaker:listTrainingJobs", {"MaxResult": 3}), "asl-api-field"),
    "field within another": (
        one(
            {**TRAIN, "Parameters": {**TRAIN["Parameters"], "OutputDataConfig": {"S3OutputPath": "s3://b", "Kms": "x"}}}
        ),
        "asl-api-field",
    ),
    "field that is required": (one({**SNS, "Parameters": {"TopicArn": "t"}}), "asl-api-missing-field"),
    "no request": (sdk("sagemaker:listTrainingJobs"), "asl-missing-field"),
    "outer variable": (
        in_order(
            ("A", {"Type": "Pass", "Assign": {"x": 1}}),
            ("P", {"Type": "Parallel", "Branches": [in_order(("B", {"Type": "Pass", "Assign": {"x": 2}}))]}),
        ),
        "asl-variable",
    ),
    "variable named states": (one({"Type": "Pass", "Assign": {"states": 1}, "Next": "Z"}), "asl-value"),
    "unknown field of the machine": (one(SNS, Timeout=5), "asl-unknown-field"),
    "no states": ({"StartAt": "A", "States": {}}, "asl-missing-field"),
    "no object": ([], "asl-shape"),
}
TAKEN = {
    "service": one(SNS),
    "job": one(TRAIN),
    "paths in a request": one(
        {**TRAIN, "Parameters": {"TrainingJobName.$": "$.n", "RoleArn.$": "$.r", "OutputDataConfig.$": "$.o"}}
    ),
    "object as a message": one({**SNS, "Parameters": {"TopicArn": "t", "Message": {"a.$": "$.b"}}}),
    "JSONPath state in a JSONata Map of a JSONPath machine": one(
        {
            **{name: value for name, value in MAP.items() if name != "ItemsPath"},
            "QueryLanguage": "JSONata",
            "Items": [1],
        }
    ),
    "JSONata state in a JSONPath machine": one(
        {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 %}", "Next": "Z"}
    ),
    "states that only an unreachable cycle leads to": {
        "StartAt": "A",
        "States": {"A": DONE, "B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Pass", "Next": "B"}},
    },
    "retry at once": one({**SNS, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 0}]}),
    "machine whose timeout is 0": one(SNS, TimeoutSeconds=0),
    "version": one(SNS, Version="1.0"),
    "resource to be filled in": one({"Type": "Task", "Resource": "${Function}", "Next": "Z"}),
    "items from the context object": one({**MAP, "ItemsPath": "$$.Execution.Input.items"}),
    "concurrency of a variable": one({**MAP, "MaxConcurrencyPath": "$most"}),
    "CSV in objects that are listed": one(
        reading("listObjectsV2", Transformation="LOAD_AND_FLATTEN", InputType="CSV", CSVHeaderLocation="FIRST_ROW")
    ),
    "results of a query": one(
        reading("getObject", InputType="CSV", ManifestType="ATHENA_DATA", CSVHeaderLocation="GIVEN", CSVHeaders=["a"])
    ),
    "results in the payload": one(distributed(ResultWriter={"WriterConfig": {"Transformation": "FLATTEN"}})),
    "Wait of no time": one({"Type": "Wait", "Seconds": 0, "Next": "Z"}),
    "heartbeat by itself": one({**SNS, "HeartbeatSeconds": 9}),
    "function by its name": one(
        {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Next": "Z"}
    ),
    "names within a path": jsonata("{% $states.input.a.(b + c)[d > 1]{e: f}^(g) %}"),
    "undefined variable": jsonata("{% $gone %}"),
    "SDK with letters of its own": sdk(
        "cloudwatchlogs:putLogEvents", {"LogGroupName": "g", "LogStreamName": "s", "LogEvents": []}
    ),
    "one variable in two branches": one(
        {**PARALLEL, "Branches": [in_order((name, {"Type": "Pass", "Assign": {"x": 1}})) for name in ("B", "C")]}
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_definition_is_refused_by_its_rule(name):
    definition, rule = REFUSED[name]

    found = violations(definition)

    assert rule in {violation.rule.id for violation in found if violation.rule.severity == "error"}
    with pytest.raises(InvalidDefinitionError, match=rf"\[{rule}\]"):
        check_definition(definition)


@pytest.mark.parametrize("name", TAKEN)
def test_definition_is_taken(name):
    assert [str(violation) for violation in violations(TAKEN[name])] == []


def test_everything_is_told_at_once_each_with_its_place():
    states = {"A": {"Type": "Pass", "Next": "Q", "Retry": RETRY}, "B": {"Type": "Succeed", "Result": 1}}

    with pytest.raises(InvalidDefinitionError) as refused:
        check_definition({"StartAt": "A", "States": states})

    assert [(violation.rule.id, violation.where) for violation in refused.value.violations] == [
        ("asl-target", "state 'A'/Next"),
        ("asl-unreachable-state", "state 'B'"),
        ("asl-unknown-field", "state 'A'"),
        ("asl-unknown-field", "state 'B'"),
    ]
    assert str(refused.value).count("\n  - ") == 4


def test_message_says_the_place_what_was_got_what_to_do_and_the_rule():
    (found,) = violations(one({"Type": "Wait", "Seconds": -1, "Next": "Z"}))

    assert str(found) == (
        "state 'A'/Seconds: the field is a whole number from 0 to 99,999,999, got -1; correct it [asl-value]"
    )


def test_near_name_is_suggested():
    (found,) = violations(sdk("sagemaker:listTrainingJobs", {"MaxResult": 3}))

    assert found.fix == "did you mean MaxResults?"


@pytest.mark.parametrize(
    ("definition", "rule"),
    [
        (one({"Type": "Pass", "Parameters": {"a": "{% 1 %}"}, "Next": "Z"}), "asl-expression-as-text"),
        (jsonata("{% $eval('1') %}"), "asl-eval"),
    ],
)
def test_what_is_taken_though_it_is_a_mistake_is_warned_of(definition, rule):
    (found,) = violations(definition)

    assert (found.rule.id, found.rule.severity) == (rule, "warning")
    check_definition(definition)


@pytest.mark.parametrize(
    "definition",
    [
        one(TRAIN),
        one({**task(Next="Z"), "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}),
        one({**MAP, "ItemProcessor": {**MAP["ItemProcessor"], "ProcessorConfig": DISTRIBUTED}}),
        one({"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "Next": "Z"}),
    ],
    ids=["sync", "token", "distributed", "activity"],
)
def test_express_machine_waits_for_nothing(definition):
    check_definition(definition)

    assert "asl-express" in {violation.rule.id for violation in violations(definition, express=True)}


def test_ids_of_rules_are_unique_and_written_alike():
    book = Rulebook()
    rule = Rule(id="asl-one", what="w", why="y", source="s", fix="f")
    book.add(rule)

    with pytest.raises(ValueError, match="two rules with the id 'asl-one'"):
        book.add(rule)
    with pytest.raises(ValueError, match="words with dashes"):
        Rule(id="Bad", what="w", why="y", source="s", fix="f")


def test_every_rule_of_definitions_says_why_who_says_so_and_what_to_do():
    rules = [rule for rule in RULES if rule.id.startswith("asl-")]

    assert len(rules) >= 30
    assert [rule.id for rule in rules if not (rule.why and rule.fix and rule.source.startswith("https://"))] == []


@pytest.mark.parametrize(
    "broken",
    [
        None,
        5,
        "x",
        [],
        {},
        {"StartAt": 1},
        {"StartAt": "A", "States": {"A": 5}},
        {"StartAt": ["A"], "States": {"A": {"Type": ["Pass"], "Next": {}}}},
    ],
)
def test_no_definition_is_so_wrong_that_it_cannot_be_judged(broken):
    assert violations(broken)


def test_expression_that_only_the_engine_refuses_is_refused_by_the_same_rule():
    with pytest.raises(InvalidDefinitionError, match=r"\[asl-expression\]"):
        Machine.of(jsonata("{% $states.%.% %}"))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["", "A", "Z", "$.x", "{% 1 %}", "{% x", "States.UUID()"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "Next", "Type", "ErrorEquals"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, member in inner for place in places(member, (*path, name)))]


def changed(value: Any, path: tuple[Any, ...], to: Any) -> Any:
    if not path:
        return to
    made = copy.copy(value)
    made[path[0]] = changed(value[path[0]], path[1:], to)
    return made


WHOLE = [*TAKEN.values(), *(definition for definition, _ in REFUSED.values() if isinstance(definition, dict))]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_definition_is_judged_and_what_is_taken_can_run(data):
    definition = data.draw(st.sampled_from(WHOLE))
    broken = changed(definition, data.draw(st.sampled_from(places(definition))), data.draw(JSON))

    is_refused = any(violation.rule.severity == "error" for violation in violations(broken))

    with pytest.raises(InvalidDefinitionError) if is_refused else nullcontext():
        Machine.of(broken)


GIVEN = st.fixed_dictionaries({}, optional=dict.fromkeys(("a", "l", "n", "r", "o", "t", "s"), JSON))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_is_taken_comes_to_an_end(data):
    definition = data.draw(st.sampled_from(WHOLE))
    broken = changed(definition, data.draw(st.sampled_from(places(definition))), data.draw(JSON))
    try:
        machine = Machine.of(broken)
    except InvalidDefinitionError:
        return

    # A manifest may name any object.
    objects = defaultdict(lambda: "[1, 2]", {"b/k": "[1, 2]"})
    run = Execution(machine, data.draw(GIVEN), Played(objects=objects))
    run.run()

    assert run.status in {"SUCCEEDED", "FAILED", "TIMED_OUT"}
