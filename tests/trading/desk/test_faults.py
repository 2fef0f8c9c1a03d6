"""Brokers that refuse, do not answer, or tell nothing, double or in the wrong order; stores that fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pinery.trading.broker import Capabilities, Quote
from pinery.trading.deployments import Bracket, Distance, Limits, Unit
from pinery.trading.errors import LeaseLost
from pinery.trading.orders.model import Role, Status
from pinery.trading.signals import EntryType, Source
from tests.trading.desk.harness import D, Trading, demo, run, trading

STOP = Bracket(Distance(Unit.POINTS, D(20)), Distance(Unit.POINTS, D(40)))


def without_protection(capabilities: Capabilities) -> Capabilities:
    return replace(capabilities, protection_with_entry=False)


async def waiting(here: Trading, requests: int) -> None:
    """Until that many orders were handed to the broker, and the last one could not be sent."""

    def unsent() -> bool:
        sent = [request for request in here.faults.requests if request[0] == "submit"]
        last = [order for order in here.orders(Role.ENTRY, Role.EXIT) if order.status is Status.PENDING]
        return len(sent) == requests and len(last) == 1

    await here.settle(until=unsent)


def test_a_refused_entry_takes_its_bracket_along(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            here.faults.plan("submit", "refused")
            await here.alert(signal="IN", price=2000)
            assert [order.status for order in here.orders(Role.ENTRY)] == [Status.REJECTED]
            assert here.open_orders() == []
            (event,) = here.events("order.rejected")
            assert "the venue says no" in event.text
            assert (await here.alert(signal="IN", price=2000)).outcome == "accepted"
            here.check_books()

    run(scenario())


def test_an_entry_that_could_not_be_sent_is_sent_again_while_it_is_fresh(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            here.faults.plan("submit", *["not_sent"] * 4)  # the first repetition is at once, others wait
            here.post({"signal": "IN", "price": 2000})
            await waiting(here, 2)
            for tries in (3, 4):
                here.clock.advance(2.1)
                await waiting(here, tries)
            here.clock.advance(2.1)
            await here.settle()
            assert here.position() == 1
            assert len(here.open_orders(Role.STOP)) == 1
            here.check_books()

    run(scenario())


def test_an_entry_that_could_not_be_sent_is_given_up_when_it_is_stale(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP, limits=Limits(max_signal_age=60))) as here:
            here.faults.plan("submit", "not_sent", "not_sent")
            here.post({"signal": "IN", "price": 2000})
            await waiting(here, 2)
            here.clock.advance(61)
            await here.settle()
            (entry,) = here.orders(Role.ENTRY)
            assert (entry.status, entry.code) == (Status.EXPIRED, "BROKER_UNREACHABLE")
            assert here.open_orders() == []
            assert here.position() == 0
            here.check_books()

    run(scenario())


def test_an_exit_is_sent_until_it_gets_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP, limits=Limits(max_signal_age=60))) as here:
            await here.alert(signal="IN", price=2000)
            here.faults.plan("submit", *["not_sent"] * 4)
            here.post({"signal": "OUT", "price": 2001})
            await waiting(here, 3)
            for tries in (4, 5):
                here.clock.advance(600)
                await waiting(here, tries)
            here.clock.advance(600)
            await here.settle()
            assert here.position() == 0
            here.check_books()

    run(scenario())


def test_a_reversal_that_is_given_up_still_closes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP, limits=Limits(max_signal_age=60))) as here:
            await here.alert(signal="IN", price=2000)
            here.faults.plan("submit", "not_sent", "not_sent")
            here.post({"signal": "PUT", "price": 2001})
            await waiting(here, 3)
            here.clock.advance(61)
            await here.settle()
            assert here.position() == 0
            here.check_books()

    run(scenario())


def test_a_reversal_sent_again_closes_no_more_than_is_held(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            here.faults.plan("submit", "not_sent", "not_sent")
            here.post({"signal": "PUT", "price": 2001})
            await waiting(here, 3)
            assert here.broker is not None
            await here.broker.price_seen(Quote("BINANCE:ETHUSDT.P", D(1970), here.clock.now(), "alert"))
            await here.settle(until=lambda: here.position() == 0)
            here.clock.advance(3)
            await here.settle()
            assert here.position() == -1
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["lost", "unanswered"])
@pytest.mark.parametrize("what", ["entry", "exit", "reversal"])
def test_an_unknown_outcome_is_found_out_and_nothing_is_doubled(tmp_path: Path, fault: str, what: str) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            if what != "entry":
                await here.alert(signal="IN", price=2000)
            here.faults.plan("submit", fault)
            here.faults.plan("query", "failed", "failed")
            here.post({"signal": {"entry": "IN", "exit": "OUT", "reversal": "PUT"}[what], "price": 2001})
            await here.settle()
            assert here.position() == {"entry": 1, "exit": 0, "reversal": -1}[what]
            assert len([r for r in here.faults.requests if r[0] == "submit"]) <= (2 if what == "entry" else 3)
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["lost", "unanswered", "refused", "not_sent"])
def test_a_cancel_that_went_wrong(tmp_path: Path, fault: str) -> None:
    """The next signal waits until it is known what the order is that it replaces."""

    async def scenario() -> None:
        async with trading(tmp_path, demo(entry=EntryType.LIMIT, entry_timeout=None)) as here:
            await here.alert(signal="IN", price=2000, limit_price=1990)
            here.faults.plan("cancel", fault)
            await here.alert(signal="PUT", price=2000, type="market")
            assert here.position() == -1
            assert here.open_orders() == []
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["lost", "unanswered", "refused", "not_sent"])
def test_an_amendment_that_went_wrong(tmp_path: Path, fault: str) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(max_entries=3, bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000, quantity=2)
            here.faults.plan("amend", fault)
            await here.alert(signal="OUT", quantity=1, price=2001)
            assert here.position() == 1
            await here.price(1970)
            assert here.position() == 0
            here.check_books()

    run(scenario())


def test_a_position_whose_stop_is_refused_is_closed_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=Bracket(STOP.stop)), less=without_protection) as here:
            here.faults.plan("submit", "fine", "refused")
            await here.alert(signal="IN", price=2000)
            assert here.position() == 0
            assert here.events("position.unprotected")
            (last,) = here.signals(Source.PINERY)
            assert last.word == "unprotected"
            assert here.open_orders() == []
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["dropped", "repeated", "reversed", "fills_dropped"])
def test_reports_that_get_lost_doubled_or_mixed_up(tmp_path: Path, fault: str) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            here.faults.in_parts = 3
            here.faults.plan("reports", *[fault] * 30)
            for word in ("IN", "PUT", "OUT", "CALL"):
                here.post({"signal": word, "price": 2000})
                for _ in range(5):
                    await here.settle(until=lambda: True)
            here.faults.planned.clear()
            here.desk._recovery.again()  # type: ignore[union-attr]
            here.clock.advance(10)
            await here.settle()
            here.desk._recovery.again()  # type: ignore[union-attr]
            await here.settle()
            assert here.position() == 1
            here.check_books()

    run(scenario())


def test_a_lost_fill_before_a_cancel_is_found(tmp_path: Path) -> None:
    """The order's end was heard, its fill was not."""

    async def scenario() -> None:
        async with trading(tmp_path, demo(entry=EntryType.LIMIT)) as here:
            here.faults.in_parts = 2
            await here.alert(signal="IN", price=2000, limit_price=1990, quantity=2)
            (order,) = here.open_orders()
            here.faults.plan("reports", "dropped")
            assert here.broker is not None and here.desk is not None
            await here.price(1989)
            here.desk._recovery.again()
            await here.settle()
            assert here.position() == 2
            assert here.order(order.client_id).status is Status.FILLED
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["before", "inside", "after"])
@pytest.mark.parametrize("number", range(6))
def test_a_store_that_fails_loses_and_doubles_nothing(tmp_path: Path, fault: str, number: int) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            assert here.gate is not None
            here.gate.fails = [""] * number + [fault]
            here.clock.advance(3)
            here.post({"signal": "PUT", "price": 2001})
            await here.settle(until=lambda: not here.gate.fails)  # type: ignore[union-attr]
            here.clock.advance(3)
            await here.settle()
            here.clock.advance(3)
            await here.settle()
            assert here.position() == -1
            here.log.lines = [line for line in here.log.lines if line[1] != "store_failed"]
            here.check_books()

    run(scenario())


def test_who_lost_the_account_writes_nothing_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            first, task = here.desk, here._task
            assert first is not None and task is not None and here.lease is not None
            lease = here.lease
            here.store.write(lambda tx: tx.leases.release(lease))
            here.start("two")
            await here.alert(signal="PUT", price=2001)
            with pytest.raises(LeaseLost):
                await task
            assert here.position() == -1
            here.check_books()

    run(scenario())
