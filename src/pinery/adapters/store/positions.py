"""Positions and the trades that they leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.records import from_json, to_json
from pinery.adapters.store.running import Running, insert_if_new, insert_or_replace
from pinery.adapters.store.tables import positions, trades
from pinery.trading.positions.model import Lot, Position, Trade

_NAMES = tuple(field.name for field in fields(Position))
_TRADE = tuple(field.name for field in fields(Trade))

_PUT = insert_or_replace(positions)
_OF = (
    sa.select(*(positions.c[name] for name in _NAMES))
    .where(positions.c.account == sa.bindparam("holder"))
    .order_by(positions.c.deployment, positions.c.symbol)
)
_TRADES = trades
_ADD = insert_if_new(trades, "id")


class Positions:
    def __init__(self, running: Running) -> None:
        self._running = running

    def put(self, position: Position) -> None:
        row: dict[str, Any] = {name: getattr(position, name) for name in _NAMES}
        row["lots"] = [to_json(lot) for lot in position.lots]
        row["quantity"] = position.quantity
        row["average_price"] = position.average_price
        self._running.later(_PUT, positions, [row])

    def of(self, account: str) -> list[Position]:
        self._running.settle(positions)
        return [position_of(row) for row in self._running.connection.execute(_OF, {"holder": account})]


class Trades:
    def __init__(self, running: Running) -> None:
        self._running = running

    def add(self, trades: Iterable[Trade]) -> None:
        """A trade's id says which fill and lot made it: one that is there already is the same trade."""
        self._running.later(_ADD, _TRADES, [{name: getattr(trade, name) for name in _TRADE} for trade in trades])


def position_of(row: sa.Row[Any]) -> Position:
    """The position in a row that has ``Position``'s fields as columns, and maybe more."""
    values = {name: row._mapping[name] for name in _NAMES}
    values["lots"] = tuple(from_json(Lot, lot) for lot in values["lots"])
    return Position(**values)
