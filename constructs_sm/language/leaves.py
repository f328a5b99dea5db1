"""The leaves of a value of JSON: what is neither an object nor a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def with_leaves(change: Callable[[Any], Any], value: Any) -> Any:
    """*value* with *change* made to each of its leaves, in the order in which they are written."""
    if isinstance(value, Mapping):
        return {name: with_leaves(change, member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_leaves(change, item) for item in value]
    return change(value)
