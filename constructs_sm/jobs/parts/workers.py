"""Workers of Amazon Mechanical Turk who label, and what they are paid."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from constructs_sm.language.errors import Problem, raise_all
from constructs_sm.requests.rendering import Structure

_TENTHS_OF_A_CENT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicWorkteam(Structure):
    """The public workers of Amazon Mechanical Turk. They see the data: it must hold nothing personal.

    Attributes:
        price_in_usd: What one worker is paid for one object, as `"0.012"`: down to tenths of a cent. AWS's page of
            `PublicWorkforceTaskPrice` lists the prices of each task type.

    Raises:
        InvalidInputError: No such amount of money.
    """

    price_in_usd: Decimal | str | float

    def __post_init__(self) -> None:
        if self._tenths() is None:
            use = "pass dollars, down to tenths of a cent, as '0.036'"
            raise_all(
                "PublicWorkteam", [Problem("price_in_usd cannot be paid", self.price_in_usd, use, "argument-value")]
            )

    def to_request(self) -> dict[str, Any]:
        cents, tenths = divmod(self._tenths() or 0, 10)
        dollars, cents = divmod(cents, 100)
        return {"AmountInUsd": {"Dollars": dollars, "Cents": cents, "TenthFractionsOfACent": tenths}}

    def _tenths(self) -> int | None:
        try:
            # As it is written: 0.036 itself is no binary number.
            tenths = Decimal(str(self.price_in_usd)) * _TENTHS_OF_A_CENT
        except InvalidOperation:
            return None
        return int(tenths) if tenths.is_finite() and tenths >= 0 and tenths == int(tenths) else None
