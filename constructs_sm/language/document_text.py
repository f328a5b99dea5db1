"""The text of a file, and what JSON or YAML it holds. Bad input ends here, in one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.document_limits import (
    MAX_BYTES,
    MAX_DEFINITION_DEPTH,
    MAX_DEPTH,
    MAX_TERRAFORM_BYTES,
    KeyTwiceError,
)
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.numbers import json_in

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
            raise refusal(where, "there is no such file", where, use)
        if not path.is_file():
            raise refusal(where, "this is no file", path.name or where, use)
        if said := _OTHERS.get(path.suffix.lower()):
            raise refusal(where, "this cannot be rehearsed", path.suffix, f"it is {said}")
        size = path.stat().st_size
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
            limit = most or (MAX_TERRAFORM_BYTES if _TERRAFORM in beginning else MAX_BYTES)
            refuse_size(where, size, limit)
            content = beginning + file.read(limit)
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidInputError):
            raise
        problem = getattr(error, "strerror", None) or str(error)
        raise refusal(where, "the file cannot be read", problem, "give one that can") from error
    refuse_size(where, len(content), limit)
    return _decoded(where, content, use)


def text_piped(where: str, *, most: int, use: str) -> str:
    """The text that is piped to a command; of more than *most* bytes no more is read.

    Raises:
        InvalidInputError: It is no text, or too large, or nothing can be read there.
    """
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise refusal(where, "nothing is piped", "no standard input", use)
    try:
        content = stream.read(most + 1)
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "it is closed"
        raise refusal(where, "the standard input cannot be read", problem, use) from error
    refuse_size(where, len(content), most)
    return _decoded(where, content, use)


def _decoded(where: str, content: bytes, use: str) -> str:
    size = f"{len(content):,} bytes"
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        got = f"{size}, of which number {error.start + 1:,} is no UTF-8"
        raise refusal(where, "the file is binary, or in another encoding", got, "save it as UTF-8") from error
    if "\0" in text:
        raise refusal(where, "the file is binary", f"{size} with zeros among them", use)
    if not text.strip():
        raise refusal(where, "the file is empty", size, use)
    return text


def content_of(where: str, text: str) -> Any:
    """Parse JSON or YAML.

    A key that stands twice in one object is refused, except in a template: CloudFormation takes the last.

    Raises:
        InvalidInputError: It is neither.
        ImportError: It is YAML, and PyYAML is not installed.
    """
    is_json = text.lstrip()[:1] in {"{", "["}
    try:
        content = _parsed(text, is_json=is_json)
    except RecursionError as error:
        raise refusal(where, "nested too deeply", f"more than {MAX_DEPTH} levels", "nest it less") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise refusal(where, "this is no JSON", place, "correct it there") from error
    except ValueError as error:
        use = "correct it there"
        raise refusal(where, f"this is no {'JSON' if is_json else 'YAML'}", str(error), use) from error
    except ModuleNotFoundError as error:
        message = "a template in YAML needs PyYAML; install it with: pip install 'constructs-sm[testing]'"
        raise ImportError(message, name=error.name) from error
    if is_json:
        refuse_depth(where, content)
    return content


def _parsed(text: str, *, is_json: bool) -> Any:
    """Read what a text says; a template may say one key twice, as CloudFormation takes it."""
    parsed = _json if is_json else _yaml
    try:
        return parsed(text, unique=True)
    except KeyTwiceError:
        content = parsed(text, unique=False)
        if isinstance(content, Mapping) and "Resources" in content and "States" not in content:
            return content
        raise


def _yaml(text: str, *, unique: bool) -> Any:
    from constructs_sm.language.yaml_text import loaded  # noqa: PLC0415 - most files are JSON, which needs no PyYAML

    return loaded(text, unique=unique)


def _json(text: str, *, unique: bool) -> Any:
    if _TERRAFORM.decode() in text[:_BEGINNING]:
        # Written by a program, and long: nothing to find in it but its end.
        return json.loads(text)
    return json_in(text, object_pairs_hook=_unique if unique else dict)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; one with a key twice is none, unless both say the same text, number or boolean."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and (isinstance(value, (dict, list)) or repr(found[key]) != repr(value)):
            raise KeyTwiceError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found


def _most_levels(content: Any) -> int:
    return MAX_DEFINITION_DEPTH if isinstance(content, Mapping) and "States" in content else MAX_DEPTH


def refuse_depth(where: str, content: Any) -> None:
    """Refuse a document that is nested more deeply than is read."""
    if _depth_exceeds(content):
        raise refusal(where, "nested too deeply", f"more than {_most_levels(content)} levels", "nest it less")


def _depth_exceeds(content: Any) -> bool:
    """Tell if a document is nested more deeply than is read."""
    level, depth, most = [content], 0, _most_levels(content)
    while level:
        depth += 1
        if depth > most:
            return True
        level = [
            item
            for each in level
            if isinstance(each, (Mapping, list))
            for item in (each.values() if isinstance(each, Mapping) else each)
            if isinstance(item, (Mapping, list))
        ]
    return False


def refuse_size(where: str, size: int, limit: int) -> None:
    """Refuse a document that is larger than AWS takes one."""
    if size > limit:
        use = f"give one of at most {limit:,} bytes, which is what AWS takes of a definition or a template"
        if limit == MAX_TERRAFORM_BYTES:
            use = f"give one of at most {limit:,} bytes: of one module, or planned with -target"
        raise refusal(where, "the file is too large, and was not read", f"{size:,} bytes", use)


def refusal(where: str, what: str, got: object, use: str) -> InvalidInputError:
    """The error of a document that cannot be read."""
    return InvalidInputError(where, [Problem(what, got, use, "source-of-rehearsal")])
