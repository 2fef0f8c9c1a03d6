"""The process of a paper account is killed in the middle of its work, again and again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from pinery.adapters.store.database import open_store
from pinery.adapters.store.tables import paper_fills, paper_orders
from pinery.trading.orders.model import ZERO, Status
from pinery.trading.paper.records import fill_of, order_of
from tests.adapters.paper.harness import ETH
from tests.adapters.paper.storm import SETTINGS, broker


@pytest.mark.slow
def test_nothing_taken_is_lost_and_the_books_add_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/book.db"
    taken: list[str] = []
    random = Random(4)
    for turn in range(6):
        taken += _storm_until_killed(url, turn, random.randrange(20, 80), random.uniform(0.0, 0.1))
    assert len(taken) > 100
    _check(url, taken)


def _storm_until_killed(url: str, turn: int, count: int, seconds: float) -> list[str]:
    """What was taken: at least ``count`` orders, and those of so many seconds more."""
    command = [sys.executable, "-m", "tests.adapters.paper.storm", url, str(turn)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        first = process.stdout.readline()
        assert first == "ready\n", process.stderr.read()
        said = "".join(process.stdout.readline() for _ in range(count))
        time.sleep(seconds)
        process.kill()
        said += process.stdout.read()
    # The last line may be cut off: of that one nobody was told.
    return [line.split()[1] for line in said.split("\n")[:-1] if line.startswith("taken ")]


def _check(url: str, taken: list[str]) -> None:
    store = open_store(url)
    with store.engine.connect() as connection:
        orders = {o.client_id: o for o in map(order_of, connection.execute(sa.select(paper_orders.c.data)).scalars())}
        fills = [fill_of(data) for data in connection.execute(sa.select(paper_fills.c.data)).scalars()]
    store.close()
    assert set(taken) <= orders.keys()
    assert len({fill.trade_id for fill in fills}) == len(fills)
    assert len({order.number for order in orders.values()}) == len(orders)

    # An independent account of all fills.
    position, flow, fees = ZERO, ZERO, ZERO
    by_order: dict[str, Decimal] = {}
    for fill in fills:
        signed = fill.side.sign * fill.quantity
        position += signed
        flow -= signed * fill.price
        fees += fill.fee
        by_order[fill.client_id] = by_order.get(fill.client_id, ZERO) + fill.quantity
    for order in orders.values():
        assert order.filled == by_order.get(order.client_id, ZERO)
        assert (order.status is Status.FILLED) == (order.filled == order.quantity)
        if order.client_id in taken:
            assert order.status is Status.FILLED

    async def reopened() -> None:
        paper = broker(url)
        await paper.connect()
        snapshot = await paper.snapshot()
        await paper.close()
        held = {p.symbol: p.quantity for p in snapshot.positions}
        assert held.get(ETH.symbol, ZERO) == position
        assert {o.client_id for o in snapshot.orders} == {o.client_id for o in orders.values() if not o.status.is_final}
        balance = snapshot.balance
        assert balance is not None
        if not position:
            assert balance.balance == SETTINGS.balance + flow - fees
        else:
            (one,) = snapshot.positions
            assert one.average_price is not None
            worth = SETTINGS.balance + flow - fees + position * one.average_price
            assert abs(balance.balance - worth) < Decimal("1e-12")

    asyncio.run(reopened())
