"""Fill the parts of the README that follow from the code: examples, pictures, tables.

Each part stands between `<!-- part: name -->` and `<!-- end -->`. Run it after a change; a test compares.
"""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

from constructs_sm import retry
from constructs_sm.actions import ACTIONS, Action
from constructs_sm.diagram import mermaid
from constructs_sm.testing import definition

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CLASSES = {
    "createTrainingJob": "TrainingJob",
    "createProcessingJob": "ProcessingJob",
    "createTransformJob": "TransformJob",
    "createHyperParameterTuningJob": "TuningJob",
    "createLabelingJob": "LabelingJob",
    "createModel": "Model",
    "createEndpointConfig": "EndpointConfig",
    "createEndpoint": "Endpoint",
    "updateEndpoint": "EndpointUpdate",
}


def parts() -> dict[str, str]:
    """The text of every part."""
    example = ROOT / "examples" / "train_nightly.py"
    nightly: dict[str, Any] = definition(runpy.run_path(str(example))["stack"])
    return {
        "example": f"```python\n{example.read_text()}```",
        "picture": f"```mermaid\n{mermaid(nightly)}```",
        "state": f"```json\n{json.dumps(nightly['States']['Train'], indent=2)}\n```",
        "jobs": "\n".join(_jobs()),
        "retries": "\n".join(_retries()),
    }


def filled(text: str) -> str:
    """*text* with every part in it as it must be."""
    content = parts()
    return re.sub(
        r"(<!-- part: (\w+) -->\n).*?(\n<!-- end -->)",
        lambda match: f"{match[1]}\n{content[match[2]]}\n{match[3]}",
        text,
        flags=re.DOTALL,
    )


def _jobs() -> list[str]:
    rows = [
        "| job | SageMaker API | waits for it | names | grants to the state machine role |",
        "|---|---|---|---|---|",
    ]
    return rows + [_job(action) for action in ACTIONS]


def _job(action: Action) -> str:
    waits = "yes, `.sync`" if action.sync else "no"
    verbs = [action.verb, "Describe", "Stop"] if action.sync else [action.verb]
    grants = [f"`{', '.join(verbs)}` on `{action.arn_type}/<name>*`", "`ListTags`"]
    grants += [f"on `{arn_type}/<name>*` too" for arn_type, _ in action.extra_resources]
    grants += ["`AddTags`"] if action.takes_tags else []
    grants += [f"`PassRole`{' of a given role' if action.role_optional else ''}"] if action.role_path else []
    if action.sync_rule:
        grants.append(f"rule `…{action.sync_rule.name.removeprefix('StepFunctionsGetEvents')}`")
    row = (f"`{CLASSES[action.api]}`", f"`{action.api}`", waits, f"≤ {action.name_max}", ", ".join(grants))
    return f"| {' | '.join(row)} |"


def _retries() -> list[str]:
    rows = ["| error | first wait | grows | longest wait | retries | at most in all | AWS's example: in all |"]
    rows.append("|---|---|---|---|---|---|---|")
    documented = {policy.errors: policy for policy in retry.DOCUMENTED}
    for policy in retry.DEFAULT:
        bound = f"{policy.max_delay_seconds} s" if policy.max_delay_seconds else "no bound"
        numbers = (f"{policy.interval_seconds} s", f"x {policy.backoff_rate:g}", bound, policy.max_attempts)
        totals = (_hours(policy), _hours(documented[policy.errors]))
        rows.append(f"| `{', '.join(policy.errors)}` | {' | '.join(map(str, (*numbers, *totals)))} |")
    return rows


def _hours(policy: retry.RetryPolicy) -> str:
    seconds = policy.longest_wait.total_seconds()
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


if __name__ == "__main__":
    README.write_text(filled(README.read_text()))
