"""Binance as a source of downloads."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from pinery.adapters.binance.history import INTERVALS, SETTLED, klines_of, stretch
from pinery.adapters.binance.public import Public, chart_symbol, venue_symbol
from pinery.app.fetching import Wanted
from pinery.charts.markets import Clock
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError

_ATTEMPTS = 8  # of each question


class BinanceSource:
    def __init__(self, url: str, clock: Clock) -> None:
        self._public = Public(url, clock, attempts=_ATTEMPTS)

    @property
    def always(self) -> bool:
        return True

    async def close(self) -> None:
        await self._public.close()

    async def name_of(self, symbol: str) -> str:
        """EXCHANGE:TICKER of a perpetual, however it was written. Raises DataError, with what may have been meant."""
        found = await self._public.listed(symbol)
        await self._public.sync()
        return chart_symbol(found.symbol)

    def settled(self) -> int:
        """Bars that end later are not complete."""
        return self._public.now() - SETTLED

    async def first(self, wanted: Wanted) -> int | None:
        interval = INTERVALS[wanted.timeframe]
        rows = await self._public.klines(_name(wanted), interval, wanted.first, wanted.last, 1)
        return int(klines_of(rows).bars.time[0]) if rows else None

    async def pages(self, wanted: Wanted) -> AsyncGenerator[BarSeries, None]:
        settled = self.settled()
        async for page in stretch(self._public, _name(wanted), wanted.timeframe, wanted.first, wanted.last):
            yield page.until(settled).bars


def _name(wanted: Wanted) -> str:
    name = venue_symbol(wanted.instrument.tickerid)
    if name is None:
        raise DataError(f"Binance has no perpetual {wanted.instrument.tickerid}")
    return name
