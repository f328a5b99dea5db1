"""The code of a processing job: on this machine, to become an asset, or in S3 already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from constructs_sm.images import SageMakerImage
from constructs_sm.jobs.parts.fields import text_list
from constructs_sm.jobs.parts.source_archive import LEFT_OUT, folder_problems, is_file, is_there, on_this_machine
from constructs_sm.language.errors import NOTHING, Problem
from constructs_sm.language.late_bound import Computed, is_late_bound, is_token
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from constructs_sm.jobs.parts.fields import Image, TextList
    from constructs_sm.values.s3 import S3Data

    from constructs import Construct

CODE = "/opt/ml/processing/input/code"
Code: TypeAlias = Union[str, Path, "S3Data"]
"""A file or folder on this machine, or code in S3: a string is that if it begins with `s3://` or is late-bound."""

_ZIP = ".zip"
_UNPACK = ("/bin/sh", "-c", f'cd {CODE} && python3 -m zipfile -e "$0" . && exec "$@"')
"""Runs what follows the path of a zip in what is in it. An asset of a folder is a zip."""
_RUN_BY = {".py": "python3"}
_RUN_BY_SPARK = {".py": "smspark-submit", ".jar": "smspark-submit"}
"""Source: https://github.com/aws/sagemaker-spark-container"""
_HASH = "0" * 64
"""Stands for the hash of an asset, which is not made before everything has been checked."""


@dataclass(frozen=True, slots=True)
class ProcessingCode:
    """Fields of a request about code.

    Attributes:
        data: Where it is in S3; of what is on this machine, a stand-in.
        entrypoint: How the container runs it.
        path: Where it is on this machine.
    """

    data: Any
    entrypoint: Any
    path: Path | None = None

    def make(self, job: Construct) -> dict[str, str]:
        """Make an asset of what is on this machine: what stands for it in the request, and what it is."""
        if self.path is None:
            return {}
        # It brings all of S3's constructs, which few jobs need.
        from aws_cdk import IgnoreMode  # noqa: PLC0415
        from aws_cdk.aws_s3_assets import Asset  # noqa: PLC0415

        # What tools leave behind in a folder would change the hash.
        left_out: dict[str, Any] = (
            {"exclude": list(LEFT_OUT), "ignore_mode": IgnoreMode.GIT} if self.path.is_dir() else {}
        )
        asset = Asset(job, "Code", path=str(self.path), **(left_out if self.path.is_dir() else {}))
        key, stand_in = asset.s3_object_key, _name(self.data)
        name = f"{asset.asset_hash}{Path(stand_in).suffix}" if is_token(key) else _name(key)
        return {self.data: f"s3://{asset.s3_bucket_name}/{key}", f"{CODE}/{stand_in}": f"{CODE}/{name}"}


def processing_code(
    code: Code, entrypoint: TextList | None, image: Image | None, problems: list[Problem]
) -> ProcessingCode:
    """Find the fields of a request about *code*, run by *image*; *entrypoint* is a file in it, or a whole command."""
    path = on_this_machine(code)
    if path is not None and not is_there(path):
        use = f"{path} is not there: pass a path that is, or an s3:// location"
        problems.append(Problem("no such code", str(code), use, "code-place"))
        return ProcessingCode(Computed(), None)
    if path is not None and path.is_dir():
        problems += folder_problems(path)
    if path is None and S3Location.of(code) is None:
        problems.append(
            Problem("code is no place", code, "pass a path on this machine, or a place in S3", "code-place")
        )
        return ProcessingCode(Computed(), None)
    if path is None:
        data, file = code, _file_in_s3(code)
    else:
        file = f"{_HASH}{_ZIP if path.is_dir() else path.suffix}"
        data = f"s3://code/{file}"
    if entrypoint is None or (isinstance(entrypoint, str) and not is_late_bound(entrypoint)):
        script = _script(entrypoint, path, file, problems)
        command: Any = script and _command(script, image, problems)
    else:
        command = _in_place(entrypoint, path, file)
    if command and file.endswith(_ZIP):
        command = _unpacking(command, f"{CODE}/{file}", problems)
    return ProcessingCode(data, command, path)


def _file_in_s3(code: Any) -> str:
    """The name of the one file that is meant; empty: a prefix, or not known."""
    location = S3Location.of(code)
    name = _name(location.uri) if location is not None else ""
    known = Path(name).suffix in {_ZIP, *_RUN_BY, *_RUN_BY_SPARK}
    return name if known and not is_late_bound(name) and not name.endswith("}") else ""


def _name(place: str) -> str:
    return place.rpartition("/")[2]


def _script(entrypoint: str | None, path: Path | None, file: str, problems: list[Problem]) -> str:
    """The file to run, as the container finds it; empty if there is none."""
    archive = not file or file.endswith(_ZIP)
    if entrypoint is None and archive:
        use = "name the file of it that is to be run, or give the whole command"
        problems.append(Problem("code without an entrypoint", NOTHING, use, "code-entry-point"))
        return ""
    if not archive:
        own = file if path is None else path.name
        if entrypoint not in {None, own}:
            problems.append(
                Problem("entrypoint is not in code", entrypoint, f"leave it out, to run {own}", "code-entry-point")
            )
        return file
    assert entrypoint is not None  # noqa: S101  (or it would be missing)
    if path is not None and path.is_dir() and not is_file(path / entrypoint):
        problems.append(Problem("entrypoint is not in code", entrypoint, f"name a file in {path}", "code-entry-point"))
    return entrypoint


def _command(script: str, image: Any, problems: list[Problem]) -> list[str]:
    spark = isinstance(image, SageMakerImage) and image.family == "spark"
    program = (_RUN_BY_SPARK if spark else _RUN_BY).get(Path(script).suffix)
    if program is None:
        use = f"pass entrypoint=[...], the whole command; code is in {CODE}"
        problems.append(Problem("nothing is known to run this", Path(script).suffix or script, use, "code-container"))
        return []
    return [program, f"{CODE}/{script}"]


def _in_place(entrypoint: Any, path: Path | None, file: str) -> Any:
    """A command, with a file of this machine called as it is in the container: by the asset's hash."""

    def placed(value: Any) -> Any:
        if path is None or path.is_dir() or not isinstance(value, str) or f"{CODE}/{path.name}" not in value:
            return value
        return value.replace(f"{CODE}/{path.name}", f"{CODE}/{file}")

    texts = text_list(entrypoint)
    return [placed(text) for text in texts] if isinstance(texts, list) and not is_token(texts) else placed(texts)


def _unpacking(command: Any, archive: str, problems: list[Problem]) -> Any:
    if isinstance(command, list) and not is_token(command):
        return [*_UNPACK, archive, *command]
    use = "give a list, or code as a prefix in S3"
    problems.append(Problem("a command that is known at run time cannot unpack code", command, use, "code-known-late"))
    return command
