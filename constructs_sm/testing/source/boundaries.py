"""The permissions boundary of a role, as a template has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.source.templates import spelled_out, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Boundary:
    """A permissions boundary.

    Attributes:
        name: The policy, as the role names it; references spelled `${LogicalId}`.
        document: What it says, references spelled likewise; None where the template does not have it, so that nothing
            can be said of what the role may do.
    """

    name: str
    document: dict[str, Any] | None


def boundary_of(resources: Mapping[str, Any], role: str) -> Boundary | None:
    """The boundary of a role of the template; None if it has none.

    Args:
        resources: The template's.
        role: The role's logical id.
    """
    given = resources.get(role, {}).get("Properties", {}).get("PermissionsBoundary")
    if given is None or given == {"Ref": "AWS::NoValue"}:
        return None
    named = resources.get(given.get("Ref", ""), {}) if isinstance(given, dict) else {}
    if named.get("Type") != "AWS::IAM::ManagedPolicy":
        return Boundary(text_of(given), None)
    return Boundary(text_of(given), spelled_out(named["Properties"]["PolicyDocument"]))
