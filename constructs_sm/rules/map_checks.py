"""Faults for which Step Functions refuses a Map: its processor, its items, its batches and its results."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.jsonata_checks import OPEN, is_expression
from constructs_sm.rules import definition_rules as rules
from constructs_sm.rules import field_checks as check
from constructs_sm.rules import state_fields as fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
        yield from check.path(written["ItemsPath"], f"{where}/ItemsPath")
    items = written.get("Items", [])
    if jsonata and not isinstance(items, (list, dict)) and not str(items).startswith(OPEN):
        yield rules.VALUE.broken(f"{where}/Items", items, what="Items is a list, or an expression")
    label = written.get("Label", "any")
    if not isinstance(label, str) or _LABEL.fullmatch(label) is None:
        yield rules.LABEL.broken(f"{where}/Label", label)
    for name in ("ItemReader", "ItemBatcher", "ResultWriter"):
        inner = written.get(name, {})
        if name in written:
            yield from _part_of_a_map(name, inner, f"{where}/{name}", jsonata=jsonata)
        if jsonata:
            yield from check.expressions(inner, f"{where}/{name}", check.SEEN)
        else:
            yield from check.payload(inner, f"{where}/{name}")


_CONFIGS: Final = {"ItemReader": "ReaderConfig", "ResultWriter": "WriterConfig"}
_WRITTEN: Final = {"Transformation": ("NONE", "COMPACT", "FLATTEN"), "OutputType": ("JSON", "JSONL")}


def _part_of_a_map(name: str, given: Any, where: str, *, jsonata: bool) -> Iterator[Violation]:
    """Check the shape of what a distributed Map reads, batches or writes with."""
    if not isinstance(given, dict):
        yield rules.SHAPE.broken(where, given, what=f"{name} is an object")
    elif name == "ItemBatcher":
        yield from _batcher(given, where, jsonata=jsonata)
    else:
        yield from _request(given, name, where, jsonata=jsonata)
        config = given.get(_CONFIGS[name], {})
        at = f"{where}/{_CONFIGS[name]}"
        if not isinstance(config, dict):
            yield rules.SHAPE.broken(at, config, what=f"{_CONFIGS[name]} is an object")
        elif name == "ResultWriter":
            for field, values in _WRITTEN.items():
                if field in config and config[field] not in values:
                    yield rules.VALUE.broken(
                        f"{at}/{field}", config[field], what=f"{field} is one of {', '.join(values)}"
                    )
        elif "MaxItemsPath" in config and not jsonata:
            yield from check.path(config["MaxItemsPath"], f"{at}/MaxItemsPath")


def _batcher(given: Mapping[str, Any], where: str, *, jsonata: bool) -> Iterator[Violation]:
    yield from check.known(given, fields.BATCHER["JSONata" if jsonata else "JSONPath"], where)
    for field in ("MaxItemsPerBatch", "MaxInputBytesPerBatch"):
        if field in given:
            yield from check.number(given[field], f"{where}/{field}", least=1, jsonata=jsonata)
        if f"{field}Path" in given and not jsonata:
            yield from check.path(given[f"{field}Path"], f"{where}/{field}Path")


def _request(given: Mapping[str, Any], name: str, where: str, *, jsonata: bool) -> Iterator[Violation]:
    """Check what a Map asks S3 for."""
    own, other = ("Arguments", "Parameters") if jsonata else ("Parameters", "Arguments")
    if other in given:
        yield rules.OF_THE_OTHER_LANGUAGE.broken(where, what=f"the field '{other}' is of the other query language")
    yield from check.known(given, {"Resource", own, other, _CONFIGS[name], "Comment"}, where)
    if name == "ItemReader" or given.keys() & {"Resource", own}:
        yield from check.required(given, "Resource", str, where)
    if not isinstance(given.get(own, {}), dict) and not is_expression(given[own]):
        yield rules.SHAPE.broken(f"{where}/{own}", given[own], what=f"{own} is an object")


def _processor(written: Mapping[str, Any], config: Any, where: str, name: str) -> Iterator[Violation]:
    at = f"{where}/{name}/ProcessorConfig"
    mode = config.get("Mode", "INLINE") if isinstance(config, dict) else None
    if mode not in _MODES:
        yield rules.PROCESSOR.broken(at, mode, what=f"Mode is one of {' and '.join(_MODES)}")
    elif mode == "DISTRIBUTED" and config.get("ExecutionType") not in _TYPES:
        what = f"a distributed Map has an ExecutionType: {' or '.join(_TYPES)}"
        yield rules.PROCESSOR.broken(f"{at}/ExecutionType", config.get("ExecutionType"), what=what)
    elif mode == "INLINE":
        for field in sorted(fields.DISTRIBUTED_ONLY & written.keys()):
            yield rules.PROCESSOR.broken(where, what=f"Field '{field}' is not supported: the Map is not distributed")
