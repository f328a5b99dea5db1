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
TAGS_LEFT: Final = request_rule(
    "tags-around-left-out",
    "the tags of a job are computed as a whole, so that those of the constructs around it are not sent",
    "give tags={key: value}, where a value may be a path, or compute them in a job in JSONata",
    why="the job, which is what costs money, has none of the tags that its bill is split by",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html",
    severity="warning",
)
