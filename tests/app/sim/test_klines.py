"""Klines of the simulated Binance, from the bars that are played back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pinery.app.sim.venues import klines
from pinery.charts.feed import History
from pinery.core.bars import BarSeries
from pinery.runtime.timeframes import Timeframe

DAY = 86_400_000
NOW = 20_000 * DAY
DAYS = {"1w": 7, "1M": 28, "1d": 1, "4h": 1 / 6}


class Asked:
    """A feed that has nothing, and remembers how much was asked of it."""

    def __init__(self) -> None:
        self.counts: list[int] = []

    def now(self) -> int:
        return NOW

    async def history(self, symbol: str, timeframe: Timeframe, count: int) -> History:
        self.counts.append(count)
        return History(BarSeries([], [], [], [], [], []), None)


@pytest.mark.parametrize("interval", DAYS)
@pytest.mark.parametrize("start", [None, 0])
def test_the_longest_candles_ask_for_no_more_minutes_than_can_be_read_at_once(interval: str, start: int | None) -> None:
    feed: Any = Asked()
    assert asyncio.run(klines(feed)("BINANCE:ETHUSDT.P", interval, start, None, 1500)) == []
    assert feed.counts[0] * DAYS[interval] <= 2 * 366
    assert feed.counts[0] * DAYS[interval] >= min(1500 * DAYS[interval], 600)
