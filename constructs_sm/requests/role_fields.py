"""Where a request names the execution role: in itself, or in each definition in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.fields import spelled
from constructs_sm.language.late_bound import LATE, is_late_bound

if TYPE_CHECKING:
    from collections.abc import Mapping


def named_roles(request: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """The roles at *path*, each as the request spells it; none for an API that takes no role."""
    if not path:
        return []
    found = [(holder, spelled(holder, path[-1])) for holder in _holders(request, path)]
    return [holder[key] for holder, key in found if key is not None]


def set_roles(request: Mapping[str, Any], path: tuple[str, ...], arn: str, *, over: str | None = None) -> None:
    """Name the role wherever *path* leads and none is named, or *over* is."""
    for holder in _holders(request, path):
        key = spelled(holder, path[-1])
        if key is None or holder[key] == over:
            holder[path[-1]] = arn


def are_late_bound(request: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether what names the role is known at run time only."""
    keys = (spelled(request, f"{name}{plural}") for name in path[:-1] for plural in ("", "s"))
    return any(key is not None and (key.endswith(LATE) or is_late_bound(request[key])) for key in keys)


def _holders(request: Mapping[str, Any], path: tuple[str, ...]) -> list[dict[str, Any]]:
    if len(path) == 1:
        return [request] if isinstance(request, dict) else []
    one, several = request.get(path[0]), request.get(f"{path[0]}s")
    return [holder for holder in (one, *(several or ())) if isinstance(holder, dict)]
