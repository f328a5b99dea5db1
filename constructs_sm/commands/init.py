"""`constructs-sm init`: make a project with an app, tests and CI that pass."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from string import Template

import click

_FILES = {
    "app.py": "app.py.txt",
    "cdk.json": "cdk.json.txt",
    "requirements.txt": "requirements.txt.txt",
    "pytest.ini": "pytest.ini.txt",
    "README.md": "README.md.txt",
    ".gitignore": "gitignore.txt",
    "tests/test_pipeline.py": "test_pipeline.py.txt",
    ".github/workflows/pipeline.yml": "workflow.yml.txt",
}
"""The files of a project, by the file that each is made from."""
_LONGEST_NAME = 40
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


@click.command("init")
@click.argument("folder", default=".")
@click.option("--name", help="Name of the stack. Default: made of the folder's.")
@click.option("--region", default="us-east-1", show_default=True, help="Region that the stack is for.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
def command(folder: str, name: str | None, region: str, force: bool) -> int:
    """Make a project in FOLDER (default: here), with an app, tests and CI that pass."""
    path = Path(folder)
    title = name or _name_of(folder)
    if not re.fullmatch(rf"[A-Za-z][A-Za-z0-9-]{{0,{_LONGEST_NAME - 1}}}", title):
        message = (
            f"--name {title}: a stack is called by 1 to {_LONGEST_NAME} letters, digits and hyphens, a letter first"
        )
        raise click.UsageError(message)
    if not _REGION.fullmatch(region):
        message = f"--region {region}: a Region is called like eu-west-1"
        raise click.UsageError(message)
    try:
        is_file = path.exists() and not path.is_dir()
        there = [] if is_file else [file for file in _FILES if (path / file).exists()]
    except OSError as error:
        message = f"{folder}: {error.strerror}; give a folder that can be written to"
        raise click.ClickException(message) from error
    if is_file:
        message = f"{folder}: there is a file of that name; give a folder"
        raise click.ClickException(message)
    if there and not force:
        message = f"{folder}: {', '.join(there)} would be overwritten; give another folder, or --force"
        raise click.ClickException(message)
    values = {"name": title, "title": title, "region": region}
    try:
        for file, source in _FILES.items():
            text = files("constructs_sm.commands").joinpath("project", source).read_text(encoding="utf-8")
            target = path / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(Template(text).substitute(values), encoding="utf-8")
    except OSError as error:
        message = f"{error.filename or folder}: {error.strerror}; give a folder that can be written to"
        raise click.ClickException(message) from error
    for file in _FILES:
        click.echo(f"made {path / file}")
    click.echo("next: pip install -r requirements.txt, then pytest")
    return 0


def _name_of(folder: str) -> str:
    """A name for the stack in *folder*: its own, in CamelCase."""
    try:
        words = re.findall("[A-Za-z0-9]+", Path(folder).resolve().name)
    except (OSError, ValueError, RuntimeError) as error:  # a loop of links is a RuntimeError before Python 3.13
        message = f"{folder!a}: no folder can be called so; give another"
        raise click.ClickException(message) from error
    name = "".join(word[:1].upper() + word[1:] for word in words).lstrip("0123456789")
    return name[:_LONGEST_NAME] or "Pipeline"
