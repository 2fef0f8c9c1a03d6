"""The paper account's book in the store: tables paper_accounts, paper_orders, paper_fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.running import insert_if_new
from pinery.adapters.store.tables import paper_accounts, paper_fills, paper_orders
from pinery.adapters.store.transaction import SqlTx
from pinery.trading.orders.model import Fill
from pinery.trading.paper.book import BookConflict, BookState, Changes
from pinery.trading.paper.records import (
    PaperAccount,
    PaperOrder,
    fill_of,
    holdings_json,
    holdings_of,
    order_of,
    to_json,
)

_ACCOUNT = sa.select(paper_accounts).where(paper_accounts.c.account == sa.bindparam("of"))
_OPEN = sa.select(paper_orders.c.data).where(paper_orders.c.account == sa.bindparam("of"), ~paper_orders.c.final)
_ORDERS = sa.select(paper_orders.c.data).where(
    paper_orders.c.account == sa.bindparam("of"),
    paper_orders.c.client_id.in_(sa.bindparam("ids", expanding=True)),
)
_FILLS = (
    sa.select(paper_fills.c.data)
    .where(paper_fills.c.account == sa.bindparam("of"), paper_fills.c.client_id == sa.bindparam("order"))
    .order_by(paper_fills.c.number)
)
_NEW_ACCOUNT = insert_if_new(paper_accounts, "account")
_SET_ACCOUNT = (
    sa.update(paper_accounts)
    .where(paper_accounts.c.account == sa.bindparam("of"), paper_accounts.c.next_number == sa.bindparam("before"))
    .values({name: sa.bindparam(name) for name in ("cash", "next_number", "positions", "seen")})
)
_NEW_ORDERS = sa.insert(paper_orders)
_SET_ORDERS = (
    sa.update(paper_orders)
    .where(paper_orders.c.account == sa.bindparam("of"), paper_orders.c.client_id == sa.bindparam("order"))
    .values({name: sa.bindparam(f"to_{name}") for name in ("status", "final", "data", "updated")})
)
_NEW_FILLS = sa.insert(paper_fills)
_MANY = 500  # client ids in one question


class SqlPaperBook:
    """Implements ``trading.paper.book.PaperBook`` for one account.

    ``guard`` runs first in every writing transaction and raises LeaseLost where the account is no longer ours.
    """

    def __init__(self, store: SqlStore, account: str, guard: Callable[[SqlTx], None] | None = None) -> None:
        self._store = store
        self._account = account
        self.guard = guard

    def load(self) -> BookState | None:
        return self._store.read(self._load)

    def orders(self, client_ids: Iterable[str]) -> dict[str, PaperOrder]:
        ids = sorted(set(client_ids))
        return self._store.read(lambda tx: self._orders(tx.connection, ids)) if ids else {}

    def fills(self, client_id: str) -> tuple[Fill, ...]:
        rows = self._store.read(
            lambda tx: tx.connection.execute(_FILLS, {"of": self._account, "order": client_id}).scalars().all()
        )
        return tuple(fill_of(data) for data in rows)

    def write(self, changes: Changes) -> None:
        # The desk's commit of what it is told follows in the same store, and takes this one along to the disk. After
        # a failure of the machine before that, the desk asks for its orders, and they have never arrived.
        self._store.write(lambda tx: self._write(tx, changes), lasting=False)

    def _load(self, tx: SqlTx) -> BookState | None:
        account = tx.connection.execute(_ACCOUNT, {"of": self._account}).mappings().first()
        if account is None:
            return None
        rows = tx.connection.execute(_OPEN, {"of": self._account}).scalars()
        found = {order.client_id: order for order in map(order_of, rows)}
        entries = sorted({order.parent for order in found.values() if order.parent} - found.keys())
        found |= self._orders(tx.connection, entries)
        # In the order of placement, as the venue keeps them.
        orders = tuple(sorted(found.values(), key=lambda order: order.number))
        return BookState(
            PaperAccount(account["cash"], account["next_number"], holdings_of(account["positions"]), account["seen"]),
            orders,
        )

    def _orders(self, connection: sa.Connection, ids: list[str]) -> dict[str, PaperOrder]:
        found: dict[str, PaperOrder] = {}
        for start in range(0, len(ids), _MANY):
            rows = connection.execute(_ORDERS, {"of": self._account, "ids": ids[start : start + _MANY]}).scalars()
            found |= {order.client_id: order for order in map(order_of, rows)}
        return found

    def _write(self, tx: SqlTx, changes: Changes) -> None:
        if self.guard is not None:
            self.guard(tx)
        connection = tx.connection
        account = changes.account
        values = {
            "cash": account.cash,
            "next_number": account.number,
            "positions": holdings_json(account.holdings),
            "seen": account.seen,
        }
        if changes.before == 0:
            new = _NEW_ACCOUNT.into(connection).returning(paper_accounts.c.account)
            written = connection.execute(new, {"account": self._account, **values}).first() is not None
        else:
            number = {"of": self._account, "before": changes.before}
            written = connection.execute(_SET_ACCOUNT, number | values).rowcount == 1
        if not written:
            raise BookConflict(f"the book of paper account {self._account} was written by somebody else")
        if changes.new:
            connection.execute(_NEW_ORDERS, [self._new_row(order) for order in changes.new])
        if changes.changed:
            connection.execute(_SET_ORDERS, [self._changed_row(order) for order in changes.changed])
        if changes.fills:
            connection.execute(_NEW_FILLS, [self._fill_row(number, fill) for number, fill in changes.fills])

    def _new_row(self, order: PaperOrder) -> dict[str, Any]:
        return {
            "account": self._account,
            "client_id": order.client_id,
            "venue_id": order.venue_id,
            "symbol": order.symbol,
            "status": order.status.value,
            "final": order.status.is_final,
            "data": to_json(order),
            "updated": order.updated,
        }

    def _changed_row(self, order: PaperOrder) -> dict[str, Any]:
        return {
            "of": self._account,
            "order": order.client_id,
            "to_status": order.status.value,
            "to_final": order.status.is_final,
            "to_data": to_json(order),
            "to_updated": order.updated,
        }

    def _fill_row(self, number: int, fill: Fill) -> dict[str, Any]:
        return {
            "account": self._account,
            "number": number,
            "client_id": fill.client_id,
            "data": to_json(fill),
            "time": fill.time,
        }
