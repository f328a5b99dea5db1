"""What a construct id becomes: the name of a state, and the key under which it keeps something in its input."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNQUOTABLE = re.compile(r"['\"`\\]")
_ONE_KEY = re.compile(r"\$\.([A-Za-z_][A-Za-z0-9_]*)|\$\['([^']+)'\]")
_STEP = r"\.([^\s.\[\]'\"*@?,:$]+)|\['([^']+)'\]|\[\"([^\"]+)\"\]"
_KEYS = re.compile(rf"\$(?:{_STEP})+")
_REFERENCE = re.compile(rf"\$(?:{_STEP}|\[\d+\])*")


def name_of(construct_id: str) -> str:
    """What the CDK calls the state: a slash would part the path of the construct."""
    return construct_id.replace("/", "--")


def key_of(construct_id: str) -> str:
    """What a construct calls it: its id, without what no path can quote."""
    return _UNQUOTABLE.sub("_", construct_id)


def path_of(key: str) -> str:
    """Where it stands."""
    return f"$.{key}" if _PLAIN.fullmatch(key) else f"$['{key}']"


def is_reference(path: str) -> bool:
    """Whether a JSONPath names one place, as that of a result must."""
    return _REFERENCE.fullmatch(path) is not None


def keys_in(path: str) -> list[str]:
    """The keys that lead to what *path* names; none if it is more than keys."""
    return ["".join(step) for step in re.findall(_STEP, path)] if _KEYS.fullmatch(path) else []


def key_in(path: str) -> str | None:
    """The one key that *path* names; None: it leads elsewhere."""
    key = _ONE_KEY.fullmatch(path)
    return (key[1] or key[2]) if key else None
