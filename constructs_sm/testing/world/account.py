"""One AWS account, as the script has it: who answers each call of a state machine, and what its role may."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.interpreter.calls import Player, TaskError, Waiting
from constructs_sm.language.arns import Arns, partition_of
from constructs_sm.testing.world.errors import AbsentFileError, UnansweredError
from constructs_sm.testing.world.needs import Need, is_sagemaker
from constructs_sm.testing.world.other_services import Answers
from constructs_sm.testing.world.sagemaker import SageMaker
from constructs_sm.testing.world.steps import Always, Step

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from constructs_sm.interpreter.calls import Call, Reading, Writing
    from constructs_sm.testing.world.role import Role

Befalling: TypeAlias = Step | Always
"""Things that can happen to a state."""


@dataclass(frozen=True, slots=True)
class ItemsRead:
    """The items that a Map has read, as they are found in S3."""

    text: str


class Account(Player):
    """Plays all that a state machine calls.

    Args:
        role: The state machine role, which is asked for every call.
        region: Where it runs.
        account: Likewise.
        files: A folder with what is in S3: `bucket/key`.
        job_seconds: How long a job runs that no step says otherwise of.
        describes: How often Describe says of something new that it is still being made.
    """

    def __init__(
        self,
        role: Role,
        *,
        region: str,
        account: str,
        files: str | os.PathLike[str] | None = None,
        job_seconds: float = 60,
        describes: int = 1,
    ) -> None:
        self.role = role
        self.sagemaker = SageMaker(role, job_seconds=job_seconds, describes=describes)
        self.answers = Answers(role)
        self.yielded: list[tuple[str, Any]] | None = None
        """Address, and result or TaskError, of each attempt of a task; with what Maps read and where they write.

        None where nobody wants to know.
        """
        self._partition = partition_of(region)
        self._where = Arns(self._partition, region, account)
        self._note: Callable[[str, str], None] = lambda _state, _text: None
        self._files = None if files is None else Path(files)

    def copy(self) -> Account:
        """The same account as it is now, to go on by itself. The role is one for both."""
        other = object.__new__(Account)
        other.__dict__.update(self.__dict__)
        other.sagemaker = self.sagemaker.copy()
        other.answers = self.answers.copy()
        return other

    def take_over(self, other: Account) -> None:
        """Have the script of *other*, as far as it has not been played, and what exists there before any run."""
        self.sagemaker.take_over(other.sagemaker)
        self.answers.take_over(other.answers)

    def befall(self, call: Call, what: Befalling) -> None:
        """Let *what* happen to a call that is about to be made, before all that the script says of it."""
        self._service(call).befall(call, what)

    def goes_on_as(self, other: Account, later: Account, shift: float, *, over_with: str) -> bool:
        """Tell whether this account answers from now on as *other*, which has become *later* in the end.

        Args:
            other: Another, to which nearly the same has happened.
            later: What *other* has become in the end.
            shift: Seconds by which this one is later.
            over_with: A state that is not called again, whatever the script still says of it.
        """
        return self.answers.goes_on_as(other.answers, over_with=over_with) and self.sagemaker.goes_on_as(
            other.sagemaker, later.sagemaker, shift, over_with=over_with
        )

    def tell(self, note: Callable[[str, str], None]) -> None:
        """Tell *note* from now on what happens to a state's job."""
        self.sagemaker.note = self.answers.note = self._note = note

    @property
    def records(self) -> tuple[list[Any], list[Any], list[Any]]:
        """Requests to SageMaker, jobs that run on, and calls of others: each list grows."""
        return self.sagemaker.requests, self.sagemaker.left_running, self.answers.calls

    def begin(self, call: Call) -> Any:
        """The result of a task, or `Waiting`."""
        return self._recorded(call, lambda: self._service(call).begin(call))

    def end(self, call: Call, waiting: Waiting) -> Any:
        """The result of a task that took a while."""
        return self._recorded(call, lambda: self._service(call).end(call, waiting))

    def _recorded(self, call: Call, played: Callable[[], Any]) -> Any:
        """Return what is played, of which a record is kept where somebody wants one."""
        try:
            result = played()
        except TaskError as error:
            if self.yielded is not None:
                self.yielded.append((call.addresses[0], error))
            raise
        if self.yielded is not None and not isinstance(result, Waiting):
            self.yielded.append((call.addresses[0], result))
        return result

    def give_up(self, call: Call, waiting: Waiting) -> None:
        """Learn that the state waits no longer."""
        if is_sagemaker(call):
            self.sagemaker.give_up(call, waiting)

    def _service(self, call: Call) -> SageMaker | Answers:
        return self.sagemaker if is_sagemaker(call) else self.answers

    def items(self, reading: Reading) -> list[Any] | None:
        """The items of a Map state that reads them: from the script, or else None if there is a folder of files."""
        bucket = str(reading.request.get("Bucket", ""))
        place = str(reading.request.get("Prefix" if reading.lists else "Key", ""))
        need = self._listing(bucket, place) if reading.lists else self._reading(bucket, place)
        self._ask(reading.state, "States.ItemReaderFailed", need)
        items = self.answers.items_of(reading.state)
        if items is not None:
            self._ask_for_more(reading, bucket, place)
        if items is not None and reading.config.get("InputType", "JSON") == "JSON":
            self._note_items(reading.state, json.dumps(items))
        if items is None and self._files is None:
            message = (
                f"Map state {reading.state!r} reads its items from s3://{bucket}/{place}, which is not there; "
                f"answer({reading.state!r}, [...]) with them, or give files= a folder that has {bucket}/{place}"
            )
            raise UnansweredError(message)
        return items

    def _ask_for_more(self, reading: Reading, bucket: str, place: str) -> None:
        """Ask for what is read besides the first object, of which a script tells nothing."""
        if reading.config.get("Transformation") == "LOAD_AND_FLATTEN":
            self._ask(reading.state, "States.ItemReaderFailed", self._reading(bucket, f"{place}*"))
        elif reading.config.get("InputType") == "MANIFEST" or "ManifestType" in reading.config:
            # The manifest would say where.
            self.role.possible["s3:GetObject"] = None

    def content(self, state: str, bucket: str, key: str) -> bytes:
        """Return what a file of the folder has in it."""
        self._ask(state, "States.ItemReaderFailed", self._reading(bucket, key))
        path = self._file(bucket, key)
        if path is None or not path.is_file():
            where = f"{self._files}/{bucket}/{key}"
            said = f"Map state {state!r} reads s3://{bucket}/{key}, and there is no file {where}; put it there"
            raise AbsentFileError(state, said)
        content = path.read_bytes()
        self._note_items(state, content.decode(errors="replace"))
        return content

    def listing(self, state: str, bucket: str, prefix: str) -> list[dict[str, Any]]:
        """The files of the folder under a prefix, as ListObjectsV2 has them."""
        folder = self._file(bucket, "")
        if folder is None or not folder.is_dir():
            said = f"Map state {state!r} lists s3://{bucket}/{prefix}, and there is no folder {self._files}/{bucket}"
            raise AbsentFileError(state, f"{said}; make it")
        found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        return [_listed(key, found[key]) for key in sorted(found) if key.startswith(prefix)]

    def _file(self, bucket: str, key: str) -> Path | None:
        """Return where the folder has an object; None where that would be outside of it."""
        assert self._files is not None  # noqa: S101 - else nobody reads
        root = self._files.resolve()
        path = (root / bucket / key).resolve()
        return path if path.is_relative_to(root) else None

    def _note_items(self, state: str, text: str) -> None:
        if self.yielded is not None:
            self.yielded.append((state, ItemsRead(text)))

    def map_run(self, state: str) -> None:
        """Ask whether the role may run a distributed Map: each of its children is an execution of the state machine."""
        arn = self.role.standing.machine
        child = f"{arn.replace(':stateMachine:', ':execution:')}:{state}" if arn else None
        self._ask(state, "States.Permissions", self._need("states:StartExecution", arn or None))
        for verb in ("Describe", "Stop"):
            self.role.refused(state, [self._need(f"states:{verb}Execution", child)], note=self._note)

    def results(self, writing: Writing) -> None:
        """Ask whether the role may write the results of a Map, which may take an upload in parts."""
        arn = f"{self._bucket(writing.bucket)}/{writing.key}"
        actions = ("PutObject", "GetObject", "ListMultipartUploadParts", "AbortMultipartUpload")
        self._ask(writing.state, "States.ResultWriterFailed", *(self._need(f"s3:{action}", arn) for action in actions))
        if self.yielded is not None:
            details = {"Bucket": writing.bucket, "Key": writing.key}
            self.yielded.append((writing.state, {"MapRunArn": writing.map_run, "ResultWriterDetails": details}))

    def _bucket(self, name: str) -> str:
        return f"arn:{self._partition}:s3:::{name}"

    def _reading(self, bucket: str, key: str) -> Need:
        return self._need("s3:GetObject", f"{self._bucket(bucket)}/{key}")

    def _listing(self, bucket: str, prefix: str) -> Need:
        return self._need("s3:ListBucket", self._bucket(bucket), {"Prefix": prefix})

    def _need(self, action: str, resource: str | None, request: Mapping[str, Any] | None = None) -> Need:
        """Return what a Map needs, whose time is not known here."""
        return Need(action, resource, where=self._where, sent=request)

    def _ask(self, state: str, error: str, *needs: Need) -> None:
        if need := self.role.refused(state, needs, note=self._note):
            raise TaskError(error, f"The role of the state machine is not authorized: {need}")


def _listed(key: str, path: Path) -> dict[str, Any]:
    """A file as the item that Step Functions makes of an object which it lists."""
    found = path.stat()
    return {
        "Etag": f'"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}"',
        "Key": key,
        "LastModified": float(int(found.st_mtime)),
        "Size": found.st_size,
        "StorageClass": "STANDARD",
    }
