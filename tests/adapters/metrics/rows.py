"""Rows of a store as trading leaves them, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.database import SqlStore
from pinery.trading.orders.model import Order, OrderType, Role, Side, Status

NOW = 1795414970123  # 2026-11-23 06:22:50.123 UTC
HOUR = 3_600_000
ES = "CME_MINI:ESZ2026"


def insert(store: SqlStore, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    store.write(lambda tx: tx.connection.execute(sa.insert(table), list(rows)))


def signal(number: int, received: int, outcome: str = "accepted", **more: Any) -> dict[str, Any]:
    row = {
        "id": f"s{number}", "deployment": "demo", "account": "paper", "key": f"id:{number}", "action": "enter_long",
        "source": "webhook", "received": received, "outcome": outcome, "steps": [], "signal": {}, "code": "",
        "decided_us": received * 1000 + 4_000, "sent_us": None, "filled_us": None,
    }  # fmt: skip
    if outcome == "accepted":
        row |= {"sent_us": received * 1000 + 20_000, "filled_us": received * 1000 + 300_000}
    return row | more


def put_orders(store: SqlStore, orders: Sequence[Order]) -> None:
    store.write(lambda tx: tx.orders.put(orders))


def order(number: int, **more: Any) -> Order:
    market = Order(
        f"o{number}", f"s{number}", "demo", "paper", ES, Side.BUY, OrderType.MARKET, Role.ENTRY, Decimal(2),
        status=Status.FILLED, filled=Decimal(2), created=NOW, submitted=NOW, first_filled=NOW + 150, updated=NOW,
    )  # fmt: skip
    return replace(market, **more)


def fill(number: int, order: int, price: str = "100.25", **more: Any) -> dict[str, Any]:
    return {
        "account": "paper", "trade_id": f"t{number}", "client_id": f"o{order}", "signal_id": f"s{order}",
        "deployment": "demo", "symbol": ES, "side": "buy", "quantity": Decimal(1), "price": Decimal(price),
        "time": NOW, "fee": Decimal(0), "reference_price": Decimal("100"),
    } | more  # fmt: skip


def trade(number: int, profit: str, exit_time: int = NOW, **more: Any) -> dict[str, Any]:
    return {
        "id": f"paper/{number}/0", "deployment": "demo", "account": "paper", "symbol": ES, "side": 1,
        "quantity": Decimal(1), "entry_price": Decimal(100), "exit_price": Decimal(101),
        "entry_time": exit_time - 60_000, "exit_time": exit_time, "profit": Decimal(profit), "fees": Decimal("1.5"),
        "entry_signal": "s1", "exit_signal": "s2", "exit_role": "target",
    } | more  # fmt: skip


def message(number: int, status: str = "done", received: int = NOW) -> dict[str, Any]:
    return {
        "deployment": "demo", "source": "webhook", "body": "IN", "received_us": received * 1000 + number,
        "status": status,
    }  # fmt: skip


def change(number: int, before: str, after: str, at: int = NOW) -> dict[str, Any]:
    return {"client_id": f"o{number}", "at": at, "before": before, "after": after, "event": "x", "data": {}}


def event(kind: str, severity: str = "info", at: int = NOW) -> dict[str, Any]:
    return {"kind": kind, "severity": severity, "at": at, "text": "x", "data": {}}
