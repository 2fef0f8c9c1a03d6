"""A price feed that fails is asked again: the account and its stops are without prices for a while only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pinery.adapters.paper import broker as paper
from pinery.adapters.paper.broker import PaperBroker
from pinery.core.errors import DataError
from pinery.trading.broker import ReportKind
from pinery.trading.deployments import Bracket, Distance, Unit
from pinery.trading.orders.model import OrderType, Role, Side, Status, Ticket
from pinery.trading.prices import Tick
from tests.adapters.conformance.harness import Reader
from tests.adapters.paper.test_fills import Desk
from tests.adapters.paper.test_fills import run as at_broker
from tests.trading.desk.harness import ETH, MONDAY, D, Trading, demo, run, trading


class Market:
    """Goes on whether anybody reads it or not. ``lasts``: whether it has a time by which it can be asked again."""

    def __init__(self, lasts: bool) -> None:
        self._lasts = lasts
        self._ticks: list[Tick] = []
        self._more = asyncio.Event()
        self.broken = False
        self.asked = 0

    def go(self, *prices: float, jumps: bool = True) -> None:
        for price in prices:
            at = MONDAY + 1000 * len(self._ticks) + 1000
            self._ticks.append(Tick(ETH, D(str(price)), at, jumps, at if self._lasts else 0))
        self._more.set()

    def fail(self) -> None:
        self.broken = True
        self._more.set()

    def covers(self, symbol: str) -> bool:
        return symbol == ETH

    async def ticks(self, after: int = 0) -> AsyncIterator[Tick | None]:
        self.asked += 1
        told = len(self._ticks)
        if after and not self.broken:
            for tick in [one for one in self._ticks if one.market > after]:
                yield tick
            yield None
        while True:
            while told < len(self._ticks):
                yield self._ticks[told]
                told += 1
            if self.broken:
                raise DataError("the market cannot be reached")
            self._more.clear()
            await self._more.wait()

    async def close(self) -> None:
        return None


@asynccontextmanager
async def fed(folder: Path, market: Market) -> AsyncIterator[Trading]:
    class Fed(PaperBroker):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._prices = market

    stop = Bracket(stop=Distance(Unit.POINTS, D(20)))
    async with trading(folder, demo(bracket=stop), kind=Fed) as here:
        yield here


async def held(here: Trading, market: Market) -> None:
    """A position whose stop rests at 1980."""
    market.go(2000)
    here.post({"action": "buy", "quantity": 1, "ticker": ETH, "price": 2000})
    await here.settle(until=lambda: bool(here.orders(Role.ENTRY)))
    market.go(2000)
    await here.settle(until=lambda: here.position() == 1 and "new" not in [o.status for o in here.orders()])
    await here.settle()
    (stop,) = here.venue_orders().values()
    assert (stop.type, stop.stop_price) == (OrderType.STOP, 1980)


def count(here: Trading, kind: str) -> Callable[[int], Callable[[], bool]]:
    return lambda wanted: lambda: len(here.events(kind)) >= wanted


@pytest.mark.parametrize("lasts", [True, False])
def test_a_stop_is_hit_after_the_feed_has_failed(tmp_path: Path, lasts: bool) -> None:
    async def scenario() -> None:
        market = Market(lasts)
        async with fed(tmp_path, market) as here:
            await held(here, market)
            market.fail()
            await here.settle(until=count(here, "account.disconnected")(1))
            market.broken = False
            market.go(1990)
            await here.settle(until=lambda: market.asked == 2)
            market.go(1985, 1979)
            await here.settle(until=count(here, "account.connected")(2))
            await here.settle(until=lambda: here.position() == 0)
            await here.settle()
            assert [D(row.data["price"]) for row in here.venue_fills()] == [2000, 1979]
            assert len(here.trades()) == 1 and not here.open_orders()
            assert (market.asked, len(here.events("account.disconnected"))) == (2, 1)
            here.check_books()

    run(scenario())


def test_a_stop_meets_what_the_market_did_while_the_feed_was_down(tmp_path: Path) -> None:
    """Once, and in the order in which it happened: the price has come back since."""

    async def scenario() -> None:
        market = Market(True)
        async with fed(tmp_path, market) as here:
            await held(here, market)
            market.fail()
            await here.settle(until=count(here, "account.disconnected")(1))
            market.go(1990, 1975, 2010)
            market.broken = False
            await here.settle(until=lambda: here.position() == 0)
            await here.settle()
            assert [D(row.data["price"]) for row in here.venue_fills()] == [2000, 1975]
            here.check_books()

    run(scenario())


def test_an_order_does_not_meet_prices_from_before_the_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two nobody told where the price went."""
    monkeypatch.setattr(paper, "_SHORTEST_PAUSE", 0.01)
    monkeypatch.setattr(paper, "_PROOF", 0.01)

    async def scenario(it: Desk) -> None:
        reader = Reader(it.broker)
        assert it.feed is not None
        await it.push("2000")
        it.feed.end(DataError("the market cannot be reached"))
        await reader.wait(lambda report: report.kind is ReportKind.DISCONNECTED)
        await it.broker.connect()
        order = it.make.limit(Side.BUY, D(2005))
        await it.broker.submit(Ticket(order))
        await it.push("2010", jumps=False)
        assert await it.status(order) is Status.WORKING
        await it.push("2004", jumps=False)
        assert await it.fills(order) == [(order.quantity, D(2005))]
        await reader.close()

    at_broker(scenario, feed=True)


def test_a_feed_that_stays_broken_is_asked_ever_more_seldom_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "_SHORTEST_PAUSE", 0.01)
    pauses: list[float] = []

    async def scenario() -> None:
        market = Market(True)
        async with fed(tmp_path, market) as here:
            await held(here, market)
            market.fail()
            while market.asked < 6:
                await asyncio.sleep(0.01)
                assert here.broker is not None
                pauses.append(here.broker._pause)
            market.broken = False
            await here.settle(until=count(here, "account.connected")(2))
            await here.settle()
            assert len(here.events("account.disconnected")) == 1
            assert len(here.events("account.connected")) == 2
            assert "the market cannot be reached" in here.events("account.disconnected")[0].text
            here.check_books()

    run(scenario())
    assert pauses == sorted(pauses) and pauses[-1] >= 0.08
