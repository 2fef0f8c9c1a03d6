"""Klines of the simulated Binance, from the bars that are played back."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from pinery.app.sim.venues import klines
from pinery.charts.feed import History
from pinery.core.bars import BarSeries
from pinery.runtime.timeframes import Timeframe

DAY = 86_400_000
NOW = 20_000 * DAY
DAYS = {"1w": 7, "1M": 28, "1d": 1, "4h": 1 / 6}


def series(*rows: tuple[float, ...]) -> BarSeries:
    columns = np.array(rows, np.float64).reshape(-1, 6).T
    return BarSeries(columns[0].astype(np.int64), *columns[1:])


class Asked:
    """A feed that remembers how much was asked of it."""

    def __init__(self, *rows: tuple[float, ...]) -> None:
        self.bars = series(*rows)
        self.counts: list[int] = []

    def now(self) -> int:
        return NOW

    async def history(self, symbol: str, timeframe: Timeframe, count: int) -> History:
        self.counts.append(count)
        return History(self.bars, None)


@pytest.mark.parametrize("interval", DAYS)
@pytest.mark.parametrize("start", [None, 0])
def test_the_longest_candles_ask_for_no_more_minutes_than_can_be_read_at_once(interval: str, start: int | None) -> None:
    feed: Any = Asked()
    assert asyncio.run(klines(feed)("BINANCE:ETHUSDT.P", interval, start, None, 1500)) == []
    assert feed.counts[0] * DAYS[interval] <= 2 * 366
    assert feed.counts[0] * DAYS[interval] >= min(1500 * DAYS[interval], 600)


def test_bars_from_before_have_a_volume_in_money_too() -> None:
    feed: Any = Asked((NOW - DAY, 2000, 2100, 1900, 2050, 3))
    (candle,) = asyncio.run(klines(feed)("BINANCE:ETHUSDT.P", "1d", None, None, 10))
    assert (candle.close, candle.volume, candle.quote) == (2050, 3, 6150)
