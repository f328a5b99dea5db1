"""Rules for the hyperparameters of a script: they reach it as what they were meant to be.

The framework containers of AWS run a script with the `sagemaker-training` toolkit: it reads every hyperparameter as
JSON where it can, and hands it on as an argument of the command line, spelled as Python spells the value. Measured with
sagemaker-training 5.1.4; the table is in docs/own-code.md.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from constructs_sm.language.late_bound import Computed, is_late_bound
from constructs_sm.rules.training_rules import CHANNEL_VARIABLE as VARIABLE
from constructs_sm.rules.training_rules import HYPERPARAMETER_OPTION as OPTION
from constructs_sm.rules.training_rules import HYPERPARAMETER_TEXT as TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_sm.language.errors import Problem

PROGRAM = "sagemaker_program"
SUBMIT_DIRECTORY = "sagemaker_submit_directory"
OWN = "sagemaker_"
"""The toolkit keeps hyperparameters that begin with this to itself."""
_AT = ("HyperParameters", "StaticHyperParameters")
_CHANNELS = "InputDataConfig[]"
_MARK = re.compile(r"[.-]")
_BOOLEANS = ("true", "false")
# Until Python 3.13 an exponent is none of argparse's numbers.
_NUMBER = re.compile(r"-\d+|-\d*\.\d+")


def argument(spelling: str) -> str:
    """Return what a script gets for a hyperparameter that is spelled so."""
    try:
        value = json.loads(spelling)
    except ValueError:
        return spelling
    if value is None:
        return ""
    if isinstance(value, dict):
        return ",".join(f"{key}={value[key]}" for key in sorted(value))
    return str(value)


def is_taken_for_an_option(text: str) -> bool:
    """Say whether argparse takes an argument for the name of an option, and misses the value."""
    return text.startswith("-") and text != "-" and " " not in text and not _NUMBER.fullmatch(text)


def is_json(text: str) -> bool:
    """Say whether the toolkit reads a text as something else than it is."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def warnings(structures: Mapping[str, Sequence[tuple[Mapping[str, Any], str]]]) -> list[Problem]:
    """Name the hyperparameters of a request that reach a script as something else, or not at all.

    Args:
        structures: Every structure of the request with its own path, by the path of all its like.
    """
    warned: list[Problem] = []
    for at, found in structures.items():
        around, _, name = at.rpartition(".")
        if name in _AT:
            channels = structures.get(f"{around}.{_CHANNELS}" if around else _CHANNELS, ())
            for values, path in found:
                warned += _of_hyperparameters(values, path)
                if _is_of_script(values):
                    warned += _of_channels(channels, path.removesuffix(name))
    return warned


def _is_of_script(values: Mapping[str, Any]) -> bool:
    return PROGRAM in values or SUBMIT_DIRECTORY in values


def _of_channels(channels: Sequence[tuple[Mapping[str, Any], str]], definition: str) -> Iterator[Problem]:
    """Channels of one definition whose variable a shell cannot name."""
    for channel, path in channels:
        name = channel.get("ChannelName")
        if path.startswith(definition) and isinstance(name, str) and not is_late_bound(name) and _MARK.search(name):
            variable = f"SM_CHANNEL_{name.upper()}"
            yield VARIABLE.problem(f"{path} is told to the script as {variable}, which no shell can read")


def _of_hyperparameters(values: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if _is_of_script(values):
        # Whoever writes names in quotes, as AWS's own SDK does, means a boolean by its JSON.
        quoted = any(str(values.get(name, "")).startswith('"') for name in (PROGRAM, SUBMIT_DIRECTORY))
        for name, value in values.items():
            if quoted and value in _BOOLEANS:
                continue
            if isinstance(value, str) and not name.startswith(OWN) and not isinstance(value, Computed):
                yield from _of_one(f"{path}.{name}", value)


def _of_one(where: str, value: str) -> Iterator[Problem]:
    if is_late_bound(value):
        return
    got = argument(value)
    # A text in quotes is there to be read as JSON.
    if got != value and not value.startswith('"'):
        use = f"write {json.dumps(value, ensure_ascii=False)}, with these quotes, for the text"
        yield TEXT.problem(f"{where} is {value!r}, and the script gets {got!r}", fix=use)
    if is_taken_for_an_option(got):
        use = "argparse takes it for an option, and says that a value is missing; begin it with something else"
        yield OPTION.problem(f"{where} reaches the script as {got!r}", fix=use)
