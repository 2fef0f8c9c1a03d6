"""The Binance simulator as a market for tests: bars from before, prices that move, a clock that the test sets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from pinery.adapters.binance.feed import BinanceMarket
from pinery.adapters.binance.feed_settings import BinanceFeedSettings
from pinery.adapters.feeds.synthetic import synthetic_bars
from pinery.adapters.feeds.walking import Walker
from pinery.core.bars import BarSeries
from pinery.market.resample import resample
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from pinery.simulators.binance.tape import Candle, closing
from pinery.simulators.binance.venue import BinanceSimulator
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server
from pinery.trading.mapping import contract_of

ETH, BTC = "BINANCE:ETHUSDT.P", "BINANCE:BTCUSDT.P"
MINUTE = Timeframe(1, "")
FRAMES = {"1m": "1", "5m": "5", "15m": "15", "1h": "60", "1d": "1D", "1w": "1W", "1M": "1M"}


@dataclass
class SetClock:
    """Time is what the test says; nobody's sleep moves it."""

    ms: int

    def now(self) -> int:
        return self.ms

    def now_us(self) -> int:
        return self.ms * 1000

    def monotonic(self) -> float:
        return self.ms / 1000


@dataclass
class Past:
    """Bars of one minute as the simulator's history: what ended before ``until``."""

    bars: dict[str, BarSeries]
    until: int
    asked: list[tuple[str, int | None]] = field(default_factory=list)  # interval and start of each question

    async def __call__(
        self, symbol: str, interval: str, start: int | None, end: int | None, limit: int
    ) -> Sequence[Candle]:
        self.asked.append((interval, start))
        minutes = self.bars[symbol].between(None, self.until - 60_000)
        made = resample(minutes, lookup(symbol), MINUTE, Timeframe.parse(FRAMES[interval])).bars
        made = made.between(start, end)
        n = len(made)
        made = made.slice(0, limit) if start is not None else made.slice(max(0, n - limit), n)
        columns = (made.open, made.high, made.low, made.close, made.volume.round(8))
        rows = zip(made.time.tolist(), *(column.tolist() for column in columns), strict=True)
        return [Candle(row[0], *(Decimal(repr(value)) for value in row[1:])) for row in rows]


@dataclass
class Venue:
    """``bars`` are what is traded: those before ``clock`` are the past, the others come with ``play``."""

    market: Market
    simulator: BinanceSimulator
    server: Server
    clock: SetClock
    bars: dict[str, BarSeries]
    past: Past

    def feed(self) -> BinanceMarket:
        return BinanceMarket("binance", BinanceFeedSettings(self.server.url, self.server.ws_url), self.clock)

    def moves(self, symbol: str, first: int, last: int) -> list[tuple[int, float, float, bool]]:
        """Prices of the bars that open in the range, both ends included."""
        walker = Walker(1, symbol)
        found = []
        bars = self.bars[symbol].between(first, last)
        for i in range(len(bars)):
            opens = int(bars.time[i])
            prices = (float(column[i]) for column in (bars.open, bars.high, bars.low, bars.close, bars.volume))
            found += walker.moments(opens, opens + 60_000, *prices)
        return found

    def move(self, symbol: str, at: int, price: float, volume: float, jumps: bool) -> None:
        self.clock.ms = max(self.clock.ms, at)
        self.market.move(symbol, Decimal(repr(price)), at, Decimal(repr(round(volume, 8))), jumps=jumps)


@asynccontextmanager
async def venue(start: int, *, symbols: Sequence[str] = (ETH,), port: int = 0) -> AsyncIterator[Venue]:
    """``start``: index of the made-up minute that is the first to come."""
    bars = {symbol: synthetic_bars(symbol) for symbol in symbols}
    at = int(bars[symbols[0]].time[start])
    clock, market, past = SetClock(at), Market(), Past(bars, at)
    simulator = BinanceSimulator(
        market, [contract_of(symbol) for symbol in symbols], accounts=(), clock=clock, history=past
    )
    server = Server(simulator.app, port=port)
    await server.start()
    place = Venue(market, simulator, server, clock, bars, past)
    try:
        yield place
    finally:
        await place.server.stop()


__all__ = ["BTC", "ETH", "MINUTE", "Past", "SetClock", "Venue", "closing", "venue"]
