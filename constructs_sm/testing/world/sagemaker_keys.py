"""SageMaker's condition keys, read from a request as IAM sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.grants.sagemaker_keys import ROWS, at, paths_of
from constructs_sm.testing.world.truth import Unknown, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.grants.sagemaker_keys import Row
    from constructs_sm.language.arns import Arns
    from constructs_sm.testing.world.condition_keys import Value


def sagemaker_keys(operation: str, request: Mapping[str, Any], arns: Arns) -> dict[str, Value | Unknown | None]:
    """Read from the request of *operation* each of the keys that have a row, whether the action has the key or not.

    A key with one value, of which the request says two, is unknown: AWS does not document which of them counts. None
    means that the request has no such key.
    """
    found: dict[str, Value | Unknown | None] = {}
    for row in ROWS:
        if row.only and operation not in row.only:
            continue
        value = _value(row, operation, request, arns)
        for name in row.names:
            if found.get(f"sagemaker:{name}") is None:
                found[f"sagemaker:{name}"] = value
    return found


def _value(row: Row, operation: str, request: Mapping[str, Any], arns: Arns) -> Value | Unknown | None:
    key = f"sagemaker:{row.names[0]}"
    given = [value for path in paths_of(row, operation) for value in at(request, path.split("."))]
    texts = dict.fromkeys(str(value).lower() if isinstance(value, bool) else str(value) for value in given)
    if not texts:
        return row.absent or None
    values = [row.read(text, arns) for text in texts]
    known = tuple(dict.fromkeys(value for value in values if value is not None))
    if len([value for value in values if value is not None]) < len(values):
        return unknown(key)
    if row.several:
        return known
    return known[0] if len(known) == 1 else unknown(key)
