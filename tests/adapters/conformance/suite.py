"""What every broker adapter does, whatever its venue: subclass, and give a fixture ``harness`` (started).

 1  connecting reports CONNECTED; capabilities name the broker
 2  a market order is acknowledged, filled once, and find, snapshot and the venue agree
 3  ids: of venue and trades, unique and stable
 4  the same client id sent twice is one order
 5  refused: Rejected with a known code, nothing executed
 6  not sent: NotSent, the venue has nothing, sending again works
 7  outcome unknown, executed: find says so
 8  outcome unknown, not executed: find says None for certain; sending again executes once
 9  a limit order rests, is in the snapshot, fills at its price or better
10  a stop order fills at its price's first trade, beyond a gap at the gap
11  cancel of a working order; what was filled stays
12  cancel of a filled or unknown order is Rejected and changes nothing
13  cancel with unknown outcome: find says what happened
14  amend changes a price; a revision counts once; a final order cannot be amended
15  protection comes with its entry, and does nothing before the entry fills
16  stop and target cancel each other
17  protection covers what the entry has filled
18  protection dies with an entry that never filled
19  reduce-only orders never open or flip a position
20  one order reverses a position; its protection is for what it opens
21  a trailing stop follows, and does not give back
22  after a restart nothing is forgotten and nothing is done twice
23  a restart while a request is under way: find tells
24  repeated and shuffled reports identify themselves
25  dropped reports: find and snapshot have everything
26  quotes and balances; available = equity - margin; a round trip changes cash by its profit, exactly
27  without a connection: QueryFailed and NotSent, never an empty snapshot
28  numbers come back digit by digit
29  many orders at once: all of them, once each
30  immediate-or-cancel orders do not rest
31  random sessions with random faults: the position is what an independent ledger says (``sessions``)

Behaviours that capabilities exclude are skipped with the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from pinery.trading.broker import ReportKind
from pinery.trading.denials import DENIALS
from pinery.trading.errors import NotSent, OutcomeUnknown, QueryFailed, Rejected
from pinery.trading.orders.model import Amendment, Order, OrderType, Role, Side, Status, Ticket, TimeInForce
from tests.adapters.conformance.harness import BrokerHarness, Fault, Maker, Reader


@pytest.mark.anyio
class BrokerConformance:
    @pytest.fixture
    async def reader(self, harness: BrokerHarness) -> AsyncIterator[Reader]:
        reader = Reader(harness.broker)
        yield reader
        await reader.close()

    @pytest.fixture
    def make(self, harness: BrokerHarness) -> Maker:
        return Maker(harness)

    # --- helpers ----------------------------------------------------------------------

    async def trade(self, harness: BrokerHarness, order: Order | Ticket) -> str:
        """Submit a market order, alone or with protection, and let the market print its price."""
        ticket = order if isinstance(order, Ticket) else Ticket(order)
        venue_id = await harness.broker.submit(ticket)
        await harness.move(harness.price)
        return venue_id

    async def enter(self, harness: BrokerHarness, ticket: Ticket) -> str:
        """Trade an entry; its protection goes with it, or after its fill where the broker takes none with it."""
        if harness.broker.capabilities.protection_with_entry:
            return await self.trade(harness, ticket)
        venue_id = await self.trade(harness, ticket.order)
        for order in ticket.protection:
            await harness.broker.submit(Ticket(order))
        return venue_id

    async def position(self, harness: BrokerHarness) -> Decimal:
        """As the adapter says it; the venue must agree."""
        snapshot = await harness.broker.snapshot()
        found = sum((p.quantity for p in snapshot.positions if p.symbol == harness.symbol), Decimal(0))
        assert found == (await harness.truth([])).position
        return found

    async def status(self, harness: BrokerHarness, order: Order) -> Status | None:
        found = await harness.broker.find(order)
        return None if found is None else found.status

    async def open_orders(self, harness: BrokerHarness) -> set[str]:
        return {order.client_id for order in (await harness.broker.snapshot()).orders}

    def needs(self, harness: BrokerHarness, capability: str) -> None:
        if not getattr(harness.broker.capabilities, capability):
            pytest.skip(f"{harness.broker.capabilities.name} has no {capability}")

    # --- sending ----------------------------------------------------------------------

    async def test_01_connecting(self, harness: BrokerHarness, reader: Reader) -> None:
        await reader.wait(lambda r: r.kind is ReportKind.CONNECTED)
        assert harness.broker.capabilities.name
        await harness.broker.connect()  # again: no harm
        assert await self.position(harness) == 0

    async def test_02_market_order(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        order = make.buy()
        venue_id = await self.trade(harness, order)
        accepted = await reader.of(order, ReportKind.ACCEPTED)
        (fill,) = await reader.filled(order)
        assert accepted.venue_id == venue_id
        assert (fill.quantity, fill.price, fill.side) == (order.quantity, harness.price, Side.BUY)
        found = await harness.broker.find(order)
        assert found is not None
        assert (found.status, found.filled, found.average_price) == (Status.FILLED, order.quantity, harness.price)
        assert [each.trade_id for each in found.fills] == [fill.trade_id]
        assert await self.position(harness) == order.quantity
        assert await self.open_orders(harness) == set()

    async def test_03_ids(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        orders = [make.buy(), make.sell(), make.buy()]
        venue_ids = [await self.trade(harness, order) for order in orders]
        trades = [(await reader.filled(order))[0].trade_id for order in orders]
        assert len(set(venue_ids)) == len(set(trades)) == 3
        for order, venue_id, trade in zip(orders, venue_ids, trades, strict=True):
            found = await harness.broker.find(order)
            assert found is not None and found.client_id == order.client_id
            assert (found.venue_id, found.fills[0].trade_id) == (venue_id, trade)

    async def test_04_same_client_id_twice(self, harness: BrokerHarness, make: Maker) -> None:
        resting, filled = make.limit(Side.BUY, harness.price - 10 * harness.tick), make.buy()
        for order in (resting, filled):
            first = await self.trade(harness, order)
            assert await self.trade(harness, order) == first
        assert await self.position(harness) == filled.quantity
        assert await self.open_orders(harness) == {resting.client_id}

    async def test_05_refused(self, harness: BrokerHarness, make: Maker) -> None:
        order = make.buy()
        harness.fault("submit", Fault.REFUSED)
        with pytest.raises(Rejected) as refusal:
            await harness.broker.submit(Ticket(order))
        assert refusal.value.code in DENIALS and refusal.value.reason
        await harness.move(harness.price)
        assert await self.status(harness, order) in (None, Status.REJECTED)
        assert await self.position(harness) == 0

    async def test_06_not_sent(self, harness: BrokerHarness, make: Maker) -> None:
        order = make.buy()
        harness.fault("submit", Fault.NOT_SENT)
        with pytest.raises(NotSent):
            await harness.broker.submit(Ticket(order))
        assert await harness.broker.find(order) is None
        await self.trade(harness, order)
        assert await self.position(harness) == order.quantity

    async def test_07_unknown_but_executed(self, harness: BrokerHarness, make: Maker) -> None:
        order = make.buy()
        harness.fault("submit", Fault.UNANSWERED)
        with pytest.raises(OutcomeUnknown):
            await harness.broker.submit(Ticket(order))
        found = await harness.broker.find(order)
        assert found is not None and found.venue_id and found.status not in (Status.REJECTED, Status.CANCELED)
        await harness.move(harness.price)
        assert await self.status(harness, order) is Status.FILLED
        assert await self.position(harness) == order.quantity

    async def test_08_unknown_and_not_executed(self, harness: BrokerHarness, make: Maker) -> None:
        order = make.buy()
        harness.fault("submit", Fault.LOST)
        with pytest.raises(OutcomeUnknown):
            await harness.broker.submit(Ticket(order))
        assert await harness.broker.find(order) is None
        await self.trade(harness, order)
        assert await self.position(harness) == order.quantity

    # --- resting orders ---------------------------------------------------------------

    async def test_09_limit(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        start, tick = harness.price, harness.tick
        buy, sell = make.limit(Side.BUY, start - 8 * tick), make.limit(Side.SELL, start + 8 * tick)
        for order in (buy, sell):
            await harness.broker.submit(Ticket(order))
        await harness.move(start - 7 * tick)
        snapshot = await harness.broker.snapshot()
        assert {(o.client_id, o.status, o.limit_price) for o in snapshot.orders} == {
            (o.client_id, Status.WORKING, o.limit_price) for o in (buy, sell)
        }
        await harness.move(start - 8 * tick)
        (fill,) = await reader.filled(buy)
        assert fill.price == buy.limit_price
        await harness.move(start + 12 * tick)
        (fill,) = await reader.filled(sell)
        assert sell.limit_price is not None and fill.price >= sell.limit_price
        assert await self.position(harness) == 0

    async def test_10_stop(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        start, tick = harness.price, harness.tick
        buy, sell = make.stop(Side.BUY, start + 8 * tick), make.stop(Side.SELL, start - 8 * tick)
        for order in (buy, sell):
            await harness.broker.submit(Ticket(order))
        await harness.move(start + 7 * tick)
        assert await self.position(harness) == 0
        await harness.move(start + 8 * tick)
        (fill,) = await reader.filled(buy)
        assert fill.price == buy.stop_price
        await harness.move(start - 20 * tick)
        (fill,) = await reader.filled(sell)
        assert fill.price == start - 20 * tick  # the market was never at the stop's price

    async def test_11_cancel(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        order = make.limit(Side.BUY, harness.price - 8 * harness.tick)
        await harness.broker.submit(Ticket(order))
        await harness.broker.cancel(order)
        await reader.of(order, ReportKind.CANCELED)
        await harness.move(harness.price - 20 * harness.tick)
        assert await self.status(harness, order) is Status.CANCELED
        assert await self.position(harness) == 0
        if harness.in_parts(3):
            part = make.buy()
            await self.trade(harness, part)
            await harness.broker.cancel(part)
            found = await harness.broker.find(part)
            assert found is not None and found.status is Status.CANCELED
            assert found.filled in (part.quantity / 3, 2 * part.quantity / 3)  # some venues begin without a move
            await harness.move(harness.price)
            assert await self.position(harness) == found.filled

    async def test_12_cancel_of_filled_or_unknown(self, harness: BrokerHarness, make: Maker) -> None:
        filled, unknown = make.buy(), make.buy()
        await self.trade(harness, filled)
        for order in (filled, unknown):
            with pytest.raises(Rejected) as refusal:
                await harness.broker.cancel(order)
            assert refusal.value.code in DENIALS
        assert await self.status(harness, filled) is Status.FILLED
        assert await harness.broker.find(unknown) is None

    async def test_13_cancel_with_unknown_outcome(self, harness: BrokerHarness, make: Maker) -> None:
        order = make.limit(Side.BUY, harness.price - 8 * harness.tick)
        await harness.broker.submit(Ticket(order))
        harness.fault("cancel", Fault.LOST)
        with pytest.raises(OutcomeUnknown):
            await harness.broker.cancel(order)
        assert await self.status(harness, order) is Status.WORKING
        harness.fault("cancel", Fault.NOT_SENT)
        with pytest.raises(NotSent):
            await harness.broker.cancel(order)
        assert await self.status(harness, order) is Status.WORKING
        harness.fault("cancel", Fault.UNANSWERED)
        with pytest.raises(OutcomeUnknown):
            await harness.broker.cancel(order)
        assert await self.status(harness, order) is Status.CANCELED

    async def test_14_amend(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        self.needs(harness, "amend")
        start, tick = harness.price, harness.tick
        order = make.limit(Side.BUY, start - 8 * tick)
        await harness.broker.submit(Ticket(order))
        first = Amendment(order.client_id, 1, limit_price=start - 4 * tick)
        await harness.broker.amend(order, first)
        await reader.of(order, ReportKind.AMENDED)
        await harness.broker.amend(order, Amendment(order.client_id, 2, quantity=2 * order.quantity))
        await harness.broker.amend(order, first)  # late: revision 1 is over
        found = await harness.broker.find(order)
        assert found is not None
        assert (found.limit_price, found.quantity) == (start - 4 * tick, 2 * order.quantity)
        await harness.move(start - 4 * tick)
        assert await self.position(harness) == 2 * order.quantity
        with pytest.raises(Rejected):
            await harness.broker.amend(order, Amendment(order.client_id, 3, limit_price=start))

    # --- protection -------------------------------------------------------------------

    async def test_15_protection_rests_with_its_entry(
        self, harness: BrokerHarness, reader: Reader, make: Maker
    ) -> None:
        self.needs(harness, "protection_with_entry")
        start, tick = harness.price, harness.tick
        entry = make.limit(Side.BUY, start - 8 * tick)
        ticket = make.bracket(entry, start - 16 * tick, start + 16 * tick)
        await harness.broker.submit(ticket)
        ids = {entry.client_id, *(p.client_id for p in ticket.protection)}
        for order in (entry, *ticket.protection):
            await reader.of(order, ReportKind.ACCEPTED)
        assert await self.open_orders(harness) == ids
        await harness.move(start + 20 * tick)  # beyond the target, but there is nothing to close
        assert await self.position(harness) == 0
        assert await self.open_orders(harness) == ids
        await harness.move(start - 8 * tick)
        assert await self.position(harness) == entry.quantity
        assert await self.open_orders(harness) == ids - {entry.client_id}
        await harness.move(start - 16 * tick)
        (fill,) = await reader.filled(ticket.protection[0])
        assert (fill.price, fill.side) == (start - 16 * tick, Side.SELL)
        assert await self.position(harness) == 0

    @pytest.mark.parametrize("winner", [0, 1], ids=["stop", "target"])
    @pytest.mark.parametrize("side", list(Side))
    async def test_16_one_cancels_the_other(
        self, harness: BrokerHarness, reader: Reader, make: Maker, winner: int, side: Side
    ) -> None:
        self.needs(harness, "oco")
        start, far = harness.price, 16 * harness.tick * side.sign
        ticket = make.bracket(make.order(side), start - far, start + far)
        await self.trade(harness, ticket)
        assert await self.position(harness) == side.sign * ticket.order.quantity
        await harness.move(start + far if winner else start - far)
        won, lost = ticket.protection[winner], ticket.protection[1 - winner]
        await reader.filled(won)
        await reader.of(lost, ReportKind.CANCELED)
        assert await self.status(harness, lost) is Status.CANCELED
        assert await self.open_orders(harness) == set()
        await harness.move(start - far if winner else start + far)
        assert await self.position(harness) == 0

    async def test_17_protection_covers_what_is_filled(
        self, harness: BrokerHarness, reader: Reader, make: Maker
    ) -> None:
        self.needs(harness, "protection_with_entry")
        if not harness.in_parts(3):
            pytest.skip("this venue does not fill in parts on demand")
        start, tick = harness.price, harness.tick
        entry = make.limit(Side.BUY, start)
        third = entry.quantity / 3
        ticket = make.bracket(entry, start - 16 * tick, start + 16 * tick)
        await harness.broker.submit(ticket)
        await harness.move(start)
        await reader.filled(entry, third)
        await harness.broker.cancel(entry)
        assert (await reader.of(entry, ReportKind.CANCELED)).filled in (third, None)
        assert await self.position(harness) == third
        harness.in_parts(1)
        await harness.move(start - 16 * tick)
        for _ in range(3):  # protection may fill in parts, too
            await harness.move(start - 20 * tick)
        assert sum(f.quantity for f in await reader.filled(ticket.protection[0], third)) == third
        assert await self.position(harness) == 0
        assert await self.open_orders(harness) == set()

    async def test_18_protection_dies_with_its_entry(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        self.needs(harness, "protection_with_entry")
        start, tick = harness.price, harness.tick
        ticket = make.bracket(make.limit(Side.BUY, start - 8 * tick), start - 16 * tick, start + 16 * tick)
        await harness.broker.submit(ticket)
        await harness.broker.cancel(ticket.order)
        for order in (ticket.order, *ticket.protection):
            await reader.of(order, ReportKind.CANCELED)
        assert await self.open_orders(harness) == set()

    async def test_19_reduce_only(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        self.needs(harness, "reduce_only")
        start, tick = harness.price, harness.tick
        with pytest.raises(Rejected):  # nothing to reduce
            await harness.broker.submit(Ticket(make.sell(role=Role.EXIT)))
        ticket = make.bracket(make.buy(), start - 16 * tick, None)
        await self.enter(harness, ticket)
        large = make.sell(role=Role.EXIT, quantity=2 * harness.quantity)
        await self.trade(harness, large)
        assert await self.position(harness) == 0
        assert sum(f.quantity for f in await reader.filled(large, harness.quantity)) == harness.quantity
        await harness.move(start - 16 * tick)  # the stop of a position that is gone
        assert await self.position(harness) == 0
        assert await self.status(harness, large) in (Status.CANCELED, Status.EXPIRED)

    async def test_20_reversal_in_one(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        self.needs(harness, "reverse_in_one")
        start, tick, one = harness.price, harness.tick, harness.quantity
        first = make.bracket(make.buy(), start - 16 * tick, None)
        await self.enter(harness, first)
        back = make.bracket(make.sell(quantity=2 * one, closes=one), start + 16 * tick, None)
        await self.enter(harness, back)
        assert await self.position(harness) == -one
        assert await self.open_orders(harness) <= {first.protection[0].client_id, back.protection[0].client_id}
        await harness.move(start - 16 * tick)  # where the first position's stop was
        assert await self.position(harness) == -one
        await harness.move(start + 16 * tick)
        assert await self.position(harness) == 0

    async def test_21_trailing_stop(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        self.needs(harness, "trailing_stop")
        start, tick = harness.price, harness.tick
        await self.trade(harness, make.buy())
        stop = make.order(Side.SELL, OrderType.TRAILING_STOP, Role.STOP, trail_offset=8 * tick)
        await harness.broker.submit(Ticket(stop))
        for steps in (0, 10, 4, 20, 13):
            await harness.move(start + steps * tick)
        assert await self.position(harness) == harness.quantity
        await harness.move(start + 12 * tick)
        (fill,) = await reader.filled(stop)
        assert fill.price == start + 12 * tick
        assert await self.position(harness) == 0

    # --- restarts and reports ---------------------------------------------------------

    async def test_22_restart(self, harness: BrokerHarness, make: Maker) -> None:
        start, tick = harness.price, harness.tick
        ticket = make.bracket(make.buy(), start - 16 * tick, start + 16 * tick)
        resting = make.limit(Side.BUY, start - 8 * tick)
        venue_id = await self.enter(harness, ticket)
        await harness.broker.submit(Ticket(resting))
        before = await harness.broker.find(ticket.order)
        await harness.restart()
        reader = Reader(harness.broker)
        await reader.wait(lambda r: r.kind is ReportKind.CONNECTED)
        assert await harness.broker.find(ticket.order) == before
        assert await self.open_orders(harness) == {resting.client_id, *(p.client_id for p in ticket.protection)}
        with_entry = harness.broker.capabilities.protection_with_entry
        assert await harness.broker.submit(ticket if with_entry else Ticket(ticket.order)) == venue_id
        assert await self.position(harness) == harness.quantity
        await harness.move(start + 16 * tick)
        assert await self.position(harness) == 0
        if not harness.broker.capabilities.oco:
            await harness.broker.cancel(ticket.protection[0])
        assert await self.open_orders(harness) == {resting.client_id}
        await reader.close()

    async def test_23_restart_under_way(self, harness: BrokerHarness, make: Maker) -> None:
        orders = [make.buy() for _ in range(20)]
        tasks = [asyncio.create_task(harness.broker.submit(Ticket(order))) for order in orders]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await harness.restart()
        for order in orders:
            if await harness.broker.find(order) is None:
                await harness.broker.submit(Ticket(order))
        await harness.move(harness.price)
        assert await self.position(harness) == 20 * harness.quantity
        assert len((await harness.truth(o.client_id for o in orders)).fills) == 20

    @pytest.mark.parametrize("fault", [Fault.REPEATED, Fault.SHUFFLED])
    async def test_24_reports_identify_themselves(
        self, harness: BrokerHarness, reader: Reader, make: Maker, fault: Fault
    ) -> None:
        harness.fault("reports", fault, times=100)
        orders = [make.buy(), make.sell(), make.buy(), make.buy()]
        for order in orders:
            await self.trade(harness, order)
        for order in orders:
            fills = await reader.filled(order)
            found = await harness.broker.find(order)
            assert found is not None and {f.trade_id: f for f in fills} == {f.trade_id: f for f in found.fills}

    async def test_25_dropped_reports(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        harness.fault("reports", Fault.DROPPED, times=100)
        order = make.buy()
        await self.trade(harness, order)
        found = await harness.broker.find(order)
        assert found is not None and found.status is Status.FILLED
        assert sum(fill.quantity for fill in found.fills) == order.quantity
        assert not reader.fills(order)
        assert await self.position(harness) == order.quantity

    async def test_26_quotes_and_balances(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        start = (await harness.broker.snapshot()).balance
        assert start is not None and start.equity == start.balance
        price, tick = harness.price, harness.tick
        await self.trade(harness, make.buy())
        await harness.move(price + 8 * tick)
        held = (await harness.broker.snapshot()).balance
        assert held is not None and held.margin_used > 0
        assert held.available == held.equity - held.margin_used
        assert held.equity > held.balance
        out = make.sell(role=Role.EXIT)
        await self.trade(harness, out)
        end = (await harness.broker.snapshot()).balance
        left = await harness.broker.find(out)
        assert left is not None
        paid = sum(fill.fee for fill in left.fills)
        assert end is not None and end.equity == end.balance == held.equity - paid
        assert end.margin_used == 0
        await reader.wait(lambda r: r.balance is not None and r.balance.balance == end.balance, "balance")
        if harness.broker.capabilities.market_data:
            await reader.wait(lambda r: r.quote is not None and r.quote.price == price + 8 * tick, "quote")

    async def test_27_without_a_connection(self, harness: BrokerHarness, make: Maker) -> None:
        order = make.buy()
        await self.trade(harness, order)
        harness.fault("query", Fault.FAILED, times=2)
        with pytest.raises(QueryFailed):
            await harness.broker.find(order)
        with pytest.raises(QueryFailed):
            await harness.broker.snapshot()
        await harness.broker.close()
        with pytest.raises(QueryFailed):
            await harness.broker.find(order)
        with pytest.raises(QueryFailed):
            await harness.broker.snapshot()
        with pytest.raises(NotSent):
            await harness.broker.submit(Ticket(make.buy()))
        await harness.restart()
        assert await self.position(harness) == order.quantity

    async def test_28_exact_numbers(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        order = make.limit(Side.BUY, harness.price - 3 * harness.tick)
        await harness.broker.submit(Ticket(order))
        await harness.move(harness.price - 3 * harness.tick)
        (fill,) = await reader.filled(order)
        found = await harness.broker.find(order)
        assert found is not None
        for number in (fill.price, fill.quantity, fill.fee, found.average_price, found.filled, found.limit_price):
            assert isinstance(number, Decimal)
        assert found.limit_price == order.limit_price
        assert fill.price == order.limit_price and fill.quantity == order.quantity

    async def test_29_many_at_once(self, harness: BrokerHarness, reader: Reader, make: Maker) -> None:
        orders = [make.buy() if i % 3 else make.sell() for i in range(60)]
        ids = await asyncio.gather(*(harness.broker.submit(Ticket(order)) for order in orders))
        await harness.move(harness.price)
        for order in orders:
            await reader.filled(order)
        assert len(set(ids)) == 60
        assert await self.position(harness) == 20 * harness.quantity
        assert len((await harness.truth(o.client_id for o in orders)).fills) == 60

    async def test_30_immediate_or_cancel(self, harness: BrokerHarness, make: Maker) -> None:
        order = make.limit(Side.BUY, harness.price - 8 * harness.tick, time_in_force=TimeInForce.IOC)
        await self.trade(harness, order)
        assert await self.status(harness, order) in (Status.EXPIRED, Status.CANCELED)
        await harness.move(harness.price - 20 * harness.tick)
        assert await self.position(harness) == 0
