"""Write `docs/rules.md`: every rule, with its reason, its source, and how to fix or to overrule what breaks it.

Run it after a change; a test compares.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from constructs_sm.rules.catalogue import GROUPS
from constructs_sm.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "rules.md"
HEAD = """\
# Rules

Every refusal and every warning of the library rests on a rule, and ends with its id: `[spot-needs-max-wait]`, or
`[ack: spot-without-checkpoints]` where the CDK says it. `tools/rules.py` writes this page from the code.

An **error** is refused: nothing is made, and all that is wrong is said at once (`InvalidInputError.problems`, each with
its `rule`). A **warning** is shown by `cdk synth`, and stops it with `--strict`. An **info** is shown to whoever looks.

## Overruling a rule

A rule may be wrong, or SageMaker newer than botocore's model of it. Acknowledge the rule for a scope, with a reason:

<!-- given: stack -->
```python
from constructs_sm import acknowledge

acknowledge(stack, "gzip-needs-pipe", "our container unpacks the files itself")
```

It holds for the scope and all that is in it; of several the nearest counts. Acknowledge a refusal before the job is
made, on a construct around it, and a warning at any time. The CDK's own way does the same:

```python
from aws_cdk import Acknowledgment, Validations

Validations.of(stack).acknowledge(Acknowledgment(id="constructs-sm::gzip-needs-pipe", reason="our container ..."))
```

The reason is kept in the template, in its metadata under `constructs-sm:acknowledged`. An id that does not exist is
refused with the nearest that does. What is acknowledged and never broken is warned of
(`acknowledged-rule-never-fired`): of an app, its stacks and pipelines, and of every construct that `acknowledge` was
called with. A rule that protects what the library itself makes cannot be acknowledged; it says so here.

`constructs-sm check` reads the reasons in the templates, and ignores what is acknowledged for an app, a stage, a stack,
a state machine, a job or any construct around it; which states that are stands under
`constructs-sm:acknowledged-states`.
By the CDK's own way it sees those of an app, a stack or a pipeline, and of what a synthesis has found broken. Rules of
definitions that a synthesis does not ask are said to be acknowledged in vain by the check.

Fields that botocore's model does not know yet need no acknowledgment: name them, or their paths
(`InputDataConfig[].NewField`), and they are passed as they are. A name of none is told of.

<!-- before: from constructs_sm import TrainingJob
request = {
    "AlgorithmSpecification": {
        "TrainingImage": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1",
        "TrainingInputMode": "File",
    },
    "OutputDataConfig": {"S3OutputPath": "s3://models/"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
} -->
```python
TrainingJob(stack, "Train", parameters={**request, "NewField": 1}, allow_unknown_fields=["NewField"])
```

Reasons, where nothing else is said: SageMaker or Step Functions refuses what breaks the rule when the job starts, which
may be after hours of other jobs.
"""


def page() -> str:
    """The whole text."""
    return "\n".join([HEAD, *_groups()]) + "\n"


def _groups() -> Iterator[str]:
    for title, module in GROUPS.items():
        rules = {id(value): value for value in vars(module).values() if isinstance(value, Rule)}
        yield f"## {title}\n"
        for rule in sorted(rules.values(), key=lambda rule: rule.id):
            yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### `{rule.id}`\n"
    yield f"{rule.severity.capitalize()}: {rule.what}.\n"
    yield f"- Why: {rule.why}."
    # An address of nothing else is a link.
    link = rule.source.startswith("https://") and " " not in rule.source
    yield f"- Source: {f'<{rule.source}>' if link else rule.source}."
    yield f"- Fix: {rule.fix}."
    if rule.protects:
        yield f"- Cannot be acknowledged: {rule.protects}.\n"
    else:
        where = ", or a line in `.constructs-sm-ignore`: `constructs-sm check` asks it" if rule.by_check else ""
        yield f'- Acknowledge: `acknowledge(scope, "{rule.id}", "...")`{where}.\n'


if __name__ == "__main__":
    PAGE.write_text(page())
