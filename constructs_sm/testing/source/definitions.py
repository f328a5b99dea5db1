"""The definition of a state machine, from wherever its template has it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.language.document_limits import MAX_BYTES
from constructs_sm.language.document_text import content_of, refusal, text_at
from constructs_sm.language.errors import Problem, raise_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from constructs_sm.testing.source.evaluation import Template

_FORMS = ("Definition", "DefinitionString", "DefinitionS3Location", "DefinitionUri")
_SHOWN = 10
"""The number of problems of one definition that are told."""
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


def checked(where: str, definition: Any) -> dict[str, Any]:
    """*definition*, if it has the shape of one: whatever else is wrong with it, whoever walks it finds states.

    Raises:
        InvalidInputError: It has not, or is larger than Step Functions takes.
    """
    problems = list(_misshapen(definition, ""))
    if (more := len(problems) - _SHOWN) > 0:
        problems[_SHOWN:] = [Problem("and others of the kind", more, "correct these first", "source-of-rehearsal")]
    raise_all(where, problems)
    try:
        size = len(json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode())
    except UnicodeEncodeError as error:
        half = f"U+{ord(error.object[error.start]):04X}"
        raise refusal(where, "the definition has half a character", half, "write the character itself") from None
    if size > MAX_BYTES:
        use = f"Step Functions takes {MAX_BYTES:,}: make a part of it a state machine of its own"
        raise refusal(where, "the definition is too large", f"{size:,} bytes", use)
    return dict(definition)


def _misshapen(machine: Any, path: str) -> Iterator[Problem]:
    """Find what is no state machine, or no state, in a definition."""
    use = "see https://states-language.net"
    at = path or "the definition"
    if not isinstance(machine, Mapping):
        yield Problem(f"{at} must be an object", _kind(machine), use, "source-of-rehearsal")
        return
    states = machine.get("States")
    if not isinstance(states, Mapping) or not states:
        yield Problem(f"{at} needs States", _kind(states), use, "source-of-rehearsal")
        return
    start = machine.get("StartAt")
    if not isinstance(start, str) or start not in states:
        yield Problem(
            f"{at}: StartAt must name one of its states",
            start,
            f"use one of {', '.join(map(str, list(states)[:5]))}",
            "source-of-rehearsal",
        )
    for name, state in states.items():
        if not isinstance(state, Mapping) or not isinstance(state.get("Type"), str):
            got = state.get("Type") if isinstance(state, Mapping) else _kind(state)
            yield Problem(f"state {name!r} must be an object with a Type", got, use, "source-of-rehearsal")
            continue
        yield from _misshapen_parts(name, state, use)


def _misshapen_parts(name: str, state: Mapping[str, Any], use: str) -> Iterator[Problem]:
    for field in ("Choices", "Catch", "Retry", "Branches"):
        parts = state.get(field, [])
        if not isinstance(parts, list) or not all(isinstance(part, Mapping) for part in parts):
            yield Problem(
                f"{field} of state {name!r} must be a list of objects", _kind(parts), use, "source-of-rehearsal"
            )
            continue
        for part in parts:
            if field == "Branches":
                yield from _misshapen(part, f"a branch of {name!r}")
            if field in {"Catch", "Retry"} and not _is_list_of_texts(part.get("ErrorEquals")):
                yield Problem(
                    f"{field} of state {name!r} needs ErrorEquals",
                    _kind(part.get("ErrorEquals")),
                    use,
                    "source-of-rehearsal",
                )
            if field in {"Catch", "Choices"} and not isinstance(part.get("Next"), str):
                yield Problem(
                    f"{field} of state {name!r} needs Next", _kind(part.get("Next")), use, "source-of-rehearsal"
                )
    yield from _misshapen_fields(name, state, use)


def _misshapen_fields(name: str, state: Mapping[str, Any], use: str) -> Iterator[Problem]:
    for field in sorted({"ItemProcessor", "Iterator"} & state.keys()):
        yield from _misshapen(state[field], f"{field} of {name!r}")
    for field in sorted({"Next", "Default", "Resource"} & state.keys()):
        if not isinstance(state[field], str):
            yield Problem(f"{field} of state {name!r} must be a text", _kind(state[field]), use, "source-of-rehearsal")


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _kind(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return "an object" if value else "an empty object"
    return f"{value!r:.40}" if isinstance(value, (str, bool, int, float)) else f"a {type(value).__name__}"


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
