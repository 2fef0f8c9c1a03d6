"""Accounts whose lease has ended, or that somebody else has taken over: nothing is lost and nothing doubled."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from pinery.trading.deployments import Bracket, Distance, Unit
from pinery.trading.errors import LeaseLost
from pinery.trading.orders.model import Role, Status
from pinery.trading.signals import EntryType
from pinery.trading.store import CommandKind
from tests.trading.desk.harness import ETH, D, Trading, demo, run, trading

STOP = Bracket(Distance(Unit.POINTS, D(20)), Distance(Unit.POINTS, D(40)))


async def turns(here: Trading, number: int = 3) -> None:
    """So many passes, and what they sent."""
    for _ in range(number):
        await here.settle(until=lambda: True)


def end_lease(here: Trading) -> None:
    """As after a while in which the process stood still: others could have the account."""
    assert here.desk is not None and here.lease is not None
    ended = replace(here.lease, expires=0)
    here.desk.lease = lambda: ended


def renew_lease(here: Trading) -> None:
    assert here.desk is not None and here.lease is not None
    lease = here.lease
    here.desk.lease = lambda: lease


def test_what_was_not_asked_for_because_the_lease_had_ended_is_asked_for_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with trading(tmp_path, demo(entry=EntryType.LIMIT, bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000, limit_price=1990)
            (entry,) = here.open_orders(Role.ENTRY)
            end_lease(here)
            here.order_command(CommandKind.CANCEL, client_id=entry.client_id)
            await here.settle(until=lambda: here.order(entry.client_id).cancel_requested)
            await turns(here)
            assert ("cancel", entry.client_id) not in here.faults.requests
            renew_lease(here)
            await here.settle()
            assert here.order(entry.client_id).status is Status.CANCELED
            here.check_books()

    run(scenario())


def test_what_waits_for_its_turn_at_the_broker_when_the_account_is_lost_never_leaves(tmp_path: Path) -> None:
    """Another owner has asked about it by then, and may have sent it again."""

    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            here.faults.plan("submit", "held")
            here.post({"signal": "IN", "price": 2000})
            await here.settle(until=lambda: bool(here.faults.holding))
            end_lease(here)
            assert here._stop is not None and here._task is not None and here.desk is not None
            here._stop.set()
            here.desk.wake()
            await asyncio.wait_for(here._task, 60)
            here.faults.released.set()
            here.start()
            await here.settle()
            assert [what for what, _ in here.faults.requests].count("submit") == 2
            assert (here.venue(), len(here.venue_fills())) == ({ETH: 1}, 1)
            here.check_books()

    run(scenario())


@pytest.mark.parametrize("fault", ["lease", "store"])
def test_a_price_that_did_not_leave_is_told_before_its_alert_is_decided(tmp_path: Path, fault: str) -> None:
    """The price went through the stop: the alert must not reverse what is no longer held."""

    async def scenario() -> None:
        async with trading(tmp_path, demo(bracket=STOP)) as here:
            await here.alert(signal="IN", price=2000)
            if fault == "lease":
                end_lease(here)
            else:
                assert here.gate is not None
                here.gate.fails = ["inside"]
            here.post({"signal": "PUT", "price": 1970})
            if fault == "lease":
                await turns(here)
                renew_lease(here)
            await here.settle()
            assert [order.closes for order in here.orders(Role.ENTRY)] == [0, 0]
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
