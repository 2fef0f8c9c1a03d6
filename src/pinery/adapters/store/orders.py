"""Orders with their history, and fills."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.running import Running, insert_if_new, insert_or_replace
from pinery.adapters.store.tables import fills, order_changes, orders
from pinery.trading.orders.model import Fill, Order, OrderChange, OrderType, Role, Side, Status, TimeInForce

_NAMES = tuple(field.name for field in fields(Order))
_ORDER = [orders.c[name] for name in _NAMES]

_TABLE = orders
_PUT = insert_or_replace(orders)
_GET = sa.select(*_ORDER).where(orders.c.client_id == sa.bindparam("order"))
_UNFINISHED = (
    sa.select(*_ORDER)
    .where(orders.c.account == sa.bindparam("of"), ~orders.c.final)
    .order_by(orders.c.created, orders.c.client_id)
)
_UNFILLED = (
    sa.select(*_ORDER)
    .where(
        orders.c.account == sa.bindparam("of"),
        orders.c.final,
        orders.c.submitted.is_not(None),
        orders.c.filled != orders.c.quantity,
    )
    .order_by(orders.c.updated.desc(), orders.c.client_id)
    .limit(50)
)
_NOTE = sa.insert(order_changes).inline()
_FILL = insert_if_new(fills, "account", "trade_id")


class Orders:
    def __init__(self, running: Running) -> None:
        self._running = running

    def put(self, orders: Iterable[Order]) -> None:
        self._running.later(_PUT, _TABLE, [_row(order) for order in orders])

    def get(self, client_id: str) -> Order | None:
        self._running.settle(orders)
        row = self._running.connection.execute(_GET, {"order": client_id}).first()
        return None if row is None else order_of(row)

    def unfilled(self, account: str) -> list[Order]:
        self._running.settle(orders)
        found = self._running.connection.execute(_UNFILLED, {"of": account})
        return [order for order in map(order_of, found) if order.may_lack_fills]

    def unfinished(self, account: str) -> list[Order]:
        self._running.settle(orders)
        return [order_of(row) for row in self._running.connection.execute(_UNFINISHED, {"of": account})]

    def note(self, changes: Iterable[OrderChange]) -> None:
        rows = [
            {
                "client_id": change.client_id,
                "at": change.at,
                "before": change.before.value,
                "after": change.after.value,
                "event": str(change.event),
                "reason": change.reason,
                "data": change.data,
            }
            for change in changes
        ]
        self._running.later(_NOTE, order_changes, rows)


class Fills:
    def __init__(self, running: Running) -> None:
        self._running = running

    def add(self, fill: Fill, order: Order) -> bool:
        connection = self._running.connection
        added = connection.execute(
            _FILL.into(connection).returning(fills.c.id),
            {
                "account": order.account,
                "trade_id": fill.trade_id,
                "client_id": fill.client_id,
                "signal_id": order.signal_id,
                "deployment": order.deployment,
                "symbol": fill.symbol,
                "side": fill.side.value,
                "quantity": fill.quantity,
                "price": fill.price,
                "time": fill.time,
                "fee": fill.fee,
                "fee_currency": fill.fee_currency,
                "price_source": fill.price_source,
                "reference_price": order.reference_price,
            },
        )
        return added.first() is not None


def _row(order: Order) -> dict[str, Any]:
    row = {name: getattr(order, name) for name in _NAMES}
    for name in ("side", "type", "role", "status", "time_in_force"):
        row[name] = row[name].value
    row["final"] = order.status.is_final
    return row


def order_of(row: sa.Row[Any]) -> Order:
    """The order in a row of ``orders``' columns (``final`` may be among them)."""
    values = dict(row._mapping)
    values.pop("final", None)
    values["side"] = Side(values["side"])
    values["type"] = OrderType(values["type"])
    values["role"] = Role(values["role"])
    values["status"] = Status(values["status"])
    values["time_in_force"] = TimeInForce(values["time_in_force"])
    values["waits_for"] = tuple(values["waits_for"])
    return Order(**values)
