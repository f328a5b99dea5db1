"""The guide to rehearsals: its examples run as they stand."""

from __future__ import annotations

import json
import re

from constructs_sm.commands.scripts import play
from constructs_sm.testing import Rehearsal

import pytest
from conftest import ROOT

pytest_plugins = ["pytester"]

GUIDE = (ROOT / "docs" / "rehearsal.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def examples(pytester):
    pytester.makepyfile(test_of_the_guide="import constructs_sm\n" + "\n\n".join(blocks("python")))
    return pytester


def test_examples_pass(examples):
    from importlib.metadata import entry_points  # noqa: PLC0415

    loaded = (
        [] if "constructs_sm" in entry_points(group="pytest11").names else ["-p", "constructs_sm.testing.pytest_plugin"]
    )
    result = examples.runpytest_inprocess(*loaded, "-p", "no:cacheprovider", "--snapshot-update")
    result.assert_outcomes(passed=7)


def test_script_of_the_command_line_can_be_played():
    (script,) = blocks("json")

    play(Rehearsal(), json.loads(script))
