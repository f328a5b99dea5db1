"""Values that Step Functions computes, read once before it does: a path, an intrinsic function, or an expression."""

from __future__ import annotations

from functools import lru_cache

from constructs_sm.language import intrinsics, jsonpath
from constructs_sm.language.jsonata_checks import SEEN, inner, objections
from constructs_sm.language.late_bound import TOKEN, is_json_path, is_jsonata

_KNOWN_AT_DEPLOYMENT = "x"


@lru_cache(4096)
def misspelled_path(text: str) -> str | None:
    """Reason why a text is no path and no intrinsic function; None if it is one."""
    plain = TOKEN.sub(_KNOWN_AT_DEPLOYMENT, text)
    try:
        if intrinsics.is_intrinsic(plain):
            intrinsics.parse(plain)
        else:
            jsonpath.parse(plain)
    except (intrinsics.SyntaxProblem, jsonpath.PathError) as error:
        return str(error)
    return None


def misspelled(text: str, *, jsonata: bool) -> str | None:
    """Reason why a late value of a state in a query language cannot be read; None if it can, or is no late value."""
    if jsonata:
        return misspelled_expression(text) if is_jsonata(text) else None
    return misspelled_path(text) if is_json_path(text) else None


@lru_cache(4096)
def misspelled_expression(text: str, sees: frozenset[str] = SEEN) -> str | None:
    """Reason why a text is no expression that Step Functions takes where it sees these fields; None if it is one."""
    found = objections(inner(TOKEN.sub(_KNOWN_AT_DEPLOYMENT, text)), sees)
    return found[0].problem if found else None
