"""Code of this machine as the tar.gz that the framework containers of AWS unpack: the same bytes for the same files.

It is made at synthesis with the standard library alone, and becomes an asset of the CDK.
"""

from __future__ import annotations

import atexit
import gzip
import io
import os
import shutil
import tarfile
import tempfile
from fnmatch import fnmatch
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.language.errors import Problem
from constructs_sm.language.late_bound import is_late_bound
from constructs_sm.values.s3 import bucket_and_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aws_cdk.aws_s3_assets import Asset
    from constructs import Construct

MOST_FILES = 2_000
MOST_BYTES = 100 * 1024 * 1024
"""Above these, a folder is not taken for code: most likely it has data in it, or is the wrong one."""
LEFT_OUT = (
    *("__pycache__", "*.pyc", ".ipynb_checkpoints", ".DS_Store"),
    *(".git", ".hg", ".svn", ".venv", "venv", "node_modules", "cdk.out"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox", ".idea", ".vscode"),
)
"""Names of what tools leave in a folder; it is no code."""
_SECRET = (
    *(".env", ".env.*", ".netrc", ".pypirc", ".pgpass", ".git-credentials", ".aws", ".ssh"),
    *("*.pem", "*.key", "*.p12", "*.pfx", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"),
)
"""Names under which secrets are kept: the archive goes to a bucket that many can read."""
_NO_SECRET = (".env.example", ".env.sample", ".env.template", ".env.dist")


def on_this_machine(code: Any) -> Path | None:
    """The path of code that is said as one; None of what is in S3, or known later."""
    if isinstance(code, str) and not is_late_bound(code) and bucket_and_prefix(code) is None:
        code = Path(code)
    # Node, which reads the asset, may have begun in another directory.
    return code.absolute() if isinstance(code, Path) else None


def is_there(path: Path) -> bool:
    """Tell if there is something at *path*; a name that no disk takes is of nothing."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Tell likewise if there is a file."""
    return is_there(path) and path.is_file()


def folder_problems(folder: Path) -> Iterator[Problem]:
    """Find what keeps a folder from being code; empty folders are of no use either."""
    files = size = 0
    for path in _walk(folder):
        shown = path.relative_to(folder).as_posix()
        if any(map(_is_secret, shown.split("/"))):
            use = (
                "keep it outside of the folder, since others read the bucket; what is none goes in an archive of yours"
            )
            yield Problem("code has what is named like a secret in it", shown, use, "code-place")
        if path.is_file():
            files, size = files + 1, size + path.stat().st_size
        if files > MOST_FILES or size > MOST_BYTES:
            limits = f"{MOST_FILES:,} files and {MOST_BYTES // 1024**2} MiB"
            use = f"pass a folder of at most {limits} that has nothing but code in it, and data as inputs"
            yield Problem("code is too large", str(folder), use, "code-place")
            return
    if files == 0:
        yield Problem("code has no files in it", str(folder), "pass the folder that the script is in", "code-place")


def unpackable(folder: Path) -> Iterator[Problem]:
    """Find what an archive for the toolkit cannot have in it: it unpacks files, and no links that lead elsewhere."""
    for path in _walk(folder):
        shown = path.relative_to(folder).as_posix()
        if path.is_dir():
            use = "the toolkit follows no links to folders: put what it leads to into the folder"
            yield Problem("code has a link to a folder in it", shown, use, "code-place")
        elif not path.is_file():
            yield Problem("code has something in it that is no file", shown, "take it out of the folder", "code-place")


def archive_asset(scope: Construct, construct_id: str, path: Path) -> Asset:
    """The archive of a file or folder as an asset, named by the hash of what is in it."""
    # It brings all of S3's constructs, which few jobs need.
    from aws_cdk import AssetHashType  # noqa: PLC0415
    from aws_cdk.aws_s3_assets import Asset  # noqa: PLC0415

    tar = _tar(path)
    # Of what is packed, since one zlib packs otherwise than the next.
    known_by = sha256(tar).hexdigest()
    file = _place() / f"{known_by}.tar.gz"
    if not file.exists():
        file.write_bytes(_packed(tar))
    return Asset(scope, construct_id, path=str(file), asset_hash=known_by, asset_hash_type=AssetHashType.CUSTOM)


def _walk(folder: Path) -> Iterator[Path]:
    """Everything of a folder that is packed, in one order on every machine; links to folders too, to be refused."""
    for here, folders, files in os.walk(folder):
        kept = sorted(name for name in folders if not _is_left_out(name))
        links = [name for name in kept if (Path(here) / name).is_symlink()]
        folders[:] = [name for name in kept if name not in links]
        for name in sorted([*links, *(name for name in files if not _is_left_out(name))]):
            yield Path(here) / name


def _is_secret(name: str) -> bool:
    return name.lower() not in _NO_SECRET and any(fnmatch(name.lower(), secret) for secret in _SECRET)


def _is_left_out(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in LEFT_OUT)


def _tar(path: Path) -> bytes:
    files = [(path, path.name)] if path.is_file() else [(p, p.relative_to(path).as_posix()) for p in _walk(path)]
    return _tar_of(files)


def _tar_of(files: Sequence[tuple[Path, str]]) -> bytes:
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, name in files:
            content = path.read_bytes()
            # Nothing of who and when, which would make another archive of the same files.
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            tar.addfile(member, io.BytesIO(content))
    return into.getvalue()


def _packed(tar: bytes) -> bytes:
    into = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=into, mtime=0) as packed:
        packed.write(tar)
    return into.getvalue()


@cache
def _place() -> Path:
    """Return the folder where archives lie until the process ends: the CDK copies them, unless it is told not to."""
    place = Path(tempfile.mkdtemp(prefix="constructs-sm-code-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place
