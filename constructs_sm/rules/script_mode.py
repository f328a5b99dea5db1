"""Rules for the hyperparameters of a script: they reach it as what they were meant to be.

The framework containers of AWS run a script with the `sagemaker-training` toolkit: it reads every hyperparameter as
JSON where it can, and hands it on as an argument of the command line, spelled as Python spells the value. Measured with
sagemaker-training 5.1.4; the table is in docs/own-code.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.fields import join
from constructs_sm.language.late_bound import Computed, is_late_bound

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = "sagemaker_program"
SUBMIT_DIRECTORY = "sagemaker_submit_directory"
OWN = "sagemaker_"
"""The toolkit keeps hyperparameters that begin with this to itself."""
TEXT = "hyperparameterText"
OPTION = "hyperparameterOption"
_AT = ("HyperParameters", "StaticHyperParameters")
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


def warnings(request: Any) -> Iterator[tuple[str, str]]:
    """Name the hyperparameters of a request that reach a script as something else, or not at all: id and sentence."""
    for path, values in _hyperparameters(request, ""):
        if PROGRAM not in values and SUBMIT_DIRECTORY not in values:
            continue
        # Whoever writes names in quotes, as AWS's own SDK does, means a boolean by its JSON.
        quoted = any(str(values.get(name, "")).startswith('"') for name in (PROGRAM, SUBMIT_DIRECTORY))
        for name, value in values.items():
            if quoted and value in _BOOLEANS:
                continue
            if isinstance(value, str) and not name.startswith(OWN) and not isinstance(value, Computed):
                yield from _of_one(join(path, name), value)


def _of_one(where: str, value: str) -> Iterator[tuple[str, str]]:
    if is_late_bound(value):
        return
    got = argument(value)
    # A text in quotes is there to be read as JSON.
    if got != value and not value.startswith('"'):
        use = f"write {json.dumps(value, ensure_ascii=False)}, with these quotes, for the text"
        yield TEXT, f"{where} is {value!r}, and the script gets {got!r}: {use}."
    if is_taken_for_an_option(got):
        use = "argparse takes it for an option, and says that a value is missing; begin it with something else"
        yield OPTION, f"{where} reaches the script as {got!r}: {use}."


def _hyperparameters(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in _AT and isinstance(item, Mapping):
                yield join(path, key), item
            else:
                yield from _hyperparameters(item, join(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _hyperparameters(item, f"{path}[{index}]")
