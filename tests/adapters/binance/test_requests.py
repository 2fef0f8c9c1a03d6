"""Requests when Binance does not simply say yes: clocks, limits, lost answers, duplicates."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from pinery.trading.broker import ReportKind
from pinery.trading.errors import NotSent, OutcomeUnknown, QueryFailed, Rejected
from pinery.trading.orders.model import Amendment, Side, Status, Ticket
from tests.adapters.binance.harness import QUICK, BinanceHarness
from tests.adapters.conformance.harness import Maker, Reader

pytestmark = pytest.mark.anyio

_ORDER = "POST /fapi/v1/order"


def _orders(harness: BinanceHarness) -> int:
    return len(harness.venue.exchange.ledger.orders)


async def test_a_wrong_clock_is_put_right_and_the_order_goes_again(harness: BinanceHarness, make: Maker) -> None:
    harness.arm("clock", _ORDER)
    await harness.broker.submit(Ticket(make.buy()))
    assert _orders(harness) == 1


async def test_a_clock_that_stays_wrong_is_not_tried_for_ever(harness: BinanceHarness, make: Maker) -> None:
    harness.arm("clock", _ORDER, times=2)
    with pytest.raises(NotSent):
        await harness.broker.submit(Ticket(make.buy()))
    assert _orders(harness) == 0


async def test_a_clock_that_cannot_be_put_right_leaves_no_doubt(harness: BinanceHarness, make: Maker) -> None:
    harness.arm("clock", _ORDER)
    harness.arm("unanswered", "GET /fapi/v1/time")
    with pytest.raises(NotSent, match="-1021"):
        await harness.broker.submit(Ticket(make.buy()))
    assert _orders(harness) == 0


async def test_the_firewall_is_waited_out(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    harness.arm("firewall", _ORDER)
    order = make.buy()
    for _ in range(2):
        with pytest.raises(NotSent):  # the second time nothing is sent
            await harness.broker.submit(Ticket(order))
    assert _orders(harness) == 0
    await reader.wait(lambda report: report.kind is ReportKind.ALARM and "firewall" in report.reason)


async def test_the_venues_clock_is_followed(harness: BinanceHarness, make: Maker) -> None:
    for shift in (60_000, -60_000):
        harness.venue.exchange.shift = shift
        await harness.broker.submit(Ticket(make.buy()))
    assert _orders(harness) == 2


@pytest.mark.parametrize("fault", ["too_many", "banned"])
async def test_after_too_many_requests_nothing_is_sent(harness: BinanceHarness, make: Maker, fault: str) -> None:
    harness.arm(fault, _ORDER, seconds=30)
    order = make.buy()
    with pytest.raises(NotSent) as first:
        await harness.broker.submit(Ticket(order))
    assert first.value.retry_after == 30
    harness.arm("refused", "*", times=None)  # whatever arrives now is answered otherwise
    with pytest.raises(NotSent) as second:
        await harness.broker.submit(Ticket(order))
    assert second.value.retry_after is not None and 25 < second.value.retry_after <= 30
    with pytest.raises(NotSent):
        await harness.broker.cancel(make.buy())
    with pytest.raises(QueryFailed):
        await harness.broker.snapshot()
    assert _orders(harness) == 0


async def test_the_two_503(harness: BinanceHarness, make: Maker) -> None:
    order = make.buy()
    harness.arm("unavailable", _ORDER)
    with pytest.raises(NotSent):
        await harness.broker.submit(Ticket(order))
    harness.arm("unknown_executed", _ORDER)
    with pytest.raises(OutcomeUnknown):
        await harness.broker.submit(Ticket(order))
    found = await harness.broker.find(order)
    assert found is not None and found.status is Status.FILLED
    assert await harness.broker.submit(Ticket(order)) == found.venue_id
    assert _orders(harness) == 1


async def test_an_unknown_order_is_asked_for_before_it_is_sent_again(harness: BinanceHarness, make: Maker) -> None:
    """Even by a caller who does not ask: once filled, the same client id would be a second order at Binance."""
    for fault in ("unknown_executed", "timeout_executed", "unanswered"):
        order = make.buy()
        harness.arm(fault, _ORDER)
        with pytest.raises(OutcomeUnknown):
            await harness.broker.submit(Ticket(order))
        assert await harness.broker.submit(Ticket(order))
    assert _orders(harness) == 3


async def test_an_order_that_arrives_late_is_waited_for(harness: BinanceHarness, make: Maker) -> None:
    broker = harness.make(patience=1.0, asks=10, request_timeout=0.1)
    await broker.connect()
    order = make.buy()
    harness.arm("delayed", _ORDER, seconds=0.4)
    with pytest.raises(OutcomeUnknown):
        await broker.submit(Ticket(order))
    found = await broker.find(order)
    await broker.close()
    assert found is not None and found.status is Status.FILLED


@pytest.mark.parametrize("harness", [{"patience": 1.0, "asks": 20}], indirect=True)
async def test_not_found_too_early_is_not_believed(harness: BinanceHarness, make: Maker) -> None:
    order = make.buy()
    harness.arm("unknown_executed", _ORDER)
    with pytest.raises(OutcomeUnknown):
        await harness.broker.submit(Ticket(order))
    harness.arm("not_found", times=2)
    found = await harness.broker.find(order)
    assert found is not None and found.filled == order.quantity


async def test_after_troubles_the_first_answer_is_not_believed(harness: BinanceHarness, make: Maker) -> None:
    """However long ago the order was sent: Binance may have it and not show it yet."""
    order = make.buy()
    harness.arm("unknown_executed", _ORDER)
    with pytest.raises(OutcomeUnknown):
        await harness.broker.submit(Ticket(order))
    harness.arm("unavailable", "GET *", times=None)
    await asyncio.sleep(QUICK["patience"] * 2)
    with pytest.raises(QueryFailed):
        await harness.broker.find(order)
    harness.venue.faults.clear()
    harness.arm("not_found", times=QUICK["asks"] - 1)
    found = await harness.broker.find(order)
    assert found is not None and found.filled == order.quantity


async def test_what_binance_accepted_never_counts_as_not_there(harness: BinanceHarness, make: Maker) -> None:
    order = make.limit(Side.BUY, harness.price - harness.tick)
    await harness.broker.submit(Ticket(order))
    harness.arm("not_found", times=None)
    with pytest.raises(QueryFailed):
        await harness.broker.find(order)


@pytest.mark.parametrize("conditional", [False, True])
async def test_a_duplicate_is_adopted(harness: BinanceHarness, make: Maker, conditional: bool) -> None:
    far = harness.price - 20 * harness.tick
    order = make.stop(Side.SELL, far) if conditional else make.limit(Side.BUY, far)
    harness.arm("duplicate_executed")
    venue_id = await harness.broker.submit(Ticket(order))
    found = await harness.broker.find(order)
    assert found is not None and found.venue_id == venue_id
    assert found.status is Status.WORKING


async def test_an_order_of_an_earlier_process_is_asked_for_first(harness: BinanceHarness, make: Maker) -> None:
    order = make.buy()
    first = await harness.broker.submit(Ticket(order))
    await harness.restart()
    assert await harness.broker.submit(Ticket(order)) == first
    assert _orders(harness) == 1


async def test_a_cancel_that_comes_too_late(harness: BinanceHarness, make: Maker) -> None:
    order = make.limit(Side.BUY, harness.price - harness.tick)
    await harness.broker.submit(Ticket(order))
    await harness.move(harness.price - harness.tick)
    with pytest.raises(Rejected, match="filled"):
        await harness.broker.cancel(order)


async def test_a_target_is_amended_with_what_it_had(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    """Price and quantity are both sent; after a restart what stays comes from Binance."""
    order = make.limit(Side.BUY, harness.price - 8 * harness.tick)
    await harness.broker.submit(Ticket(order))
    await harness.restart()
    await harness.broker.amend(order, Amendment(order.client_id, 1, quantity=2 * order.quantity))
    found = await harness.broker.find(order)
    assert found is not None and (found.limit_price, found.quantity) == (order.limit_price, 2 * order.quantity)
    await harness.broker.amend(order, Amendment(order.client_id, 2, quantity=2 * order.quantity))  # as it is already
    harness.arm("unknown_executed", "PUT /fapi/v1/order")
    with pytest.raises(OutcomeUnknown):
        await harness.broker.amend(order, Amendment(order.client_id, 3, limit_price=harness.price - 4 * harness.tick))
    await harness.broker.amend(order, Amendment(order.client_id, 4, quantity=order.quantity))
    found = await harness.broker.find(order)
    assert found is not None
    assert (found.limit_price, found.quantity) == (harness.price - 4 * harness.tick, order.quantity)


async def test_what_only_closes_is_amended_however_small_it_is(harness: BinanceHarness, make: Maker) -> None:
    await harness.broker.submit(Ticket(make.buy()))
    target = make.limit(Side.SELL, harness.price + 8 * harness.tick, reduce_only=True)
    await harness.broker.submit(Ticket(target))
    symbols = harness.venue.exchange.symbols
    for name, facts in list(symbols.items()):
        symbols[name] = replace(facts, min_notional=100 * target.quantity * harness.price)
    new = harness.price + 9 * harness.tick
    await harness.broker.amend(target, Amendment(target.client_id, 1, limit_price=new))
    found = await harness.broker.find(target)
    assert found is not None and (found.limit_price, found.quantity) == (new, target.quantity)


async def test_protection_with_an_entry_is_refused(harness: BinanceHarness, make: Maker) -> None:
    with pytest.raises(Rejected):
        await harness.broker.submit(make.bracket(make.buy(), harness.price - harness.tick, None))
    assert _orders(harness) == 0
