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
        self._known: dict[tuple[str, str, str], bool] = {}

    def refused(self, state: str, needs: Sequence[Need]) -> Need | None:
        """The first of *needs* that the role does not give, if it matters."""
        for need in (*needs, *of_keys(needs, self._keys)):
            allowed = self.policy is None or self._allows(need)
            self.asked.append(Asked(state, need, allowed))
            if not allowed and not self._lenient:
                return need
        return None

    def _allows(self, need: Need) -> bool:
        """Whether the policy gives *need*: executions that branch from one another ask the same."""
        key = need.action, need.resource, str(need.context)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = allows(self.policy, need)
        return known

    def distrusts(self, role_arn: str, service: str) -> bool:
        """Whether the role at *role_arn* is known not to let *service* assume it."""
        return service not in self._trusts.get(role_arn, (service,))
