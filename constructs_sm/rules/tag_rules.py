"""The rules of tags: those of a request, and those of the constructs around a job."""

from __future__ import annotations

from typing import Final

from constructs_sm.rules.request_rule import API, request_rule

_TAG: Final = API.format("Tag")

TAGS: Final = request_rule("tags-differ", "two tags have one key", "give each key once", source=_TAG)
TAG_RESERVED: Final = request_rule(
    "tag-key-reserved",
    "the key of a tag begins with aws:, which is reserved to AWS",
    "choose another key",
    source=_TAG,
)
TAG_FORM: Final = request_rule(
    "tag-form",
    "SageMaker takes letters, digits, spaces and _.:/=+-@, up to 128 for a key and 256 for a value",
    "correct it, or leave the jobs out with exclude_resource_types= of Tags.of(...).add",
    source=_TAG,
)
TAGS_TOO_MANY: Final = request_rule(
    "tags-too-many",
    "a job has more than 50 tags, those of the constructs around it included",
    "take some away, or leave the jobs out with exclude_resource_types= of Tags.of(...).add",
    source=_TAG,
)
