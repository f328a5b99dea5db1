"""Script mode: how the framework containers of AWS are told to run code of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from constructs_sm.images import SageMakerImage
from constructs_sm.jobs.parts.channels import Channel
from constructs_sm.jobs.parts.fields import texts
from constructs_sm.jobs.parts.hyperparameters import late_structures, meant, spelled
from constructs_sm.jobs.parts.ranges import CategoricalParameterRange
from constructs_sm.jobs.parts.source_archive import (
    archive_asset,
    folder_problems,
    is_file,
    is_there,
    on_this_machine,
    unpackable,
)
from constructs_sm.language.errors import NOTHING, Problem
from constructs_sm.language.late_bound import is_late_bound, is_token
from constructs_sm.language.offering import offers
from constructs_sm.rules.script_mode import PROGRAM, SUBMIT_DIRECTORY
from constructs_sm.values.s3 import S3Location, is_late

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from constructs_sm.jobs.parts.channels import ChannelData
    from constructs_sm.jobs.parts.fields import Flag, HyperParameters, Image, Texts
    from constructs_sm.values.s3 import S3Data

    from constructs import Construct

SourceCode: TypeAlias = Union[str, Path, "S3Data"]
"""A file or folder on this machine, or a tar.gz in S3: a string is that if it begins with `s3://` or is late-bound."""
Make: TypeAlias = "Callable[[Construct], Mapping[str, str]]"

CHANNEL = "code"
"""The channel that code comes through where the container may not fetch it by itself."""
_SUFFIX = ".tar.gz"
_PACKED = (_SUFFIX, ".tgz")
_NOT_PACKED = re.compile(r"\.(zip|py|sh|ipynb|tar|json|txt)$|/$")
# What the toolkit takes for the path of a script.
_ENTRY_POINT = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._+-]*(/[A-Za-z0-9._+-]+)*")
_RUN_SCRIPTS = re.compile(r"(autogluon|chainer|coach|huggingface|mxnet|pytorch|ray|sklearn|tensorflow|vw|xgboost)(-|$)")
"""Families of AWS's images that train with a script. The others are algorithms, or serve, or process."""
_FETCH_SCRIPTS = ("sklearn", "xgboost")
"""Families whose inference containers fetch code from S3. The others look into the model, under code/."""
_IN_THE_MODEL = (
    "this container finds code in the model alone: let the training script copy it to $SM_MODEL_DIR/code, and "
    "leave code out"
)


@dataclass(frozen=True, slots=True)
class Script:
    """Code of one's own, as a request says it.

    Attributes:
        place: The tar.gz in S3; of code on this machine, what stands for it.
        entry_point: The file of it that is run.
        path: Where it is on this machine.
    """

    place: S3Location = field(default_factory=lambda: S3Location(""))
    entry_point: Any = None
    path: Path | None = None

    @property
    def data(self) -> S3Location | str:
        """The archive where SageMaker is told of it. What only stands for it grants nothing."""
        return self.place if self.path is None else self.place.uri

    @property
    def directory(self) -> S3Location | str:
        """The archive as a hyperparameter."""
        uri = self.place.uri
        if self.path is None:
            return self.place if is_late(uri) else S3Location(json.dumps(str(uri)), self.place.within, self.place.key)
        return json.dumps(uri)

    @property
    def directory_of_a_channel(self) -> str:
        """The archive where SageMaker has put it in the container."""
        return json.dumps(f"/opt/ml/input/data/{CHANNEL}/{_name(self.place.uri)}")


def script(code: Any, entry_point: Any, problems: list[Problem], *, module: bool = False) -> Script | None:
    """Find what *code* and *entry_point* mean; None where there is no code, or what is wrong is in *problems*.

    Args:
        code: What is run.
        entry_point: The file of it.
        problems: What is wrong is added.
        module: Whether the container imports the file, as it does for inference.
    """
    if code is None:
        if entry_point is not None:
            problems.append(
                Problem(
                    "entry_point without code",
                    entry_point,
                    "pass code=, the file or folder it is in",
                    "code-entry-point",
                )
            )
        return None
    before = len(problems)
    path = on_this_machine(code)
    if path is not None:
        entry_point = _entry_point_on_this_machine(path, code, entry_point, problems)
        # Not before everything is checked is the archive made.
        known_by = sha256(str(path).encode(errors="surrogatepass")).hexdigest()
        place = S3Location.of(f"s3://{CHANNEL}/{known_by}{_SUFFIX}")
    else:
        place = _place(code, problems)
        if entry_point is None and (place is not None or isinstance(code, str)):
            use = "name the file of it that is to be run, as train.py"
            problems.append(Problem("code without an entry_point", NOTHING, use, "code-entry-point"))
    if entry_point is not None and not is_late_bound(entry_point):
        problems += _entry_point_problems(entry_point, module=module)
    return None if place is None or len(problems) > before else Script(place, entry_point, path)


def training_script(
    code: Any, entry_point: Any, image: Image | None, hyperparameters: Any, problems: list[Problem]
) -> Script | None:
    """The script of a training, for the container *image* and beside *hyperparameters*."""
    found = script(code, entry_point, problems)
    if code is None:
        return None
    if isinstance(image, SageMakerImage) and not _RUN_SCRIPTS.match(image.family):
        use = "pass the image of a framework, as images.pytorch(...) or images.sklearn(...)"
        problems.append(Problem("code for a container that runs no scripts", image.family, use, "code-container"))
    if isinstance(hyperparameters, str):
        use = "pass a dict, whose values may be late-bound"
        what = "hyperparameters that are known at run time cannot have code beside"
        problems.append(Problem(what, hyperparameters, use, "code-container"))
    elif isinstance(hyperparameters, Mapping):
        problems += [*_said_twice(hyperparameters, (PROGRAM, SUBMIT_DIRECTORY)), *late_structures(hyperparameters)]
    return found


def script_hyperparameters(
    hyperparameters: HyperParameters | None, found: Script | None, *, isolated: Flag | None = None
) -> Any:
    """Spell hyperparameters so that a script gets what was meant, and tell the container which script."""
    if found is None or isinstance(hyperparameters, str):
        return texts(hyperparameters)
    values = hyperparameters if isinstance(hyperparameters, Mapping) else {}
    entry_point = found.entry_point
    return {
        **texts({name: spelled(name, value) for name, value in values.items()}),
        # In quotes, as AWS's own SDK has them; the toolkit reads them with and without.
        PROGRAM: entry_point if is_late_bound(entry_point) else json.dumps(entry_point),
        SUBMIT_DIRECTORY: found.directory_of_a_channel if isolated is True else found.directory,
    }


def script_ranges(ranges: Any, found: Script | None) -> Any:
    """Spell the choices of a search as the hyperparameters of a script."""
    if found is None or not isinstance(ranges, Mapping):
        return ranges
    return {name: _choices(values) for name, values in ranges.items()}


def _choices(values: Any) -> Any:
    if isinstance(values, CategoricalParameterRange):
        return replace(values, values=_choices(values.values))
    return [meant(value) for value in values] if isinstance(values, list) and not is_token(values) else values


def script_inputs(
    inputs: Mapping[str, ChannelData] | str | None,
    found: Script | None,
    isolated: Flag | None,
    problems: list[Problem],
) -> Mapping[str, ChannelData] | str | None:
    """The channels of a training with a script: one more where the container is cut off the network."""
    if found is None or isolated is not True:
        return inputs
    if isinstance(inputs, str):
        use = "pass a dict of channels, or leave network_isolation out"
        problems.append(
            Problem("inputs that are known at run time cannot have code beside", inputs, use, "code-known-late")
        )
        return inputs
    if inputs is not None and CHANNEL in inputs:
        use = "rename the channel: an isolated container gets its code through this one"
        problems.append(Problem(f"input '{CHANNEL}' is given twice", inputs[CHANNEL], use, "argument-given-twice"))
    # Neither the job's content type nor its input mode is meant for it.
    channel = Channel(data=found.data, content_type="application/x-tar", input_mode="File")
    return {**(inputs or {}), CHANNEL: channel}


def serving_script(
    code: Any, entry_point: Any, image: Image | None, environment: Any, problems: list[Problem], *, isolated: Any = None
) -> Script | None:
    """The script of an inference container."""
    found = script(code, entry_point, problems, module=True)
    if code is None:
        return None
    if isinstance(image, SageMakerImage) and image.family not in _FETCH_SCRIPTS:
        problems.append(
            Problem("code for a container that fetches none", image.family, _IN_THE_MODEL, "code-container")
        )
    elif isolated is True:
        what = "code for a container that is cut off the network"
        problems.append(
            Problem(what, isolated, "let the training script copy it to $SM_MODEL_DIR/code", "code-container")
        )
    if isinstance(environment, str):
        what = "an environment that is known at run time cannot have code beside"
        problems.append(Problem(what, environment, "pass a dict, whose values may be late-bound", "code-container"))
    elif isinstance(environment, Mapping):
        problems += _said_twice(environment, (PROGRAM.upper(), SUBMIT_DIRECTORY.upper()))
    return found


def script_environment(environment: Texts | None, found: Script | None) -> Any:
    """The environment of an inference container with a script."""
    if found is None or isinstance(environment, str):
        return texts(environment)
    return {
        **(texts(environment) or {}),
        PROGRAM.upper(): found.entry_point,
        SUBMIT_DIRECTORY.upper(): found.data,
    }


def making(scripts: Iterable[Script | None]) -> Make | None:
    """Make the archives of all scripts that are on this machine: one for each place, whatever it is used for."""
    paths = {found.path: found.place.uri for found in scripts if found is not None and found.path is not None}
    if not paths:
        return None

    def make(job: Construct) -> dict[str, str]:
        made = {}
        for index, (path, stand_in) in enumerate(paths.items()):
            asset = archive_asset(job, f"Code{index + 1 if index else ''}", path)
            key = asset.s3_object_key
            made[stand_in] = f"s3://{asset.s3_bucket_name}/{key}"
            made[_name(stand_in)] = f"{asset.asset_hash}{Path(stand_in).suffix}" if is_token(key) else _name(key)
        return made

    return make


def _entry_point_on_this_machine(path: Path, said: Any, entry_point: Any, problems: list[Problem]) -> Any:
    if not is_there(path):
        use = f"{path} is not there: pass a path that is, or the s3:// location of a tar.gz"
        problems.append(Problem("no such code", str(said), use, "code-place"))
        return None
    if path.is_file():
        if entry_point not in {None, path.name}:
            problems.append(
                Problem(
                    "entry_point is not in code", entry_point, f"leave it out, to run {path.name}", "code-entry-point"
                )
            )
        return path.name
    of_the_folder = list(folder_problems(path))
    # One that is too large is not walked to its end again.
    problems += of_the_folder or unpackable(path)
    if entry_point is None:
        use = "name the file of it that is to be run, as train.py"
        problems.append(Problem("code without an entry_point", NOTHING, use, "code-entry-point"))
    elif isinstance(entry_point, str) and not is_late_bound(entry_point):
        if not is_file(path / entry_point):
            problems.append(
                Problem("entry_point is not in code", entry_point, f"name a file in {path}", "code-entry-point")
            )
        elif (path / "setup.py").exists() and "/" in entry_point and entry_point.endswith(".py"):
            use = "the toolkit runs a folder with setup.py as a package: put the file beside setup.py"
            problems.append(Problem("entry_point is not at the top of a package", entry_point, use, "code-entry-point"))
    return entry_point


def _entry_point_problems(entry_point: Any, *, module: bool) -> Iterable[Problem]:
    if not isinstance(entry_point, str):
        yield Problem(
            "entry_point must be a string", entry_point, "name a file of code, as train.py", "code-entry-point"
        )
    elif not _ENTRY_POINT.fullmatch(entry_point) or {".", ".."} & set(entry_point.split("/")):
        use = "write it relative to code, with letters, digits and ._+-/ only, as train.py or scripts/train.py"
        yield Problem("entry_point is no path the container takes", entry_point, use, "code-entry-point")
    elif entry_point.endswith(".ipynb"):
        use = "write it as a script: jupyter nbconvert --to script"
        yield Problem(
            "entry_point is a notebook, which the container does not run", entry_point, use, "code-entry-point"
        )
    elif module and not entry_point.endswith(".py"):
        yield Problem(
            "entry_point is no Python module",
            entry_point,
            "name a .py file: the container imports it",
            "code-entry-point",
        )


def _place(code: Any, problems: list[Problem]) -> S3Location | None:
    place = S3Location.of(code)
    if place is None or offers(code, "bucket_name"):
        use = "pass a path on this machine, or the place of a tar.gz in S3"
        problems.append(Problem("code is no place of one archive", code, use, "code-place"))
        return None
    # Of an asset, its file tells what is in it; its key is a token.
    name = str(getattr(code, "asset_path", None) or place.uri)
    if not is_late_bound(name) and (_NOT_PACKED.search(name) or getattr(code, "is_zip_archive", False)):
        if name.endswith(_PACKED):
            return place
        use = "the container unpacks a tar.gz and nothing else: pass one, or a path on this machine"
        problems.append(Problem("code is no tar.gz", name, use, "code-place"))
        return None
    return place


def _said_twice(values: Mapping[str, Any], names: Iterable[str]) -> Iterable[Problem]:
    for name in names:
        if name in values:
            use = "code= and entry_point= say it: leave it out"
            yield Problem(f"{name} is given twice", values[name], use, "argument-given-twice")


def _name(place: str) -> str:
    return place.rpartition("/")[2]
