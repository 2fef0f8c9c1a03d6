"""Charts on Tradovate's market data, against its simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinery.adapters.feeds.synthetic import synthetic_bars
from pinery.adapters.feeds.walking import Walker
from pinery.adapters.tradovate.feed import TradovateMarket
from pinery.adapters.tradovate.settings import TradovateSettings, Waits
from pinery.app.fetching import Fetched, Wanted, fetch
from pinery.app.fetching_tradovate import TradovateSource
from pinery.charts.bars import BarUpdate
from pinery.charts.building import BarBuilder
from pinery.charts.feed import Candle, FeedEvent, History
from pinery.charts.histories import history
from pinery.charts.markets import Surroundings
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.market.calendar import CHICAGO
from pinery.market.resample import resample
from pinery.market.store import BarStore
from pinery.market.symbols import lookup
from pinery.runtime.timeframes import Timeframe
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server
from pinery.simulators.tradovate.settings import SimAccount, SimUser
from pinery.simulators.tradovate.venue import TradovateSimulator
from pinery.trading.broker import Environment
from tests.charts.markets import rows, rows_of

ES, MONTH = "CME_MINI:ES1!", "CME_MINI:ESZ2025"
MINUTE, MINUTE_MS = Timeframe(1, ""), 60_000
BARS = synthetic_bars(ES)
START = 20_700  # a full hour inside a session of the made-up minutes


@dataclass
class SetClock:
    ms: int

    def now(self) -> int:
        return self.ms

    def now_us(self) -> int:
        return self.ms * 1000

    def monotonic(self) -> float:
        return self.ms / 1000


@dataclass
class Venue:
    market: Market
    simulator: TradovateSimulator
    server: Server
    clock: SetClock
    folder: Path
    asked: set[str] = field(default_factory=set)  # contracts whose bars were asked for

    def feed(self, **options: Any) -> TradovateMarket:
        settings = TradovateSettings(
            Environment.DEMO, "trader", "secret", "DEMO1", "77", "key", self.folder / "token.json",
            rest_url=f"{self.server.url}/v1", stream_url=f"{self.server.ws_url}/v1/websocket",
            md_url=f"{self.server.ws_url}/md/v1/websocket",
            waits=Waits(backoff=0.05, longest_backoff=0.2, heartbeat=0.5, **options),
        )  # fmt: skip
        around = Surroundings(self.clock, lambda name, at: at, lookup, self.folder, lambda name: name)
        return TradovateMarket("futures", settings, around)

    async def past(self, symbol: str, timeframe: Timeframe, count: int) -> History:
        now = self.clock.ms // MINUTE_MS * MINUTE_MS
        source = BARS.between(None, now - MINUTE_MS)
        made = history(source, lookup(symbol), MINUTE, timeframe, symbol, now, now)
        n = len(made.bars)
        return History(made.bars.slice(max(0, n - count), n), made.open)

    async def play(self, minutes: int, reader: Reader | None = None) -> None:
        """Trade on, then let the last minute end. No minute ends before ``reader`` has been told all of it."""
        walker = Walker(1, ES)
        at = int(np.searchsorted(BARS.time, self.clock.ms // MINUTE_MS * MINUTE_MS))
        for i in range(at, at + minutes):
            opens = int(BARS.time[i])
            columns = (float(c[i]) for c in (BARS.open, BARS.high, BARS.low, BARS.close, BARS.volume))
            for time, price, volume, jumps in walker.moments(opens, opens + MINUTE_MS, *columns):
                self.clock.ms = time
                self.market.move(MONTH, Decimal(repr(price)), time, Decimal(repr(volume)), jumps=jumps)
            if reader is None:
                await asyncio.sleep(0.002)
            else:
                last = price
                await until(lambda: reader.close == last, reader.task)  # noqa: B023
        self.clock.ms = int(BARS.time[at + minutes])


@asynccontextmanager
async def venue(folder: Path, start: int = START) -> AsyncIterator[Venue]:
    clock, market = SetClock(int(BARS.time[start])), Market()
    users = [SimUser("trader", "secret", (SimAccount("DEMO1"),), "77", "key")]
    place: Venue

    async def past(symbol: str, timeframe: Timeframe, count: int) -> History:
        place.asked.add(symbol)
        return await place.past(ES, timeframe, count)

    simulator = TradovateSimulator(market, users, clock, history=past)
    server = Server(simulator.app)
    await server.start()
    place = Venue(market, simulator, server, clock, folder)
    try:
        yield place
    finally:
        await place.server.stop()
        simulator.close()


async def until(is_so: Callable[[], bool], *tasks: asyncio.Task[Any]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            for task in tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.01)


class Reader:
    def __init__(self, feed: TradovateMarket, timeframe: str) -> None:
        self.feed = feed
        self.timeframe = Timeframe.parse(timeframe)
        self.events: list[FeedEvent] = []
        self.updates: list[BarUpdate] = []

    async def begin(self, count: int) -> None:
        stream = self.feed.events([(ES, self.timeframe)])
        self.history = await self.feed.history(ES, self.timeframe, count)
        self.builder = BarBuilder(lookup(ES), self.timeframe, self.history, symbol=ES)
        self.task = asyncio.create_task(self._read(stream))

    async def _read(self, stream: AsyncIterator[FeedEvent]) -> None:
        async for event in stream:
            self.events.append(event)
            self.updates += self.builder.take(event)

    @property
    def close(self) -> float | None:
        """The price that was told last."""
        return next((event.close for event in reversed(self.events) if isinstance(event, Candle)), None)

    async def closed(self, time: int) -> None:
        await until(lambda: self.builder.last_complete is not None and self.builder.last_complete >= time, self.task)


@asynccontextmanager
async def reading(place: Venue, timeframe: str, count: int) -> AsyncIterator[Reader]:
    reader = Reader(place.feed(), timeframe)
    await reader.begin(count)
    try:
        yield reader
    finally:
        await reader.feed.close()
        await asyncio.gather(reader.task, return_exceptions=True)


def made(timeframe: str) -> list[tuple[float, ...]]:
    return rows_of(resample(BARS, lookup(ES), MINUTE, Timeframe.parse(timeframe)).bars)


@pytest.mark.parametrize(("timeframe", "count"), [("1", 300), ("15", 50), ("45", 12), ("1D", 4)])
def test_history_is_what_was_traded(timeframe: str, count: int, tmp_path: Path) -> None:
    async def scenario() -> tuple[History, int]:
        async with venue(tmp_path) as place:
            place.clock.ms += 4_000
            feed = place.feed()
            try:
                return await feed.history(ES, Timeframe.parse(timeframe), count), place.clock.ms
            finally:
                await feed.close()

    found, _ = asyncio.run(scenario())
    got, want = rows_of(found.bars), made(timeframe)
    at = want.index(got[0])
    assert len(got) == count and got == want[at : at + count]
    assert int(BARS.time[START]) <= want[at + count][0] + Timeframe.parse(timeframe).seconds * 1000


@pytest.mark.parametrize("timeframe", ["1", "5", "60"])
def test_live_bars_are_those_of_history(timeframe: str, tmp_path: Path) -> None:
    async def scenario() -> tuple[list[tuple[float, ...]], int]:
        async with venue(tmp_path) as place, reading(place, timeframe, 20) as reader:
            await until(lambda: reader.feed.stream.charts > 0, reader.task)
            await place.play(120, reader)
            place.clock.ms += 5_000
            last = int(BARS.time[START + 120]) - reader.timeframe.seconds * 1000
            await reader.closed(last)
            assert reader.builder.late == 0
            return rows_of(reader.history.bars) + rows(reader.updates), last

    got, last = asyncio.run(scenario())
    want = made(timeframe)
    at = want.index(got[0])
    assert got == want[at : at + len(got)] and got[-1][0] == last


def test_a_connection_that_breaks_loses_nothing(tmp_path: Path) -> None:
    async def scenario() -> list[tuple[float, ...]]:
        async with venue(tmp_path) as place, reading(place, "1", 20) as reader:
            await until(lambda: reader.feed.stream.charts > 0, reader.task)
            await place.play(10)
            await reader.closed(int(BARS.time[START + 7]))
            await place.server.stop()
            await place.play(10)
            place.server = Server(place.simulator.app, port=place.server.port)
            await place.server.start()
            await until(lambda: reader.feed.stream.charts > 0, reader.task)
            await place.play(10)
            place.clock.ms += 5_000
            await reader.closed(int(BARS.time[START + 29]))
            return rows_of(reader.history.bars) + rows(reader.updates)

    got, want = asyncio.run(scenario()), made("1")
    at = want.index(got[0])
    assert got == want[at : at + len(got)]


def test_a_venue_out_of_reach_fails_only_while_the_exchange_trades(tmp_path: Path) -> None:
    """Tradovate is down for maintenance in the hour in which nothing trades."""

    async def scenario() -> str:
        async with venue(tmp_path) as place, reading(place, "1", 20) as reader:
            await until(lambda: reader.feed.stream.charts > 0, reader.task)
            await place.server.stop()
            for minute in (5, 30, 55):
                place.clock.ms = round(datetime(2025, 10, 7, 16, minute, tzinfo=CHICAGO).timestamp() * 1000)
                await asyncio.sleep(1.3)  # more than one attempt
                assert not reader.task.done()
            place.clock.ms += 10 * MINUTE_MS
            with pytest.raises(DataError) as error:
                await until(lambda: False, reader.task)
            return error.value.message

    assert "no connection" in asyncio.run(scenario())


def test_one_login_serves_two_feeds(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, int]:
        async with venue(tmp_path) as place:
            feeds = [place.feed(), place.feed()]
            try:
                found = [await feed.history(ES, MINUTE, 5) for feed in feeds]
            finally:
                for feed in feeds:
                    await feed.close()
            assert [len(one.bars) for one in found] == [5, 5]
            token = (tmp_path / "token.json").stat()
            return token.st_mode & 0o777, sum(1 for _ in tmp_path.glob("token.json"))

    assert asyncio.run(scenario()) == (0o600, 1)


def test_what_cannot_be_had_is_said(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        async with venue(tmp_path) as place:
            feed = place.feed()
            said = []
            try:
                for symbol, timeframe in [
                    ("BINANCE:ETHUSDT.P", "1"),
                    ("CME_MINI:ES", "1"),
                    ("CME_MINI:ESZ2041", "1"),
                    ("NYMEX:PL1!", "1"),
                    (ES, "10S"),
                ]:
                    with pytest.raises(DataError) as error:
                        await feed.history(symbol, Timeframe.parse(timeframe), 5)
                    said.append(f"{error.value.message}; {error.value.hint}")
            finally:
                await feed.close()
            assert feed.covers(ES) and feed.covers("CME_MINI:ESH2026") and not feed.covers("NASDAQ:AAPL")
            return said

    coin, root, far, unknown, short = asyncio.run(scenario())
    assert "futures of" in coin and "ES1!" in root and "year" in far and "one minute" in short
    assert "subscription" in unknown


def test_a_continuous_symbol_ends_when_it_means_the_next_month(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with venue(tmp_path) as place, reading(place, "1", 5) as reader:
            assert reader.feed.contract(ES) == "ESZ5" and reader.feed.contract("CME_MINI:ES2!") == "ESH6"
            await until(lambda: reader.feed.stream.charts > 0, reader.task)
            place.clock.ms = 1_765_800_000_000  # Monday, 2025-12-15: the month that follows is the front one
            with pytest.raises(DataError) as error:
                async with asyncio.timeout(30):
                    await reader.task
            return error.value.message

    assert "ESH6" in asyncio.run(scenario())


def test_a_continuous_symbol_is_downloaded_month_by_month(tmp_path: Path) -> None:
    """Over a roll: the bars before it are asked of the month that was the front one then."""
    wanted = Wanted(lookup(ES), MINUTE, int(BARS.time[6_000]), int(BARS.time[9_999]))

    async def scenario() -> tuple[Fetched, BarSeries | None, set[str]]:
        async with venue(tmp_path, 10_020) as place:
            source = TradovateSource(place.feed(), place.clock, lambda root: "")
            store, found = BarStore(tmp_path / "bars"), Fetched(wanted)
            try:
                await fetch(source, store, wanted, lambda done, total: None, found)
            finally:
                await source.close()
            return found, store.get(ES, MINUTE), place.asked

    found, bars, asked = asyncio.run(scenario())
    assert bars is not None and rows_of(bars) == rows_of(BARS.slice(6_000, 10_000))
    assert asked == {"CME_MINI:ESU2025", "CME_MINI:ESZ2025"}
    assert found.gaps == [] and found.left == [] and found.downloaded == 4_000
