"""Charts on Binance, against its simulator: live bars are those that a later history has, whatever breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from pinery.adapters.binance.feed import BinanceMarket
from pinery.adapters.feeds.prices import MarketPrices
from pinery.adapters.feeds.synthetic import synthetic_bars
from pinery.charts.bars import BarUpdate, Firing
from pinery.charts.building import BarBuilder
from pinery.charts.feed import Beat, Candle, FeedEvent, History
from pinery.charts.live import LiveChart
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.emulator.broker import Broker
from pinery.engine import compile_script, run
from pinery.lang.source import Source
from pinery.market.resample import resample
from pinery.market.symbols import lookup
from pinery.runtime.orders import StrategySettings
from pinery.runtime.timeframes import Timeframe
from pinery.simulators.common.faults import Armed
from pinery.simulators.common.serving import Server
from pinery.trading.prices import Tick
from tests.adapters.binance.market import BTC, ETH, MINUTE, SetClock, Venue, venue
from tests.charts.markets import rows, rows_of
from tests.sockets import open_sockets

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
START = 600 * 60  # a full hour of the made-up minutes


class Reader:
    """Follows a market in a task, into the bars of one symbol and timeframe."""

    def __init__(self, feed: BinanceMarket, clock: SetClock, timeframe: str, symbol: str = ETH) -> None:
        self.feed = feed
        self.clock = clock
        self.symbol = symbol
        self.timeframe = Timeframe.parse(timeframe)
        self.events: list[FeedEvent] = []
        self.updates: list[BarUpdate] = []
        self.history: History | None = None
        self.builder: BarBuilder | None = None

    async def begin(self, count: int = 50) -> None:
        stream = self.feed.events([(self.symbol, self.timeframe)])
        self.history = await self.feed.history(self.symbol, self.timeframe, count)
        self.builder = BarBuilder(lookup(self.symbol), self.timeframe, self.history, symbol=self.symbol)
        self.task = asyncio.create_task(self._read(stream))

    async def _read(self, stream: AsyncIterator[FeedEvent]) -> None:
        assert self.builder is not None
        async for event in stream:
            self.events.append(event)
            self.updates += self.builder.take(event)

    async def closed(self, time: int) -> None:
        """Until the bar that opens then is complete; time goes on meanwhile."""

        def is_there() -> bool:
            assert self.builder is not None
            self.clock.ms += 40
            return self.builder.last_complete is not None and self.builder.last_complete >= time

        await until(is_there, self.task)

    def bars(self) -> list[tuple[float, ...]]:
        assert self.history is not None
        return rows_of(self.history.bars) + rows(self.updates)


async def until(is_so: Callable[[], bool], *tasks: asyncio.Task[Any]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.01)


@asynccontextmanager
async def reading(place: Venue, timeframe: str, count: int = 50, symbol: str = ETH) -> AsyncIterator[Reader]:
    feed = place.feed()
    reader = Reader(feed, place.clock, timeframe, symbol)
    await reader.begin(count)
    try:
        yield reader
    finally:
        await feed.close()
        await asyncio.gather(reader.task, return_exceptions=True)


async def play(place: Venue, minutes: int, symbol: str = ETH) -> None:
    """Trade on for so long, and a little time more, in which nothing is traded."""
    first = place.clock.ms // MINUTE_MS * MINUTE_MS
    for i, move in enumerate(place.moves(symbol, first, first + (minutes - 1) * MINUTE_MS)):
        place.move(symbol, *move)
        if i % 8 == 0:
            await asyncio.sleep(0.002)
    place.clock.ms = max(place.clock.ms, first + minutes * MINUTE_MS)


async def connected(place: Venue, reader: Reader) -> None:
    await until(lambda: bool(place.simulator.streams.connections), reader.task)


def made(place: Venue, timeframe: str, symbol: str = ETH) -> list[tuple[float, ...]]:
    frame = Timeframe.parse(timeframe)
    return rows_of(resample(place.bars[symbol], lookup(symbol), MINUTE, frame).bars)


def fit(reader: Reader, place: Venue, timeframe: str, symbol: str = ETH) -> bool:
    """The bars that were seen are those that were traded, without a gap."""
    got, want = reader.bars(), made(place, timeframe, symbol)
    at = want.index(got[0])
    assert got == want[at : at + len(got)]
    return True


@pytest.mark.parametrize(("timeframe", "count"), [("1", 700), ("5", 60), ("10", 40), ("45", 20), ("1D", 5), ("2D", 4)])
def test_history_is_what_was_traded(timeframe: str, count: int) -> None:
    async def scenario() -> tuple[History, list[tuple[float, ...]], int]:
        async with venue(START) as place:
            place.clock.ms += 5_000
            feed = place.feed()
            try:
                found = await feed.history(ETH, Timeframe.parse(timeframe), count)
            finally:
                await feed.close()
            return found, made(place, timeframe), place.past.until

    history, want, until = asyncio.run(scenario())
    got = rows_of(history.bars)
    ended = [row for row in want if row[0] + Timeframe.parse(timeframe).seconds * 1000 <= until]
    assert len(got) == count and got == ended[-count:]
    if history.open is not None:
        assert history.open.time == want[want.index(got[-1]) + 1][0]
        assert not history.open.complete


@pytest.mark.parametrize("timeframe", ["1", "5", "10", "60"])
def test_live_bars_are_those_of_history(timeframe: str) -> None:
    async def scenario() -> None:
        async with venue(START) as place, reading(place, timeframe) as reader:
            await play(place, 20 if timeframe == "1" else 120)
            place.clock.ms += 5_000
            last = made(place, timeframe)
            ended = max(
                int(row[0]) for row in last if row[0] + reader.timeframe.seconds * 1000 <= place.clock.ms - 5_000
            )
            await reader.closed(ended)
            assert fit(reader, place, timeframe)
            assert reader.builder is not None and (reader.builder.late, reader.builder.missing) == (0, 0)
            again = await reader.feed.history(ETH, reader.timeframe, len(reader.bars()))
            assert rows_of(again.bars) == reader.bars()

    asyncio.run(scenario())


STRATEGY = """//@version=6
strategy("x", overlay = true, process_orders_on_close = false)
slow = ta.ema(close, 9)
if bar_index % 4 == 0
    strategy.entry("L", strategy.long)
if bar_index % 4 == 2
    strategy.entry("S", strategy.short)
strategy.exit("XL", "L", stop = strategy.position_avg_price * 0.9990, limit = strategy.position_avg_price * 1.0010)
strategy.exit("XS", "S", stop = strategy.position_avg_price * 1.0010, limit = strategy.position_avg_price * 0.9990)
plot(slow)
plot(strategy.equity)
"""


def test_a_live_chart_ends_each_bar_as_a_historical_run() -> None:
    """Trades, equity and plots."""
    script = compile_script(Source(STRATEGY))
    instrument = lookup(ETH)

    def state(bars: BarSeries) -> tuple[list[Any], list[float]]:
        broker = Broker(StrategySettings.from_declaration(script.program.declaration), instrument)
        result = run(script, bars, instrument, MINUTE, strategy=broker)
        values = [list(column) for _, column in result.outputs.plot_columns()]
        return [(f.direction, f.price) for f in broker.fills], values[1]

    async def scenario() -> tuple[LiveChart, list[Firing], BarSeries]:
        async with venue(START) as place, reading(place, "1", 100) as reader:
            assert reader.history is not None
            await connected(place, reader)
            chart = LiveChart(script, reader.history.bars, instrument, MINUTE)
            for _ in chart.load():
                pass
            await play(place, 30)
            place.clock.ms += 5_000
            await reader.closed(place.past.until + 29 * MINUTE_MS)
            fired = [firing for update in reader.updates for firing in chart.update(update)]
            history = await reader.feed.history(ETH, MINUTE, len(reader.bars()))
            return chart, fired, history.bars

    chart, fired, bars = asyncio.run(scenario())
    fills, equity = state(bars)
    live = [list(column) for _, column in chart.result().outputs.plot_columns()][1]
    assert len(fired) > 2 and len(fills) > len(fired)
    assert np.array_equal(live[: len(bars)], equity, equal_nan=True)


def test_a_stream_that_breaks_loses_nothing() -> None:
    async def scenario() -> None:
        async with venue(START) as place, reading(place, "1") as reader:
            await play(place, 10)
            await reader.closed(place.past.until + 8 * MINUTE_MS)
            await place.server.stop()
            await play(place, 10)
            place.server = Server(place.simulator.app, port=place.server.port)
            await place.server.start()
            await play(place, 10)
            place.clock.ms += 5_000
            await reader.closed(place.past.until + 29 * MINUTE_MS)
            assert fit(reader, place, "1")

    asyncio.run(scenario())


def test_a_stream_that_says_nothing_is_found_out() -> None:
    """Bars are asked for, and the stream is opened anew."""

    async def scenario() -> None:
        async with venue(START) as place, reading(place, "1") as reader:
            await connected(place, reader)
            await play(place, 3)
            await reader.closed(place.past.until + MINUTE_MS)
            [deaf] = place.simulator.streams.connections
            deaf.silent = True
            for _ in range(3):
                await play(place, 1)
                place.clock.ms += 4_000
                await reader.closed(place.clock.ms // MINUTE_MS * MINUTE_MS - MINUTE_MS)
                place.clock.ms -= 4_000
            await until(lambda: any(not one.silent for one in place.simulator.streams.connections), reader.task)
            await play(place, 3)
            place.clock.ms += 5_000
            await reader.closed(place.past.until + 8 * MINUTE_MS)
            assert fit(reader, place, "1")

    asyncio.run(scenario())


def test_a_reader_that_was_away_hears_of_what_was_meanwhile() -> None:
    async def scenario() -> list[FeedEvent]:
        async with venue(START) as place:
            await play(place, 6)
            place.clock.ms += 10_000
            feed = place.feed()
            found: list[FeedEvent] = []
            try:
                async for event in feed.events([(ETH, MINUTE)], place.past.until + 2 * MINUTE_MS):
                    found.append(event)
                    if isinstance(event, Beat):
                        break
            finally:
                await feed.close()
            return found

    *candles, beat = asyncio.run(scenario())
    assert [(c.time, c.complete) for c in candles if isinstance(c, Candle)] == [
        (int(t), True) for t in [c.time for c in candles[:4] if isinstance(c, Candle)]
    ]
    assert len(candles) == 4 and isinstance(beat, Beat)


async def _ends_with_its_market(place: Venue, wait: Callable[[], bool], go: Callable[[], None]) -> None:
    """A reader that was on its way in when the market was closed gets nothing, and leaves nothing open."""
    before, feed = open_sockets(), place.feed()

    async def read() -> list[FeedEvent]:
        return [event async for event in feed.events([(ETH, MINUTE)])]

    reader = asyncio.create_task(read())
    await until(wait, reader)
    await feed.close()
    go()
    assert await reader == []
    assert feed._hub._stream is None
    await until(lambda: open_sockets() <= before)


def test_a_reader_that_joins_as_the_market_is_closed_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    line, asked, go = BinanceMarket._line, asyncio.Event(), asyncio.Event()

    async def slow(self: BinanceMarket, *wanted: Any) -> Any:
        found = await line(self, *wanted)
        asked.set()
        await go.wait()
        return found

    async def scenario() -> None:
        monkeypatch.setattr(BinanceMarket, "_line", slow)
        async with venue(START) as place:
            await _ends_with_its_market(place, asked.is_set, go.set)

    asyncio.run(scenario())


@pytest.mark.parametrize("what", ["time", "exchangeInfo"])
def test_what_a_market_asks_as_it_is_closed_is_not_asked_again(what: str) -> None:
    """Over a connection that nobody would close."""

    async def scenario() -> None:
        async with venue(START) as place:
            faults = place.simulator.faults
            faults.arm(Armed("answered_late", f"GET /fapi/v1/{what}", options={"seconds": 0.3}))
            await _ends_with_its_market(place, lambda: not faults.armed, lambda: None)

    asyncio.run(scenario())


def test_limits_are_waited_for_and_unknown_symbols_named() -> None:
    async def scenario() -> Sequence[object]:
        async with venue(START, symbols=(ETH, BTC)) as place:
            faults = place.simulator.faults
            faults.arm(Armed("unavailable", "GET /fapi/v1/klines", times=2))
            faults.arm(Armed("internal", "GET /fapi/v1/time"))
            feed = place.feed()
            try:
                found = await feed.history(ETH, MINUTE, 20)
                with pytest.raises(DataError) as wrong:
                    await feed.history("BINANCE:ETHUSD.P", MINUTE, 20)
                with pytest.raises(DataError) as spot:
                    await feed.history("BINANCE:BTCUSDT", MINUTE, 20)
                with pytest.raises(DataError) as short:
                    await feed.history(ETH, Timeframe.parse("30S"), 20)
            finally:
                await feed.close()
            assert feed.covers(ETH) and not feed.covers("BINANCE:BTCUSDT") and not feed.covers("CME:ES1!")
            return len(found.bars), wrong.value.hint, spot.value.hint, short.value.hint

    count, wrong, spot, short = asyncio.run(scenario())
    assert count == 20
    assert "ETHUSDT.P" in str(wrong) and "BTCUSDT.P" in str(spot) and "one minute" in str(short)


def test_nobody_there_is_said() -> None:
    async def scenario() -> str:
        async with venue(START) as place:
            feed = place.feed()
            await place.server.stop()
            try:
                with pytest.raises(DataError) as error:
                    await feed.history(ETH, MINUTE, 20)
            finally:
                await feed.close()
            return error.value.message

    assert "cannot be reached: no connection" in asyncio.run(scenario())


def test_a_paper_account_trades_on_its_prices() -> None:
    """Symbols are asked for as they come up; what was traded before anybody listened is not met again."""

    async def scenario() -> list[Tick]:
        async with venue(START, symbols=(ETH, BTC)) as place:
            feed, found = place.feed(), []
            prices = MarketPrices(feed, place.clock)
            assert prices.covers(ETH) and not prices.covers("CME_MINI:ES1!")
            for move in place.moves(ETH, place.clock.ms, place.clock.ms)[:3]:
                place.move(ETH, *move)
            place.clock.ms += 2_000

            async def read() -> None:
                async for tick in prices.ticks():
                    assert tick is not None
                    found.append(tick)

            task = asyncio.create_task(read())
            try:
                await until(lambda: bool(place.simulator.streams.connections), task)
                await until(lambda: bool(found), task)
                place.clock.ms = place.past.until + MINUTE_MS
                await play(place, 3)
                await until(lambda: len(found) > 6, task)
                prices.covers(BTC)
                place.clock.ms += 2_000
                await until(lambda: len(streams(place)) == 2, task)
                await play(place, 3, BTC)
                await until(lambda: any(tick.symbol == BTC for tick in found), task)
            finally:
                await prices.close()
                await feed.close()
                await asyncio.gather(task, return_exceptions=True)
            return found

    found = [tick.price for tick in asyncio.run(scenario()) if tick.symbol == ETH]
    bars = synthetic_bars(ETH)
    path = [float(column[START]) for column in (bars.open, bars.high, bars.low)]
    assert found[0] in {Decimal(repr(price)) for price in path[1:]}  # the latest, not the minute's open
    columns = (bars.open, bars.high, bars.low, bars.close)
    assert set(found) <= {Decimal(repr(float(column[START + i]))) for column in columns for i in range(4)}


def streams(place: Venue) -> set[str]:
    return {name for one in place.simulator.streams.connections for name in one.names}
