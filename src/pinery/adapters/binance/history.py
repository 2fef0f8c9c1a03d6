"""Bars of Binance USDⓈ-M Futures: which ones there are, whole stretches of them, and the newest ones.

A bar is complete once its end lies ``SETTLED`` back at the time of the question: an answer that was on its way while a
bar ended may lack its last trades.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pinery.adapters.binance.public import Public
from pinery.charts.feed import History
from pinery.charts.histories import history
from pinery.core.bars import BarSeries, IntArray
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe

#: Timeframes whose bars Binance cuts where TradingView does. It has 3d, too, but counts those days differently.
INTERVALS = {
    Timeframe(1, ""): "1m",
    Timeframe(3, ""): "3m",
    Timeframe(5, ""): "5m",
    Timeframe(15, ""): "15m",
    Timeframe(30, ""): "30m",
    Timeframe(60, ""): "1h",
    Timeframe(120, ""): "2h",
    Timeframe(240, ""): "4h",
    Timeframe(360, ""): "6h",
    Timeframe(480, ""): "8h",
    Timeframe(720, ""): "12h",
    Timeframe(1, "D"): "1d",
    Timeframe(1, "W"): "1w",
    Timeframe(1, "M"): "1M",
}
PAGE = 499  # bars of a question: the most for their weight
SETTLED = 1_500  # ms

_AT_ONCE = 8  # questions under way
_STALE = 2 * 3_600_000  # ms without a bar
_LONGEST_MONTH, _SHORTEST_MONTH = 31 * 86_400_000, 28 * 86_400_000
_UTC = ("UTC", "Etc/UTC", "GMT", "Etc/GMT")


@dataclass(frozen=True, slots=True)
class Klines:
    """Bars by opening time, and when each is over (Unix ms, the first moment that is not its own)."""

    bars: BarSeries
    ends: IntArray

    def __len__(self) -> int:
        return len(self.bars)

    def until(self, settled: int) -> Klines:
        """Those that are over at ``settled``."""
        n = int(np.searchsorted(self.ends, settled, side="right"))
        return Klines(self.bars.slice(0, n), self.ends[:n])


def klines_of(rows: list[list[Any]], last: int | None = None) -> Klines:
    """Rows as Binance answers them. Raises DataError where they are not bars in order, or open after ``last``."""
    try:
        columns = np.array([[float(value) for value in row[:7]] for row in rows], np.float64).reshape(len(rows), 7).T
        times = np.array([int(row[0]) for row in rows], np.int64)
        ends = np.array([int(row[6]) + 1 for row in rows], np.int64)
    except (ValueError, TypeError, IndexError):
        raise DataError("Binance's answer holds no bars that can be read") from None
    bars = BarSeries(times, *columns[1:6])
    if len(times) and (np.any(np.diff(times) <= 0) or np.any(ends <= times) or (last is not None and times[-1] > last)):
        raise DataError("Binance's answer holds bars that are out of order, or that nobody asked for")
    if len(times) and not _sound(bars):
        raise DataError("Binance's answer holds bars whose prices cannot be right")
    return Klines(bars, ends)


def _sound(bars: BarSeries) -> bool:
    prices = np.array([bars.open, bars.high, bars.low, bars.close])
    fits = np.all(np.isfinite(prices)) and np.all(prices > 0) and np.all(bars.volume >= 0)
    return bool(fits and np.all(bars.high >= prices.max(axis=0)) and np.all(bars.low <= prices.min(axis=0)))


def base_of(symbol: str, timeframe: Timeframe, instrument: Instrument) -> Timeframe:
    """The longest of Binance's timeframes that the wanted bars are made of. Raises DataError for one that is too short.

    Where a symbol table gives the symbol hours of its own, bars are made of minutes and hours.
    """
    if timeframe.unit in ("T", "S"):
        raise DataError(f"Binance has no {timeframe} bars of {symbol}", "its shortest bars are those of one minute")
    own_hours = instrument.session != "24x7" or instrument.timezone not in _UTC
    if not own_hours and timeframe in INTERVALS:
        return timeframe
    if timeframe.isintraday:
        fitting = [f for f in INTERVALS if f.isintraday and not timeframe.seconds % f.seconds]
        return Timeframe(1, "") if own_hours else max(fitting, key=lambda f: f.seconds)
    if own_hours:
        return Timeframe(60, "")
    return Timeframe(1, "M") if timeframe.unit == "M" else Timeframe(1, "D")


def grid_of(timeframe: Timeframe, instrument: Instrument) -> Buckets:
    """Where bars begin and end."""
    return Buckets(timeframe, trading_calendar(instrument))


async def stretch(
    public: Public, symbol: str, timeframe: Timeframe, first: int, last: int, *, at_once: int = _AT_ONCE
) -> AsyncIterator[Klines]:
    """Pages of all bars that open from ``first`` to ``last`` (both included), in order, the open one among them.

    ``symbol`` is Binance's, ``timeframe`` one of ``INTERVALS``. An empty page says that Binance has none in that time.
    Raises DataError.
    """
    interval = INTERVALS[timeframe]
    waiting: list[tuple[int, asyncio.Task[list[list[Any]]]]] = []
    windows = _windows(timeframe, first, last)
    try:
        while True:
            while len(waiting) < at_once and (window := next(windows, None)) is not None:
                task = asyncio.create_task(public.klines(symbol, interval, *window, PAGE))
                waiting.append((window[1], task))
            if not waiting:
                return
            end, task = waiting.pop(0)
            yield klines_of(await task, end)
    finally:
        for _, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)


def _windows(timeframe: Timeframe, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Times that a page's bars lie in: no more bars than fit."""
    span = PAGE * (_SHORTEST_MONTH if timeframe.unit == "M" else timeframe.seconds * 1000)
    at = first
    while at <= last:
        yield at, min(at + span - 1, last)
        at += span


async def gathered(public: Public, symbol: str, timeframe: Timeframe, first: int, last: int) -> Klines:
    """All of a stretch. Raises DataError."""
    return _joined([page async for page in stretch(public, symbol, timeframe, first, last)])


def _joined(pages: list[Klines]) -> Klines:
    if not pages:
        return klines_of([])
    columns = ("time", "open", "high", "low", "close", "volume")
    bars = BarSeries(*(np.concatenate([getattr(page.bars, name) for page in pages]) for name in columns))
    return Klines(bars, np.concatenate([page.ends for page in pages]))


async def newest(public: Public, symbol: str, timeframe: Timeframe, count: int, instrument: Instrument) -> History:
    """The newest ``count`` complete bars of EXCHANGE:TICKER, fewer where there are no more, and the open one.

    Raises DataError.
    """
    base = base_of(symbol, timeframe, instrument)
    name = (await public.listed(symbol)).symbol
    await public.sync()
    settled = public.now() - SETTLED
    length = _LONGEST_MONTH * timeframe.multiplier if timeframe.unit == "M" else timeframe.seconds * 1000
    grid = grid_of(timeframe, instrument)
    first = _opening(grid, settled - (max(count, 0) + 1) * length)
    found = await gathered(public, name, base, first, settled)
    while len(found):
        end = int(found.ends[-1])
        made = history(found.bars, instrument, base, timeframe, symbol, settled, end)
        if len(made.bars) >= count:
            break
        earlier = _opening(grid, first - max(count - len(made.bars), PAGE) * length)
        more = await gathered(public, name, base, earlier, first - 1) if first > 0 else klines_of([])
        if not len(more):
            break
        first, found = earlier, _joined([more, found])
    if not len(found):
        raise DataError(f"Binance has no bars of {symbol} yet")
    if int(found.ends[-1]) < settled - _STALE:
        raise DataError(
            f"the newest bar of {symbol} is hours older than Binance's time",
            "it is not traded; or it is a simulator whose market is played back: use that replay as the feed",
        )
    n = len(made.bars)
    return History(made.bars.slice(max(n - count, 0), n), made.open)


def _opening(grid: Buckets, time: int) -> int:
    """When the bar that holds a moment begins, with all that belongs to it."""
    if time <= 0:
        return 0
    grid.load(time)
    return max(min(grid.first, grid.start), 0)
