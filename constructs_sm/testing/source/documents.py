"""Documents in files or texts: templates, definitions, Terraform's JSON. Bad input ends here, in one line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NoReturn

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.testing.source.limits import MAX_BYTES, MAX_DEPTH, MAX_DIGITS, MAX_TERRAFORM_BYTES

if TYPE_CHECKING:
    from pathlib import Path

_BEGINNING = 4096
_TERRAFORM = b'"format_version"'
_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_OTHERS = {
    ".py": "a program: synthesize it, and give the cdk.out that `cdk synth` writes",
    ".ts": "a program: synthesize it, and give the cdk.out that `cdk synth` writes",
    ".tf": "Terraform's own language: give the JSON of `terraform show -json`",
    ".zip": "an archive: give a file of it",
}
_GIVE = "give a template, a definition or a cdk.out"


@dataclass(frozen=True, slots=True)
class Document:
    """A template, a definition, or Terraform's JSON.

    Attributes:
        where: Its name in messages: the path of its file.
        content: The document itself.
        folder: The folder of the files that it refers to; None if it comes from no file.
    """

    where: str
    content: Mapping[str, Any]
    folder: Path | None = None

    @property
    def is_definition(self) -> bool:
        return "States" in self.content

    @property
    def is_terraform(self) -> bool:
        return "format_version" in self.content


def document_at(path: Path) -> Document:
    """The document in a file.

    Raises:
        InvalidInputError: It cannot be read, or is none.
    """
    where = str(path)
    text = text_at(path)
    return Document(where, _recognized(where, content_of(where, text)), path.parent)


def template_at(path: Path) -> Document:
    """The template in a file of a cloud assembly, which may have no resources."""
    where = str(path)
    content = content_of(where, text_at(path))
    if not isinstance(content, Mapping):
        raise _refusal(where, "this is no template", f"a {_kind(content)}", "synthesize it again")
    return Document(where, content, path.parent)


def document_of(where: str, given: Mapping[str, Any] | str) -> Document:
    """The document that is given as a mapping or as text."""
    if isinstance(given, str):
        _refuse_size(where, len(given.encode()), MAX_BYTES)
        given = content_of(where, given)
    elif _depth_exceeds(given):
        raise _refusal(where, "nested too deeply", f"more than {MAX_DEPTH} levels", "nest it less")
    return Document(where, _recognized(where, given))


def text_at(path: Path, *, most: int | None = None, use: str = _GIVE) -> str:
    """The text in a file, whatever Unicode it is in.

    Args:
        path: The file.
        most: The bytes that it may have. Default: those of a definition, or of Terraform's JSON if it is that.
        use: The words about what to give in its place.

    Raises:
        InvalidInputError: It cannot be read, or is no text, or is too large.
    """
    where = str(path)
    try:
        if not path.exists():
            raise _refusal(where, "there is no such file", where, use)
        if not path.is_file():
            raise _refusal(where, "this is no file", path.name or where, use)
        if said := _OTHERS.get(path.suffix.lower()):
            raise _refusal(where, "this cannot be rehearsed", path.suffix, f"it is {said}")
        size = path.stat().st_size
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
            limit = most or (MAX_TERRAFORM_BYTES if _TERRAFORM in beginning else MAX_BYTES)
            _refuse_size(where, size, limit)
            content = beginning + file.read(limit)
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidInputError):
            raise
        problem = getattr(error, "strerror", None) or str(error)
        raise _refusal(where, "the file cannot be read", problem, "give one that can") from error
    _refuse_size(where, len(content), limit)
    return _decoded(where, content, use)


def text_in(where: str, stream: IO[bytes], *, most: int, use: str) -> str:
    """The text in a stream, such as what is piped to a command; of more than *most* bytes no more is read.

    Raises:
        InvalidInputError: It is no text, or too large.
    """
    content = stream.read(most + 1)
    _refuse_size(where, len(content), most)
    return _decoded(where, content, use)


def _decoded(where: str, content: bytes, use: str) -> str:
    size = f"{len(content):,} bytes"
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        got = f"{size}, of which number {error.start + 1:,} is no UTF-8"
        raise _refusal(where, "the file is binary, or in another encoding", got, "save it as UTF-8") from error
    if "\0" in text:
        raise _refusal(where, "the file is binary", f"{size} with zeros among them", use)
    if not text.strip():
        raise _refusal(where, "the file is empty", size, use)
    return text


def content_of(where: str, text: str) -> Any:
    """Parse JSON or YAML.

    Raises:
        InvalidInputError: It is neither.
        ImportError: It is YAML, and PyYAML is not installed.
    """
    is_json = text.lstrip()[:1] in {"{", "["}
    try:
        return _json(text) if is_json else _yaml(text)
    except RecursionError as error:
        raise _refusal(where, "nested too deeply", f"more than {MAX_DEPTH} levels", "nest it less") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise _refusal(where, "this is no JSON", place, "correct it there") from error
    except ValueError as error:
        use = "correct it there"
        raise _refusal(where, f"this is no {'JSON' if is_json else 'YAML'}", str(error), use) from error
    except ModuleNotFoundError as error:
        message = "a template in YAML needs PyYAML; install it with: pip install 'constructs-sm[testing]'"
        raise ImportError(message, name=error.name) from error


def _yaml(text: str) -> Any:
    from constructs_sm.testing.source.yaml_text import loaded  # noqa: PLC0415 - most files are JSON, which needs no PyYAML

    return loaded(text)


def _json(text: str) -> Any:
    if _TERRAFORM.decode() in text[:_BEGINNING]:
        # Written by a program, and long: nothing to find in it but its end.
        content = json.loads(text)
    else:
        content = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite, parse_int=_whole
        )
    if _depth_exceeds(content):
        raise RecursionError
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; one with a key twice is none, unless both say the same text, number or boolean."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and (isinstance(value, (dict, list)) or found[key] != value):
            raise ValueError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _whole(text: str) -> int:
    return int(text) if len(text) <= MAX_DIGITS else _no_number(f"one of {len(text):,} digits")


def _depth_exceeds(content: Any) -> bool:
    level, depth = [content], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return True
        level = [
            item
            for each in level
            if isinstance(each, (Mapping, list))
            for item in (each.values() if isinstance(each, Mapping) else each)
            if isinstance(item, (Mapping, list))
        ]
    return False


def _recognized(where: str, content: Any) -> Mapping[str, Any]:
    if isinstance(content, Mapping):
        if content.keys() & {"Resources", "States", "format_version"}:
            return content
        if "service" in content and content.keys() & {"provider", "stepFunctions", "functions"}:
            use = "run `serverless package`, and give .serverless/cloudformation-template-update-stack.json"
            raise _refusal(where, "a file of the Serverless Framework is not read", "service", use)
    got = ", ".join(map(str, list(content)[:3])) if isinstance(content, Mapping) else f"a {_kind(content)}"
    use = "give a template with Resources, a definition with States, or the JSON of `terraform show -json`"
    raise _refusal(where, "neither a template nor a definition", got or "an empty object", use)


def _kind(content: Any) -> str:
    kinds = {str: "text", list: "list", bool: "boolean", int: "number", float: "number"}
    return kinds.get(type(content), "document without content")


def _refuse_size(where: str, size: int, limit: int) -> None:
    if size > limit:
        use = f"give one of at most {limit:,} bytes, which is what AWS takes of a definition or a template"
        if limit == MAX_TERRAFORM_BYTES:
            use = f"give one of at most {limit:,} bytes: of one module, or planned with -target"
        raise _refusal(where, "the file is too large, and was not read", f"{size:,} bytes", use)


def _refusal(where: str, what: str, got: object, use: str) -> InvalidInputError:
    return InvalidInputError(where, [Problem(what, got, use, "source-of-rehearsal")])
