"""A desk trades at Binance while requests and events go wrong by chance; in the end both agree on everything."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from random import Random

from pinery.simulators.common.faults import Armed
from pinery.trading.orders.model import Role
from pinery.trading.store import CommandKind
from tests.adapters.binance.test_desk import BRACKET, Trader, at_binance
from tests.trading.desk.harness import ETH, demo

_REQUESTS = (
    "unavailable",
    "internal",
    "unknown_unexecuted",
    "unknown_executed",
    "timeout_executed",
    "unanswered",
    "lost",
)
_EVENTS = ("dropped", "repeated", "shuffled", "cut", "silent", "listen_key_expired", "late")
_ANYTHING = (*_REQUESTS, "clock", "duplicate_executed", "not_found", "fill_first", "expired_in_part")
_STEPS = 8


def _arm(trader: Trader, random: Random) -> None:
    plan = trader.venue.venue.faults
    for _ in range(random.randint(0, 3)):
        if random.random() < 0.4:
            plan.arm(Armed(random.choice(_EVENTS), times=random.randint(1, 2), options={"seconds": 0.1}))
        else:
            plan.arm(Armed(random.choice(_ANYTHING), times=random.randint(1, 2), after=random.randint(0, 3)))


async def _storm(folder: Path, seed: int) -> None:
    random = Random(seed)
    async with at_binance(folder, demo(bracket=BRACKET), silence=0.3, balance_every=0.2) as trader:
        for _ in range(_STEPS):
            _arm(trader, random)
            if random.random() < 0.2:
                trader.venue.in_parts(random.choice((1, 2, 3)))
            if random.random() < 0.6:
                trader.here.post({"signal": random.choice(("IN", "PUT", "OUT")), "price": float(trader.venue.price)})
            else:
                await trader.moves(float(trader.venue.price) + random.randint(-25, 25))
            await asyncio.sleep(random.choice((0.0, 0.02, 0.1)))
        trader.venue.venue.faults.clear()
        trader.venue.in_parts(1)
        await _calm(trader)
        _check(trader, seed)
        trader.here.order_command(CommandKind.FLATTEN)
        await _calm(trader)
        assert not trader.here.under_way(), f"storm {seed}: {trader.here.under_way()}"
        assert (trader.held, trader.resting()) == (0, []), f"storm {seed}: not flat"


async def _calm(trader: Trader) -> None:
    """Until nothing changes any more, with the market standing still: orders in parts fill with each trade."""
    trader.here.order_command(CommandKind.RECONCILE)
    before: object = None
    end = time.monotonic() + 60
    while time.monotonic() < end:
        await trader.moves(float(trader.venue.price))
        await asyncio.sleep(0.03)
        assert trader.here.desk is not None
        trader.here.desk.wake()
        now = (trader.held, trader.resting(), trader.here.position())
        if now == before and _agree(trader) and not trader.here.under_way():
            return
        before = now


def _agree(trader: Trader) -> bool:
    held, stops = trader.held, [quantity for kind, _, quantity in trader.resting() if kind == "STOP_MARKET"]
    return trader.here.position() == held and sum(stops, Decimal(0)) == abs(held)


def _check(trader: Trader, seed: int) -> None:
    where = f"storm {seed}: {trader.here.position()} at the desk, {trader.held} at the venue, {trader.resting()}"
    assert trader.here.position() == trader.held, where
    assert trader.here.held() == ({ETH: trader.held} if trader.held else {}), where
    assert _agree(trader), where
    assert not trader.here.under_way(), f"{where}: {trader.here.under_way()}"
    ledger = trader.venue.venue.exchange.ledger
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for trade in ledger.trades:
        filled[ledger.orders[trade.order_id].client_id] += trade.quantity
    for order in trader.here.orders(Role.ENTRY, Role.EXIT):
        assert filled[order.client_id] <= order.quantity, f"storm {seed}: {order.client_id} was executed twice"
    assert not trader.here.log.errors(), trader.here.log.errors()


def test_storms() -> None:
    """As many as PINERY_SEEDS says, from PINERY_FIRST_SEED on."""
    first = int(os.environ.get("PINERY_FIRST_SEED", "0"))
    for seed in range(first, first + int(os.environ.get("PINERY_SEEDS", "2"))):
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_storm(Path(folder), seed))
