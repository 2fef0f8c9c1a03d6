"""The port of market data for charts: what was, and what happens now.

Times are Unix ms of the market. A market that is played back has its own time, which may run faster than the clock's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pinery.core.bars import BarSeries
from pinery.runtime.timeframes import Timeframe


@dataclass(frozen=True, slots=True)
class Price:
    """A trade. It got to ``price`` by a jump, or (``jumps`` False) passing every price since the one before.

    ``volume`` is nan where the source has none. ``id`` is the source's own name of the trade, if it has one: what
    comes twice under it is one trade. Without it two at the same moment with the same price and volume are one.
    """

    symbol: str
    price: float
    volume: float
    time: int
    jumps: bool = True
    id: str = ""


@dataclass(frozen=True, slots=True)
class Candle:
    """A bar as the source itself keeps it: as far as it has come at ``now``, or complete."""

    symbol: str
    timeframe: Timeframe
    time: int  # opening time
    open: float
    high: float
    low: float
    close: float
    volume: float
    now: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Beat:
    """Time went on and nothing was traded: bars may close by it."""

    now: int


FeedEvent = Price | Candle | Beat


@dataclass(frozen=True, slots=True)
class History:
    """Complete bars, oldest first, and the open one as far as it had come when it was asked for."""

    bars: BarSeries
    open: Candle | None = None


class ChartFeed(Protocol):
    """Bars and prices of some symbols. ``speed``: market time per clock time; 1 for a real market."""

    @property
    def name(self) -> str: ...
    @property
    def speed(self) -> float: ...
    def now(self) -> int:
        """The market's time."""
        ...

    def symbols(self) -> Sequence[str]:
        """EXCHANGE:TICKER of what it has; empty: anything may be asked for."""
        ...

    def covers(self, symbol: str) -> bool: ...
    async def history(self, symbol: str, timeframe: Timeframe, count: int) -> History:
        """The newest ``count`` bars. Raises DataError."""
        ...

    def events(self, wanted: Sequence[tuple[str, Timeframe]], since: int | None = None) -> AsyncIterator[FeedEvent]:
        """From now on; nothing between ``history`` and here is lost or told twice if this was asked for first.

        With ``since``, a time of the market, what was after it comes first, at once, and then a Beat. Any number of
        readers. Raises DataError when it breaks; asking again goes on from then.
        """
        ...

    async def close(self) -> None: ...
