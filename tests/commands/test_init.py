"""A project that `constructs-sm init` makes passes its own tests at once."""

from __future__ import annotations

import os
import subprocess
import sys

from constructs_sm.commands.cli import main

import pytest
from conftest import ROOT

FILES = [
    ".github/workflows/pipeline.yml",
    ".gitignore",
    "README.md",
    "app.py",
    "cdk.json",
    "pytest.ini",
    "requirements.txt",
    "tests/test_pipeline.py",
]


def made(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def run(folder, *arguments, **variables):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_project_passes_its_tests_and_its_checks(tmp_path):
    folder = tmp_path / "churn-model"
    assert main(["init", str(folder)]) == 0
    assert made(folder) == FILES
    assert 'PipelineStack(app, "ChurnModel"' in (folder / "app.py").read_text()

    tested = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "5 passed" in tested.stdout, tested.stdout + tested.stderr
    assert run(folder, "app.py", CDK_OUTDIR="cdk.out").returncode == 0
    for checks in (["permissions", "cdk.out", "--missing-only"], ["drill", "cdk.out"]):
        checked = run(folder, "-m", "constructs_sm.commands.cli", *checks)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_nothing_is_overwritten_unasked(tmp_path, capsys):
    (tmp_path / "app.py").write_text("mine")

    assert main(["init", str(tmp_path)]) == 2
    assert "app.py would be overwritten; give another folder, or --force" in capsys.readouterr().err
    assert made(tmp_path) == ["app.py"]
    assert main(["init", str(tmp_path), "--force"]) == 0
    assert "PipelineStack" in (tmp_path / "app.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "7"], "--name 7: a stack is called by 1 to 40 letters"),
        (["--region", "here"], "--region here: a Region is called like eu-west-1"),
        (["file"], "file: there is a file of that name; give a folder"),
    ],
    ids=["name", "region", "file"],
)
def test_wrong_argument_is_one_clear_line(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")

    assert main(["init", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert made(tmp_path) == ["file"]
