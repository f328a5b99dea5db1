"""Scripts of one's own in the real sagemaker-training toolkit: what they get is what the page says."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import tarfile
from pathlib import Path

from constructs_sm import TrainingJob
from constructs_sm.rules.script_mode import argument, is_taken_for_an_option
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_stepfunctions as sfn
from conftest import ROOT
from every_example import example
from toolkit import served, train

pytestmark = pytest.mark.toolkit

PAGE = (ROOT / "docs" / "own-code.md").read_text()
PROBE = """
import json, os, pathlib, sys
said = {"arguments": sys.argv[1:], "SM_HPS": json.loads(os.environ["SM_HPS"])}
pathlib.Path(os.environ["SM_MODEL_DIR"], "said.json").write_text(json.dumps(said))
"""


def rows_of_the_page():
    """The cells of the table that was measured."""
    (table,) = re.findall(r"<!-- measured: hyperparameters -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    return [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


@pytest.fixture
def base(tmp_path):
    place = tmp_path / "ml"
    place.mkdir()
    return place


@pytest.fixture
def packed(tmp_path):
    """The hyperparameters of a script, packed by hand."""

    def pack(**files):
        with tarfile.open(tmp_path / "code.tar.gz", "w:gz") as tar:
            for name, text in files.items():
                member = tarfile.TarInfo(name.replace("_", "."))
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text.encode()))
        return {"sagemaker_program": '"train.py"', "sagemaker_submit_directory": str(tmp_path / "code.tar.gz")}

    return pack


def of_this_machine(request, directory):
    """The hyperparameters of a request whose archive is an asset, which is not in S3 yet."""
    values = dict(request["HyperParameters"])
    key = json.loads(values["sagemaker_submit_directory"]).rpartition("/")[2]
    (archive,) = Path(directory).glob(f"asset.{key.partition('.')[0]}.tar.gz")
    return {**values, "sagemaker_submit_directory": json.dumps(str(archive))}


def said_to(base, hyperparameters):
    """What the probe got: arguments by name, and SM_HPS."""
    done = train(base, hyperparameters)
    assert done.exit_code == 0, done.log
    said = json.loads((done.model / "said.json").read_text())
    return dict(zip(said["arguments"][::2], said["arguments"][1::2], strict=True)), said["SM_HPS"]


def taken(text):
    """Whether argparse takes a text for the value of an option."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--x")
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            return parser.parse_args(["--x", text]).x == text
        except SystemExit:
            return False


def test_page_says_what_the_toolkit_does_with_each_spelling(base, packed):
    rows = rows_of_the_page()
    arguments, hps = said_to(
        base, {**packed(train_py=PROBE), **{f"x{index}": row[0] for index, row in enumerate(rows)}}
    )

    assert len(rows) > 20
    assert [[row[0], arguments[f"--x{i}"], json.dumps(hps[f"x{i}"])] for i, row in enumerate(rows)] == [
        row[:3] for row in rows
    ]


def test_rule_knows_what_the_toolkit_and_argparse_do():
    rows = rows_of_the_page()
    assert [argument(row[0]) for row in rows] == [row[1] for row in rows]
    assert [is_taken_for_an_option(row[1]) for row in rows] == [row[3] != "takes it" for row in rows]
    # What later versions of argparse take, they are not warned of in vain for long.
    assert [row[1] for row in rows if row[3] == "takes it" and not taken(row[1])] == []


MEANT = {
    "release": ("1.10", "1.10"),
    "name": ("12e4567", "12e4567"),
    "flag": ("true", "true"),
    "nothing": ("null", "null"),
    "layers": ('{"a": [1, "b"]}', '{"a": [1, "b"]}'),
    "sizes": ([64, 1e-07], "[64, 1e-07]"),
    "nested": ({"a": [1, "b", True]}, '{"a": [1, "b", true]}'),
    "quoted": ('"a"', '"a"'),
    "accent": ("é\\", "é\\"),
    "gain": (-1e-05, "-0.00001"),
    "shift": (-2.5e30, "-2500000000000000000000000000000"),
    "rate": (1e-05, "1e-05"),
    "count": (3, "3"),
    "bootstrap": (True, "True"),
    "empty": ("", ""),
    "spaces": (" 1 ", " 1 "),
}


def test_what_is_meant_reaches_a_real_script(base, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(PROBE)
    (tmp_path / "src" / "requirements.txt").write_text("# none\n")
    app = App(outdir=str(tmp_path / "out"))
    stack = Stack(app, "Stack")
    job = TrainingJob(
        stack,
        "Job",
        image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1",
        instance_type="ml.m5.large",
        output="s3://models/",
        code=tmp_path / "src",
        entry_point="train.py",
        hyperparameters={name: value for name, (value, _) in MEANT.items()},
    )
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(job))
    request = definition(stack)["States"]["Job"]["Parameters"]
    app.synth()

    arguments, _ = said_to(base, of_this_machine(request, tmp_path / "out"))
    assert arguments == {f"--{name}": got for name, (_, got) in MEANT.items()}
    assert all(taken(got) for got in arguments.values())


def test_requirements_of_the_folder_are_installed(base, packed):
    files = {**packed(train_py="", requirements_txt="# none\n")}
    assert "Installing dependencies from requirements.txt" in train(base, files).log


@pytest.mark.parametrize(("entry_point", "runs"), [("train.py", True), ("parts/train.py", False)], ids=["top", "below"])
def test_package_runs_what_is_at_its_top_and_nothing_below(base, tmp_path, entry_point, runs):
    setup = b"from setuptools import setup\nsetup(name='own', version='1', py_modules=['train'], packages=[])\n"
    with tarfile.open(tmp_path / "code.tar.gz", "w:gz") as tar:
        for name, text in {"setup.py": setup, "train.py": b"", "parts/train.py": b""}.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    hyperparameters = {"sagemaker_program": entry_point, "sagemaker_submit_directory": str(tmp_path / "code.tar.gz")}
    # Built with the setuptools that is there, into a folder that goes away.
    done = train(
        base, hyperparameters, environment={"PIP_NO_BUILD_ISOLATION": "0", "PIP_TARGET": str(tmp_path / "installed")}
    )

    assert "InstallModuleError" not in str(done.failure)
    assert (done.exit_code == 0) is runs, done.log
    assert runs or "No module named parts/train" in done.log


@pytest.mark.parametrize("error", ["OSError('no number')", "ValueError('x')"])
def test_error_that_leaves_the_script_fails_the_training(base, packed, error):
    done = train(base, packed(train_py=f"raise {error}"))
    assert done.exit_code == 1
    assert "ExecuteUserScriptError" in done.failure


def test_archive_that_was_cut_short_is_unpacked_without_a_word(base, packed):
    values = packed(train_py=PROBE)
    archive = Path(values["sagemaker_submit_directory"])
    archive.write_bytes(archive.read_bytes()[:-12])
    assert train(base, values).exit_code == 0


def test_error_without_a_number_around_the_script_completes_the_training(base, packed, tmp_path):
    (tmp_path / "framework.py").write_text("def main():\n    raise OSError('no number')\n")
    around = {"SAGEMAKER_TRAINING_MODULE": "framework:main", "PYTHONPATH": str(tmp_path)}
    done = train(base, packed(train_py=""), environment=around)

    assert done.exit_code == 0
    assert done.failure.endswith("no number")
    assert list(done.model.iterdir()) == []


def customers(folder, rows):
    folder.mkdir()
    lines = [f"{int(index % 7 > 3)},{index % 7},{index % 3}" for index in range(rows)]
    (folder / "rows.csv").write_text("\n".join(lines))
    return folder


def test_forest_of_the_example_trains_and_serves(base, tmp_path):
    made = example("train_own_forest")
    request = definition(made["stack"])["States"]["Train"]["Parameters"]
    inputs = {"train": customers(tmp_path / "a", 90), "validation": customers(tmp_path / "b", 40)}
    done = train(base, of_this_machine(request, made["app"].outdir), inputs)

    assert (done.exit_code, done.failure) == (0, None), done.log
    (metric,) = request["AlgorithmSpecification"]["MetricDefinitions"]
    assert re.findall(metric["Regex"], done.log) == ["1.0000"]
    assert "--release 1.10" in done.log
    assert (done.model / "forest.joblib").exists()
    answer = served(
        ROOT / "examples" / "forest" / "serve_forest.py",
        f"model_fn({str(done.model)!r}).predict([[1.0, 0.0], [6.0, 0.0]]).tolist()",
    )
    assert answer == "[0.0, 1.0]"


@pytest.mark.torch
def test_network_of_the_example_trains_goes_on_and_serves(base, tmp_path):
    made = example("train_own_network")
    request = definition(made["stack"])["States"]["Train"]["Parameters"]
    hyperparameters = of_this_machine(request, made["app"].outdir)
    inputs = {"train": customers(tmp_path / "rows", 90)}
    # /opt/ml/checkpoints is SageMaker's; here they lie beside.
    hyperparameters["checkpoints"] = json.dumps(str(tmp_path / "checkpoints"))
    interrupted = train(base, {**hyperparameters, "epochs": "12"}, inputs)
    again = tmp_path / "again"
    again.mkdir()
    done = train(again, hyperparameters, inputs)

    assert (interrupted.exit_code, done.exit_code) == (0, 0), interrupted.log + done.log
    assert re.findall(r"epoch=(\d+)", done.log) == [str(epoch) for epoch in range(12, 30)]
    (metric,) = request["AlgorithmSpecification"]["MetricDefinitions"]
    losses = [float(loss) for loss in re.findall(metric["Regex"], interrupted.log + done.log)]
    assert losses[-1] < losses[0]
    assert "--weight-shift -0.00001" in done.log
    answer = served(
        done.model / "code" / "inference.py", f"list(model_fn({str(done.model)!r})(torch.zeros(1, 2)).shape)"
    )
    assert answer == "[1, 1]"
