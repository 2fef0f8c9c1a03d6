"""A chart's market as the prices of a paper account."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from decimal import Decimal
from math import nan

from pinery.adapters.feeds.naming import source_of
from pinery.charts.feed import Beat, Candle, ChartFeed, Price
from pinery.charts.steps import Steps
from pinery.runtime.timeframes import Timeframe
from pinery.trading.clock import Clock
from pinery.trading.prices import Tick

_ANY = Timeframe(1, "")  # prices are the same in every timeframe


class MarketPrices:
    """Of one account; the market stays open when the account's feed is closed.

    Ticks come under the symbols that ``covers`` was asked for: an account that trades ``CME_MINI:ESZ2026`` gets the
    prices of ``CME_MINI:ES1!`` under that name. They carry the clock's time, not the market's.
    """

    def __init__(self, market: ChartFeed, clock: Clock) -> None:
        self._market = market
        self._clock = clock
        self._names: dict[str, tuple[str, ...]] = {}  # asked for, by the market's own symbol
        self._closed = False

    def covers(self, symbol: str) -> bool:
        """From any thread."""
        known = self._market.symbols()
        source = source_of(symbol, known) if known else symbol if self._market.covers(symbol) else None
        if source is None:
            return False
        names = self._names.get(source, ())
        if symbol not in names:
            self._names[source] = (*names, symbol)
        return True

    async def ticks(self, after: int = 0) -> AsyncIterator[Tick | None]:
        """Of a market that has any symbol, those that were asked for: read anew once there are more."""
        self._closed = False
        since, missing = after or None, after > 0
        steps: dict[str, Steps] = {}
        while not self._closed:
            wanted = tuple(self._market.symbols()) or tuple(self._names)
            events = self._market.events([(symbol, _ANY) for symbol in wanted], since)
            try:
                async for event in events:
                    if self._closed:
                        return
                    if isinstance(event, Beat):
                        if missing:
                            yield None
                        missing, since = False, event.now
                        if len(self._names) > len(wanted) and not self._market.symbols():
                            break
                        continue
                    if isinstance(event, Candle) and event.symbol not in steps:
                        steps[event.symbol], event = _begun(event, since)
                    for tick in self._ticks(event, steps.get(event.symbol)):
                        yield tick
                else:
                    return
            finally:
                if isinstance(events, AsyncGenerator):
                    await events.aclose()

    def _ticks(self, event: Price | Candle, steps: Steps | None) -> Iterator[Tick]:
        for name in self._names.get(event.symbol, ()):
            if isinstance(event, Price):
                yield Tick(name, Decimal(repr(event.price)), self._clock.now(), event.jumps, event.time)
        if isinstance(event, Candle) and steps is not None:
            for step in steps.take(event):
                for name in self._names.get(event.symbol, ()):
                    yield Tick(name, Decimal(repr(step.price)), self._clock.now(), step.jumps, event.now)

    async def close(self) -> None:
        self._closed = True


def _begun(candle: Candle, since: int | None) -> tuple[Steps, Price | Candle]:
    """What the first candle says: prices from before anybody listened are not walked again."""
    if candle.complete or (since is not None and candle.time >= since):
        return Steps(), candle
    return Steps(candle), Price(candle.symbol, candle.close, nan, candle.now)
