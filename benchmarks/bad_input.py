"""Time and memory of every command on files that are too large, too deep, or nothing that it reads: a child for each.

    python benchmarks/bad_input.py

The files are made in a temporary folder: nothing in them harms another program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = ("check", "diagram", "drill", "grants", "history", "permissions", "rehearse")
SECONDS = 5.0
MEGABYTES = 500.0
"""The most that a command may take."""
_STATES = 150_000
_PATIENCE = 60
"""Seconds after which a command that hangs is ended."""
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Cost:
    """The cost of one command."""

    code: int
    seconds: float
    """Of the processor: how long it takes beside others is another matter."""
    megabytes: float
    said: str


def made(folder: Path) -> Iterator[Path]:
    """The files."""
    states = {f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"} for number in range(_STATES)}
    definition = {"StartAt": "S0", "States": {**states, f"S{_STATES}": {"Type": "Succeed"}}}
    padded = {**definition, "Comment": "x" * (52 * _MEGABYTE - len(json.dumps(definition)))}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": padded}}
    terraform = {"format_version": "1.2", "values": {"root_module": {"resources": [{"x": "y" * 52 * _MEGABYTE}]}}}
    aliases = "".join(f"a{turn}: &a{turn} [{', '.join([f'*a{turn - 1}'] * 9)}]\n" for turn in range(1, 9))
    contents: dict[str, bytes] = {
        "150000-states.json": json.dumps(padded).encode(),
        "template.json": json.dumps({"Resources": {"Machine": machine}}).encode(),
        "terraform.json": json.dumps(terraform).encode(),
        "long.yaml": b"# a line that says nothing\n" * (2 * _MEGABYTE),
        "aliases.yaml": f"a0: &a0 [x]\n{aliases}States: *a8\n".encode(),
        "deep.json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "zeros.json": b"\0" * 52 * _MEGABYTE,
        "events.json": json.dumps({"events": [_event(number) for number in range(1, 25_001)]}).encode(),
        "empty.json": b"",
    }
    for name, content in contents.items():
        path = folder / name
        path.write_bytes(content)
        yield path
    fifo = folder / "fifo.json"
    os.mkfifo(fifo)
    yield fifo


def _event(number: int) -> dict[str, object]:
    details = {"name": f"S{number}", "input": json.dumps({"x": "y" * 2000})}
    return {
        "id": number,
        "previousEventId": number - 1,
        "type": "PassStateEntered",
        "stateEnteredEventDetails": details,
    }


def cost(command: str, path: Path) -> Cost:
    """Do a command in a child of a child: what this process has grown to would be counted as the child's own."""
    told = subprocess.check_output([sys.executable, __file__, command, str(path)], text=True)
    return Cost(**json.loads(told))


def _measured(command: str, path: str) -> Cost:
    program = [sys.executable, "-m", "constructs_sm.commands.cli", command, path]
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        watch = threading.Timer(_PATIENCE, child.kill)
        watch.start()
        _, status, used = os.wait4(child.pid, 0)
        watch.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace")
    # Linux counts in kilobytes, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(child.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / _MEGABYTE, text)


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(asdict(_measured(*sys.argv[1:]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        for path in made(Path(folder)):
            for command in COMMANDS:
                one = cost(command, path)
                print(f"{command:<12} {path.name:<20} {one.code:>3}  {one.seconds:5.2f} s  {one.megabytes:5.0f} MB")


if __name__ == "__main__":
    main()
