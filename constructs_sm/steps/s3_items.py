"""S3Items: a list that a distributed map reads by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.data import listing_grants, read_object_grants
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.values.s3 import S3Location, is_plain_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_sm.grants.statements import Grant
    from constructs_sm.language.arns import Arns
    from constructs_sm.values.s3 import S3Data

_DELIMITERS = {",": "COMMA", "|": "PIPE", ";": "SEMICOLON", " ": "SPACE", "\t": "TAB"}


@dataclass(frozen=True, slots=True)
class S3Items:
    """A list of items in S3. Made by `json`, `json_lines`, `csv`, `manifest` or `objects`.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
    """

    location: S3Location
    input_type: str | None = None
    """As Step Functions calls it; None: the objects under a prefix."""
    reader_config: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def json(cls, place: S3Data) -> S3Items:
        """A JSON file that is one array."""
        return cls(_location(place), "JSON")

    @classmethod
    def json_lines(cls, place: S3Data) -> S3Items:
        """A file with one JSON document a line, such as an augmented manifest."""
        return cls(_location(place), "JSONL")

    @classmethod
    def csv(cls, place: S3Data, *, headers: Sequence[str] | None = None, delimiter: str = ",") -> S3Items:
        """A CSV file; each item maps the headers to its row's texts.

        Args:
            place: The file.
            headers: The names of the columns. Default: the first row has them.
            delimiter: Comma, `|`, `;`, space or tab.

        Raises:
            InvalidInputError: Step Functions knows no such delimiter.
        """
        if not isinstance(delimiter, str) or delimiter not in _DELIMITERS:
            problem = Problem(
                "no delimiter of a CSV file", delimiter, f"use one of {list(_DELIMITERS)}", "argument-value"
            )
            raise InvalidInputError("S3Items.csv", [problem])
        named = isinstance(headers, (list, tuple)) and all(isinstance(header, str) for header in headers)
        if headers is not None and not named:
            problem = Problem("headers must be a list of names", headers, "pass ['id', 'day']", "argument-type")
            raise InvalidInputError("S3Items.csv", [problem])
        config: list[tuple[str, Any]] = [("CSVHeaderLocation", "GIVEN" if headers else "FIRST_ROW")]
        if headers:
            config.append(("CSVHeaders", list(headers)))
        if delimiter != ",":
            config.append(("CSVDelimiter", _DELIMITERS[delimiter]))
        return cls(_location(place), "CSV", tuple(config))

    @classmethod
    def manifest(cls, place: S3Data) -> S3Items:
        """The `manifest.json` of an S3 Inventory: one item an object in it."""
        return cls(_location(place), "MANIFEST")

    @classmethod
    def objects(cls, prefix: S3Data) -> S3Items:
        """The objects under a prefix: each item is what ListObjectsV2 says of one, and `$.uri` its URI."""
        return cls(_location(prefix))

    def to_reader(self, arns: Arns, place: Mapping[str, str], arguments: str, max_items: int | None) -> dict[str, Any]:
        """The ItemReader, told the *place* in the field that the query language calls *arguments*."""
        config = dict(self.reader_config)
        api = "getObject"
        if self.input_type is not None:
            config = {"InputType": self.input_type, **config}
        else:
            api = "listObjectsV2"
            place = {name.replace("Key", "Prefix"): said for name, said in place.items()}
        if max_items is not None:
            config["MaxItems"] = max_items
        reader = {"Resource": arns.integration(f"s3:{api}"), arguments: dict(place)}
        return {**reader, "ReaderConfig": config} if config else reader

    def grants(self, arns: Arns) -> Iterator[Grant]:
        """Grants that the state machine role needs to read the list."""
        if self.input_type is None:
            yield from listing_grants(self.location, arns)
            return
        yield from read_object_grants(self.location, arns)
        if self.input_type == "MANIFEST" and self.location.is_exact:
            # The lists that an inventory's manifest names stand in data/, beside the manifest's own folder.
            folder = self.location.uri.rsplit("/", 2)[0]
            yield from read_object_grants(S3Location(f"{{% '{folder}/data/' %}}", f"{folder}/data/", None), arns)


def _location(place: S3Data) -> S3Location:
    location = S3Location.of(place)
    if location is None:
        raise InvalidInputError(
            "S3Items", [Problem("no place in S3", place, "pass an s3:// URI or an S3Location", "place-of-state")]
        )
    if not is_plain_place(location):
        problem = Problem("a place that JSONata cannot be told", place, "pass a path, as $.x", "place-of-state")
        raise InvalidInputError("S3Items", [problem])
    return location
