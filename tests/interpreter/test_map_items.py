"""Items of a distributed Map: every reader, batches, tolerated failures, and results that are written."""

from __future__ import annotations

import gzip
import json

from constructs_sm.interpreter.calls import TaskError

import pytest
from played import Played, failing, in_order, ran, task

DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
ECHO = {"ProcessorConfig": DISTRIBUTED, **in_order(("T", {"Type": "Pass"}))}
CALLS = {"ProcessorConfig": DISTRIBUTED, **in_order(("T", task(Parameters={"FunctionName": "f", "Payload.$": "$"})))}


def reading(config, *, listing=False, **fields):
    api = "listObjectsV2" if listing else "getObject"
    request = {"Bucket": "b", "Prefix": "in/"} if listing else {"Bucket": "b", "Key": fields.pop("key", "k")}
    reader = {"Resource": f"arn:aws:states:::s3:{api}", "ReaderConfig": config, "Parameters": request}
    return in_order(("M", {"Type": "Map", "ItemProcessor": ECHO, "ItemReader": reader, **fields}))


@pytest.mark.parametrize(
    ("config", "content", "items"),
    [
        ({"InputType": "JSON"}, '[1, {"a": 2}]', [1, {"a": 2}]),
        ({"InputType": "JSON", "ItemsPointer": "/x/0/y"}, '{"x": [{"y": [1, 2]}]}', [1, 2]),
        ({"InputType": "JSON", "ItemsPointer": "/x"}, '{"x": {"p": 1}}', [{"Key": "p", "Value": 1}]),
        ({"InputType": "JSONL"}, '{"a": 1}\n\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ({"InputType": "JSONL"}, '"a\u2028b"\r\n2', ["a\u2028b", 2]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, 'a,b\n1,"x, y"\n', [{"a": "1", "b": "x, y"}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["p", "q"]}, "1,2\n", [{"p": "1", "q": "2"}]),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": "PIPE"},
            "a|b\n1|2\n",
            [{"a": "1", "b": "2"}],
        ),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": "TAB"},
            "a\tb\n1\t2\n",
            [{"a": "1", "b": "2"}],
        ),
        ({"InputType": "JSON", "MaxItems": 2}, "[1, 2, 3]", [1, 2]),
    ],
    ids=[
        "JSON",
        "pointer",
        "pointer to an object",
        "JSONL",
        "separator in a text",
        "CSV",
        "given headers",
        "pipes",
        "tabs",
        "MaxItems",
    ],
)
def test_reader_reads_items(config, content, items):
    assert ran(reading(config), player=Played(objects={"b/k": content})).output == items


def test_compressed_object_is_read():
    player = Played(objects={"b/k.gz": gzip.compress(b'{"a": 1}\n')})

    assert ran(reading({"InputType": "JSONL"}, key="k.gz"), player=player).output == [{"a": 1}]


def test_listed_objects_are_items():
    player = Played(objects={"b/in/1.json": "[1]", "b/in/2.json": "[2, 3]", "b/other": "x"})

    assert [item["Key"] for item in ran(reading({}, listing=True), player=player).output] == ["in/1.json", "in/2.json"]


def test_listed_objects_are_loaded_and_flattened():
    player = Played(objects={"b/in/1.jsonl": '{"a": 1}\n', "b/in/2.jsonl": '{"a": 2}\n{"a": 3}\n'})
    config = {"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"}

    assert ran(reading(config, listing=True), player=player).output == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_inventory_names_files_with_rows():
    manifest = {
        "destinationBucket": "arn:aws:s3:::inventory",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "data/1.csv.gz"}],
    }
    rows = gzip.compress(b'"b","x.csv","10"\n"b","y.csv","20"\n')
    player = Played(objects={"b/k": json.dumps(manifest), "inventory/data/1.csv.gz": rows})

    output = ran(reading({"InputType": "MANIFEST", "ManifestType": "S3_INVENTORY"}), player=player).output

    assert output == [{"Bucket": "b", "Key": "x.csv", "Size": "10"}, {"Bucket": "b", "Key": "y.csv", "Size": "20"}]


def test_manifest_of_a_query_names_files_of_a_kind():
    player = Played(
        objects={"b/k": "s3://r/1.jsonl\ns3://r/2.jsonl\n", "r/1.jsonl": '{"a": 1}\n', "r/2.jsonl": '{"a": 2}\n'}
    )

    output = ran(reading({"InputType": "JSONL", "ManifestType": "ATHENA_DATA"}), player=player).output

    assert output == [{"a": 1}, {"a": 2}]


def test_parquet_is_read_where_pyarrow_is():
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    written = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table({"a": [1, 2], "b": ["x", None]}), written)
    player = Played(objects={"b/k": written.getvalue().to_pybytes()})

    assert ran(reading({"InputType": "PARQUET"}), player=player).output == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


@pytest.mark.parametrize("content", ['{"a": 1}', "no json", b"\xff\xfe"])
def test_what_is_no_list_of_items_cannot_be_read(content):
    assert (
        ran(reading({"InputType": "JSON"}), player=Played(objects={"b/k": content})).error == "States.ItemReaderFailed"
    )


def test_failure_of_a_reader_is_caught():
    machine = reading(
        {"InputType": "JSON"}, Catch=[{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Z"}], End=True
    )
    machine["States"]["Z"] = {"Type": "Succeed"}

    assert ran(machine, player=Played(objects={"b/k": "1"})).output["Error"] == "States.ItemReaderFailed"


def test_object_in_the_input_is_mapped_by_name_in_a_distributed_map():
    machine = in_order(("M", {"Type": "Map", "ItemProcessor": ECHO, "ItemsPath": "$.o"}))

    assert ran(machine, {"o": {"x": 1, "y": 2}}).output == [{"Key": "x", "Value": 1}, {"Key": "y", "Value": 2}]


def test_selector_sees_the_item_its_number_and_the_input():
    selector = {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "$.l"}
    machine = in_order(("M", {"Type": "Map", "ItemProcessor": ECHO, "ItemsPath": "$.l", "ItemSelector": selector}))

    assert ran(machine, {"l": ["a", "b"]}).output == [
        {"i": 0, "v": "a", "all": ["a", "b"]},
        {"i": 1, "v": "b", "all": ["a", "b"]},
    ]


def test_selector_in_jsonata_sees_the_item():
    fields = {"Type": "Map", "ItemProcessor": ECHO, "Items": "{% $states.input.l %}"}
    selector = {"n": "{% $states.context.Map.Item.Index + $states.context.Map.Item.Value %}"}
    machine = in_order(("M", {**fields, "ItemSelector": selector}), QueryLanguage="JSONata")

    assert ran(machine, {"l": [10, 20]}).output == [{"n": 10}, {"n": 21}]


def test_batches_are_as_large_as_they_may_be_in_items_and_bytes():
    by_count = {"MaxItemsPerBatch": 2, "BatchInput": {"x.$": "$.x"}}
    by_bytes = {"MaxInputBytesPerBatch": 25}
    fields = {"Type": "Map", "ItemProcessor": ECHO, "ItemsPath": "$.l"}
    given = {"l": ["a" * 10, "b" * 10, "c" * 10], "x": 7}

    counted = ran(in_order(("M", {**fields, "ItemBatcher": by_count})), given).output
    weighed = ran(in_order(("M", {**fields, "ItemBatcher": by_bytes})), given).output

    assert [(len(batch["Items"]), batch["BatchInput"]) for batch in counted] == [(2, {"x": 7}), (1, {"x": 7})]
    assert [len(batch["Items"]) for batch in weighed] == [1, 1, 1]


def broken_at(*items):
    def answer(call):
        if call.request["Payload"] in items:
            raise failing("E", f"item {call.request['Payload']}")
        return call.request["Payload"]

    return Played({"T": [answer]})


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 49}, "FAILED"),
        ({"ToleratedFailurePercentage": 50}, "SUCCEEDED"),
        ({"ToleratedFailureCount": 2, "ToleratedFailurePercentage": 10}, "FAILED"),
        ({"ToleratedFailureCountPath": "$.n"}, "SUCCEEDED"),
        ({"ToleratedFailurePercentagePath": "$.n"}, "FAILED"),
    ],
)
def test_as_many_may_fail_as_the_map_tolerates(fields, status):
    machine = in_order(("M", {"Type": "Map", "ItemProcessor": CALLS, "ItemsPath": "$.l", **fields}))

    assert ran(machine, {"l": [1, 2, 3, 4], "n": 2}, broken_at(2, 3)).status == status


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 49}, "FAILED"),
        ({"ToleratedFailurePercentage": 50}, "SUCCEEDED"),
    ],
)
def test_failed_batch_counts_each_of_its_items_and_takes_one_place(fields, status):
    batches = {"ItemBatcher": {"MaxItemsPerBatch": 2}, **fields}
    machine = in_order(("M", {"Type": "Map", "ItemProcessor": CALLS, **batches}))

    run = ran(machine, [1, 2, 3, 4], broken_at({"Items": [1, 2]}))

    assert run.status == status
    if status == "SUCCEEDED":
        assert run.output[0]["Status"] == "FAILED"
        assert run.output[1:] == [{"Items": [3, 4]}]


def test_child_workflow_has_a_state_machine_of_its_map():
    seen = {"ProcessorConfig": DISTRIBUTED, **in_order(("T", {"Type": "Pass", "InputPath": "$$.StateMachine.Id"}))}
    machine = in_order(("M", {"Type": "Map", "Label": "Each", "ItemProcessor": seen}))

    assert ran(machine, [1]).output == ["arn:aws:states:us-east-1:123456789012:stateMachine:Machine/Each"]


def test_tolerated_failure_stands_in_the_results():
    machine = in_order(("M", {"Type": "Map", "ItemProcessor": CALLS, "ToleratedFailureCount": 1}))

    assert ran(machine, [1, 2], broken_at(2)).output == [1, {"Status": "FAILED", "Error": "E", "Cause": "item 2"}]


def writing(config=None, **fields):
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out", "Prefix.$": "$.p"}}
    writer |= {} if config is None else {"WriterConfig": config}
    state = {
        "Type": "Map",
        "ItemProcessor": CALLS,
        "ItemsPath": "$.l",
        "ResultWriter": writer,
        "ToleratedFailureCount": 1,
    }
    return in_order(("M", {**state, **fields}))


def test_written_results_are_named_by_their_manifest():
    player = broken_at(2)

    run = ran(writing(), {"l": [1, 2], "p": "results/"}, player)

    details = run.output["ResultWriterDetails"]
    assert (details["Bucket"], run.output["MapRunArn"].split(":")[5]) == ("out", "mapRun")
    assert details["Key"] == f"results/{run.output['MapRunArn'].rpartition(':')[2]}/manifest.json"
    objects = player.writings[0].objects()
    manifest = json.loads(objects[details["Key"]])
    succeeded = json.loads(objects[manifest["ResultFiles"]["SUCCEEDED"][0]["Key"]])
    failed = json.loads(objects[manifest["ResultFiles"]["FAILED"][0]["Key"]])
    assert [(one["Input"], one["Output"], one["Status"]) for one in succeeded] == [("1", "1", "SUCCEEDED")]
    assert [(one["Input"], one["Error"], one["Cause"]) for one in failed] == [("2", "E", "item 2")]


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"Transformation": "COMPACT"}, "[[1],[2,3]]"),
        ({"Transformation": "FLATTEN"}, "[1,2,3]"),
        ({"Transformation": "FLATTEN", "OutputType": "JSONL"}, "1\n2\n3\n"),
    ],
)
def test_written_results_are_transformed(config, text):
    player = broken_at()

    ran(writing(config), {"l": [[1], [2, 3]], "p": ""}, player)

    (written,) = [value for key, value in player.writings[0].objects().items() if "SUCCEEDED" in key]
    assert written == text


def test_results_are_transformed_without_being_written():
    fields = {"Type": "Map", "ItemProcessor": CALLS, "ResultWriter": {"WriterConfig": {"Transformation": "FLATTEN"}}}

    run = ran(in_order(("M", fields)), [[1], [2, 3]], broken_at())

    assert run.output == [1, 2, 3]


def test_refused_writer_and_refused_map_run_fail_the_map():
    class Refusing(Played):
        def results(self, _writing):
            raise TaskError("States.ResultWriterFailed", "no")

    class Forbidding(Played):
        def map_run(self, _state):
            raise TaskError("States.Permissions", "no")

    given = {"l": [], "p": ""}
    assert ran(writing(), given, Refusing()).error == "States.ResultWriterFailed"
    assert ran(writing(), given, Forbidding()).error == "States.Permissions"


def test_child_workflow_is_an_execution_of_its_own():
    body = in_order(("T", {"Type": "Pass", "Parameters": {"in.$": "$$.Execution.Input", "id.$": "$$.Execution.Id"}}))
    machine = in_order(
        ("A", {"Type": "Pass", "Assign": {"v": 1}}),
        ("M", {"Type": "Map", "Label": "Each", "ItemProcessor": {"ProcessorConfig": DISTRIBUTED, **body}}),
    )

    first, second = ran(machine, ["x", "y"]).output

    assert (first["in"], second["in"]) == ("x", "y")
    assert first["id"] != second["id"]
    assert ":execution:Machine/Each:" in first["id"]


def test_inline_iteration_sees_the_variables_around_it():
    body = in_order(("T", {"Type": "Pass", "Parameters": {"v.$": "$v"}}))
    machine = in_order(("A", {"Type": "Pass", "Assign": {"v": 1}}), ("M", {"Type": "Map", "ItemProcessor": body}))

    assert ran(machine, [0]).output == [{"v": 1}]


def test_map_of_nothing_is_an_empty_list():
    assert ran(in_order(("M", {"Type": "Map", "ItemProcessor": ECHO})), []).output == []
