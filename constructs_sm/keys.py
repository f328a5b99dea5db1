"""What a construct id becomes: the name of a state, and the key under which it keeps something in its input."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNQUOTABLE = re.compile(r"['\"`\\]")
_ONE_KEY = re.compile(r"\$\.([A-Za-z_][A-Za-z0-9_]*)|\$\['([^']+)'\]")


def name_of(construct_id: str) -> str:
    """What the CDK calls the state: a slash would part the path of the construct."""
    return construct_id.replace("/", "--")


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
