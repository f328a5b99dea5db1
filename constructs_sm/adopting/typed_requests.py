"""A request of Amazon States Language as typed arguments of a job, and what is left of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.adopting import typed_arguments as tables
from constructs_sm.adopting.python_text import Call, Place, literal
from constructs_sm.language.late_bound import LATE, is_json_path, is_jsonata, is_late_bound
from constructs_sm.language.numbers import is_number, is_whole_number

if TYPE_CHECKING:
    from constructs_sm.adopting.typed_arguments import TypedArguments

_ABSENT: Final = object()
_UNITS: Final = (("days", 86_400), ("hours", 3600), ("minutes", 60))
_MAY_BE_LATE: Final = frozenset(
    {"text", "number", "flag", "seconds", "gibibytes", "mebibytes", "texts", "list", "channels"}
    | {"processing inputs", "processing outputs"}
)
"""Kinds of arguments that take a path as a text."""


@dataclass(slots=True)
class TypedRequest:
    """A request in the words of a program.

    Attributes:
        arguments: Typed arguments, as `written` takes them.
        parameters: The fields that none of them says.
    """

    arguments: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


def typed_request(request: Mapping[str, Any], of: TypedArguments, place: Place, *, jsonata: bool) -> TypedRequest:
    """Say as much of a request as possible by typed arguments, and nothing that it does not say.

    Args:
        request: As Amazon States Language has it.
        of: The typed arguments of the class.
        place: Puts expressions into its texts.
        jsonata: True of a state in JSONata.
    """
    filled = [*of.filled, *(needed for there, needed in of.filled_if if _has(request, there))]
    if not all(_has(request, path) for path in filled):
        return TypedRequest(parameters=dict(request))
    found = TypedRequest(parameters=copy.deepcopy(dict(request)))
    converts = _Conversion(place, jsonata=jsonata)
    said = {argument: converts.field(request, path, kind) for argument, path, kind in of.rows}
    if any(said.get(argument, _ABSENT) is _ABSENT for argument in of.together):
        said = {argument: value for argument, value in said.items() if argument not in of.together}
    for argument, path, _ in of.rows:
        if said.get(argument, _ABSENT) is not _ABSENT:
            found.arguments[argument] = said[argument]
            _take(found.parameters, path.split("."))
    return found


def _has(request: Any, path: str) -> bool:
    name, _, rest = path.partition(".")
    if not isinstance(request, Mapping):
        return False
    if rest:
        return _has(request.get(name), rest)
    return name in request or f"{name}{LATE}" in request


def _take(request: dict[str, Any], path: list[str]) -> None:
    """Take a field out of a request, and the structures that have nothing else."""
    name, *rest = path
    if rest:
        _take(request[name], rest)
        if request[name]:
            return
        del request[name]
    else:
        request.pop(name, None)
        request.pop(f"{name}{LATE}", None)


class _Conversion:
    """Fields of requests as typed arguments; `_ABSENT` where a field is not there, or no argument can say it."""

    def __init__(self, place: Place, *, jsonata: bool) -> None:
        self._place = place
        self._jsonata = jsonata

    def field(self, request: Any, path: str, kind: str) -> Any:
        name, _, rest = path.partition(".")
        if not isinstance(request, Mapping):
            return _ABSENT
        if rest:
            return self.field(request.get(name), rest, kind)
        if f"{name}{LATE}" in request:
            late = request[f"{name}{LATE}"]
            usable = kind in _MAY_BE_LATE and is_json_path(late) and not self._jsonata and name not in request
            return self._place(late) if usable else _ABSENT
        return self._value(request[name], kind) if name in request else _ABSENT

    def _value(self, value: Any, kind: str) -> Any:
        if isinstance(value, str) and kind in _MAY_BE_LATE and self._jsonata and is_jsonata(value):
            return self._place(value)
        return _KINDS[kind](self, value)

    def _plain(self, value: Any) -> bool:
        """Tell whether a text is what it says, in either language."""
        return isinstance(value, str) and not is_late_bound(value) and not value.startswith("{%")

    def _text(self, value: Any) -> Any:
        return self._place(value) if self._plain(value) else _ABSENT

    def _number(self, value: Any) -> Any:
        return value if is_number(value) else _ABSENT

    def _flag(self, value: Any) -> Any:
        return value if isinstance(value, bool) else _ABSENT

    def _seconds(self, value: Any) -> Any:
        return duration(value) if is_whole_number(value, least=0) else _ABSENT

    def _gibibytes(self, value: Any) -> Any:
        return Call("Size.gibibytes", (value,)) if is_whole_number(value, least=0) else _ABSENT

    def _mebibytes(self, value: Any) -> Any:
        return Call("Size.mebibytes", (value,)) if is_whole_number(value, least=0) else _ABSENT

    def _texts(self, value: Any) -> Any:
        """Texts by name; what comes at run time is a text in the request already, and needs no conversion to one."""
        usable = isinstance(value, Mapping) and value and all(map(self._plain, value.values()))
        return literal(value, self._place) if usable and not _has_late_keys(value) else _ABSENT

    def _list(self, value: Any) -> Any:
        usable = isinstance(value, list) and value and all(map(self._plain, value))
        return literal(value, self._place) if usable else _ABSENT

    def _metrics(self, value: Any) -> Any:
        return self._pairs(value, "Name", "Regex")

    def _tags(self, value: Any) -> Any:
        return self._pairs(value, "Key", "Value")

    def _filter(self, value: Any) -> Any:
        return self._place(value) if isinstance(value, str) and not value.startswith("{%") else _ABSENT

    def _pairs(self, value: Any, key: str, item: str) -> Any:
        pairs: list[Any] = value if isinstance(value, list) and value else [None]
        if not all(isinstance(each, Mapping) and each.keys() == {key, item} for each in pairs):
            return _ABSENT
        found = {each[key]: each[item] for each in pairs if isinstance(each[key], str)}
        usable = len(found) == len(pairs) and all(map(self._plain, (*found, *found.values())))
        return literal(found, self._place) if usable else _ABSENT

    def _channels(self, value: Any) -> Any:
        return self._by_name(value, "ChannelName", self._channel)

    def _channel(self, channel: Mapping[str, Any], _: str) -> Any:
        needed = {"s3_data_type"}
        return self._structure("Channel", tables.CHANNEL, channel, needed, {"s3_data_type": "S3Prefix"})

    def _processing_inputs(self, value: Any) -> Any:
        return self._by_name(value, "InputName", self._processing_input)

    def _processing_input(self, given: Mapping[str, Any], name: str) -> Any:
        usual = {"s3_data_type": "S3Prefix", "input_mode": "File", **_usual_place(given, tables.INPUTS, name)}
        needed = {"s3_data_type", "input_mode", "local_path"}
        return self._structure("ProcessingInput", tables.PROCESSING_INPUT, given, needed, usual)

    def _processing_outputs(self, value: Any) -> Any:
        return self._by_name(value, "OutputName", self._processing_output)

    def _processing_output(self, given: Mapping[str, Any], name: str) -> Any:
        usual = {"s3_upload_mode": "EndOfJob", **_usual_place(given, tables.OUTPUTS, name)}
        needed = {"s3_upload_mode", "local_path"}
        return self._structure("ProcessingOutput", tables.PROCESSING_OUTPUT, given, needed, usual)

    def _containers(self, value: Any) -> Any:
        return self._each(value, lambda each: self._structure("Container", tables.CONTAINER, each, set(), {}))

    def _variants(self, value: Any) -> Any:
        needed = {"name"}
        return self._each(value, lambda each: self._structure("Variant", tables.VARIANT, each, needed, {}))

    def _serverless(self, value: Any) -> Any:
        needed = {"memory_size", "max_concurrency"}
        return self._structure("ServerlessConfig", tables.SERVERLESS, value, needed, {})

    def _each(self, value: Any, convert: Callable[[Any], Any]) -> Any:
        items = [convert(each) for each in value] if isinstance(value, list) else []
        return items if items and _ABSENT not in items else _ABSENT

    def _by_name(self, value: Any, name_field: str, convert: Callable[[Any, str], Any]) -> Any:
        """Items of a list by the field that names each; one that says nothing but where its data are is that alone."""
        items: list[Any] = value if isinstance(value, list) and value else [None]
        if not all(isinstance(each, Mapping) and self._plain(each.get(name_field)) for each in items):
            return _ABSENT
        found = {}
        for each in items:
            made = convert({key: item for key, item in each.items() if key != name_field}, each[name_field])
            alone = isinstance(made, Call) and made.named.keys() == {"data"}
            found[self._place(each[name_field])] = made.named["data"] if alone else made
        return found if len(found) == len(items) and _ABSENT not in found.values() else _ABSENT

    def _structure(
        self,
        construct: str,
        rows: tuple[tuple[str, str, str], ...],
        given: Any,
        needed: set[str],
        usual: Mapping[str, str],
    ) -> Any:
        """A structure with typed arguments of its own, if they say all of it.

        Args:
            construct: The class.
            rows: As of `TypedArguments`.
            given: The fields.
            needed: Arguments that the class would fill, were they not given.
            usual: What it would fill them with.
        """
        left = copy.deepcopy(given) if isinstance(given, Mapping) else None
        if not isinstance(left, dict):
            return _ABSENT
        said = {argument: self.field(given, path, kind) for argument, path, kind in rows}
        found = {argument: value for argument, value in said.items() if value is not _ABSENT}
        if not needed <= found.keys() or ("data" in said and "data" not in found):
            return _ABSENT
        if "instance_type" in found and "instance_count" in said and "instance_count" not in found:
            return _ABSENT
        for argument, path, _ in rows:
            if argument in found:
                _take(left, path.split("."))
        kept = {argument: value for argument, value in found.items() if usual.get(argument) != value}
        return _ABSENT if left else Call(construct, named=kept)


def _usual_place(given: Mapping[str, Any], folder: str, name: str) -> dict[str, str]:
    """Return the place that the library gives data which the container does not fetch or take away by itself."""
    return {} if "AppManaged" in given else {"local_path": f"{folder}/{name}"}


def duration(seconds: int) -> Call:
    """A Duration in the largest unit that it is whole in."""
    unit, size = next(((name, size) for name, size in _UNITS if seconds and seconds % size == 0), ("seconds", 1))
    return Call(f"Duration.{unit}", (seconds // size,))


def _has_late_keys(value: Mapping[str, Any]) -> bool:
    return any(key.endswith(LATE) for key in value)


_KINDS: Final[Mapping[str, Callable[[_Conversion, Any], Any]]] = {
    "text": _Conversion._text,  # noqa: SLF001 - the kinds are the class's own
    "number": _Conversion._number,  # noqa: SLF001
    "flag": _Conversion._flag,  # noqa: SLF001
    "seconds": _Conversion._seconds,  # noqa: SLF001
    "gibibytes": _Conversion._gibibytes,  # noqa: SLF001
    "mebibytes": _Conversion._mebibytes,  # noqa: SLF001
    "texts": _Conversion._texts,  # noqa: SLF001
    "list": _Conversion._list,  # noqa: SLF001
    "metrics": _Conversion._metrics,  # noqa: SLF001
    "tags": _Conversion._tags,  # noqa: SLF001
    "filter": _Conversion._filter,  # noqa: SLF001
    "channels": _Conversion._channels,  # noqa: SLF001
    "processing inputs": _Conversion._processing_inputs,  # noqa: SLF001
    "processing outputs": _Conversion._processing_outputs,  # noqa: SLF001
    "containers": _Conversion._containers,  # noqa: SLF001
    "variants": _Conversion._variants,  # noqa: SLF001
    "serverless": _Conversion._serverless,  # noqa: SLF001
}
