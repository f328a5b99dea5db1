"""Fields of a request or a state, whose key ends in `.$` where Step Functions computes the value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.language.late_bound import LATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def join(path: str, key: object) -> str:
    """The path of a field, spelled without the mark of a late-bound one."""
    bare = str(key).removesuffix(LATE)
    return f"{path}.{bare}" if path else bare


def spelled(request: Mapping[str, Any], name: str) -> str | None:
    """The key under which *request* has the field *name*: as it is, or late-bound; None if it has not."""
    late = f"{name}{LATE}"
    return name if name in request else late if late in request else None
