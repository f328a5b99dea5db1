"""Fill the parts of the README and of pages that follow from the code: examples, pictures, tables.

Each part stands between `<!-- part: name -->` and `<!-- end -->`. Run it after a change; a test compares.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import runpy
from functools import cache
from pathlib import Path
from typing import Any

from constructs_sm import retry
from constructs_sm.actions import ACTIONS, Action
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.testing import definition

import gallery
from aws_cdk import aws_stepfunctions_tasks as tasks

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs").glob("[eh]*/*.md")))
CLASSES = {
    "createTrainingJob": "TrainingJob",
    "createProcessingJob": "ProcessingJob",
    "createTransformJob": "TransformJob",
    "createHyperParameterTuningJob": "TuningJob",
    "createLabelingJob": "LabelingJob",
    "createModel": "CreateModel",
    "createEndpointConfig": "CreateEndpointConfig",
    "createEndpoint": "CreateEndpoint",
    "updateEndpoint": "UpdateEndpoint",
}
REHEARSAL = """\
from constructs_sm.testing import Failed, Rehearsal, Throttled

with Rehearsal.of(stack) as rehearsal:
    rehearsal.script("Train", Throttled(), Failed("AlgorithmError: no rows in train/"))
    run = rehearsal.start()

print(run)
assert run.error == "Job.TaskFailed"
"""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS = re.compile(r" - https://\S+")
"""Of the execution in the console, as long as the line."""
_LOOKED_UP = re.compile(r"\$\{FindInMap \w+ [^}]*\}")
"""In the mapping that a stack without a Region gets."""


@cache
def parts() -> dict[str, str]:
    """The text of every part."""
    example = ROOT / "examples" / "train_nightly.py"
    stack = runpy.run_path(str(example))["stack"]
    nightly: dict[str, Any] = definition(stack)
    state = json.dumps(nightly["States"]["Train"], indent=2)
    described = ROOT / "examples" / "train_and_deploy" / "cdk.json"
    return {
        "example": f"```python\n{example.read_text()}```",
        "state": f"```json\n{_LOOKED_UP.sub('${AccountOfTheImage}', state)}\n```",
        "jobs": "\n".join(_jobs()),
        "polled": ", ".join(f"`{action.api}`" for action in POLLED_ACTIONS) + ".",
        "blueprint": f"```json\n{described.read_text()}```",
        "rehearsal": f"```python\n{REHEARSAL}```",
        "timeline": f"```text\n{_timeline(stack)}```",
        "retries": "\n".join(_retries()),
        "compared": "\n".join(_compared()),
        "gallery": gallery.examples(),
        "blueprints": gallery.blueprint_entries(),
    }


def filled(text: str) -> str:
    """*text* with every part in it as it must be."""
    content = parts()
    return re.sub(
        r"(<!-- part: (\w+) -->\n).*?(<!-- end -->)",
        lambda match: f"{match[1]}\n{content[match[2]]}\n\n{match[3]}",
        text,
        flags=re.DOTALL,
    )


def _timeline(stack: Any) -> str:
    """Return what the rehearsal prints, without the names that are random, and with a jitter that is not."""
    random.seed(7)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(REHEARSAL, {"stack": stack})  # noqa: S102  (the example, as it stands in the README)
    return _ADDRESS.sub(" - ...", _UUID.sub("...", said.getvalue()))


def _jobs() -> list[str]:
    head = "| job | SageMaker API | waits | granted on | passes a role | managed rule | aws-cdk-lib has one |"
    return [head, "|---|---|---|---|---|---|---|", *map(_job, ACTIONS)]


def _job(action: Action) -> str:
    arn_types = [action.arn_type, *(arn_type for arn_type, _ in action.extra_resources)]
    rule = action.sync_rule.name.removeprefix("StepFunctionsGetEventsFor") if action.sync_rule else ""
    row = (
        f"`{CLASSES[action.api]}`",
        f"`{action.api}`",
        "`.sync`" if action.sync else "no",
        ", ".join(f"`{arn_type}/`" for arn_type in arn_types),
        ("if given" if action.role_optional else "yes") if action.role_path else "no",
        f"`…{rule}`" if rule else "none",
        "yes" if hasattr(tasks, f"SageMaker{action.operation}") else "no",
    )
    return f"| {' | '.join(row)} |"


def _compared() -> list[str]:
    """Return the fields in which two jobs with one result are alike."""
    rows = ["| job | compared |", "|---|---|"]
    for action in ACTIONS:
        name = f"`{action.operation}`"
        if not action.sync:
            name += ", where a state of ours makes the model of a transform job, in place of its `ModelName`"
        if action.compared:
            rows.append(f"| {name} | {', '.join(f'`{path}`' for path in action.compared)} |")
    return rows


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
    gallery.write()
    for page in PAGES:
        page.write_text(filled(page.read_text()))
