"""How the paper account fills: prices, gaps, paths of bars, trailing, parts, money."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.paper.memory_book import MemoryBook
from pinery.trading.broker import Balance, Quote, ReportKind
from pinery.trading.errors import NotSent, OutcomeUnknown, Rejected
from pinery.trading.orders.model import Amendment, Order, OrderType, Role, Side, Status, Ticket, TimeInForce
from pinery.trading.prices import Tick
from tests.adapters.conformance.harness import Maker, Reader
from tests.adapters.paper.harness import ACCOUNT, ES, ETH, PaperHarness, PushFeed, SetClock, contract, settings

D = Decimal


class Desk:
    """A paper account with a reader, and what tests ask of it."""

    def __init__(self, broker: PaperBroker, clock: SetClock, feed: PushFeed | None) -> None:
        self.broker = broker
        self.clock = clock
        self.feed = feed
        self.make = Maker(PaperHarness(MemoryBook, feed=False))

    async def submit(self, order: Order, *protection: Order) -> list[tuple[Decimal, Decimal]]:
        await self.broker.submit(Ticket(order, protection))
        return await self.fills(order)

    async def fills(self, order: Order) -> list[tuple[Decimal, Decimal]]:
        found = await self.broker.find(order)
        return [(f.quantity, f.price) for f in found.fills] if found else []

    async def status(self, order: Order) -> Status:
        found = await self.broker.find(order)
        assert found is not None
        return found.status

    async def alert(self, price: str, symbol: str = ETH.symbol) -> None:
        self.clock.at += 1000
        await self.broker.price_seen(Quote(symbol, D(price), self.clock.at, "alert"))

    async def push(self, *prices: str, jumps: bool = True) -> None:
        assert self.feed is not None
        self.clock.at += 1000
        await self.feed.push(*(Tick(ETH.symbol, D(price), self.clock.at, jumps) for price in prices))
        await self.broker.snapshot()

    async def bar(self, opened: str, *rest: str) -> None:
        await self.push(opened)
        await self.push(*rest, jumps=False)

    async def balance(self) -> Balance:
        found = (await self.broker.snapshot()).balance
        assert found is not None
        return found


@asynccontextmanager
async def desk(feed: bool = False, **more: Any) -> AsyncIterator[Desk]:
    clock = SetClock()
    prices = PushFeed({ETH.symbol}) if feed else None
    broker = PaperBroker(ACCOUNT, settings(**more), MemoryBook(), clock, contract, prices)
    await broker.connect()
    try:
        yield Desk(broker, clock, prices)
    finally:
        await broker.close()


def run(scenario: Callable[[Desk], Awaitable[None]], feed: bool = False, **more: Any) -> None:
    async def all_of_it() -> None:
        async with desk(feed, **more) as it:
            await scenario(it)

    asyncio.run(all_of_it())


def test_without_a_feed_the_alert_price_is_the_fill_and_says_so() -> None:
    async def scenario(it: Desk) -> None:
        order = it.make.buy(reference_price=D("2010.55"))
        assert await it.submit(order) == [(order.quantity, D("2010.55"))]
        found = await it.broker.find(order)
        assert found is not None and found.fills[0].price_source == "alert"

    run(scenario)


def test_without_any_price_the_order_is_refused_with_a_code() -> None:
    async def scenario(it: Desk) -> None:
        order = it.make.buy(reference_price=None)
        for _ in range(2):  # the same answer when asked again
            with pytest.raises(Rejected) as refusal:
                await it.broker.submit(Ticket(order))
            assert refusal.value.code == "PAPER_NO_PRICE"
            assert "no market feed" in refusal.value.reason
        assert await it.status(order) is Status.REJECTED
        await it.alert("2000")
        assert await it.submit(it.make.buy(reference_price=None)) == [(D("0.3"), D(2000))]

    run(scenario)


def test_a_symbol_that_the_feed_does_not_cover_lives_on_alerts() -> None:
    async def scenario(it: Desk) -> None:
        order = replace(it.make.buy(), symbol=ES.symbol, quantity=D(1), reference_price=D("5000.25"))
        assert await it.submit(order) == [(D(1), D("5000.25"))]

    run(scenario, feed=True)


def test_an_unknown_symbol_is_refused() -> None:
    async def scenario(it: Desk) -> None:
        with pytest.raises(Rejected) as refusal:
            await it.broker.submit(Ticket(replace(it.make.buy(), symbol="NYSE:NOPE")))
        assert refusal.value.code == "SYMBOL_UNKNOWN"

    run(scenario)


def test_with_a_feed_a_market_order_waits_for_the_next_tick() -> None:
    async def scenario(it: Desk) -> None:
        await it.push("2000")
        order = it.make.buy(reference_price=D(1999))
        assert await it.submit(order) == []
        assert await it.status(order) is Status.WORKING
        await it.push("2003")
        assert await it.fills(order) == [(order.quantity, D(2003))]
        found = await it.broker.find(order)
        assert found is not None and found.fills[0].price_source == "feed"

    run(scenario, feed=True)


def test_slippage_is_against_the_trader_and_not_for_limits() -> None:
    async def scenario(it: Desk) -> None:
        assert await it.submit(it.make.buy(reference_price=D(2000))) == [(D("0.3"), D("2000.03"))]
        assert await it.submit(it.make.sell(reference_price=D(2000))) == [(D("0.3"), D("1999.97"))]
        stop = it.make.stop(Side.BUY, D(2010))
        limit = it.make.limit(Side.SELL, D(2010))
        await it.submit(stop)
        await it.submit(limit)
        await it.alert("2010")
        assert await it.fills(stop) == [(D("0.3"), D("2010.03"))]
        assert await it.fills(limit) == [(D("0.3"), D(2010))]

    run(scenario, slippage_ticks=D(3))


def test_a_bar_is_walked_along_the_path() -> None:
    """Open 2000, low 1980 (nearer), high 2030, close 2010: the stop is met before the target, at its own price."""

    async def scenario(it: Desk) -> None:
        entry = it.make.buy()
        ticket = it.make.bracket(entry, D("1985.5"), D("2025.5"))
        await it.push("2000")
        await it.broker.submit(ticket)
        await it.push("2000")
        await it.bar("2000", "1980", "2030", "2010")
        stop, target = ticket.protection
        assert await it.fills(stop) == [(D("0.3"), D("1985.5"))]
        assert await it.fills(target) == []
        assert await it.status(target) is Status.CANCELED

    run(scenario, feed=True)


def test_an_entry_and_its_target_within_one_bar() -> None:
    async def scenario(it: Desk) -> None:
        await it.push("2000")
        entry = it.make.limit(Side.BUY, D(1990))
        ticket = it.make.bracket(entry, D(1970), D(2005))
        await it.broker.submit(ticket)
        await it.bar("2000", "1985", "2010", "2001")
        assert await it.fills(entry) == [(D("0.3"), D(1990))]
        assert await it.fills(ticket.protection[1]) == [(D("0.3"), D(2005))]

    run(scenario, feed=True)


def test_gaps() -> None:
    """Beyond the stop: the gap's price, a worse one. Beyond the limit: the gap's price, a better one."""

    async def scenario(it: Desk) -> None:
        ticket = it.make.bracket(it.make.buy(), D(1950), None)
        await it.submit(ticket.order, *ticket.protection)
        limit = it.make.limit(Side.BUY, D(1960))
        await it.submit(limit)
        await it.alert("1900")
        assert await it.fills(ticket.protection[0]) == [(D("0.3"), D(1900))]
        assert await it.fills(limit) == [(D("0.3"), D(1900))]

    run(scenario)


def test_a_marketable_limit_fills_at_once_at_the_better_price() -> None:
    async def scenario(it: Desk) -> None:
        assert await it.submit(it.make.limit(Side.BUY, D(2005), reference_price=D(2000))) == [(D("0.3"), D(2000))]

    run(scenario)


def test_a_trailing_stop_inside_a_bar() -> None:
    """It follows to the high, and is met at its distance from there on the way down."""

    async def scenario(it: Desk) -> None:
        await it.push("2000")
        entry = it.make.buy()
        trail = it.make.order(
            Side.SELL, OrderType.TRAILING_STOP, Role.STOP, trail_offset=D("12.5"), parent=entry.client_id
        )
        await it.broker.submit(Ticket(entry, (trail,)))
        await it.push("2000")
        await it.bar("2000", "1990", "2030", "2005")
        assert await it.fills(trail) == [(D("0.3"), D("2017.5"))]

    run(scenario, feed=True)


def test_of_a_trailing_and_a_fixed_stop_the_closer_one_holds() -> None:
    async def scenario(it: Desk) -> None:
        for fixed, price in ((D(1995), D(1995)), (D(1980), D(1990))):
            entry = it.make.buy()
            trail = it.make.order(
                Side.SELL, OrderType.TRAILING_STOP, Role.STOP, trail_offset=D(10), stop_price=fixed,
                parent=entry.client_id,
            )  # fmt: skip
            await it.push("2000")
            await it.broker.submit(Ticket(entry, (trail,)))
            await it.push("2000")
            await it.push("1970", jumps=False)
            assert await it.fills(trail) == [(D("0.3"), price)]

    run(scenario, feed=True)


def test_parts_on_successive_ticks() -> None:
    async def scenario(it: Desk) -> None:
        await it.push("2000")
        order = it.make.buy()
        await it.broker.submit(Ticket(order))
        prices = ("2001", "2002", "2003", "2004")
        for price in prices:
            await it.push(price)
        fills = await it.fills(order)
        assert len(fills) in (2, 3) and sum(quantity for quantity, _ in fills) == order.quantity
        assert [price for _, price in fills] == [D(price) for price in prices[: len(fills)]]

    run(scenario, feed=True, partial_fill_share=1.0)


def test_parts_without_a_feed_come_at_once_each_a_tick_worse() -> None:
    async def scenario(it: Desk) -> None:
        fills = await it.submit(it.make.sell(reference_price=D(2000)))
        assert len(fills) in (2, 3) and sum(quantity for quantity, _ in fills) == D("0.3")
        assert [price for _, price in fills] == [D(2000) - i * ETH.tick for i in range(len(fills))]
        whole = replace(it.make.buy(), symbol=ES.symbol, quantity=D(1))  # one contract cannot be split
        assert len(await it.submit(whole)) == 1

    run(scenario, partial_fill_share=1.0)


def test_rejects_are_the_configured_share_and_the_same_ones_again() -> None:
    async def refused() -> set[str]:
        found = set()
        async with desk(reject_share=0.25) as it:
            for _ in range(200):
                order = it.make.buy()
                try:
                    await it.broker.submit(Ticket(order))
                except Rejected as error:
                    assert error.code == "PAPER_REJECT"
                    found.add(order.client_id)
        return found

    first, second = asyncio.run(refused()), asyncio.run(refused())
    assert first == second and 30 <= len(first) <= 70


def test_money_of_a_future() -> None:
    """2 ES at 50 dollars a point: 7 points are 700; 2.25 a contract and side; margin by contract."""

    async def scenario(it: Desk) -> None:
        buy = replace(it.make.buy(), symbol=ES.symbol, quantity=D(2), reference_price=D(5000))
        await it.submit(buy)
        await it.alert("5003.5", ES.symbol)
        held = await it.balance()
        assert (held.balance, held.equity) == (D("99995.5"), D("100345.5"))
        assert (held.margin_used, held.available) == (D(30000), D("70345.5"))
        await it.submit(replace(it.make.sell(role=Role.EXIT), symbol=ES.symbol, quantity=D(2), reference_price=D(5007)))
        end = await it.balance()
        assert (end.balance, end.equity, end.margin_used) == (D(100691), D(100691), D(0))

    run(scenario, commission_per_contract=D("2.25"))


def test_commission_in_percent_and_margin_by_leverage() -> None:
    async def scenario(it: Desk) -> None:
        await it.submit(it.make.buy(reference_price=D(2000)))
        found = await it.balance()
        assert found.balance == D(100_000) - D("0.3")  # 0.05 % of 600
        await it.alert("2000")
        assert (await it.balance()).margin_used == D(60)  # leverage 10

    run(scenario, commission_percent=D("0.05"))


def test_cash_is_exact_after_prices_that_do_not_divide() -> None:
    async def scenario(it: Desk) -> None:
        expected = D(0)
        for i in range(50):
            for side, quantity, price in (
                (Side.BUY, "0.1", "2000.01"), (Side.BUY, "0.1", "2000.02"), (Side.BUY, "0.1", "1999.97"),
                (Side.SELL, "0.07", "2001.11"), (Side.SELL, "0.23", "2001.13"),
            ):  # fmt: skip
                order = it.make.order(side, quantity=D(quantity), reference_price=D(price) + i)
                await it.submit(order)
                expected -= side.sign * D(quantity) * (D(price) + i)
        assert (await it.balance()).balance == D(100_000) + expected
        assert (await it.broker.snapshot()).positions == ()

    run(scenario)


def test_two_deployments_on_opposite_sides_each_close_their_own() -> None:
    async def scenario(it: Desk) -> None:
        await it.submit(it.make.buy(deployment="one"))
        await it.submit(it.make.sell(deployment="two"))
        assert (await it.broker.snapshot()).positions == ()
        assert len(await it.submit(it.make.sell(deployment="one", role=Role.EXIT))) == 1
        (position,) = (await it.broker.snapshot()).positions
        assert position.quantity == D("-0.3")
        with pytest.raises(Rejected):
            await it.submit(it.make.sell(deployment="one", role=Role.EXIT))

    run(scenario)


async def _two_entries(it: Desk) -> tuple[Ticket, Ticket]:
    """Long 0.6 by two entries, each with its stop and target."""
    first = it.make.bracket(it.make.buy(), D(1980), D(2020))
    second = it.make.bracket(it.make.buy(), D(1970), D(2030))
    await it.submit(first.order, *first.protection)
    await it.submit(second.order, *second.protection)
    return first, second


def test_protection_closes_what_its_own_entry_opened() -> None:
    async def scenario(it: Desk) -> None:
        first, second = await _two_entries(it)
        await it.alert("2020")
        assert await it.status(first.protection[0]) is Status.CANCELED
        assert await it.status(second.protection[0]) is Status.WORKING
        assert (await it.broker.snapshot()).positions[0].quantity == D("0.3")

    run(scenario)


def test_a_stop_made_larger_covers_the_whole_position() -> None:
    async def scenario(it: Desk) -> None:
        first, second = await _two_entries(it)
        await it.broker.cancel(second.protection[0])
        stop = first.protection[0]
        await it.broker.amend(stop, Amendment(stop.client_id, 1, quantity=D("0.6")))
        await it.alert("1975")
        assert await it.fills(stop) == [(D("0.6"), D(1975))]
        assert (await it.broker.snapshot()).orders == ()

    run(scenario)


def test_a_stop_sent_later_for_an_entry_that_is_closed_protects_what_is_held() -> None:
    async def scenario(it: Desk) -> None:
        first, second = await _two_entries(it)
        await it.broker.cancel(second.protection[0])
        await it.alert("2020")  # the first entry's target
        late = it.make.stop(Side.SELL, D(2000), role=Role.STOP, parent=first.order.client_id)
        await it.submit(late)
        assert await it.status(late) is Status.WORKING
        await it.alert("1999")
        assert await it.fills(late) == [(D("0.3"), D(1999))]
        assert (await it.broker.snapshot()).positions == ()

    run(scenario)


def test_day_orders_end_with_the_account_day() -> None:
    async def scenario(it: Desk) -> None:
        it.clock.at = 1_767_646_740_000  # 2026-01-05 14:59 in Chicago
        order = it.make.limit(Side.BUY, D(1900), time_in_force=TimeInForce.DAY)
        await it.submit(order)
        it.clock.at += 2 * 3_600_000
        assert await it.status(order) is Status.WORKING
        it.clock.at += 60_000  # 17:00
        await it.broker.snapshot()
        assert await it.status(order) is Status.EXPIRED

    run(scenario)


def test_latency_holds_requests_up() -> None:
    async def scenario(it: Desk) -> None:
        task = asyncio.create_task(it.broker.submit(Ticket(order := it.make.buy())))
        await asyncio.sleep(0.01)
        assert (await it.broker.snapshot()).positions == ()
        await task
        assert await it.status(order) is Status.FILLED

    run(scenario, latency_ms=2_000)


@pytest.mark.parametrize(
    ("why", "said"),
    [(None, "the price feed has ended"), (KeyError("bid"), "the price feed failed: internal error: KeyError")],
)
def test_the_end_of_the_feed_closes_the_venue(why: Exception | None, said: str) -> None:
    async def scenario(it: Desk) -> None:
        reader = Reader(it.broker)
        assert it.feed is not None
        it.feed.end(why)
        report = await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED)
        assert report.reason == said
        with pytest.raises(NotSent, match=said):
            await it.broker.submit(Ticket(it.make.buy()))
        await reader.close()

    run(scenario, feed=True)


def test_after_the_end_of_the_feed_it_connects_again() -> None:
    async def scenario(it: Desk) -> None:
        reader = Reader(it.broker)
        assert it.feed is not None
        it.feed.end()
        await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED)
        await it.broker.connect()
        await it.push("2000")
        order = it.make.buy()
        await it.broker.submit(Ticket(order))
        await it.push("2001")
        assert await it.fills(order) == [(D("0.3"), D(2001))]
        await reader.close()

    run(scenario, feed=True)


def test_rehearsed_faults_follow_the_outcome_policy() -> None:
    """Requests that never arrive, and answers that get lost: whoever asks before sending again ends up right."""

    async def scenario(it: Desk) -> None:
        met: Counter[str] = Counter()
        for _ in range(200):
            order = it.make.buy(quantity=D("0.1"))
            while True:
                try:
                    await it.broker.submit(Ticket(order))
                    break
                except NotSent:
                    met["not sent"] += 1
                except OutcomeUnknown:
                    found = await it.broker.find(order)
                    met["lost" if found is None else "executed"] += 1
                    if found is not None:
                        break
        assert (await it.broker.snapshot()).positions[0].quantity == 20
        assert all(15 <= met[what] <= 80 for what in ("not sent", "lost", "executed")), met

    run(scenario, unreachable_share=0.15, timeout_share=0.3)


def test_unread_quotes_do_not_pile_up() -> None:
    async def scenario(it: Desk) -> None:
        for i in range(500):
            await it.push(str(2000 + i))
        reader = Reader(it.broker)
        await reader.wait(lambda r: r.quote is not None and r.quote.price == D(2499))
        assert sum(r.kind is ReportKind.QUOTE for r in reader.seen) == 1
        await reader.close()

    run(scenario, feed=True)
