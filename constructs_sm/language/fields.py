"""Fields of a request or a state, whose key ends in `.$` where Step Functions computes the value."""

from __future__ import annotations

from constructs_sm.language.late_bound import LATE


def join(path: str, key: object) -> str:
    """The path of a field, spelled without the mark of a late-bound one."""
    bare = str(key).removesuffix(LATE)
    return f"{path}.{bare}" if path else bare
