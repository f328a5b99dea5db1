"""The definition of a state machine, from wherever its template has it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.definition_shape import checked
from constructs_sm.language.document_limits import MAX_BYTES
from constructs_sm.language.document_text import content_of, refusal, text_at

if TYPE_CHECKING:
    from pathlib import Path

    from constructs_sm.testing.source.evaluation import Template

_FORMS = ("Definition", "DefinitionString", "DefinitionS3Location", "DefinitionUri")
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')
_PLACEHOLDER = re.compile(r"\$\{([^{}]+)\}")


def definition_in(template: Template, machine: str, folder: Path | None) -> dict[str, Any]:
    """The definition of a state machine of a template, its functions and substitutions decided.

    Args:
        template: The template.
        machine: Logical id of the state machine.
        folder: The folder of the files that the template refers to.

    Raises:
        InvalidInputError: There is none, or it is not at hand.
    """
    where = f"{template.where}: {machine}"
    raw = template.resources[machine].get("Properties")
    properties: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    given = [form for form in _FORMS if form in properties and template.value(properties[form]) is not None]
    if len(given) != 1:
        use = f"give one of {', '.join(_FORMS)}"
        raise refusal(where, "a state machine has one definition", " and ".join(given) or "none", use)
    match given[0]:
        case "Definition":
            definition = template.value(properties["Definition"])
            if not isinstance(definition, Mapping):
                raise refusal(
                    where, "Definition must be an object", type(definition).__name__, "or use DefinitionString"
                )
            text = json.dumps(definition)
        case "DefinitionString":
            text = _json_text(template, properties["DefinitionString"])
        case form:
            text = _text_of_file(where, form, template.value(properties[form]), folder)
    return checked(where, _parsed(where, _substituted(where, text, template, properties)))


def _json_text(template: Template, given: Any) -> str:
    """JSON text that is joined: a part that is in no string of it, and is no JSON, gets its own quotes."""
    if not (isinstance(given, Mapping) and set(given) == {"Fn::Join"} and isinstance(given["Fn::Join"], list)):
        return template.text(given)
    separator, parts = (*given["Fn::Join"], [])[:2]
    if separator or not isinstance(parts, list):
        return template.text(given)
    text, quotes = "", 0
    for part in parts:
        spelled = template.text(part)
        if isinstance(part, str):
            quotes += len(_QUOTE.findall(part))
        elif quotes % 2 == 0 and not _is_json(spelled):
            spelled = json.dumps(spelled)
        text += spelled
    return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _text_of_file(where: str, form: str, location: Any, folder: Path | None) -> str:
    """The definition that is in a file: beside the template, or an asset of the cloud assembly."""
    key = location.get("Key", "") if isinstance(location, Mapping) else str(location)
    in_s3 = isinstance(location, Mapping) or key.startswith("s3://")
    stem = str(key).rpartition("/")[2]
    if folder is None:
        raise refusal(
            where, f"the definition is in a file ({form})", key, "give the path of the template, not its content"
        )
    if in_s3:
        file = folder / f"asset.{stem}"
        if not stem or not file.is_file():
            bucket = location.get("Bucket", "") if isinstance(location, Mapping) else ""
            at = key if str(key).startswith("s3://") else f"s3://{bucket}/{key}"
            raise refusal(where, f"the definition is in S3 ({form})", at, "download it, and give the file")
    else:
        file = folder / str(key)
    return text_at(file)


def _substituted(where: str, text: str, template: Template, properties: Mapping[str, Any]) -> str:
    """*text* with DefinitionSubstitutions put in as Step Functions does: as text, before anything is parsed."""
    given = template.value(properties.get("DefinitionSubstitutions"))
    if not isinstance(given, Mapping):
        return text
    values = {name: template.text(value) for name, value in given.items()}
    for _ in values:
        put = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
        if put == text:
            break
        text = put
        if len(text) > MAX_BYTES:
            raise refusal(
                where, "substitutions make the definition too large", f"{len(text):,} characters", "shorten them"
            )
    return text


def _parsed(where: str, text: str) -> Any:
    content = content_of(where, text)
    if isinstance(content, str):
        raise refusal(where, "the definition is a text that is neither JSON nor YAML", content[:60], "correct it")
    return content
