"""The table of kept results, as a rehearsal plays it: items by job and key, put there and read.

DynamoDB takes up to two days to delete an item that has expired, and hands it out until then: here it stays.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.calls import TaskError
from constructs_sm.language.flow import ARTIFACT, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from constructs_sm.interpreter.calls import Call

_KEYS = ("Job", "Key")
_LARGEST_ITEM = 400 * 1024
_Items = dict[tuple[str, str, str], dict[str, Any]]


class KeptResults:
    """The items of every such table, by the table's name, the job and the key."""

    def __init__(self) -> None:
        self._items: _Items = {}

    def copy(self) -> KeptResults:
        """The same items, to go on by themselves."""
        other = KeptResults()
        other._items = self._items.copy()
        return other

    def __eq__(self, other: object) -> bool:
        """Tell whether the same items are there."""
        return isinstance(other, KeptResults) and self._items == other._items

    __hash__ = None  # type: ignore[assignment]

    def answer_to(self, call: Call) -> Callable[[Any], Any] | None:
        """The function that answers a call, made when the call is allowed; None if it is of another table."""
        if call.service == "s3" and call.api == "listObjectsV2" and call.state.endswith((ARTIFACT, VERSION)):
            return _unchanged
        plays = {
            "getItem": self._get,
            "putItem": self._put,
            "deleteItem": self._delete,
            "batchGetItem": self._get_each,
            "transactWriteItems": self._write_each,
        }.get(call.api)
        if call.service != "dynamodb" or plays is None or not all(map(_is_ours, _keyed(call.request))):
            return None
        return plays

    def _get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found = self._items.get(_place(request, request["Key"]))
        return {} if found is None else {"Item": found}

    def _put(self, request: Mapping[str, Any]) -> dict[str, Any]:
        item = request["Item"]
        size = sum(len(f"{name}{text}".encode()) for name, value in item.items() for text in value.values())
        if size > _LARGEST_ITEM:
            raise TaskError("DynamoDb.DynamoDbException", "Item size has exceeded the maximum allowed size")
        self._items[_place(request, item)] = dict(item)
        return {}

    def _delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._items.pop(_place(request, request["Key"]), None)
        return {}

    def _get_each(self, request: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, list[Any]] = {}
        for table, asked in request["RequestItems"].items():
            places = [_place({"TableName": table}, key) for key in asked["Keys"]]
            found[table] = [self._items[place] for place in places if place in self._items]
        return {"Responses": found, "UnprocessedKeys": {}}

    def _write_each(self, request: Mapping[str, Any]) -> dict[str, Any]:
        for item in request["TransactItems"]:
            self._put(item["Put"])
        return {}


def _unchanged(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer with what is under a prefix of which the script says nothing: one object, always the same."""
    tag = sha256(f"{request['Bucket']}/{request['Prefix']}".encode()).hexdigest()[:32]
    return {
        "Contents": [{"Key": request["Prefix"], "ETag": f'"{tag}"', "Size": 1}],
        "KeyCount": 1,
        "IsTruncated": False,
    }


def _keyed(request: Any) -> Iterator[Any]:
    """Every key, or item with one, that a request names; None where it names none."""
    given = request if isinstance(request, dict) else {}
    if "RequestItems" in given:
        yield from (key for asked in given["RequestItems"].values() for key in asked.get("Keys", [None]))
    elif "TransactItems" in given:
        yield from (item.get("Put", {}).get("Item") for item in given["TransactItems"])
    else:
        yield given.get("Key", given.get("Item"))


def _is_ours(key: Any) -> bool:
    return isinstance(key, dict) and all(isinstance(key.get(name), dict) and "S" in key[name] for name in _KEYS)


def _place(request: Mapping[str, Any], key: Mapping[str, Any]) -> tuple[str, str, str]:
    job, name = (str(key[each]["S"]) for each in _KEYS)
    return str(request["TableName"]), job, name
