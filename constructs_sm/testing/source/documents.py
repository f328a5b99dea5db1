"""Documents in files or texts: templates, definitions, Terraform's JSON. Bad input ends here, in one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.language.document_limits import MAX_BYTES
from constructs_sm.language.document_text import content_of, refusal, refuse_depth, refuse_size, text_at

if TYPE_CHECKING:
    from pathlib import Path


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
        raise refusal(where, "this is no template", f"a {_kind(content)}", "synthesize it again")
    return Document(where, content, path.parent)


def document_of(where: str, given: Mapping[str, Any] | str) -> Document:
    """The document that is given as a mapping or as text."""
    if isinstance(given, str):
        refuse_size(where, len(given.encode()), MAX_BYTES)
        given = content_of(where, given)
    else:
        refuse_depth(where, given)
        try:
            json.dumps(given)
        except (TypeError, ValueError, RecursionError) as error:
            use = "give what JSON can hold"
            raise refusal(where, "neither a template nor a definition", f"no JSON: {error}", use) from error
    return Document(where, _recognized(where, given))


def objects_in(content: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; none of what is no list."""
    return [each for each in content if isinstance(each, Mapping)] if isinstance(content, list) else []


def _recognized(where: str, content: Any) -> Mapping[str, Any]:
    if isinstance(content, Mapping):
        if content.keys() & {"Resources", "States", "format_version"}:
            return content
        if "service" in content and content.keys() & {"provider", "stepFunctions", "functions"}:
            use = "run `serverless package`, and give .serverless/cloudformation-template-update-stack.json"
            raise refusal(where, "a file of the Serverless Framework is not read", "service", use)
    got = ", ".join(map(str, list(content)[:3])) if isinstance(content, Mapping) else f"a {_kind(content)}"
    use = "give a template with Resources, a definition with States, or the JSON of `terraform show -json`"
    raise refusal(where, "neither a template nor a definition", got or "an empty object", use)


def _kind(content: Any) -> str:
    kinds = {str: "text", list: "list", bool: "boolean", int: "number", float: "number"}
    return kinds.get(type(content), "document without content")
