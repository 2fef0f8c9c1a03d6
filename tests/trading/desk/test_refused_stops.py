"""A stop that the broker once refused, of a position that is covered all the same."""

from __future__ import annotations

from pathlib import Path

from pinery.trading.orders.model import Role, Status
from tests.trading.desk.brokers import ReduceOnly
from tests.trading.desk.harness import run
from tests.trading.desk.test_protection import Choosy, at, resting, wait


def test_a_refusal_that_was_overcome_closes_nothing_later(tmp_path: Path) -> None:
    """The first entry's stop covers the second one too; when it ends at the venue, another one takes its place."""

    async def scenario() -> None:
        async with at(tmp_path, ReduceOnly, Choosy("s"), max_entries=2) as (here, bare):
            here.post({"signal": "IN", "price": 2000})
            await wait(here, bare, 0.3)
            here.faults.plan("submit", "refused")
            here.post({"signal": "IN", "price": 2000, "unique_id": "second"})
            await wait(here, bare, 2.2)
            assert here.position() == 2
            assert len([order for order in here.orders(Role.STOP) if order.status is Status.REJECTED]) == 1
            assert [order.remaining for order in resting(here, Role.STOP)] == [2]
            for order in here.open_orders(Role.STOP):
                await here.broker.cancel(order)
            await wait(here, bare, 2.2)
            assert here.position() == 2
            assert [order.remaining for order in resting(here, Role.STOP)] == [2]
            assert not here.events("position.unprotected")
            here.check_books()

    run(scenario())
