"""The items of a Map: from its input, or read from S3 by one of the readers of 2026."""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import json
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.interpreter.calls import Reading, TaskError
from constructs_sm.interpreter.state_errors import QUERY, RUNTIME, StateError
from constructs_sm.interpreter.values import as_json, compact
from constructs_sm.language.machines import LARGEST_PAYLOAD
from constructs_sm.language.numbers import is_number, json_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.interpreter.branches import Branch
    from constructs_sm.interpreter.execution import Execution
    from constructs_sm.interpreter.machines import ReaderFields, State
    from constructs_sm.interpreter.scope import Scope
    from constructs_sm.interpreter.templates import Template

_FAILED: Final = "States.ItemReaderFailed"
_NOT_ITERABLE: Final = "Attempting to map over non-iterable node."
DELIMITERS: Final = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def read(execution: Execution, branch: Branch, state: State, value: Any) -> tuple[list[Any], list[str] | None]:
    """The items of a Map, and their names where they are the fields of an object."""
    fields = state.map
    assert fields is not None  # noqa: S101 - each Map has them
    scope = execution.scope(branch, value)
    if fields.reader is not None:
        return _from_reader(execution, state, fields.reader, scope), None
    if fields.items is None:
        execution.reads.note()
    found = value if fields.items is None else fields.items(scope)
    if isinstance(found, list):
        return found, None
    if isinstance(found, dict) and fields.distributed:
        return [{"Key": name, "Value": member} for name, member in found.items()], list(found)
    if state.jsonata:
        told = "returned an unexpected result type. Expected 'array', but was"
        kind = _kind(found)
        raise StateError(
            QUERY, f"The JSONata expression specified for the field 'Items' {told} '{kind}' for value: {compact(found)}"
        )
    raise StateError(RUNTIME, f"The items of a Map are an array, but the ItemsPath led to {compact(found)}")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", dict: "object", str: "string", int: "number", float: "number"}
    return names.get(type(value), "array")


def _from_reader(execution: Execution, state: State, reader: ReaderFields, scope: Scope) -> list[Any]:
    config = {name: made(scope) for name, made in reader.config.items()}
    request = reader.request(scope)
    reading = Reading(state=state.name, resource=reader.resource, request=as_json(request, "ItemReader"), config=config)
    try:
        found = execution.player.items(reading)
        items = _Reader(execution, reading).items() if found is None else as_json(found, f"the items of {state.name!r}")
    except TaskError as error:
        raise StateError(error.error, error.cause) from None
    most = config.get("MaxItems")
    if most is None:
        return list(items)
    if not is_number(most) or most < 0 or most != int(most):
        told = f"The field 'MaxItems' has the value {compact(most)}, which is not a valid integer"
        raise StateError(QUERY if state.jsonata else RUNTIME, told)
    return list(items[: int(most)]) if most else list(items)


class _Reader:
    """Reads the items of one Map from what is in S3."""

    def __init__(self, execution: Execution, reading: Reading) -> None:
        self._execution = execution
        self._reading = reading
        self._config = reading.config
        self._bucket = str(reading.request.get("Bucket", ""))

    def items(self) -> list[Any]:
        reading = self._reading
        if reading.lists:
            listed = self._execution.player.listing(reading.state, self._bucket, str(reading.request.get("Prefix", "")))
            if self._config.get("Transformation") != "LOAD_AND_FLATTEN":
                return list(as_json(listed, f"the objects that Map state {reading.state!r} lists"))
            keys = [str(one["Key"]) for one in listed if not str(one["Key"]).endswith("/")]
            return [item for key in keys for item in self._in(self._content(self._bucket, key), key)]
        key = str(reading.request.get("Key", ""))
        content = self._content(self._bucket, key)
        if self._config.get("InputType") == "MANIFEST" or "ManifestType" in self._config:
            return list(self._from_manifest(content))
        return self._in(content, key)

    def _content(self, bucket: str, key: str) -> bytes:
        content = self._execution.player.content(self._reading.state, bucket, key)
        return content.encode() if isinstance(content, str) else content

    def _in(self, content: bytes, key: str) -> list[Any]:
        """The items in one object."""
        kind = str(self._config.get("InputType", "JSON"))
        if kind == "PARQUET":
            return _parquet(content, self._reading.state)
        text = _text(gzip.decompress(content) if key.endswith(".gz") else content)
        if kind == "CSV":
            return list(self._csv(text))
        if kind == "JSONL":
            return [_json(line) for line in text.split("\n") if line.strip()]
        return self._json(text)

    def _json(self, text: str) -> list[Any]:
        found = _json(text)
        pointer = self._config.get("ItemsPointer")
        if pointer:
            found = _pointed(found, str(pointer))
            if isinstance(found, dict):
                return [{"Key": name, "Value": member} for name, member in found.items()]
        if not isinstance(found, list):
            raise StateError(_FAILED, _NOT_ITERABLE)
        return found

    def _csv(self, text: str) -> Iterator[dict[str, str]]:
        delimiter = DELIMITERS.get(str(self._config.get("CSVDelimiter", "COMMA")), ",")
        rows = iter(csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=False))
        if self._config.get("CSVHeaderLocation") == "GIVEN":
            headers = [str(name) for name in self._config.get("CSVHeaders", ())]
        else:
            headers = next(rows, [])
        for row in rows:
            if row:
                yield {name: row[at] if at < len(row) else "" for at, name in enumerate(headers)}

    def _from_manifest(self, content: bytes) -> Iterator[Any]:
        """Read the files that a manifest names: an inventory of S3, or the results of a query."""
        if self._config.get("ManifestType") == "ATHENA_DATA":
            for line in filter(None, map(str.strip, _text(content).split("\n"))):
                bucket, _, key = line.removeprefix("s3://").partition("/")
                yield from self._in(self._content(bucket, key), key)
            return
        manifest = _json(_text(content))
        if not isinstance(manifest, dict) or "files" not in manifest:
            raise StateError(_FAILED, "The manifest of an S3 inventory has files in it, and this has none.")
        bucket = str(manifest.get("destinationBucket", self._bucket)).rpartition(":::")[2]
        names = [name.strip() for name in str(manifest.get("fileSchema", "")).split(",")]
        for file in manifest["files"]:
            key = str(file["key"])
            body = self._content(bucket, key)
            if str(manifest.get("fileFormat", "CSV")).upper() == "PARQUET":
                yield from _parquet(body, self._reading.state)
                continue
            text = _text(gzip.decompress(body) if key.endswith(".gz") else body)
            for row in csv.reader(io.StringIO(text)):
                if row:
                    yield dict(zip(names, row, strict=False))


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StateError(_FAILED, "What the Map reads is no text in UTF-8.") from None


def _json(text: str) -> Any:
    try:
        return json_in(text)
    except ValueError as error:
        raise StateError(_FAILED, f"What the Map reads is no JSON: {error}") from None


def _pointed(document: Any, pointer: str) -> Any:
    """Return what a JSON pointer leads to: `/orders/items`."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            raise StateError(_FAILED, f"The ItemsPointer {pointer!r} leads to nothing.")
    return document


def _parquet(content: bytes, state: str) -> list[Any]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")  # only who reads Parquet has it
    except ImportError:
        message = f"Map state {state!r} reads Parquet, which takes pyarrow: install it, or answer with the items"
        raise ImportError(message) from None
    rows = parquet.read_table(io.BytesIO(content)).to_pylist()
    return [json.loads(json.dumps(row, default=str)) for row in rows]


def batches(fields: Mapping[str, Template], found: list[Any], scope: Scope, state: State) -> list[Any]:
    """The items in batches, each with what all of them are given."""
    most = _batch_number(fields, "MaxItemsPerBatch", scope, state)
    most_bytes = _batch_number(fields, "MaxInputBytesPerBatch", scope, state) or LARGEST_PAYLOAD
    around = {"BatchInput": fields["BatchInput"](scope)} if "BatchInput" in fields else {}
    made: list[Any] = []
    batch: list[Any] = []
    taken = 0
    for item in found:
        size = len(compact(item).encode()) + 1
        if batch and (len(batch) == (most or len(batch) + 1) or taken + size > most_bytes):
            made.append({**around, "Items": batch})
            batch, taken = [], 0
        batch.append(item)
        taken += size
    return [*made, {**around, "Items": batch}] if batch else made


def _batch_number(fields: Mapping[str, Template], name: str, scope: Scope, state: State) -> int:
    if name not in fields:
        return 0
    value = fields[name](scope)
    if not is_number(value) or value < 0 or value != int(value):
        told = f"The field '{name}' has the value {compact(value)}, which is not a valid integer"
        raise StateError(QUERY if state.jsonata else RUNTIME, told)
    return int(value)
