"""The state machine role: what it is asked for, and what it may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_sm.testing.world.needs import of_keys
from constructs_sm.testing.world.policy import allows, statements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.testing.world.needs import Need


@dataclass(frozen=True, slots=True)
class Asked:
    """A permission that a state could not do without."""

    state: str
    need: Need
    allowed: bool


class Role:
    """One state machine role.

    Args:
        policy: What it is allowed; None allows all.
        trusts: The services that each role of the template lets assume it, by ARN; of other roles nothing is known.
        keys: The key that what is encrypted is encrypted with: ARNs, by ARN.
        lenient: Go on where something is not allowed, so that one run finds all that is missing.
    """

    def __init__(
        self,
        policy: Any = None,
        trusts: Mapping[str, Sequence[str]] | None = None,
        *,
        keys: Mapping[str, str] | None = None,
        lenient: bool = False,
    ) -> None:
        self.policy = None if policy is None else statements(policy)
        self.asked: list[Asked] = []
        self._trusts = trusts or {}
        self._keys = keys or {}
        self._lenient = lenient

    def refused(self, state: str, needs: Sequence[Need]) -> Need | None:
        """The first of *needs* that the role does not give, if it matters."""
        for need in (*needs, *of_keys(needs, self._keys)):
            allowed = self.policy is None or allows(self.policy, need)
            self.asked.append(Asked(state, need, allowed))
            if not allowed and not self._lenient:
                return need
        return None

    def distrusts(self, role_arn: str, service: str) -> bool:
        """Whether the role at *role_arn* is known not to let *service* assume it."""
        return service not in self._trusts.get(role_arn, (service,))
