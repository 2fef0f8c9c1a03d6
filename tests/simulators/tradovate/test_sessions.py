"""Random sessions: whatever is asked, whatever goes wrong, the venue's books agree with a ledger of our own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.simulators.tradovate.client import Rest, Socket
from tests.simulators.tradovate.venue import ACCOUNT, ESZ6, Venue, order

pytestmark = pytest.mark.anyio

SEEDS = int(os.environ.get("PINERY_SEEDS", "4"))
ALIVE = {"PendingNew", "Working", "Suspended", "PendingReplace", "PendingCancel"}
FAULTS = (("partial_fill", "fill *"), ("risk_rejected", "risk *"), ("refused", "*"), ("repeated", "props *"))
FAULTS += (("shuffled", "props *"), ("missing_oso_ids", "*"), ("status", "order/*order"))


class Trader:
    """Asks for one thing after another, as the seed has it. ``before``: where another one stopped."""

    def __init__(self, venue: Venue, socket: Socket, seed: int, before: Trader | None = None) -> None:
        self._venue = venue
        self._socket = socket
        self._random = Random(seed)
        self._ids: list[int] = before._ids if before else []
        self._price = before._price if before else Decimal(6000)

    def near(self) -> Decimal:
        return self._price + Decimal(self._random.randint(-30, 30)) / 4

    def terms(self) -> dict[str, Any]:
        kind = self._random.choice(("Market", "Limit", "Limit", "Stop", "StopLimit", "MIT", "TrailingStop"))
        prices: dict[str, Any] = {}
        if kind in ("Limit", "StopLimit", "MIT"):
            prices["price"] = self.near()
        if kind in ("Stop", "StopLimit"):
            prices["stopPrice"] = self.near()
        if kind == "TrailingStop":
            prices["pegDifference"] = Decimal(self._random.randint(1, 20)) / 4
        tif = self._random.choice(("Day", "GTC", "IOC", "FOK"))
        return {"action": self._random.choice(("Buy", "Sell")), "orderType": kind, "timeInForce": tif} | prices

    async def step(self) -> None:
        does = self._random.choices(
            (self.place, self.bracket, self.pair, self.modify, self.cancel, self.move, self.trouble),
            (4, 5, 2, 3, 3, 10, 2),
        )[0]
        await does()

    async def ask(self, endpoint: str, body: Mapping[str, Any]) -> None:
        answer = await self._socket.ask(endpoint, body)
        found = answer["d"] if answer["s"] == 200 else {}
        self._ids += [found[name] for name in ("orderId", "ocoId", "oso1Id", "oso2Id") if name in found]

    async def place(self) -> None:
        await self.ask("order/placeorder", order(quantity=self._random.randint(1, 4)) | self.terms())

    async def bracket(self) -> None:
        brackets = {f"bracket{n}": self.terms() | {"timeInForce": "GTC"} for n in (1, 2)[: self._random.randint(1, 2)]}
        await self.ask("order/placeoso", order(quantity=self._random.randint(1, 4)) | self.terms() | brackets)

    async def pair(self) -> None:
        limit = {"action": "Sell", "orderType": "Limit", "price": self._price + self._random.randint(1, 8)}
        stop = {"action": "Sell", "orderType": "Stop", "stopPrice": self._price - self._random.randint(1, 8)}
        await self.ask("order/placeoco", order(quantity=self._random.randint(1, 4)) | limit | {"other": stop})

    async def modify(self) -> None:
        if self._ids:
            change = {"orderId": self._random.choice(self._ids), "orderQty": self._random.randint(1, 4)}
            await self.ask("order/modifyorder", change | self.terms())

    async def cancel(self) -> None:
        if self._ids:
            await self.ask("order/cancelorder", {"orderId": self._random.choice(self._ids)})

    async def move(self) -> None:
        self._price = self.near()
        if self._random.random() < 0.5:
            self._venue.jump(str(self._price))
        else:
            self._venue.walk(str(self._price))

    async def trouble(self) -> None:
        fault, where = self._random.choice(FAULTS)
        self._venue.fault(fault, where)
        self._venue.simulator.set_parts(self._random.choice((1, 1, 2, 3)))


def profit(fills: list[Mapping[str, Any]]) -> tuple[int, Decimal]:
    """Position, and what is realized in points, first in first out."""
    open_: list[list[Any]] = []
    points = Decimal(0)
    for fill in fills:
        sign = 1 if fill["action"] == "Buy" else -1
        left = fill["qty"]
        while left and open_ and open_[0][0] != sign:
            closed = min(left, open_[0][1])
            points += (fill["price"] - open_[0][2]) * closed * -sign
            open_[0][1] -= closed
            left -= closed
            if not open_[0][1]:
                open_.pop(0)
        if left:
            open_.append([sign, left, fill["price"]])
    return sum(sign * quantity for sign, quantity, _ in open_), points


async def check(rest: Rest) -> None:
    fills, orders = await rest.get("fill/list"), {o["id"]: o for o in await rest.get("order/list")}
    versions = {v["orderId"]: v for v in await rest.get("orderVersion/list")}
    net, points = profit(fills)
    assert sum(p["netPos"] for p in await rest.get("position/list")) == net
    money = await rest.post("cashBalance/getcashbalancesnapshot", {"accountId": ACCOUNT})
    assert money["totalCashValue"] == 50_000 + 50 * points == 50_000 + money["realizedPnL"]
    filled = {id: sum(f["qty"] for f in fills if f["orderId"] == id) for id in orders}
    for id, shown in orders.items():
        wanted, state = versions[id]["orderQty"], shown["ordStatus"]
        assert filled[id] <= wanted, shown
        assert (state == "Filled") <= (filled[id] == wanted), shown
        assert state != "Working" or filled[id] < wanted, shown
        assert state != "Rejected" or not filled[id], shown
        parent = orders.get(shown.get("parentId"))
        if parent is None:
            assert state != "Suspended", shown
            continue
        pair = filled[id] + filled.get(shown.get("ocoId"), 0)
        if not filled[parent["id"]]:
            assert not pair, (shown, parent)
            assert (parent["ordStatus"] in ALIVE) or state not in ALIVE, (shown, parent)


PLENTY = {"limit_second": 10**6, "limit_minute": 10**6, "limit_hour": 10**6, "heartbeat": 2.5}


async def finish(venue: Venue, rest: Rest, pause: float) -> None:
    """Out of everything: nothing rests and nothing is held."""
    venue.simulator.faults.clear()
    venue.simulator.set_parts(1)
    for _ in range(3 if pause else 1):  # what was on its way comes first
        await rest.post("order/liquidateposition", {"accountId": ACCOUNT, "contractId": ESZ6, "admin": False})
        await asyncio.sleep(pause)
    await check(rest)
    assert not {o["ordStatus"] for o in await rest.get("order/list")} & ALIVE
    assert [p["netPos"] for p in await rest.get("position/list")] in ([0], [])


@pytest.mark.parametrize("delay", [0, 0.004], ids=["at once", "taking its time"])
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_books_agree(seed: int, delay: float) -> None:
    async with Venue(command_delay=delay, **PLENTY) as venue:
        rest, socket = await venue.both()
        trader = Trader(venue, socket, seed)
        for step in range(60):
            await trader.step()
            if step % 10 == 9:
                await asyncio.sleep(10 * delay)
                await check(rest)
        await finish(venue, rest, 10 * delay)


@pytest.mark.parametrize("seed", range(100, 104))
async def test_books_agree_over_restarts(seed: int, tmp_path: Path) -> None:
    book, trader, known = tmp_path / "venue.sqlite", None, None
    for run in range(3):
        async with Venue(book=book, price="" if run else "6000", **PLENTY) as venue:
            rest, socket = await venue.both()
            assert known in (None, await everything(rest))
            trader = Trader(venue, socket, seed + 10 * run, trader)
            for _ in range(25):
                await trader.step()
            await check(rest)
            known = await everything(rest)
            if run == 2:
                await finish(venue, rest, 0)


async def everything(rest: Rest) -> list[Any]:
    kinds = ("order", "orderVersion", "command", "commandReport", "executionReport", "fill", "position", "cashBalance")
    return [await rest.get(f"{kind}/list") for kind in kinds]
