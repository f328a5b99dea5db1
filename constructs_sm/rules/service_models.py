"""The models of AWS's APIs that botocore brings: which services there are, and the newest model of each.

A file is read as it is. botocore's loader would import an HTTP client with it, which takes longer than the reading, and
would look for other models in the user's folders.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@cache
def clients() -> dict[str, str]:
    """Every service that botocore has a model of: its name there, by the name without dashes."""
    return {path.name.replace("-", ""): path.name for path in _data().iterdir() if path.is_dir()}


@cache
def service_model(client: str) -> dict[str, Any]:
    """The newest model of a service, by botocore's name of it; shared, so nobody may change it."""
    newest = max((_data() / client).glob("*/service-2.json*"))
    text = newest.read_bytes()
    model: dict[str, Any] = json.loads(gzip.decompress(text) if newest.suffix == ".gz" else text)
    return model


@cache
def _data() -> Path:
    package = find_spec("botocore")
    if package is None or package.origin is None:
        message = "botocore is not installed"
        raise ModuleNotFoundError(message, name="botocore")
    return Path(package.origin).parent / "data"
