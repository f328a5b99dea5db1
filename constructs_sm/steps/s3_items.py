"""S3Items: a list that a distributed map reads by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.data_access import listing_grants, read_object_grants
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.task.path_tokens import naming, spelled_paths
from constructs_sm.values.s3 import S3Location, place_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_sm.grants.statements import Grant
    from constructs_sm.language.arns import Arns
    from constructs_sm.values.s3 import S3Data

_FORMATS_LOADED = ("JSON", "JSONL", "CSV", "PARQUET")
_FORMATS_OF_ATHENA = ("PARQUET", "JSONL", "CSV")
_DELIMITERS = {",": "COMMA", "|": "PIPE", ";": "SEMICOLON", " ": "SPACE", "\t": "TAB"}


@dataclass(frozen=True, slots=True)
class S3Items:
    """A list of items in S3. Made by `json`, `json_lines`, `csv`, `parquet`, `manifest`, `athena` or `objects`.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
    """

    location: S3Location
    input_type: str | None = None
    """As Step Functions calls it; None: the objects under a prefix."""
    reader_config: tuple[tuple[str, Any], ...] = ()
    lists: bool = False
    """True if the objects under the place are listed."""
    names_data: S3Location | None = None
    """The place that a manifest names."""

    @classmethod
    def json(cls, place: S3Data, *, pointer: str | None = None) -> S3Items:
        """A JSON file that is one array, or has one where *pointer* leads.

        Args:
            place: The file.
            pointer: A JSON pointer, as `/orders/items`. Of an object there, each item has `Key` and `Value`.

        Raises:
            InvalidInputError: It is no JSON pointer.
        """
        if pointer is not None and (not isinstance(pointer, str) or not pointer.startswith("/")):
            problem = Problem("no JSON pointer", pointer, "write '/orders/items'", "argument-value")
            raise InvalidInputError("S3Items.json", [problem])
        return cls(_location(place), "JSON", (("ItemsPointer", pointer),) if pointer else ())

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
        return cls(_location(place), "CSV", _of_csv("S3Items.csv", headers, delimiter))

    @classmethod
    def parquet(cls, place: S3Data) -> S3Items:
        """A Parquet file: each item is a row. Step Functions reads files up to 10 GB, with row groups up to 256 MB."""
        return cls(_location(place), "PARQUET")

    @classmethod
    def athena(
        cls,
        manifest: S3Data,
        *,
        data: S3Data,
        file_format: str = "PARQUET",
        headers: Sequence[str] | None = None,
        delimiter: str = ",",
    ) -> S3Items:
        """Read the results of an `UNLOAD` in Athena: each item is a row of a file that the manifest names.

        Args:
            manifest: The manifest of the query: `<query id>-manifest.csv`.
            data: The place that the query unloaded to, of which the role may read everything.
            file_format: `PARQUET`, `JSONL` or `CSV`, as the query says.
            headers: Of CSV, the names of the columns. Athena unloads none.
            delimiter: Of CSV.

        Raises:
            InvalidInputError: Step Functions reads no such format.
        """
        config: tuple[tuple[str, Any], ...] = ()
        if not isinstance(file_format, str) or file_format not in _FORMATS_OF_ATHENA:
            use = f"use one of {', '.join(_FORMATS_OF_ATHENA)}"
            raise InvalidInputError(
                "S3Items.athena", [Problem("no format of Athena's", file_format, use, "argument-value")]
            )
        if file_format == "CSV":
            config = _of_csv("S3Items.athena", headers, delimiter)
        return cls(
            _location(manifest), file_format, (("ManifestType", "ATHENA_DATA"), *config), names_data=_location(data)
        )

    @classmethod
    def manifest(cls, place: S3Data) -> S3Items:
        """The `manifest.json` of an S3 Inventory: one item an object in it."""
        return cls(_location(place), "MANIFEST")

    @classmethod
    def objects(
        cls,
        prefix: S3Data,
        *,
        load: str | None = None,
        headers: Sequence[str] | None = None,
        delimiter: str = ",",
    ) -> S3Items:
        """The objects under a prefix: each item is what ListObjectsV2 says of one, and `$.uri` its URI.

        Args:
            prefix: Where they are.
            load: Read the objects as well, each as `JSON`, `JSONL`, `CSV` or `PARQUET`: then what is in them are the
                items, one list of all, and there is no `$.uri`.
            headers: Of CSV, the names of the columns. Default: the first row of each object has them.
            delimiter: Of CSV.

        Raises:
            InvalidInputError: Step Functions reads no such format.
        """
        if load is None:
            return cls(_location(prefix), lists=True)
        if not isinstance(load, str) or load not in _FORMATS_LOADED:
            use = f"use one of {', '.join(_FORMATS_LOADED)}"
            problem = Problem("no format of objects", load, use, "argument-value")
            raise InvalidInputError("S3Items.objects", [problem])
        config = _of_csv("S3Items.objects", headers, delimiter) if load == "CSV" else ()
        return cls(_location(prefix), load, (("Transformation", "LOAD_AND_FLATTEN"), *config), lists=True)

    def to_reader(
        self, arns: Arns, place: Mapping[str, str], arguments: str, most: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The ItemReader, told the *place* in the field that the query language calls *arguments*."""
        config = dict(self.reader_config)
        api = "getObject"
        if self.input_type is not None:
            config = {"InputType": self.input_type, **config}
        if self.lists:
            api = "listObjectsV2"
            place = {name.replace("Key", "Prefix"): said for name, said in place.items()}
        config |= most
        reader = {"Resource": arns.integration(f"s3:{api}"), arguments: dict(place)}
        return {**reader, "ReaderConfig": config} if config else reader

    def grants(self, arns: Arns) -> Iterator[Grant]:
        """Grants that the state machine role needs to read the list."""
        if self.lists:
            yield from listing_grants(self.location, arns)
            if self.input_type is not None:
                yield from _reading_all(self.location, arns)
            return
        yield from read_object_grants(self.location, arns)
        if self.input_type == "MANIFEST" and self.location.is_exact:
            # The lists that an inventory's manifest names stand in data/, beside the manifest's own folder.
            folder = self.location.uri.rsplit("/", 2)[0]
            yield from _reading_all(S3Location(f"{folder}/data/", f"{folder}/data/", None), arns)
        if self.names_data is not None:
            yield from _reading_all(self.names_data, arns)


def _reading_all(location: S3Location, arns: Arns) -> Iterator[Grant]:
    """Let the role read every object under a place."""
    if location.within is not None:
        yield from read_object_grants(S3Location("$.any", location.within, location.key), arns)


def _location(place: S3Data) -> S3Location:
    with naming("S3Items"):
        location = S3Location.of(spelled_paths(place))
    if (problem := place_problem(place, location)) is not None:
        raise InvalidInputError("S3Items", [problem])
    assert location is not None  # noqa: S101  (or it would have been said)
    return location


def _of_csv(where: str, headers: Sequence[str] | None, delimiter: str) -> tuple[tuple[str, Any], ...]:
    """The configuration of a reader of CSV files."""
    if not isinstance(delimiter, str) or delimiter not in _DELIMITERS:
        problem = Problem("no delimiter of a CSV file", delimiter, f"use one of {list(_DELIMITERS)}", "argument-value")
        raise InvalidInputError(where, [problem])
    named = isinstance(headers, (list, tuple)) and all(isinstance(header, str) for header in headers)
    if headers is not None and not named:
        problem = Problem("headers must be a list of names", headers, "pass ['id', 'day']", "argument-type")
        raise InvalidInputError(where, [problem])
    config: list[tuple[str, Any]] = [("CSVHeaderLocation", "GIVEN" if headers else "FIRST_ROW")]
    if headers:
        config.append(("CSVHeaders", list(headers)))
    if delimiter != ",":
        config.append(("CSVDelimiter", _DELIMITERS[delimiter]))
    return tuple(config)
