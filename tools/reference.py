"""Write `docs/reference.md` and the pages beside it: every public name, with all arguments of each class.

Run it after a change; a test compares.
"""

from __future__ import annotations

import ast
import inspect
import re
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import constructs_sm
from constructs_sm import blueprints, diagram, images, polled_actions, retry, testing

from described import first_line, marked, section, spelled, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FOLDER = "reference"
PUBLIC: list[str] = vars(constructs_sm)["__all__"]  # type checkers see its stub, which has none
HEAD = """\
# Reference

Every public name, with what it is in one line. A name leads to all of its arguments, with types, defaults, units, what
is refused, the grants that come along, and the source at AWS. `tools/reference.py` writes these pages from the code.
"""
OF_JOBS = """\
Each makes a request of SageMaker, retries it and checks the output. The page of each has the arguments that all of them
take as well; members that all of them have are those of [`SageMakerJob`](reference/below-the-jobs.md#sagemakerjob)."""
TYPES = """\
# Types of arguments

Names that stand for several types in the signatures of the reference. A string that is JSONPath (`$.depth`), JSONata
(`{% $states.input.depth %}`) or a token of the CDK is late-bound: its value is known when the state machine runs.
"""
GROUPS: tuple[tuple[str, str, str], ...] = (
    (
        "Jobs",
        OF_JOBS,
        (
            "TrainingJob ProcessingJob TransformJob TuningJob LabelingJob CreateModel CreateEndpointConfig"
            " CreateEndpoint UpdateEndpoint PolledJob CreateModelPackage CreateInferenceComponent"
        ),
    ),
    ("Pipelines", "What is around the jobs.", "PipelineStack JobPipeline Reuse PipelineApp synthesize"),
    (
        "Between jobs",
        "",
        (
            "QualityGate EvaluationReport ArtifactCheck Condition Number ParallelJobs"
            " FanOut S3Items ItemBatcher WriterConfig EndpointDeployment"
            " RegisterScalableTarget FindModelPackage"
            " DeleteEndpoint DeleteEndpointConfig DeleteModel DeleteInferenceComponent Deletion"
            " Approval RawState"
        ),
    ),
    ("Inputs, failures and rules", "", "Input InputGuard FailureHandler InvalidInputError acknowledge Guardrails"),
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


def pages() -> dict[str, str]:
    """Every page by its path under `docs/`."""
    written = {f"{FOLDER}/{page}.md": text for page, text in _class_pages()}
    written[f"{FOLDER}/types.md"] = f"{TYPES}\n{table(_aliases(), 'name', 'stands for', 'what it is')}\n"
    return {"reference.md": _index(), **written}


def _groups() -> Iterator[tuple[str, str, list[tuple[str, Any]]]]:
    """Title, sentence and named values of every group."""
    for title, said, names in GROUPS:
        yield title, said, [(name, getattr(constructs_sm, name)) for name in names.split()]
    yield "Blueprints", "Of `constructs_sm.blueprints`.", _exported(blueprints)
    yield "`images`", first_line(images), _functions(images)
    yield "Pictures", "Of `constructs_sm.diagram`.", _exported(diagram)
    of_testing = "Of `constructs_sm.testing`, with the extra `testing`: see [the guide](rehearsal.md)."
    yield "Testing", of_testing, _exported(testing)


def _index() -> str:
    parts = [HEAD]
    for title, said, named in _groups():
        rows = table(_linked(title, named), "name", "what it is")
        parts.append("\n".join([f"## {title}", "", *([said, ""] if said else []), rows, ""]))
    parts += [
        f"## `polled_actions`\n\nWhat `PolledJob(action=...)` takes.\n\n{table(_rows_of_polled(), 'row', 'API')}\n",
        f"## `retry`\n\nWhat `retry=` takes.\n\n{table(_constants(retry), 'policies', 'what they are')}\n",
        f"## Types\n\n[Names that stand for several types]({FOLDER}/types.md): `Image`, `Key`, `Time` and others.\n",
    ]
    return "\n".join(parts)


def _class_pages() -> Iterator[tuple[str, str]]:
    """Of the jobs one page each; of another group one page, with a section a class."""
    for title, said, named in _groups():
        if title == "Jobs":
            yield from ((_slug(name), section(name, value, level=1)) for name, value in named)
            continue
        # Sentences of the index lead from there; here from a folder below it.
        intro = re.sub(r"\]\((?=[a-z])", "](../", said)
        parts = [f"# {title}", "", *([intro, ""] if intro else [])]
        yield _slug(title), "\n".join(parts + [section(name, value) for name, value in named])


def _linked(title: str, named: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Rows of the index; names with one sentence are in one row."""
    rows: dict[str, list[str]] = {}
    for name, value in named:
        page = f"{FOLDER}/{_slug(name)}.md" if title == "Jobs" else f"{FOLDER}/{_slug(title)}.md#{name.lower()}"
        rows.setdefault(first_line(value), []).append(f"[`{name}`]({page})")
    return ((", ".join(links), said) for said, links in rows.items())


def _slug(name: str) -> str:
    """The name of a page: `training-job` for TrainingJob, `between-jobs` for Between jobs."""
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    return re.sub(r"[^a-z0-9]+", "-", parts).strip("-")


def left_out() -> set[str]:
    """Public names that no group has."""
    grouped = [name for _title, _said, names in GROUPS for name in names.split()]
    modules = {name for name in PUBLIC if isinstance(getattr(constructs_sm, name), ModuleType)}
    return set(PUBLIC) ^ modules ^ set(grouped)


def _exported(module: Any) -> list[tuple[str, Any]]:
    # A module that other wings use is no part of the reference; a constant is described where it is used.
    found = [(name, getattr(module, name, None)) for name in module.__all__]
    return [(name, value) for name, value in found if inspect.isclass(value) or inspect.isfunction(value)]


def _functions(module: ModuleType) -> list[tuple[str, Any]]:
    own = [(name, value) for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    return [(name, value) for name, value in own if callable(value) and not inspect.isclass(value) and name[0] != "_"]


def _rows_of_polled() -> list[tuple[str, ...]]:
    rows = vars(polled_actions).items()
    return [(f"`{name}`", f"`{row.api}`") for name, row in rows if isinstance(row, polled_actions.PolledAction)]


def _sentences(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """The statements of a module that have a sentence behind them."""
    for statement, follower in pairwise(_statements(ast.parse(path.read_text()).body)):
        if isinstance(follower, ast.Expr) and isinstance(follower.value, ast.Constant):
            yield statement, " ".join(str(follower.value.value).split("\n\n")[0].split())


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, ast.If):
            yield from statement.body


def _constants(module: ModuleType) -> Iterator[tuple[str, ...]]:
    for statement, said in _sentences(Path(str(module.__file__))):
        if isinstance(statement, ast.Assign) and isinstance(statement.value, (ast.Tuple, ast.Call)):
            yield f"`{ast.unparse(statement.targets[0])}`", said


def _aliases() -> Iterator[tuple[str, ...]]:
    """The public names of types, of those wings whose classes users make."""
    found = {}
    for wing in ("jobs", "steps", "task", "values"):
        for path in sorted((ROOT / "constructs_sm" / wing).rglob("*.py")):
            for statement, said in _sentences(path):
                if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.annotation) == "TypeAlias":
                    name, stands_for = ast.unparse(statement.target), ast.unparse(statement.value or ast.Pass())
                    if not name.startswith("_"):
                        found[name] = (f"`{name}`", f"`{spelled(stands_for)}`", marked(said))
    return (found[name] for name in sorted(found))


def write() -> None:
    """Write all pages, and remove those of groups that are no more."""
    written = pages()
    for path in (DOCS / FOLDER).glob("*.md"):
        if f"{FOLDER}/{path.name}" not in written:
            path.unlink()
    for name, text in written.items():
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(text)


if __name__ == "__main__":
    write()
