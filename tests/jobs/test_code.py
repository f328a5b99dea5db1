"""Scripts of one's own in the framework containers of AWS: packed, granted, started, and refused where that fails."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from pathlib import Path

from constructs_sm import (
    Channel,
    Container,
    CreateModel,
    InvalidInputError,
    S3Location,
    TrainingJob,
    TuningDefinition,
    TuningJob,
    images,
)
from constructs_sm.actions import ACTIONS
from constructs_sm.blueprints import TrainAndDeploy, TuneAndDeploy
from constructs_sm.jobs.parts import source_archive
from constructs_sm.requests import model_check
from constructs_sm.rules.script_mode import argument
from constructs_sm.testing import Rehearsal, definition, resolved, state_machine_policy

import pytest
from aws_cdk import App, CfnParameter, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_stepfunctions as sfn
from execution_roles import granted
from typed import code as typed

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1"
TRAINING = {"image": IMAGE, "instance_type": "ml.m5.large", "output": "s3://models/"}
MODEL = {"image": IMAGE, "model_data": "s3://models/model.tar.gz"}
SEARCH = {**TRAINING, "objective": "loss", "metric_definitions": {"loss": "loss=(.*)"}}
ASSETS = "s3://cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}/"
JSONATA = sfn.QueryLanguage.JSONATA


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of code, named relatively."""
    for name, text in {
        "src/train.py": "print('trained')\n",
        "src/parts/model.py": "",
        "src/requirements.txt": "",
        "src/__pycache__/train.cpython-311.pyc": "old",
        "src/.git/HEAD": "ref",
        "own/setup.py": "",
        "own/train.py": "",
        "own/parts/train.py": "",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def request_of(stack, machine):
    """The request of the one job of a stack."""

    def make(job=TrainingJob, **arguments):
        common = {TrainingJob: TRAINING, CreateModel: MODEL, TuningJob: SEARCH}[job]
        machine(job(stack, "Job", **{**common, **arguments}))
        state = definition(stack)["States"]["Job"]
        return state.get("Parameters") or state["Arguments"]

    return make


def archives(app):
    """The names and contents of every archive that goes to S3, by its key."""
    directory = Path(app.synth().directory)
    found = {}
    for listed in directory.glob("*.assets.json"):
        for key, asset in json.loads(listed.read_text())["files"].items():
            path = directory / asset["source"]["path"]
            if path.name.endswith(".tar.gz"):
                assert asset["source"]["packaging"] == "file"
                with tarfile.open(path, "r:gz") as tar:
                    members = {m.name: tar.extractfile(m).read().decode() for m in tar.getmembers()}
                (place,) = asset["destinations"].values()
                assert place["objectKey"].startswith(key)
                found[place["objectKey"]] = members
    return found


# Packed and started.


def test_folder_is_packed_for_the_container_and_named_in_the_request(app, folder, request_of):
    made = request_of(code="src", entry_point="train.py", hyperparameters={"epochs": 3})

    ((key, members),) = archives(app).items()
    assert members == {"train.py": "print('trained')\n", "parts/model.py": "", "requirements.txt": ""}
    assert made["HyperParameters"] == {
        "epochs": "3",
        "sagemaker_program": '"train.py"',
        "sagemaker_submit_directory": f'"{ASSETS}{key}"',
    }


def test_file_is_packed_alone_and_runs_itself(app, folder, request_of):
    made = request_of(code=Path("src/train.py"))

    ((_, members),) = archives(app).items()
    assert members == {"train.py": "print('trained')\n"}
    assert made["HyperParameters"]["sagemaker_program"] == '"train.py"'


def test_program_in_a_folder_of_the_folder_is_an_entry_point(folder, request_of):
    assert request_of(code="src", entry_point="parts/model.py")["HyperParameters"]["sagemaker_program"] == (
        '"parts/model.py"'
    )


def test_place_in_s3_is_code(request_of):
    made = request_of(code="s3://code/v1/sourcedir.tar.gz", entry_point="train.py")
    assert made["HyperParameters"]["sagemaker_submit_directory"] == '"s3://code/v1/sourcedir.tar.gz"'


def test_asset_of_an_archive_is_code(stack, folder, request_of):
    with tarfile.open(folder / "code.tar.gz", "w:gz") as tar:
        tar.add("src/train.py", "train.py")
    asset = s3_assets.Asset(stack, "Asset", path=str(folder / "code.tar.gz"))
    made = request_of(code=asset, entry_point="train.py")
    assert json.loads(made["HyperParameters"]["sagemaker_submit_directory"]).startswith(ASSETS)


def test_late_place_and_late_entry_point_are_code(request_of):
    made = request_of(code="$.code", entry_point="$.script")
    assert made["HyperParameters"] == {
        "sagemaker_program.$": "$.script",
        "sagemaker_submit_directory.$": "$.code",
    }


def test_isolated_container_gets_its_code_through_a_channel(app, folder, request_of):
    made = request_of(
        code="src",
        entry_point="train.py",
        network_isolation=True,
        inputs={"train": "s3://data/train/"},
        content_type="text/csv",
        input_mode="Pipe",
    )

    ((key, _),) = archives(app).items()
    train, code = made["InputDataConfig"]
    assert train["ContentType"] == "text/csv"
    assert code == {
        "ChannelName": "code",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{ASSETS}{key}"}},
        "ContentType": "application/x-tar",
        "InputMode": "File",
    }
    assert made["HyperParameters"]["sagemaker_submit_directory"] == f'"/opt/ml/input/data/code/{key}"'


def test_search_runs_the_script_with_choices_as_they_are_meant(app, folder, request_of):
    made = request_of(TuningJob, code="src", entry_point="train.py", ranges={"release": ["1.10", "b"], "depth": (1, 3)})

    ((key, _),) = archives(app).items()
    assert made["TrainingJobDefinition"]["StaticHyperParameters"] == {
        "sagemaker_program": '"train.py"',
        "sagemaker_submit_directory": f'"{ASSETS}{key}"',
    }
    assert made["HyperParameterTuningJobConfig"]["ParameterRanges"]["CategoricalParameterRanges"] == [
        {"Name": "release", "Values": ['"1.10"', "b"]}
    ]


def test_definitions_of_a_search_share_an_archive_or_have_their_own(app, stack, folder, machine):
    common = {**SEARCH, "ranges": {"depth": (1, 3)}}
    definitions = [
        TuningDefinition(definition_name=name, code=code, entry_point="train.py", **common)
        for name, code in (("a", "src"), ("b", "src"), ("c", "own"))
    ]
    machine(TuningJob(stack, "Job", definitions=definitions))

    made = definition(stack)["States"]["Job"]["Parameters"]["TrainingJobDefinitions"]
    places = [d["StaticHyperParameters"]["sagemaker_submit_directory"] for d in made]
    assert (places[0] == places[1], places[1] == places[2]) == (True, False)
    assert {json.loads(place).rpartition("/")[2] for place in places} == set(archives(app))


def test_model_serves_with_a_script(app, folder, request_of):
    made = request_of(CreateModel, code="src", entry_point="train.py", environment={"WORKERS": 2})

    ((key, _),) = archives(app).items()
    assert made["PrimaryContainer"]["Environment"] == {
        "WORKERS": "2",
        "SAGEMAKER_PROGRAM": "train.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": f"{ASSETS}{key}",
    }


def test_containers_of_a_model_serve_with_scripts(app, stack, folder, machine):
    containers = [
        Container(**MODEL, code="src", entry_point="train.py"),
        Container(**MODEL, code="own/train.py"),
        Container(**MODEL),
    ]
    machine(CreateModel(stack, "Job", containers=containers))

    made = definition(stack)["States"]["Job"]["Parameters"]["Containers"]
    places = [c.get("Environment", {}).get("SAGEMAKER_SUBMIT_DIRECTORY", "").rpartition("/")[2] for c in made]
    assert places[2] == ""
    assert set(places[:2]) == set(archives(app))


@pytest.mark.parametrize("blueprint", [TrainAndDeploy, TuneAndDeploy])
def test_blueprint_trains_with_a_script(app, stack, folder, machine, blueprint):
    search = {"ranges": {"depth": (1, 3)}, "objective": "loss"} if blueprint is TuneAndDeploy else {}
    name = "tune" if search else "train"
    more = {"metric_definitions": {"loss": "loss=(.*)"}}
    made = blueprint(
        stack,
        "Own",
        image=IMAGE,
        inputs={"train": "s3://data/"},
        output="s3://models/",
        endpoint_name="own",
        code="src",
        entry_point="train.py",
        model={"code": "own/train.py"},
        **search,
        **{name: more},
    )
    machine(made)

    assert sorted(map(sorted, archives(app).values())) == [
        ["parts/model.py", "requirements.txt", "train.py"],
        ["train.py"],
    ]


@pytest.mark.parametrize("make", typed.JOBS, ids=lambda make: make.__name__)
def test_what_the_typed_programs_say_is_a_request(make):
    job = make(Stack(App(), "Stack"))
    state = job.task.to_state_json()
    action = next(action for action in ACTIONS if state["Resource"].endswith((action.api, f"{action.api}.sync")))
    assert model_check.problems(action, state["Parameters"]) == []


# The same bytes.


def packed(path):
    stack = Stack(App(), "Stack")
    asset = source_archive.archive_asset(stack, "Code", path)
    return asset.asset_hash, Path(App.of(stack).asset_outdir, asset.asset_path).read_bytes()


def test_archive_is_the_same_whoever_packs_it_and_when(folder):
    one = packed(folder / "src")
    source_archive._place.cache_clear()  # noqa: SLF001  (as in another process)
    for path in (folder / "src").rglob("*"):
        os.utime(path, (1, 1))
    (folder / "src" / "train.py").chmod(0o600)
    assert packed(folder / "src") == one

    with tarfile.open(fileobj=io.BytesIO(one[1])) as tar:
        said = {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in tar.getmembers()}
        assert [m.name for m in tar.getmembers()] == ["requirements.txt", "train.py", "parts/model.py"]
    assert said == {(0, 0, 0, "", "", 0o644)}
    assert gzip.decompress(one[1])[:16].rstrip(b"\0") == b"requirements.txt"


def test_changed_code_has_another_name(folder):
    before = packed(folder / "src")[0]
    (folder / "src" / "train.py").write_text("print('better')\n")
    assert packed(folder / "src")[0] != before


def test_script_that_may_be_run_may_be_run_in_the_archive(folder):
    (folder / "src" / "train.sh").write_text("#!/bin/sh\n")
    (folder / "src" / "train.sh").chmod(0o700)
    with tarfile.open(fileobj=io.BytesIO(packed(folder / "src")[1])) as tar:
        assert {m.name: m.mode for m in tar.getmembers()}["train.sh"] == 0o755


def test_two_syntheses_with_scripts_are_equal_to_the_byte(folder, tmp_path):
    def synthesized(name):
        app = App(outdir=str(tmp_path / name))
        stack = Stack(app, "Stack")
        job = TrainingJob(stack, "Job", **TRAINING, code="src", entry_point="train.py")
        sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job))
        app.synth()
        place = tmp_path / name
        return {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}

    one = synthesized("one")
    assert [path.name for path in one if path.name.endswith(".tar.gz")] != []
    assert synthesized("two") == one


# Granted.


def reads(stack):
    """What the execution role may read of S3."""
    return {resource for resource, actions in granted(stack).items() if "s3:GetObject" in actions}


BY_HAND = {
    "typed": {"hyperparameters": {"sagemaker_submit_directory": "s3://code/a.tar.gz"}},
    "in quotes": {"hyperparameters": {"sagemaker_submit_directory": '"s3://code/a.tar.gz"'}},
    "raw": {"parameters": {"HyperParameters": {"sagemaker_submit_directory": '"s3://code/a.tar.gz"'}}},
}


@pytest.mark.parametrize("arguments", BY_HAND.values(), ids=BY_HAND)
def test_code_named_by_hand_is_readable(stack, request_of, arguments):
    request_of(**arguments)
    assert reads(stack) == {"arn:${AWS::Partition}:s3:::code/a.tar.gz*"}


def test_code_of_a_search_named_by_hand_is_readable(stack, request_of):
    request_of(
        TuningJob, ranges={"depth": (1, 3)}, hyperparameters={"sagemaker_submit_directory": "s3://code/a.tar.gz"}
    )
    assert reads(stack) == {"arn:${AWS::Partition}:s3:::code/a.tar.gz*"}


def test_code_of_a_model_named_by_hand_is_readable(stack, request_of):
    request_of(CreateModel, environment={"SAGEMAKER_SUBMIT_DIRECTORY": "s3://code/a.tar.gz"})
    assert "arn:${AWS::Partition}:s3:::code/a.tar.gz*" in reads(stack)


@pytest.mark.parametrize("job", [TrainingJob, CreateModel])
def test_asset_named_by_hand_is_readable(stack, folder, request_of, job):
    asset = s3_assets.Asset(stack, "Asset", path=str(folder / "src" / "train.py"))
    values = {"sagemaker_submit_directory": asset, "SAGEMAKER_SUBMIT_DIRECTORY": asset}
    request_of(job, **({"hyperparameters": values} if job is TrainingJob else {"environment": values}))
    assert any(resource.startswith("arn:${AWS::Partition}:s3:::cdk-hnb659fds-assets") for resource in reads(stack))


def test_code_in_the_container_needs_no_grant(stack, request_of, app):
    request_of(hyperparameters={"sagemaker_submit_directory": "/opt/ml/input/data/code/a.tar.gz"})
    assert (reads(stack), warned(app)) == (set(), {})


def test_late_code_named_by_hand_is_warned_of(app, request_of):
    request_of(hyperparameters={"sagemaker_submit_directory": "$.code"})
    assert "HyperParameters.sagemaker_submit_directory" in warned(app)["late-bound-access"]


def test_other_uris_among_hyperparameters_are_not_granted(stack, request_of):
    request_of(hyperparameters={"pretrained": "s3://code/a.tar.gz"})
    assert reads(stack) == set()


def test_role_may_decrypt_code_that_is_encrypted(stack, request_of):
    bucket = s3.Bucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))
    request_of(code=S3Location.of_bucket(bucket, "a.tar.gz"), entry_point="train.py")
    assert any("kms:Decrypt" in actions for actions in granted(stack).values())


def test_training_with_a_script_runs_with_what_it_is_granted(stack, folder, request_of):
    request_of(code="src", entry_point="train.py", hyperparameters={"rate": "$.rate", "name": "$.name"})

    with Rehearsal(resolved(state_machine_policy(stack))) as rehearsal:
        run = rehearsal.run(resolved(definition(stack)), {"rate": 0.5, "name": "1.10"})
    assert run.status == "SUCCEEDED", run.cause
    sent = dict(run.requests)["Job"]["HyperParameters"]
    assert (argument(sent["rate"]), argument(sent["name"])) == ("0.5", "1.10")


# As they were meant.


MEANT = {
    "text of an exponent": ("12e4567", '"12e4567"', "12e4567"),
    "text of a number": ("1.10", '"1.10"', "1.10"),
    "text of a boolean": ("true", '"true"', "true"),
    "text of nothing": ("null", '"null"', "null"),
    "JSON": ('{"a": [1, "b"]}', '"{\\"a\\": [1, \\"b\\"]}"', '{"a": [1, "b"]}'),
    "text in quotes": ('"a"', '"\\"a\\""', '"a"'),
    "text": ("adam", "adam", "adam"),
    "no text": ("", "", ""),
    "whole number": (3, "3", "3"),
    "number": (0.05, "0.05", "0.05"),
    "small number": (1e-05, "1e-05", "1e-05"),
    "small negative number": (-1e-05, '"-0.00001"', "-0.00001"),
    "large negative number": (-1.5e22, '"-15000000000000000000000"', "-15000000000000000000000"),
    "negative number": (-0.5, "-0.5", "-0.5"),
    "boolean": (True, "true", "True"),
    # As a list in SM_HPS as well.
    "numbers": ([64, 0.5, 1e-07], "[64, 0.5, 1e-07]", "[64, 0.5, 1e-07]"),
    "numbers of numbers": ([[1, 2], [3]], "[[1, 2], [3]]", "[[1, 2], [3]]"),
    "list": ((1, "a", True, None), '"[1, \\"a\\", true, null]"', '[1, "a", true, null]'),
    "mapping": ({"a": {"b": 1}}, '"{\\"a\\": {\\"b\\": 1}}"', '{"a": {"b": 1}}'),
    "empty list": ([], "[]", "[]"),
    "empty mapping": ({}, '"{}"', "{}"),
}


@pytest.mark.parametrize(("value", "spelled", "got"), MEANT.values(), ids=MEANT)
def test_hyperparameter_reaches_the_script_as_it_was_meant(app, request_of, value, spelled, got):
    made = request_of(code="s3://code/a.tar.gz", entry_point="train.py", hyperparameters={"x": value})

    assert made["HyperParameters"]["x"] == spelled
    assert argument(spelled) == got
    assert warned(app) == {}


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("sagemaker_container_log_level", "20", "20"),
        ("sagemaker_mpi_enabled", True, "true"),
        ("sagemaker_mpi_enabled", "false", "false"),
        ("sagemaker_distribution_instance_groups", ["a", "b"], '["a", "b"]'),
        ("sagemaker_mpi_custom_mpi_options", "-x A=1", "-x A=1"),
    ],
)
def test_hyperparameter_of_the_toolkit_is_sent_as_it_is_said(request_of, name, value, sent):
    made = request_of(code="s3://code/a.tar.gz", entry_point="train.py", hyperparameters={name: value})

    assert made["HyperParameters"][name] == sent


@pytest.mark.parametrize(
    "value",
    [["$.x"], {"a": "{% 1 %}"}, [sfn.JsonPath.string_at("$.x")], ["a", ["$.b"]]],
    ids=["path", "JSONata", "token", "deep"],
)
def test_structure_with_something_in_it_that_comes_later_is_refused(stack, value):
    with pytest.raises(InvalidInputError, match="hyperparameter x has a value in it that comes later"):
        TrainingJob(
            stack, "Job", **TRAINING, code="s3://code/a.tar.gz", entry_point="train.py", hyperparameters={"x": value}
        )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([float("nan")], r"HyperParameters\.x\[0\] "),
        ({1: 2}, r"HyperParameters\.x"),
        ([object()], r"HyperParameters\.x\[0\] cannot be part of a request"),
    ],
    ids=["no number", "no name", "no JSON"],
)
def test_structure_that_json_cannot_say_is_refused(stack, value, said):
    with pytest.raises(InvalidInputError, match=said):
        TrainingJob(
            stack, "Job", **TRAINING, code="s3://code/a.tar.gz", entry_point="train.py", hyperparameters={"x": value}
        )


def test_structure_is_none_for_a_container_without_a_script(stack):
    with pytest.raises(InvalidInputError, match=r"HyperParameters\.x must be a string, got \[1, 2\]"):
        TrainingJob(stack, "Job", **TRAINING, hyperparameters={"x": [1, 2]})


LATE = {
    "text": ("1.10", "1.10"),
    "number": (0.5, "0.5"),
    "boolean": (True, "True"),
    "quotes": ('a "b" \\', 'a "b" \\'),
}


@pytest.mark.parametrize("language", ["JSONPath", "JSONata", "token"])
@pytest.mark.parametrize(("value", "got"), LATE.values(), ids=LATE)
def test_late_hyperparameter_reaches_the_script_as_it_was_meant(stack, request_of, language, value, got):
    said = {
        "JSONPath": {"hyperparameters": {"x": "$.x"}},
        "JSONata": {"hyperparameters": {"x": "{% $states.input.x %}"}, "query_language": JSONATA},
        "token": {"hyperparameters": {"x": sfn.JsonPath.string_at("$.x")}},
    }
    request_of(code="s3://code/a.tar.gz", entry_point="train.py", **said[language])

    with Rehearsal(resolved(state_machine_policy(stack))) as rehearsal:
        run = rehearsal.run(resolved(definition(stack)), {"x": value})
    assert run.status == "SUCCEEDED", run.cause
    assert argument(dict(run.requests)["Job"]["HyperParameters"]["x"]) == got


def test_output_of_a_job_reaches_the_script_as_it_is(stack, machine):
    first = TrainingJob(stack, "First", **TRAINING)
    second = TrainingJob(
        stack,
        "Second",
        **TRAINING,
        code="s3://code/a.tar.gz",
        entry_point="train.py",
        hyperparameters={"from": first.resource_name},
    )
    machine(first.next(second))

    with Rehearsal(resolved(state_machine_policy(stack))) as rehearsal:
        run = rehearsal.run(resolved(definition(stack)), {})
    assert run.status == "SUCCEEDED", run.cause
    requests = dict(run.requests)
    assert argument(requests["Second"]["HyperParameters"]["from"]) == requests["First"]["TrainingJobName"]


def test_value_of_the_deployment_stays_as_it_is(stack, request_of):
    rate = CfnParameter(stack, "Rate", type="String")
    made = request_of(code="s3://code/a.tar.gz", entry_point="train.py", hyperparameters={"x": rate.value_as_string})
    assert made["HyperParameters"]["x"] == "${Rate}"


# Warned of.


def warned(app):
    """The sentence of every warning, by its id."""
    found = {}
    for stack in app.synth().stacks:
        for message in stack.messages:
            sentence, _, identifier = str(message.entry.data).partition(" [ack: ")
            found[identifier.rstrip("]")] = sentence
    return found


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("12e4567", "HyperParameters.x is '12e4567', and the script gets 'inf'; write \"12e4567\", with these quotes"),
        ("1.10", "HyperParameters.x is '1.10', and the script gets '1.1'"),
        ("true", "HyperParameters.x is 'true', and the script gets 'True'"),
        ("null", "HyperParameters.x is 'null', and the script gets ''"),
        ('{"a": 1}', "HyperParameters.x is '{\"a\": 1}', and the script gets 'a=1'"),
    ],
)
@pytest.mark.parametrize("typed", [True, False], ids=["typed", "raw"])
def test_text_that_is_read_as_something_else_is_warned_of(app, request_of, value, said, typed):
    values = {"sagemaker_program": "train.py", "x": value}
    request_of(**({"hyperparameters": values} if typed else {"parameters": {"HyperParameters": values}}))

    assert list(warned(app)) == ["hyperparameter-text"]
    assert said in warned(app)["hyperparameter-text"]


@pytest.mark.parametrize("value", ["10", "0.5", "adam", '"1.10"', "", "-3", "-0.5"])
def test_text_that_the_script_gets_as_it_is_is_not_warned_of(app, request_of, value):
    request_of(hyperparameters={"sagemaker_program": "train.py", "x": value})
    assert warned(app) == {}


def test_text_for_a_container_that_runs_no_script_is_not_warned_of(app, request_of):
    request_of(hyperparameters={"x": "1.10"})
    assert warned(app) == {}


@pytest.mark.parametrize("value", ["-x", "--fast", "-1e-05", "-Infinity"])
def test_text_that_argparse_takes_for_an_option_is_warned_of(app, request_of, value):
    request_of(code="s3://code/a.tar.gz", entry_point="train.py", hyperparameters={"x": value})
    assert list(warned(app)) == ["hyperparameter-option"]


def test_texts_of_a_search_are_warned_of(app, request_of):
    request_of(
        TuningJob,
        ranges={"depth": (1, 3)},
        hyperparameters={"sagemaker_submit_directory": "s3://code/a.tar.gz", "x": "1.10"},
    )
    assert "TrainingJobDefinition.StaticHyperParameters.x is '1.10'" in warned(app)["hyperparameter-text"]


def test_channel_whose_variable_no_shell_can_read_is_warned_of(app, request_of):
    inputs = {"my-data": "s3://data/a/", "my.data": "s3://data/b/", "my_data": "s3://data/c/"}
    request_of(code="s3://code/a.tar.gz", entry_point="train.py", inputs=inputs)

    assert list(warned(app)) == ["channel-variable-name"]
    assert "InputDataConfig[1] is told to the script as SM_CHANNEL_MY.DATA" in warned(app)["channel-variable-name"]


def test_channel_of_a_container_that_runs_no_script_is_not_warned_of(app, request_of):
    request_of(inputs={"my-data": "s3://data/a/"})
    assert warned(app) == {}


def test_channel_of_a_search_is_warned_of(app, request_of):
    request_of(
        TuningJob,
        ranges={"depth": (1, 3)},
        inputs={"my-data": "s3://data/a/"},
        hyperparameters={"sagemaker_submit_directory": "s3://code/a.tar.gz"},
    )
    said = "TrainingJobDefinition.InputDataConfig[0] is told to the script as SM_CHANNEL_MY-DATA"
    assert said in warned(app)["channel-variable-name"]


# Wrong.


WRONG = {
    "no path": ({"code": "none.py"}, r"no such code, got 'none.py'; .*/none.py is not there: pass a path that is"),
    "no place": ({"code": 5}, "code is no place of one archive, got 5; pass a path on this machine, or the place"),
    "no entry point": ({"code": "src"}, "code without an entry_point; name the file of it"),
    "no entry point in S3": ({"code": "s3://code/a.tar.gz"}, "code without an entry_point"),
    "no code": ({"entry_point": "train.py"}, "entry_point without code, got 'train.py'; pass code="),
    "not there": (
        {"code": "src", "entry_point": "a.py"},
        "entry_point is not in code, got 'a.py'; name a file in /.*src",
    ),
    "folder": ({"code": "src", "entry_point": "parts"}, "entry_point is not in code, got 'parts'"),
    "other file": ({"code": "src/train.py", "entry_point": "a.py"}, "entry_point is not in code, got 'a.py'; leave it"),
    "absolute": (
        {"code": "s3://code/a.tar.gz", "entry_point": "/src/train.py"},
        "entry_point is no path the container takes, got '/src/train.py'; write it relative to code",
    ),
    "above": (
        {"code": "src", "entry_point": "../own/train.py"},
        "entry_point is no path the container takes, got '../own/train.py'",
    ),
    "notebook": (
        {"code": "s3://code/a.tar.gz", "entry_point": "train.ipynb"},
        "entry_point is a notebook, which the container does not run, got 'train.ipynb'; write it as a script",
    ),
    "option": ({"code": "s3://code/a.tar.gz", "entry_point": "-c"}, "entry_point is no path the container takes"),
    "blank": (
        {"code": "s3://code/a.tar.gz", "entry_point": "my train.py"},
        "entry_point is no path the container takes",
    ),
    "empty": ({"code": "s3://code/a.tar.gz", "entry_point": ""}, "entry_point is no path the container takes, got ''"),
    "number": ({"code": "s3://code/a.tar.gz", "entry_point": 5}, "entry_point must be a string, got 5"),
    "package": (
        {"code": "own", "entry_point": "parts/train.py"},
        "entry_point is not at the top of a package, got 'parts/train.py'; the toolkit runs a folder with setup.py as",
    ),
    "prefix": ({"code": "s3://code/v1/", "entry_point": "train.py"}, "code is no tar.gz, got 's3://code/v1/'"),
    "zip": (
        {"code": "s3://code/a.zip", "entry_point": "train.py"},
        "code is no tar.gz, got 's3://code/a.zip'; the con",
    ),
    "algorithm": (
        {"code": "src/train.py", "image": images.linear_learner()},
        r"code for a container that runs no scripts, got 'linear-learner'; pass the image of a framework",
    ),
    "twice": (
        {"code": "src/train.py", "hyperparameters": {"sagemaker_program": "a.py"}},
        "sagemaker_program is given twice, got 'a.py'; code= and entry_point= say it",
    ),
    "twice, raw": (
        {"code": "src/train.py", "parameters": {"HyperParameters": {"sagemaker_submit_directory": "s3://a/b"}}},
        "HyperParameters.sagemaker_submit_directory is given twice",
    ),
    "late": (
        {"code": "src/train.py", "hyperparameters": "$.hyperparameters"},
        r"hyperparameters that are known at run time cannot have code beside, got '\$.hyperparameters'",
    ),
    "channel": (
        {"code": "src/train.py", "network_isolation": True, "inputs": {"code": Channel(data="s3://a/b")}},
        "input 'code' is given twice",
    ),
    "late channels": (
        {"code": "src/train.py", "network_isolation": True, "inputs": "$.inputs"},
        "inputs that are known at run time cannot have code beside",
    ),
    "infinite": ({"code": "src/train.py", "hyperparameters": {"x": float("-inf")}}, "HyperParameters.x"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_wrong_code_fails_and_nothing_is_made(stack, folder, arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        TrainingJob(stack, "Job", **(TRAINING | arguments))

    assert stack.node.children == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"image": images.pytorch("2.6", processor="cpu", image_scope="inference")},
            "fetches none, got 'pytorch'; this",
        ),
        ({"network_isolation": True}, "code for a container that is cut off the network"),
        ({"environment": {"SAGEMAKER_PROGRAM": "a.py"}}, "SAGEMAKER_PROGRAM is given twice, got 'a.py'"),
        ({"environment": "$.environment"}, "an environment that is known at run time cannot have code beside"),
        ({"code": "src", "entry_point": "requirements.txt"}, "entry_point is no Python module"),
    ],
    ids=["PyTorch", "isolated", "twice", "late", "no module"],
)
def test_wrong_code_of_a_model_fails_and_nothing_is_made(stack, folder, arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        CreateModel(stack, "Job", **(MODEL | {"code": "src/train.py"} | arguments))

    assert stack.node.children == []


def test_asset_of_a_folder_is_no_archive(stack, folder):
    asset = s3_assets.Asset(stack, "Asset", path=str(folder / "src"))
    with pytest.raises(
        InvalidInputError, match=r"code is no tar\.gz, .*; the container unpacks a tar.gz and nothing else"
    ):
        TrainingJob(stack, "Job", **TRAINING, code=asset, entry_point="train.py")


@pytest.mark.parametrize(
    "name", [".env", ".env.production", "keys/id_rsa", "server.pem", ".aws/credentials", "parts/.netrc", "Key.PEM"]
)
def test_what_is_named_like_a_secret_is_no_code(stack, folder, name):
    file = folder / "src" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("secret")
    with pytest.raises(InvalidInputError, match=f"code has what is named like a secret in it, got '{name}'"):
        TrainingJob(stack, "Job", **TRAINING, code="src", entry_point="train.py")


@pytest.mark.parametrize("name", [".env.example", "credentials.py", "keys.py", "environment.yml"])
def test_what_only_resembles_a_secret_is_code(app, folder, request_of, name):
    (folder / "src" / name).write_text("")
    request_of(code="src", entry_point="train.py")
    ((_, members),) = archives(app).items()
    assert name in members


def test_folder_of_data_is_no_code(stack, folder, monkeypatch):
    monkeypatch.setattr(source_archive, "MOST_BYTES", 4 * 1024**2)
    with (folder / "src" / "data.bin").open("wb") as file:
        file.truncate(4 * 1024**2 + 1)
    with pytest.raises(
        InvalidInputError, match=r"code is too large, got '.*src'; pass a folder of at most 2,000 files and"
    ):
        TrainingJob(stack, "Job", **TRAINING, code="src", entry_point="train.py")


def test_folder_of_many_files_is_no_code(stack, folder, monkeypatch):
    monkeypatch.setattr(source_archive, "MOST_FILES", 2)
    with pytest.raises(InvalidInputError, match="code is too large"):
        TrainingJob(stack, "Job", **TRAINING, code="src", entry_point="train.py")


def test_link_to_a_folder_is_no_code(stack, folder):
    (folder / "src" / "shared").symlink_to(folder / "own")
    with pytest.raises(InvalidInputError, match="code has a link to a folder in it, got 'shared'"):
        TrainingJob(stack, "Job", **TRAINING, code="src", entry_point="train.py")


def test_broken_link_is_no_code(stack, folder):
    (folder / "src" / "gone.py").symlink_to(folder / "nowhere.py")
    with pytest.raises(InvalidInputError, match="code has something in it that is no file"):
        TrainingJob(stack, "Job", **TRAINING, code="src", entry_point="train.py")


def test_link_to_a_file_is_the_file(app, folder, request_of):
    (folder / "src" / "more.py").symlink_to(folder / "own" / "train.py")
    request_of(code="src", entry_point="train.py")
    ((_, members),) = archives(app).items()
    assert "more.py" in members
