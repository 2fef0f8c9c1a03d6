"""Tradovate as a source of downloads.

A continuous symbol is stitched: each day has the bars of the month that our roll rule means on it, as they were traded.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator

import structlog

from pinery.adapters.tradovate.contracts import venue_name
from pinery.adapters.tradovate.feed import TradovateMarket
from pinery.adapters.tradovate.history import backwards, base_of, series_of
from pinery.app.fetching import Wanted
from pinery.charts.markets import Clock
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.market.rolls import ContractMonth, UnknownRoot, nth, parse_continuous
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe
from pinery.trading.errors import Rejected
from pinery.trading.windows import exchange_day

_SETTLED = 3_000  # ms
_MOST = 10**9  # bars


class TradovateSource:
    def __init__(self, market: TradovateMarket, clock: Clock, rolls: Callable[[str], str]) -> None:
        """``rolls`` gives the rule of a futures root, empty for our own."""
        self._market = market
        self._clock = clock
        self._rolls = rolls

    @property
    def always(self) -> bool:
        return False

    async def close(self) -> None:
        await self._market.close()

    def check(self, symbol: str, timeframe: Timeframe) -> None:
        """Raises DataError for what Tradovate does not have."""
        self._market.contract(symbol)
        if base_of(symbol, timeframe) != timeframe:
            raise DataError(
                f"{timeframe} bars are not fetched from Tradovate", "fetch 1m or 1h: Pinery makes longer ones of them"
            )

    def settled(self) -> int:
        return self._clock.now() - _SETTLED

    async def first(self, wanted: Wanted) -> int | None:
        grid = Buckets(wanted.timeframe, trading_calendar(wanted.instrument))
        grid.load(wanted.first)
        return grid.start if grid.start >= wanted.first else grid.last

    async def pages(self, wanted: Wanted) -> AsyncGenerator[BarSeries, None]:
        minutes, length = wanted.timeframe.multiplier, wanted.timeframe.seconds * 1000
        settled = self.settled()
        for contract, first, last in reversed(list(self._parts(wanted))):
            try:
                async for bars in backwards(self._market.stream, contract, minutes, first, last, _MOST):
                    yield series_of([bar for bar in bars if bar[0] + length <= settled])
            except DataError as error:
                if last == wanted.last:
                    raise
                # A month that is over: whether Tradovate keeps its bars is not documented. What is missing is a gap.
                structlog.get_logger().warning("bars_not_there", contract=contract, reason=error.message)

    def _parts(self, wanted: Wanted) -> Iterator[tuple[str, int, int]]:
        """Contracts by Tradovate's names, each with the opening times of its first and its last bar."""
        continuous = parse_continuous(wanted.instrument.ticker)
        if continuous is None:
            yield self._name(wanted.instrument.ticker), wanted.first, wanted.last
            return
        root, number = continuous
        days = Buckets(Timeframe(1, "D"), trading_calendar(wanted.instrument))
        at, began, month = wanted.first, wanted.first, None
        while at <= wanted.last:
            days.load(at)
            now = self._month(root, number, wanted, max(at, days.first))
            if month is not None and now != month:
                yield self._name(month.ticker), began, days.first - 1
                began = days.first
            month, at = now, days.last
        if month is not None:
            yield self._name(month.ticker), began, wanted.last

    def _month(self, root: str, number: int, wanted: Wanted, at: int) -> ContractMonth:
        try:
            return nth(root, number, exchange_day(wanted.instrument, at), self._rolls(root))
        except UnknownRoot as error:
            raise DataError(
                f"{wanted.instrument.tickerid}: {error}", "name the contract, as CME_MINI:ESZ2026"
            ) from None

    def _name(self, ticker: str) -> str:
        try:
            return venue_name(ticker, self._clock.now())
        except Rejected as error:
            raise DataError(error.message) from None
