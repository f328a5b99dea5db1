"""Fields of a request or a state, whose key ends in `.$` where Step Functions computes the value."""

from __future__ import annotations

from constructs_sm.language.late_bound import LATE


def join(path: str, key: object) -> str:
    """The path of a field, spelled without the mark of a late-bound one."""
    bare = str(key).removesuffix(LATE)
    return f"{path}.{bare}" if path else bare


def spelled_by_states(field: str) -> str:
    """Spell a field of an API as Step Functions does, which goes by the SDK for Java: `AiJobName` for `AIJobName`.

    Of several capitals at the beginning all but the first become small, and but the one that begins a word.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html (names in PascalCase)
    """
    field = field[:1].upper() + field[1:]
    capitals = next((at for at, letter in enumerate(field) if not letter.isupper()), len(field))
    end = capitals - 1 if capitals < len(field) and field[capitals].islower() else capitals
    return field[:1] + field[1 : max(end, 1)].lower() + field[max(end, 1) :]
