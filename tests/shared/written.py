"""Code on pages, run as a reader would: from the top of a page, each block with what the blocks before it have left.

What becomes of a block follows from the language behind its fence:

- `python`: it is run. With `title="name.py"` it is put into the folder of the page, and runs when a command runs it; a
  block with the title of one before it goes on with that file.
- `json`, `yaml`: it is read, and with a title put into the folder.
- `sh`: commands. Those of constructs-sm, `python FILE`, `pytest` and `cdk synth` run in the folder of the page; of
  others is seen what can be seen without the network: the extra that pip installs, the target of make.
- `text`: what the block before it prints; `...` stands for anything.

Comments before a fence, which readers do not see, say more: `<!-- given: name -->`, names and files that are there;
`<!-- before: code -->`, what readers of a page of reference have already; `<!-- exit: 1 -->`, the exit code of the
commands; `<!-- refused -->`, the block ends in an InvalidInputError, which comes next; `<!-- shown: reason -->`, it is
not run.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import random
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm import InvalidInputError
from constructs_sm.commands.cli import main

import yaml
from aws_cdk import App, Stack
from conftest import ROOT
from every_example import EXAMPLES, example
from histories import SYNC, History

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = {"python", "json", "yaml", "sh", "text"}
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"))
)
NOT_RUN = {"aws", "cd", "cdk", "git", "mkdir", "npx", "python", "source", "terraform"}
"""Programs of commands that need an account or the network, or that set up what a test has: nothing runs them."""
_BLOCK = re.compile(
    r"(?P<marks>(?:^<!-- .*? -->\n+)*)^```(?P<language>\w*)"
    r"(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_MARK = re.compile(r"<!-- (\w+)(?:: (.*?))? -->", re.DOTALL)
_CHECKER = doctest.OutputChecker()
_LOOSELY = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_CONTINUED = re.compile(r"\\\n\s*")


_PUBLISHED = json.loads((ROOT / "tests" / "data" / "published" / "prepare_train_tell.json").read_text())


def _history() -> str:
    """The history of an execution whose training has failed."""
    history = History()
    history.enter("Task", "Train")
    cause = json.dumps({"TrainingJobName": "nightly-train-1", "FailureReason": "AlgorithmError: no rows"})
    history.task(SYNC, "TaskFailed", 1200, error="States.TaskFailed", cause=cause)
    history.add("ExecutionFailed", error="Job.TaskFailed", cause="Train failed with States.TaskFailed")
    return json.dumps({"events": history.events})


FILES = {
    "history.json": _history(),
    "pipeline.asl.json": json.dumps(_PUBLISHED["definition"], indent=2),
    "script.json": json.dumps({"steps": {"Train": ["Throttled"]}}),
}
"""Files that pages speak of as the reader's own, by name."""


@dataclass
class Block:
    """A block of code on a page."""

    page: str
    line: int
    language: str
    title: str | None
    text: str
    marks: dict[str, str]

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, in their order."""
    text = (ROOT / page).read_text()
    for found in _BLOCK.finditer(text):
        marks = {mark[1]: mark[2] or "" for mark in _MARK.finditer(found["marks"])}
        line = text.count("\n", 0, found.start("text"))
        yield Block(page, line, found["language"], found["title"], found["text"], marks)


def fences(page: str) -> int:
    """The number of fences on a page, so that none is overlooked by the pattern of a block."""
    return len(re.findall(r"^ *```", (ROOT / page).read_text(), re.MULTILINE))


def given(name: str, folder: Path) -> dict[str, Any]:
    """Names that are there before a block: those of an example, or a stack without anything in it; or files."""
    if name in EXAMPLES:
        return dict(example(name))
    if name == "stack":
        return {"stack": Stack(App(), "Yours")}
    if name.endswith("cdk.out"):
        made = example("reuse_results" if name.startswith("reusing/") else "train_nightly")
        shutil.copytree(made["app"].synth().directory, folder / "cdk.out", dirs_exist_ok=True)
    else:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[path.name])
    return {}


@dataclass
class Reader:
    """Someone who does what a page says, in a folder that is empty at first."""

    folder: Path
    names: dict[str, Any] = field(default_factory=dict)
    said: str | None = None
    """What the last block has printed; None where it was not run."""

    def follow(self, block: Block) -> None:
        """Do what one block says."""
        for name in filter(None, block.marks.get("given", "").split(", ")):
            self.names.update(given(name, self.folder))
        if before := block.marks.get("before"):
            with self._listening():
                exec(compile(before, block.where, "exec"), self.names)
        if "shown" in block.marks:
            self.said = None
            return
        getattr(self, f"_{block.language}")(block)

    def _put(self, block: Block) -> None:
        path = self.folder / str(block.title)
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() + "\n\n" if path.exists() and path.suffix == ".py" else ""
        path.write_text(before + block.text)

    def _python(self, block: Block) -> None:
        code = compile(block.text, block.where, "exec")
        if block.title:
            self._put(block)
            self.said = None
            return
        random.seed(7)
        with self._listening():
            if "refused" not in block.marks:
                exec(code, self.names)
                return
            try:
                exec(code, self.names)
            except InvalidInputError as error:
                sys.stdout.write(f"{error}\n")
                return
        raise AssertionError(f"{block.where}: nothing is refused")

    def _json(self, block: Block) -> None:
        json.loads(block.text)
        if block.title:
            self._put(block)

    def _yaml(self, block: Block) -> None:
        list(yaml.safe_load_all(block.text))
        if block.title:
            self._put(block)

    def _text(self, block: Block) -> None:
        assert self.said is not None, f"{block.where}: output of nothing that runs; mark it as shown, with a reason"
        if not _CHECKER.check_output(block.text, self.said, _LOOSELY):
            raise AssertionError(f"{block.where}: the page says\n{block.text}\nand what runs says\n{self.said}")

    def _sh(self, block: Block) -> None:
        expected = int(block.marks.get("exit", "0"))
        self.said = None
        heard = ""
        for line in _CONTINUED.sub(" ", block.text).splitlines():
            if words := shlex.split(line, comments=True):
                ended = self._command(words)
                assert ended in {None, expected}, f"{block.where}: {line} ended with {ended}\n{self.said}"
                heard += self.said or ""
                self.said = heard if ended is not None else self.said

    def _command(self, words: list[str]) -> int | None:
        """Run a command; its exit code, or None where it was looked at only."""
        program, *arguments = words
        if program == "constructs-sm":
            random.seed(7)
            with self._listening():
                return main(arguments)
        if program == "python" and arguments[0] != "-m":
            with self._listening():
                self.names.update(runpy.run_path(arguments[0], run_name="__main__"))
            return 0
        if program == "pytest":
            return self._process("-m", "pytest", "-p", "no:cacheprovider", *arguments)
        if words[:3] == ["npx", "aws-cdk", "synth"]:
            return self._synthesized()
        self._looked_at(program, arguments)
        return None

    def _synthesized(self) -> int:
        """Do as the cdk CLI does: the app of cdk.json, with its context, into cdk.out."""
        settings = json.loads((self.folder / "cdk.json").read_text()) if (self.folder / "cdk.json").exists() else {}
        _python, *program = shlex.split(settings.get("app", "python app.py"))
        context = json.dumps(settings.get("context", {}))
        return self._process(*program, CDK_OUTDIR="cdk.out", CDK_CONTEXT_JSON=context, CDK_VALIDATION="false")

    def _process(self, *arguments: str, **environment: str) -> int:
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            # As a reader runs it, who has no pytest around it.
            env={**_outside_of_pytest(), "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.said = ended.stdout
        return ended.returncode

    @staticmethod
    def _looked_at(program: str, arguments: list[str]) -> None:
        if program == "pip":
            extras = {extra for word in arguments for extra in re.findall(r"(?<=[\[,])\w+(?=[\],])", word)}
            assert extras <= {*(metadata("constructs-sm").get_all("Provides-Extra") or ())}, extras
        elif program == "make":
            targets = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
            assert {word for word in arguments if "=" not in word} <= {*targets}, arguments
        else:
            assert program in NOT_RUN, f"{program}: nothing is known of this command"

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        """Hear what is printed, in the folder of the page."""
        heard, here = io.StringIO(), Path.cwd()
        os.chdir(self.folder)
        try:
            with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
                yield
        finally:
            os.chdir(here)
            self.said = heard.getvalue()


def _outside_of_pytest() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
