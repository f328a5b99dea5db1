"""Places of data in S3, as requests and as policies spell them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from constructs_sm.language.errors import InvalidInputError, Problem, raise_all, raise_unless
from constructs_sm.language.formats import joined
from constructs_sm.language.jsonata import expression_of, is_plain, jsonata_of, quoted
from constructs_sm.language.l1 import l1_problem
from constructs_sm.language.late_bound import is_json_path, is_jsonata, is_token, unmarked
from constructs_sm.language.offering import offers
from constructs_sm.values.outputs import JobOutput, join
from constructs_sm.values.stand_ins import StandIn

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_s3_assets as s3_assets
    from typing_extensions import Self

_URI = re.compile(r"(?:s3://|https://s3[^/]*/)(?P<rest>.+)")
_OF_A_HOST = re.compile(r"https://(?P<bucket>[^/]+)\.s3[.-][^/]*/(?P<prefix>.*)")


class S3Location(StandIn, str):
    """A place in S3, with what the grants need to know about it. As a string it is its URI.

    Attributes:
        uri: What SageMaker gets: `s3://bucket/prefix/`, or late-bound.
        within: The literal (or token) `s3://` prefix the data is under; grants are made for it. None: not known, so
            that nothing can be granted.
        key: The key the data is encrypted with, if it is not S3's own.
    """

    __slots__ = ("key", "uri", "within")

    uri: str
    within: str | None
    key: kms.IKey | None

    def __new__(cls, uri: str, within: str | None = None, key: kms.IKey | None = None) -> Self:
        """Make one of a URI."""
        if not isinstance(uri, str):
            raise_unless("S3Location", uri=(uri, str, "a text"))
        self = super().__new__(cls, uri)
        object.__setattr__(self, "uri", uri)
        object.__setattr__(self, "within", within)
        object.__setattr__(self, "key", key)
        return self

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse to change it."""
        message = f"cannot assign to {name} of an S3Location"
        raise AttributeError(message)

    def __eq__(self, other: object) -> bool:
        """Compare all that is known of two places, or the URI with a text."""
        if isinstance(other, S3Location):
            return (str(self), self.within, self.key) == (str(other), other.within, other.key)
        return str.__eq__(self, other) if isinstance(other, str) else NotImplemented

    def __ne__(self, other: object) -> bool:
        """Tell whether they differ."""
        return not self == other

    __hash__ = str.__hash__

    def __repr__(self) -> str:
        """Spell it as it is made."""
        return f"S3Location(uri={self.uri!r}, within={self.within!r}, key={self.key!r})"

    def __add__(self, other: str) -> str:
        """Return the URI with a text behind it."""
        return _joinable(join(self, other), self.within) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: str) -> str:
        """Return the URI with a text before it."""
        return _joinable(join(other, self)) if isinstance(other, str) else NotImplemented

    @property
    def is_known_later(self) -> bool:
        """Tell whether it stands for a URI, and is not the URI itself."""
        return is_late(self.uri)

    @property
    def stands_for(self) -> str:
        """The name of the URI in messages."""
        return self.uri.stands_for if isinstance(self.uri, JobOutput) else f"S3Location '{self.uri}'"

    @classmethod
    def of_bucket(cls, bucket: s3.IBucket, prefix: str = "") -> S3Location:
        """*prefix* of *bucket*, with the bucket's key.

        Raises:
            InvalidInputError: It is no bucket, or the prefix no text.
        """
        wrong = [
            Problem(f"{name} cannot be used", got, f"pass {wanted}", "argument-type")
            for name, got, wanted, right in (
                ("bucket", bucket, "an s3.IBucket", offers(bucket, "bucket_name")),
                ("prefix", prefix, "a text", isinstance(prefix, str)),
            )
            if not right
        ]
        raise_all("S3Location.of_bucket", wrong)
        uri = f"s3://{bucket.bucket_name}/{prefix}"
        return cls(uri, uri, bucket.encryption_key)

    @classmethod
    def of(cls, data: Any) -> S3Location | None:
        """*data* as a location; None if it is nothing of the kind. Recognized by what it offers, without the CDK.

        Raises:
            InvalidInputError: It is an L1 construct.
        """
        if isinstance(data, S3Location):
            return data
        if isinstance(data, str):
            return cls(data, data if bucket_and_prefix(data) else None)
        if (problem := l1_problem("a place in S3", data)) is not None:
            raise InvalidInputError("S3Location", [problem])
        if offers(data, "bucket_name"):
            return cls.of_bucket(data)
        if offers(data, "s3_object_key"):
            uri = f"s3://{data.s3_bucket_name}/{data.s3_object_key}"
            return cls(uri, uri)
        return None

    def under(self, prefix: str) -> S3Location:
        """A place under this one: *prefix* joined with one slash. A late-bound place must end in one itself.

        Raises:
            InvalidInputError: The prefix is no text.
        """
        if not isinstance(prefix, str):
            problem = Problem("a prefix must be a text", prefix, "pass 'train/'", "argument-type")
            raise InvalidInputError("S3Location.under", [problem])
        if isinstance(prefix, JobOutput) and is_late(prefix):
            begun = self if is_late(self.uri) else S3Location(f"{self.uri.rstrip('/')}/")
            within = None if self.within is None else f"{self.within.rstrip('/')}/"
            return S3Location(begun + prefix, within, self.key)
        if is_late(self.uri):
            return S3Location(_followed_by(self.uri, prefix), self.within, self.key)
        within = None if self.within is None else f"{self.within.rstrip('/')}/{prefix}"
        uri = f"{self.uri.rstrip('/')}/{prefix}"
        if isinstance(self.uri, JobOutput):
            uri = JobOutput.literal(self.uri.producer, self.uri.name, uri)
        return S3Location(uri, within, self.key)

    def folder(self) -> S3Location:
        """The same as SageMaker writes to it: a folder, slash or not. What else begins with its name is another's."""
        if not self.is_exact or bucket_and_prefix(self.uri) is None or self.uri.endswith("/"):
            return self
        return S3Location(self.uri, f"{self.within}/", self.key)

    @property
    def is_exact(self) -> bool:
        """True if all of it is known, so that it may be the name of one object."""
        return not is_late(self.uri) and self.uri == self.within


def _joinable(made: str, within: str | None = None) -> str:
    """A joined text to which more can be joined: a path or an expression alone does not know how."""
    return S3Location(made, within) if is_late(made) and not isinstance(made, JobOutput) else made


def is_late(uri: str) -> bool:
    """True if Step Functions computes a URI."""
    if isinstance(uri, JobOutput):
        return uri.json_path is not None
    return is_json_path(uri) or is_jsonata(uri)


def place_problem(given: object, location: S3Location | None) -> Problem | None:
    """Tell why a state in JSONata cannot be told a place, which was *given* as one; None if it can."""
    uri = "" if location is None else location.uri
    if isinstance(uri, JobOutput) or is_jsonata(uri) or is_token(uri) or bucket_and_prefix(uri) is not None:
        return None
    if not is_json_path(uri):
        use = "pass what a job leaves, an s3:// URI, or an S3Location"
        return Problem("no place in S3", given, use, "place-of-state")
    use = "pass a path, as $.x, or JSONata"
    return None if is_plain(uri) else Problem("a place that JSONata cannot be told", given, use, "place-of-state")


def object_arguments(location: S3Location) -> dict[str, str]:
    """Bucket and key of one object, as a state in JSONata is told."""
    uri = spelled_in_jsonata(location.uri)
    known = None if is_jsonata(uri) else bucket_and_prefix(uri)
    if known is not None:
        return {"Bucket": known[0], "Key": known[1]}
    said = expression_of(uri)
    bucket, key = f"$split({said}, '/')[2]", f"$substringAfter($substringAfter({said}, '://'), '/')"
    return {"Bucket": f"{{% {bucket} %}}", "Key": f"{{% {key} %}}"}


def spelled_in_jsonata(value: str) -> str:
    """A text as a state in JSONata has it: paths into its input become expressions."""
    if isinstance(value, JobOutput):
        return value.spelled(jsonata=True)
    return f"{{% {jsonata_of(value)} %}}" if is_json_path(value) else value


def _followed_by(uri: str, text: str) -> str:
    if isinstance(uri, JobOutput):
        return uri.followed_by(text)
    if is_jsonata(uri):
        return f"{{% ({unmarked(uri)}) & {quoted(text)} %}}"
    return joined([(uri, True), (text, False)])


S3Data: TypeAlias = Union[str, "s3.IBucket", "s3_assets.Asset", S3Location]
"""Data in S3 as arguments give it: an `s3://` string (literal, token, JSONPath or JSONata), a bucket, an asset, an
S3Location."""


@lru_cache(4096)
def bucket_and_prefix(uri: str) -> tuple[str, str] | None:
    """The bucket and the prefix of an S3 URI; None if *uri* is none."""
    hosted = _OF_A_HOST.match(uri)
    if hosted is not None:
        return hosted["bucket"], hosted["prefix"]
    match = _URI.match(uri)
    if match is None:
        return None
    bucket, _, prefix = match["rest"].partition("/")
    return bucket, prefix
