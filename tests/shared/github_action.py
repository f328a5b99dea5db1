"""A composite action of GitHub: inputs are put in, and each script is run by bash as a runner does it."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

_EXPRESSION = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")


class Action:
    """The action in a folder.

    Attributes:
        content: What action.yml says.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content: dict[str, Any] = yaml.safe_load((folder / "action.yml").read_text())

    def inputs(self, given: dict[str, str]) -> dict[str, str]:
        """The inputs as a runner has them: given, or by default."""
        declared = self.content["inputs"]
        assert set(given) <= set(declared)
        assert all(name in given for name, one in declared.items() if one.get("required"))
        return {name: given.get(name, one.get("default", "")) for name, one in declared.items()}

    def run(
        self, step: str, given: dict[str, str], *, workspace: Path, path: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the step of a name."""
        inputs = self.inputs(given)

        def put(text: str) -> str:
            return _EXPRESSION.sub(lambda found: inputs[found[1]], text)

        (found,) = (one for one in self.content["runs"]["steps"] if one.get("name") == step)
        assert found["shell"] == "bash"
        script = workspace.parent / f"{step}.sh"
        script.write_text(put(found["run"]))
        return subprocess.run(
            # As https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax has it.
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=workspace,
            env={
                "PATH": f"{path}:{os.environ['PATH']}",
                "HOME": str(workspace.parent),
                "GITHUB_ACTION_PATH": str(self.folder),
                "GITHUB_WORKSPACE": str(workspace),
                **{name: put(value) for name, value in found.get("env", {}).items()},
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
