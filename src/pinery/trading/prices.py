"""The port of market data for accounts without a venue of their own: prices in the order in which they were met."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tick:
    """The price got to ``price``: by a jump, or (``jumps`` False) passing every price since the tick before it."""

    symbol: str
    price: Decimal
    time: int  # Unix ms
    jumps: bool = True
    market: int = 0  # the market's own time, Unix ms; 0 where the source has none that lasts


class PriceFeed(Protocol):
    """Prices of some symbols. One reader."""

    def covers(self, symbol: str) -> bool:
        """Whether prices of ``symbol`` (EXCHANGE:TICKER of a contract) come from here."""
        ...

    def ticks(self, after: int = 0) -> AsyncIterator[Tick | None]:
        """With the market's time ``after`` what it did since comes first, then None; then what it does.

        Ends when there are no more prices. Raises DataError when they cannot be read.
        """
        ...

    async def close(self) -> None: ...
