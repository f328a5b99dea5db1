"""Faults for which Step Functions refuses a Map: its processor, its items and its batches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.jsonata_checks import OPEN, SEEN
from constructs_sm.language.machines import LARGEST_PAYLOAD
from constructs_sm.rules import definition_rules as rules
from constructs_sm.rules import field_checks as check
from constructs_sm.rules import state_fields as fields
from constructs_sm.rules.dataset_checks import item_reader, result_writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from constructs_sm.rules.rule import Violation

_LABEL: Final = re.compile(r"[^\s*?<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]{1,40}")
_MODES: Final = ("INLINE", "DISTRIBUTED")
_TYPES: Final = ("STANDARD", "EXPRESS")


def map_state(written: Mapping[str, Any], where: str, jsonata: bool) -> Iterator[Violation]:
    """Check what a Map has beyond other states."""
    names = ["ItemProcessor"] + ([] if jsonata else ["Iterator"])
    given = [name for name in names if name in written]
    if len(given) != 1:
        yield rules.ONE_OF.broken(where, given, what=f"a Map has exactly one of {' and '.join(names)}")
        return
    processor = written[given[0]]
    if isinstance(processor, dict):
        yield from _processor(written, processor.get("ProcessorConfig", {}), where, given[0])
    if "ItemsPath" in written and not jsonata:
        yield from check.place(written["ItemsPath"], f"{where}/ItemsPath", of_context=True)
    items = written.get("Items", [])
    if jsonata and not isinstance(items, (list, dict)) and not str(items).startswith(OPEN):
        yield rules.VALUE.broken(f"{where}/Items", items, what="Items is a list, or an expression")
    label = written.get("Label", "any")
    if not isinstance(label, str) or _LABEL.fullmatch(label) is None:
        yield rules.LABEL.broken(f"{where}/Label", label)
    for name, part in _PARTS.items():
        if name not in written:
            continue
        inner, at = written[name], f"{where}/{name}"
        if not isinstance(inner, dict):
            yield rules.SHAPE.broken(at, inner, what=f"{name} is an object")
            continue
        yield from part(inner, at, jsonata=jsonata)
        if jsonata:
            yield from check.expressions(inner, at, SEEN)
        else:
            yield from check.payload(inner, at)


def _batcher(given: Mapping[str, Any], where: str, *, jsonata: bool) -> Iterator[Violation]:
    yield from check.known_in(given, fields.BATCHER, where, jsonata=jsonata)
    yield from check.one_number(given, "MaxItemsPerBatch", where, jsonata=jsonata)
    yield from check.one_number(given, "MaxInputBytesPerBatch", where, most=LARGEST_PAYLOAD, jsonata=jsonata)
    if not fields.LIMITS_OF_BATCHES & given.keys():
        yield rules.MISSING.broken(where, what="an ItemBatcher has MaxItemsPerBatch, MaxInputBytesPerBatch, or both")


_PARTS: Final[dict[str, Callable[..., Iterator[Violation]]]] = {
    "ItemReader": item_reader,
    "ItemBatcher": _batcher,
    "ResultWriter": result_writer,
}
"""Parts with which a distributed Map reads, batches and writes."""


def _processor(written: Mapping[str, Any], config: Any, where: str, name: str) -> Iterator[Violation]:
    at = f"{where}/{name}/ProcessorConfig"
    mode = config.get("Mode", "INLINE") if isinstance(config, dict) else None
    if mode not in _MODES:
        yield rules.PROCESSOR.broken(at, mode, what=f"Mode is one of {' and '.join(_MODES)}")
    elif mode == "DISTRIBUTED" and config.get("ExecutionType") not in _TYPES:
        what = f"a distributed Map has an ExecutionType: {' or '.join(_TYPES)}"
        yield rules.PROCESSOR.broken(f"{at}/ExecutionType", config.get("ExecutionType"), what=what)
    elif mode == "INLINE":
        if "ExecutionType" in config:
            yield rules.PROCESSOR.broken(at, what="Field 'ExecutionType' is not supported: the Map is not distributed")
        for field in sorted(fields.DISTRIBUTED_ONLY & written.keys()):
            yield rules.PROCESSOR.broken(where, what=f"Field '{field}' is not supported: the Map is not distributed")
