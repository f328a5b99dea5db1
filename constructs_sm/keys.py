"""The key under which a state keeps something in its input, and the JSONPath that leads there."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNQUOTABLE = re.compile(r"['`\\]")
_ONE_KEY = re.compile(r"\$\.([A-Za-z_][A-Za-z0-9_]*)|\$\['([^']+)'\]")


def key_of(construct_id: str) -> str:
    """What a construct calls it: its id, without what no path can quote."""
    return _UNQUOTABLE.sub("_", construct_id)


def path_of(key: str) -> str:
    """Where it stands."""
    return f"$.{key}" if _PLAIN.fullmatch(key) else f"$['{key}']"


def key_in(path: str) -> str | None:
    """The one key that *path* names; None: it leads elsewhere."""
    key = _ONE_KEY.fullmatch(path)
    return (key[1] or key[2]) if key else None
