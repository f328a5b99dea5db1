"""The guide to rehearsals: its script can be played."""

from __future__ import annotations

import json
import re

from constructs_sm.commands.scripts import play
from constructs_sm.testing import Rehearsal

from conftest import ROOT

GUIDE = (ROOT / "docs" / "rehearsal.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


def test_script_of_the_command_line_can_be_played():
    (script,) = blocks("json")

    play(Rehearsal(), json.loads(script))
