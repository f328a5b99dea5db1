"""Write `docs/reference.md`: every public name, with the first line of its docstring.

Run it after a change; a test compares.
"""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import constructs_sm
from constructs_sm import blueprints, diagram, images, polled_actions, retry, testing
from constructs_sm.task.job import SageMakerJob

from constructs import Construct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference.md"
PUBLIC: list[str] = vars(constructs_sm)["__all__"]  # type checkers see its stub, which has none
HEAD = """\
# Reference

Every public name, with what it is in one line. A name leads to its source: the docstring there explains each argument,
and says what may be refused and which grants come along. Your editor shows the same text. `tools/reference.py` writes
this page from the code.
"""
OF_JOBS = """\
Each makes a request of SageMaker, retries it and checks the output. Arguments that all of them take:
[`TaskArguments`](../constructs_sm/task/arguments.py) and [`JobArguments`](../constructs_sm/task/job.py). Members that
all of them have: see `SageMakerJob`, [below](#below-the-jobs)."""
GROUPS: tuple[tuple[str, str, str], ...] = (
    (
        "Jobs",
        OF_JOBS,
        (
            "TrainingJob ProcessingJob TransformJob TuningJob LabelingJob CreateModel CreateEndpointConfig"
            " CreateEndpoint UpdateEndpoint PolledJob CreateModelPackage CreateInferenceComponent"
        ),
    ),
    ("Pipelines", "What is around the jobs.", "PipelineStack JobPipeline PipelineApp synthesize"),
    (
        "Between jobs",
        "",
        (
            "QualityGate EvaluationReport ArtifactCheck Condition Number ParallelJobs"
            " FanOut S3Items ItemBatcher WriterConfig EndpointDeployment"
            " RegisterScalableTarget FindModelPackage"
            " DeleteEndpoint DeleteEndpointConfig DeleteModel DeleteInferenceComponent Deletion"
            " Approval"
        ),
    ),
    ("Inputs, failures and rules", "", "Input InputGuard FailureHandler InvalidInputError acknowledge"),
    ("Names, retries, checks, outputs", "", "JobName RetryPolicy OutputCheck JobOutput Verbatim"),
    (
        "Data",
        "What jobs read and write, where a place in S3 is not enough.",
        (
            "S3Location Channel FileSystemDataSource ProcessingInput ProcessingOutput AthenaDatasetDefinition"
            " RedshiftDatasetDefinition FeatureStoreOutput ModelDataSource BatchDataCaptureConfig"
        ),
    ),
    (
        "Training",
        "Arguments of `TrainingJob` and `TuningJob`.",
        (
            "CheckpointConfig TrainingImageConfig DebugHookConfig DebugRuleConfiguration ProfilerConfig"
            " ProfilerRuleConfiguration TensorBoardOutputConfig ExperimentConfig MlflowConfig ServerlessJobConfig"
            " ModelPackageConfig"
        ),
    ),
    (
        "Machines",
        "",
        "InstanceGroup InstancePreference InstancePlacementConfig PlacementSpecification TuningInstanceConfig",
    ),
    (
        "Tuning",
        "Arguments of `TuningJob`.",
        (
            "IntegerParameterRange ContinuousParameterRange CategoricalParameterRange AutoParameter TuningDefinition"
            " HyperbandStrategyConfig TuningJobCompletionCriteria TuningJobWarmStartConfig"
        ),
    ),
    (
        "Serving",
        "Arguments of `CreateModel`, `CreateEndpointConfig`, `UpdateEndpoint` and `EndpointDeployment`.",
        (
            "Container Variant ServerlessConfig AsyncInferenceConfig InstancePool ManagedInstanceScaling"
            " PrefixAwareRoutingConfig CrossRegionTrafficConfig DataCaptureConfig MetricsConfig ClarifyExplainerConfig"
            " ClarifyInferenceConfig ClarifyShapConfig BlueGreenUpdatePolicy RollingUpdatePolicy CapacitySize"
            " ScalableTarget TargetTrackingScaling StepScaling ScheduledAction"
        ),
    ),
    ("Labeling", "", "PublicWorkteam"),
    ("Below the jobs", "What all jobs are made of.", "SageMakerJob SageMakerTask"),
)
NOT_FOR_USERS = {
    # States of the fragment, which the CDK asks for, and what the library asks of itself.
    *("start_state", "end_states", "next", "to_single_state", "close", "add_prefix", "prefixed_name", "is_jsonata"),
    *("catches_all", "catching_branches", "updating_grant", "shares_the_role", "late", "literal", "among", "of"),
}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, said, names in GROUPS:
        parts.append(_section(title, said, [(name, getattr(constructs_sm, name)) for name in names.split()]))
    parts += [
        _section("Blueprints", "Of `constructs_sm.blueprints`.", _exported(blueprints)),
        _section("`images`", _first(images), _functions(images)),
        f"## `polled_actions`\n\nWhat `PolledJob(action=...)` takes.\n\n{_table(_rows_of_polled(), 'row', 'API')}\n",
        f"## `retry`\n\nWhat `retry=` takes.\n\n{_table(_constants(retry), 'policies', 'what they are')}\n",
        _section("Pictures", "Of `constructs_sm.diagram`.", _exported(diagram)),
        _section(
            "Testing",
            "Of `constructs_sm.testing`, with the extra `testing`: see [the guide](rehearsal.md).",
            _exported(testing),
        ),
    ]
    return "\n".join(parts)


def left_out() -> set[str]:
    """Public names that no group has."""
    grouped = [name for _title, _said, names in GROUPS for name in names.split()]
    modules = {name for name in PUBLIC if isinstance(getattr(constructs_sm, name), ModuleType)}
    return set(PUBLIC) ^ modules ^ set(grouped)


def _section(title: str, said: str, named: Iterable[tuple[str, Any]]) -> str:
    rows: dict[tuple[str, str], list[str]] = {}
    for name, value in named:
        rows.setdefault((_first(value), ", ".join(_members(value))), []).append(_linked(name, value))
    whole = [(", ".join(names), *row) for row, names in rows.items()]
    if any(row[-1] for row in whole):
        table = _table(whole, "name", "what it is", "members")
    else:
        table = _table([row[:-1] for row in whole], "name", "what it is")
    return "\n".join([f"## {title}", "", *([said, ""] if said else []), table, ""])


def _table(rows: Iterable[tuple[str, ...]], *heads: str) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _linked(name: str, value: Any) -> str:
    path = (getattr(value, "__module__", None) or type(value).__module__).replace(".", "/")
    return f"[`{name}`](../{path}{'/__init__' if (ROOT / path).is_dir() else ''}.py)"


def _first(value: Any) -> str:
    """The first line of a docstring; where a dataclass has none of its own, that of the class it is one of."""
    if not inspect.isclass(value):
        return (inspect.getdoc(value) or "").partition("\n")[0].replace("``", "`")
    written = (cls.__doc__ for cls in value.__mro__ if cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}("))
    return next(written).partition("\n")[0].replace("``", "`")


def _members(value: Any) -> Iterator[str]:
    """Return what users call of a class: of a construct all that it adds to other jobs, of a value how it is made."""
    if not inspect.isclass(value):
        return
    common = dir(SageMakerJob) if issubclass(value, SageMakerJob) and value is not SageMakerJob else ()
    for cls in value.__mro__:
        for name, member in vars(cls).items() if cls.__module__.startswith("constructs_sm") else ():
            makes = isinstance(member, classmethod)
            does = issubclass(value, Construct) and (callable(member) or isinstance(member, property))
            said = name in {*NOT_FOR_USERS, *common} or f"`{name}`" in _first(value)
            if (makes or does) and not name.startswith("_") and not said:
                yield f"`{name}`"


def _exported(module: Any) -> list[tuple[str, Any]]:
    """The names that a wing exports; the modules that it lets other wings use are no part of the reference."""
    named = [(name, getattr(module, name, module)) for name in module.__all__]
    return [(name, value) for name, value in named if not isinstance(value, ModuleType) and _first(value)]


def _functions(module: ModuleType) -> list[tuple[str, Any]]:
    own = [(name, value) for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    return [(name, value) for name, value in own if callable(value) and not inspect.isclass(value) and name[0] != "_"]


def _rows_of_polled() -> list[tuple[str, ...]]:
    rows = vars(polled_actions).items()
    return [(f"`{name}`", f"`{row.api}`") for name, row in rows if isinstance(row, polled_actions.PolledAction)]


def _constants(module: ModuleType) -> Iterator[tuple[str, ...]]:
    """The constants of a module that have a sentence behind them."""
    body = ast.parse(Path(str(module.__file__)).read_text()).body
    for statement, follower in pairwise(body):
        if isinstance(statement, ast.Assign) and isinstance(follower, ast.Expr):
            name, said = ast.unparse(statement.targets[0]), ast.literal_eval(follower.value)
            if isinstance(statement.value, (ast.Tuple, ast.Call)):
                yield f"`{name}`", " ".join(said.split("\n\n")[0].split())


if __name__ == "__main__":
    PAGE.write_text(page())
