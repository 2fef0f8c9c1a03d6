"""Markets for tests of charts: bars of made-up prices in a symbol's own hours, and feeds of them at full speed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pinery.adapters.feeds.replay import ReplayMarket
from pinery.charts.bars import BarUpdate
from pinery.charts.building import BarBuilder
from pinery.charts.feed import FeedEvent, History
from pinery.core.bars import BarSeries
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe

EMPTY = BarSeries(np.zeros(0, np.int64), *(np.zeros(0) for _ in range(5)))
NOTHING = History(EMPTY)


@dataclass
class StillClock:
    """Time passes only while somebody sleeps."""

    seconds: float = 1_800_000_000.0

    def now(self) -> int:
        return round(self.seconds * 1000)

    def now_us(self) -> int:
        return self.now() * 1000

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def told(bars: dict[str, BarSeries], symbol: str, start: int | None = None) -> list[FeedEvent]:
    """Every event of a replay of the bars, once through."""
    market = ReplayMarket(
        "test", bars, StillClock(), lambda name, at: at, speed=0, loop=False, start=start, sleep=_at_once
    )

    async def read() -> list[FeedEvent]:
        return [event async for event in market.events([(symbol, Timeframe(1, ""))])]

    return asyncio.run(read())


async def _at_once(seconds: float) -> None:
    """No turn of the event loop for every price."""


def built(symbol: str, timeframe: str, events: Sequence[FeedEvent], history: History = NOTHING) -> list[BarUpdate]:
    builder = BarBuilder(lookup(symbol), Timeframe.parse(timeframe), history, symbol=symbol)
    return [update for event in events for update in builder.take(event)]


def rows(updates: Sequence[BarUpdate]) -> list[tuple[float, ...]]:
    """Of the bars that closed."""
    return [(u.time, u.open, u.high, u.low, u.close, u.volume) for u in updates if u.is_last]


def rows_of(bars: BarSeries) -> list[tuple[float, ...]]:
    columns = (bars.open, bars.high, bars.low, bars.close, np.round(bars.volume, 8))
    return list(zip(bars.time.tolist(), *(column.tolist() for column in columns), strict=True))
