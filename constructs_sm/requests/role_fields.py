"""Fields in which a request names the execution role: its own, or of each definition in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.language.late_bound import Computed, is_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.actions import Action
    from constructs_sm.requests.request import Fields


def named_roles(request: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """List the roles at *path*, each as the request spells it; none for an API that takes no role."""
    if len(path) <= 1:
        return [request[path[0]]] if path and path[0] in request else []
    return [holder[path[-1]] for holder in _holders(request, path) if path[-1] in holder]


def set_roles(request: Fields, path: tuple[str, ...], arn: str) -> None:
    """Name the role wherever *path* leads and none is named."""
    for holder in [request] if len(path) == 1 else _holders(request, path):
        holder.setdefault(path[-1], arn)


def are_late_bound(request: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Tell whether what names the role is known at run time only."""
    if len(path) <= 1:
        return False
    holders = [request.get(f"{path[0]}{plural}") for plural in ("", "s")]
    return any(isinstance(holder, Computed) or is_token(holder) for holder in holders)


def lacks_role(action: Action, request: Mapping[str, Any]) -> bool:
    """Tell whether a request to *action* names no execution role, and has to."""
    path = action.role_path
    needed = bool(path) and not action.role_optional and not named_roles(request, path)
    return needed and not are_late_bound(request, path)


def _holders(request: Mapping[str, Any], path: tuple[str, ...]) -> list[Fields]:
    one, several = request.get(path[0]), request.get(f"{path[0]}s")
    listed = several if isinstance(several, list) else ()
    return [holder for holder in (one, *listed) if isinstance(holder, dict)]
