"""A chart's market as the prices of paper accounts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from pinery.adapters.feeds.prices import MarketPrices
from pinery.adapters.feeds.replay import ReplayMarket
from pinery.adapters.feeds.settings import open_feed
from pinery.adapters.feeds.tail import TailMarket
from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.paper.memory_book import MemoryBook
from pinery.adapters.paper.settings import PaperSettings
from pinery.runtime.timeframes import Timeframe
from pinery.trading.broker import ReportKind
from pinery.trading.orders.model import Side, Status, Ticket
from pinery.trading.prices import Tick
from tests.adapters.conformance.harness import Maker
from tests.adapters.feeds.clocks import SteppingClock
from tests.adapters.paper.harness import ACCOUNT, PaperHarness, contract
from tests.adapters.paper.harness import ES as ES_MONTH

ES, ETH = "CME_MINI:ES1!", "BINANCE:ETHUSDT.P"


def market(clock: SteppingClock) -> ReplayMarket:
    sources = {ES: "synthetic", ETH: "synthetic"}
    return ReplayMarket("m", sources, clock, lambda name, at: at, speed=60.0, began=5_000_000, sleep=clock.sleep)


async def ticks(prices: MarketPrices, count: int) -> list[Tick]:
    found = []
    stream = prices.ticks()
    async for tick in stream:
        assert tick is not None
        found.append(tick)
        if len(found) == count:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return found


def test_ticks_come_under_the_names_that_were_asked_for() -> None:
    clock = SteppingClock()
    prices = MarketPrices(market(clock), clock)
    assert prices.covers("CME_MINI:ESZ2026") and prices.covers("CME_MINI:ESH2027")
    assert not prices.covers("CME_MINI:NQZ2026")
    found = asyncio.run(ticks(prices, 20))
    assert {tick.symbol for tick in found} == {"CME_MINI:ESZ2026", "CME_MINI:ESH2027"}
    assert [t.price for t in found[::2]] == [t.price for t in found[1::2]]
    assert all(5_000_000 <= tick.time <= clock.now() for tick in found)  # the clock's, not the market's


def test_what_is_asked_for_later_comes_from_then_on() -> None:
    clock = SteppingClock()
    prices = MarketPrices(market(clock), clock)
    prices.covers(ES)

    async def read() -> list[str]:
        found = []
        async for tick in prices.ticks():
            assert tick is not None
            found.append(tick.symbol)
            if len(found) == 8:
                prices.covers(ETH)
            if len(found) == 20:
                await prices.close()
        return found

    found = asyncio.run(read())
    assert set(found[:8]) == {ES} and ETH in found[8:]


def test_accounts_see_the_prices_of_the_chart_and_may_be_closed_alone() -> None:
    clock = SteppingClock()
    shared = market(clock)
    one, other = MarketPrices(shared, clock), MarketPrices(shared, clock)
    for prices in (one, other):
        prices.covers(ETH)

    async def both() -> tuple[list[Tick], list[Tick]]:
        first = await ticks(one, 8)
        await one.close()
        return first, await ticks(other, 8)

    first, second = asyncio.run(both())
    assert len(first) == len(second) == 8
    assert first[-1].price != second[-1].price  # the market went on meanwhile


def test_an_account_that_starts_again_hears_of_what_rests_there() -> None:
    """Nobody has asked for the contract since: the book has."""
    clock, book = SteppingClock(), MemoryBook()
    make = Maker(PaperHarness(MemoryBook, feed=False))
    order = make.limit(Side.BUY, Decimal(5900), quantity=Decimal(1), reference_price=Decimal(6000))
    resting = replace(order, symbol=ES_MONTH.symbol)

    def broker(prices: MarketPrices | None) -> PaperBroker:
        return PaperBroker(ACCOUNT, PaperSettings(), book, clock, contract, prices)

    async def scenario() -> Status:
        before = broker(None)
        await before.connect()
        await before.submit(Ticket(resting))
        await before.close()
        after = broker(MarketPrices(market(clock), clock))
        await after.connect()
        try:
            async for report in after.reports():
                if report.kind is ReportKind.FILL:
                    break
            found = await after.find(resting)
        finally:
            await after.close()
        assert found is not None
        return found.status

    assert asyncio.run(asyncio.wait_for(scenario(), 120)) is Status.FILLED


class HeldClock(SteppingClock):
    """After some naps time stands still until ``go_on`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.stands = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        if len(self.naps) >= 20:
            self.stands.set()
            await self.go_on.wait()
        await super().sleep(seconds)


def test_resting_orders_meet_what_the_market_did_while_the_account_was_down() -> None:
    """At the prices of an account that was never down, and before anything new can be asked for."""

    async def prices_of_fills(down: bool) -> list[Decimal]:
        clock, book = HeldClock(), MemoryBook()

        async def opened() -> PaperBroker:
            prices = MarketPrices(market(clock), clock)
            prices.covers(ETH)
            broker = PaperBroker(ACCOUNT, PaperSettings(), book, clock, contract, prices)
            await broker.connect()
            return broker

        broker = await opened()
        await clock.stands.wait()
        bars = (await market(clock).history(ETH, Timeframe(1, ""), 1)).bars
        price = Decimal(round(float(bars.close[-1])))
        make = Maker(PaperHarness(MemoryBook, feed=False))
        orders = [make.stop(Side.BUY, price + 8), make.stop(Side.SELL, price - 8)]
        for order in orders:
            await broker.submit(Ticket(order))
        if down:
            await broker.close()
            clock.seconds += 3_600  # sixty hours of the market
        clock.go_on.set()
        if down:
            broker = await opened()
        found = [await broker.find(order) for order in orders]
        while not all(each is not None and each.status is Status.FILLED for each in found):
            assert not down
            await asyncio.sleep(0)
            found = [await broker.find(order) for order in orders]
        await broker.close()
        return [fill.price for each in found if each is not None for fill in each.fills]

    undisturbed = asyncio.run(asyncio.wait_for(prices_of_fills(False), 120))
    assert len(undisturbed) == 2
    assert asyncio.run(asyncio.wait_for(prices_of_fills(True), 120)) == undisturbed


def test_bars_of_a_file_that_grows_are_walked(tmp_path: Path) -> None:
    clock = SteppingClock(1_767_780_060.0)
    path = tmp_path / "eth.csv"
    path.write_text("")
    tail = TailMarket("t", {ETH: path}, clock, timeframe=Timeframe(1, ""), sleep=clock.sleep)
    prices = open_feed(tail, clock, tmp_path)
    assert isinstance(prices, MarketPrices) and prices.covers(ETH)

    async def read() -> list[Tick]:
        stream = prices.ticks()
        task = asyncio.create_task(anext(stream))  # type: ignore[arg-type]
        while not tail._loaded:
            await asyncio.sleep(0)
        path.write_text("1767780000,10,12,9,11,4\n")
        found = [await task]
        for _ in range(3):
            found.append(await anext(stream))
        await tail.close()
        return found

    assert [(str(t.price), t.jumps) for t in asyncio.run(read())] == [
        ("10.0", True), ("9.0", False), ("12.0", False), ("11.0", False),
    ]  # fmt: skip
