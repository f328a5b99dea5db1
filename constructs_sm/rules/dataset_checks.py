"""Faults for which Step Functions refuses what a distributed Map reads its items from, and writes its results to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.jsonata_checks import OPEN, is_expression
from constructs_sm.rules import definition_rules as rules
from constructs_sm.rules import field_checks as check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from constructs_sm.rules.rule import Violation

_READS: Final = {"getObject": ("Bucket", "Key"), "listObjectsV2": ("Bucket",)}
"""By the API of S3 that reads: the fields that its request must have."""
_WRITES: Final = {"putObject": ("Bucket",)}
_S3: Final = re.compile(r"arn:[\w-]+:states:::s3:(\w+)")
_MOST_ITEMS: Final = 100_000_000
_CSV: Final = frozenset({"CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"})
_READER: Final = {
    "InputType": ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"),
    "ManifestType": ("ATHENA_DATA", "S3_INVENTORY"),
    "Transformation": ("NONE", "LOAD_AND_FLATTEN"),
    "CSVHeaderLocation": ("FIRST_ROW", "GIVEN"),
    "CSVDelimiter": ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"),
}
"""Fields of a ReaderConfig with words for values."""
_OTHERS: Final = frozenset({"CSVHeaders", "MaxItems", "ItemsPointer"})
_WRITER: Final = {"Transformation": ("NONE", "COMPACT", "FLATTEN"), "OutputType": ("JSON", "JSONL")}
"""Fields of a WriterConfig, and their values."""


def item_reader(given: Mapping[str, Any], where: str, *, jsonata: bool) -> Iterator[Violation]:
    """Check what a Map reads its items from."""
    yield from check.required(given, "Resource", str, where)
    yield from _request(given, "ReaderConfig", _READS, where, jsonata=jsonata)
    others = _OTHERS if jsonata else {*_OTHERS, "MaxItemsPath"}
    yield from _config(given, "ReaderConfig", _READER, where, others=others)
    config, at = given.get("ReaderConfig", {}), f"{where}/ReaderConfig"
    if isinstance(config, dict):
        yield from check.one_number(config, "MaxItems", at, most=_MOST_ITEMS, jsonata=jsonata)
        yield from _of_its_type(config, at)


def _of_its_type(config: Mapping[str, Any], at: str) -> Iterator[Violation]:
    """Check that a ReaderConfig has the fields of its InputType, and no others."""
    kind = config.get("InputType")
    if kind == "CSV" and "CSVHeaderLocation" not in config:
        yield rules.MISSING.broken(at, what="the field 'CSVHeaderLocation' is required: the items are rows of CSV")
    if config.get("CSVHeaderLocation") == "GIVEN" and "CSVHeaders" not in config:
        yield rules.MISSING.broken(at, what="the field 'CSVHeaders' is required: CSVHeaderLocation is GIVEN")
    headers = config.get("CSVHeaders", [])
    if not isinstance(headers, list) and not str(headers).startswith(OPEN):
        yield rules.VALUE.broken(f"{at}/CSVHeaders", headers, what="CSVHeaders is a list of texts")
    if isinstance(kind, str) and kind != "CSV":
        for name in sorted(_CSV & config.keys()):
            yield rules.FIELD.broken(at, what=f"Field '{name}' is not supported for {kind}")
    if kind not in (None, "JSON") and "ItemsPointer" in config:
        yield rules.FIELD.broken(at, what="Field 'ItemsPointer' is not supported: it is for one JSON")


def result_writer(given: Mapping[str, Any], where: str, *, jsonata: bool) -> Iterator[Violation]:
    """Check what a Map writes its results to."""
    exports = bool(given.keys() & {"Resource", "Arguments" if jsonata else "Parameters"})
    if exports:
        yield from check.required(given, "Resource", str, where)
    elif "WriterConfig" not in given:
        yield rules.MISSING.broken(where, what="a ResultWriter has a WriterConfig, or the Resource that it writes with")
    yield from _request(given, "WriterConfig", _WRITES, where, jsonata=jsonata)
    yield from _config(given, "WriterConfig", _WRITER, where)


def _config(
    given: Mapping[str, Any],
    name: str,
    words: Mapping[str, tuple[str, ...]],
    where: str,
    *,
    others: AbstractSet[str] = frozenset(),
) -> Iterator[Violation]:
    """Check the fields of a config: those with *words* for values, and *others*."""
    config, at = given.get(name, {}), f"{where}/{name}"
    if not isinstance(config, dict):
        yield rules.SHAPE.broken(at, config, what=f"{name} is an object")
        return
    yield from check.known(config, {*words, *others}, at)
    for field, values in words.items():
        yield from check.one_of(config, field, values, at)


def _request(
    given: Mapping[str, Any], config: str, apis: Mapping[str, tuple[str, ...]], where: str, *, jsonata: bool
) -> Iterator[Violation]:
    """Check what a Map asks S3 for."""
    own, other = ("Arguments", "Parameters") if jsonata else ("Parameters", "Arguments")
    if other in given:
        yield rules.OF_THE_OTHER_LANGUAGE.broken(where, what=f"the field '{other}' is of the other query language")
    yield from check.known(given, {"Resource", own, other, config, "Comment"}, where)
    resource = given.get("Resource")
    if not isinstance(resource, str):
        return
    found = _S3.fullmatch(resource)
    if found is None or found[1] not in apis:
        offered = ", ".join(f"arn:aws:states:::s3:{api}" for api in apis)
        yield rules.RESOURCE.broken(f"{where}/Resource", resource, fix=f"write {offered}")
        return
    request = given.get(own, {})
    if isinstance(request, dict):
        names = {name.removesuffix(".$") for name in request}
        for name in apis[found[1]]:
            if name not in names:
                yield rules.API_MISSING.broken(f"{where}/{own}", what=f'The field "{name}" is required but was missing')
    elif not (jsonata and is_expression(request)):
        yield rules.SHAPE.broken(f"{where}/{own}", request, what=f"{own} is an object")
