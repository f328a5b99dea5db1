"""The hook of pre-commit and the action of GitHub, each run as its program runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from github_action import Action
from test_wheel import NOT_SOURCE

GOOD = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
BAD = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}}}
FOUND = "this leads to no state beside it (MISSING_TRANSITION_TARGET), got 'Nowhere'"


@pytest.fixture
def workspace(tmp_path):
    """Somebody's repository, with a definition that is right and one that is not."""
    folder = tmp_path / "theirs"
    (folder / "statemachines").mkdir(parents=True)
    for name, definition in {"good.asl.json": GOOD, "bad.asl.json": BAD}.items():
        (folder / "statemachines" / name).write_text(json.dumps(definition))
    return folder


@pytest.fixture
def path(tmp_path):
    """A folder with the command, as this process would run it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "constructs-sm"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m constructs_sm.commands.cli "$@"\n')
    command.chmod(0o755)
    return str(folder)


def checked(workspace, path, **given):
    inputs = {name.replace("_", "-"): value for name, value in given.items()}
    return Action(ROOT).run("Check", inputs, workspace=workspace, path=path, PYTHONPATH=str(ROOT))


def test_action_fails_with_a_comment_on_the_line(workspace, path):
    ended = checked(workspace, path, paths="statemachines/*.asl.json")

    assert ended.returncode == 1
    lines = [line for line in ended.stdout.splitlines() if line.startswith("::")]
    assert lines[0].startswith("::error file=statemachines/bad.asl.json,line=1,title=asl-")
    assert any(FOUND in line for line in lines)


def test_action_passes_where_nothing_is_found(workspace, path):
    ended = checked(workspace, path, paths="statemachines/good.asl.json")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_action_knows_globs_that_the_shell_does_not(workspace, path):
    (workspace / "deep" / "er").mkdir(parents=True)
    (workspace / "deep" / "er" / "bad.asl.json").write_text(json.dumps(BAD))

    ended = checked(workspace, path, paths="**/er/*.asl.json statemachines/good.asl.json")
    assert ended.returncode == 1
    assert "file=deep/er/bad.asl.json" in ended.stdout
    assert "statemachines" not in ended.stdout


def test_action_hands_arguments_on(workspace, path):
    ended = checked(workspace, path, paths="statemachines/bad.asl.json", arguments="--ignore asl")

    assert ended.returncode == 0


def test_action_writes_sarif_and_fails_all_the_same(workspace, path):
    ended = checked(workspace, path, paths="statemachines/bad.asl.json", sarif="found.sarif")

    assert ended.returncode == 1
    run = json.loads((workspace / "found.sarif").read_text())["runs"][0]
    assert {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]} == {
        "statemachines/bad.asl.json"
    }


def test_action_says_which_file_is_not_there(workspace, path):
    ended = checked(workspace, path, paths="nowhere.json")

    assert ended.returncode == 2
    assert "::error file=nowhere.json" in ended.stdout


def test_input_of_the_action_is_never_run_as_a_program(workspace, path):
    """It comes through the environment: what is put into the script itself could be anything."""
    ended = checked(workspace, path, paths="statemachines/good.asl.json", arguments="; touch owned; $(touch owned)")

    assert ended.returncode != 0
    assert not (workspace / "owned").exists()


def test_hook_is_for_files_that_are_called_like_definitions():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())

    assert hook["id"] == "constructs-sm-check"
    assert hook["entry"] == "constructs-sm check"


def succeed(*command, cwd):
    ended = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def committed(folder):
    """A repository of Git with everything in a folder."""
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    succeed("git", "init", "--quiet", cwd=folder)
    succeed("git", "add", "--all", cwd=folder)
    succeed("git", *who, "commit", "--quiet", "--message", "x", cwd=folder)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of this repository, as it is now, that Git knows."""
    copy = tmp_path_factory.mktemp("source") / "repository"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(*(each for each in NOT_SOURCE if each != ".*"), ".git", ".venv*")
    )
    committed(copy)
    return copy


@pytest.mark.wheel
def test_hook_fails_and_passes_as_the_definitions_do(source, workspace, tmp_path):
    committed(workspace)
    (workspace / "notes.json").write_text("no definition")
    succeed("git", "add", "--all", cwd=workspace)

    def tried(*arguments):
        program = [sys.executable, "-m", "pre_commit", "try-repo", str(source), "constructs-sm-check", *arguments]
        home = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
        home |= {"PRE_COMMIT_HOME": str(tmp_path / "cache")}
        return subprocess.run(
            program, cwd=workspace, env=home, capture_output=True, text=True, timeout=1800, check=False
        )

    failed = tried("--all-files")
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert FOUND in failed.stdout
    assert "2 errors in 2 state machines" in failed.stdout
    passed = tried("--files", "statemachines/good.asl.json", "notes.json")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "Passed" in passed.stdout


@pytest.mark.wheel
def test_action_installs_what_it_runs(source, workspace, tmp_path):
    """All of its steps but the first, which gets a Python."""
    environment = tmp_path / "venv"
    succeed(sys.executable, "-m", "venv", environment, cwd=tmp_path)
    action = Action(source)
    steps = action.content["runs"]["steps"]
    assert [one.get("uses", one.get("name")).partition("@")[0] for one in steps] == [
        "actions/setup-python",
        "Install",
        "Check",
    ]

    given = {"paths": "statemachines/*.asl.json"}
    installed = action.run("Install", given, workspace=workspace, path=str(environment / "bin"))
    assert installed.returncode == 0, installed.stdout + installed.stderr
    ended = action.run("Check", given, workspace=workspace, path=str(environment / "bin"))
    assert ended.returncode == 1, ended.stderr
    assert "::error file=statemachines/bad.asl.json" in ended.stdout
