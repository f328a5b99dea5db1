"""Judgements of tags: those of a request beyond its model, and those that the constructs around a job have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.late_bound import Computed, is_token
from constructs_sm.rules import tag_rules

import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.language.errors import Problem

MOST: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256
_FORM: Final = regex.compile(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")
_RESERVED: Final = "aws:"


def of_request(request: Mapping[str, Any]) -> Iterator[Problem]:
    """Find tags of a request that are reserved to AWS."""
    tags = request.get("Tags") if hasattr(request, "get") else None
    if not isinstance(tags, (list, tuple)):
        return
    keys = [tag.get("Key") for tag in tags if hasattr(tag, "get")]
    known = [key for key in keys if isinstance(key, str) and not isinstance(key, Computed) and not is_token(key)]
    for key in dict.fromkeys(known):
        if key.lower().startswith(_RESERVED):
            yield tag_rules.TAG_RESERVED.problem(f"Tags: {tag_rules.TAG_RESERVED.what}", key)


def of_scopes(tags: Mapping[str, str]) -> Iterator[Problem]:
    """Find tags of the constructs around a job that SageMaker does not take."""
    for key, value in tags.items():
        if not is_token(key):
            if key.lower().startswith(_RESERVED):
                yield tag_rules.TAG_RESERVED.problem(
                    f"{tag_rules.TAG_RESERVED.what}, put on a construct around it", key
                )
            elif not key or len(key) > _LONGEST_KEY or _FORM.fullmatch(key) is None:
                yield tag_rules.TAG_FORM.problem(
                    f"the key of a tag of a construct around it: {tag_rules.TAG_FORM.what}", key
                )
        if not is_token(value) and (len(value) > _LONGEST_VALUE or _FORM.fullmatch(value) is None):
            what = f"the value of tag {key!r} of a construct around it: {tag_rules.TAG_FORM.what}"
            yield tag_rules.TAG_FORM.problem(what, value)


def left_out(own: object) -> Problem:
    """Tags around a job that cannot be sent, since *own* computes all that are."""
    return tag_rules.TAGS_LEFT.problem(got=own)


def too_many(count: int) -> Problem:
    """More tags than SageMaker takes."""
    return tag_rules.TAGS_TOO_MANY.problem(got=count)
