"""A FanOut over what S3 and the input have besides lists: Parquet, Athena, objects, batches, and computed numbers."""

from __future__ import annotations

import json

from constructs_sm import FanOut, InvalidInputError, ItemBatcher, S3Items, S3Location, TrainingJob, WriterConfig
from constructs_sm.testing import Rehearsal, definition, resolved, state_machine_policy

import pytest
from aws_cdk import CfnParameter
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from every_action import IMAGE
from rehearsed import stack_of

JSONPATH, JSONATA = sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA
in_both_languages = pytest.mark.parametrize("language", [JSONPATH, JSONATA], ids=["JSONPath", "JSONata"])


def fanned(items, language=JSONPATH, uri=None, **arguments):
    given = uri or ("{% $states.input.item.data %}" if language is JSONATA else "$.item.data")

    def make(stack):
        train = TrainingJob(
            stack,
            "Train",
            image=IMAGE,
            instance_type="ml.m5.xlarge",
            inputs={"train": given},
            output="s3://data/models/",
            query_language=language,
        )
        return FanOut(stack, "Each", train, items=items, query_language=language, **arguments)

    return stack_of(make)


def trained(run):
    return sorted(
        request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
        for state, request in run.requests
        if state == "Train"
    )


def run_of(stack, execution_input=None, **options):
    with Rehearsal.of(stack, **options) as rehearsal:
        return rehearsal.start(execution_input or {})


def of_s3(stack):
    return {
        (action, resource)
        for statement in resolved(state_machine_policy(stack))
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        for resource in ([statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"])
        if action.startswith("s3:")
    }


@in_both_languages
def test_pointer_leads_to_the_list_in_a_file(language, tmp_path):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/all.json").write_text(json.dumps({"sets": {"new": [{"data": "s3://data/north/"}]}}))
    stack = fanned(S3Items.json("s3://lists/all.json", pointer="/sets/new"), language)

    run = run_of(stack, files=tmp_path)
    assert run.status == "SUCCEEDED", run.cause
    assert trained(run) == ["s3://data/north/"]
    assert definition(stack)["States"]["Each"]["ItemReader"]["ReaderConfig"] == {
        "InputType": "JSON",
        "ItemsPointer": "/sets/new",
    }


@in_both_languages
def test_objects_are_loaded_and_flattened_with_the_right_to_read_them(language, tmp_path):
    folder = tmp_path / "lists/sets"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text('{"data": "s3://data/north/"}\n{"data": "s3://data/south/"}\n')
    (folder / "b.jsonl").write_text('{"data": "s3://data/east/"}\n')
    stack = fanned(S3Items.objects("s3://lists/sets/", load="JSONL"), language)

    run = run_of(stack, files=tmp_path)
    assert run.status == "SUCCEEDED", run.cause
    assert trained(run) == ["s3://data/east/", "s3://data/north/", "s3://data/south/"]
    assert of_s3(stack) == {
        ("s3:ListBucket", "arn:aws:s3:::lists"),
        ("s3:GetObject", "arn:aws:s3:::lists/sets/*"),
    }


@pytest.mark.parametrize("action", ["s3:ListBucket", "s3:GetObject"])
def test_objects_that_may_not_be_read_end_the_map(action, tmp_path):
    folder = tmp_path / "lists/sets"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text('{"data": "s3://data/north/"}\n')
    stack = fanned(S3Items.objects("s3://lists/sets/", load="JSONL"))
    all_else = [{"Effect": "Allow", "NotAction": action, "Resource": "*"}]

    run = run_of(stack, files=tmp_path, policy=all_else)
    assert run.error == "States.ItemReaderFailed"
    assert action in run.cause


def test_results_of_athena_are_read_by_the_manifest_with_the_right_to_the_data(tmp_path):
    (tmp_path / "lists/unloaded").mkdir(parents=True)
    (tmp_path / "lists/q-manifest.csv").write_text("s3://lists/unloaded/1\ns3://lists/unloaded/2\n")
    (tmp_path / "lists/unloaded/1").write_text('{"data": "s3://data/north/"}\n')
    (tmp_path / "lists/unloaded/2").write_text('{"data": "s3://data/south/"}\n')
    items = S3Items.athena("s3://lists/q-manifest.csv", data="s3://lists/unloaded/", file_format="JSONL")
    stack = fanned(items)

    run = run_of(stack, files=tmp_path)
    assert run.status == "SUCCEEDED", run.cause
    assert trained(run) == ["s3://data/north/", "s3://data/south/"]
    assert of_s3(stack) == {
        ("s3:GetObject", "arn:aws:s3:::lists/q-manifest.csv"),
        ("s3:GetObject", "arn:aws:s3:::lists/unloaded/*"),
    }
    assert definition(stack)["States"]["Each"]["ItemReader"]["ReaderConfig"] == {
        "InputType": "JSONL",
        "ManifestType": "ATHENA_DATA",
    }


def test_rows_of_a_parquet_file_are_items(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "lists").mkdir()
    table = pyarrow.table({"data": ["s3://data/north/", "s3://data/south/"]})
    parquet.write_table(table, tmp_path / "lists/sets.parquet")

    run = run_of(fanned(S3Items.parquet("s3://lists/sets.parquet")), files=tmp_path)
    assert run.status == "SUCCEEDED", run.cause
    assert trained(run) == ["s3://data/north/", "s3://data/south/"]


def test_parquet_is_asked_for_by_its_name():
    stack = fanned(S3Items.parquet("s3://lists/sets.parquet"))
    reader = definition(stack)["States"]["Each"]["ItemReader"]
    assert (reader["Resource"].rpartition(":")[2], reader["ReaderConfig"]) == ("getObject", {"InputType": "PARQUET"})
    assert of_s3(stack) == {("s3:GetObject", "arn:aws:s3:::lists/sets.parquet")}


@pytest.mark.parametrize("written", [True, False], ids=["in the app", "in the input"])
@in_both_languages
def test_fields_of_an_object_are_items_with_their_key(language, written):
    sets = {"north": {"data": "s3://data/north/"}, "south": {"data": "s3://data/south/"}}
    path = "{% $states.input.sets %}" if language is JSONATA else "$.sets"
    stack = fanned(sets, language) if written else fanned(path, language, by_key=True)

    run = run_of(stack, {"sets": sets})
    assert run.status == "SUCCEEDED", run.cause
    assert trained(run) == ["s3://data/north/", "s3://data/south/"]
    assert "key" in str(definition(stack)["States"]["Each"]["ItemSelector"])


@in_both_languages
def test_batches_have_several_items_each_and_what_was_selected(language):
    first = "{% $states.input.items[0].item.data %}" if language is JSONATA else "$.items[0].item.data"
    path, most = (
        ("{% $states.input.sets %}", "{% $states.input.most %}") if language is JSONATA else ("$.sets", "$.most")
    )
    selected = {"day": "{% $states.input.day %}" if language is JSONATA else "$.day"}
    stack = fanned(path, language, uri=first, batches=ItemBatcher(max_items=most), item_selector=selected)
    sets = [{"data": f"s3://data/{number}/"} for number in range(5)]

    run = run_of(stack, {"sets": sets, "most": 2, "day": "today"})
    assert run.status == "SUCCEEDED", run.cause
    assert trained(run) == ["s3://data/0/", "s3://data/2/", "s3://data/4/"]
    assert [sorted(result) for result in run.output["Each"]] == [["Train"]] * 3


@in_both_languages
def test_numbers_of_a_map_may_come_from_the_input(language):
    path, most = (
        ("{% $states.input.sets %}", "{% $states.input.most %}") if language is JSONATA else ("$.sets", "$.most")
    )
    stack = fanned(path, language, max_concurrency=most, tolerated_failure_percentage=most)

    state = definition(stack)["States"]["Each"]
    ending = "" if language is JSONATA else "Path"
    assert (state[f"MaxConcurrency{ending}"], state[f"ToleratedFailurePercentage{ending}"]) == (most, most)
    run = run_of(stack, {"sets": [{"data": "s3://data/a/"}], "most": 3})
    assert run.status == "SUCCEEDED", run.cause


def test_results_are_written_as_they_are_wanted():
    writer = WriterConfig(transformation="COMPACT", output_type="JSONL")
    stack = fanned("$.sets", results=S3Location.of("s3://data/results/"), writer_config=writer)

    state = definition(stack)["States"]["Each"]["ResultWriter"]
    assert state["WriterConfig"] == {"Transformation": "COMPACT", "OutputType": "JSONL"}
    run = run_of(stack, {"sets": [{"data": "s3://data/a/"}]})
    assert run.status == "SUCCEEDED", run.cause
    assert run.output["Each"]["ResultWriterDetails"]["Bucket"] == "data"


def test_results_that_go_nowhere_are_made_as_wanted_in_the_output():
    stack = fanned("$.sets", writer_config=WriterConfig(transformation="NONE"))

    run = run_of(stack, {"sets": [{"data": "s3://data/a/"}]})
    assert run.status == "SUCCEEDED", run.cause
    assert [result["Status"] for result in run.output["Each"]] == ["SUCCEEDED"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: S3Items.json("s3://lists/a.json", pointer="sets"), "no JSON pointer"),
        (lambda: S3Items.objects("s3://lists/", load="XML"), "no format of objects"),
        (lambda: S3Items.athena("s3://lists/m.csv", data="s3://lists/", file_format="ORC"), "no format of Athena's"),
        (lambda: fanned("$.sets", batches=ItemBatcher()), "batches have no limit"),
        (lambda: fanned("$.sets", batches=ItemBatcher(max_bytes=300_000)), "max_bytes of batches must be 1 to 262144"),
        (lambda: fanned("$.sets", batches=10), "batches is none"),
        (lambda: fanned("$.sets", writer_config=WriterConfig(output_type="CSV")), "no output_type of results"),
        (lambda: fanned([1], by_key=True), "by_key is of an object"),
        (lambda: fanned("$.sets", max_concurrency="{% 3 %}"), "max_concurrency must be 1 to 10000"),
        (lambda: fanned({"a": 1}, distributed=False), "this takes a distributed map"),
    ],
)
def test_what_step_functions_would_refuse_is_refused(make, said):
    with pytest.raises(InvalidInputError, match=said):
        make()


@pytest.mark.parametrize(
    "items",
    [
        S3Items.objects("s3://lists/sets/", load="JSON"),
        S3Items.athena("s3://lists/q-manifest.csv", data="s3://lists/unloaded/"),
        S3Items.json("s3://lists/all.json", pointer="/sets"),
        S3Items.parquet("s3://lists/all.parquet"),
    ],
    ids=["loaded", "Athena", "pointer", "Parquet"],
)
def test_role_is_exact_where_a_script_answers_for_the_list(items):
    with Rehearsal.of(fanned(items)) as rehearsal:
        rehearsal.answer("Each", [{"data": "s3://data/north/"}])
        permissions = rehearsal.permissions()

    assert permissions.exact, permissions


def test_loaded_objects_are_asked_for_where_a_script_answers_for_them():
    stack = fanned(S3Items.objects("s3://lists/sets/", load="JSON"))
    with Rehearsal.of(stack, policy=[{"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"}]) as rehearsal:
        rehearsal.answer("Each", [{"data": "s3://data/north/"}])
        run = rehearsal.start()

    assert run.error == "States.ItemReaderFailed"
    assert "s3:GetObject on resource: arn:aws:s3:::lists/sets/*" in run.cause


AT_ONCE = sfn.JsonPath.number_at("$.at_once")


@pytest.mark.parametrize(
    ("language", "value", "said"),
    [
        (JSONPATH, "$.at_once", ("Path", "$.at_once")),
        (JSONPATH, AT_ONCE, ("Path", "$.at_once")),
        (JSONATA, "$.at_once", ("", "{% $states.input.at_once %}")),
        (JSONATA, AT_ONCE, ("", "{% $states.input.at_once %}")),
        (JSONATA, "{% $states.input.at_once + 1 %}", ("", "{% $states.input.at_once + 1 %}")),
    ],
    ids=["path", "token", "path in JSONata", "token in JSONata", "JSONata"],
)
def test_numbers_come_from_the_input_in_each_spelling(language, value, said):
    suffix, spelled = said
    stack = fanned(
        S3Items.csv("s3://lists/all.csv"),
        language,
        uri="s3://data/north/",
        max_concurrency=value,
        tolerated_failure_count=value,
        tolerated_failure_percentage=value,
        max_items=value,
        batches=ItemBatcher(max_items=value, max_bytes=value),
    )

    state = definition(stack)["States"]["Each"]
    for name in ("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"):
        assert state[f"{name}{suffix}"] == spelled
    assert state["ItemReader"]["ReaderConfig"][f"MaxItems{suffix}"] == spelled
    assert state["ItemBatcher"][f"MaxItemsPerBatch{suffix}"] == spelled
    assert state["ItemBatcher"][f"MaxInputBytesPerBatch{suffix}"] == spelled
    at_once = {"at_once": 2}
    with Rehearsal.of(stack) as rehearsal:
        rehearsal.answer("Each", [{}, {}, {}])
        assert rehearsal.start(at_once).succeeded


def test_number_comes_with_the_deployment():
    def make(stack):
        most = CfnParameter(stack, "Most", type="Number", default=3)
        train = TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.xlarge", output="s3://data/models/")
        return FanOut(stack, "Each", train, items="$.sets", max_concurrency=most.value_as_number)

    (machine,) = Template.from_stack(stack_of(make)).find_resources("AWS::StepFunctions::StateMachine").values()
    parts = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    assert parts[parts.index({"Ref": "Most"}) - 1].endswith('"MaxConcurrency":')


@in_both_languages
def test_items_that_leave_nothing_are_empty_objects(language):
    def make(stack):
        nothing = sfn.Pass(stack, "Nothing", query_language=language)
        items = "{% $states.input.sets %}" if language is JSONATA else "$.sets"
        return FanOut(
            stack,
            "Each",
            nothing,
            items=items,
            batches=ItemBatcher(max_items=2),
            results="s3://data/",
            query_language=language,
        )

    with Rehearsal.of(stack_of(make)) as rehearsal:
        run = rehearsal.start({"sets": [1, 2, 3]})

    assert run.succeeded, run
