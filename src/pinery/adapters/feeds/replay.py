"""Stored bars as live prices: each bar is walked along the path that the emulator assumes."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np

from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.emulator.path import Path as PricePath
from pinery.emulator.path import add_bar, clear
from pinery.market.files import read_bars
from pinery.market.store import BarStore
from pinery.runtime.timeframes import Timeframe
from pinery.trading.clock import Clock
from pinery.trading.prices import Tick

_ONE_BAR_MS = 60_000  # how long a single bar is taken to last


class ReplayFeed:
    """``bars``: symbol -> bars, a file of them, or the timeframe of stored ones. The rest as in ``ReplaySettings``.

    Ticks carry the clock's time, not the bars': to whoever reads them they are live. Hours without bars are skipped.
    """

    def __init__(
        self,
        bars: Mapping[str, BarSeries | Path | str],
        clock: Clock,
        *,
        speed: float = 1.0,
        loop: bool = True,
        start: int | None = None,
        seed: int = 1,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sources = dict(bars)
        self._clock = clock
        self._speed = speed
        self._loop = loop
        self._start = start
        self._random = Random(seed)
        self._sleep = sleep
        self._closed = False

    def covers(self, symbol: str) -> bool:
        return symbol in self._sources

    async def ticks(self) -> AsyncIterator[Tick]:
        self._closed = False
        series = await asyncio.to_thread(self._load)
        longest = max(_spacing(bars) for bars in series.values())
        while not self._closed:
            merged = heapq.merge(
                *(self._walk(symbol, bars) for symbol, bars in series.items()), key=lambda moment: moment[0]
            )
            before: float | None = None
            due = self._clock.monotonic()
            for at, symbol, price, jumps in merged:
                passed = 0.0 if before is None else min(at - before, longest)
                before = at
                if self._speed:
                    due += passed / 1000 / self._speed
                    await self._sleep(max(0.0, due - self._clock.monotonic()))
                else:
                    await self._sleep(0)
                if self._closed:
                    return
                yield Tick(symbol, price, self._clock.now(), jumps)
            if not self._loop:
                return

    async def close(self) -> None:
        self._closed = True

    def _load(self) -> dict[str, BarSeries]:
        found = {}
        for symbol, source in self._sources.items():
            bars = _read(symbol, source).between(self._start, None)
            if not len(bars):
                raise DataError(f"there are no bars of {symbol} to replay from the stated start on")
            found[symbol] = bars
        return found

    def _walk(self, symbol: str, bars: BarSeries) -> Iterator[tuple[float, str, Decimal, bool]]:
        """Moments in bar time: the open at once, the extremes in between, the close at the end."""
        path = PricePath()
        length = _spacing(bars)
        for i in range(len(bars)):
            clear(path)
            add_bar(path, float(bars.open[i]), float(bars.high[i]), float(bars.low[i]), float(bars.close[i]))
            first, second = sorted((self._random.random(), self._random.random()))
            shares = (0.0, first, second, 1.0)
            for share, price, jump in zip(shares, path.prices, path.jumps, strict=True):
                # The close comes just before the next open.
                at = float(bars.time[i]) + share * length * 0.999
                yield at, symbol, Decimal(repr(price)), jump == 1


def _read(symbol: str, source: BarSeries | Path | str) -> BarSeries:
    if isinstance(source, BarSeries):
        return source
    if isinstance(source, Path):
        return read_bars(source).bars
    bars = BarStore.default().get(symbol, Timeframe.parse(source))
    if bars is None:
        raise DataError(f"no bars of {symbol} are stored in timeframe {source}", "see pinery data list")
    return bars


def _spacing(bars: BarSeries) -> float:
    """How long a bar lasts, in ms."""
    return float(np.median(np.diff(bars.time))) if len(bars) > 1 else float(_ONE_BAR_MS)
