"""Stored bars as the live prices of one account, from their start whenever it is connected."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from decimal import Decimal

import numpy as np

from pinery.adapters.feeds.sources import Source, load_all
from pinery.adapters.feeds.walking import Walker
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.trading.clock import Clock
from pinery.trading.prices import Tick

_ONE_BAR_MS = 60_000  # how long a single bar is taken to last


class ReplayFeed:
    """``sources``: symbol -> bars, a file of them, or the timeframe of stored ones. The rest as in ``ReplaySettings``.

    Ticks carry the clock's time, not the bars': to whoever reads them they are live. Hours without bars are skipped.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        clock: Clock,
        *,
        speed: float = 1.0,
        loop: bool = True,
        start: int | None = None,
        seed: int = 1,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sources = dict(sources)
        self._clock = clock
        self._speed = speed
        self._loop = loop
        self._start = start
        self._seed = seed
        self._sleep = sleep
        self._closed = False

    def covers(self, symbol: str) -> bool:
        return symbol in self._sources

    async def ticks(self, after: int = 0) -> AsyncIterator[Tick | None]:
        """Nothing was missed: the replay begins anew with each reader."""
        self._closed = False
        series = await asyncio.to_thread(self._load)
        longest = max(_spacing(bars) for bars in series.values())
        while not self._closed:
            merged = heapq.merge(
                *(self._walk(symbol, bars) for symbol, bars in series.items()), key=lambda moment: moment[0]
            )
            before: int | None = None
            due = self._clock.monotonic()
            for at, symbol, price, jumps in merged:
                passed = 0 if before is None else min(at - before, longest)
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
        for symbol, loaded in load_all(self._sources).items():
            bars = loaded.bars.between(self._start, None)
            if not len(bars):
                raise DataError(f"there are no bars of {symbol} to replay from the stated start on")
            found[symbol] = bars
        return found

    def _walk(self, symbol: str, bars: BarSeries) -> Iterator[tuple[int, str, Decimal, bool]]:
        """Moments in bar time."""
        walker = Walker(self._seed, symbol)
        length = _spacing(bars)
        for i in range(len(bars)):
            prices = (float(column[i]) for column in (bars.open, bars.high, bars.low, bars.close, bars.volume))
            opens = int(bars.time[i])
            for at, price, _, jumps in walker.moments(opens, opens + length, *prices):
                yield at, symbol, Decimal(repr(price)), jumps


def _spacing(bars: BarSeries) -> int:
    """How long a bar lasts, in ms."""
    return int(np.median(np.diff(bars.time))) if len(bars) > 1 else _ONE_BAR_MS
