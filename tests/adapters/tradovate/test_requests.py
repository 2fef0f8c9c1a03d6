"""What goes wrong with requests, and what the broker makes of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from pinery.adapters.tradovate.errors import Lost, failure_of
from pinery.trading.broker import ReportKind
from pinery.trading.errors import NotSent, OutcomeUnknown, QueryFailed, Rejected
from pinery.trading.orders.model import Amendment, Role, Side, Status, Ticket
from tests.adapters.conformance.harness import Fault, Maker, Reader
from tests.adapters.tradovate.harness import TradovateHarness, quick, sim_settings

pytestmark = pytest.mark.anyio


def _orders(harness: TradovateHarness) -> int:
    return len(harness.simulator.state.orders)


async def _position(harness: TradovateHarness) -> Decimal:
    return (await harness.truth([])).position


# --- time penalties and limits ----------------------------------------------------------


async def test_a_time_penalty_is_sat_out_and_the_same_order_sent_with_its_ticket(
    harness: TradovateHarness, make: Maker
) -> None:
    harness.arm("ticket", "order/placeorder", seconds=0.05)
    await harness.broker.submit(Ticket(make.buy()))
    assert await _position(harness) == harness.quantity
    assert _orders(harness) == 1


async def test_a_long_time_penalty_means_not_sent(harness: TradovateHarness, make: Maker) -> None:
    harness.arm("ticket", "order/placeorder", seconds=30)
    with pytest.raises(NotSent) as failure:
        await harness.broker.submit(Ticket(make.buy()))
    assert failure.value.retry_after == 30
    with pytest.raises(NotSent):  # nothing is sent before it is over
        await harness.broker.submit(Ticket(make.buy()))
    assert _orders(harness) == 0


async def test_a_captcha_stops_everything_and_tells_the_operator(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, waits=quick(captcha=0.3))
    await harness.start()
    reader, make = Reader(harness.broker), Maker(harness)
    try:
        await reader.wait(lambda r: r.kind is ReportKind.CONNECTED)
        harness.arm("captcha", "order/placeorder")
        with pytest.raises(NotSent, match="captcha"):
            await harness.broker.submit(Ticket(make.buy()))
        told = await reader.wait(lambda r: r.kind is ReportKind.DISCONNECTED)
        assert "captcha" in told.reason
        with pytest.raises(NotSent):
            await harness.broker.submit(Ticket(make.buy()))
        with pytest.raises(QueryFailed, match="captcha"):
            await harness.broker.snapshot()
        assert _orders(harness) == 0
        await reader.wait(lambda r: [each.kind for each in reader.seen].count(ReportKind.CONNECTED) == 2)
        await harness.broker.submit(Ticket(make.buy()))
        assert await _position(harness) == harness.quantity
    finally:
        await reader.close()
        await harness.stop()


async def test_too_many_requests_mean_not_sent_and_a_pause(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, waits=quick(throttled=30.0, longest_throttled=3600.0))
    await harness.start()
    try:
        make = Maker(harness)
        harness.arm("rate_limit", "order/placeorder")
        with pytest.raises(NotSent) as failure:
            await harness.broker.submit(Ticket(make.buy()))
        assert failure.value.retry_after == 30
        with pytest.raises(NotSent):
            await harness.broker.cancel(make.buy(venue_id="1"))
        assert _orders(harness) == 0
    finally:
        await harness.stop()


# --- outcomes ---------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["unanswered", "failed_after", "garbled"])
async def test_accepted_and_the_answer_lost(harness: TradovateHarness, reader: Reader, make: Maker, fault: str) -> None:
    """Nobody knows by the request; the stream and ``find`` do, and the order is not sent again."""
    order = make.buy()
    harness.arm(fault, "order/placeorder")
    with pytest.raises(OutcomeUnknown):
        await harness.broker.submit(Ticket(order))
    await reader.filled(order)
    found = await harness.broker.find(order)
    assert found is not None and found.status is Status.FILLED
    assert await harness.broker.submit(Ticket(order)) == found.venue_id
    assert _orders(harness) == 1


async def test_an_answer_that_does_not_come_in_time(tmp_path: Path) -> None:
    harness = TradovateHarness(tmp_path, request_timeout=0.2)
    await harness.start()
    try:
        order = Maker(harness).buy()
        harness.arm("held", "order/placeorder", seconds=2)
        with pytest.raises(OutcomeUnknown):
            await harness.broker.submit(Ticket(order))
        found = await harness.broker.find(order)
        assert found is not None and found.filled == order.quantity
    finally:
        await harness.stop()


@pytest.mark.parametrize(
    ("reason", "text", "code"),
    [
        ("MaxPosLimitReached", "at most 5", "MAX_POSITION"),
        ("SessionClosed", "", "SESSION"),
        ("UnknownReason", "Access is denied", "BROKER_REJECTED"),
        ("UnknownReason", "Insufficient margin for the order", "MARGIN"),
        ("SomethingNewOfTheirs", "", "BROKER_REJECTED"),
    ],
)
async def test_refused_with_200(harness: TradovateHarness, make: Maker, reason: str, text: str, code: str) -> None:
    harness.arm("refused", "order/placeorder", reason=reason, text=text)
    with pytest.raises(Rejected) as refusal:
        await harness.broker.submit(Ticket(make.buy()))
    assert refusal.value.code == code
    assert text in refusal.value.reason and reason in refusal.value.reason


@pytest.mark.parametrize("reason", ["RiskCheckTimeout", "UnknownReason"])
async def test_reasons_that_leave_the_outcome_open(harness: TradovateHarness, make: Maker, reason: str) -> None:
    order = make.buy()
    harness.arm("refused", "order/placeorder", reason=reason, text="")
    with pytest.raises(OutcomeUnknown):
        await harness.broker.submit(Ticket(order))
    assert await harness.broker.find(order) is None


async def test_a_reason_beside_an_order_id_leaves_the_outcome_open() -> None:
    assert isinstance(failure_of({"orderId": 7, "failureReason": "InvalidPrice"}), Lost)
    assert failure_of({"orderId": 7, "failureReason": "Success"}) is None


@pytest.mark.parametrize("fault", ["error_text", "violations"])
async def test_other_ways_of_saying_no(harness: TradovateHarness, make: Maker, fault: str) -> None:
    harness.arm(fault, "order/placeorder", text="it cannot be")
    with pytest.raises(Rejected, match="it cannot be"):
        await harness.broker.submit(Ticket(make.buy()))


async def test_rejected_by_risk_after_the_answer(harness: TradovateHarness, reader: Reader, make: Maker) -> None:
    ticket = make.bracket(make.buy(), Decimal(5990), Decimal(6010))
    harness.arm("risk_rejected", "risk *", text="Insufficient margin")
    venue_id = await harness.broker.submit(ticket)
    report = await reader.of(ticket.order, ReportKind.REJECTED)
    assert (report.venue_id, report.code) == (venue_id, "MARGIN")
    assert "Insufficient margin" in report.reason
    found = await harness.broker.find(ticket.order)
    assert found is not None and found.status is Status.REJECTED and "Insufficient margin" in found.reason
    assert not (await harness.broker.snapshot()).orders


# --- brackets ---------------------------------------------------------------------------


async def test_brackets_are_found_when_the_answer_does_not_name_them(
    harness: TradovateHarness, reader: Reader, make: Maker
) -> None:
    harness.arm("missing_oso_ids", "order/placeoso")
    ticket = make.bracket(make.buy(), Decimal(5990), Decimal(6010))
    await harness.broker.submit(ticket)
    stop, target = ticket.protection
    for order in (stop, target):
        await reader.of(order, ReportKind.ACCEPTED)
    assert {o.client_id for o in (await harness.broker.snapshot()).orders} == {stop.client_id, target.client_id}
    await harness.broker.amend(stop, Amendment(stop.client_id, 1, stop_price=Decimal(5995)))
    found = await harness.broker.find(stop)
    assert found is not None and found.stop_price == Decimal(5995) and found.quantity == ticket.order.quantity


async def test_brackets_whose_commands_were_not_told_are_known_by_their_parent(
    harness: TradovateHarness, make: Maker
) -> None:
    harness.arm("missing_oso_ids", "order/placeoso")
    harness.arm("dropped", "props command", times=3)
    ticket = make.bracket(make.buy(), Decimal(5990), Decimal(6010))
    await harness.broker.submit(ticket)
    for order in ticket.protection:
        found = await harness.broker.find(order)
        assert found is not None and found.client_id == order.client_id
        assert (found.stop_price, found.limit_price) == (order.stop_price, order.limit_price)


async def test_brackets_cover_what_is_filled_by_and_by(harness: TradovateHarness, reader: Reader, make: Maker) -> None:
    harness.in_parts(3)
    ticket = make.bracket(make.buy(), Decimal(5990), Decimal(6010))
    stop, target = ticket.protection
    await harness.broker.submit(ticket)
    for filled in (1, 2):
        await harness.move(harness.price)
        await reader.filled(ticket.order, Decimal(filled))
        found = await harness.broker.find(ticket.order)
        assert found is not None and found.status is Status.PARTIALLY_FILLED and found.filled == filled
        covered = await harness.broker.find(stop)
        assert covered is not None and covered.quantity == filled
    harness.in_parts(1)
    await harness.move(Decimal(6010))  # the target closes what there is, the rest of the entry fills there
    await reader.filled(target, Decimal(2))
    for _ in range(3):
        await harness.move(Decimal(6010))
    await harness.move(Decimal(5980))
    assert await _position(harness) == 0
    bought = sum(fill.quantity for fill in reader.fills(ticket.order))
    await reader.wait(
        lambda _: sum(f.quantity for o in (stop, target) for f in reader.fills(o)) == bought, "all that was bought sold"
    )


# --- changing ---------------------------------------------------------------------------


async def test_another_command_pending_is_waited_for(harness: TradovateHarness, reader: Reader, make: Maker) -> None:
    order = make.limit(Side.BUY, Decimal(5990))
    await harness.broker.submit(Ticket(order))
    harness.arm("command_pending", "order/modifyorder", times=2)
    await harness.broker.amend(order, Amendment(order.client_id, 1, limit_price=Decimal(5991)))
    await reader.of(order, ReportKind.AMENDED)
    harness.arm("command_pending", "order/cancelorder", times=2)
    await harness.broker.cancel(order)
    await reader.of(order, ReportKind.CANCELED)


async def test_commands_that_take_their_time(tmp_path: Path) -> None:
    """200 means accepted, not done: only what was done is reported, and find waits for it."""
    harness = TradovateHarness(tmp_path, sim=sim_settings(command_delay=0.05))
    await harness.start()
    reader, make = Reader(harness.broker), Maker(harness)
    try:
        order = make.limit(Side.BUY, Decimal(5990))
        await harness.broker.submit(Ticket(order))
        await harness.broker.amend(order, Amendment(order.client_id, 1, limit_price=Decimal(5991)))
        await harness.broker.amend(order, Amendment(order.client_id, 2, quantity=Decimal(6)))
        found = await harness.broker.find(order)
        assert found is not None and (found.limit_price, found.quantity) == (Decimal(5991), Decimal(6))
        await harness.broker.cancel(order)
        assert not [r for r in reader.seen if r.kind is ReportKind.CANCELED]
        await reader.of(order, ReportKind.CANCELED)
        assert len([r for r in reader.seen if r.kind is ReportKind.AMENDED]) == 2
    finally:
        await reader.close()
        await harness.stop()


async def test_an_amendment_leaves_everything_else_as_it_is(harness: TradovateHarness, make: Maker) -> None:
    """A modification replaces all terms at the venue."""
    entry = make.limit(Side.BUY, Decimal(5980))
    ticket = make.bracket(entry, Decimal(5970), None)
    await harness.broker.submit(ticket)
    await harness.broker.amend(entry, Amendment(entry.client_id, 1, limit_price=Decimal(5981)))
    stop = ticket.protection[0]
    await harness.broker.amend(stop, Amendment(stop.client_id, 1, stop_price=Decimal(5975)))
    state = harness.simulator.state
    by_text = {order.terms.text: order.terms for order in state.orders.values()}
    assert (by_text[entry.client_id].tif, by_text[entry.client_id].quantity) == ("GTC", 3)
    assert (by_text[stop.client_id].tif, by_text[stop.client_id].type) == ("GTC", "Stop")
    assert by_text[stop.client_id].stop == Decimal(5975)


async def test_an_exit_is_not_kept_back_by_facts_that_are_not_told(harness: TradovateHarness, make: Maker) -> None:
    await harness.broker.submit(Ticket(make.buy()))
    await harness.restart()
    harness.arm("status", "contract/find", times=None)
    with pytest.raises(NotSent):
        await harness.broker.submit(Ticket(make.buy()))
    await harness.broker.submit(Ticket(make.sell(role=Role.EXIT)))
    assert await _position(harness) == 0


async def test_reads_are_tried_again_and_orders_are_not(harness: TradovateHarness, make: Maker) -> None:
    harness.arm("status", "order/list", times=2)
    assert (await harness.broker.snapshot()).orders == ()
    harness.fault("submit", Fault.UNANSWERED)
    order = make.buy()
    with pytest.raises(OutcomeUnknown):
        await harness.broker.submit(Ticket(order))
    await asyncio.sleep(0.05)
    assert _orders(harness) == 1


async def test_an_id_that_the_venue_does_not_have(harness: TradovateHarness, make: Maker) -> None:
    """As of a simulator that was started anew: absent for certain, or another order by then."""
    taken = make.limit(Side.BUY, Decimal(5990))
    venue_id = await harness.broker.submit(Ticket(taken))
    for stale in ("4711", venue_id):
        assert await harness.broker.find(replace(make.buy(), venue_id=stale)) is None
    found = await harness.broker.find(taken)
    assert found is not None and found.venue_id == venue_id


async def test_half_an_account_is_no_snapshot(harness: TradovateHarness) -> None:
    for where in ("position/list", "order/list", "cashBalance/getcashbalancesnapshot"):
        harness.arm("error_text", where, times=3)
        with pytest.raises(QueryFailed):
            await harness.broker.snapshot()
        harness.simulator.faults.clear()
