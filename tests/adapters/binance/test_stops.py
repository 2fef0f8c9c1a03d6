"""Stops and targets that rest at Binance: replaced without a gap, and one order through all their revisions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pinery.adapters.binance.errors import Failure
from pinery.trading.broker import ReportKind
from pinery.trading.errors import NotSent, OutcomeUnknown, QueryFailed, Rejected
from pinery.trading.orders.model import Amendment, Order, OrderType, Role, Side, Status, Ticket
from tests.adapters.binance.harness import BinanceHarness
from tests.adapters.conformance.harness import Maker, Reader

pytestmark = pytest.mark.anyio

_ALGO = "POST /fapi/v1/algoOrder"


def _waiting(harness: BinanceHarness) -> list[tuple[str, Decimal]]:
    """At the venue: client ids and prices of conditional orders."""
    return [(algo.client_id, algo.trigger) for algo in harness.venue.exchange.ledger.algos_of("test")]


def _stop(harness: BinanceHarness, make: Maker, ticks: int = 10) -> Order:
    return make.stop(Side.SELL, harness.price - ticks * harness.tick, role=Role.STOP)


async def _held(harness: BinanceHarness) -> Decimal:
    return (await harness.truth([])).position


@pytest.fixture
async def stop(harness: BinanceHarness, make: Maker) -> Order:
    """Of a long position."""
    await harness.broker.submit(Ticket(make.buy()))
    stop = _stop(harness, make)
    await harness.broker.submit(Ticket(stop))
    return stop


def _to(order: Order, revision: int, price: Decimal) -> Amendment:
    return Amendment(order.client_id, revision, stop_price=price)


async def test_a_stop_is_replaced_by_the_next_revision(harness: BinanceHarness, reader: Reader, stop: Order) -> None:
    new = harness.price - 5 * harness.tick
    await harness.broker.amend(stop, _to(stop, 1, new))
    assert _waiting(harness) == [(f"{stop.client_id}-r1", new)]
    await harness.broker.amend(stop, _to(stop, 1, new))
    assert len(harness.venue.exchange.ledger.algos) == 2, "the same revision twice is one"
    (view,) = (await harness.broker.snapshot()).orders
    assert (view.client_id, view.stop_price, view.quantity) == (stop.client_id, new, stop.quantity)
    await reader.of(stop, ReportKind.AMENDED)
    await harness.move(new)
    assert [fill.price for fill in await reader.filled(stop)] == [new]
    assert not [report for report in reader.seen if report.kind is ReportKind.CANCELED]
    found = await harness.broker.find(stop)
    assert found is not None and (found.status, found.filled) == (Status.FILLED, stop.quantity)
    assert await _held(harness) == 0


async def test_the_new_stop_is_there_before_the_old_one_goes(harness: BinanceHarness, stop: Order) -> None:
    old = harness.price - 10 * harness.tick
    harness.arm("would_trigger", _ALGO)
    with pytest.raises(Rejected):
        await harness.broker.amend(stop, _to(stop, 1, harness.price - harness.tick))
    assert _waiting(harness) == [(stop.client_id, old)]
    harness.arm("unavailable", _ALGO)
    with pytest.raises(NotSent):
        await harness.broker.amend(stop, _to(stop, 2, harness.price - harness.tick))
    assert _waiting(harness) == [(stop.client_id, old)]


@pytest.mark.parametrize("fault", ["unknown_executed", "unavailable"])
async def test_an_old_stop_that_cannot_be_canceled_at_once_goes_later(
    harness: BinanceHarness, stop: Order, fault: str
) -> None:
    harness.arm(fault, "DELETE /fapi/v1/algoOrder")
    new = harness.price - 5 * harness.tick
    await harness.broker.amend(stop, _to(stop, 1, new))
    async with asyncio.timeout(30):
        while _waiting(harness) != [(f"{stop.client_id}-r1", new)]:
            await asyncio.sleep(0.02)


async def test_an_amendment_of_unknown_outcome_is_found(harness: BinanceHarness, stop: Order) -> None:
    new = harness.price - 5 * harness.tick
    harness.arm("unknown_executed", _ALGO)
    with pytest.raises(OutcomeUnknown):
        await harness.broker.amend(stop, _to(stop, 1, new))
    found = await harness.broker.find(stop)
    assert found is not None and (found.status, found.stop_price) == (Status.WORKING, new)
    await harness.broker.snapshot()  # sees two of them
    async with asyncio.timeout(30):
        while len(_waiting(harness)) > 1:
            await asyncio.sleep(0.02)
    assert _waiting(harness) == [(f"{stop.client_id}-r1", new)]


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_old_stop_that_triggered_is_the_order(harness: BinanceHarness, stop: Order, restarted: bool) -> None:
    """Nobody knew that its next revision had arrived, and nobody heard that it triggered."""
    harness.arm("unknown_executed", _ALGO)
    with pytest.raises(OutcomeUnknown):
        await harness.broker.amend(stop, _to(stop, 1, harness.price - 20 * harness.tick))
    await harness.move(harness.price - 10 * harness.tick)
    if restarted:
        await harness.restart()
    found = await harness.broker.find(replace(stop, revision=1))
    assert found is not None and (found.status, found.filled) == (Status.FILLED, stop.quantity)
    async with asyncio.timeout(30):
        while _waiting(harness):
            await asyncio.sleep(0.02)
    assert (await harness.broker.snapshot()).orders == ()


@pytest.mark.parametrize("heard", [False, True])
async def test_a_stop_of_which_binance_leaves_a_revision_out_is_not_judged(
    harness: BinanceHarness, reader: Reader, stop: Order, heard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that has filled is not found yet; others of its revisions are."""
    if heard:
        await harness.broker.amend(stop, _to(stop, 1, harness.price - 5 * harness.tick))
    else:
        harness.arm("unknown_executed", _ALGO)
        with pytest.raises(OutcomeUnknown):
            await harness.broker.amend(stop, _to(stop, 1, harness.price - 20 * harness.tick))
    await harness.move(harness.price - 10 * harness.tick)
    await reader.filled(stop)
    connection = harness.broker._open
    assert connection is not None
    algo, hidden = connection.rest.algo, f"{stop.client_id}-r1" if heard else stop.client_id

    async def found(client_id: str) -> dict[str, Any] | None:
        return None if client_id == hidden else await algo(client_id)

    with monkeypatch.context() as patch:
        patch.setattr(connection.rest, "algo", found)
        with pytest.raises(QueryFailed, match=f"{hidden} yet"):
            await harness.broker.find(replace(stop, revision=1))
    view = await harness.broker.find(replace(stop, revision=1))
    assert view is not None and (view.status, view.filled) == (Status.FILLED, stop.quantity)


@pytest.mark.parametrize("first", ["amend", "cancel"])
async def test_a_cancel_meets_a_change_that_is_on_its_way(harness: BinanceHarness, stop: Order, first: str) -> None:
    """Whichever comes first, the stop does not live on in its next revision."""
    harness.arm("delayed", _ALGO, seconds=0.1)
    amend = harness.broker.amend(stop, _to(stop, 1, harness.price - 5 * harness.tick))
    cancel = harness.broker.cancel(stop)
    await asyncio.gather(*((amend, cancel) if first == "amend" else (cancel, amend)), return_exceptions=True)
    assert _waiting(harness) == []


async def test_after_a_restart_revisions_are_still_one_order(harness: BinanceHarness, make: Maker, stop: Order) -> None:
    for revision in range(1, 7):
        await harness.broker.amend(stop, _to(stop, revision, harness.price - (10 - revision) * harness.tick))
    await harness.restart()
    (view,) = (await harness.broker.snapshot()).orders
    assert (view.client_id, view.stop_price) == (stop.client_id, harness.price - 4 * harness.tick)
    await harness.broker.amend(stop, Amendment(stop.client_id, 7, quantity=stop.quantity / 3))
    (view,) = (await harness.broker.snapshot()).orders
    assert (view.quantity, view.stop_price) == (stop.quantity / 3, harness.price - 4 * harness.tick)
    await harness.broker.cancel(stop)
    assert _waiting(harness) == []
    found = await harness.broker.find(stop)
    assert found is not None and found.status is Status.CANCELED


async def test_old_and_new_never_close_more_than_there_is(harness: BinanceHarness, reader: Reader, stop: Order) -> None:
    """The market falls through both while the old one could not be canceled."""
    harness.arm("unavailable", "DELETE /fapi/v1/algoOrder", times=3)
    await harness.broker.amend(stop, _to(stop, 1, harness.price - 5 * harness.tick))
    await harness.move(harness.price - 20 * harness.tick)
    fills = await reader.filled(stop)
    assert sum(fill.quantity for fill in fills) == stop.quantity
    assert await _held(harness) == 0
    async with asyncio.timeout(30):
        while _waiting(harness):
            await asyncio.sleep(0.02)
    found = await harness.broker.find(stop)
    assert found is not None and (found.status, found.filled) == (Status.FILLED, stop.quantity)


async def test_a_revision_that_is_canceled_while_its_stop_is_looked_up_is_not_the_stop(
    harness: BinanceHarness, reader: Reader, stop: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row was read before, and shows it waiting."""
    harness.arm("unavailable", "DELETE /fapi/v1/algoOrder", times=None)
    harness.arm("unknown_executed", _ALGO)
    with pytest.raises(OutcomeUnknown):
        await harness.broker.amend(stop, _to(stop, 1, harness.price - 20 * harness.tick))
    await harness.move(harness.price - 10 * harness.tick)
    await reader.filled(stop)
    connection = harness.broker._open
    assert connection is not None
    rest, conditionals = connection.rest, connection.conditionals
    algo, open_algos = rest.algo, rest.open_algos

    async def one(client_id: str) -> dict[str, Any] | None:
        row = await algo(client_id)
        if client_id != stop.client_id:
            conditionals.saw(client_id, "CANCELED")
        return row

    async def those_open(symbol: str = "") -> list[dict[str, Any]]:
        rows = await open_algos(symbol)
        conditionals.saw(f"{stop.client_id}-r1", "CANCELED")
        return rows

    monkeypatch.setattr(rest, "algo", one)
    monkeypatch.setattr(rest, "open_algos", those_open)
    assert (await harness.broker.snapshot()).orders == ()
    view = await harness.broker.find(replace(stop, revision=1))
    assert view is not None and (view.status, view.filled) == (Status.FILLED, stop.quantity)


async def test_two_revisions_that_share_what_is_held_are_filled_as_far_as_they_were(
    harness: BinanceHarness, stop: Order
) -> None:
    """The first one's order ends half-way, the second one's is made smaller to what is left."""
    harness.arm("unavailable", "DELETE /fapi/v1/algoOrder", times=3)
    await harness.broker.amend(stop, _to(stop, 1, harness.price - 20 * harness.tick))
    harness.arm("expired_in_part", "fill *")
    await harness.move(harness.price - 30 * harness.tick)
    assert await _held(harness) == 0
    found = await harness.broker.find(replace(stop, revision=1))
    assert found is not None and sum(fill.quantity for fill in found.fills) == stop.quantity
    assert (found.status, found.filled, found.quantity) == (Status.FILLED, stop.quantity, stop.quantity)


async def test_a_fill_is_told_before_the_trigger(harness: BinanceHarness, reader: Reader, stop: Order) -> None:
    harness.arm("fill_first")
    await harness.move(harness.price - 10 * harness.tick)
    (fill,) = await reader.filled(stop)
    assert fill.client_id == stop.client_id
    found = await harness.broker.find(stop)
    assert found is not None and found.fills == (fill,)


async def test_a_stop_in_parts(harness: BinanceHarness, reader: Reader, stop: Order) -> None:
    harness.in_parts(3)
    await harness.move(harness.price - 10 * harness.tick)
    await reader.filled(stop, stop.quantity / 3)
    (view,) = (await harness.broker.snapshot()).orders
    found = await harness.broker.find(stop)
    assert found is not None and (found.status, found.filled) == (Status.PARTIALLY_FILLED, stop.quantity / 3)
    assert (view.client_id, view.filled) == (stop.client_id, stop.quantity / 3)
    await harness.broker.cancel(stop)  # what came of it is an order of its own there
    found = await harness.broker.find(stop)
    assert found is not None and (found.status, found.filled) == (Status.CANCELED, stop.quantity / 3)


async def test_a_stop_beyond_the_price_is_refused(harness: BinanceHarness, make: Maker) -> None:
    await harness.broker.submit(Ticket(make.buy()))
    with pytest.raises(Rejected, match="-2021") as refusal:
        await harness.broker.submit(Ticket(_stop(harness, make, ticks=-1)))
    assert refusal.value.code == "BROKER_REJECTED"


async def test_a_stop_that_is_refused_when_it_triggers(harness: BinanceHarness, reader: Reader, stop: Order) -> None:
    harness.arm("rejected_at_trigger")
    await harness.move(harness.price - 10 * harness.tick)
    report = await reader.of(stop, ReportKind.REJECTED)
    assert (report.code, report.reason) == ("BROKER_REJECTED", "Margin is insufficient.")
    found = await harness.broker.find(stop)
    assert found is not None and found.status is Status.REJECTED
    assert await _held(harness) == harness.quantity


async def test_a_stop_that_hangs_can_be_canceled(harness: BinanceHarness, stop: Order) -> None:
    harness.arm("stuck_triggering")
    await harness.move(harness.price - 10 * harness.tick)
    found = await harness.broker.find(stop)
    assert found is not None and found.status is Status.WORKING
    await harness.broker.cancel(stop)
    assert _waiting(harness) == []


async def test_a_stop_of_a_position_that_is_gone(harness: BinanceHarness, make: Maker, stop: Order) -> None:
    await harness.broker.submit(Ticket(make.sell(role=Role.EXIT)))
    await harness.move(harness.price - 10 * harness.tick)
    assert await _held(harness) == 0
    found = await harness.broker.find(stop)
    assert found is not None and found.status.is_final and not found.filled


async def test_a_target_that_is_made_smaller_ends(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    await harness.broker.submit(Ticket(make.buy()))
    target = make.limit(Side.SELL, harness.price + 5 * harness.tick, role=Role.TARGET)
    await harness.broker.submit(Ticket(target))
    await harness.broker.submit(Ticket(make.sell(role=Role.EXIT, quantity=harness.quantity / 3)))
    await harness.move(harness.price + 5 * harness.tick)
    await reader.of(target, ReportKind.EXPIRED)
    found = await harness.broker.find(target)
    assert found is not None and (found.status, found.filled) == (Status.EXPIRED, 2 * harness.quantity / 3)
    assert await _held(harness) == 0


@pytest.mark.parametrize("harness", [{"targets": "market"}], indirect=True)
async def test_targets_as_market_orders(harness: BinanceHarness, reader: Reader, make: Maker) -> None:
    await harness.broker.submit(Ticket(make.buy()))
    target = make.limit(Side.SELL, harness.price + 5 * harness.tick, role=Role.TARGET)
    await harness.broker.submit(Ticket(target))
    (view,) = (await harness.broker.snapshot()).orders
    assert (view.client_id, view.limit_price, view.stop_price) == (target.client_id, target.limit_price, None)
    higher = harness.price + 8 * harness.tick
    await harness.broker.amend(target, Amendment(target.client_id, 1, limit_price=higher))
    await harness.move(higher)
    assert [fill.price for fill in await reader.filled(target)] == [higher]


async def test_a_stop_that_opens_a_position_is_not_amended(harness: BinanceHarness, make: Maker) -> None:
    entry = make.stop(Side.BUY, harness.price + 5 * harness.tick)
    await harness.broker.submit(Ticket(entry))
    with pytest.raises(Rejected, match="cancel it"):
        await harness.broker.amend(entry, _to(entry, 1, harness.price + 6 * harness.tick))
    assert _waiting(harness) == [(entry.client_id, harness.price + 5 * harness.tick)]


async def test_trailing_is_the_desks(harness: BinanceHarness, make: Maker) -> None:
    assert not harness.broker.capabilities.trailing_stop
    order = make.order(Side.SELL, OrderType.TRAILING_STOP, Role.STOP, trail_offset=8 * harness.tick)
    with pytest.raises(Rejected, match="trails"):
        await harness.broker.submit(Ticket(order))


async def test_what_ends_after_closing_begins_nothing(harness: BinanceHarness, stop: Order) -> None:
    """An amendment whose answer comes while the account is being closed leaves its tidying to the next connection."""
    connection = harness.broker._open
    assert connection is not None
    await connection.sending.close()
    for revision in ("", "-r1"):
        connection.conditionals.saw(f"{stop.client_id}{revision}", "NEW")
    assert connection.conditionals.surplus(stop.client_id)
    connection.sending.tidy(stop.client_id)
    connection.sending.see_through(stop.client_id)
    assert not connection.sending._tidying and not connection.sending._triggering
    await harness.broker.close()
    with pytest.raises(Failure, match="was closed"):
        await connection.rest.positions()
