"""The same jobs for each item: of lists in the input and in S3, with what was there before, and with what fails."""

from __future__ import annotations

from constructs_sm import (
    CreateModel,
    FanOut,
    InvalidInputError,
    PipelineStack,
    ProcessingJob,
    QualityGate,
    S3Items,
    S3Location,
    TrainingJob,
    TransformJob,
)
from constructs_sm.testing import Failed, Metrics, Rehearsal, definition, state_machine_policy

import pytest
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Annotations, Match, Template
from every_action import IMAGE
from rehearsed import stack_of

JSONPATH, JSONATA = sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA
in_both_languages = pytest.mark.parametrize("language", [JSONPATH, JSONATA], ids=["JSONPath", "JSONata"])
ITEMS = [{"name": name, "data": f"s3://data/{name}/"} for name in ("north", "south", "east")]


def training(stack, language=JSONPATH, construct_id="Train", **arguments):
    item = "{% $states.input.item.data %}" if language is JSONATA else "$.item.data"
    return TrainingJob(
        stack,
        construct_id,
        image=IMAGE,
        instance_type="ml.m5.xlarge",
        query_language=language,
        **{"inputs": {"train": item}, "output": "s3://data/models/", **arguments},
    )


class Pipeline:
    """A state machine, rehearsed under its own policy."""

    def __init__(self, make, **settings):
        self.stack = stack_of(make, **settings)
        self.template = Template.from_stack(self.stack).to_json()

    def rehearsal(self):
        return Rehearsal.of(self.template)

    def run(self, *steps, execution_input=None, items=None):
        with self.rehearsal() as rehearsal:
            rehearsal.script("Train", *steps)
            if items is not None:
                rehearsal.answer("Each", items)
            return rehearsal.start({"items": ITEMS} if execution_input is None else execution_input)


def definition_of(pipeline):
    return pipeline.rehearsal().machine.definition["States"]


def datasets(run):
    return sorted(
        request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
        for state, request in run.requests
        if state == "Train"
    )


@pytest.mark.parametrize("distributed", [None, True], ids=["inline", "distributed"])
@in_both_languages
def test_each_item_has_its_job_under_a_name_of_its_own(language, distributed):
    def make(stack):
        return FanOut(
            stack, "Each", training(stack, language), items="$.items", distributed=distributed, query_language=language
        )

    run = Pipeline(make).run()
    assert run.status == "SUCCEEDED", run.cause
    assert datasets(run) == ["s3://data/east/", "s3://data/north/", "s3://data/south/"]
    assert len({request["TrainingJobName"] for _, request in run.requests}) == 3
    assert run.output["items"] == ITEMS
    assert [(result["index"], sorted(result)) for result in run.output["Each"]] == [
        (index, ["Train", "index"]) for index in range(3)
    ]


@pytest.mark.parametrize("distributed", [None, True], ids=["inline", "distributed"])
def test_map_is_run_anew_as_a_retrier_says(distributed):
    def make(stack):
        each = FanOut(stack, "Each", training(stack), items="$.items", distributed=distributed)
        return each.add_retry(errors=["States.TaskFailed", "States.ItemReaderFailed"], max_attempts=1)

    pipeline = Pipeline(make)
    assert definition_of(pipeline)["Each"]["Retry"] == [
        {
            "ErrorEquals": ["States.TaskFailed", "States.ItemReaderFailed"],
            "IntervalSeconds": 1,
            "MaxAttempts": 1,
            "BackoffRate": 2,
        }
    ]


@pytest.mark.parametrize("count", [0, 1])
def test_results_are_a_list_however_many_items_there_are(count):
    run = Pipeline(lambda stack: FanOut(stack, "Each", training(stack), items="$.items")).run(
        execution_input={"items": ITEMS[:count]}
    )
    assert len(run.output["Each"]) == count


@pytest.mark.parametrize("distributed", [None, True], ids=["inline", "distributed"])
@pytest.mark.parametrize(("made", "used"), [(a, b) for a in (JSONPATH, JSONATA) for b in (JSONPATH, JSONATA)])
def test_output_of_a_job_before_is_handed_on(made, used, distributed):
    def make(stack):
        train = training(stack, made, inputs={"train": "s3://data/all/"})
        model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts, query_language=made)
        score = TransformJob(
            stack,
            "Score",
            model=model,
            data="{% $states.input.item.data %}" if used is JSONATA else "$.item.data",
            output="s3://data/scores/",
            instance_type="ml.m5.xlarge",
            environment={"MODEL": train.model_artifacts.uri},
            query_language=used,
        )
        return train.next(model).next(FanOut(stack, "Each", score, items="$.items", distributed=distributed))

    pipeline = Pipeline(make)
    run = pipeline.run()
    assert run.status == "SUCCEEDED", run.cause
    requests = dict(run.requests)
    assert requests["Score"]["ModelName"] == requests["Model"]["ModelName"]
    assert requests["Score"]["Environment"]["MODEL"].startswith("s3://data/models/train-")
    assert [sorted(result) for result in run.output["Each"]] == [["Score", "index"]] * 3
    selector = definition(pipeline.stack)["States"]["Each"]["ItemSelector"]
    assert set(selector) == {"item.$", "index.$", "Train.$", "Model.$"}


def test_output_of_a_job_before_is_handed_on_through_two():
    def make(stack):
        train = training(stack, inputs={"train": "s3://data/all/"})
        model = CreateModel(stack, "Model", image="$.item.image", model_data=train.model_artifacts)
        inner = FanOut(stack, "Each image", model, items="$.item.images")
        return train.next(FanOut(stack, "Each", inner, items="$.items"))

    images = [{"image": f"{IMAGE}{index}"} for index in range(2)]
    run = Pipeline(make).run(execution_input={"items": [{"images": images}] * 2})
    assert run.status == "SUCCEEDED", run.cause
    assert sum(state == "Model" for state, _ in run.requests) == 4


@in_both_languages
def test_more_is_handed_on_if_it_is_asked_for(language):
    def make(stack):
        in_jsonata = language is JSONATA
        train = training(
            stack,
            language,
            hyperparameters={"eta": "{% $states.input.eta %}" if in_jsonata else "$.eta"},
            output="{% $states.input.place.models %}" if in_jsonata else "$.place.models",
        )
        more = {"eta": "$.eta", "place": {"models": S3Location("s3://data/models/")}}
        return FanOut(stack, "Each", train, items="$.items", item_selector=more, query_language=language)

    run = Pipeline(make).run(execution_input={"items": ITEMS[:1], "eta": 0.3})
    assert run.status == "SUCCEEDED", run.cause
    request = dict(run.requests)["Train"]
    assert request["HyperParameters"] == {"eta": "0.3"}
    assert request["OutputDataConfig"] == {"S3OutputPath": "s3://data/models/"}
    assert set(run.output["Each"][0]) == {"index", "Train"}


def test_chain_with_a_gate_runs_for_each_item():
    def make(stack):
        train = training(stack)
        good = QualityGate(stack, "Good", train.final_metric("auc") >= 0.8)
        model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts)
        return FanOut(stack, "Each", train.next(good).next(model), items=ITEMS, max_concurrency=1)

    pipeline = Pipeline(make)
    assert pipeline.run(*[Metrics(auc=0.9)] * 3).status == "SUCCEEDED"
    run = pipeline.run(Metrics(auc=0.9), Metrics(auc=0.7), Metrics(auc=0.9))
    assert (run.status, run.error) == ("FAILED", "QualityGateNotMet")


def test_one_failed_item_fails_the_list():
    run = Pipeline(lambda stack: FanOut(stack, "Each", training(stack), items="$.items")).run(Failed("no data"))
    assert run.status == "FAILED"
    assert "no data" in run.cause


@pytest.mark.parametrize(
    ("tolerated", "failures", "status"),
    [
        ({"tolerated_failure_count": 1}, 1, "SUCCEEDED"),
        ({"tolerated_failure_count": 1}, 2, "FAILED"),
        ({"tolerated_failure_percentage": 40.5}, 1, "SUCCEEDED"),
        ({"tolerated_failure_percentage": 10.5}, 1, "FAILED"),
    ],
)
def test_tolerated_failures_are_tolerated_and_no_more(tolerated, failures, status):
    pipeline = Pipeline(
        lambda stack: FanOut(stack, "Each", training(stack), items="$.items", max_concurrency=1, **tolerated)
    )
    assert definition(pipeline.stack)["States"]["Each"]["ItemProcessor"]["ProcessorConfig"] == {
        "Mode": "DISTRIBUTED",
        "ExecutionType": "STANDARD",
    }
    run = pipeline.run(*[Failed("no data")] * failures)
    assert run.status == status, run.cause


SOURCES = {
    "json": (
        S3Items.json("s3://lists/items.json"),
        {
            "Resource": "arn:${AWS::Partition}:states:::s3:getObject",
            "Parameters": {"Bucket": "lists", "Key": "items.json"},
            "ReaderConfig": {"InputType": "JSON"},
        },
        [("s3:GetObject", "arn:${AWS::Partition}:s3:::lists/items.json")],
    ),
    "json lines": (
        S3Items.json_lines("s3://lists/items.jsonl"),
        {
            "Resource": "arn:${AWS::Partition}:states:::s3:getObject",
            "Parameters": {"Bucket": "lists", "Key": "items.jsonl"},
            "ReaderConfig": {"InputType": "JSONL"},
        },
        [("s3:GetObject", "arn:${AWS::Partition}:s3:::lists/items.jsonl")],
    ),
    "csv": (
        S3Items.csv("s3://lists/items.csv", headers=["name", "data"], delimiter=";"),
        {
            "Resource": "arn:${AWS::Partition}:states:::s3:getObject",
            "Parameters": {"Bucket": "lists", "Key": "items.csv"},
            "ReaderConfig": {
                "InputType": "CSV",
                "CSVHeaderLocation": "GIVEN",
                "CSVHeaders": ["name", "data"],
                "CSVDelimiter": "SEMICOLON",
            },
        },
        [("s3:GetObject", "arn:${AWS::Partition}:s3:::lists/items.csv")],
    ),
    "manifest": (
        S3Items.manifest("s3://lists/source/all/2024-01-01T00-00Z/manifest.json"),
        {
            "Resource": "arn:${AWS::Partition}:states:::s3:getObject",
            "Parameters": {"Bucket": "lists", "Key": "source/all/2024-01-01T00-00Z/manifest.json"},
            "ReaderConfig": {"InputType": "MANIFEST"},
        },
        [
            ("s3:GetObject", "arn:${AWS::Partition}:s3:::lists/source/all/2024-01-01T00-00Z/manifest.json"),
            ("s3:GetObject", "arn:${AWS::Partition}:s3:::lists/source/all/data/*"),
        ],
    ),
    "objects": (
        S3Items.objects("s3://lists/parts/"),
        {
            "Resource": "arn:${AWS::Partition}:states:::s3:listObjectsV2",
            "Parameters": {"Bucket": "lists", "Prefix": "parts/"},
        },
        [("s3:ListBucket", "arn:${AWS::Partition}:s3:::lists")],
    ),
}


def reading(stack):
    return [
        (statement["Action"], statement["Resource"])
        for statement in state_machine_policy(stack)
        if str(statement["Action"]).startswith("s3:")
    ]


@pytest.mark.parametrize(("items", "reader", "granted"), SOURCES.values(), ids=SOURCES)
def test_list_in_s3_is_read_and_nothing_else_is(stack, machine, items, reader, granted):
    machine(FanOut(stack, "Each", training(stack), items=items))
    assert definition(stack)["States"]["Each"]["ItemReader"] == reader
    assert sorted(reading(stack)) == sorted(granted)


@pytest.mark.parametrize("items", [SOURCES["json"][0], S3Items.csv("s3://lists/items.csv")], ids=["json", "csv"])
def test_list_in_s3_is_worked_off(items):
    run = Pipeline(lambda stack: FanOut(stack, "Each", training(stack), items=items)).run(
        execution_input={}, items=ITEMS
    )
    assert run.status == "SUCCEEDED", run.cause
    assert datasets(run) == ["s3://data/east/", "s3://data/north/", "s3://data/south/"]


def test_objects_under_a_prefix_are_known_by_their_uri():
    def make(stack):
        return FanOut(stack, "Each", training(stack, inputs={"train": "$.uri"}), items=S3Items.objects("s3://lists/p/"))

    run = Pipeline(make).run(execution_input={}, items=[{"Key": "p/1.csv"}, {"Key": "p/2.csv"}])
    assert run.status == "SUCCEEDED", run.cause
    assert datasets(run) == ["s3://lists/p/1.csv", "s3://lists/p/2.csv"]


@in_both_languages
def test_list_whose_place_comes_later_is_read_with_a_warning(language):
    def make(stack):
        items = S3Items.json("$.list")
        return FanOut(stack, "Each", training(stack, language), items=items, max_items=5, query_language=language)

    pipeline = Pipeline(make)
    reader = definition(pipeline.stack)["States"]["Each"]["ItemReader"]
    assert reader["ReaderConfig"] == {"InputType": "JSON", "MaxItems": 5}
    if language is JSONATA:
        assert reader["Arguments"]["Bucket"] == "{% $split($states.input.list, '/')[2] %}"
    else:
        assert reader["Parameters"] == {"Bucket.$": "$.Each.Bucket", "Key.$": "$.Each.Key"}
    warnings = Annotations.from_stack(pipeline.stack).find_warning(
        "*", Match.string_like_regexp("not granted the list")
    )
    assert len(warnings) == 1


def test_results_of_a_distributed_map_go_to_the_bucket_of_a_pipeline(app):
    stack = PipelineStack(app, "Churn")
    stack.run(
        FanOut(
            stack,
            "Each data set",
            training(stack, inputs={"train": "$.uri"}),
            items=S3Items.objects(stack.data("raw/")),
        )
    )
    state = definition(stack)["States"]["Each data set"]
    assert state["ResultWriter"]["Parameters"]["Prefix"] == "jobs/each-data-set"
    assert state["ResultWriter"]["Resource"] == "arn:${AWS::Partition}:states:::s3:putObject"
    (write,) = [s for s in state_machine_policy(stack) if "s3:PutObject" in s["Action"]]
    assert write["Resource"].endswith("/jobs/each-data-set/*")


def test_results_are_an_output_of_it(stack, machine):
    each = FanOut(stack, "Each", training(stack), items="$.items")
    tell = sfn.Pass(stack, "Tell", parameters={"results.$": each.results})
    machine(tell.next(each))
    with pytest.raises(RuntimeError, match="Tell uses results of Stack/Each, which does not run before it"):
        definition(stack)


def test_items_of_a_job_are_its_output():
    def make(stack):
        train = training(stack, inputs={"train": "s3://data/all/"})
        names = train.output_field("FinalMetricDataList")
        model = CreateModel(
            stack, "Model", image=IMAGE, model_data=train.model_artifacts, tags={"metric": "$.item.MetricName"}
        )
        return train.next(FanOut(stack, "Each", model, items=names))

    run = Pipeline(make).run(Metrics(auc=0.9, loss=0.1))
    assert run.status == "SUCCEEDED", run.cause
    assert sum(state == "Model" for state, _ in run.requests) == 2


def test_it_stands_in_a_parallel_and_under_prefixes(stack, machine):
    each = FanOut(stack, "Each", training(stack), items="$.items")
    machine(each.to_single_state())
    states = definition(stack)["States"]
    assert list(states["Each"]["Branches"][0]["States"]) == ["Each: Each"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"items": "items"}, "items must be a list, or say where one is, got 'items'; pass '$.items'"),
        ({"items": 3}, "items must be a list"),
        ({"max_concurrency": 0}, "max_concurrency must be 1 to 10000, got 0"),
        ({"max_concurrency": 20_000}, "max_concurrency must be 1 to 10000"),
        ({"tolerated_failure_percentage": 101}, "tolerated_failure_percentage must be 0 to 100"),
        ({"tolerated_failure_count": -1}, "tolerated_failure_count must be 0 or more"),
        ({"tolerated_failure_count": 1, "distributed": False}, "this takes a distributed map"),
        ({"max_concurrency": 50, "distributed": False}, "this takes a distributed map"),
        ({"max_items": 5}, "max_items is of a list in S3"),
        ({"item_selector": ["x"]}, "item_selector must be a mapping"),
        ({"item_selector": {"item": 1}}, "item_selector hides what is there"),
        ({"items": "{% $states.input.items %}"}, "JSONata in a JSONPath Map"),
        ({"item_selector": {"x": "{% 1 %}"}}, "JSONata in a JSONPath Map"),
        ({"each": "Train"}, "nothing to run for each item"),
    ],
)
def test_wrong_arguments_fail_and_are_named(stack, arguments, problem):
    each = arguments.get("each") or training(stack)
    with pytest.raises(InvalidInputError, match=problem.replace("$", r"\$")):
        FanOut(stack, "Each", each, **{"items": "$.items", **{k: v for k, v in arguments.items() if k != "each"}})


def test_unknown_delimiter_fails_and_names_it():
    with pytest.raises(InvalidInputError, match="no delimiter of a CSV file, got '#'"):
        S3Items.csv("s3://lists/items.csv", delimiter="#")


@pytest.mark.parametrize(("place", "got"), [(3, "3"), ("lists/items.json", "'lists/items.json'")])
def test_list_of_no_place_fails(place, got):
    with pytest.raises(InvalidInputError, match=f"no place in S3, got {got}"):
        S3Items.json(place)


@pytest.mark.parametrize("distributed", [None, True], ids=["inline", "distributed"])
@in_both_languages
def test_items_that_would_write_over_each_other_fail_at_synthesis(app, language, distributed):
    stack = PipelineStack(app, "Churn")
    prepare = ProcessingJob(
        stack, "Prepare", image=IMAGE, instance_type="ml.m5.xlarge", outputs=["rows"], query_language=language
    )
    path = "{% $states.input.items %}" if language is JSONATA else "$.items"
    stack.run(FanOut(stack, "Each", prepare, items=path, distributed=distributed, query_language=language))
    if distributed:
        assert "Each" in definition(stack)["States"]
        return
    told = "Churn/Prepare writes to one place for the whole execution, and items of 'Each' would write over each other"
    with pytest.raises(RuntimeError, match=told):
        definition(stack)


@pytest.mark.parametrize("results", ["$.where", "nowhere", 5, "{% $states.input.where %}"])
def test_results_go_to_a_place_that_is_known(stack, results):
    with pytest.raises(InvalidInputError, match="results must be a place in S3 that is known, got"):
        FanOut(stack, "Each", training(stack), items="$.items", distributed=True, results=results)

    assert stack.node.try_find_child("Each") is None


def test_job_that_goes_on_already_is_refused_before_anything_is_made(stack):
    going = training(stack)
    going.next(sfn.Pass(stack, "After"))

    with pytest.raises(InvalidInputError, match="what runs for each item goes on already"):
        FanOut(stack, "Each", going, items="$.items")
    assert stack.node.try_find_child("Each") is None


def test_results_may_go_to_a_place_that_jsonata_computes(stack, machine):
    each = FanOut(
        stack,
        "Each",
        training(stack, JSONATA),
        items="{% $states.input.items %}",
        distributed=True,
        results=S3Location("{% 's3://rows/' & $states.context.Execution.Name & '/' %}", "s3://rows/"),
        query_language=JSONATA,
    )

    machine(each)

    writer = definition(stack)["States"]["Each"]["ResultWriter"]["Arguments"]
    assert "$states.context.Execution.Name" in writer["Prefix"]
    written = [statement for statement in state_machine_policy(stack) if "s3:PutObject" in statement["Action"]]
    assert [statement["Resource"] for statement in written] == ["arn:${AWS::Partition}:s3:::rows/*"]
